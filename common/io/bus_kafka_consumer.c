/* The consumer group: joining, assignments, fetching from own positions, leaving. */
#include "io/bus_kafka_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "io/clock.h"
#include "io/crash.h"
#include "io/log.h"

enum { LEAVE_SENT_MS = 50, SETTLE_FIRST_MS = 250, SETTLE_PAUSE_MS = 100, SETTLED_HOLDS_MS = 500 };

/* --- rebalances --- */

static void drop_metadata(struct kafka_bus *bus)
{
    if (bus->metadata != NULL) {
        rd_kafka_consumer_group_metadata_destroy(bus->metadata);
        bus->metadata = NULL;
    }
}

/* The generation under which this assignment came. Read later it could be a newer one, and that
 * would be accepted for partitions which are others' by then. Before a join is through there is no
 * member id, and the broker would take offsets unchecked: such metadata is not kept. */
static void keep_metadata(struct kafka_bus *bus)
{
    char *member = rd_kafka_memberid(bus->group);
    drop_metadata(bus);
    if (member != NULL && member[0] != 0) {
        bus->metadata = rd_kafka_consumer_group_metadata(bus->group);
    }
    if (member != NULL) {
        rd_kafka_mem_free(bus->group, member);
    }
}

static void stop_reading(struct kafka_bus *bus)
{
    for (int32_t t = 0; t < bus->topic_count; t++) {
        for (int32_t p = 0; p < bus->topics[t]->cell_count; p++) {
            bus->topics[t]->cells[p].reading[KAFKA_INPUT].live = false;
        }
    }
}

static int32_t index_of(const struct kafka_bus *bus, const char *full)
{
    for (int32_t i = 0; i < bus->topic_count; i++) {
        if (strcmp(bus->topics[i]->full, full) == 0) {
            return i;
        }
    }
    return -1;
}

static void keep_assignment(struct kafka_bus *bus,
                            const rd_kafka_topic_partition_list_t *partitions)
{
    size_t count = (size_t)partitions->cnt;
    if (count > bus->assigned_room) {
        struct bus_place *places = realloc(bus->assigned, count * sizeof(*places));
        ENSURE(places != NULL);
        bus->assigned = places;
        bus->assigned_room = count;
    }
    bus->assigned_count = 0;
    for (size_t i = 0; i < count; i++) {
        int32_t topic = index_of(bus, partitions->elems[i].topic);
        if (topic >= 0) {
            bus->assigned[bus->assigned_count++] =
                (struct bus_place){ topic, partitions->elems[i].partition };
        }
    }
}

/* Inside of a poll. First the metadata, then assign(), and nothing is fetched: where the input goes
 * on is found out between polls, and fetch() says it. */
void kafka_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t err,
                     rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct kafka_bus *bus = opaque;
    stop_reading(bus);
    bus->settled_since_ms = clock_monotonic_ms();
    if (err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        keep_metadata(bus);
        keep_assignment(bus, partitions);
        bus->adrift = false;
        rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(1);
        kafka_assign(handle, none);
        rd_kafka_topic_partition_list_destroy(none);
        bus->tell_assigned = true;
        bus->rebalances++;
    } else {
        drop_metadata(bus);
        bus->assigned_count = 0;
        bus->adrift = rd_kafka_assignment_lost(handle) != 0;
        kafka_assign(handle, NULL);
        CRASH_POINT("revoke");
        bus->tell_assigned = false;
        bus->tell_revoked = true;
    }
    rd_kafka_yield(handle); /* so that the poll tells of it at once */
}

