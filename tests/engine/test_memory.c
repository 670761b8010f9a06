/* Bounds: of states, of turns, of references; what lies beyond is refused or cut, never lost. */
#include "support/faulty_world.h"

static struct engine_setup small(struct faulty_world *faulty, size_t turn_bytes)
{
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.turn_bytes_max = turn_bytes;
    return setup;
}

static int64_t turns(const struct world *world)
{
    size_t size;
    char *text = metrics_text(world->a.metrics, &size);
    const char *at = strstr(text, "\nmakegood_turns_total ");
    at = at != NULL ? at : strstr(text, "\nturns_total ");
    int64_t count = at != NULL ? strtoll(strchr(at, ' '), NULL, 10) : 0;
    free(text);
    return count;
}

static void test_a_state_over_256_kib_is_rejected_and_nothing_changed(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":5");
    give(world, "m-2", "counter.grow", "\"id\":\"A1\",\"size\":262144");
    give(world, "m-3", "counter.add", "\"id\":\"A1\",\"amount\":5");
    settle(world);
    struct found rejected = outcome_of(world, "command.rejected", 0);
    struct found added = outcome_of(world, "counter.added", 1);
    expect_contains(rejected.record.value, "\"code\":\"STATE_TOO_LARGE\"");
    expect_contains(added.record.value, "\"total\":10");
    expect_contains(added.record.value, "\"version\":2");
    assert_true(in_view(world, "counter:A1").value.size < 1000);
}

static void test_a_state_just_below_256_kib_is_kept(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.grow", "\"id\":\"A1\",\"size\":262100");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.grown"), 1);
    assert_true(in_view(world, "counter:A1").value.size > 262100);
}

/* --- turns --- */

/* Blocks of earlier turns that are a little too small for this one must not add up to the bound. */
static void test_a_state_that_grows_for_a_thousand_turns_needs_no_more_memory(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 1024 * 1024);
    char id[16], data[64];
    setup.turn_timers_max = 1; /* as exec does: a turn cannot be halved */
    process_begin(world, &world->a, &setup);
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof(id), "m-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"A1\",\"size\":%d", 66000 + 190 * i);
        give(world, id, "counter.grow", data);
        settle(world);
    }
    assert_int_equal(outcomes_of(world, "counter.grown"), 1000);
}

static void give_grown(struct world *world, int count, int size)
{
    for (int i = 0; i < count; i++) {
        char id[16], data[64];
        snprintf(id, sizeof(id), "g-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"G%d\",\"size\":%d", i, size);
        give_to(world, partition_of(arena_printf(&world->arena, "counter:G%d", i), PARTITIONS), id,
                "counter.grow", data);
    }
}

static void test_a_turn_that_needs_more_memory_is_halved_until_it_fits(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 512 * 1024);
    process_begin(world, &world->a, &setup);
    give_grown(world, 64, 100000);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.grown"), 64);
    assert_int_equal(committed_count(world, world->counter_outcome), 64);
    assert_true(turns(world) >= 8);
}

static void test_a_turn_of_one_timer_is_halved_by_its_records(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 512 * 1024);
    setup.turn_timers_max = 1;
    process_begin(world, &world->a, &setup);
    give_grown(world, 64, 100000);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.grown"), 64);
}

static void test_a_halved_turn_grows_back(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 512 * 1024);
    process_begin(world, &world->a, &setup);
    give_grown(world, 64, 100000);
    settle(world);
    int64_t before = turns(world);
    for (int i = 0; i < 6000; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", i);
        give(world, id, "counter.check", "\"id\":\"A1\"");
    }
    settle(world);
    assert_int_equal(outcomes_of(world, "command.rejected"), 6000);
    assert_true(turns(world) - before < 100); /* one more a turn would take 110 */
}

static void test_one_record_that_needs_too_much_ends_the_process(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 64 * 1024);
    process_begin(world, &world->a, &setup);
    settle(world);
    give_grown(world, 1, 200000);
    expect_halt(world, ERR_INTERNAL, "offset 0 needs more memory than a turn may have");
    assert_int_equal(outcomes_of(world, "counter.grown"), 0);
}

