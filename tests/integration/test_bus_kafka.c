/* The Kafka bus against a real broker: what the protocol leans on. */
#include "support/kafka_world.h"

/* --- transactions --- */

static void commit_is_visible(void **state)
{
    struct world *world = *state;
    struct bus *bus = world_bus(world, "one", false);
    int64_t stable, high, first, last;
    struct header headers[4];
    world_send(world, 0, 0, 2);
    assert_int_equal(bus->ops->partitions(bus, 0), WORLD_PARTITIONS);
    assert_int_equal(bus->ops->partitions(bus, bus->ops->topic(bus, "no-such-topic")), 0);
    world_join(bus);
    struct bus_position start = { { 0, 0 }, 0 };
    bus->ops->fetch(bus, &start, 1);
    struct bus_event event = world_wait(bus, BUS_RECORD);
    assert_int_equal(event.record.offset, 0);
    assert_true(event.record.append_time);
    assert_true(text_is(event.record.value, "value 0"));
    assert_true(text_is(event.record.key, "key"));
    assert_int_equal(bus->ops->headers(bus, &event.record, headers, 4), 2);
    assert_true(text_is(headers[0].name, "ce_id") && text_is(headers[0].value, "1"));
    assert_true(text_is(headers[1].name, "none") && headers[1].value.at == NULL);
    bus->ops->release(bus, &event.record);
    event = world_wait(bus, BUS_END);
    assert_int_equal(event.record.offset, 2);

    struct bus_position log = { { 1, 1 }, 0 };
    bus->ops->follow(bus, &log, 1);
    world_write(bus, 1, "state");
    assert_int_equal(world_offset(bus, 0, 2), BUS_OK);
    assert_int_equal(bus->ops->commit(bus), BUS_OK);
    assert_true(bus->ops->written(bus, (struct bus_place){ 1, 1 }, &first, &last));
    assert_int_equal(first, 0);
    assert_int_equal(last, 0);
    assert_false(bus->ops->written(bus, (struct bus_place){ 1, 0 }, &first, &last));
    event = world_wait(bus, BUS_RECORD);
    assert_int_equal(event.record.place.topic, 1);
    assert_true(text_is(event.record.value, "state"));
    bus->ops->release(bus, &event.record);
    event = world_wait(bus, BUS_END);
    world_ends(bus, 1, &stable, &high);
    assert_int_equal(stable, 2); /* the record and the marker */
    assert_int_equal(high, 2);
    assert_int_equal(event.record.offset, 2);
}

static void abort_is_not_seen(void **state)
{
    struct world *world = *state;
    struct bus *bus = world_bus(world, "one", false);
    world_join(bus);
    world_write(bus, 0, "void");
    assert_int_equal(bus->ops->abort(bus), BUS_OK);
    world_write(bus, 0, "good");
    assert_int_equal(world_offset(bus, 0, 0), BUS_OK);
    assert_int_equal(bus->ops->commit(bus), BUS_OK);
    struct bus_position log = { { 1, 0 }, 0 };
    bus->ops->follow(bus, &log, 1);
    struct bus_event event = world_wait(bus, BUS_RECORD);
    assert_true(text_is(event.record.value, "good"));
    bus->ops->release(bus, &event.record);
}

static void open_transaction_is_seen_and_fenced(void **state)
{
    struct world *world = *state;
    struct bus *a = world_bus(world, "one", false);
    struct bus *b = world_bus(world, "two", false);
    struct bus_record record;
    int64_t stable, high;
    world_join(a);
    world_write(a, 0, "hangs");
    world_ends(b, 0, &stable, &high);
    assert_int_equal(stable, 0);
    assert_int_equal(high, 1);
    assert_int_equal(b->ops->peek(b, (struct bus_place){ 1, 0 }, stable, &record), BUS_OK);
    assert_true(text_is(record.value, "hangs"));
    b->ops->release(b, &record);
    assert_int_equal(b->ops->peek(b, (struct bus_place){ 1, 0 }, high, &record), BUS_ABSENT);

    struct text id = a->ops->transactional_id(a);
    int64_t begun = clock_monotonic_ms();
    assert_int_equal(b->ops->fence(b, id), BUS_OK);
    do {
        world_ends(b, 0, &stable, &high);
    } while (stable < high && clock_monotonic_ms() - begun < 5000);
    assert_int_equal(stable, high);
    assert_true(clock_monotonic_ms() - begun < 4000);

    enum bus_result result = world_offset(a, 0, 0);
    assert_int_equal(result == BUS_OK ? a->ops->commit(a) : result, BUS_RETIRE);
    assert_int_equal(a->ops->retire(a), BUS_OK);
    world_write(a, 0, "again");
    assert_int_equal(world_offset(a, 0, 0), BUS_OK);
    assert_int_equal(a->ops->commit(a), BUS_OK);
}

