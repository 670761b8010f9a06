/*
 * Reading state logs and folding them into the view: to take a partition, and for references, which
 * depend on no other process being up. Anyone may fold: committed records, in order, by compare-and-set
 * on the view's index.
 */
#include "engine/inside.h"

#include <string.h>

#include "io/log.h"

struct state_log *engine_log(struct engine *engine, struct bus_place place)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        if (slot->state == place.topic && place.partition < slot->count) {
            return &slot->logs[place.partition];
        }
    }
    return NULL;
}

static enum err ahead(const struct state_log *log, int64_t end, struct err_note *note)
{
    return err_note(note, ERR_CONFIG,
                    "%s-state/%d: the view's index %lld is beyond the log's end %lld: Kafka lost data "
                    "or the topic was made anew; restore the topic, or flush the view to accept the loss",
                    log->slot->worker->name, log->number, (long long)log->index, (long long)end);
}

/* Reads where the view stands, then where the log ends, and follows from there. *log is positioned on
 * success; not positioned and OK: ask again later. */
enum err follow_open(struct engine *engine, struct state_log *log, struct err_note *note)
{
    struct text key = TEXT(PROGRESS_KEY);
    struct view_read read = { .group = log->group, .keys = &key, .key_count = 1 };
    struct err_note trouble;
    struct bus_place place = { log->slot->state, log->number };
    int64_t stable, high;
    enum view_result result = engine->view->ops->read(engine->view, &engine->scratch, &read, 1, &trouble);
    if (result != VIEW_OK) {
        engine_view_trouble(engine, &trouble);
        return result == VIEW_REFUSED ? err_note(note, ERR_CONFIG, "%s", trouble.text) : OK;
    }
    if (engine->bus->ops->ends(engine->bus, place, &log->first_offset, &stable, &high) != BUS_OK) {
        return OK;
    }
    log->index = read.index;
    if (log->index > high) { /* not `stable`: behind a zombie's open transaction others commit and fold */
        return ahead(log, high, note);
    }
    struct progress progress;
    log->has_log_id = read.values[0].at != NULL && progress_read(read.values[0], &progress);
    log->log_id = log->has_log_id ? progress.log_id : (struct hash128){ 0, 0 };
    log->position = log->index > log->first_offset ? log->index : log->first_offset;
    log->records_end = log->index;
    log->has_records = log->index >= 0;
    if (log->taking && log->index < 0 && high > log->first_offset) {
        counts_rebuild(engine);
    }
    log->first = log->last = NULL;
    log->entry_count = 0;
    log->entry_bytes = 0;
    arena_reset(&log->arena);
    log->positioned = true;
    engine->follow_changed = true;
    engine->view_ok = true;
    looks_forget_log(engine, log); /* records before the index may have passed unseen */
    return OK;
}

void follow_apply(struct engine *engine)
{
    size_t count = 0;
    for (size_t s = 0; s < engine->slot_count; s++) {
        count += (size_t)engine->slots[s].count;
    }
    struct bus_position *positions = arena_alloc(&engine->scratch, (count + 1) * sizeof(*positions));
    size_t n = 0;
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; p < slot->count; p++) {
            struct state_log *log = &slot->logs[p];
            if (log->positioned && (log->taking || log->referenced)) {
                positions[n++] = (struct bus_position){ { slot->state, p }, log->position };
            }
        }
    }
    engine->bus->ops->follow(engine->bus, positions, n);
    engine->follow_changed = false;
}

/* --- records --- */

static enum err check_log_id(struct state_log *log, struct text value, struct err_note *note)
{
    struct progress progress;
    if (!progress_read(value, &progress)) {
        return err_note(note, ERR_CONFIG, "%s-state/%d: its @progress cannot be read; a newer release "
                        "wrote it, or somebody else writes to this topic", log->slot->worker->name, log->number);
    }
    if (log->has_log_id && !hash128_equal(log->log_id, progress.log_id)) {
        return err_note(note, ERR_CONFIG, "%s-state/%d was made anew under a view of the old one: flush "
                        "the view (it is rebuilt from the log)", log->slot->worker->name, log->number);
    }
    log->log_id = progress.log_id;
    log->has_log_id = true;
    return OK;
}

static struct log_entry *entry_for(struct state_log *log, struct text key)
{
    uint64_t hash = hash64(key);
    for (struct log_entry *entry = log->first; entry != NULL; entry = entry->next) {
        if (entry->hash == hash && text_equal(entry->key, key)) {
            return entry;
        }
    }
    struct log_entry *entry = arena_alloc(&log->arena, sizeof(*entry));
    entry->key = arena_copy(&log->arena, key);
    entry->hash = hash;
    if (log->last == NULL) {
        log->first = entry;
    } else {
        log->last->next = entry;
    }
    log->last = entry;
    log->entry_count++;
    return entry;
}

