/* The broker in memory: each promise of Kafka that the engine rests on, one case. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "io/bus_memory.h"

enum { PARTITIONS = 4, EVENTS_MAX = 64 };

struct world {
    struct broker *broker;
    struct bus *a, *b;
    int32_t in, state;
};

static struct bus *bus_new(struct world *world, const char *transactional_id, const char *member)
{
    struct bus_memory_setup setup = { "group", transactional_id, member };
    return bus_memory_new(world->broker, &setup);
}

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world->broker = broker_new();
    world->in = broker_topic(world->broker, "order", PARTITIONS);
    world->state = broker_topic(world->broker, "order-state", PARTITIONS);
    world->a = bus_new(world, "worker-a", "a");
    world->b = bus_new(world, "worker-b", "b");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    broker_free(world->broker);
    free(world);
    return 0;
}

/* --- short words --- */

static struct bus_event polled(struct bus *bus)
{
    struct bus_event event;
    bus->ops->poll(bus, 0, &event);
    return event;
}

static void expect_nothing(struct bus *bus)
{
    assert_int_equal(polled(bus).kind, BUS_NOTHING);
}

static void expect_record(struct bus *bus, struct bus_place place, int64_t offset, const char *value)
{
    struct bus_event event = polled(bus);
    assert_int_equal(event.kind, BUS_RECORD);
    assert_int_equal(event.record.place.topic, place.topic);
    assert_int_equal(event.record.place.partition, place.partition);
    assert_int_equal(event.record.offset, offset);
    assert_true(text_is(event.record.value, value));
    bus->ops->release(bus, &event.record);
}

static void expect_end(struct bus *bus, struct bus_place place, int64_t offset)
{
    struct bus_event event = polled(bus);
    assert_int_equal(event.kind, BUS_END);
    assert_int_equal(event.record.place.topic, place.topic);
    assert_int_equal(event.record.place.partition, place.partition);
    assert_int_equal(event.record.offset, offset);
}

static void expect_assigned(struct bus *bus, size_t count, int32_t first)
{
    struct bus_event event = polled(bus);
    assert_int_equal(event.kind, BUS_ASSIGNED);
    assert_int_equal(event.place_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(event.places[i].partition, first + (int32_t)i);
    }
}

static void expect_revoked(struct bus *bus)
{
    assert_int_equal(polled(bus).kind, BUS_REVOKED);
}

static enum bus_result put(struct bus *bus, struct bus_place place, const char *value)
{
    struct bus_message message = { .place = place, .key = TEXT("k"), .value = text_of(value) };
    return bus->ops->produce(bus, &message);
}

static void append(struct world *world, struct bus_place place, const char *value)
{
    assert_true(broker_append(world->broker, place.topic, place.partition, TEXT("k"),
                              text_of(value), NULL, 0) >= 0);
}

static void begin(struct bus *bus)
{
    assert_int_equal(bus->ops->begin(bus), BUS_OK);
}

static void commit(struct bus *bus)
{
    assert_int_equal(bus->ops->flush(bus, 0), BUS_OK);
    assert_int_equal(bus->ops->commit(bus), BUS_OK);
}

static enum bus_result send(struct bus *bus, struct bus_place place, int64_t offset)
{
    struct bus_position position = { place, offset };
    return bus->ops->send_offsets(bus, &position, 1);
}

static void follow(struct bus *bus, struct bus_place place, int64_t offset)
{
    struct bus_position position = { place, offset };
    bus->ops->follow(bus, &position, 1);
}

static void fetch(struct bus *bus, struct bus_place place, int64_t offset)
{
    struct bus_position position = { place, offset };
    bus->ops->fetch(bus, &position, 1);
}

static void expect_ends(struct bus *bus, struct bus_place place, int64_t stable, int64_t high)
{
    int64_t first, is_stable, is_high;
    assert_int_equal(bus->ops->ends(bus, place, &first, &is_stable, &is_high), BUS_OK);
    assert_int_equal(is_stable, stable);
    assert_int_equal(is_high, high);
}

static void join(struct world *world, struct bus *bus)
{
    assert_int_equal(bus->ops->join(bus, &world->in, 1), BUS_OK);
}

