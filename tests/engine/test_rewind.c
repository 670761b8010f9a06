/* After an aborted turn everything is read again from what is committed; what the bus still had queued
 * from before is not taken for it. */
#include "support/engine_world.h"

static void give_numbered(struct world *world, int number)
{
    char id[16];
    snprintf(id, sizeof(id), "m-%d", number);
    give(world, id, "counter.add", "\"id\":\"A1\"");
}

static void test_a_record_that_comes_between_the_abort_and_the_rewinding_does_not_overtake(void **state)
{
    struct world *world = *state;
    give_numbered(world, 0);
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_FLUSH, BUS_ABORT, false);
    give_numbered(world, 1);
    steps(world, &world->a, 1);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    give_numbered(world, 2);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 3);
}

/* Due times fire at the end of a partition alone: an end seen before the rewinding lies ahead of records
 * that are still to be decided. */
static void test_an_end_that_comes_between_the_abort_and_the_rewinding_fires_no_timer(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":1000");
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_FLUSH, BUS_ABORT, false);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    steps(world, &world->a, 1);
    world_time(world, START_MS + 60000);
    settle(world);
    struct found added = outcome_of(world, "counter.added", 1);
    struct found emptied = outcome_of(world, "counter.emptied", 0);
    assert_true(added.record.offset < emptied.record.offset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_record_that_comes_between_the_abort_and_the_rewinding_does_not_overtake),
        CASE(test_an_end_that_comes_between_the_abort_and_the_rewinding_fires_no_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
