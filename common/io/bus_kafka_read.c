/* Records read for commands: any number of topics at once, committed ones only. */
#include "io/bus_kafka_admin_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "io/clock.h"

enum { IDLE_MS = 200, NUDGE_BYTES = 1 << 20 };

/* One topic that is read. */
struct source {
    const char *name; /* without the prefix */
    rd_kafka_topic_t *topic;
    int32_t first, after; /* partitions */
    bool *ended;          /* by partition */
};

struct reading {
    struct kafka_admin *admin;
    const struct kafka_read *read;
    rd_kafka_queue_t *queue;
    struct source sources[KAFKA_READ_TOPICS_MAX];
    size_t source_count;
    int32_t open;       /* partitions whose ends have not come yet */
    int64_t heard_ms;   /* when anything came last */
    size_t taken_bytes; /* since the last nudge    */
};

static enum err start_offsets(struct reading *reading, const struct source *source,
                              int64_t *offsets, int timeout_ms, struct err_note *note)
{
    const struct kafka_read *read = reading->read;
    for (int32_t p = source->first; p < source->after; p++) {
        offsets[p] = read->last > 0                   ? RD_KAFKA_OFFSET_TAIL(read->last)
                     : read->from == KAFKA_FROM_START ? RD_KAFKA_OFFSET_BEGINNING
                     : read->from == KAFKA_FROM_END   ? RD_KAFKA_OFFSET_END
                                                      : read->from;
    }
    if (read->from_ms <= 0) {
        return OK;
    }
    const char *name = rd_kafka_topic_name(source->topic);
    rd_kafka_topic_partition_list_t *times =
        rd_kafka_topic_partition_list_new(source->after - source->first);
    for (int32_t p = source->first; p < source->after; p++) {
        rd_kafka_topic_partition_list_add(times, name, p)->offset = read->from_ms;
    }
    rd_kafka_resp_err_t err =
        rd_kafka_offsets_for_times(reading->admin->bus->reader, times, timeout_ms);
    for (int i = 0; err == RD_KAFKA_RESP_ERR_NO_ERROR && i < times->cnt; i++) {
        err = times->elems[i].err;
        offsets[times->elems[i].partition] =
            times->elems[i].offset >= 0 ? times->elems[i].offset : RD_KAFKA_OFFSET_END;
    }
    rd_kafka_topic_partition_list_destroy(times);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? OK
                                             : kafka_admin_failed(reading->admin, err, name, note);
}

static struct source *source_of(struct reading *reading, const rd_kafka_message_t *message)
{
    const char *name = message->rkt != NULL ? rd_kafka_topic_name(message->rkt) : "";
    for (size_t i = 0; i < reading->source_count; i++) {
        if (strcmp(rd_kafka_topic_name(reading->sources[i].topic), name) == 0) {
            return &reading->sources[i];
        }
    }
    return &reading->sources[0]; /* an error that is of no topic */
}

static bool tell(const struct source *source, rd_kafka_message_t *message, kafka_read_each *each,
                 void *context)
{
    struct bus_record record = { .place = { 0, message->partition } };
    struct header headers[BUS_HEADERS_MAX];
    struct kafka_bus plain = { 0 };
    rd_kafka_headers_t *found;
    size_t count = 0;
    kafka_record(&plain, message, &record);
    if (rd_kafka_message_headers(message, &found) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const char *name;
        const void *value;
        size_t size;
        while (count < BUS_HEADERS_MAX &&
               rd_kafka_header_get_all(found, count, &name, &value, &size) ==
                   RD_KAFKA_RESP_ERR_NO_ERROR) {
            headers[count++] = (struct header){ text_of(name), { value, (uint32_t)size } };
        }
    }
    struct kafka_read_record told = { record.place.partition, record.offset,
                                      record.timestamp_ms,    record.append_time,
                                      record.key,             record.value,
                                      headers,                count,
                                      source->name };
    return each(context, &told);
}

/* As the bus does it (nudge_inputs() in bus_kafka_follow.c): else a long topic comes at 8 MiB a
 * second. */
static void nudge(struct reading *reading, const rd_kafka_message_t *message, int timeout_ms)
{
    reading->taken_bytes += message->len + message->key_len;
    if (reading->taken_bytes < NUDGE_BYTES) {
        return;
    }
    reading->taken_bytes = 0;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (size_t i = 0; i < reading->source_count; i++) {
        const struct source *source = &reading->sources[i];
        for (int32_t p = source->first; p < source->after; p++) {
            rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(source->topic), p)
                ->offset = RD_KAFKA_OFFSET_END;
        }
    }
    rd_kafka_offsets_for_times(reading->admin->bus->reader, list, timeout_ms);
    rd_kafka_topic_partition_list_destroy(list);
}