/* Member a alone, with all partitions. */
static void join_alone(struct world *world)
{
    join(world, world->a);
    expect_assigned(world->a, PARTITIONS, 0);
}

/* --- topics and appends --- */

static void topics_have_one_index(void **state)
{
    struct world *world = *state;
    assert_int_equal(world->a->ops->topic(world->a, "order"), world->in);
    assert_int_equal(world->a->ops->partitions(world->a, world->in), PARTITIONS);
    int32_t none = world->a->ops->topic(world->a, "refund");
    assert_int_equal(world->b->ops->topic(world->b, "refund"), none);
    assert_int_equal(world->a->ops->partitions(world->a, none), 0);
    assert_int_equal(broker_topic(world->broker, "refund", 2), none);
    assert_int_equal(world->a->ops->partitions(world->a, none), 2);
    assert_string_equal(broker_topic_name(world->broker, none), "refund");
}

static void append_copies_and_stamps(void **state)
{
    struct world *world = *state;
    char value[] = "value";
    struct header headers[] = { { TEXT("ce_id"), TEXT("1") }, { TEXT("null"), { 0 } } }, seen[2];
    struct bus_record record;
    enum broker_state what;
    broker_set_time(world->broker, 1234);
    assert_int_equal(broker_append(world->broker, world->in, 2, (struct text){ 0 },
                                   text_of(value), headers, 2), 0);
    value[0] = 'X';
    assert_true(broker_read(world->broker, world->in, 2, 0, &record, &what));
    assert_int_equal(what, BROKER_COMMITTED);
    assert_true(text_is(record.value, "value"));
    assert_null(record.key.at);
    assert_int_equal(record.timestamp_ms, 1234);
    assert_true(record.append_time);
    assert_int_equal(broker_headers(&record, seen, 1), 2);
    assert_int_equal(world->a->ops->headers(world->a, &record, seen, 2), 2);
    assert_true(text_is(seen[0].name, "ce_id") && text_is(seen[0].value, "1"));
    assert_null(seen[1].value.at);
    assert_false(broker_read(world->broker, world->in, 2, 1, &record, &what));
    assert_int_equal(broker_append(world->broker, world->in, PARTITIONS, TEXT("k"), TEXT("v"),
                                   NULL, 0), -1);
}

static void by_key_is_the_java_partitioner(void **state)
{
    struct world *world = *state;
    struct bus_message message = { .place = { world->in, BUS_BY_KEY }, .key = TEXT("customer-7"),
                                   .value = TEXT("v") };
    int32_t partition = partition_of(message.key, PARTITIONS);
    int64_t first, last;
    begin(world->a);
    assert_int_equal(world->a->ops->produce(world->a, &message), BUS_OK);
    commit(world->a);
    assert_true(world->a->ops->written(world->a, (struct bus_place){ world->in, partition }, &first,
                                       &last));
    assert_int_equal(broker_append(world->broker, world->in, BUS_BY_KEY, message.key, TEXT("w"),
                                   NULL, 0), 2);
}

static void a_place_that_is_not_there_is_config(void **state)
{
    struct world *world = *state;
    int64_t first, stable, high;
    struct bus_place none = { world->a->ops->topic(world->a, "refund"), BUS_BY_KEY };
    begin(world->a);
    assert_int_equal(put(world->a, none, "v"), BUS_CONFIG);
    assert_int_equal(put(world->a, (struct bus_place){ world->in, PARTITIONS }, "v"), BUS_CONFIG);
    assert_int_equal(world->a->ops->ends(world->a, none, &first, &stable, &high), BUS_CONFIG);
    assert_int_equal(world->a->ops->join(world->a, &none.topic, 1), BUS_CONFIG);
}

/* --- transactions --- */

