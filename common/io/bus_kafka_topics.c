/* Topics and partitions: indexes, counts, and what is remembered for each partition. */
#include "io/bus_kafka_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "io/clock.h"

enum { NEW_TOPIC_MS = 2000, NEW_TOPIC_PAUSE_MS = 100 };

static char *joined(const char *prefix, const char *name)
{
    size_t size = strlen(prefix) + strlen(name) + 1;
    char *full = malloc(size);
    ENSURE(full != NULL);
    snprintf(full, size, "%s%s", prefix, name);
    return full;
}

int32_t kafka_topic(struct bus *of, const char *name)
{
    struct kafka_bus *bus = kafka_of(of);
    for (int32_t i = 0; i < bus->topic_count; i++) {
        if (strcmp(bus->topics[i]->name, name) == 0) {
            return i;
        }
    }
    ENSURE(bus->topic_count < BUS_TOPICS_MAX);
    struct kafka_topic *topic = calloc(1, sizeof(*topic));
    ENSURE(topic != NULL);
    topic->index = bus->topic_count;
    topic->name = joined("", name);
    topic->full = joined(bus->prefix, name);
    for (int side = 0; side < KAFKA_SIDES; side++) {
        topic->sides[side] = (struct kafka_topic_side){ topic, (enum kafka_side)side, NULL };
    }
    bus->topics[bus->topic_count] = topic;
    return bus->topic_count++;
}

struct kafka_topic *kafka_topic_at(struct kafka_bus *bus, int32_t index)
{
    ENSURE(index >= 0 && index < bus->topic_count);
    return bus->topics[index];
}

struct kafka_cell *kafka_cell(struct kafka_bus *bus, struct bus_place place)
{
    struct kafka_topic *topic = kafka_topic_at(bus, place.topic);
    ENSURE(place.partition >= 0);
    if (place.partition >= topic->cell_count) {
        int32_t count = place.partition + 1 > topic->count ? place.partition + 1 : topic->count;
        struct kafka_cell *cells = realloc(topic->cells, (size_t)count * sizeof(*cells));
        ENSURE(cells != NULL);
        memset(cells + topic->cell_count, 0, (size_t)(count - topic->cell_count) * sizeof(*cells));
        topic->cells = cells;
        topic->cell_count = count;
    }
    return &topic->cells[place.partition];
}

/* Before the handle meets the topic in any other way: the first mention makes the topic there, and
 * later ones share its opaque. */
void kafka_topic_open(struct kafka_bus *bus, struct kafka_topic *topic, enum kafka_side side)
{
    rd_kafka_t *handle = side == KAFKA_INPUT ? bus->group : bus->reader;
    if (topic->sides[side].handle != NULL) {
        return;
    }
    rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(handle);
    rd_kafka_topic_conf_set_opaque(conf, &topic->sides[side]);
    topic->sides[side].handle = rd_kafka_topic_new(handle, topic->full, conf);
    ENSURE(topic->sides[side].handle != NULL);
}

rd_kafka_topic_t *kafka_topic_producing(struct kafka_bus *bus, struct kafka_topic *topic)
{
    if (topic->producing == NULL) {
        rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(bus->producer.handle);
        rd_kafka_topic_conf_set_opaque(conf, topic);
        topic->producing = rd_kafka_topic_new(bus->producer.handle, topic->full, conf);
        ENSURE(topic->producing != NULL);
    }
    return topic->producing;
}

void kafka_topics_close(struct kafka_bus *bus)
{
    for (int32_t i = 0; i < bus->topic_count; i++) {
        struct kafka_topic *topic = bus->topics[i];
        for (int side = 0; side < KAFKA_SIDES; side++) {
            if (topic->sides[side].handle != NULL) {
                rd_kafka_topic_destroy(topic->sides[side].handle);
            }
        }
        free(topic->cells);
        free(topic->name);
        free(topic->full);
        free(topic);
    }
    bus->topic_count = 0;
}

static bool is_unknown(rd_kafka_resp_err_t err)
{
    return err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           err == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION || err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
}

/* Through a consumer's handle: a producer's question may make the topic. */
static rd_kafka_resp_err_t ask_count(struct kafka_bus *bus, struct kafka_topic *topic,
                                     int32_t *count)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t err = rd_kafka_metadata(bus->reader, 0, topic->sides[KAFKA_LOG].handle,
                                                &metadata, KAFKA_METADATA_MS);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        err = metadata->topic_cnt == 1 ? metadata->topics[0].err
                                       : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *count = metadata->topics[0].partition_cnt;
    }
    if (metadata != NULL) {
        rd_kafka_metadata_destroy(metadata);
    }
    return err;
}

/* Asks the brokers each time. They learn of a new topic one after another, so one that is not known
 * is asked for again for a moment. */
int32_t kafka_partitions(struct bus *of, int32_t index)
{
    struct kafka_bus *bus = kafka_of(of);
    struct kafka_topic *topic = kafka_topic_at(bus, index);
    int64_t patience_ms = clock_monotonic_ms() + NEW_TOPIC_MS;
    kafka_topic_open(bus, topic, KAFKA_LOG);
    rd_kafka_resp_err_t err = ask_count(bus, topic, &topic->count);
    while (is_unknown(err) && clock_monotonic_ms() < patience_ms) {
        clock_sleep_ms(NEW_TOPIC_PAUSE_MS);
        err = ask_count(bus, topic, &topic->count);
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return topic->count;
    }
    if (!is_unknown(err) && kafka_class(err) != BUS_UNAVAILABLE) {
        kafka_fail(bus, err, topic->full); /* TOPIC_AUTHORIZATION_FAILED */
    }
    return is_unknown(err) ? 0 : -1;
}

rd_kafka_topic_partition_list_t *kafka_list(struct kafka_bus *bus,
                                            const struct bus_position *positions, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        struct kafka_topic *topic = kafka_topic_at(bus, positions[i].place.topic);
        rd_kafka_topic_partition_list_add(list, topic->full, positions[i].place.partition)->offset =
            positions[i].offset;
    }
    return list;
}
