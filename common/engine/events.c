/* What the bus tells: assignments, records, ends, failures; and doubts, after which a partition is taken
 * again. */
#include "engine/inside.h"

#include <string.h>

#include "io/crash.h"
#include "io/log.h"

/* --- doubts --- */

void engine_retake(struct engine *engine, struct partition *partition, const char *why)
{
    if (partition->stage == TAKE_NONE) {
        return;
    }
    log_warn("partition_retaken", KEY_STRING("worker", partition->slot->worker->name),
             KEY_INT("partition", partition->number), KEY_STRING("why", why));
    counts_retake(engine);
    partition->stage = TAKE_SETTLE;
    partition->stage_since_ms = partition->taking_since_ms = engine->mono_ms;
    partition->retry_at_ms = 0;
    partition->tenure = 0; /* nothing in the cache is of tenure 0 */
    partition->log->positioned = false;
    engine->fetch_changed = true;
}

void engine_retake_all(struct engine *engine, const char *why)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            engine_retake(engine, &slot->partitions[p], why);
        }
    }
}

void engine_view_trouble(struct engine *engine, const struct err_note *note)
{
    if (engine->view_ok || strcmp(engine->trouble.text, note->text) != 0) {
        log_warn("view_unavailable", KEY_STRING("why", note->text));
    }
    engine->trouble = *note;
    engine->view_ok = false;
    engine->view_retry_ms = engine->mono_ms + VIEW_BACKOFF_MS;
}

/* --- events --- */

/* Not to be read is not to be decided; to be read, entities would have two homes. */
static enum err input_grew(struct engine *engine, struct bus_place place, struct err_note *note)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        const struct worker_slot *slot = &engine->slots[s];
        if (slot->run && slot->input == place.topic) {
            return err_note(note, ERR_CONFIG, "topic %s has a partition %d now, and had %d partitions before: "
                            "the count is fixed; make the topic anew with %d and send again what the new ones hold",
                            slot->worker->name, place.partition, slot->count, slot->count);
        }
    }
    return OK; /* no input of ours */
}

static enum err assigned(struct engine *engine, const struct bus_event *event, struct err_note *note)
{
    counts_rebalance(engine);
    for (size_t i = 0; i < event->place_count; i++) {
        struct partition *partition = engine_partition(engine, event->places[i]);
        if (partition == NULL) {
            enum err err = input_grew(engine, event->places[i], note);
            if (err != OK) {
                return err;
            }
            continue;
        }
        partition->assigned = true;
        partition->stage = TAKE_SETTLE;
        partition->stage_since_ms = partition->taking_since_ms = engine->mono_ms;
        partition->retry_at_ms = 0;
    }
    CRASH_POINT("take-assigned");
    log_info("partitions_assigned", KEY_INT("count", (int64_t)event->place_count));
    return OK;
}

static void revoked(struct engine *engine)
{
    turn_discard(engine);
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            slot->partitions[p].assigned = false;
            slot->partitions[p].stage = TAKE_NONE;
            slot->partitions[p].at_end = false;
            slot->partitions[p].stale_log = NULL;
            slot->logs[p].taking = false;
        }
    }
    engine->fetch_changed = engine->follow_changed = true;
    cache_clear(engine->cache);
    log_info("partitions_revoked", KEY_INT("turn", engine->turn.count));
}

static enum err client_timestamps(const struct partition *partition, struct err_note *note)
{
    return err_note(note, ERR_CONFIG, "topic %s keeps the producers' timestamps: anybody could back-date a "
                    "change across a lock date; set message.timestamp.type=LogAppendTime on it",
                    partition->slot->worker->name);
}

/* Positions have changed and the bus does not know yet: what it still gives lies behind a gap. */
static bool outdated(const struct engine *engine)
{
    return engine->fetch_changed;
}

static enum err input_record(struct engine *engine, struct partition *partition,
                             struct bus_record *record, struct err_note *note)
{
    struct turn *turn = &engine->turn;
    if (partition->stage != TAKE_READY || partition->stale_log != NULL ||
        record->offset < partition->poll_next || outdated(engine)) {
        engine->bus->ops->release(engine->bus, record);
        return OK;
    }
    if (!record->append_time && !engine->setup.any_timestamps) {
        engine->bus->ops->release(engine->bus, record);
        return client_timestamps(partition, note);
    }
    if (turn->count >= engine->records_max) {
        engine->bus->ops->release(engine->bus, record);
        engine->fetch_changed = true; /* from poll_next again */
        return OK;
    }
    partition->poll_next = record->offset + 1;
    partition->at_end = false;
    turn->bytes += record->value.size + record->key.size;
    turn->messages[turn->count++] = (struct message){ .record = *record, .partition = partition };
    CRASH_POINT("polled");
    return OK;
}

static enum err handle_record(struct engine *engine, struct bus_event *event, struct err_note *note)
{
    struct partition *partition = engine_partition(engine, event->record.place);
    if (partition != NULL) {
        return input_record(engine, partition, &event->record, note);
    }
    struct state_log *log = engine_log(engine, event->record.place);
    enum err err = log != NULL ? follow_record(engine, log, &event->record, note) : OK;
    engine->bus->ops->release(engine->bus, &event->record);
    return err;
}

static enum err handle_end(struct engine *engine, const struct bus_event *event, struct err_note *note)
{
    struct partition *partition = engine_partition(engine, event->record.place);
    if (partition != NULL) {
        if (!outdated(engine)) {
            partition->at_end = event->record.offset >= partition->poll_next;
            partition->end_offset = event->record.offset;
        }
        return OK;
    }
    struct state_log *log = engine_log(engine, event->record.place);
    return log != NULL ? follow_end(engine, log, event->record.offset, note) : OK;
}

static enum err handle_failure(struct engine *engine, const struct bus_event *event, struct err_note *note)
{
    if (event->result == BUS_UNAVAILABLE || event->result == BUS_PENDING) {
        if (engine->bus_ok) {
            log_warn("brokers_unavailable", KEY_STRING("why", event->note.text));
        }
        engine->bus_ok = false;
        return OK;
    }
    return err_note(note, event->result == BUS_RETIRE    ? ERR_UNAVAILABLE
                          : event->result == BUS_REFUSED ? ERR_REFUSED
                                                         : ERR_CONFIG, "%s", event->note.text);
}

enum err event_handle(struct engine *engine, struct bus_event *event, struct err_note *note)
{
    switch (event->kind) {
    case BUS_RECORD:
        engine->bus_ok = true;
        return handle_record(engine, event, note);
    case BUS_END:
        engine->bus_ok = true;
        return handle_end(engine, event, note);
    case BUS_ASSIGNED:
        return assigned(engine, event, note);
    case BUS_REVOKED:
        revoked(engine);
        return OK;
    default: /* BUS_FAILED; of nothing nobody tells */
        return handle_failure(engine, event, note);
    }
}
