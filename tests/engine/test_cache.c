/* The ring of states: bounded, forgets the oldest, and never gives what was stored under another tenure. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/cache.h"

enum { BYTES = 64 * 1024 };

static int ring_setup(void **state)
{
    *state = cache_new(BYTES);
    return *state == NULL;
}

static int ring_teardown(void **state)
{
    cache_free(*state);
    return 0;
}

static bool known(struct cache *cache, uint64_t tenure, const char *key, struct text *value)
{
    return cache_get(cache, tenure, text_of(key), value);
}

static void test_what_was_put_is_got(void **state)
{
    struct text value;
    assert_false(known(*state, 1, "a", &value));
    cache_put(*state, 1, TEXT("a"), TEXT("one"));
    cache_put(*state, 1, TEXT("b"), TEXT("two"));
    assert_true(known(*state, 1, "a", &value));
    assert_true(text_is(value, "one"));
}

static void test_the_newest_value_of_a_key_is_got(void **state)
{
    struct text value;
    cache_put(*state, 1, TEXT("a"), TEXT("one"));
    cache_put(*state, 1, TEXT("a"), TEXT("two"));
    assert_true(known(*state, 1, "a", &value));
    assert_true(text_is(value, "two"));
}

static void test_that_there_is_none_is_known_too(void **state)
{
    struct text value = TEXT("x");
    cache_put(*state, 1, TEXT("a"), (struct text){ 0 });
    assert_true(known(*state, 1, "a", &value));
    assert_null(value.at);
}

static void test_an_empty_value_is_not_an_absent_one(void **state)
{
    struct text value;
    cache_put(*state, 1, TEXT("a"), TEXT(""));
    assert_true(known(*state, 1, "a", &value));
    assert_non_null(value.at);
    assert_int_equal(value.size, 0);
}

static void test_another_tenure_knows_nothing(void **state)
{
    struct text value;
    cache_put(*state, 1, TEXT("a"), TEXT("one"));
    assert_false(known(*state, 2, "a", &value));
    assert_false(known(*state, 0, "a", &value));
}

static void test_a_cleared_ring_knows_nothing(void **state)
{
    struct text value;
    cache_put(*state, 1, TEXT("a"), TEXT("one"));
    cache_clear(*state);
    assert_false(known(*state, 1, "a", &value));
}

static void test_the_oldest_are_overwritten_and_the_newest_are_right(void **state)
{
    char key[16], bytes[500];
    struct text value;
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        memset(bytes, 'a' + i % 26, sizeof(bytes));
        cache_put(*state, 1, text_of(key), (struct text){ bytes, (uint32_t)(100 + i % 400) });
    }
    assert_false(known(*state, 1, "k0", &value));
    size_t found = 0;
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        if (known(*state, 1, key, &value)) {
            assert_int_equal(value.size, 100 + i % 400);
            assert_int_equal(value.at[0], 'a' + i % 26);
            assert_int_equal(value.at[value.size - 1], 'a' + i % 26);
            found++;
        }
    }
    assert_true(found > 50 && found < BYTES / 100);
    assert_true(known(*state, 1, "k4999", &value));
}

/* A value that is not kept must not leave the older one of its key behind. */
static void test_a_large_value_drops_the_older_one(void **state)
{
    static char large[BYTES / 4];
    struct text value;
    cache_put(*state, 1, TEXT("a"), TEXT("one"));
    cache_put(*state, 1, TEXT("a"), (struct text){ large, sizeof(large) });
    assert_false(known(*state, 1, "a", &value));
    cache_put(*state, 1, TEXT("b"), (struct text){ large, sizeof(large) });
    assert_false(known(*state, 1, "b", &value));
}

static void test_more_keys_than_slots_are_bounded(void **state)
{
    char key[16];
    struct text value;
    struct cache *cache = cache_new(1024 * 1024);
    (void)state;
    for (int i = 0; i < 60000; i++) {
        snprintf(key, sizeof(key), "%d", i);
        cache_put(cache, 1, text_of(key), (struct text){ 0 });
    }
    size_t found = 0;
    for (int i = 0; i < 60000; i++) {
        snprintf(key, sizeof(key), "%d", i);
        found += known(cache, 1, key, &value);
    }
    assert_true(found > 1000 && found < 25000);
    cache_free(cache);
}

#define RING(name) cmocka_unit_test_setup_teardown(name, ring_setup, ring_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RING(test_what_was_put_is_got),
        RING(test_the_newest_value_of_a_key_is_got),
        RING(test_that_there_is_none_is_known_too),
        RING(test_an_empty_value_is_not_an_absent_one),
        RING(test_another_tenure_knows_nothing),
        RING(test_a_cleared_ring_knows_nothing),
        RING(test_the_oldest_are_overwritten_and_the_newest_are_right),
        RING(test_a_large_value_drops_the_older_one),
        RING(test_more_keys_than_slots_are_bounded),
    };
    return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
