/* The consumer group in memory: offsets, generations, assignments. */
#include "support/bus_world.h"

/* --- offsets --- */

static void offsets_are_pending_until_the_end(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 2 }, other = { world->in, 3 };
    join_alone(world);
    begin(world->a);
    assert_int_equal(send(world->a, place, 7), BUS_OK);
    assert_int_equal(world->b->ops->settled(world->b, place), BUS_PENDING);
    assert_int_equal(world->b->ops->settled(world->b, other), BUS_OK);
    assert_int_equal(broker_offset(world->broker, "group", place.topic, 2), -1);
    commit(world->a);
    assert_int_equal(world->b->ops->settled(world->b, place), BUS_OK);
    assert_int_equal(broker_offset(world->broker, "group", place.topic, 2), 7);
    begin(world->a);
    assert_int_equal(send(world->a, place, 9), BUS_OK);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    assert_int_equal(world->b->ops->settled(world->b, place), BUS_OK);
    assert_int_equal(broker_offset(world->broker, "group", place.topic, 2), 7);
}

static void pending_offsets_are_of_one_group(void **state)
{
    struct world *world = *state;
    struct bus_memory_setup other = { "other", NULL, "" };
    struct bus *reader = bus_memory_new(world->broker, &other);
    struct bus_place place = { world->in, 2 };
    join_alone(world);
    begin(world->a);
    assert_int_equal(send(world->a, place, 7), BUS_OK);
    assert_int_equal(reader->ops->settled(reader, place), BUS_OK);
    commit(world->a);
    assert_int_equal(broker_offset(world->broker, "other", place.topic, 2), -1);
    assert_null(reader->ops->transactional_id(reader).at);
}

static void a_stale_generation_dooms_the_transaction(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    join_alone(world);
    begin(world->a);
    assert_int_equal(put(world->a, place, "zombie"), BUS_OK);
    join(world, world->b); /* a has not heard of it */
    assert_int_equal(send(world->a, place, 1), BUS_ABORT);
    assert_int_equal(put(world->a, place, "more"), BUS_ABORT);
    assert_int_equal(world->a->ops->commit(world->a), BUS_ABORT);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    expect_revoked(world->a);
    begin(world->a);
    assert_int_equal(send(world->a, place, 1), BUS_ABORT); /* between two assignments */
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    expect_assigned(world->a, 2, 0);
    begin(world->a);
    assert_int_equal(send(world->a, place, 1), BUS_OK);
    commit(world->a);
    assert_int_equal(broker_offset(world->broker, "group", world->in, 0), 1);
}

static void no_member_no_offsets(void **state)
{
    struct world *world = *state;
    begin(world->a);
    assert_int_equal(send(world->a, (struct bus_place){ world->in, 0 }, 1), BUS_ABORT);
}

/* --- the group --- */

static void a_rebalance_reaches_each_member_at_its_own_poll(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 3 };
    join_alone(world);
    append(world, place, "v");
    fetch(world->a, place, 0);
    join(world, world->b);
    expect_assigned(world->b, 2, 2);
    fetch(world->b, place, 0);
    expect_record(world->b, place, 0, "v"); /* while a believes that it owns 3 */
    expect_revoked(world->a);
    expect_assigned(world->a, 2, 0);
    expect_nothing(world->a); /* nothing is fetched yet */
    broker_rebalance(world->broker);
    expect_revoked(world->a);
    broker_rebalance(world->broker);
    expect_assigned(world->a, 2, 0); /* two rebalances, one assignment */
    expect_nothing(world->a);
    expect_revoked(world->b);
    expect_assigned(world->b, 2, 2);
}

static void the_range_assignor_gives_the_first_members_more(void **state)
{
    struct world *world = *state;
    struct bus *c = bus_new(world, "worker-c", "0-first");
    int32_t topics[] = { world->in, broker_topic(world->broker, "refund", 2) };
    assert_int_equal(world->a->ops->join(world->a, topics, 2), BUS_OK);
    assert_int_equal(world->b->ops->join(world->b, topics, 2), BUS_OK);
    assert_int_equal(c->ops->join(c, topics, 1), BUS_OK);
    struct bus_event event = polled(c);
    assert_int_equal(event.place_count, 2); /* order 0, 1; not joined for refund */
    assert_int_equal(event.places[1].partition, 1);
    event = polled(world->a);
    assert_int_equal(event.place_count, 2); /* order 2, refund 0 */
    assert_int_equal(event.places[0].partition, 2);
    assert_int_equal(event.places[1].topic, topics[1]);
    assert_int_equal(event.places[1].partition, 0);
    event = polled(world->b);
    assert_int_equal(event.place_count, 2); /* order 3, refund 1 */
    assert_int_equal(event.places[0].partition, 3);
    assert_int_equal(event.places[1].partition, 1);
}

