/* Two keys with one 64-bit hash (found by search): each keeps to its own, wherever keys are found by hash. */
#include "support/engine_world.h"

#include "engine/cache.h"

#define ONE "pddlbxxyetiff"
#define OTHER "rq3s7hldldflf"
#define LONGER "lnxgcsuolmg7ix"
#define SHORTER "mypcq77vqslcf"
#define ONE_RATE "yvhjohtmvbjgk"
#define OTHER_RATE "n5utf36pgirmn"

static void add(struct world *world, const char *id, const char *counter, int amount)
{
    char data[80];
    snprintf(data, sizeof(data), "\"id\":\"%s\",\"amount\":%d", counter, amount);
    give(world, id, "counter.add", data);
}

static void expect_totals(struct world *world, size_t from, int one, int other)
{
    for (size_t i = from; i < from + 2; i++) {
        char total[32];
        struct found found = outcome_of(world, "counter.added", i);
        snprintf(total, sizeof(total), "\"total\":%d}", contains(found.record.value, ONE) ? one : other);
        expect_contains(found.record.value, total);
    }
}

static void test_the_keys_have_one_hash(void **state)
{
    (void)state;
    assert_true(hash64(TEXT("counter:" ONE)) == hash64(TEXT("counter:" OTHER)));
    assert_true(hash64(TEXT("counter:" LONGER)) == hash64(TEXT("counter:" SHORTER)));
    assert_true(hash64(TEXT("rate:" ONE_RATE)) == hash64(TEXT("rate:" OTHER_RATE)));
    assert_int_equal(home_of("counter:" ONE), home_of("counter:" OTHER)); /* so they share a log */
}

static void test_two_entities_of_a_turn(void **state)
{
    struct world *world = *state;
    add(world, "a-1", ONE, 1);
    add(world, "b-1", OTHER, 10);
    settle(world);
    expect_totals(world, 0, 1, 10);
    add(world, "a-2", ONE, 2); /* from the cache */
    add(world, "b-2", OTHER, 20);
    settle(world);
    expect_totals(world, 2, 3, 30);
}

static void test_two_entities_of_a_log_that_is_folded(void **state)
{
    struct world *world = *state;
    add(world, "a-1", ONE, 1);
    add(world, "b-1", OTHER, 10);
    settle(world);
    process_stop(&world->a);
    view_memory_wipe(world->view);
    process_start(world, &world->a, "makegood-a", run_both);
    add(world, "a-2", ONE, 2);
    add(world, "b-2", OTHER, 20);
    settle(world);
    expect_totals(world, 2, 3, 30);
}

static void test_two_references(void **state)
{
    struct world *world = *state;
    give(world, "r-1", "rate.put", "\"id\":\"" ONE_RATE "\",\"amount\":7");
    give(world, "r-2", "rate.put", "\"id\":\"" OTHER_RATE "\",\"amount\":70");
    settle(world);
    give(world, "p-1", "counter.price", "\"id\":\"A1\",\"to\":\"" ONE_RATE "\"");
    give(world, "p-2", "counter.price", "\"id\":\"A1\",\"to\":\"" OTHER_RATE "\"");
    settle(world);
    struct found found = outcome_of(world, "counter.priced", 1);
    expect_contains(found.record.value, "\"total\":77");
}

/* --- the cache --- */

static void expect_apart_in_the_cache(struct text one, struct text other)
{
    struct text value;
    struct cache *cache = cache_new(65536);
    cache_put(cache, 1, one, TEXT("one"));
    assert_false(cache_get(cache, 1, other, &value));
    cache_put(cache, 1, other, TEXT("other"));
    assert_true(cache_get(cache, 1, one, &value));
    expect_text(value, "one");
    assert_true(cache_get(cache, 1, other, &value));
    expect_text(value, "other");
    cache_free(cache);
}

static void test_two_keys_in_the_cache(void **state)
{
    (void)state;
    expect_apart_in_the_cache(TEXT("counter:" ONE), TEXT("counter:" OTHER));
    expect_apart_in_the_cache(TEXT("counter:" LONGER), TEXT("counter:" SHORTER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_keys_have_one_hash),
        CASE(test_two_entities_of_a_turn),
        CASE(test_two_entities_of_a_log_that_is_folded),
        CASE(test_two_references),
        cmocka_unit_test(test_two_keys_in_the_cache),
    };
    return cmocka_run_group_tests_name("same hash", tests, NULL, NULL);
}
