/* The Kafka bus on the demo's mock cluster, and without any brokers. No server is needed. */
#include "support/cmocka_all.h"

#include <stdio.h>

#include "io/bus_kafka.h"
#include "io/bus_kafka_admin.h"
#include "io/bus_kafka_mock.h"
#include "io/clock.h"

static struct bus *make(const char *servers, bool mock)
{
    const char *properties[] = { "bootstrap.servers", servers, NULL };
    struct bus_kafka_setup setup = { .properties = properties,
                                     .prefix = "p.",
                                     .group = "group",
                                     .instance = "one",
                                     .with_group = true,
                                     .mock = mock };
    struct err_note note;
    enum err err;
    struct bus *bus = bus_kafka_new(&setup, &err, &note);
    assert_non_null(bus);
    assert_true(text_is(bus->ops->transactional_id(bus), "group-one"));
    return bus;
}

static struct bus_event wait_for(struct bus *bus, enum bus_event_kind kind)
{
    int64_t deadline = clock_monotonic_ms() + 20000;
    struct bus_event event;
    do {
        assert_true(clock_monotonic_ms() < deadline);
        bus->ops->poll(bus, 100, &event);
    } while (event.kind != kind);
    return event;
}

static int64_t story_ms(void *context)
{
    return *(const int64_t *)context;
}

/* A turn of the demo: an input comes, a state goes, both times, with the time of its clock. */
static void demo_turns(void **state)
{
    (void)state;
    static const struct kafka_mock_topic topics[] = { { "p.order", 2 }, { "p.order-state", 2 } };
    struct err_note note;
    struct kafka_mock *mock = kafka_mock_new(topics, 2, &note);
    assert_non_null(mock);
    struct bus *bus = make(kafka_mock_servers(mock), true);
    int64_t now_ms = 1772440000000;
    bus_kafka_set_clock(bus, story_ms, &now_ms);
    int32_t input = bus->ops->topic(bus, "order"), log = bus->ops->topic(bus, "order-state");
    assert_int_equal(bus->ops->partitions(bus, input), 2);
    assert_int_equal(bus->ops->join(bus, &input, 1), BUS_OK);
    assert_int_equal(wait_for(bus, BUS_ASSIGNED).place_count, 2);
    struct bus_position at[] = { { { input, 0 }, 0 }, { { input, 1 }, 0 } };
    struct bus_position follow[] = { { { log, 0 }, 0 }, { { log, 1 }, 0 } };
    bus->ops->fetch(bus, at, 2);
    bus->ops->follow(bus, follow, 2);
    assert_int_equal(bus->ops->settled(bus, at[0].place), BUS_OK);
    for (int64_t turn = 0; turn < 2; turn++) {
        struct bus_message message = { { input, 1 }, TEXT("k"), TEXT("v"), NULL, 0 };
        assert_int_equal(bus->ops->begin(bus), BUS_OK);
        assert_int_equal(bus->ops->produce(bus, &message), BUS_OK);
        message.place = (struct bus_place){ log, BUS_BY_KEY };
        assert_int_equal(bus->ops->produce(bus, &message), BUS_OK);
        assert_int_equal(bus->ops->flush(bus, 8000), BUS_OK);
        at[1].offset = turn + 1;
        assert_int_equal(bus->ops->send_offsets(bus, &at[1], 1), BUS_OK);
        assert_int_equal(bus->ops->commit(bus), BUS_OK);
        bool seen[2] = { false, false };
        while (!seen[0] || !seen[1]) {
            struct bus_event event = wait_for(bus, BUS_RECORD);
            assert_true(event.record.append_time);
            assert_int_equal(event.record.timestamp_ms, now_ms);
            assert_true(text_is(event.record.value, "v"));
            seen[event.record.place.topic] = true;
            bus->ops->release(bus, &event.record);
        }
    }
    int64_t first, stable, high;
    assert_int_equal(bus->ops->ends(bus, at[1].place, &first, &stable, &high), BUS_OK);
    assert_int_equal(stable, 2);
    assert_int_equal(high, 2);
    bus->ops->close(bus);
    kafka_mock_free(mock);
}