enum bus_result kafka_join(struct bus *of, const int32_t *topics, size_t count)
{
    struct kafka_bus *bus = kafka_of(of);
    if (bus->group == NULL || bus->left) {
        return BUS_CONFIG;
    }
    if (bus->instance[0] != 0) {
        /* An earlier process of this name may have died inside a transaction: that ends now, and not
         * when it is found hanging. If the brokers do not answer, the first transaction tries again. */
        (void)kafka_retire(of);
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        struct kafka_topic *topic = kafka_topic_at(bus, topics[i]);
        kafka_topic_open(bus, topic, KAFKA_INPUT);
        rd_kafka_topic_partition_list_add(list, topic->full, RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t err = rd_kafka_subscribe(bus->group, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        kafka_fail(bus, err, "the consumer group cannot be joined");
        return kafka_class(err);
    }
    bus->joined = true;
    return BUS_OK;
}

/* --- fetching --- */

/* A pause outlives an assign() in librdkafka. */
static void resume_all(struct kafka_bus *bus)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (int32_t t = 0; t < bus->topic_count; t++) {
        for (int32_t p = 0; p < bus->topics[t]->cell_count; p++) {
            struct kafka_reading *reading = &bus->topics[t]->cells[p].reading[KAFKA_INPUT];
            if (reading->paused) {
                rd_kafka_topic_partition_list_add(list, bus->topics[t]->full, p);
                reading->paused = false;
            }
        }
    }
    if (list->cnt > 0) {
        rd_kafka_resume_partitions(bus->group, list);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* assign() of the whole list, for eager refuses an incremental one. What was queued before it is
 * outdated inside of librdkafka when assign() returns, and `next` drops what would lie before. */
void kafka_fetch(struct bus *of, const struct bus_position *positions, size_t count)
{
    struct kafka_bus *bus = kafka_of(of);
    if (bus->group == NULL || bus->left || bus->metadata == NULL) {
        return; /* revoked meanwhile: the event comes, or has come */
    }
    stop_reading(bus);
    for (size_t i = 0; i < count; i++) {
        ENSURE(positions[i].offset >= 0);
        kafka_topic_open(bus, kafka_topic_at(bus, positions[i].place.topic), KAFKA_INPUT);
        struct kafka_reading *reading = &kafka_cell(bus, positions[i].place)->reading[KAFKA_INPUT];
        reading->live = true;
        reading->next = positions[i].offset;
    }
    rd_kafka_topic_partition_list_t *list = kafka_list(bus, positions, count);
    rd_kafka_resp_err_t err = kafka_assign(bus->group, list);
    kafka_watch_inputs(bus, list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        stop_reading(bus);
        kafka_fail(bus, err, "partitions cannot be fetched");
        return;
    }
    resume_all(bus);
}

void kafka_pause(struct bus *of, struct bus_place place, bool paused)
{
    struct kafka_bus *bus = kafka_of(of);
    struct kafka_reading *reading = &kafka_cell(bus, place)->reading[KAFKA_INPUT];
    if (bus->group == NULL || bus->left || !reading->live || reading->paused == paused) {
        return;
    }
    struct bus_position position = { place, 0 };
    rd_kafka_topic_partition_list_t *list = kafka_list(bus, &position, 1);
    rd_kafka_resp_err_t err = paused ? rd_kafka_pause_partitions(bus->group, list)
                                     : rd_kafka_resume_partitions(bus->group, list);
    rd_kafka_topic_partition_list_destroy(list);
    reading->paused = err == RD_KAFKA_RESP_ERR_NO_ERROR ? paused : reading->paused;
}

/* --- pending offsets --- */

/* All assigned partitions in one question: each would wait out the time while a transaction is
 * open. */
static rd_kafka_topic_partition_list_t *settle_list(struct kafka_bus *bus, struct bus_place place)
{
    bool asked = false;
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)bus->assigned_count + 1);
    for (size_t i = 0; i < bus->assigned_count; i++) {
        struct bus_place at = bus->assigned[i];
        rd_kafka_topic_partition_list_add(list, kafka_topic_at(bus, at.topic)->full, at.partition);
        asked = asked || (at.topic == place.topic && at.partition == place.partition);
    }
    if (!asked) {
        rd_kafka_topic_partition_list_add(list, kafka_topic_at(bus, place.topic)->full,
                                          place.partition);
    }
    return list;
}

static void mark_settled(struct kafka_bus *bus, const rd_kafka_topic_partition_list_t *list,
                         int64_t now)
{
    for (int i = 0; i < list->cnt; i++) {
        int32_t topic = index_of(bus, list->elems[i].topic);
        if (list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            kafka_cell(bus, (struct bus_place){ topic, list->elems[i].partition })->settled_ms =
                now;
        }
    }
}

/* On a read_committed handle the answer waits while transactional offsets are pending, so a timeout
 * is the sign of them. An answer serves each partition once, and not for long. */
enum bus_result kafka_settled(struct bus *of, struct bus_place place)
{
    struct kafka_bus *bus = kafka_of(of);
    int64_t now = clock_monotonic_ms();
    struct kafka_cell *cell = kafka_cell(bus, place);
    if (bus->mock) {
        return BUS_OK; /* it throws transactional offsets away */
    }
    bool fresh =
        cell->settled_ms > bus->settled_since_ms && now - cell->settled_ms < SETTLED_HOLDS_MS;
    if (!fresh && now < bus->settle_after_ms) {
        return BUS_PENDING;
    }
    if (!fresh) {
        cell->settled_ms = 0;
        rd_kafka_topic_partition_list_t *list = settle_list(bus, place);
        int wait = bus->settle_wait_ms > 0 ? bus->settle_wait_ms : SETTLE_FIRST_MS;
        rd_kafka_resp_err_t err = rd_kafka_committed(bus->reader, list, wait);
        if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            mark_settled(bus, list, now); /* the time of the question */
        } else if (kafka_class(err) != BUS_UNAVAILABLE) {
            kafka_fail(bus, err, "the committed offsets cannot be read");
        }
        rd_kafka_topic_partition_list_destroy(list);
        /* A slow way to the brokers looks alike: the patience grows. */
        bus->settle_wait_ms = err == RD_KAFKA_RESP_ERR_NO_ERROR ? SETTLE_FIRST_MS
                              : wait * 2 < KAFKA_ASK_MS         ? wait * 2
                                                                : KAFKA_ASK_MS;
        bus->settle_after_ms =
            err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : clock_monotonic_ms() + SETTLE_PAUSE_MS;
    }
    cell = kafka_cell(bus, place);
    enum bus_result result = cell->settled_ms != 0 ? BUS_OK : BUS_PENDING;
    cell->settled_ms = 0;
    return result;
}