static void open_records_are_invisible_and_hold_the_stable_end(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 1 };
    append(world, place, "before");
    begin(world->a);
    assert_int_equal(put(world->a, place, "open"), BUS_OK);
    append(world, place, "behind");
    follow(world->b, place, 0);
    expect_record(world->b, place, 0, "before");
    expect_end(world->b, place, 1);
    expect_nothing(world->b);
    expect_ends(world->b, place, 1, 3);
    commit(world->a);
    expect_ends(world->b, place, 4, 4);
    expect_record(world->b, place, 1, "open");
    expect_record(world->b, place, 2, "behind");
    expect_end(world->b, place, 4); /* past the marker at 3 */
    expect_nothing(world->b);
}

static void markers_stand_in_every_touched_partition_once(void **state)
{
    struct world *world = *state;
    struct bus_record record;
    enum broker_state what;
    begin(world->a);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(put(world->a, (struct bus_place){ world->state, i % 2 }, "v"), BUS_OK);
    }
    commit(world->a);
    for (int32_t p = 0; p < 2; p++) {
        assert_true(broker_read(world->broker, world->state, p, 2, &record, &what));
        assert_int_equal(what, BROKER_COMMITTED);
        assert_true(broker_read(world->broker, world->state, p, 3, &record, &what));
        assert_int_equal(what, BROKER_MARKER);
        expect_ends(world->a, (struct bus_place){ world->state, p }, 4, 4);
    }
    expect_ends(world->a, (struct bus_place){ world->state, 2 }, 0, 0);
}

static void aborted_records_are_skipped(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    struct bus_record record;
    enum broker_state what;
    follow(world->b, place, 0);
    expect_end(world->b, place, 0);
    begin(world->a);
    assert_int_equal(put(world->a, place, "gone"), BUS_OK);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    expect_end(world->b, place, 2); /* the position is past the marker, without a record */
    assert_true(broker_read(world->broker, place.topic, place.partition, 0, &record, &what));
    assert_int_equal(what, BROKER_ABORTED);
    assert_int_equal(world->b->ops->peek(world->b, place, 0, &record), BUS_OK);
    append(world, place, "next");
    expect_record(world->b, place, 2, "next");
    expect_end(world->b, place, 3);
}

static void the_oldest_open_transaction_holds(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begin(world->a);
    begin(world->b);
    assert_int_equal(put(world->a, place, "a"), BUS_OK);
    assert_int_equal(put(world->b, place, "b"), BUS_OK);
    commit(world->b);
    expect_ends(world->a, place, 0, 3);
    follow(world->b, place, 0);
    expect_end(world->b, place, 0);
    commit(world->a);
    expect_record(world->b, place, 0, "a");
    expect_record(world->b, place, 1, "b");
    expect_end(world->b, place, 4);
}

static void written_is_of_the_running_or_last_transaction(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 3 };
    int64_t first, last;
    assert_false(world->a->ops->written(world->a, place, &first, &last));
    append(world, place, "other");
    begin(world->a);
    assert_int_equal(put(world->a, place, "1"), BUS_OK);
    assert_int_equal(put(world->a, place, "2"), BUS_OK);
    commit(world->a);
    assert_true(world->a->ops->written(world->a, place, &first, &last));
    assert_int_equal(first, 1);
    assert_int_equal(last, 2);
    begin(world->a);
    assert_false(world->a->ops->written(world->a, place, &first, &last));
}

static void peek_sees_what_is_open(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    struct bus_record record;
    assert_int_equal(world->b->ops->peek(world->b, place, 0, &record), BUS_ABSENT);
    begin(world->a);
    assert_int_equal(put(world->a, place, "1"), BUS_OK);
    commit(world->a);
    begin(world->a);
    assert_int_equal(put(world->a, place, "open"), BUS_OK);
    assert_int_equal(world->b->ops->peek(world->b, place, 1, &record), BUS_OK);
    assert_int_equal(record.offset, 2);
    assert_true(text_is(record.value, "open"));
    assert_int_equal(world->b->ops->peek(world->b, place, 3, &record), BUS_ABSENT);
}

struct seen {
    char text[256];
};

static void note_commit(void *context, const char *topic, int32_t partition, int64_t offset,
                        struct text key, struct text value, const struct header *headers,
                        size_t header_count, int64_t timestamp_ms)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    assert_true(text_is(key, "k"));
    assert_int_equal(header_count, 0);
    (void)headers;
    snprintf(seen->text + used, sizeof(seen->text) - used, "%s/%d@%lld=%.*s t%lld; ", topic,
             partition, (long long)offset, TEXT_ARGS(value), (long long)timestamp_ms);
}