/* Nothing came for a moment. */
static enum err take_silence(struct reading *reading, kafka_read_each *each, void *context,
                             int timeout_ms, bool *stop, struct err_note *note)
{
    *stop = !each(context, NULL);
    bool silent = reading->open > 0 && clock_monotonic_ms() - reading->heard_ms >= timeout_ms;
    return silent && !*stop
               ? kafka_admin_failed(reading->admin, RD_KAFKA_RESP_ERR__TIMED_OUT,
                                    rd_kafka_topic_name(reading->sources[0].topic), note)
               : OK;
}

/* One message, or the silence. *stop: it is over. */
static enum err take(struct reading *reading, kafka_read_each *each, void *context, int timeout_ms,
                     bool *stop, struct err_note *note)
{
    enum err err = OK;
    rd_kafka_message_t *message = rd_kafka_consume_queue(reading->queue, IDLE_MS);
    if (message == NULL) {
        return take_silence(reading, each, context, timeout_ms, stop, note);
    }
    struct source *source = source_of(reading, message);
    const char *name = rd_kafka_topic_name(source->topic);
    reading->heard_ms = clock_monotonic_ms();
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *stop = !tell(source, message, each, context);
        nudge(reading, message, timeout_ms);
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        reading->open -= !source->ended[message->partition];
        source->ended[message->partition] = true;
        *stop = reading->open == 0 && !reading->read->go_on;
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
               message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        err = err_note(note, ERR_NO_INPUT, "%s/%d has no offset %lld", name,
                       (int)message->partition, (long long)reading->read->from);
    } else if (kafka_class(message->err) != BUS_UNAVAILABLE) {
        err = kafka_admin_failed(reading->admin, message->err, name, note);
    }
    rd_kafka_message_destroy(message);
    return err;
}

static enum err source_open(struct reading *reading, const char *topic, int timeout_ms,
                            struct err_note *note)
{
    const struct kafka_read *read = reading->read;
    int32_t count, replication;
    enum err err =
        kafka_admin_partitions(reading->admin, topic, &count, &replication, timeout_ms, note);
    if (err == OK && read->partition >= count) {
        err = err_note(note, ERR_NO_INPUT, "topic %s has no partition %d, it has %d", topic,
                       (int)read->partition, (int)count);
    }
    if (err != OK) {
        return err;
    }
    char *full = kafka_admin_full(reading->admin, topic);
    struct source *source = &reading->sources[reading->source_count++];
    *source = (struct source){
        .name = topic,
        .topic = rd_kafka_topic_new(reading->admin->bus->reader, full, NULL),
        .first = read->partition >= 0 ? read->partition : 0,
        .after = read->partition >= 0 ? read->partition + 1 : count,
        .ended = calloc((size_t)count, sizeof(bool)),
    };
    free(full);
    ENSURE(source->topic != NULL && source->ended != NULL);
    reading->open += source->after - source->first;
    return OK;
}

static enum err source_start(struct reading *reading, const struct source *source, int timeout_ms,
                             struct err_note *note)
{
    int64_t *offsets = calloc((size_t)source->after, sizeof(*offsets));
    ENSURE(offsets != NULL);
    enum err err = start_offsets(reading, source, offsets, timeout_ms, note);
    for (int32_t p = source->first; err == OK && p < source->after; p++) {
        rd_kafka_consume_start_queue(source->topic, p, offsets[p], reading->queue);
    }
    free(offsets);
    return err;
}

static void close_all(struct reading *reading, size_t started)
{
    for (size_t i = 0; i < reading->source_count; i++) {
        struct source *source = &reading->sources[i];
        for (int32_t p = source->first; i < started && p < source->after; p++) {
            rd_kafka_consume_stop(source->topic, p);
        }
        rd_kafka_topic_destroy(source->topic);
        free(source->ended);
    }
    rd_kafka_queue_destroy(reading->queue);
}

enum err kafka_admin_read(struct kafka_admin *admin, const struct kafka_read *read,
                          kafka_read_each *each, void *context, int timeout_ms,
                          struct err_note *note)
{
    struct reading reading = { .admin = admin,
                               .read = read,
                               .queue = rd_kafka_queue_new(admin->bus->reader) };
    bool stop = false;
    size_t started = 0;
    enum err err = read->topic != NULL ? source_open(&reading, read->topic, timeout_ms, note) : OK;
    for (const char *const *topic = read->topics; err == OK && topic != NULL && *topic; topic++) {
        ENSURE(reading.source_count < KAFKA_READ_TOPICS_MAX);
        err = source_open(&reading, *topic, timeout_ms, note);
    }
    while (err == OK && started < reading.source_count) {
        err = source_start(&reading, &reading.sources[started], timeout_ms, note);
        started += err == OK;
    }
    reading.heard_ms = clock_monotonic_ms();
    while (err == OK && !stop) {
        err = take(&reading, each, context, timeout_ms, &stop, note);
    }
    close_all(&reading, started);
    return err;
}