/* --- leaving --- */

/* The id of a member is dropped when its LeaveGroup is on its way. */
static bool has_left(const struct kafka_bus *bus)
{
    char *member = rd_kafka_memberid(bus->group);
    bool left = member == NULL || member[0] == 0;
    if (member != NULL) {
        rd_kafka_mem_free(bus->group, member);
    }
    return left;
}

static void serve_group(struct kafka_bus *bus, int timeout_ms)
{
    rd_kafka_message_t *message = rd_kafka_consume_queue(bus->queue, timeout_ms);
    if (message != NULL) {
        rd_kafka_message_destroy(message);
    }
}

/* close() alone sends no LeaveGroup for a static member, and the others would wait for the session
 * to time out. After an unsubscribe whose revoke has been served it is sent, once the fetching of all
 * partitions has stopped: a close() before that would forget it. */
void kafka_leave(struct bus *of)
{
    struct kafka_bus *bus = kafka_of(of);
    if (bus->group == NULL || bus->left) {
        return;
    }
    /* After a fatal error nothing is revoked any more. */
    bool owned = bus->metadata != NULL &&
                 rd_kafka_fatal_error(bus->group, NULL, 0) == RD_KAFKA_RESP_ERR_NO_ERROR;
    int64_t deadline = clock_monotonic_ms() + KAFKA_LEAVE_MS;
    bus->tell_revoked = false;
    stop_reading(bus);
    if (bus->joined) {
        rd_kafka_unsubscribe(bus->group);
    }
    while (owned && (!bus->tell_revoked || !has_left(bus)) && clock_monotonic_ms() < deadline) {
        serve_group(bus, 20);
    }
    if (owned) {
        serve_group(bus, LEAVE_SENT_MS);
    }
    if (bus->joined && owned && !bus->tell_revoked) {
        log_warn("group_left_late",
                 KEY_STRING("why", "the brokers do not answer; peers wait for the session to end"));
    }
    rd_kafka_consumer_close(bus->group);
    drop_metadata(bus);
    bus->assigned_count = 0;
    bus->left = true;
    bus->tell_revoked = bus->tell_assigned = false;
}
