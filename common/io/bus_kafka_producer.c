/*
 * The transactional producer. It is made when first needed, and made anew whenever the result of a
 * call is not known: init_transactions() settles what the earlier one left open, and moves the
 * epoch on, so that a late request of the earlier one is refused.
 */
#include "io/bus_kafka_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "io/clock.h"
#include "io/crash.h"
#include "io/log.h"

enum { REPORTS_EVERY = 256 };

/* --- delivery reports --- */

static void note_written(struct kafka_bus *bus, const rd_kafka_message_t *message)
{
    const struct kafka_topic *topic = rd_kafka_topic_opaque(message->rkt);
    struct kafka_cell *cell =
        kafka_cell(bus, (struct bus_place){ topic->index, message->partition });
    if (cell->written_in != bus->producer.serial) {
        cell->written_in = bus->producer.serial;
        cell->written_first = cell->written_last = message->offset;
    }
    cell->written_first =
        message->offset < cell->written_first ? message->offset : cell->written_first;
    cell->written_last =
        message->offset > cell->written_last ? message->offset : cell->written_last;
}

/* Inside of flush() and poll(). Without this callback a commit would poll in steps of 10 ms. */
void kafka_delivered(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_bus *bus = opaque;
    struct kafka_producer *producer = &bus->producer;
    if (handle != producer->handle || (uintptr_t)message->_private != producer->serial) {
        return; /* late, of a transaction that was aborted */
    }
    producer->reported++;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        note_written(bus, message);
    } else if (producer->first_error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        producer->first_error = message->err;
        snprintf(producer->first_error_text, sizeof(producer->first_error_text), "%s/%d",
                 rd_kafka_topic_name(message->rkt), (int)message->partition);
    }
}

/* --- making and destroying --- */

static void destroy_producer(struct kafka_bus *bus)
{
    rd_kafka_t *handle = bus->producer.handle;
    if (handle == NULL) {
        return;
    }
    uint64_t serial = bus->producer.serial;
    bus->producer = (struct kafka_producer){ .serial = serial };
    for (int32_t t = 0; t < bus->topic_count; t++) {
        if (bus->topics[t]->producing != NULL) {
            rd_kafka_topic_destroy(bus->topics[t]->producing);
            bus->topics[t]->producing = NULL;
        }
    }
    /* What is queued is void: nothing of it may wait for an answer. */
    rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                               RD_KAFKA_PURGE_F_NON_BLOCKING);
    rd_kafka_destroy(handle);
}

void kafka_producer_close(struct kafka_bus *bus)
{
    destroy_producer(bus);
}

/* Bounded. One that timed out is kept: its next try goes on where this one stopped. */
static enum bus_result init_transactions(struct kafka_bus *bus, rd_kafka_t *handle)
{
    rd_kafka_error_t *error = rd_kafka_init_transactions(handle, KAFKA_INIT_MS);
    if (error == NULL) {
        return BUS_OK;
    }
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    enum bus_result result = kafka_class(code);
    if (result != BUS_UNAVAILABLE) {
        kafka_fail(bus, code, rd_kafka_error_string(error));
    } else if (rd_kafka_error_is_fatal(error)) {
        result = BUS_RETIRE;
    } else {
        kafka_fail(bus, code, rd_kafka_error_string(error));
    }
    log_info("producer_not_ready", KEY_STRING("error", rd_kafka_err2name(code)),
             KEY_STRING("why", rd_kafka_error_string(error)));
    rd_kafka_error_destroy(error);
    return result;
}

static enum bus_result make_ready(struct kafka_bus *bus)
{
    struct kafka_producer *producer = &bus->producer;
    struct err_note note;
    if (producer->ready) {
        return BUS_OK;
    }
    if (producer->handle == NULL) {
        producer->handle = kafka_handle_new(bus, KAFKA_FOR_PRODUCER, bus->transactional_id, &note);
        if (producer->handle == NULL) {
            log_error("producer_failed", KEY_STRING("why", note.text));
            return BUS_CONFIG;
        }
    }
    enum bus_result result = init_transactions(bus, producer->handle);
    producer->ready = result == BUS_OK;
    return result;
}

enum bus_result kafka_retire(struct bus *of)
{
    struct kafka_bus *bus = kafka_of(of);
    if (bus->producer.ready || bus->producer.open) {
        destroy_producer(bus);
        CRASH_POINT("retire");
    }
    enum bus_result result = make_ready(bus);
    bus->settled_since_ms = clock_monotonic_ms(); /* what was asked before does not count */
    if (result == BUS_RETIRE) {
        destroy_producer(bus); /* fatal: the next call makes another one */
        result = BUS_UNAVAILABLE;
    }
    return result;
}

