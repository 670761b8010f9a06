/* Positions that change again and again, at once: librdkafka 2.0.2 ends the process when a partition is
 * taken out of the assignment a second time before its fetching has stopped. On the mock cluster. */
#include "support/cmocka_all.h"

#include "io/bus_kafka.h"
#include "io/bus_kafka_mock.h"
#include "io/clock.h"

enum { PARTITIONS = 8, ROWS = 20, CHANGES_IN_A_ROW = 5 };

static void wait_for(struct bus *bus, enum bus_event_kind kind)
{
    int64_t deadline = clock_monotonic_ms() + 20000;
    struct bus_event event;
    do {
        assert_true(clock_monotonic_ms() < deadline);
        bus->ops->poll(bus, 100, &event);
        if (event.kind == BUS_RECORD) {
            bus->ops->release(bus, &event.record);
        }
    } while (event.kind != kind);
}

struct world {
    struct kafka_mock *mock;
    struct bus *bus;
    struct bus_position at[PARTITIONS];
};

static void open_world(struct world *world)
{
    struct kafka_mock_topic topics[] = { { "order", PARTITIONS } };
    struct err_note note;
    enum err err;
    world->mock = kafka_mock_new(topics, 1, &note);
    assert_non_null(world->mock);
    const char *properties[] = { "bootstrap.servers", kafka_mock_servers(world->mock), NULL };
    world->bus = bus_kafka_new(&(struct bus_kafka_setup){ .properties = properties,
                                                          .prefix = "",
                                                          .group = "group",
                                                          .instance = "one",
                                                          .with_group = true,
                                                          .mock = true },
                               &err, &note);
    assert_non_null(world->bus);
    int32_t index = world->bus->ops->topic(world->bus, "order");
    assert_int_equal(world->bus->ops->partitions(world->bus, index), PARTITIONS);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        world->at[p] = (struct bus_position){ { index, p }, 0 };
    }
}

static void close_world(struct world *world)
{
    world->bus->ops->close(world->bus);
    kafka_mock_free(world->mock);
}

static void positions_change_at_any_pace(void **state)
{
    struct world world;
    (void)state;
    open_world(&world);
    struct bus *bus = world.bus;
    assert_int_equal(bus->ops->join(bus, &world.at[0].place.topic, 1), BUS_OK);
    wait_for(bus, BUS_ASSIGNED);
    for (int row = 0; row < ROWS; row++) {
        for (int change = 0; change < CHANGES_IN_A_ROW; change++) {
            bus->ops->fetch(bus, world.at, PARTITIONS);
        }
        wait_for(bus, BUS_END); /* they are being fetched */
    }
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(positions_change_at_any_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
