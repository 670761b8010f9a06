/* Timers where little fits: one a turn, a view that fails in between, a cache that is too small. */
#include "support/faulty_world.h"

static void begin(struct faulty_world *faulty)
{
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.turn_timers_max = 1;
    process_begin(&faulty->world, &faulty->world.a, &setup);
}

/* Some counter of the other partition. */
static const char *other_counter(void)
{
    static char entity[24];
    int i = 0;
    do {
        snprintf(entity, sizeof(entity), "counter:K%d", i++);
    } while (home_of(entity) == home_of("counter:A1"));
    return strchr(entity, ':') + 1;
}

static void box(struct world *world, const char *id, const char *counter, const char *name)
{
    char data[80];
    snprintf(data, sizeof(data), "\"id\":\"%s\",\"box\":\"%s\",\"inMs\":1000", counter, name);
    give(world, id, "counter.box", data);
}

/* Three boxes are due at two partitions; a message wants two of them open, another one comes before it. */
static void make_boxes(struct faulty_world *faulty)
{
    struct world *world = &faulty->world;
    begin(faulty);
    box(world, "b-0", "A1", "b0");
    box(world, "b-1", "A1", "b1");
    box(world, "b-2", other_counter(), "b2");
    settle(world);
}

static void want_them_open(struct world *world)
{
    world_time(world, START_MS + 9000);
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    give(world, "m-2", "counter.ripe", "\"id\":\"A1\",\"times\":2");
}

static void expect_open(struct world *world)
{
    struct found found = outcome_of(world, "counter.ripened", 0);
    expect_contains(found.record.value, "\"total\":0");
    assert_int_equal(outcomes_of(world, "counter.opened"), 3);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    assert_int_equal(outcomes_of(world, "counter.ripened"), 1);
}

static void test_one_timer_a_turn_comes_before_the_message_that_wants_two(void **state)
{
    struct faulty_world *faulty = *state;
    make_boxes(faulty);
    want_them_open(&faulty->world);
    settle(&faulty->world);
    expect_open(&faulty->world);
}

static void test_a_message_alone_in_its_batch_waits_for_them_too(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    make_boxes(faulty);
    world_time(world, START_MS + 9000);
    give(world, "m-2", "counter.ripe", "\"id\":\"A1\",\"times\":2");
    settle(world);
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    expect_open(world);
}

/* Each read of the view in turn does not come back. */
static void test_a_view_that_fails_while_timers_are_turned_alone(void **state)
{
    bool hit = true;
    (void)state;
    for (int64_t n = 0; hit; n++) {
        void *made;
        faulty_setup_empty(&made);
        struct faulty_world *faulty = made;
        make_boxes(faulty);
        faulty->faults.at = faulty->faults.calls + n;
        faulty->faults.kind = FAULT_NONE;
        faulty->faults.again = true;
        faulty->faults.again_call = VIEW_CALL_READ;
        faulty->faults.again_kind = FAULT_ANSWER;
        faulty->faults.again_result = VIEW_DOWN;
        want_them_open(&faulty->world);
        settle(&faulty->world);
        expect_open(&faulty->world);
        hit = faulty->faults.again_hit;
        world_teardown(&made);
        assert_true(hit || n > 10);
    }
}

/* The box is at hand, the counter that it is a part of is too large to be kept. */
static void test_a_timer_of_a_part_whose_entity_is_not_at_hand(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.cache_bytes = 65536;
    process_begin(world, &world->a, &setup);
    give(world, "m-1", "counter.grow", "\"id\":\"A1\",\"size\":20000");
    box(world, "b-1", "A1", "b1");
    settle(world);
    int64_t before = faulty->faults.count[VIEW_CALL_READ];
    world_time(world, START_MS + 9000);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.opened"), 1);
    assert_true(faulty->faults.count[VIEW_CALL_READ] > before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE_EMPTY(test_one_timer_a_turn_comes_before_the_message_that_wants_two),
        FAULTY_CASE_EMPTY(test_a_message_alone_in_its_batch_waits_for_them_too),
        cmocka_unit_test(test_a_view_that_fails_while_timers_are_turned_alone),
        FAULTY_CASE_EMPTY(test_a_timer_of_a_part_whose_entity_is_not_at_hand),
    };
    return cmocka_run_group_tests_name("timers tight", tests, NULL, NULL);
}
