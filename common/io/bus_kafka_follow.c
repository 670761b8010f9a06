/*
 * State logs: following them without a group, and asking where partitions end. A thread of ours
 * asks for the last stable offsets of all that is followed, so that "read to its end" needs no
 * waiting.
 *
 * offsets_for_times() with the protocol's own times -1 and -2 instead of query_watermark_offsets(),
 * which in 2.0.2 waits past its timeout, and asks twice for each partition.
 */
#include "io/bus_kafka_inside.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ensure.h"
#include "io/clock.h"

enum { WATCH_MS = 300, WATCH_ASK_MS = 1000, PEEK_MS = 500, NUDGE_BYTES = 1 << 20 };

/* --- following --- */

static void watch(struct kafka_bus *bus, const struct bus_position *positions, size_t count)
{
    struct kafka_watcher *watcher = &bus->watcher;
    struct kafka_watched *list = calloc(count + 1, sizeof(*list));
    ENSURE(list != NULL);
    pthread_mutex_lock(&watcher->mutex);
    for (size_t i = 0; i < count; i++) {
        size_t before = kafka_cell(bus, positions[i].place)->watched;
        if (before > 0) {
            list[i] = watcher->list[before - 1];
        }
        list[i].place = positions[i].place;
    }
    for (size_t i = 0; i < watcher->count; i++) {
        kafka_cell(bus, watcher->list[i].place)->watched = 0;
    }
    for (size_t i = 0; i < count; i++) {
        kafka_cell(bus, positions[i].place)->watched = i + 1;
    }
    free(watcher->list);
    watcher->list = list;
    watcher->count = count;
    watcher->version++;
    pthread_cond_signal(&watcher->wake);
    pthread_mutex_unlock(&watcher->mutex);
}

/* What is neither new nor moved is read on: `next` is also past an end that was told. */
static bool stays(struct kafka_bus *bus, struct bus_place place,
                  const struct bus_position *positions, size_t count)
{
    const struct kafka_reading *reading = &kafka_cell(bus, place)->reading[KAFKA_LOG];
    for (size_t i = 0; reading->live && i < count; i++) {
        if (positions[i].place.topic == place.topic &&
            positions[i].place.partition == place.partition) {
            return positions[i].offset == reading->next;
        }
    }
    return false;
}