enum err follow_record(struct engine *engine, struct state_log *log,
                       const struct bus_record *record, struct err_note *note)
{
    int64_t due_ms;
    uint8_t flags;
    if (!log->positioned || record->offset < log->position || record->key.at == NULL) {
        return OK;
    }
    log->position = record->offset + 1;
    log->records_end = log->position;
    log->has_records = true;
    enum record_result result = record->value.at == NULL ? RECORD_BROKEN
                                                         : record_prefix(record->value, &due_ms, &flags);
    if (result != RECORD_OK) {
        return err_note(note, ERR_CONFIG, "%s-state/%d offset %lld: %s", log->slot->worker->name,
                        log->number, (long long)record->offset,
                        result == RECORD_NEWER ? "written by a newer release; run that one on this partition"
                                               : "not a state record; somebody else writes to this topic");
    }
    if (text_is(record->key, PROGRESS_KEY)) {
        enum err err = check_log_id(log, record->value, note);
        if (err != OK) {
            return err;
        }
    }
    looks_forget(engine, record->key);
    if (record->offset < log->index) {
        return OK;
    }
    struct log_entry *entry = entry_for(log, record->key);
    entry->value = arena_copy(&log->arena, record->value);
    entry->due_ms = due_ms;
    entry->empty = (flags & RECORD_EMPTY) != 0;
    log->entry_bytes += record->value.size + record->key.size;
    if (log->entry_count >= VIEW_FOLD_ENTRIES_MAX || log->entry_bytes >= VIEW_FOLD_BYTES_MAX) {
        return follow_flush(engine, log, note);
    }
    return OK;
}

enum err follow_end(struct engine *engine, struct state_log *log, int64_t end, struct err_note *note)
{
    if (!log->positioned || end < log->position) {
        return OK;
    }
    log->position = end;
    return follow_flush(engine, log, note);
}

static void drop_entries(struct state_log *log)
{
    log->first = log->last = NULL;
    log->entry_count = 0;
    log->entry_bytes = 0;
    arena_reset(&log->arena);
}

/* Where the owner folds too, a look at the index is cheaper than a lost fold. */
static bool folded_meanwhile(struct engine *engine, struct state_log *log)
{
    struct view_read read = { .group = log->group };
    struct err_note trouble;
    if (log->taking || engine->view->ops->read(engine->view, &engine->scratch, &read, 1, &trouble) != VIEW_OK ||
        read.index < log->records_end) {
        return false;
    }
    log->index = read.index;
    return true;
}

static size_t fill_entries(const struct state_log *log, struct view_entry *entries)
{
    size_t n = 0;
    for (const struct log_entry *entry = log->first; entry != NULL; entry = entry->next) {
        entries[n++] = (struct view_entry){ entry->key, entry->empty ? (struct text){ 0 } : entry->value,
                                            entry->due_ms };
    }
    return n;
}

enum err follow_flush(struct engine *engine, struct state_log *log, struct err_note *note)
{
    struct err_note trouble;
    int64_t index = log->index;
    if (log->entry_count == 0 || folded_meanwhile(engine, log)) {
        drop_entries(log);
        return OK;
    }
    struct view_entry *entries = arena_alloc(&engine->scratch, log->entry_count * sizeof(*entries));
    size_t count = fill_entries(log, entries);
    enum view_result result = engine->view->ops->fold(engine->view, log->group, log->index,
                                                      log->records_end, entries, count, &index, &trouble);
    if (result == VIEW_OK) {
        log->index = log->records_end;
    } else if (result == VIEW_LOST && index >= log->records_end) {
        log->index = index;
    } else {
        log->positioned = false; /* lost or unknown: read where the view stands and go on from there */
        if (result != VIEW_LOST) {
            engine_view_trouble(engine, &trouble);
        }
    }
    drop_entries(log);
    return result == VIEW_REFUSED ? err_note(note, ERR_CONFIG, "%s", trouble.text) : OK;
}

bool follow_fresh(struct engine *engine, struct state_log *log)
{
    int64_t stable, asked_ms;
    struct bus_place place = { log->slot->state, log->number };
    return log->positioned && log->entry_count == 0 &&
           engine->bus->ops->seen_end(engine->bus, place, &stable, &asked_ms) &&
           engine->mono_ms - asked_ms <= FRESH_MS && log->position >= stable;
}