/* Another one with that name: what hangs is aborted, and whoever had the name is fenced. */
enum bus_result kafka_fence(struct bus *of, struct text transactional_id)
{
    struct kafka_bus *bus = kafka_of(of);
    char id[512];
    struct err_note note;
    if (transactional_id.at == NULL || transactional_id.size == 0 ||
        transactional_id.size >= sizeof(id)) {
        return BUS_CONFIG;
    }
    memcpy(id, transactional_id.at, transactional_id.size);
    id[transactional_id.size] = 0;
    ENSURE(strcmp(id, bus->transactional_id) != 0);
    rd_kafka_t *handle = kafka_handle_new(bus, KAFKA_FOR_PRODUCER, id, &note);
    if (handle == NULL) {
        log_error("producer_failed", KEY_STRING("why", note.text));
        return BUS_CONFIG;
    }
    enum bus_result result = init_transactions(bus, handle);
    rd_kafka_destroy(handle);
    return result;
}

/* --- a transaction --- */

enum bus_result kafka_begin(struct bus *of)
{
    struct kafka_bus *bus = kafka_of(of);
    struct kafka_producer *producer = &bus->producer;
    ENSURE(!producer->open);
    enum bus_result result = make_ready(bus);
    if (result == BUS_OK) {
        result =
            kafka_transaction_class(bus, rd_kafka_begin_transaction(producer->handle), "begin");
    }
    if (result == BUS_OK) {
        producer->open = true;
        producer->serial++;
        kafka_ends_begin(bus);
        producer->sent = producer->reported = 0;
        producer->first_error = RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return result;
}

static rd_kafka_headers_t *headers_of(const struct bus_message *message)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct header *header = &message->headers[i];
        rd_kafka_header_add(headers, header->name.at, (ssize_t)header->name.size, header->value.at,
                            header->value.at != NULL ? (ssize_t)header->value.size : 0);
    }
    return headers;
}