static void test_timers_that_need_more_memory_are_fewer_a_turn(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 8 * 1024 * 1024);
    process_begin(world, &world->a, &setup);
    for (int i = 0; i < 1500; i++) {
        char id[16], data[80];
        snprintf(id, sizeof(id), "t-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"A1\",\"box\":\"b%d\",\"inMs\":5000", i);
        give(world, id, "counter.box", data);
    }
    settle(world);
    process_free(&world->a);
    setup = small(faulty, 64 * 1024);
    process_begin(world, &world->a, &setup);
    world_time(world, START_MS + 9000);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.opened"), 1500);
}

static void test_a_batch_is_cut_by_its_bytes(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 1024 * 1024);
    static char spaces[50001];
    memset(spaces, ' ', 50000);
    process_begin(world, &world->a, &setup);
    settle(world);
    for (int i = 0; i < 20; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", i);
        struct text data = arena_printf(&world->arena, "\"id\":\"A1\"%s%c", spaces, 0);
        give_to(world, 0, id, "counter.add", data.at);
    }
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 20);
    assert_int_equal(turns(world), 4); /* a quarter of a megabyte each: six records */
}

/* --- references --- */

static void test_more_references_than_fit_in_a_turn_cut_it(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 64 * 1024 * 1024);
    setup.turn_records_max = 20000;
    process_begin(world, &world->a, &setup);
    for (int i = 0; i < 17000; i++) {
        char id[16], data[64];
        snprintf(id, sizeof(id), "m-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"A1\",\"to\":\"R%d\"", i);
        give(world, id, "counter.price", data);
    }
    settle(world);
    assert_int_equal(outcomes_of(world, "command.rejected"), 17000);
}

static void test_large_references_cut_a_turn_too(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 64 * 1024 * 1024);
    process_begin(world, &world->a, &setup);
    for (int i = 0; i < 300; i++) {
        char id[16], data[64];
        snprintf(id, sizeof(id), "g-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"R%d\",\"size\":250000", i);
        give(world, id, "rate.put", data);
        snprintf(id, sizeof(id), "m-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"A1\",\"to\":\"R%d\"", i);
    }
    settle(world);
    for (int i = 0; i < 300; i++) {
        char id[16], data[64];
        snprintf(id, sizeof(id), "m-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"A1\",\"to\":\"R%d\"", i);
        give(world, id, "counter.price", data);
    }
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.priced"), 300);
}

static void test_forgotten_references_are_read_again(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = small(faulty, 64 * 1024 * 1024);
    process_begin(world, &world->a, &setup);
    give(world, "r-1", "rate.put", "\"id\":\"A3\",\"amount\":7");
    settle(world);
    for (int i = 0; i < 5000; i++) {
        char id[16], data[64];
        snprintf(id, sizeof(id), "m-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"A1\",\"to\":\"R%d\"", i);
        give(world, id, "counter.price", data);
    }
    give(world, "p-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    give(world, "p-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    struct found found = outcome_of(world, "counter.priced", 1);
    expect_contains(found.record.value, "\"total\":14");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE(test_a_state_over_256_kib_is_rejected_and_nothing_changed),
        FAULTY_CASE(test_a_state_just_below_256_kib_is_kept),
        FAULTY_CASE_EMPTY(test_a_turn_that_needs_more_memory_is_halved_until_it_fits),
        FAULTY_CASE_EMPTY(test_a_turn_of_one_timer_is_halved_by_its_records),
        FAULTY_CASE_EMPTY(test_a_halved_turn_grows_back),
        FAULTY_CASE_EMPTY(test_a_state_that_grows_for_a_thousand_turns_needs_no_more_memory),
        FAULTY_CASE_EMPTY(test_one_record_that_needs_too_much_ends_the_process),
        FAULTY_CASE_EMPTY(test_timers_that_need_more_memory_are_fewer_a_turn),
        FAULTY_CASE_EMPTY(test_a_batch_is_cut_by_its_bytes),
        FAULTY_CASE_EMPTY(test_more_references_than_fit_in_a_turn_cut_it),
        FAULTY_CASE_EMPTY(test_large_references_cut_a_turn_too),
        FAULTY_CASE_EMPTY(test_forgotten_references_are_read_again),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
