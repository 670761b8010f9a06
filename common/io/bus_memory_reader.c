/*
 * What a bus reads. A record can be given once its transaction has committed and nothing before it
 * is open; among all that can be given, the one that was appended first comes first. An end is told
 * as soon as it is reached, so that a busy partition does not keep a quiet one's end back.
 */
#include "io/bus_memory_inside.h"

#include "base/ensure.h"

/* --- what is read --- */

static void set_readings(struct readings *readings, const struct bus_position *positions,
                         size_t count)
{
    readings->count = 0;
    for (size_t i = 0; i < count; i++) {
        readings->at =
            memory_room(readings->at, readings->count, &readings->room, sizeof(*readings->at));
        readings->at[readings->count++] = (struct reading){ .place = positions[i].place,
                                                            .position = positions[i].offset,
                                                            .ended_at = -1 };
    }
}

void memory_fetch(struct bus *bus, const struct bus_position *positions, size_t count)
{
    set_readings(&memory_of(bus)->fetched, positions, count);
}

void memory_follow(struct bus *bus, const struct bus_position *positions, size_t count)
{
    set_readings(&memory_of(bus)->followed, positions, count);
}

static struct reading *reading_of(struct readings *readings, struct bus_place place)
{
    for (size_t i = 0; i < readings->count; i++) {
        struct reading *reading = &readings->at[i];
        if (reading->place.topic == place.topic && reading->place.partition == place.partition) {
            return reading;
        }
    }
    return NULL;
}

void memory_pause(struct bus *bus, struct bus_place place, bool paused)
{
    struct reading *reading = reading_of(&memory_of(bus)->fetched, place);
    if (reading != NULL) {
        reading->paused = paused;
    }
}

/* --- the group's part of a poll --- */

static void give_up(struct bus_memory *memory, struct bus_event *event)
{
    memory->owns = false;
    memory->fetched.count = 0;
    memory->place_count = 0;
    event->kind = BUS_REVOKED;
}

static void take_over(struct bus_memory *memory, struct bus_event *event)
{
    struct bus_place *places = memory->places;
    size_t room = memory->place_room;
    memory->places = memory->next_places;
    memory->place_count = memory->next_count;
    memory->place_room = memory->next_room;
    memory->next_places = places;
    memory->next_room = room;
    memory->next_count = 0;
    memory->generation = memory->next_generation;
    memory->waiting = false;
    memory->owns = true;
    event->kind = BUS_ASSIGNED;
    event->places = memory->places;
    event->place_count = memory->place_count;
}

static bool poll_group(struct bus_memory *memory, struct bus_event *event)
{
    if (memory->displaced) {
        event->kind = BUS_FAILED;
        event->result = BUS_CONFIG;
        err_note(&event->note, OK, "FENCED_INSTANCE_ID: another member joined as %s",
                 memory->member);
        return true;
    }
    if (memory->lapsed) {
        memory_group_rejoin(memory);
    }
    if (memory->waiting) {
        if (memory->owns) {
            give_up(memory, event);
        } else {
            take_over(memory, event);
        }
        return true;
    }
    return false;
}

/* --- records and ends --- */

/* Past markers and aborted records. */
static struct entry *next_entry(struct reading *reading, struct broker_log *log, int64_t stable)
{
    while (reading->position < stable &&
           log->entries[reading->position]->state != BROKER_COMMITTED) {
        reading->position++;
    }
    return reading->position < stable ? log->entries[reading->position] : NULL;
}

static void out_of_range(const struct bus_memory *memory, const struct reading *reading,
                         struct bus_event *event)
{
    event->kind = BUS_FAILED;
    event->result = BUS_CONFIG;
    err_note(&event->note, OK, "OFFSET_OUT_OF_RANGE: %s/%d at %lld",
             broker_topic_name(memory->broker, reading->place.topic), reading->place.partition,
             (long long)reading->position);
}