static enum bus_result produce_class(rd_kafka_t *handle, rd_kafka_resp_err_t err)
{
    switch (err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
        return BUS_OK;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        return BUS_PENDING;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        return BUS_CONFIG;
    default:
        return rd_kafka_fatal_error(handle, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR ? BUS_RETIRE
                                                                                   : BUS_ABORT;
    }
}

/* Only to partitions that the brokers have shown: with headers, librdkafka 2.0.2 frees these twice
 * for one that is not there. */
static enum bus_result choose(struct kafka_bus *bus, struct kafka_topic *topic,
                              const struct bus_message *message, int32_t *partition)
{
    if (topic->count == 0 || message->place.partition >= topic->count) {
        int32_t count = kafka_partitions(&bus->bus, topic->index);
        if (count <= 0) {
            return count == 0 ? BUS_CONFIG : BUS_UNAVAILABLE;
        }
    }
    *partition = message->place.partition != BUS_BY_KEY ? message->place.partition
                                                        : partition_of(message->key, topic->count);
    return *partition >= 0 && *partition < topic->count ? BUS_OK : BUS_CONFIG;
}

enum bus_result kafka_produce(struct bus *of, const struct bus_message *message)
{
    struct kafka_bus *bus = kafka_of(of);
    struct kafka_producer *producer = &bus->producer;
    struct kafka_topic *topic = kafka_topic_at(bus, message->place.topic);
    int32_t partition;
    ENSURE(producer->open);
    enum bus_result result = choose(bus, topic, message, &partition);
    if (result != BUS_OK) {
        return result;
    }
    rd_kafka_headers_t *headers = message->header_count > 0 ? headers_of(message) : NULL;
    int64_t time_ms = bus->mock_now_ms != NULL ? bus->mock_now_ms(bus->mock_context) : 0;
    rd_kafka_vu_t parts[8] = {
        { .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = kafka_topic_producing(bus, topic) },
        { .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = partition },
        { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
        { .vtype = RD_KAFKA_VTYPE_KEY,
          .u.mem = { (void *)(uintptr_t)message->key.at, message->key.size } },
        { .vtype = RD_KAFKA_VTYPE_VALUE,
          .u.mem = { (void *)(uintptr_t)message->value.at, message->value.size } },
        { .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = (void *)(uintptr_t)producer->serial },
        { .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = time_ms }, /* 0 = now */
        { .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
    };
    rd_kafka_error_t *error = rd_kafka_produceva(producer->handle, parts, headers != NULL ? 8 : 7);
    if (error == NULL) {
        producer->sent++; /* the headers are librdkafka's now */
        if (producer->sent % REPORTS_EVERY == 0) {
            rd_kafka_poll(producer->handle, 0); /* frees what is delivered already */
        }
        return BUS_OK;
    }
    result = produce_class(producer->handle, rd_kafka_error_code(error));
    if (result != BUS_PENDING) {
        log_warn("produce_failed", KEY_STRING("topic", topic->full),
                 KEY_INT("partition", partition), KEY_STRING("why", rd_kafka_error_string(error)));
    }
    rd_kafka_error_destroy(error);
    if (headers != NULL) {
        rd_kafka_headers_destroy(headers);
    }
    return result;
}

static enum bus_result delivery_class(struct kafka_bus *bus)
{
    struct kafka_producer *producer = &bus->producer;
    if (producer->first_error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return BUS_OK;
    }
    log_warn("delivery_failed", KEY_STRING("place", producer->first_error_text),
             KEY_STRING("error", rd_kafka_err2name(producer->first_error)));
    if (rd_kafka_fatal_error(producer->handle, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return BUS_RETIRE;
    }
    if (kafka_class(producer->first_error) == BUS_REFUSED) {
        kafka_fail(bus, producer->first_error, producer->first_error_text);
        return BUS_REFUSED;
    }
    return BUS_ABORT;
}

enum bus_result kafka_flush(struct bus *of, int timeout_ms)
{
    struct kafka_bus *bus = kafka_of(of);
    struct kafka_producer *producer = &bus->producer;
    ENSURE(producer->open);
    int64_t deadline = timeout_ms > 0 ? clock_monotonic_ms() + timeout_ms : 0;
    int wait = 0;
    for (;;) {
        /* Not a poll: this also tells librdkafka to send what it still gathers (linger.ms). */
        rd_kafka_flush(producer->handle, wait);
        enum bus_result result = delivery_class(bus);
        if (result != BUS_OK || producer->reported == producer->sent) {
            return result;
        }
        if (rd_kafka_fatal_error(producer->handle, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return BUS_RETIRE;
        }
        int64_t left = timeout_ms > 0 ? deadline - clock_monotonic_ms() : 0;
        if (left <= 0) {
            return BUS_PENDING;
        }
        wait = left < 100 ? (int)left : 100;
    }
}

bool kafka_written(struct bus *of, struct bus_place place, int64_t *first, int64_t *last)
{
    struct kafka_bus *bus = kafka_of(of);
    const struct kafka_cell *cell = kafka_cell(bus, place);
    if (bus->producer.serial == 0 || cell->written_in != bus->producer.serial) {
        return false;
    }
    *first = cell->written_first;
    *last = cell->written_last;
    return true;
}

/* With the metadata of the assignment. None = the assignment is gone: as a stale one would be
 * refused. librdkafka takes a list of invalid offsets for success, so that is looked at here.
 * Nothing may be queued: it would go out after the offsets were accepted. */
enum bus_result kafka_send_offsets(struct bus *of, const struct bus_position *offsets, size_t count)
{
    struct kafka_bus *bus = kafka_of(of);
    struct kafka_producer *producer = &bus->producer;
    ENSURE(producer->open && count > 0 && producer->sent == producer->reported);
    for (size_t i = 0; i < count; i++) {
        ENSURE(offsets[i].offset >= 0);
    }
    if (bus->metadata == NULL) {
        return BUS_ABORT;
    }
    rd_kafka_topic_partition_list_t *list = kafka_list(bus, offsets, count);
    rd_kafka_error_t *error =
        rd_kafka_send_offsets_to_transaction(producer->handle, list, bus->metadata, KAFKA_CALL_MS);
    rd_kafka_topic_partition_list_destroy(list);
    return kafka_transaction_class(bus, error, "send_offsets");
}

enum bus_result kafka_commit(struct bus *of)
{
    struct kafka_bus *bus = kafka_of(of);
    ENSURE(bus->producer.open);
    enum bus_result result = kafka_transaction_class(
        bus, rd_kafka_commit_transaction(bus->producer.handle, KAFKA_CALL_MS), "commit");
    result = kafka_ends_class(bus, result);
    bus->producer.open = result != BUS_OK;
    return result;
}

enum bus_result kafka_abort(struct bus *of)
{
    struct kafka_bus *bus = kafka_of(of);
    if (!bus->producer.open) {
        return BUS_OK;
    }
    rd_kafka_error_t *error = rd_kafka_abort_transaction(bus->producer.handle, KAFKA_CALL_MS);
    enum bus_result result = kafka_ends_class(bus, kafka_transaction_class(bus, error, "abort"));
    bus->producer.open = result != BUS_OK;
    return result == BUS_ABORT ? BUS_RETIRE : result;
}
