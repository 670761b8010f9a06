/* One record sent, and records read, for commands. */
#include "io/bus_kafka_admin_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "io/clock.h"

enum { IDLE_MS = 200, NUDGE_BYTES = 1 << 20 };

/* --- sending --- */

struct sent {
    bool reported;
    rd_kafka_resp_err_t err;
    int32_t partition;
    int64_t offset;
};

static rd_kafka_t *producer_of(struct kafka_admin *admin, struct err_note *note)
{
    if (admin->producer == NULL) {
        admin->producer = kafka_handle_new(admin->bus, KAFKA_FOR_SENDING, NULL, note);
    }
    return admin->producer;
}

void kafka_sent(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    (void)opaque;
    struct sent *sent = message->_private;
    *sent = (struct sent){ true, message->err, message->partition, message->offset };
}

static enum err wait_sent(struct kafka_admin *admin, const struct sent *sent, const char *topic,
                          int timeout_ms, struct err_note *note)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    while (!sent->reported && clock_monotonic_ms() < deadline) {
        rd_kafka_poll(admin->producer, 50);
    }
    if (!sent->reported) {
        /* The report would be written where nobody waits any more. */
        rd_kafka_purge(admin->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        while (!sent->reported) {
            rd_kafka_poll(admin->producer, 50);
        }
    }
    switch (sent->err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return OK;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return err_note(note, ERR_DATA,
                        "the record is larger than topic %s takes (max.message.bytes)", topic);
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        return err_note(note, ERR_TIMED_OUT,
                        "the brokers did not answer: the record may have been written "
                        "to %s or not; sending the same id again is safe",
                        topic);
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
        return kafka_admin_failed(admin, RD_KAFKA_RESP_ERR__TIMED_OUT, topic, note);
    default:
        return kafka_admin_failed(admin, sent->err, topic, note);
    }
}

static rd_kafka_resp_err_t enqueue(struct kafka_admin *admin, const struct kafka_message *message,
                                   const char *full, int32_t partition, struct sent *sent)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct header *header = &message->headers[i];
        rd_kafka_header_add(headers, header->name.at, (ssize_t)header->name.size, header->value.at,
                            header->value.at != NULL ? (ssize_t)header->value.size : 0);
    }
    rd_kafka_resp_err_t err = rd_kafka_producev(
        admin->producer, RD_KAFKA_V_TOPIC(full), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY((void *)(uintptr_t)message->key.at, (size_t)message->key.size),
        RD_KAFKA_V_VALUE((void *)(uintptr_t)message->value.at, (size_t)message->value.size),
        RD_KAFKA_V_OPAQUE(sent), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
    }
    return err;
}

enum err kafka_admin_produce(struct kafka_admin *admin, const struct kafka_message *message,
                             int32_t *partition, int64_t *offset, int timeout_ms,
                             struct err_note *note)
{
    int32_t count, replication;
    struct sent sent = { false, RD_KAFKA_RESP_ERR_NO_ERROR, -1, -1 };
    enum err err =
        kafka_admin_partitions(admin, message->topic, &count, &replication, timeout_ms, note);
    if (err != OK) {
        return err;
    }
    int32_t chosen =
        message->partition >= 0 ? message->partition : partition_of(message->key, count);
    if (chosen >= count) {
        return err_note(note, ERR_NO_INPUT, "topic %s has no partition %d, it has %d",
                        message->topic, (int)chosen, (int)count);
    }
    if (producer_of(admin, note) == NULL) {
        return ERR_CONFIG;
    }
    char *full = kafka_admin_full(admin, message->topic);
    rd_kafka_resp_err_t failed = enqueue(admin, message, full, chosen, &sent);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
        err = wait_sent(admin, &sent, full, timeout_ms, note);
    } else if (failed == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        err = err_note(note, ERR_DATA, "the record is too large for topic %s", full);
    } else {
        err = kafka_admin_failed(admin, failed, full, note);
    }
    free(full);
    *partition = sent.partition;
    *offset = sent.offset;
    return err;
}

/* --- reading --- */

struct reading {
    struct kafka_admin *admin;
    const struct kafka_read *read;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *topic;
    int32_t first, after; /* partitions */
    int32_t open;         /* whose ends have not come yet */
    bool *ended;          /* by partition */
    int64_t heard_ms;     /* when anything came last */
    size_t taken_bytes;   /* since the last nudge    */
};