static void pending_offsets_are_not_settled(void **state)
{
    struct world *world = *state;
    struct bus *a = world_bus(world, "one", false);
    struct bus *b = world_bus(world, "two", false);
    struct bus_place input = { 0, 0 };
    world_join(a);
    int64_t deadline = clock_monotonic_ms() + WORLD_WAIT_MS;
    while (b->ops->settled(b, input) != BUS_OK) {
        assert_true(clock_monotonic_ms() < deadline);
    }
    usleep(600000); /* an answer holds for half a second */
    world_write(a, 0, "state");
    assert_int_equal(world_offset(a, 0, 7), BUS_OK);
    assert_int_equal(b->ops->settled(b, input), BUS_PENDING);
    assert_int_equal(b->ops->settled(b, input), BUS_PENDING);
    assert_int_equal(a->ops->commit(a), BUS_OK);
    while (b->ops->settled(b, input) != BUS_OK) {
        assert_true(clock_monotonic_ms() < deadline);
    }
}

/* --- the group --- */

static void stale_metadata_is_refused(void **state)
{
    struct world *world = *state;
    struct bus *a = world_bus(world, "", true);
    struct bus *b = world_bus(world, "two", false);
    world_join(a);
    world_write(a, 0, "zombie");
    usleep(2500000); /* no poll: out of the group, and does not know it */
    world_join(b);
    assert_int_equal(world_offset(a, 0, 1), BUS_ABORT);
    assert_int_equal(a->ops->abort(a), BUS_OK);
    world_wait(a, BUS_REVOKED);
    assert_int_equal(a->ops->begin(a), BUS_OK);
    assert_int_equal(world_offset(a, 0, 1), BUS_ABORT); /* nothing is kept after the revoke */
    assert_int_equal(a->ops->abort(a), BUS_OK);
}

static void static_member_leaves_at_once(void **state)
{
    struct world *world = *state;
    struct bus *a = world_bus(world, "one", false);
    struct bus *b = world_bus(world, "two", false);
    world_join(a);
    int64_t begun = clock_monotonic_ms();
    a->ops->leave(a);
    assert_true(clock_monotonic_ms() - begun < 2000);
    world_join(b);
    assert_true(clock_monotonic_ms() - begun < 5000); /* the session would take ten seconds */
}

static void same_instance_is_said(void **state)
{
    struct world *world = *state;
    struct bus *a = world_bus(world, "one", false);
    struct bus *b = world_bus(world, "one", false);
    world_join(a);
    world_join(b);
    struct bus_event event = world_wait(a, BUS_FAILED);
    assert_int_equal(event.result, BUS_CONFIG);
    assert_non_null(strstr(event.note.text, "instance"));
}

struct share {
    bool assigned;
    struct bus_place place;
    int64_t next;
};

/* One poll: takes assignments of one partition, and counts its records. */
static void share_step(struct bus *bus, struct share *share)
{
    struct bus_event event;
    bus->ops->poll(bus, 20, &event);
    if (event.kind == BUS_REVOKED) {
        share->assigned = false;
    } else if (event.kind == BUS_ASSIGNED && event.place_count == 1) {
        share->assigned = true;
        share->place = event.places[0];
        share->next = 0;
        struct bus_position start = { share->place, 0 };
        bus->ops->fetch(bus, &start, 1);
    } else if (event.kind == BUS_RECORD) {
        assert_true(share->assigned);
        assert_int_equal(event.record.place.partition, share->place.partition);
        assert_int_equal(event.record.offset, share->next++);
        bus->ops->release(bus, &event.record);
    }
}

