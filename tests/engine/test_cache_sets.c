/* The ring of states: what it answers is the newest, or nothing. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/cache.h"

enum { RING = 64 * 1024, KEYS = 2000 };

static struct text key_of(int number, char room[16])
{
    return (struct text){ room, (uint32_t)snprintf(room, 16, "action:%d", number) };
}

static void what_was_put_is_got_under_its_tenure(void **state)
{
    (void)state;
    struct cache *cache = cache_new(RING);
    struct text value;
    cache_put(cache, 1, TEXT("a"), TEXT("one"));
    cache_put(cache, 1, TEXT("b"), (struct text){ NULL, 0 });
    assert_true(cache_get(cache, 1, TEXT("a"), &value));
    assert_true(text_is(value, "one"));
    assert_true(cache_get(cache, 1, TEXT("b"), &value));
    assert_null(value.at);
    assert_false(cache_get(cache, 2, TEXT("a"), &value));
    assert_false(cache_get(cache, 1, TEXT("c"), &value));
    cache_put(cache, 2, TEXT("a"), TEXT("two"));
    assert_false(cache_get(cache, 1, TEXT("a"), &value));
    assert_true(cache_get(cache, 2, TEXT("a"), &value));
    cache_clear(cache);
    assert_false(cache_get(cache, 2, TEXT("a"), &value));
    cache_free(cache);
}

static void what_is_too_large_is_forgotten(void **state)
{
    (void)state;
    static char large[RING / 8 + 1];
    struct cache *cache = cache_new(RING);
    struct text value;
    cache_put(cache, 1, TEXT("a"), TEXT("one"));
    cache_put(cache, 1, TEXT("a"), (struct text){ large, sizeof(large) });
    assert_false(cache_get(cache, 1, TEXT("a"), &value)); /* not the old one */
    cache_free(cache);
}

/* Many keys through a small ring: an answer is always the last value put, and new ones are there. */
static void an_answer_is_never_an_old_one(void **state)
{
    (void)state;
    static int last[KEYS];
    struct cache *cache = cache_new(RING);
    unsigned seed = 5;
    int found = 0;
    for (int round = 1; round < 100000; round++) {
        char room[16], bytes[600];
        struct text value;
        int number = (int)((unsigned)rand_r(&seed) % KEYS);
        struct text key = key_of(number, room);
        if (cache_get(cache, 1, key, &value)) {
            found++;
            assert_int_equal((int)strtol(value.at, NULL, 10), last[number]);
        }
        memset(bytes, 0, sizeof(bytes));
        snprintf(bytes, sizeof(bytes), "%d", round);
        uint32_t size = 16 + (uint32_t)rand_r(&seed) % 580;
        last[number] = round;
        cache_put(cache, 1, key, (struct text){ bytes, size });
        assert_true(cache_get(cache, 1, key, &value));
        assert_int_equal(value.size, size);
        assert_int_equal((int)strtol(value.at, NULL, 10), round);
    }
    assert_true(found > 5000);
    cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_got_under_its_tenure),
        cmocka_unit_test(what_is_too_large_is_forgotten),
        cmocka_unit_test(an_answer_is_never_an_old_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