static enum err start_offsets(struct reading *reading, int64_t *offsets, int timeout_ms,
                              struct err_note *note)
{
    const struct kafka_read *read = reading->read;
    for (int32_t p = reading->first; p < reading->after; p++) {
        offsets[p] = read->last > 0                   ? RD_KAFKA_OFFSET_TAIL(read->last)
                     : read->from == KAFKA_FROM_START ? RD_KAFKA_OFFSET_BEGINNING
                     : read->from == KAFKA_FROM_END   ? RD_KAFKA_OFFSET_END
                                                      : read->from;
    }
    if (read->from_ms <= 0) {
        return OK;
    }
    const char *name = rd_kafka_topic_name(reading->topic);
    rd_kafka_topic_partition_list_t *times =
        rd_kafka_topic_partition_list_new(reading->after - reading->first);
    for (int32_t p = reading->first; p < reading->after; p++) {
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

static bool tell(rd_kafka_message_t *message, kafka_read_each *each, void *context)
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
    struct kafka_read_record told = { record.place.partition,
                                      record.offset,
                                      record.timestamp_ms,
                                      record.append_time,
                                      record.key,
                                      record.value,
                                      headers,
                                      count };
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
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new(reading->after - reading->first);
    for (int32_t p = reading->first; p < reading->after; p++) {
        rd_kafka_topic_partition_list_add(list, rd_kafka_topic_name(reading->topic), p)->offset =
            RD_KAFKA_OFFSET_END;
    }
    rd_kafka_offsets_for_times(reading->admin->bus->reader, list, timeout_ms);
    rd_kafka_topic_partition_list_destroy(list);
}

/* One message, or the silence. *stop: it is over. */
static enum err take(struct reading *reading, kafka_read_each *each, void *context, int timeout_ms,
                     bool *stop, struct err_note *note)
{
    enum err err = OK;
    rd_kafka_message_t *message = rd_kafka_consume_queue(reading->queue, IDLE_MS);
    if (message == NULL) {
        *stop = !each(context, NULL);
        bool silent = reading->open > 0 && clock_monotonic_ms() - reading->heard_ms >= timeout_ms;
        return silent && !*stop ? kafka_admin_failed(reading->admin, RD_KAFKA_RESP_ERR__TIMED_OUT,
                                                     rd_kafka_topic_name(reading->topic), note)
                                : OK;
    }
    reading->heard_ms = clock_monotonic_ms();
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *stop = !tell(message, each, context);
        nudge(reading, message, timeout_ms);
    } else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        reading->open -= !reading->ended[message->partition];
        reading->ended[message->partition] = true;
        *stop = reading->open == 0 && !reading->read->go_on;
    } else if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
               message->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        err = err_note(note, ERR_NO_INPUT, "%s/%d has no offset %lld",
                       rd_kafka_topic_name(reading->topic), (int)message->partition,
                       (long long)reading->read->from);
    } else if (kafka_class(message->err) != BUS_UNAVAILABLE) {
        err = kafka_admin_failed(reading->admin, message->err, rd_kafka_topic_name(reading->topic),
                                 note);
    }
    rd_kafka_message_destroy(message);
    return err;
}

static enum err read_all(struct reading *reading, kafka_read_each *each, void *context,
                         int timeout_ms, struct err_note *note)
{
    bool stop = false;
    int64_t *offsets = calloc((size_t)reading->after, sizeof(*offsets));
    ENSURE(offsets != NULL);
    enum err err = start_offsets(reading, offsets, timeout_ms, note);
    if (err == OK) {
        for (int32_t p = reading->first; p < reading->after; p++) {
            rd_kafka_consume_start_queue(reading->topic, p, offsets[p], reading->queue);
        }
        reading->heard_ms = clock_monotonic_ms();
        while (err == OK && !stop) {
            err = take(reading, each, context, timeout_ms, &stop, note);
        }
        for (int32_t p = reading->first; p < reading->after; p++) {
            rd_kafka_consume_stop(reading->topic, p);
        }
    }
    free(offsets);
    return err;
}

enum err kafka_admin_read(struct kafka_admin *admin, const struct kafka_read *read,
                          kafka_read_each *each, void *context, int timeout_ms,
                          struct err_note *note)
{
    int32_t count, replication;
    enum err err =
        kafka_admin_partitions(admin, read->topic, &count, &replication, timeout_ms, note);
    if (err == OK && read->partition >= count) {
        err = err_note(note, ERR_NO_INPUT, "topic %s has no partition %d, it has %d", read->topic,
                       (int)read->partition, (int)count);
    }
    if (err != OK) {
        return err;
    }
    char *full = kafka_admin_full(admin, read->topic);
    struct reading reading = {
        .admin = admin,
        .read = read,
        .queue = rd_kafka_queue_new(admin->bus->reader),
        .topic = rd_kafka_topic_new(admin->bus->reader, full, NULL),
        .first = read->partition >= 0 ? read->partition : 0,
        .after = read->partition >= 0 ? read->partition + 1 : count,
        .ended = calloc((size_t)count, sizeof(bool)),
    };
    free(full);
    ENSURE(reading.topic != NULL && reading.ended != NULL);
    reading.open = reading.after - reading.first;
    err = read_all(&reading, each, context, timeout_ms, note);
    rd_kafka_topic_destroy(reading.topic);
    rd_kafka_queue_destroy(reading.queue);
    free(reading.ended);
    return err;
}
