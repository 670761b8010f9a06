/* The demo's brokers. */
#include "io/bus_kafka_mock.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "io/bus_kafka_inside.h"

struct kafka_mock {
    rd_kafka_t *handle; /* carries the cluster's thread, and nothing else */
    rd_kafka_mock_cluster_t *cluster;
};

struct kafka_mock *kafka_mock_new(const struct kafka_mock_topic *topics, size_t count,
                                  struct err_note *note)
{
    char text[256];
    struct kafka_mock *mock = calloc(1, sizeof(*mock));
    ENSURE(mock != NULL);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, kafka_logged);
    mock->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (mock->handle == NULL) {
        rd_kafka_conf_destroy(conf);
        free(mock);
        err_note(note, ERR_INTERNAL, "the demo's brokers cannot be started: %s", text);
        return NULL;
    }
    mock->cluster = rd_kafka_mock_cluster_new(mock->handle, 1);
    if (mock->cluster == NULL) {
        kafka_mock_free(mock);
        err_note(note, ERR_INTERNAL,
                 "the demo's brokers cannot be started: no free port on this host?");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t err =
            rd_kafka_mock_topic_create(mock->cluster, topics[i].name, topics[i].partitions, 1);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            kafka_mock_free(mock);
            err_note(note, ERR_INTERNAL, "the demo's topic %s: %s", topics[i].name,
                     rd_kafka_err2str(err));
            return NULL;
        }
    }
    return mock;
}

const char *kafka_mock_servers(const struct kafka_mock *mock)
{
    return rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

void kafka_mock_free(struct kafka_mock *mock)
{
    if (mock->cluster != NULL) {
        rd_kafka_mock_cluster_destroy(mock->cluster);
    }
    rd_kafka_destroy(mock->handle);
    free(mock);
}
