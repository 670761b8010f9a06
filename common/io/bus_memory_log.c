/* The broker in memory: topics, the logs of their partitions, and what is read of them from
 * outside. */
#include "io/bus_memory_inside.h"

#include <stdlib.h>

#include "base/ensure.h"
#include "base/hash.h"

enum { ROOM_FIRST = 16 };

void *memory_room(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return array;
    }
    *room = *room > 0 ? *room * 2 : ROOM_FIRST;
    void *grown = realloc(array, *room * size);
    ENSURE(grown != NULL);
    return grown;
}

char *memory_name(struct broker *broker, const char *name)
{
    size_t size = strlen(name) + 1;
    char *copy = arena_bytes(&broker->arena, size);
    memcpy(copy, name, size);
    return copy;
}

void memory_positions_put(struct positions *positions, struct bus_place place, int64_t offset)
{
    for (size_t i = 0; i < positions->count; i++) {
        struct bus_position *position = &positions->at[i];
        if (position->place.topic == place.topic && position->place.partition == place.partition) {
            position->offset = offset;
            return;
        }
    }
    positions->at =
        memory_room(positions->at, positions->count, &positions->room, sizeof(*positions->at));
    positions->at[positions->count++] = (struct bus_position){ place, offset };
}

/* --- the broker --- */

struct broker *broker_new(void)
{
    struct broker *broker = calloc(1, sizeof(*broker));
    ENSURE(broker != NULL);
    broker->append_time = true;
    return broker;
}

static void free_topics(struct broker *broker)
{
    for (size_t t = 0; t < broker->topic_count; t++) {
        for (int32_t p = 0; p < broker->topics[t].partitions; p++) {
            free(broker->topics[t].logs[p].entries);
        }
    }
    free(broker->topics);
}

/* Producers and groups themselves are the arena's. */
void broker_free(struct broker *broker)
{
    if (broker == NULL) {
        return;
    }
    while (broker->buses != NULL) {
        broker->buses->bus.ops->close(&broker->buses->bus);
    }
    for (struct producer *producer = broker->producers; producer; producer = producer->next) {
        free(producer->entries);
        free(producer->touched.at);
        free(producer->pending.at);
    }
    for (struct group *group = broker->groups; group; group = group->next) {
        free(group->members);
        free(group->offsets.at);
    }
    free_topics(broker);
    free(broker->held);
    arena_release(&broker->arena);
    free(broker);
}

void broker_set_time(struct broker *broker, int64_t wall_ms)
{
    broker->wall_ms = wall_ms;
}

void broker_set_mono(struct broker *broker, int64_t mono_ms)
{
    broker->mono_ms = mono_ms;
}

void broker_set_append_time(struct broker *broker, bool append_time)
{
    broker->append_time = append_time;
}

void broker_observe(struct broker *broker, broker_committed *committed, void *context)
{
    broker->committed = committed;
    broker->committed_context = context;
}

/* --- topics --- */

static struct broker_topic *topic_named(struct broker *broker, const char *name)
{
    for (size_t t = 0; t < broker->topic_count; t++) {
        if (strcmp(broker->topics[t].name, name) == 0) {
            return &broker->topics[t];
        }
    }
    broker->topics = memory_room(broker->topics, broker->topic_count, &broker->topic_room,
                                 sizeof(*broker->topics));
    struct broker_topic *topic = &broker->topics[broker->topic_count++];
    *topic = (struct broker_topic){ .name = memory_name(broker, name) };
    return topic;
}

int32_t broker_topic(struct broker *broker, const char *name, int32_t partitions)
{
    struct broker_topic *topic = topic_named(broker, name);
    if (topic->partitions == 0 && partitions > 0) {
        topic->logs = arena_alloc(&broker->arena, (size_t)partitions * sizeof(*topic->logs));
        topic->partitions = partitions;
    }
    return (int32_t)(topic - broker->topics);
}

const char *broker_topic_name(const struct broker *broker, int32_t topic)
{
    ENSURE(topic >= 0 && (size_t)topic < broker->topic_count);
    return broker->topics[topic].name;
}

/* --- logs --- */

struct broker_log *memory_log_at(const struct broker *broker, struct bus_place place)
{
    if (place.topic < 0 || (size_t)place.topic >= broker->topic_count || place.partition < 0 ||
        place.partition >= broker->topics[place.topic].partitions) {
        return NULL;
    }
    return &broker->topics[place.topic].logs[place.partition];
}

/* The last stable offset never goes back, so the search goes on where it stopped. */
int64_t memory_log_stable(struct broker_log *log)
{
    while ((size_t)log->stable < log->count && log->entries[log->stable]->state != BROKER_OPEN) {
        log->stable++;
    }
    return log->stable;
}

