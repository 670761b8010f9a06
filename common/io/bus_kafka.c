/* The Kafka bus: making and closing it, and the poll. */
#include "io/bus_kafka_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/ensure.h"
#include "io/clock.h"
#include "io/log.h"

/* --- poll --- */

static bool tell_pending(struct kafka_bus *bus, struct bus_event *event)
{
    if (bus->tell_revoked) {
        bus->tell_revoked = false;
        event->kind = BUS_REVOKED;
    } else if (bus->tell_assigned) {
        bus->tell_assigned = false;
        event->kind = BUS_ASSIGNED;
        event->places = bus->assigned;
        event->place_count = bus->assigned_count;
    } else if (bus->tell_failure) {
        bus->tell_failure = false;
        event->kind = BUS_FAILED;
        event->result = bus->failure;
        event->note = bus->failure_note;
    }
    return event->kind != BUS_NOTHING;
}

void kafka_record(const struct kafka_bus *bus, rd_kafka_message_t *message,
                  struct bus_record *record)
{
    rd_kafka_timestamp_type_t type;
    record->offset = message->offset;
    record->timestamp_ms = rd_kafka_message_timestamp(message, &type);
    /* The mock cluster knows only the producers' times; the demo takes them for the broker's. */
    record->append_time = bus->mock || type == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME;
    record->value = (struct text){ message->payload, (uint32_t)message->len };
    record->key = (struct text){ message->key, (uint32_t)message->key_len };
    record->held = message;
}

static void tell_error(struct kafka_bus *bus, const rd_kafka_message_t *message)
{
    char text[300];
    const char *said = rd_kafka_message_errstr(message);
    if (message->err == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) {
        log_warn("polls_too_seldom", KEY_STRING("why", said));
        return; /* the revoke comes */
    }
    if (message->err == RD_KAFKA_RESP_ERR__FATAL) {
        kafka_errored(bus->group, message->err, said, bus);
        return;
    }
    snprintf(text, sizeof(text), "%s%s%d: %s",
             message->rkt != NULL ? rd_kafka_topic_name(message->rkt) : "",
             message->rkt != NULL ? "/" : "partition ", (int)message->partition, said);
    kafka_fail(bus, message->err, message->rkt != NULL ? text : said);
}

/* False: not for the caller, and destroyed. */
static bool tell_message(struct kafka_bus *bus, rd_kafka_message_t *message,
                         struct bus_event *event)
{
    const struct kafka_topic_side *side =
        message->rkt != NULL ? rd_kafka_topic_opaque(message->rkt) : NULL;
    bool end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && !end) {
        tell_error(bus, message);
        rd_kafka_message_destroy(message);
        return false;
    }
    struct bus_place place = { side != NULL ? side->topic->index : -1, message->partition };
    struct kafka_reading *reading =
        side != NULL ? &kafka_cell(bus, place)->reading[side->side] : NULL;
    if (reading == NULL || !reading->live || message->offset < reading->next) {
        rd_kafka_message_destroy(message);
        return false;
    }
    event->record.place = place;
    if (end) {
        event->kind = BUS_END;
        event->record.offset = reading->next = message->offset;
        rd_kafka_message_destroy(message);
        return true;
    }
    event->kind = BUS_RECORD;
    reading->next = message->offset + 1;
    kafka_record(bus, message, &event->record);
    kafka_taken(bus, message->len + message->key_len);
    return true;
}

static void serve_callbacks(struct kafka_bus *bus)
{
    if (bus->producer.handle != NULL) {
        rd_kafka_poll(bus->producer.handle, 0);
    }
    if (bus->raw != NULL) {
        rd_kafka_poll(bus->raw, 0);
    }
    if (bus->asker != NULL) {
        rd_kafka_poll(bus->asker, 0);
    }
}

static void kafka_poll(struct bus *of, int timeout_ms, struct bus_event *event)
{
    struct kafka_bus *bus = kafka_of(of);
    int64_t deadline = 0;
    *event = (struct bus_event){ .kind = BUS_NOTHING };
    if (timeout_ms > 0) {
        serve_callbacks(bus);
        deadline = clock_monotonic_ms() + timeout_ms;
    }
    int wait = timeout_ms;
    while (!tell_pending(bus, event)) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(bus->queue, wait);
        /* A record that comes with a rebalance is a state log's, for no input is fetched after one:
         * the rebalance is told next time. */
        if (message != NULL && tell_message(bus, message, event)) {
            return;
        }
        wait = timeout_ms > 0 ? (int)(deadline - clock_monotonic_ms()) : 0;
        if (wait <= 0 && message == NULL) {
            tell_pending(bus, event);
            return;
        }
        wait = wait > 0 ? wait : 0;
    }
}

