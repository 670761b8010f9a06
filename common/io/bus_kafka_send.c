/* Records sent for commands: queued together, and the brokers' word on each awaited. */
#include "io/bus_kafka_admin_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "io/clock.h"

enum { TARGETS_MAX = 64 };

struct sent {
    bool queued, reported;
    rd_kafka_resp_err_t err;
    int32_t partition;
    int64_t offset;
};

/* A topic that a batch goes to. */
struct target {
    const char *topic;
    char *full;
    int32_t partitions;
};

struct batch {
    struct kafka_admin *admin;
    struct target targets[TARGETS_MAX];
    size_t target_count;
    int64_t deadline_ms;
};

void kafka_sent(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    (void)opaque;
    struct sent *sent = message->_private;
    *sent = (struct sent){ true, true, message->err, message->partition, message->offset };
}

/* The count is asked through the consumer's handle: a producer's question may make the topic. */
static enum err target_of(struct batch *batch, const char *topic, const struct target **out,
                          struct err_note *note)
{
    int32_t count, replication;
    for (size_t i = 0; i < batch->target_count; i++) {
        if (strcmp(batch->targets[i].topic, topic) == 0) {
            *out = &batch->targets[i];
            return OK;
        }
    }
    ENSURE(batch->target_count < TARGETS_MAX);
    int64_t left = batch->deadline_ms - clock_monotonic_ms();
    enum err err = kafka_admin_partitions(batch->admin, topic, &count, &replication,
                                          left > 0 ? (int)left : 0, note);
    if (err == OK) {
        struct target *target = &batch->targets[batch->target_count++];
        *target = (struct target){ topic, kafka_admin_full(batch->admin, topic), count };
        *out = target;
    }
    return err;
}

static rd_kafka_resp_err_t enqueue_once(struct kafka_admin *admin,
                                        const struct kafka_message *message, const char *full,
                                        int32_t partition, struct sent *sent)
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
        RD_KAFKA_V_TIMESTAMP(message->timestamp_ms), RD_KAFKA_V_OPAQUE(sent),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_headers_destroy(headers);
    }
    return err;
}

static enum err enqueue(struct batch *batch, const struct kafka_message *message,
                        struct sent *sent, struct err_note *note)
{
    const struct target *target;
    enum err err = target_of(batch, message->topic, &target, note);
    if (err != OK) {
        return err;
    }
    int32_t partition = message->partition >= 0 ? message->partition
                                                : partition_of(message->key, target->partitions);
    if (partition >= target->partitions) {
        return err_note(note, ERR_NO_INPUT, "topic %s has no partition %d, it has %d",
                        message->topic, (int)partition, (int)target->partitions);
    }
    rd_kafka_resp_err_t failed;
    do { /* a full queue empties as the brokers answer */
        failed = enqueue_once(batch->admin, message, target->full, partition, sent);
    } while (failed == RD_KAFKA_RESP_ERR__QUEUE_FULL &&
             clock_monotonic_ms() < batch->deadline_ms &&
             rd_kafka_poll(batch->admin->producer, 50) >= 0);
    sent->queued = failed == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (failed == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
        return err_note(note, ERR_DATA, "the record is too large for topic %s", target->full);
    }
    return sent->queued ? OK : kafka_admin_failed(batch->admin, failed, target->full, note);
}

static void await(struct batch *batch, struct sent *sent, size_t count)
{
    rd_kafka_t *producer = batch->admin->producer;
    bool purged = false;
    for (size_t i = 0; i < count; i++) {
        while (sent[i].queued && !sent[i].reported) {
            if (!purged && clock_monotonic_ms() >= batch->deadline_ms) {
                /* A later report would be written where nobody waits any more. */
                rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
                purged = true;
            }
            rd_kafka_poll(producer, 50);
        }
    }
}

static enum err meaning_of(struct batch *batch, const struct sent *sent, const char *topic,
                           struct err_note *note)
{
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
        return kafka_admin_failed(batch->admin, RD_KAFKA_RESP_ERR__TIMED_OUT, topic, note);
    default:
        return kafka_admin_failed(batch->admin, sent->err, topic, note);
    }
}

/* Whatever was queued is awaited, also after an error; the first error is told. */
static enum err send_all(struct batch *batch, const struct kafka_message *messages, size_t count,
                         struct sent *sent, struct err_note *note)
{
    enum err err = OK;
    size_t queued = 0;
    while (err == OK && queued < count) {
        err = enqueue(batch, &messages[queued], &sent[queued], note);
        queued += err == OK;
    }
    await(batch, sent, queued);
    for (size_t i = 0; i < queued; i++) {
        const struct target *target;
        if (sent[i].err != RD_KAFKA_RESP_ERR_NO_ERROR &&
            target_of(batch, messages[i].topic, &target, note) == OK) {
            return meaning_of(batch, &sent[i], target->full, note);
        }
    }
    return err;
}

enum err kafka_admin_produce_all(struct kafka_admin *admin, const struct kafka_message *messages,
                                 size_t count, struct kafka_place *places, int timeout_ms,
                                 struct err_note *note)
{
    struct batch batch = { .admin = admin, .deadline_ms = clock_monotonic_ms() + timeout_ms };
    for (size_t i = 0; i < count; i++) {
        places[i] = (struct kafka_place){ -1, -1 };
    }
    if (admin->producer == NULL) {
        admin->producer = kafka_handle_new(admin->bus, KAFKA_FOR_SENDING, NULL, note);
        if (admin->producer == NULL) {
            return ERR_CONFIG;
        }
    }
    struct sent *sent = calloc(count + 1, sizeof(*sent));
    ENSURE(sent != NULL);
    enum err err = send_all(&batch, messages, count, sent, note);
    for (size_t i = 0; i < count; i++) {
        if (sent[i].reported && sent[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            places[i] = (struct kafka_place){ sent[i].partition, sent[i].offset };
        }
    }
    free(sent);
    for (size_t i = 0; i < batch.target_count; i++) {
        free(batch.targets[i].full);
    }
    return err;
}

enum err kafka_admin_produce(struct kafka_admin *admin, const struct kafka_message *message,
                             int32_t *partition, int64_t *offset, int timeout_ms,
                             struct err_note *note)
{
    struct kafka_place place;
    enum err err = kafka_admin_produce_all(admin, message, 1, &place, timeout_ms, note);
    *partition = place.partition;
    *offset = place.offset;
    return err;
}