static void stop_others(struct kafka_bus *bus, const struct bus_position *positions, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (int32_t t = 0; t < bus->topic_count; t++) {
        for (int32_t p = 0; p < bus->topics[t]->cell_count; p++) {
            struct kafka_reading *reading = &bus->topics[t]->cells[p].reading[KAFKA_LOG];
            if (reading->live && !stays(bus, (struct bus_place){ t, p }, positions, count)) {
                reading->live = false;
                rd_kafka_topic_partition_list_add(list, bus->topics[t]->full, p);
            }
        }
    }
    if (list->cnt > 0) {
        rd_kafka_error_destroy(rd_kafka_incremental_unassign(bus->reader, list));
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void start_new(struct kafka_bus *bus, const struct bus_position *positions, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count + 1);
    for (size_t i = 0; i < count; i++) {
        ENSURE(positions[i].offset >= 0);
        struct kafka_topic *topic = kafka_topic_at(bus, positions[i].place.topic);
        struct kafka_reading *reading = &kafka_cell(bus, positions[i].place)->reading[KAFKA_LOG];
        if (!reading->live) {
            kafka_topic_open(bus, topic, KAFKA_LOG);
            reading->live = true;
            reading->next = positions[i].offset;
            rd_kafka_topic_partition_list_add(list, topic->full, positions[i].place.partition)
                ->offset = positions[i].offset;
        }
    }
    rd_kafka_error_t *error = list->cnt > 0 ? rd_kafka_incremental_assign(bus->reader, list) : NULL;
    if (error != NULL) {
        kafka_fail(bus, rd_kafka_error_code(error), rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

void kafka_follow(struct bus *of, const struct bus_position *positions, size_t count)
{
    struct kafka_bus *bus = kafka_of(of);
    stop_others(bus, positions, count);
    start_new(bus, positions, count);
    watch(bus, positions, count);
}

/* --- ends --- */

/* RD_KAFKA_OFFSET_END on a read_committed handle is the last stable offset. */
static enum bus_result ask_offset(struct kafka_bus *bus, rd_kafka_t *handle, struct bus_place place,
                                  int64_t which, int64_t *offset)
{
    struct bus_position position = { place, which };
    rd_kafka_topic_partition_list_t *list = kafka_list(bus, &position, 1);
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(handle, list, KAFKA_ASK_MS);
    err = err != RD_KAFKA_RESP_ERR_NO_ERROR ? err : list->elems[0].err;
    *offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return *offset >= 0 ? BUS_OK : BUS_PENDING;
    }
    if (kafka_class(err) != BUS_UNAVAILABLE) {
        kafka_fail(bus, err, "the ends of a partition cannot be asked for");
    }
    return err == RD_KAFKA_RESP_ERR__TIMED_OUT ? BUS_PENDING : kafka_class(err);
}

/* The stable offset before the high one: equal then means that no transaction was open in between.
 */
enum bus_result kafka_ends(struct bus *of, struct bus_place place, int64_t *first, int64_t *stable,
                           int64_t *high)
{
    struct kafka_bus *bus = kafka_of(of);
    if (kafka_raw(bus) == NULL || kafka_asker(bus) == NULL) {
        return BUS_UNAVAILABLE;
    }
    enum bus_result result = ask_offset(bus, bus->asker, place, RD_KAFKA_OFFSET_BEGINNING, first);
    if (result == BUS_OK) {
        result = ask_offset(bus, bus->asker, place, RD_KAFKA_OFFSET_END, stable);
    }
    return result == BUS_OK ? ask_offset(bus, bus->raw, place, RD_KAFKA_OFFSET_END, high) : result;
}

/* --- the watcher --- */

static void *copy_of(const void *from, size_t size)
{
    void *to = malloc(size);
    ENSURE(to != NULL);
    memcpy(to, from, size);
    return to;
}

/* One question for all partitions of a leader. The time is taken before it. */
static bool ask_all(struct kafka_bus *bus, struct kafka_watched *list, size_t count)
{
    rd_kafka_topic_partition_list_t *ends = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(ends, bus->topics[list[i].place.topic]->full,
                                          list[i].place.partition)
            ->offset = RD_KAFKA_OFFSET_END;
    }
    int64_t asked_ms = clock_monotonic_ms();
    rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(bus->reader, ends, WATCH_ASK_MS);
    for (size_t i = 0; err == RD_KAFKA_RESP_ERR_NO_ERROR && i < count; i++) {
        const rd_kafka_topic_partition_t *end = &ends->elems[i];
        if (end->err == RD_KAFKA_RESP_ERR_NO_ERROR && end->offset >= 0) {
            list[i].seen = true;
            list[i].stable = end->offset;
            list[i].asked_ms = asked_ms;
        }
    }
    rd_kafka_topic_partition_list_destroy(ends);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void wait_for(struct kafka_watcher *watcher, int ms)
{
    struct timespec until;
    int64_t at_ms = clock_monotonic_ms() + ms;
    until.tv_sec = at_ms / 1000;
    until.tv_nsec = (long)(at_ms % 1000) * 1000000;
    pthread_cond_timedwait(&watcher->wake, &watcher->mutex, &until);
}

/* With the mutex held; it is let go while the brokers are asked. */
static void ask_watched(struct kafka_bus *bus)
{
    struct kafka_watcher *watcher = &bus->watcher;
    uint64_t version = watcher->version;
    size_t count = watcher->count;
    struct kafka_watched *list = copy_of(watcher->list, count * sizeof(*list));
    pthread_mutex_unlock(&watcher->mutex);
    bool good = ask_all(bus, list, count);
    pthread_mutex_lock(&watcher->mutex);
    if (good && version == watcher->version) {
        memcpy(watcher->list, list, count * sizeof(*list));
    }
    free(list);
}

/* A thread of librdkafka that found the queue full sleeps for a second (until 2.2.0), whatever is
 * taken from it meanwhile: 8 MiB a second at most. A request to the same broker wakes it. Measured
 * with 350 B records: 32,000 a second without, 115,000 with it. The answer is of no use. */
static void nudge_inputs(struct kafka_bus *bus)
{
    struct kafka_watcher *watcher = &bus->watcher;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(watcher->fetched);
    pthread_mutex_unlock(&watcher->mutex);
    for (int i = 0; i < list->cnt; i++) {
        list->elems[i].offset = RD_KAFKA_OFFSET_END;
    }
    if (list->cnt > 0) {
        rd_kafka_offsets_for_times(bus->group, list, WATCH_ASK_MS);
    }
    rd_kafka_topic_partition_list_destroy(list);
    pthread_mutex_lock(&watcher->mutex);
}

static void *watch_ends(void *context)
{
    struct kafka_bus *bus = context;
    struct kafka_watcher *watcher = &bus->watcher;
    pthread_mutex_lock(&watcher->mutex);
    while (!watcher->stop) {
        uint64_t version = watcher->version;
        bool nudge = watcher->nudge;
        watcher->nudge = false;
        if (nudge && watcher->fetched != NULL) {
            nudge_inputs(bus);
        }
        if (watcher->count > 0 && !watcher->stop) {
            ask_watched(bus); /* wakes the reader's threads too */
        }
        /* A list that came meanwhile is asked for at once. */
        if (!watcher->stop && version == watcher->version && !watcher->nudge) {
            wait_for(watcher, WATCH_MS);
        }
    }
    pthread_mutex_unlock(&watcher->mutex);
    return NULL;
}

void kafka_watch_inputs(struct kafka_bus *bus, rd_kafka_topic_partition_list_t *list)
{
    struct kafka_watcher *watcher = &bus->watcher;
    pthread_mutex_lock(&watcher->mutex);
    if (watcher->fetched != NULL) {
        rd_kafka_topic_partition_list_destroy(watcher->fetched);
    }
    watcher->fetched = list;
    pthread_mutex_unlock(&watcher->mutex);
}

void kafka_taken(struct kafka_bus *bus, size_t bytes)
{
    bus->taken_bytes += bytes;
    if (bus->taken_bytes >= NUDGE_BYTES) {
        bus->taken_bytes = 0;
        pthread_mutex_lock(&bus->watcher.mutex);
        bus->watcher.nudge = true;
        pthread_cond_signal(&bus->watcher.wake);
        pthread_mutex_unlock(&bus->watcher.mutex);
    }
}

bool kafka_watcher_start(struct kafka_bus *bus)
{
    struct kafka_watcher *watcher = &bus->watcher;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&watcher->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&watcher->mutex, NULL);
    watcher->started = pthread_create(&watcher->thread, NULL, watch_ends, bus) == 0;
    return watcher->started;
}

void kafka_watcher_stop(struct kafka_bus *bus)
{
    struct kafka_watcher *watcher = &bus->watcher;
    if (!watcher->started) {
        return;
    }
    pthread_mutex_lock(&watcher->mutex);
    watcher->stop = true;
    pthread_cond_signal(&watcher->wake);
    pthread_mutex_unlock(&watcher->mutex);
    pthread_join(watcher->thread, NULL);
    if (watcher->fetched != NULL) {
        rd_kafka_topic_partition_list_destroy(watcher->fetched);
    }
    pthread_mutex_destroy(&watcher->mutex);
    pthread_cond_destroy(&watcher->wake);
    watcher->started = false;
}

bool kafka_seen_end(struct bus *of, struct bus_place place, int64_t *stable, int64_t *asked_ms)
{
    struct kafka_bus *bus = kafka_of(of);
    size_t at = kafka_cell(bus, place)->watched;
    if (at == 0) {
        return false;
    }
    pthread_mutex_lock(&bus->watcher.mutex);
    struct kafka_watched seen = bus->watcher.list[at - 1];
    pthread_mutex_unlock(&bus->watcher.mutex);
    *stable = seen.stable;
    *asked_ms = seen.asked_ms;
    return seen.seen;
}

/* --- peek --- */

enum bus_result kafka_peek(struct bus *of, struct bus_place place, int64_t offset,
                           struct bus_record *record)
{
    struct kafka_bus *bus = kafka_of(of);
    enum bus_result result = BUS_ABSENT;
    *record = (struct bus_record){ .place = place };
    if (kafka_raw(bus) == NULL) {
        return BUS_UNAVAILABLE;
    }
    rd_kafka_topic_t *topic =
        rd_kafka_topic_new(bus->raw, kafka_topic_at(bus, place.topic)->full, NULL);
    if (topic == NULL || rd_kafka_consume_start(topic, place.partition, offset) != 0) {
        if (topic != NULL) {
            rd_kafka_topic_destroy(topic);
        }
        return BUS_UNAVAILABLE;
    }
    rd_kafka_message_t *message = rd_kafka_consume(topic, place.partition, PEEK_MS);
    rd_kafka_consume_stop(topic, place.partition);
    rd_kafka_topic_destroy(topic);
    if (message == NULL) {
        return BUS_PENDING;
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_record(bus, message, record);
        return BUS_OK;
    }
    if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF &&
        message->err != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET &&
        message->err != RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        result = kafka_class(message->err);
    }
    rd_kafka_message_destroy(message);
    return result;
}