static void kafka_release(struct bus *of, struct bus_record *record)
{
    (void)of;
    if (record->held != NULL) {
        rd_kafka_message_destroy(record->held);
        record->held = NULL;
    }
}

static size_t kafka_headers(struct bus *of, const struct bus_record *record, struct header *out,
                            size_t max)
{
    (void)of;
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(record->held, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    size_t count = rd_kafka_header_cnt(headers);
    for (size_t i = 0; i < count && i < max; i++) {
        const char *name;
        const void *value;
        size_t size;
        rd_kafka_header_get_all(headers, i, &name, &value, &size);
        out[i] = (struct header){ text_of(name), { value, (uint32_t)size } };
    }
    return count;
}

static struct text kafka_transactional_id(struct bus *of)
{
    return text_of(kafka_of(of)->transactional_id);
}

/* --- closing --- */

static void free_all(struct kafka_bus *bus)
{
    for (size_t i = 0; bus->properties != NULL && bus->properties[i] != NULL; i++) {
        free(bus->properties[i]);
    }
    free(bus->properties);
    free(bus->prefix);
    free(bus->group_id);
    free(bus->instance);
    free(bus->transactional_id);
    free(bus->assigned);
    free(bus->watcher.list);
    free(bus);
}

static void kafka_close(struct bus *of)
{
    struct kafka_bus *bus = kafka_of(of);
    kafka_leave(of);
    kafka_watcher_stop(bus);
    kafka_producer_close(bus);
    if (bus->reader != NULL) {
        rd_kafka_consumer_close(bus->reader);
    }
    if (bus->queue != NULL) {
        rd_kafka_queue_destroy(bus->queue);
    }
    kafka_topics_close(bus);
    rd_kafka_t *handles[] = { bus->group, bus->reader, bus->raw, bus->asker };
    bus->group = bus->reader = bus->raw = bus->asker = NULL;
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        if (handles[i] != NULL) {
            rd_kafka_destroy(handles[i]);
        }
    }
    free_all(bus);
}

static const struct bus_ops OPS = {
    .topic = kafka_topic,
    .partitions = kafka_partitions,
    .join = kafka_join,
    .poll = kafka_poll,
    .release = kafka_release,
    .headers = kafka_headers,
    .fetch = kafka_fetch,
    .pause = kafka_pause,
    .follow = kafka_follow,
    .ends = kafka_ends,
    .seen_end = kafka_seen_end,
    .settled = kafka_settled,
    .peek = kafka_peek,
    .fence = kafka_fence,
    .begin = kafka_begin,
    .produce = kafka_produce,
    .flush = kafka_flush,
    .written = kafka_written,
    .send_offsets = kafka_send_offsets,
    .commit = kafka_commit,
    .abort = kafka_abort,
    .retire = kafka_retire,
    .transactional_id = kafka_transactional_id,
    .leave = kafka_leave,
    .close = kafka_close,
};

/* --- making --- */

static char *copied(const char *string)
{
    char *copy = strdup(string != NULL ? string : "");
    ENSURE(copy != NULL);
    return copy;
}

static enum err copy_properties(struct kafka_bus *bus, const char *const *properties,
                                struct err_note *note)
{
    size_t count = 0;
    while (properties != NULL && properties[count] != NULL) {
        count++;
    }
    if (count % 2 != 0) {
        return err_note(note, ERR_CONFIG, "a kafka property without a value: %s",
                        properties[count - 1]);
    }
    bus->properties = calloc(count + 1, sizeof(char *));
    ENSURE(bus->properties != NULL);
    for (size_t i = 0; i < count; i++) {
        if (i % 2 == 0 && bus_kafka_fixed(properties[i])) {
            return err_note(note, ERR_CONFIG,
                            "kafka property %s cannot be set: correctness depends on its "
                            "value; remove it",
                            properties[i]);
        }
        bus->properties[i] = copied(properties[i]);
    }
    return OK;
}

