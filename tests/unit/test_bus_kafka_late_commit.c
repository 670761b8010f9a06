/* The end of a transaction that librdkafka sends twice: whatever it says, the first one may come late, so
 * the producer is retired. On the mock cluster, which breaks a connection instead of answering. */
#include "support/cmocka_all.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "io/bus_kafka.h"

enum { API_END_TXN = 26 };

struct world {
    rd_kafka_t *host;
    rd_kafka_mock_cluster_t *cluster;
    struct bus *bus;
    int32_t topic;
};

static void open_world(struct world *world)
{
    char why[256];
    struct err_note note;
    enum err err;
    world->host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
    assert_non_null(world->host);
    world->cluster = rd_kafka_mock_cluster_new(world->host, 1);
    assert_non_null(world->cluster);
    assert_int_equal(rd_kafka_mock_topic_create(world->cluster, "order-state", 1, 1), 0);
    const char *properties[] = { "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(world->cluster),
                                 NULL };
    world->bus = bus_kafka_new(&(struct bus_kafka_setup){ .properties = properties,
                                                          .prefix = "",
                                                          .group = "group",
                                                          .instance = "one",
                                                          .with_group = true,
                                                          .mock = true },
                               &err, &note);
    assert_non_null(world->bus);
    world->topic = world->bus->ops->topic(world->bus, "order-state");
}

static void close_world(struct world *world)
{
    world->bus->ops->close(world->bus);
    rd_kafka_mock_cluster_destroy(world->cluster);
    rd_kafka_destroy(world->host);
}

static void open_transaction(struct world *world)
{
    struct bus *bus = world->bus;
    struct bus_message message = { { world->topic, 0 }, TEXT("k"), TEXT("v"), NULL, 0 };
    assert_int_equal(bus->ops->begin(bus), BUS_OK);
    assert_int_equal(bus->ops->produce(bus, &message), BUS_OK);
    assert_int_equal(bus->ops->flush(bus, 8000), BUS_OK);
}

static void break_next_end(struct world *world)
{
    rd_kafka_mock_push_request_errors(world->cluster, API_END_TXN, 1, RD_KAFKA_RESP_ERR__TRANSPORT);
}

static void a_commit_sent_twice_retires(void **state)
{
    struct world world;
    (void)state;
    open_world(&world);
    open_transaction(&world);
    assert_int_equal(world.bus->ops->commit(world.bus), BUS_OK);
    open_transaction(&world);
    break_next_end(&world);
    assert_int_equal(world.bus->ops->commit(world.bus), BUS_RETIRE);
    assert_int_equal(world.bus->ops->retire(world.bus), BUS_OK);
    open_transaction(&world);
    assert_int_equal(world.bus->ops->commit(world.bus), BUS_OK);
    close_world(&world);
}

static void an_abort_sent_twice_retires(void **state)
{
    struct world world;
    (void)state;
    open_world(&world);
    open_transaction(&world);
    assert_int_equal(world.bus->ops->abort(world.bus), BUS_OK);
    open_transaction(&world);
    break_next_end(&world);
    assert_int_equal(world.bus->ops->abort(world.bus), BUS_RETIRE);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_sent_twice_retires),
        cmocka_unit_test(an_abort_sent_twice_retires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
