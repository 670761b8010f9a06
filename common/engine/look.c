/*
 * References: other entities' states, read from the view and kept decoded until their state log brings
 * a newer one. A reference is good while its log has been followed to an end that was seen within the
 * last second and the view is at least as far; an empty view never looks like "no such contract".
 * The end is that of read_committed: what is committed behind somebody's open transaction is nobody's
 * to see before that ends, and to wait for it would stop every worker with each one that is killed.
 */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

/* Beyond the first bounds all are forgotten before the next turn, beyond the second ones the turn is cut. */
enum {
    LOOKS_MAX = 4096,
    LOOKS_BYTES_MAX = 16 * 1024 * 1024,
    LOOKS_TURN_MAX = 12288,
    LOOKS_TURN_BYTES_MAX = 4 * LOOKS_BYTES_MAX,
    LOOK_SLOTS = 16384,
    LOOK_BLOCK_BYTES = 1024,
    LATE_MS = 100 /* a log that was fresh a moment ago is waited for */
};

struct look {
    struct arena arena; /* of the state */
    struct text key;    /* behind the struct */
    uint64_t hash;
    struct state_log *log;
    const struct state_type *type;
    const void *state; /* NULL: there is none */
    bool loaded, wanted;
    struct look *next, *next_wanted;
};

struct looks {
    struct look *slots[LOOK_SLOTS];
    uint32_t count;
    size_t bytes;
    struct look *all;
    struct look *wanted; /* asked for and not read yet */
};

struct looks *looks_new(void)
{
    return calloc(1, sizeof(struct looks));
}

static void look_free(struct look *look)
{
    arena_release(&look->arena);
    free(look);
}

static void free_all(struct looks *looks)
{
    while (looks->all != NULL) {
        struct look *look = looks->all;
        looks->all = look->next;
        look_free(look);
    }
}

void looks_clear(struct looks *looks)
{
    free_all(looks);
    memset(looks, 0, sizeof(*looks));
}

void looks_free(struct looks *looks)
{
    if (looks != NULL) {
        free_all(looks);
        free(looks);
    }
}

static struct look **look_place(struct looks *looks, uint64_t hash, struct text key)
{
    for (uint32_t i = (uint32_t)hash % LOOK_SLOTS;; i = (i + 1) % LOOK_SLOTS) {
        struct look *look = looks->slots[i];
        if (look == NULL || (look->hash == hash && text_equal(look->key, key))) {
            return &looks->slots[i];
        }
    }
}

/* The log brought a newer state: it is read again when it is asked for. */
void looks_forget(struct engine *engine, struct text key)
{
    struct look *look = *look_place(engine->looks, hash64(key), key);
    if (look != NULL) {
        look->loaded = false;
    }
}

/* What was read of the log is not known to have been followed: all of it is read again. */
void looks_forget_log(struct engine *engine, const struct state_log *log)
{
    for (struct look *look = engine->looks->all; look != NULL; look = look->next) {
        look->loaded = look->loaded && look->log != log;
    }
}

static struct look *look_add(struct engine *engine, struct look **place, uint64_t hash, struct text key)
{
    struct worker_slot *slot = slot_of_entity(engine, key);
    if (slot->count == 0 || !slot->referenced) {
        engine->turn.wants_slot = slot;
        engine->turn.wants_reference = true;
        return NULL;
    }
    if (engine->looks->count >= LOOKS_TURN_MAX) {
        turn_exhausted(engine, SHORT_OF_LOOKS);
    }
    struct look *look = calloc(1, sizeof(*look) + key.size);
    if (look == NULL) {
        turn_exhausted(engine, SHORT_OF_MEMORY);
    }
    look->arena = engine_arena(engine, 0, LOOK_BLOCK_BYTES);
    look->key = (struct text){ memcpy(look + 1, key.at, key.size), key.size };
    look->hash = hash;
    look->log = &slot->logs[partition_of(entity_of_key(key), slot->count)];
    look->type = state_type_of(engine, slot, look->key);
    *place = look;
    look->next = engine->looks->all;
    engine->looks->all = look;
    engine->looks->count++;
    return look;
}