bool memory_log_place(const struct broker *broker, struct bus_place *place, struct text key)
{
    if (place->partition == BUS_BY_KEY && place->topic >= 0 &&
        (size_t)place->topic < broker->topic_count && broker->topics[place->topic].partitions > 0) {
        place->partition = partition_of(key, broker->topics[place->topic].partitions);
    }
    return memory_log_at(broker, *place) != NULL;
}

struct entry *memory_log_append(struct broker *broker, struct bus_place place,
                                enum broker_state state)
{
    struct broker_log *log = memory_log_at(broker, place);
    ENSURE(log != NULL);
    struct entry *entry = arena_alloc(&broker->arena, sizeof(*entry));
    log->entries = memory_room(log->entries, log->count, &log->room, sizeof(*log->entries));
    *entry = (struct entry){
        .place = place,
        .offset = (int64_t)log->count,
        .sequence = broker->sequence++,
        .timestamp_ms = broker->wall_ms,
        .state = state,
    };
    log->entries[log->count++] = entry;
    return entry;
}

void memory_entry_fill(struct broker *broker, struct entry *entry, struct text key,
                       struct text value, const struct header *headers, size_t header_count)
{
    entry->key = arena_copy(&broker->arena, key);
    entry->value = arena_copy(&broker->arena, value);
    entry->header_count = header_count;
    if (header_count > 0) {
        entry->headers = arena_alloc(&broker->arena, header_count * sizeof(*entry->headers));
    }
    for (size_t i = 0; i < header_count; i++) {
        entry->headers[i].name = arena_copy(&broker->arena, headers[i].name);
        entry->headers[i].value = arena_copy(&broker->arena, headers[i].value);
    }
}

void memory_entry_record(const struct broker *broker, const struct entry *entry,
                         struct bus_record *record)
{
    *record = (struct bus_record){
        .place = entry->place,
        .offset = entry->offset,
        .timestamp_ms = entry->timestamp_ms,
        .append_time = broker->append_time,
        .key = entry->key,
        .value = entry->value,
        .held = (void *)(uintptr_t)entry,
    };
}

/* --- from outside --- */

int64_t broker_append(struct broker *broker, int32_t topic, int32_t partition, struct text key,
                      struct text value, const struct header *headers, size_t header_count)
{
    struct bus_place place = { topic, partition };
    if (!memory_log_place(broker, &place, key)) {
        return -1;
    }
    struct entry *entry = memory_log_append(broker, place, BROKER_COMMITTED);
    memory_entry_fill(broker, entry, key, value, headers, header_count);
    return entry->offset;
}

bool broker_read(const struct broker *broker, int32_t topic, int32_t partition, int64_t offset,
                 struct bus_record *record, enum broker_state *state)
{
    const struct broker_log *log = memory_log_at(broker, (struct bus_place){ topic, partition });
    if (log == NULL || offset < 0 || (size_t)offset >= log->count) {
        return false;
    }
    memory_entry_record(broker, log->entries[offset], record);
    *state = log->entries[offset]->state;
    return true;
}

size_t broker_headers(const struct bus_record *record, struct header *out, size_t max)
{
    const struct entry *entry = record->held;
    ENSURE(entry != NULL);
    for (size_t i = 0; i < entry->header_count && i < max; i++) {
        out[i] = entry->headers[i];
    }
    return entry->header_count;
}

void broker_cut(struct broker *broker, int32_t topic, int32_t partition, int64_t first)
{
    struct broker_log *log = memory_log_at(broker, (struct bus_place){ topic, partition });
    ENSURE(log != NULL && first >= log->first && first <= memory_log_stable(log));
    log->first = first;
}

static bool replaced(struct broker_log *log, int64_t at, int64_t before)
{
    for (int64_t i = at + 1; i < before; i++) {
        if (log->entries[i]->state == BROKER_COMMITTED &&
            text_equal(log->entries[i]->key, log->entries[at]->key)) {
            return true;
        }
    }
    return false;
}

size_t broker_compact(struct broker *broker, int32_t topic, int32_t partition, int64_t before)
{
    struct broker_log *log = memory_log_at(broker, (struct bus_place){ topic, partition });
    ENSURE(log != NULL);
    size_t gone = 0;
    int64_t stable = memory_log_stable(log);
    before = before < stable ? before : stable;
    for (int64_t i = log->first; i < before; i++) {
        if (log->entries[i]->state == BROKER_COMMITTED && replaced(log, i, before)) {
            log->entries[i]->state = BROKER_COMPACTED;
            gone++;
        }
    }
    return gone;
}
