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

void memory_producer_end(struct broker *broker, struct producer *producer, bool commit)
{
    size_t count = producer->count;
    for (size_t i = 0; i < count; i++) {
        producer->entries[i]->state = commit ? BROKER_COMMITTED : BROKER_ABORTED;
    }
    for (size_t i = 0; i < producer->touched.count; i++) {
        memory_log_append(broker, producer->touched.at[i].place, BROKER_MARKER);
    }
    for (size_t i = 0; commit && i < producer->pending.count; i++) {
        memory_positions_put(&producer->group->offsets, producer->pending.at[i].place,
                             producer->pending.at[i].offset);
    }
    producer->count = producer->touched.count = producer->pending.count = 0;
    producer->group = NULL;
    if (commit) {
        tell(broker, producer->entries, count);
    }
}

void memory_producer_init(struct broker *broker, struct producer *producer)
{
    producer->epoch++;
    memory_producer_end(broker, producer, false);
}

/* As the coordinator does it: an expired transaction is aborted under a new epoch. A transaction
 * that wrote nothing was never known to it. */
size_t broker_expire(struct broker *broker)
{
    size_t expired = 0;
    for (struct producer *producer = broker->producers; producer; producer = producer->next) {
        if (producer->count > 0 || producer->pending.count > 0) {
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
    bool open = end.producer->count > 0 || end.producer->pending.count > 0;
    if (!open || end.epoch != end.producer->epoch) {
        return false;
    }
    memory_producer_end(broker, end.producer, end.commit);
    return true;
}