static bool take_time(void *context, const struct kafka_read_record *record)
{
    if (record) {
        int64_t **next = context;
        *(*next)++ = record->timestamp_ms;
    }
    return true;
}

/* The demo tells the story of a day: its records carry that day's times. */
static void a_record_is_sent_with_its_time(void **state)
{
    (void)state;
    static const struct kafka_mock_topic topics[] = { { "order", 1 } };
    struct err_note note;
    enum err err;
    struct kafka_mock *mock = kafka_mock_new(topics, 1, &note);
    assert_non_null(mock);
    const char *properties[] = { "bootstrap.servers", kafka_mock_servers(mock), NULL };
    struct kafka_admin *admin = kafka_admin_new(properties, "", &err, &note);
    assert_non_null(admin);
    struct kafka_message message = { .topic = "order", .value = TEXT("v"), .timestamp_ms = 1000 };
    int64_t before = clock_wall_ms(), times[2] = { 0, 0 }, *next = times, offset;
    int32_t partition;
    assert_int_equal(kafka_admin_produce(admin, &message, &partition, &offset, 9000, &note), OK);
    message.timestamp_ms = 0;
    assert_int_equal(kafka_admin_produce(admin, &message, &partition, &offset, 9000, &note), OK);
    struct kafka_read read = { .topic = "order", .partition = 0, .from = KAFKA_FROM_START };
    assert_int_equal(kafka_admin_read(admin, &read, take_time, &next, 9000, &note), OK);
    assert_ptr_equal(next, times + 2);
    assert_int_equal(times[0], 1000);
    assert_true(times[1] >= before && times[1] <= clock_wall_ms());
    kafka_admin_free(admin);
    kafka_mock_free(mock);
}

static void absent_brokers_are_said(void **state)
{
    (void)state;
    struct bus *bus = make("127.0.0.1:1", false);
    int64_t begun = clock_monotonic_ms();
    struct bus_event event = wait_for(bus, BUS_FAILED);
    assert_int_equal(event.result, BUS_UNAVAILABLE);
    assert_true(event.note.text[0] != 0);
    assert_int_equal(bus->ops->partitions(bus, bus->ops->topic(bus, "order")), -1);
    assert_int_equal(bus->ops->begin(bus), BUS_UNAVAILABLE);
    begun = clock_monotonic_ms();
    bus->ops->poll(bus, 100, &event);
    assert_true(clock_monotonic_ms() - begun < 1000);
    bus->ops->close(bus);
    assert_true(clock_monotonic_ms() - begun < 10000);
}

static void fixed_properties_are_refused(void **state)
{
    (void)state;
    const char *properties[] = { "bootstrap.servers", "127.0.0.1:1", "isolation.level",
                                 "read_uncommitted", NULL };
    struct bus_kafka_setup setup = {
        .properties = properties, .prefix = "", .group = "group", .instance = "", .with_group = true
    };
    struct err_note note;
    enum err err = OK;
    assert_null(bus_kafka_new(&setup, &err, &note));
    assert_int_equal(err, ERR_CONFIG);
    assert_non_null(strstr(note.text, "isolation.level"));
    properties[2] = "ssl.ca.nonsense";
    assert_null(bus_kafka_new(&setup, &err, &note));
    assert_int_equal(err, ERR_CONFIG);
    assert_true(bus_kafka_fixed("group.instance.id"));
    assert_false(bus_kafka_fixed("sasl.mechanism"));
    assert_false(bus_kafka_fixed("session.timeout.ms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(demo_turns),
        cmocka_unit_test(a_record_is_sent_with_its_time),
        cmocka_unit_test(absent_brokers_are_said),
        cmocka_unit_test(fixed_properties_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