static void two_members_share(void **state)
{
    struct world *world = *state;
    struct bus *a = world_bus(world, "", false);
    struct bus *b = world_bus(world, "", false);
    struct share shares[2] = { { .next = 0 }, { .next = 0 } };
    int32_t input = 0;
    world_send(world, 0, 0, 30);
    world_send(world, 1, 0, 30);
    world_join(a);
    struct bus_position both[] = { { { 0, 0 }, 0 }, { { 0, 1 }, 0 } };
    a->ops->fetch(a, both, 2);
    struct bus_event event = world_wait(a, BUS_RECORD);
    a->ops->release(a, &event.record);
    assert_int_equal(b->ops->join(b, &input, 1), BUS_OK);
    world_wait(a, BUS_REVOKED);
    int64_t deadline = clock_monotonic_ms() + WORLD_WAIT_MS;
    while (shares[0].next < 30 || shares[1].next < 30) {
        assert_true(clock_monotonic_ms() < deadline);
        share_step(a, &shares[0]);
        share_step(b, &shares[1]);
    }
    assert_int_not_equal(shares[0].place.partition, shares[1].place.partition);
    assert_int_equal(bus_kafka_lag(a, shares[0].place), 0);
    assert_int_equal(bus_kafka_lag(a, shares[1].place), -1);
    assert_int_equal(bus_kafka_rebalances(a), 2);
}

/* --- reading --- */

enum { RECORDS = 300 };

/* The next record, which must be that one. */
static void expect(struct bus *bus, int64_t offset)
{
    struct bus_event event = world_wait(bus, BUS_RECORD);
    assert_int_equal(event.record.place.topic, 0);
    assert_int_equal(event.record.offset, offset);
    bus->ops->release(bus, &event.record);
}

static void fetch_rewinds(void **state)
{
    struct world *world = *state;
    struct bus *bus = world_bus(world, "one", false);
    world_send(world, 0, 0, RECORDS);
    world_join(bus);
    static const int64_t starts[] = { 0, 50, 10, 200, 0, 299, 100 };
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        struct bus_position at[] = { { { 0, 0 }, starts[i] }, { { 0, 1 }, 0 } };
        bus->ops->fetch(bus, at, i % 2 + 1);
        for (int64_t n = starts[i]; n < RECORDS && n < starts[i] + 120; n++) {
            expect(bus, n);
        }
    }
    bus->ops->fetch(bus, NULL, 0);
    struct bus_event event;
    bus->ops->poll(bus, 300, &event);
    assert_int_equal(event.kind, BUS_NOTHING);
}

static void pause_holds_and_skips_nothing(void **state)
{
    struct world *world = *state;
    struct bus *bus = world_bus(world, "one", false);
    struct bus_place place = { 0, 0 };
    struct bus_position start = { place, 0 };
    world_send(world, 0, 0, RECORDS);
    world_join(bus);
    bus->ops->fetch(bus, &start, 1);
    int64_t next = 0;
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 20; i++) {
            expect(bus, next++);
        }
        struct bus_event event;
        bus->ops->pause(bus, place, true);
        bus->ops->poll(bus, 200, &event);
        assert_int_equal(event.kind, BUS_NOTHING);
        bus->ops->pause(bus, place, false);
    }
    bus->ops->pause(bus, place, true);
    bus->ops->fetch(bus, &start, 1); /* a new list is not paused */
    for (next = 0; next < RECORDS; next++) {
        expect(bus, next);
    }
}

static void followed_ends_are_seen(void **state)
{
    struct world *world = *state;
    struct bus *bus = world_bus(world, "one", false);
    struct bus_position logs[] = { { { 1, 0 }, 0 }, { { 1, 1 }, 0 } };
    int64_t stable = -1, asked_ms = 0;
    world_join(bus);
    assert_false(bus->ops->seen_end(bus, logs[0].place, &stable, &asked_ms));
    bus->ops->follow(bus, logs, 2);
    world_write(bus, 0, "state");
    assert_int_equal(world_offset(bus, 0, 0), BUS_OK);
    assert_int_equal(bus->ops->commit(bus), BUS_OK);
    int64_t committed_ms = clock_monotonic_ms();
    while (!bus->ops->seen_end(bus, logs[0].place, &stable, &asked_ms) || asked_ms < committed_ms) {
        assert_true(clock_monotonic_ms() - committed_ms < 5000);
        usleep(10000);
    }
    assert_int_equal(stable, 2);
    /* The list grows and moves back: the one that stays is read on, the other one again. */
    struct bus_event event = world_wait(bus, BUS_RECORD);
    bus->ops->release(bus, &event.record);
    event = world_wait(bus, BUS_END);
    bus->ops->follow(bus, &logs[1], 1);
    assert_false(bus->ops->seen_end(bus, logs[0].place, &stable, &asked_ms));
    bus->ops->follow(bus, logs, 2);
    event = world_wait(bus, BUS_RECORD);
    assert_int_equal(event.record.offset, 0);
    bus->ops->release(bus, &event.record);
}

