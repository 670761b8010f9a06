/*
 * A small world for tests of the bus in memory: one broker, one input and one state topic, two
 * buses of one group, and short words for what is done to them and expected of them.
 */
#ifndef MAKEGOOD_TESTS_BUS_WORLD_H
#define MAKEGOOD_TESTS_BUS_WORLD_H

#include "support/cmocka_all.h"

#include <stdlib.h>

#include "io/bus_memory.h"

enum { PARTITIONS = 4 };

struct world {
    struct broker *broker;
    struct bus *a, *b;
    int32_t in, state;
};

static inline struct bus *bus_new(struct world *world, const char *transactional_id,
                                  const char *member)
{
    struct bus_memory_setup setup = { "group", transactional_id, member };
    return bus_memory_new(world->broker, &setup);
}

static inline int world_setup(void **state)
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

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    broker_free(world->broker);
    free(world);
    return 0;
}

/* --- short words --- */

static inline struct bus_event polled(struct bus *bus)
{
    struct bus_event event;
    bus->ops->poll(bus, 0, &event);
    return event;
}

static inline void expect_nothing(struct bus *bus)
{
    assert_int_equal(polled(bus).kind, BUS_NOTHING);
}

static inline void expect_record(struct bus *bus, struct bus_place place, int64_t offset,
                                 const char *value)
{
    struct bus_event event = polled(bus);
    assert_int_equal(event.kind, BUS_RECORD);
    assert_int_equal(event.record.place.topic, place.topic);
    assert_int_equal(event.record.place.partition, place.partition);
    assert_int_equal(event.record.offset, offset);
    assert_true(text_is(event.record.value, value));
    bus->ops->release(bus, &event.record);
}

static inline void expect_end(struct bus *bus, struct bus_place place, int64_t offset)
{
    struct bus_event event = polled(bus);
    assert_int_equal(event.kind, BUS_END);
    assert_int_equal(event.record.place.topic, place.topic);
    assert_int_equal(event.record.place.partition, place.partition);
    assert_int_equal(event.record.offset, offset);
}

static inline void expect_assigned(struct bus *bus, size_t count, int32_t first)
{
    struct bus_event event = polled(bus);
    assert_int_equal(event.kind, BUS_ASSIGNED);
    assert_int_equal(event.place_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(event.places[i].partition, first + (int32_t)i);
    }
}

static inline void expect_revoked(struct bus *bus)
{
    assert_int_equal(polled(bus).kind, BUS_REVOKED);
}

static inline enum bus_result put(struct bus *bus, struct bus_place place, const char *value)
{
    struct bus_message message = { .place = place, .key = TEXT("k"), .value = text_of(value) };
    return bus->ops->produce(bus, &message);
}

static inline void append(struct world *world, struct bus_place place, const char *value)
{
    assert_true(broker_append(world->broker, place.topic, place.partition, TEXT("k"),
                              text_of(value), NULL, 0) >= 0);
}

static inline void begin(struct bus *bus)
{
    assert_int_equal(bus->ops->begin(bus), BUS_OK);
}

static inline void commit(struct bus *bus)
{
    assert_int_equal(bus->ops->flush(bus, 0), BUS_OK);
    assert_int_equal(bus->ops->commit(bus), BUS_OK);
}

static inline enum bus_result send(struct bus *bus, struct bus_place place, int64_t offset)
{
    struct bus_position position = { place, offset };
    return bus->ops->send_offsets(bus, &position, 1);
}

static inline void follow(struct bus *bus, struct bus_place place, int64_t offset)
{
    struct bus_position position = { place, offset };
    bus->ops->follow(bus, &position, 1);
}

static inline void fetch(struct bus *bus, struct bus_place place, int64_t offset)
{
    struct bus_position position = { place, offset };
    bus->ops->fetch(bus, &position, 1);
}

static inline void expect_ends(struct bus *bus, struct bus_place place, int64_t stable,
                               int64_t high)
{
    int64_t first, is_stable, is_high;
    assert_int_equal(bus->ops->ends(bus, place, &first, &is_stable, &is_high), BUS_OK);
    assert_int_equal(is_stable, stable);
    assert_int_equal(is_high, high);
}

static inline void join(struct world *world, struct bus *bus)
{
    assert_int_equal(bus->ops->join(bus, &world->in, 1), BUS_OK);
}

/* Member a alone, with all partitions. */
static inline void join_alone(struct world *world)
{
    join(world, world->a);
    expect_assigned(world->a, PARTITIONS, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

#endif
