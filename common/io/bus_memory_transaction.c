/*
 * Transactional ids. A record of a transaction is in the log at once, open; the end of the
 * transaction says what became of it and puts a marker behind it in every partition it touched.
 */
#include "io/bus_memory_inside.h"

#include "base/ensure.h"

struct producer *memory_producer_named(struct broker *broker, const char *id, size_t size)
{
    struct producer **link = &broker->producers;
    for (; *link != NULL; link = &(*link)->next) {
        if (strlen((*link)->id) == size && memcmp((*link)->id, id, size) == 0) {
            return *link;
        }
    }
    struct producer *producer = arena_alloc(&broker->arena, sizeof(*producer));
    producer->id = arena_alloc(&broker->arena, size + 1);
    memcpy(producer->id, id, size);
    *link = producer;
    return producer;
}

void memory_producer_wrote(struct producer *producer, struct entry *entry)
{
    producer->entries =
        memory_room(producer->entries, producer->count, &producer->room, sizeof(struct entry *));
    producer->entries[producer->count++] = entry;
    memory_positions_put(&producer->touched, entry->place, entry->offset);
}

bool memory_producer_pending(const struct broker *broker, const struct group *group,
                             struct bus_place place)
{
    for (const struct producer *producer = broker->producers; producer; producer = producer->next) {
        for (size_t i = 0; producer->group == group && i < producer->pending.count; i++) {
            struct bus_place at = producer->pending.at[i].place;
            if (at.topic == place.topic && at.partition == place.partition) {
                return true;
            }
        }
    }
    return false;
}

/* The observer may append: what it would disturb is taken out of the producer first. */
static void tell(struct broker *broker, struct entry **entries, size_t count)
{
    for (size_t i = 0; broker->committed != NULL && i < count; i++) {
        const struct entry *entry = entries[i];
        broker->committed(broker->committed_context, broker->topics[entry->place.topic].name,
                          entry->place.partition, entry->offset, entry->key, entry->value,
                          entry->headers, entry->header_count, entry->timestamp_ms);
    }
}

/* --- markers --- */

static void land_place(struct broker *broker, struct producer *producer, size_t which)
{
    struct bus_place place = producer->touched.at[which].place;
    for (size_t i = 0; i < producer->count; i++) {
        struct entry *entry = producer->entries[i];
        if (entry->place.topic == place.topic && entry->place.partition == place.partition) {
            entry->state = producer->committing ? BROKER_COMMITTED : BROKER_ABORTED;
        }
    }
    memory_log_append(broker, place, BROKER_MARKER);
    producer->touched.count--;
    for (size_t i = which; i < producer->touched.count; i++) {
        producer->touched.at[i] = producer->touched.at[i + 1];
    }
}

static void land_offsets(struct producer *producer)
{
    for (size_t i = 0; producer->committing && i < producer->pending.count; i++) {
        memory_positions_put(&producer->group->offsets, producer->pending.at[i].place,
                             producer->pending.at[i].offset);
    }
    producer->pending.count = 0;
    producer->group = NULL;
}

static size_t markers_of(const struct producer *producer)
{
    return producer->ending ? producer->touched.count + (producer->pending.count > 0) : 0;
}

static void land(struct broker *broker, struct producer *producer, size_t which)
{
    if (which < producer->touched.count) {
        land_place(broker, producer, which);
    } else {
        land_offsets(producer);
    }
    if (markers_of(producer) == 0) {
        producer->ending = false;
        producer->count = 0;
    }
}

void memory_producer_settle(struct broker *broker, struct producer *producer)
{
    while (markers_of(producer) > 0) {
        land(broker, producer, 0);
    }
}

void broker_set_slow_markers(struct broker *broker, bool slow)
{
    broker->slow_markers = slow;
}

size_t broker_markers_due(const struct broker *broker)
{
    size_t due = 0;
    for (const struct producer *producer = broker->producers; producer; producer = producer->next) {
        due += markers_of(producer);
    }
    return due;
}

void broker_land_marker(struct broker *broker, size_t which)
{
    struct producer *producer = broker->producers;
    while (which >= markers_of(producer)) {
        which -= markers_of(producer);
        producer = producer->next;
        ENSURE(producer != NULL);
    }
    land(broker, producer, which);
}

/* --- the end --- */

bool memory_producer_open(const struct producer *producer)
{
    return !producer->ending && (producer->count > 0 || producer->pending.count > 0);
}

void memory_producer_end(struct broker *broker, struct producer *producer, bool commit)
{
    memory_producer_settle(broker, producer);
    producer->committing = commit;
    producer->ending = producer->touched.count > 0 || producer->pending.count > 0;
    size_t count = producer->count;
    if (!broker->slow_markers) {
        memory_producer_settle(broker, producer);
    }
    if (commit) {
        tell(broker, producer->entries, count);
    }
}

void memory_producer_init(struct broker *broker, struct producer *producer)
{
    producer->epoch++;
    memory_producer_end(broker, producer, false);
    memory_producer_settle(broker, producer);
}

/* As the coordinator does it: an expired transaction is aborted under a new epoch. A transaction
 * that wrote nothing was never known to it. */
size_t broker_expire(struct broker *broker)
{
    size_t expired = 0;
    for (struct producer *producer = broker->producers; producer; producer = producer->next) {
        if (memory_producer_open(producer)) {
            memory_producer_init(broker, producer);
            expired++;
        }
    }
    return expired;
}

/* --- requests on their way --- */

void memory_producer_hold(struct broker *broker, struct producer *producer, bool commit)
{
    broker->held =
        memory_room(broker->held, broker->held_count, &broker->held_room, sizeof(*broker->held));
    broker->held[broker->held_count++] = (struct held_end){ producer, producer->epoch, commit };
}

size_t broker_ends_in_flight(const struct broker *broker)
{
    return broker->held_count;
}

bool broker_land_end(struct broker *broker, size_t which)
{
    ENSURE(which < broker->held_count);
    struct held_end end = broker->held[which];
    broker->held_count--;
    for (size_t i = which; i < broker->held_count; i++) {
        broker->held[i] = broker->held[i + 1];
    }
    if (!memory_producer_open(end.producer) || end.epoch != end.producer->epoch) {
        return false;
    }
    memory_producer_end(broker, end.producer, end.commit);
    return true;
}