static void the_observer_sees_commits_in_append_order(void **state)
{
    struct world *world = *state;
    struct seen seen = { "" };
    broker_observe(world->broker, note_commit, &seen);
    broker_set_time(world->broker, 5);
    begin(world->a);
    assert_int_equal(put(world->a, (struct bus_place){ world->state, 1 }, "x"), BUS_OK);
    assert_int_equal(put(world->a, (struct bus_place){ world->in, 0 }, "y"), BUS_OK);
    broker_set_time(world->broker, 6);
    assert_int_equal(put(world->a, (struct bus_place){ world->state, 1 }, "z"), BUS_OK);
    assert_string_equal(seen.text, "");
    commit(world->a);
    assert_string_equal(seen.text,
                        "order-state/1@0=x t5; order/0@0=y t5; order-state/1@1=z t6; ");
    begin(world->a);
    assert_int_equal(put(world->a, (struct bus_place){ world->in, 0 }, "gone"), BUS_OK);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    assert_null(strstr(seen.text, "gone"));
}

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
    assert_int_equal(newer->ops->begin(newer), BUS_RETIRE);
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

/* --- reading --- */

static void records_come_in_the_order_of_appends(void **state)
{
    struct world *world = *state;
    struct bus_place p0 = { world->in, 0 }, p1 = { world->in, 1 }, log = { world->state, 0 };
    struct bus_position inputs[] = { { p0, 0 }, { p1, 0 } };
    append(world, p1, "1");
    begin(world->b);
    assert_int_equal(put(world->b, log, "2"), BUS_OK);
    append(world, p0, "3");
    append(world, p1, "4");
    world->a->ops->fetch(world->a, inputs, 2);
    follow(world->a, log, 0);
    expect_end(world->a, log, 0);
    expect_record(world->a, p1, 0, "1");
    commit(world->b);
    expect_record(world->a, log, 0, "2"); /* appended before 3, visible after it */
    expect_end(world->a, log, 2);
    expect_record(world->a, p0, 0, "3");
    expect_end(world->a, p0, 1);
    expect_record(world->a, p1, 1, "4");
    expect_end(world->a, p1, 2);
    expect_nothing(world->a);
    append(world, p0, "5");
    expect_record(world->a, p0, 1, "5");
    expect_end(world->a, p0, 2);
    expect_nothing(world->a);
}

static void fetch_rewinds(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    append(world, place, "1");
    append(world, place, "2");
    fetch(world->a, place, 1);
    expect_record(world->a, place, 1, "2");
    expect_end(world->a, place, 2);
    fetch(world->a, place, 0);
    expect_record(world->a, place, 0, "1");
    fetch(world->a, place, 2);
    expect_end(world->a, place, 2);
    world->a->ops->fetch(world->a, NULL, 0);
    append(world, place, "3");
    expect_nothing(world->a);
}

static void paused_partitions_are_silent(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 }, other = { world->in, 1 };
    struct bus_position positions[] = { { place, 0 }, { other, 0 } };
    append(world, place, "1");
    append(world, other, "2");
    world->a->ops->fetch(world->a, positions, 2);
    world->a->ops->pause(world->a, place, true);
    expect_record(world->a, other, 0, "2");
    expect_end(world->a, other, 1);
    expect_nothing(world->a);
    world->a->ops->pause(world->a, place, false);
    expect_record(world->a, place, 0, "1");
    world->a->ops->pause(world->a, place, true);
    expect_nothing(world->a);
    world->a->ops->fetch(world->a, positions, 1); /* fetched anew: not paused */
    expect_record(world->a, place, 0, "1");
}

static void seen_end_is_of_followed_partitions(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    int64_t stable, asked_ms;
    append(world, place, "1");
    broker_set_mono(world->broker, 77);
    assert_false(world->a->ops->seen_end(world->a, place, &stable, &asked_ms));
    follow(world->a, place, 0);
    begin(world->b);
    assert_int_equal(put(world->b, place, "open"), BUS_OK);
    assert_true(world->a->ops->seen_end(world->a, place, &stable, &asked_ms));
    assert_int_equal(stable, 1);
    assert_int_equal(asked_ms, 77);
}