/* A name of our own when there is none for good: nobody else ever has it, so what it leaves open is
 * ended by a fence (or by the broker's timeout). */
static enum err name_transactions(struct kafka_bus *bus, struct err_note *note)
{
    char random[17] = "";
    uint64_t bits;
    if (bus->instance[0] == 0) {
        if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits)) {
            return err_note(note, ERR_INTERNAL, "no random numbers: %s", strerror(errno));
        }
        snprintf(random, sizeof(random), "%016llx", (unsigned long long)bits);
    }
    const char *last = bus->instance[0] != 0 ? bus->instance : random;
    size_t size = strlen(bus->group_id) + strlen(last) + 2;
    bus->transactional_id = malloc(size);
    ENSURE(bus->transactional_id != NULL);
    snprintf(bus->transactional_id, size, "%s-%s", bus->group_id, last);
    return OK;
}

static enum err open_handles(struct kafka_bus *bus, bool with_group, struct err_note *note)
{
    bus->reader = kafka_handle_new(bus, KAFKA_FOR_READER, NULL, note);
    if (bus->reader == NULL) {
        return ERR_CONFIG;
    }
    if (with_group) {
        bus->group = kafka_handle_new(bus, KAFKA_FOR_GROUP, NULL, note);
        if (bus->group == NULL) {
            return ERR_CONFIG;
        }
    }
    /* The queue is the group's, so that waiting on it counts as that member's poll. */
    rd_kafka_t *handles[] = { bus->group, bus->reader };
    bus->queue = rd_kafka_queue_new(bus->group != NULL ? bus->group : bus->reader);
    for (size_t i = 0; i < sizeof(handles) / sizeof(handles[0]); i++) {
        if (handles[i] != NULL) {
            rd_kafka_poll_set_consumer(handles[i]);
            rd_kafka_queue_t *own = rd_kafka_queue_get_consumer(handles[i]);
            own = own != NULL ? own
                              : rd_kafka_queue_get_main(handles[i]); /* without a group's name */
            rd_kafka_queue_forward(own, bus->queue);
            rd_kafka_queue_destroy(own);
        }
    }
    return kafka_watcher_start(bus) ? OK
                                    : err_note(note, ERR_INTERNAL, "a thread cannot be started");
}

struct bus *bus_kafka_new(const struct bus_kafka_setup *setup, enum err *err, struct err_note *note)
{
    struct kafka_bus *bus = calloc(1, sizeof(*bus));
    ENSURE(bus != NULL);
    bus->bus.ops = &OPS;
    bus->mock = setup->mock;
    bus->prefix = copied(setup->prefix);
    bus->group_id = copied(setup->group);
    bus->instance = copied(setup->instance);
    *err = copy_properties(bus, setup->properties, note);
    *err = *err == OK ? name_transactions(bus, note) : *err;
    *err = *err == OK ? open_handles(bus, setup->with_group, note) : *err;
    if (*err != OK) {
        kafka_close(&bus->bus);
        return NULL;
    }
    return &bus->bus;
}

void bus_kafka_set_clock(struct bus *of, int64_t (*now_ms)(void *context), void *context)
{
    struct kafka_bus *bus = kafka_of(of);
    ENSURE(bus->mock);
    bus->mock_now_ms = now_ms;
    bus->mock_context = context;
}

uint64_t bus_kafka_rebalances(const struct bus *of)
{
    return ((const struct kafka_bus *)of)->rebalances;
}

int64_t bus_kafka_lag(const struct bus *of, struct bus_place place)
{
    const struct kafka_bus *bus = (const struct kafka_bus *)of;
    int64_t low, high;
    if (place.topic < 0 || place.topic >= bus->topic_count || place.partition < 0 ||
        place.partition >= bus->topics[place.topic]->cell_count) {
        return -1;
    }
    const struct kafka_topic *topic = bus->topics[place.topic];
    const struct kafka_reading *reading = &topic->cells[place.partition].reading[KAFKA_INPUT];
    if (!reading->live ||
        rd_kafka_get_watermark_offsets(bus->group, topic->full, place.partition, &low, &high) !=
            RD_KAFKA_RESP_ERR_NO_ERROR ||
        high < 0) {
        return -1;
    }
    return high > reading->next ? high - reading->next : 0;
}
