/* The broker in memory: what faults the simulator needs: ends of transactions that arrive late,
 * compaction, offsets that an operator sets. */
#include "support/bus_world.h"

/* --- ends on their way --- */

static void begun_with(struct world *world, const char *value)
{
    begin(world->a);
    assert_int_equal(put(world->a, (struct bus_place){ world->state, 0 }, value), BUS_OK);
    assert_int_equal(world->a->ops->flush(world->a, 0), BUS_OK);
}

static void a_held_commit_is_unknown_until_it_lands(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begun_with(world, "x");
    bus_memory_hold_end(world->a);
    assert_int_equal(world->a->ops->commit(world->a), BUS_RETIRE);
    assert_int_equal(broker_ends_in_flight(world->broker), 1);
    expect_ends(world->b, place, 0, 1);
    assert_int_equal(world->a->ops->begin(world->a), BUS_RETIRE);
    assert_true(broker_land_end(world->broker, 0));
    assert_int_equal(broker_ends_in_flight(world->broker), 0);
    follow(world->b, place, 0);
    expect_record(world->b, place, 0, "x");
}

static void a_held_abort_aborts(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begun_with(world, "x");
    bus_memory_hold_end(world->a);
    assert_int_equal(world->a->ops->abort(world->a), BUS_RETIRE);
    expect_ends(world->b, place, 0, 1);
    assert_true(broker_land_end(world->broker, 0));
    follow(world->b, place, 0);
    expect_end(world->b, place, 2);
}

static void a_held_end_is_refused_by_a_newer_epoch(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begun_with(world, "old");
    bus_memory_hold_end(world->a);
    assert_int_equal(world->a->ops->commit(world->a), BUS_RETIRE);
    assert_int_equal(world->a->ops->retire(world->a), BUS_OK);
    begun_with(world, "new");
    assert_false(broker_land_end(world->broker, 0));
    expect_ends(world->b, place, 2, 3); /* "old" is aborted, "new" is still open */
    commit(world->a);
    follow(world->b, place, 0);
    expect_record(world->b, place, 2, "new");
}

static void held_ends_land_in_any_order(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 1 };
    begun_with(world, "a");
    begin(world->b);
    assert_int_equal(put(world->b, place, "b"), BUS_OK);
    bus_memory_hold_end(world->a);
    bus_memory_hold_end(world->b);
    assert_int_equal(world->a->ops->commit(world->a), BUS_RETIRE);
    assert_int_equal(world->b->ops->commit(world->b), BUS_RETIRE);
    assert_true(broker_land_end(world->broker, 1));
    expect_ends(world->b, place, 2, 2);
    expect_ends(world->b, (struct bus_place){ world->state, 0 }, 0, 1);
    assert_true(broker_land_end(world->broker, 0));
    expect_ends(world->b, (struct bus_place){ world->state, 0 }, 2, 2);
}

static void expiry_says_how_many(void **state)
{
    struct world *world = *state;
    assert_int_equal(broker_expire(world->broker), 0);
    begun_with(world, "x");
    begin(world->b); /* wrote nothing: the coordinator does not know of it */
    assert_int_equal(broker_expire(world->broker), 1);
    assert_int_equal(broker_expire(world->broker), 0);
}

/* --- markers --- */

static void markers_land_one_by_one(void **state)
{
    struct world *world = *state;
    struct bus_place log = { world->state, 0 }, input = { world->in, 1 };
    join_alone(world);
    broker_set_slow_markers(world->broker, true);
    begin(world->a);
    assert_int_equal(put(world->a, log, "x"), BUS_OK);
    assert_int_equal(put(world->a, input, "y"), BUS_OK);
    assert_int_equal(world->a->ops->flush(world->a, 0), BUS_OK);
    assert_int_equal(send(world->a, input, 7), BUS_OK);
    assert_int_equal(world->a->ops->commit(world->a), BUS_OK);
    assert_int_equal(broker_markers_due(world->broker), 3); /* two partitions, and the offsets */
    expect_ends(world->a, log, 0, 1);
    assert_int_equal(world->a->ops->settled(world->a, input), BUS_PENDING);
    broker_land_marker(world->broker, 2);
    assert_int_equal(world->a->ops->settled(world->a, input), BUS_OK);
    assert_int_equal(broker_offset(world->broker, "group", world->in, 1), 7);
    broker_land_marker(world->broker, 0);
    expect_ends(world->a, log, 2, 2);
    expect_ends(world->a, input, 0, 1);
    assert_int_equal(broker_expire(world->broker), 0); /* it has ended already */
    broker_land_marker(world->broker, 0);
    expect_ends(world->a, input, 2, 2);
    assert_int_equal(broker_markers_due(world->broker), 0);
}

static void the_next_transaction_waits_for_the_markers(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    broker_set_slow_markers(world->broker, true);
    begun_with(world, "x");
    commit(world->a);
    expect_ends(world->b, place, 0, 1);
    begun_with(world, "y");
    expect_ends(world->b, place, 2, 3);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    assert_int_equal(broker_markers_due(world->broker), 1);
    assert_int_equal(world->b->ops->fence(world->b, TEXT("worker-a")), BUS_OK);
    follow(world->b, place, 0);
    expect_record(world->b, place, 0, "x");
    expect_end(world->b, place, 4);
}

/* --- compaction --- */

static void put_key(struct world *world, const char *key, const char *value)
{
    assert_true(broker_append(world->broker, world->state, 0, text_of(key), text_of(value), NULL,
                              0) >= 0);
}

static void compaction_leaves_the_newest_of_each_key(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    struct bus_record record;
    enum broker_state found;
    put_key(world, "a", "a1");
    put_key(world, "b", "b1");
    put_key(world, "a", "a2");
    put_key(world, "a", "a3");
    assert_int_equal(broker_compact(world->broker, world->state, 0, 3), 1); /* a3 is too young */
    follow(world->b, place, 0);
    expect_record(world->b, place, 1, "b1");
    expect_record(world->b, place, 2, "a2");
    expect_record(world->b, place, 3, "a3");
    expect_end(world->b, place, 4);
    assert_true(broker_read(world->broker, world->state, 0, 0, &record, &found));
    assert_int_equal(found, BROKER_COMPACTED);
    assert_int_equal(world->b->ops->peek(world->b, place, 0, &record), BUS_OK);
    assert_int_equal(record.offset, 1);
}

static void compaction_stops_at_what_is_open(void **state)
{
    struct world *world = *state;
    put_key(world, "k", "k1");
    begun_with(world, "x"); /* its key is "k" */
    put_key(world, "k", "k3");
    assert_int_equal(broker_compact(world->broker, world->state, 0, 3), 0);
    commit(world->a);
    assert_int_equal(broker_compact(world->broker, world->state, 0, 100), 2);
}

/* --- offsets --- */

static void an_operator_sets_an_offset(void **state)
{
    struct world *world = *state;
    assert_int_equal(broker_offset(world->broker, "group", world->in, 2), -1);
    broker_set_offset(world->broker, "group", world->in, 2, 17);
    assert_int_equal(broker_offset(world->broker, "group", world->in, 2), 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_held_commit_is_unknown_until_it_lands),
        CASE(a_held_abort_aborts),
        CASE(a_held_end_is_refused_by_a_newer_epoch),
        CASE(held_ends_land_in_any_order),
        CASE(expiry_says_how_many),
        CASE(markers_land_one_by_one),
        CASE(the_next_transaction_waits_for_the_markers),
        CASE(compaction_leaves_the_newest_of_each_key),
        CASE(compaction_stops_at_what_is_open),
        CASE(an_operator_sets_an_offset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
