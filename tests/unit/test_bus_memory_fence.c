/* The broker in memory: fenced producers, expired transactions, planned failures. */
#include "support/bus_world.h"

/* --- fencing --- */

static void expect_fenced(struct world *world, struct bus *bus)
{
    struct bus_place place = { world->in, 0 };
    assert_int_equal(put(bus, place, "zombie"), BUS_RETIRE);
    assert_int_equal(bus->ops->flush(bus, 0), BUS_RETIRE);
    assert_int_equal(send(bus, place, 1), BUS_RETIRE);
    assert_int_equal(bus->ops->commit(bus), BUS_RETIRE);
    assert_int_equal(bus->ops->abort(bus), BUS_RETIRE);
    assert_int_equal(bus->ops->begin(bus), BUS_RETIRE);
}

static void a_newer_producer_of_the_same_id_fences(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    struct bus *newer = bus_new(world, "worker-a", "");
    begin(world->a);
    assert_int_equal(put(world->a, place, "old"), BUS_OK);
    expect_ends(world->b, place, 0, 1);
    begin(newer);
    expect_ends(world->b, place, 2, 2);
    expect_fenced(world, world->a);
    assert_int_equal(put(newer, place, "new"), BUS_OK);
    commit(newer);
    follow(world->b, place, 0);
    expect_record(world->b, place, 2, "new");
    assert_int_equal(world->a->ops->retire(world->a), BUS_OK); /* now the other one is old */
    begin(newer); /* which it learns of by the first request */
    assert_int_equal(put(newer, place, "fenced"), BUS_RETIRE);
    begin(world->a);
}

static void fence_ends_anothers_transaction(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begin(world->a);
    assert_int_equal(put(world->a, place, "hung"), BUS_OK);
    struct text id = world->a->ops->transactional_id(world->a);
    assert_true(text_is(id, "worker-a"));
    assert_int_equal(world->b->ops->fence(world->b, id), BUS_OK);
    expect_ends(world->b, place, 2, 2);
    expect_fenced(world, world->a);
    begin(world->b); /* the one who fences is not hurt */
    assert_int_equal(world->a->ops->retire(world->a), BUS_OK);
    begin(world->a);
}

static void an_expired_transaction_is_aborted_and_fenced(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begin(world->a);
    begin(world->b);
    assert_int_equal(put(world->a, place, "late"), BUS_OK);
    broker_expire(world->broker);
    expect_ends(world->b, place, 2, 2);
    expect_fenced(world, world->a);
    assert_int_equal(put(world->b, place, "b"), BUS_OK); /* had written nothing */
}

/* Also when another producer of the id has begun one: that one is not touched. */
static void what_asked_nothing_of_the_broker_ends_in_the_client(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    struct bus *newer = bus_new(world, "worker-a", "");
    begin(world->a);
    commit(world->a);
    begin(newer);
    assert_int_equal(put(newer, place, "new"), BUS_OK);
    begin(world->a);
    commit(world->a);
    begin(world->a);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    expect_ends(world->b, place, 0, 1);
    begin(world->a);
    assert_int_equal(put(world->a, place, "zombie"), BUS_RETIRE);
    commit(newer);
    expect_ends(world->b, place, 2, 2);
}

/* --- planned failures --- */

static void a_lost_request_has_no_effect(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begin(world->a);
    assert_int_equal(put(world->a, place, "v"), BUS_OK);
    bus_memory_fail_next(world->a, BUS_CALL_COMMIT, BUS_RETIRE, false);
    assert_int_equal(world->a->ops->commit(world->a), BUS_RETIRE);
    expect_ends(world->b, place, 0, 1);
    expect_fenced(world, world->a); /* of no use until it is retired */
    bus_memory_fail_next(world->a, BUS_CALL_RETIRE, BUS_UNAVAILABLE, false);
    assert_int_equal(world->a->ops->retire(world->a), BUS_UNAVAILABLE);
    expect_ends(world->b, place, 0, 1);
    bus_memory_fail_next(world->a, BUS_CALL_RETIRE, BUS_UNAVAILABLE, true);
    assert_int_equal(world->a->ops->retire(world->a), BUS_UNAVAILABLE);
    expect_ends(world->b, place, 2, 2);
    assert_int_equal(world->a->ops->begin(world->a), BUS_RETIRE);
    assert_int_equal(world->a->ops->retire(world->a), BUS_OK);
    begin(world->a);
}