const void *look_at(struct engine *engine, struct text key)
{
    uint64_t hash = hash64(key);
    struct look **place = look_place(engine->looks, hash, key);
    struct look *look = *place != NULL ? *place : look_add(engine, place, hash, key);
    if (look != NULL && !look->log->fresh) {
        engine->turn.running->stale_log = look->log;
        engine->turn.looks_stale = engine->turn.missing = true;
        return NULL;
    }
    if (look != NULL && look->loaded) {
        return look->state;
    }
    if (look != NULL && !look->wanted) {
        look->wanted = engine->turn.looks_wanted = true;
        look->next_wanted = engine->looks->wanted;
        engine->looks->wanted = look;
    }
    engine->turn.missing = true;
    return NULL;
}

static struct look *take_wanted(struct looks *looks)
{
    struct look *look = looks->wanted;
    looks->wanted = look->next_wanted;
    look->wanted = false;
    return look;
}

/* Before a turn: too many references are all forgotten, so the memory is bounded; and which logs are
 * read to their ends. */
void looks_refresh(struct engine *engine)
{
    while (engine->looks->wanted != NULL) { /* of a turn that came to nothing */
        take_wanted(engine->looks);
    }
    if (engine->looks->count > LOOKS_MAX || engine->looks->bytes > LOOKS_BYTES_MAX) {
        looks_clear(engine->looks);
    }
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->referenced && p < slot->count; p++) {
            struct state_log *log = &slot->logs[p];
            log->fresh = follow_fresh(engine, log);
            log->fresh_ms = log->fresh ? engine->mono_ms : log->fresh_ms;
        }
    }
}

const struct state_log *looks_late(const struct engine *engine)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        const struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->referenced && p < slot->count; p++) {
            const struct state_log *log = &slot->logs[p];
            if (!log->fresh && engine->mono_ms - log->fresh_ms <= LATE_MS) {
                return log;
            }
        }
    }
    return NULL;
}

static bool look_fill(struct engine *engine, struct look *look, struct text value)
{
    struct record record;
    look->state = NULL;
    look->loaded = value.at == NULL;
    if (look->loaded) {
        return true;
    }
    struct text kept = arena_copy(&look->arena, value);
    enum record_result result = record_read(kept, &look->arena, &record);
    bool newer = result == RECORD_OK && record.body_version > look->type->version;
    void *state = arena_alloc(&look->arena, look->type->shape->size);
    if (result != RECORD_OK || newer ||
        (record.body.size > 0 && !shape_unpack(look->type->shape, record.body, &look->arena, state))) {
        struct item named = { .key = look->key };
        return item_halt(engine, &named, newer || result == RECORD_NEWER ? RECORD_NEWER : RECORD_BROKEN);
    }
    look->state = record.body.size > 0 ? state : NULL;
    if (look->state != NULL && look->type->prepare != NULL) {
        look->type->prepare(state, &look->arena);
    }
    look->loaded = true; /* last: memory may run out before */
    return true;
}

/* Reads what look_at() asked for, each with the index of its partition in the same command. */
enum view_result looks_load(struct engine *engine, struct err_note *note)
{
    struct looks *looks = engine->looks;
    struct arena *arena = &engine->turn.arena;
    size_t count = 0;
    for (const struct look *look = looks->wanted; look != NULL; look = look->next_wanted) {
        count++;
    }
    struct view_read *reads = arena_alloc(arena, count * sizeof(struct view_read));
    struct look **wanted = arena_alloc(arena, count * sizeof(struct look *));
    for (size_t i = 0; i < count; i++) {
        wanted[i] = take_wanted(looks);
        reads[i] = (struct view_read){ .group = wanted[i]->log->group, .keys = &wanted[i]->key,
                                       .key_count = 1 };
    }
    engine->turn.looks_wanted = false;
    enum view_result result = engine->view->ops->read(engine->view, arena, reads, count, note);
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        if (reads[i].index < wanted[i]->log->records_end) {
            wanted[i]->log->positioned = false; /* the view went back: follow it from there */
            engine->turn.looks_stale = true;
            return VIEW_OK;
        }
        looks->bytes -= wanted[i]->arena.held;
        arena_release(&wanted[i]->arena);
        if (!look_fill(engine, wanted[i], reads[i].values[0])) {
            return VIEW_OK;
        }
        looks->bytes += wanted[i]->arena.held;
    }
    if (looks->bytes > LOOKS_TURN_BYTES_MAX) {
        turn_exhausted(engine, SHORT_OF_LOOKS);
    }
    return result;
}