static void lost_offset_is_said(void **state)
{
    struct world *world = *state;
    struct bus *bus = world_bus(world, "one", false);
    struct bus_position beyond = { { 0, 0 }, 1000 };
    world_join(bus);
    bus->ops->fetch(bus, &beyond, 1);
    struct bus_event event = world_wait(bus, BUS_FAILED);
    assert_int_equal(event.result, BUS_CONFIG);
}

/* --- commands --- */

static void settings_are_told(void **state)
{
    struct world *world = *state;
    struct kafka_topic_facts facts;
    struct err_note note;
    char id[KAFKA_CLUSTER_ID_MAX] = "";
    bool existed = false;
    struct kafka_topic_plan again = { "order", 1, -1, NULL };
    assert_int_equal(kafka_admin_create(world->admin, &again, &existed, 10000, &note), OK);
    assert_true(existed);
    assert_int_equal(kafka_admin_describe(world->admin, "order", &facts, 10000, &note), OK);
    assert_int_equal(facts.partitions, WORLD_PARTITIONS);
    assert_string_equal(facts.timestamp_type, "LogAppendTime");
    assert_string_equal(facts.cleanup_policy, "delete");
    assert_int_equal(facts.max_message_bytes, 1048588);
    assert_int_equal(kafka_admin_describe(world->admin, "order-state", &facts, 10000, &note), OK);
    assert_string_equal(facts.cleanup_policy, "compact");
    assert_int_equal(facts.min_compaction_lag_ms, 60000);
    assert_int_equal(kafka_admin_describe(world->admin, "absent", &facts, 10000, &note),
                     ERR_NO_INPUT);
    assert_int_equal(kafka_admin_cluster_id(world->admin, id, 10000, &note), OK);
    assert_true(id[0] != 0);
}

struct heard {
    int64_t next;
    int count, stop_after;
};

static bool hear(void *context, const struct kafka_read_record *record)
{
    struct heard *heard = context;
    if (record == NULL) {
        return true;
    }
    assert_int_equal(record->offset, heard->next++);
    assert_int_equal(record->header_count, 2);
    return ++heard->count != heard->stop_after;
}

static void records_are_read(void **state)
{
    struct world *world = *state;
    struct err_note note;
    struct heard all = { 0, 0, -1 }, last = { 17, 0, -1 }, some = { 5, 0, 3 };
    struct kafka_read read = { .topic = "order", .partition = -1, .from = KAFKA_FROM_START };
    world_send(world, 1, 0, 20);
    assert_int_equal(kafka_admin_read(world->admin, &read, hear, &all, 10000, &note), OK);
    assert_int_equal(all.count, 20);
    read = (struct kafka_read){ .topic = "order", .partition = 1, .last = 3 };
    assert_int_equal(kafka_admin_read(world->admin, &read, hear, &last, 10000, &note), OK);
    assert_int_equal(last.count, 3);
    read = (struct kafka_read){ .topic = "order", .partition = 1, .from = 5, .go_on = true };
    assert_int_equal(kafka_admin_read(world->admin, &read, hear, &some, 10000, &note), OK);
    assert_int_equal(some.count, 3);
    struct heard timed = { 0, 0, -1 };
    read = (struct kafka_read){ .topic = "order",
                                .partition = 1,
                                .from_ms = clock_wall_ms() - 3600000 };
    assert_int_equal(kafka_admin_read(world->admin, &read, hear, &timed, 10000, &note), OK);
    assert_int_equal(timed.count, 20);
    read = (struct kafka_read){ .topic = "order", .partition = 7 };
    assert_int_equal(kafka_admin_read(world->admin, &read, hear, &timed, 10000, &note),
                     ERR_NO_INPUT);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(commit_is_visible),
        WITH_WORLD(abort_is_not_seen),
        WITH_WORLD(open_transaction_is_seen_and_fenced),
        WITH_WORLD(pending_offsets_are_not_settled),
        WITH_WORLD(stale_metadata_is_refused),
        WITH_WORLD(static_member_leaves_at_once),
        WITH_WORLD(same_instance_is_said),
        WITH_WORLD(two_members_share),
        WITH_WORLD(fetch_rewinds),
        WITH_WORLD(pause_holds_and_skips_nothing),
        WITH_WORLD(followed_ends_are_seen),
        WITH_WORLD(lost_offset_is_said),
        WITH_WORLD(settings_are_told),
        WITH_WORLD(records_are_read),
    };
    if (world_servers() == NULL) {
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
