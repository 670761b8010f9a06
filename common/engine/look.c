/*
 * References: other entities' states, read from the view and kept decoded until their state log brings
 * a newer one. A reference is good while its log has been followed to an end that was seen within the
 * last second and the view is at least as far; an empty view never looks like "no such contract".
 */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKS_MAX = 4096, LOOK_SLOTS = 16384, LOOKS_BYTES_MAX = 16 * 1024 * 1024 };

struct look {
    struct arena arena; /* of key and state */
    struct text key;
    uint64_t hash;
    struct state_log *log;
    const struct state_type *type;
    const void *state; /* NULL: there is none */
    bool loaded;
};

struct looks {
    struct look *slots[LOOK_SLOTS];
    uint32_t count;
    size_t bytes;
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

void looks_clear(struct engine *engine)
{
    struct looks *looks = engine->looks;
    for (uint32_t i = 0; i < LOOK_SLOTS; i++) {
        if (looks->slots[i] != NULL) {
            look_free(looks->slots[i]);
            looks->slots[i] = NULL;
        }
    }
    looks->count = 0;
    looks->bytes = 0;
}

void looks_free(struct looks *looks)
{
    if (looks != NULL) {
        for (uint32_t i = 0; i < LOOK_SLOTS; i++) {
            if (looks->slots[i] != NULL) {
                look_free(looks->slots[i]);
            }
        }
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

static struct look *look_add(struct engine *engine, struct look **place, uint64_t hash, struct text key)
{
    struct worker_slot *slot = slot_of_entity(engine, key);
    ENSURE(slot != NULL); /* a rule asked for an entity of no worker */
    if (!slot->open || !slot->referenced) {
        engine->turn.wants_slot = slot;
        return NULL;
    }
    struct look *look = calloc(1, sizeof(*look));
    if (look == NULL) {
        engine->turn.arena.on_exhausted(&engine->turn.arena);
    }
    look->key = arena_copy(&look->arena, key);
    look->hash = hash;
    look->log = &slot->logs[partition_of(entity_of_key(key), slot->count)];
    look->type = state_type_of(engine, slot, look->key);
    *place = look;
    engine->looks->count++;
    return look;
}

const void *look_at(struct engine *engine, struct text key)
{
    uint64_t hash = hash64(key);
    struct look **place = look_place(engine->looks, hash, key);
    struct look *look = *place != NULL ? *place : look_add(engine, place, hash, key);
    if (look != NULL && look->loaded) {
        return look->state;
    }
    engine->turn.looks_wanted = true;
    engine->turn.missing = true;
    return NULL;
}

/* Before a turn: too many references are all forgotten, so the memory is bounded. */
bool looks_fresh(struct engine *engine)
{
    if (engine->looks->count > LOOKS_MAX || engine->looks->bytes > LOOKS_BYTES_MAX) {
        looks_clear(engine);
    }
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->referenced && p < slot->count; p++) {
            if (!follow_fresh(engine, &slot->logs[p])) {
                return false;
            }
        }
    }
    return true;
}

static bool look_fill(struct engine *engine, struct look *look, struct text value)
{
    struct record record;
    look->state = NULL;
    look->loaded = true;
    if (value.at == NULL) {
        return true;
    }
    struct text kept = arena_copy(&look->arena, value);
    enum record_result result = record_read(kept, &look->arena, &record);
    bool newer = result == RECORD_OK && record.body_version > look->type->version;
    void *state = arena_alloc(&look->arena, look->type->shape->size);
    if (result != RECORD_OK || newer ||
        (record.body.size > 0 && !shape_unpack(look->type->shape, record.body, &look->arena, state))) {
        struct item named = { .key = look->key };
        look->loaded = false;
        return item_halt(engine, &named, newer || result == RECORD_NEWER ? RECORD_NEWER : RECORD_BROKEN);
    }
    look->state = record.body.size > 0 ? state : NULL;
    return true;
}

static void look_empty(struct looks *looks, struct look *look)
{
    struct text key = look->key;
    struct arena old = look->arena;
    looks->bytes -= old.held < looks->bytes ? old.held : looks->bytes;
    look->arena = (struct arena){ 0 };
    look->key = arena_copy(&look->arena, key);
    arena_release(&old);
}

/* Reads what look_at() asked for, each with the index of its partition in the same command. */
enum view_result looks_load(struct engine *engine, struct err_note *note)
{
    struct looks *looks = engine->looks;
    struct arena *arena = &engine->turn.arena;
    struct view_read *reads = arena_alloc(arena, looks->count * sizeof(struct view_read));
    struct look **wanted = arena_alloc(arena, looks->count * sizeof(struct look *));
    size_t count = 0;
    for (uint32_t i = 0; i < LOOK_SLOTS; i++) {
        struct look *look = looks->slots[i];
        if (look != NULL && !look->loaded) {
            wanted[count] = look;
            reads[count++] = (struct view_read){ .group = look->log->group, .keys = &look->key, .key_count = 1 };
        }
    }
    engine->turn.looks_wanted = false;
    enum view_result result = count == 0 ? VIEW_OK : engine->view->ops->read(engine->view, arena, reads, count, note);
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        if (reads[i].index < wanted[i]->log->records_end && wanted[i]->log->has_records) {
            wanted[i]->log->positioned = false; /* the view went back: follow it from there */
            engine->turn.looks_stale = true;
            return VIEW_OK;
        }
        look_empty(looks, wanted[i]);
        if (!look_fill(engine, wanted[i], reads[i].values[0])) {
            return VIEW_OK;
        }
        looks->bytes += wanted[i]->arena.held;
    }
    return result;
}
