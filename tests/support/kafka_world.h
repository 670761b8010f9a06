/* A small world on a real Kafka: topics of this test's own, buses of one group, short words. */
#ifndef MAKEGOOD_TESTS_KAFKA_WORLD_H
#define MAKEGOOD_TESTS_KAFKA_WORLD_H

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/bus_kafka.h"
#include "io/bus_kafka_admin.h"
#include "io/clock.h"

enum { WORLD_PARTITIONS = 2, WORLD_WAIT_MS = 20000, WORLD_BUSES = 4 };

struct world {
    struct kafka_admin *admin;
    char prefix[64], group[80];
    struct bus *buses[WORLD_BUSES];
    size_t bus_count;
};

static inline const char *world_servers(void)
{
    return getenv("MAKEGOOD_TEST_KAFKA");
}

static inline int world_setup(void **state)
{
    static int number;
    const char *properties[] = { "bootstrap.servers", world_servers(), NULL };
    const char *compacted[] = { "cleanup.policy", "compact", "min.compaction.lag.ms", "60000",
                                NULL };
    const char *stamped[] = { "message.timestamp.type", "LogAppendTime", NULL };
    struct world *world = calloc(1, sizeof(*world));
    struct err_note note = { "" };
    enum err err;
    bool existed;
    snprintf(world->prefix, sizeof(world->prefix), "t%d-%lld-%d-", (int)getpid(),
             (long long)clock_wall_ms() % 1000000, ++number);
    snprintf(world->group, sizeof(world->group), "%sgroup", world->prefix);
    world->admin = kafka_admin_new(properties, world->prefix, &err, &note);
    assert_non_null(world->admin);
    struct kafka_topic_plan input = { "order", WORLD_PARTITIONS, 1, stamped };
    struct kafka_topic_plan log = { "order-state", WORLD_PARTITIONS, 1, compacted };
    if (kafka_admin_create(world->admin, &input, &existed, 20000, &note) != OK || existed ||
        kafka_admin_create(world->admin, &log, &existed, 20000, &note) != OK) {
        fail_msg("%s", note.text);
    }
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < world->bus_count; i++) {
        if (world->buses[i] != NULL) {
            world->buses[i]->ops->close(world->buses[i]);
        }
    }
    kafka_admin_free(world->admin);
    free(world);
    return 0;
}

/* Topics get the indexes 0 (order) and 1 (order-state). short_polls: thrown out of the group after
 * a second without a poll. */
static inline struct bus *world_bus(struct world *world, const char *instance, bool short_polls)
{
    const char *properties[] = { "bootstrap.servers",
                                 world_servers(),
                                 short_polls ? "session.timeout.ms" : NULL,
                                 "1000",
                                 "max.poll.interval.ms",
                                 "1000",
                                 NULL };
    struct bus_kafka_setup setup = { .properties = properties,
                                     .prefix = world->prefix,
                                     .group = world->group,
                                     .instance = instance,
                                     .with_group = true };
    struct err_note note;
    enum err err;
    struct bus *bus = bus_kafka_new(&setup, &err, &note);
    assert_non_null(bus);
    assert_int_equal(bus->ops->topic(bus, "order"), 0);
    assert_int_equal(bus->ops->topic(bus, "order-state"), 1);
    world->buses[world->bus_count++] = bus;
    return bus;
}

/* Polls until an event of that kind; others are let go. */
static inline struct bus_event world_wait(struct bus *bus, enum bus_event_kind kind)
{
    int64_t deadline = clock_monotonic_ms() + WORLD_WAIT_MS;
    struct bus_event event;
    while (clock_monotonic_ms() < deadline) {
        bus->ops->poll(bus, 100, &event);
        if (event.kind == kind) {
            return event;
        }
        if (event.kind == BUS_RECORD) {
            bus->ops->release(bus, &event.record);
        }
    }
    fail_msg("no event %d came", (int)kind);
    return event;
}

/* Joined, and given all partitions. */
static inline void world_join(struct bus *bus)
{
    int32_t input = 0;
    assert_int_equal(bus->ops->join(bus, &input, 1), BUS_OK);
    struct bus_event event = world_wait(bus, BUS_ASSIGNED);
    assert_int_equal(event.place_count, WORLD_PARTITIONS);
}

static inline void world_send(struct world *world, int32_t partition, int from, int count)
{
    struct header headers[] = { { TEXT("ce_id"), TEXT("1") }, { TEXT("none"), { NULL, 0 } } };
    for (int i = from; i < from + count; i++) {
        char value[32];
        struct err_note note;
        int64_t offset;
        int32_t at;
        snprintf(value, sizeof(value), "value %d", i);
        struct kafka_message message = {
            "order", partition, TEXT("key"), text_of(value), headers, 2
        };
        if (kafka_admin_produce(world->admin, &message, &at, &offset, 10000, &note) != OK) {
            fail_msg("%s", note.text);
        }
        assert_int_equal(at, partition);
        assert_int_equal(offset, i);
    }
}

/* begin, one state record, flush. */
static inline void world_write(struct bus *bus, int32_t partition, const char *value)
{
    struct bus_message message = { { 1, partition }, TEXT("entity"), text_of(value), NULL, 0 };
    assert_int_equal(bus->ops->begin(bus), BUS_OK);
    assert_int_equal(bus->ops->produce(bus, &message), BUS_OK);
    assert_int_equal(bus->ops->flush(bus, 8000), BUS_OK);
}

static inline enum bus_result world_offset(struct bus *bus, int32_t partition, int64_t offset)
{
    struct bus_position position = { { 0, partition }, offset };
    return bus->ops->send_offsets(bus, &position, 1);
}

static inline void world_ends(struct bus *bus, int32_t partition, int64_t *stable, int64_t *high)
{
    int64_t first;
    int64_t deadline = clock_monotonic_ms() + WORLD_WAIT_MS;
    while (bus->ops->ends(bus, (struct bus_place){ 1, partition }, &first, stable, high) !=
           BUS_OK) {
        assert_true(clock_monotonic_ms() < deadline);
    }
    assert_int_equal(first, 0);
}

#endif