static void retention_cuts_the_beginning(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    int64_t first, stable, high;
    append(world, place, "1");
    append(world, place, "2");
    broker_cut(world->broker, world->in, 0, 1);
    assert_int_equal(world->a->ops->ends(world->a, place, &first, &stable, &high), BUS_OK);
    assert_int_equal(first, 1);
    fetch(world->a, place, 0);
    assert_int_equal(polled(world->a).result, BUS_CONFIG);
    fetch(world->a, place, 3);
    assert_int_equal(polled(world->a).result, BUS_CONFIG);
    fetch(world->a, place, 1);
    expect_record(world->a, place, 1, "2");
}

static void timestamps_of_producers_are_told(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    append(world, place, "1");
    broker_set_append_time(world->broker, false);
    fetch(world->a, place, 0);
    assert_false(polled(world->a).record.append_time);
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
    static const enum bus_memory_call calls[] = { BUS_CALL_PARTITIONS, BUS_CALL_JOIN, BUS_CALL_POLL,
                                                  BUS_CALL_ENDS, BUS_CALL_SETTLED, BUS_CALL_PEEK,
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

/* --- many --- */

static void two_hundred_thousand_records(void **state)
{
    struct world *world = *state;
    struct bus_position positions[2 * PARTITIONS];
    struct bus_event event;
    size_t records = 0, ends = 0;
    for (int i = 0; i < 200000; i++) {
        if (i % 1000 == 0) {
            begin(world->a);
        }
        assert_int_equal(put(world->a, (struct bus_place){ i % 2 ? world->in : world->state, i / 2 % PARTITIONS },
                             "some value"), BUS_OK);
        if (i % 1000 == 999 && i % 3000 != 999) {
            commit(world->a);
        } else if (i % 1000 == 999) {
            assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
        }
    }
    for (int32_t p = 0; p < PARTITIONS; p++) {
        positions[p] = (struct bus_position){ { world->in, p }, 0 };
        positions[PARTITIONS + p] = (struct bus_position){ { world->state, p }, 0 };
    }
    world->b->ops->fetch(world->b, positions, PARTITIONS);
    world->b->ops->follow(world->b, positions + PARTITIONS, PARTITIONS);
    for (event = polled(world->b); event.kind != BUS_NOTHING; event = polled(world->b)) {
        records += event.kind == BUS_RECORD;
        ends += event.kind == BUS_END;
    }
    assert_int_equal(records, 133000); /* 67 of 200 transactions were aborted */
    assert_int_equal(ends, 2 * PARTITIONS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(topics_have_one_index),
        CASE(append_copies_and_stamps),
        CASE(by_key_is_the_java_partitioner),
        CASE(a_place_that_is_not_there_is_config),
        CASE(open_records_are_invisible_and_hold_the_stable_end),
        CASE(markers_stand_in_every_touched_partition_once),
        CASE(aborted_records_are_skipped),
        CASE(the_oldest_open_transaction_holds),
        CASE(written_is_of_the_running_or_last_transaction),
        CASE(peek_sees_what_is_open),
        CASE(the_observer_sees_commits_in_append_order),
        CASE(a_newer_producer_of_the_same_id_fences),
        CASE(fence_ends_anothers_transaction),
        CASE(an_expired_transaction_is_aborted_and_fenced),
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
        CASE(records_come_in_the_order_of_appends),
        CASE(fetch_rewinds),
        CASE(paused_partitions_are_silent),
        CASE(seen_end_is_of_followed_partitions),
        CASE(retention_cuts_the_beginning),
        CASE(timestamps_of_producers_are_told),
        CASE(a_lost_request_has_no_effect),
        CASE(a_lost_reply_has_its_effect),
        CASE(an_abort_class_dooms_until_abort),
        CASE(other_calls_fail_once_too),
        CASE(two_hundred_thousand_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