static void leaving_is_seen_at_once(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    join_alone(world);
    join(world, world->b);
    expect_assigned(world->b, 2, 2);
    append(world, place, "v");
    fetch(world->a, place, 0);
    world->a->ops->leave(world->a);
    expect_nothing(world->a);
    expect_revoked(world->b);
    expect_assigned(world->b, PARTITIONS, 0);
    world->b->ops->close(world->b);
    join(world, world->a);
    expect_assigned(world->a, PARTITIONS, 0);
}

static void a_crash_leaves_the_transaction_open(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    struct bus_place input = { world->in, 0 };
    join_alone(world);
    join(world, world->b);
    expect_assigned(world->b, 2, 2);
    expect_revoked(world->a);
    expect_assigned(world->a, 2, 0);
    begin(world->a);
    assert_int_equal(put(world->a, place, "half"), BUS_OK);
    assert_int_equal(send(world->a, input, 1), BUS_OK);
    append(world, input, "unread");
    fetch(world->a, input, 0);
    bus_memory_crash(world->a);
    expect_nothing(world->a);
    expect_revoked(world->b);
    expect_assigned(world->b, PARTITIONS, 0);
    expect_ends(world->b, place, 0, 1);
    assert_int_equal(world->b->ops->settled(world->b, input), BUS_PENDING);
    world->a->ops->close(world->a);
    expect_ends(world->b, place, 0, 1);
    broker_expire(world->broker);
    expect_ends(world->b, place, 2, 2);
    assert_int_equal(world->b->ops->settled(world->b, input), BUS_OK);
}

static void a_lapsed_member_believes_then_joins_again(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    join_alone(world);
    join(world, world->b);
    bus_memory_lapse(world->a);
    expect_assigned(world->b, PARTITIONS, 0);
    begin(world->a);
    assert_int_equal(put(world->a, place, "zombie"), BUS_OK);
    assert_int_equal(send(world->a, place, 1), BUS_ABORT);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    expect_revoked(world->a);
    expect_assigned(world->a, 2, 0);
    expect_revoked(world->b);
    expect_assigned(world->b, 2, 2);
}

static void a_static_member_comes_back_without_a_rebalance(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    struct bus *again = bus_new(world, "worker-a", "a");
    join_alone(world);
    join(world, world->b);
    expect_assigned(world->b, 2, 2);
    expect_revoked(world->a);
    expect_assigned(world->a, 2, 0);
    join(world, again);
    expect_assigned(again, 2, 0);
    expect_nothing(world->b);
    struct bus_event event = polled(world->a);
    assert_int_equal(event.kind, BUS_FAILED);
    assert_int_equal(event.result, BUS_CONFIG);
    assert_non_null(strstr(event.note.text, "FENCED_INSTANCE_ID"));
    begin(world->a);
    assert_int_equal(send(world->a, place, 1), BUS_ABORT);
    begin(again);
    assert_int_equal(send(again, place, 1), BUS_OK);
    commit(again);
}

static void members_without_an_id_sort_as_they_joined(void **state)
{
    struct world *world = *state;
    struct bus *members[12];
    int32_t wide = broker_topic(world->broker, "wide", 12);
    for (int i = 0; i < 12; i++) {
        members[i] = bus_new(world, "t", "");
        assert_int_equal(members[i]->ops->join(members[i], &wide, 1), BUS_OK);
    }
    for (int i = 0; i < 12; i++) {
        expect_assigned(members[i], 1, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(offsets_are_pending_until_the_end),
        CASE(pending_offsets_are_of_one_group),
        CASE(a_stale_generation_dooms_the_transaction),
        CASE(no_member_no_offsets),
        CASE(a_rebalance_reaches_each_member_at_its_own_poll),
        CASE(the_range_assignor_gives_the_first_members_more),
        CASE(leaving_is_seen_at_once),
        CASE(a_crash_leaves_the_transaction_open),
        CASE(a_lapsed_member_believes_then_joins_again),
        CASE(a_static_member_comes_back_without_a_rebalance),
        CASE(members_without_an_id_sort_as_they_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