static void a_lost_reply_has_its_effect(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begin(world->a);
    assert_int_equal(put(world->a, place, "v"), BUS_OK);
    bus_memory_fail_next(world->a, BUS_CALL_COMMIT, BUS_RETIRE, true);
    assert_int_equal(world->a->ops->commit(world->a), BUS_RETIRE);
    follow(world->b, place, 0);
    expect_record(world->b, place, 0, "v");
    assert_int_equal(world->a->ops->retire(world->a), BUS_OK);
    expect_ends(world->b, place, 2, 2);
}

static void an_abort_class_dooms_until_abort(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begin(world->a);
    bus_memory_fail_next(world->a, BUS_CALL_PRODUCE, BUS_PENDING, false);
    assert_int_equal(put(world->a, place, "v"), BUS_PENDING);
    assert_int_equal(put(world->a, place, "v"), BUS_OK);
    bus_memory_fail_next(world->a, BUS_CALL_FLUSH, BUS_ABORT, false);
    assert_int_equal(world->a->ops->flush(world->a, 0), BUS_ABORT);
    assert_int_equal(world->a->ops->commit(world->a), BUS_ABORT);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    expect_ends(world->b, place, 2, 2);
    begin(world->a);
}

static void other_calls_fail_once_too(void **state)
{
    struct world *world = *state;
    struct bus *a = world->a;
    struct bus_place place = { world->in, 0 };
    struct bus_record record;
    int64_t first, stable, high;
    static const enum bus_memory_call calls[] = { BUS_CALL_PARTITIONS, BUS_CALL_JOIN,
                                                  BUS_CALL_POLL,       BUS_CALL_ENDS,
                                                  BUS_CALL_SETTLED,    BUS_CALL_PEEK,
                                                  BUS_CALL_FENCE };
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        bus_memory_fail_next(a, calls[i], BUS_UNAVAILABLE, false);
    }
    begin(world->b);
    assert_int_equal(a->ops->partitions(a, world->in), -1);
    assert_int_equal(a->ops->join(a, &world->in, 1), BUS_UNAVAILABLE);
    struct bus_event event = polled(a);
    assert_int_equal(event.kind, BUS_FAILED);
    assert_int_equal(event.result, BUS_UNAVAILABLE);
    assert_int_equal(a->ops->ends(a, place, &first, &stable, &high), BUS_UNAVAILABLE);
    assert_int_equal(a->ops->settled(a, place), BUS_UNAVAILABLE);
    assert_int_equal(a->ops->peek(a, place, 0, &record), BUS_UNAVAILABLE);
    assert_int_equal(a->ops->fence(a, TEXT("worker-b")), BUS_UNAVAILABLE);
    assert_int_equal(put(world->b, place, "v"), BUS_OK); /* not fenced */
    assert_int_equal(a->ops->partitions(a, world->in), PARTITIONS);
    expect_nothing(a); /* did not join */
    bus_memory_fail_next(a, BUS_CALL_FENCE, BUS_UNAVAILABLE, true);
    assert_int_equal(a->ops->fence(a, TEXT("worker-b")), BUS_UNAVAILABLE);
    assert_int_equal(put(world->b, place, "v"), BUS_RETIRE);
    assert_int_equal(a->ops->settled(a, place), BUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_newer_producer_of_the_same_id_fences),
        CASE(fence_ends_anothers_transaction),
        CASE(an_expired_transaction_is_aborted_and_fenced),
        CASE(what_asked_nothing_of_the_broker_ends_in_the_client),
        CASE(a_lost_request_has_no_effect),
        CASE(a_lost_reply_has_its_effect),
        CASE(an_abort_class_dooms_until_abort),
        CASE(other_calls_fail_once_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