/* True: an end or a failure is told. Otherwise *best may have become this partition's record. */
static bool look(struct bus_memory *memory, struct reading *reading, struct bus_event *event,
                 struct reading **best, struct entry **best_entry)
{
    struct broker_log *log = memory_log_at(memory->broker, reading->place);
    if (reading->paused || log == NULL) {
        return false;
    }
    if (reading->position < log->first || reading->position > (int64_t)log->count) {
        out_of_range(memory, reading, event);
        return true;
    }
    int64_t stable = memory_log_stable(log);
    struct entry *entry = next_entry(reading, log, stable);
    if (entry != NULL && (*best == NULL || entry->sequence < (*best_entry)->sequence)) {
        *best = reading;
        *best_entry = entry;
    }
    if (entry != NULL || reading->position != stable || reading->ended_at == stable) {
        return false;
    }
    reading->ended_at = stable;
    event->kind = BUS_END;
    event->record.place = reading->place;
    event->record.offset = stable;
    return true;
}

static void poll_records(struct bus_memory *memory, struct bus_event *event)
{
    struct readings *sets[] = { &memory->fetched, &memory->followed };
    struct reading *best = NULL;
    struct entry *entry = NULL;
    for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
        for (size_t i = 0; i < sets[s]->count; i++) {
            if (look(memory, &sets[s]->at[i], event, &best, &entry)) {
                return;
            }
        }
    }
    if (best != NULL) {
        best->position = entry->offset + 1;
        event->kind = BUS_RECORD;
        memory_entry_record(memory->broker, entry, &event->record);
    }
}

/* Nothing can happen while it waits, so it does not wait. */
void memory_poll(struct bus *bus, int timeout_ms, struct bus_event *event)
{
    struct bus_memory *memory = memory_of(bus);
    struct failure failure;
    (void)timeout_ms;
    *event = (struct bus_event){ .kind = BUS_NOTHING };
    if (memory->crashed) {
        return;
    }
    if (memory_failure(memory, BUS_CALL_POLL, &failure)) {
        event->kind = BUS_FAILED;
        event->result = failure.result;
        err_note(&event->note, OK, "a planned failure");
        return;
    }
    if (!poll_group(memory, event)) {
        poll_records(memory, event);
    }
}

/* --- asking --- */

enum bus_result memory_ends(struct bus *bus, struct bus_place place, int64_t *first,
                            int64_t *stable, int64_t *high)
{
    struct failure failure;
    struct broker_log *log = memory_log_at(memory_of(bus)->broker, place);
    if (memory_failure(memory_of(bus), BUS_CALL_ENDS, &failure)) {
        return failure.result;
    }
    if (log == NULL) {
        return BUS_CONFIG;
    }
    *first = log->first;
    *stable = memory_log_stable(log);
    *high = (int64_t)log->count;
    return BUS_OK;
}

/* The watcher in the background is always up to date here. */
bool memory_seen_end(struct bus *bus, struct bus_place place, int64_t *stable, int64_t *asked_ms)
{
    struct bus_memory *memory = memory_of(bus);
    struct broker_log *log = memory_log_at(memory->broker, place);
    if (log == NULL || reading_of(&memory->followed, place) == NULL) {
        return false;
    }
    *stable = memory_log_stable(log);
    *asked_ms = memory->broker->mono_ms;
    return true;
}

enum bus_result memory_peek(struct bus *bus, struct bus_place place, int64_t offset,
                            struct bus_record *record)
{
    struct failure failure;
    struct bus_memory *memory = memory_of(bus);
    const struct broker_log *log = memory_log_at(memory->broker, place);
    if (memory_failure(memory, BUS_CALL_PEEK, &failure)) {
        return failure.result;
    }
    if (log == NULL) {
        return BUS_CONFIG;
    }
    for (int64_t at = offset > log->first ? offset : log->first; at < (int64_t)log->count; at++) {
        if (log->entries[at]->state != BROKER_MARKER &&
            log->entries[at]->state != BROKER_COMPACTED) {
            memory_entry_record(memory->broker, log->entries[at], record);
            return BUS_OK;
        }
    }
    return BUS_ABSENT;
}
