/*
 * Items: the records (heads and parts) that a turn touches, from the cache or the view. What is not at
 * hand becomes a need; load_wanted() fetches all needs of the batch in one round trip.
 */
#include "engine/inside.h"

#include <string.h>

#include "io/crash.h"

static struct item **item_place(struct turn *turn, uint64_t hash, struct text key)
{
    uint32_t mask = turn->item_slots - 1;
    for (uint32_t i = (uint32_t)hash & mask;; i = (i + 1) & mask) {
        struct item *item = turn->items[i];
        if (item == NULL || (item->hash == hash && text_equal(item->key, key))) {
            return &turn->items[i];
        }
    }
}

static void items_grow(struct turn *turn)
{
    struct item **old = turn->items;
    uint32_t old_slots = turn->item_slots;
    turn->item_slots = old_slots == 0 ? 1024 : old_slots * 2;
    turn->items = arena_alloc(&turn->arena, turn->item_slots * sizeof(struct item *));
    for (uint32_t i = 0; i < old_slots; i++) {
        if (old[i] != NULL) {
            *item_place(turn, old[i]->hash, old[i]->key) = old[i];
        }
    }
}

static bool is_entity(struct text key)
{
    return memchr(key.at, '/', key.size) == NULL;
}

struct item *item_of(struct engine *engine, struct partition *partition, struct text key)
{
    struct turn *turn = &engine->turn;
    if ((turn->item_count + 1) * 2 > turn->item_slots) {
        items_grow(turn);
    }
    uint64_t hash = hash64(key);
    struct item **place = item_place(turn, hash, key);
    if (*place == NULL) {
        struct item *item = arena_alloc(&turn->arena, sizeof(*item));
        item->key = arena_copy(&turn->arena, key);
        item->hash = hash;
        item->partition = partition;
        item->head_owner = is_entity(key);
        item->type = state_type_of(engine, partition->slot, item->key);
        *place = item;
        turn->item_count++;
    }
    return *place;
}

/* A record that this release cannot read: the partition halts, a newer worker may take it. */
bool item_halt(struct engine *engine, const struct item *item, enum record_result result)
{
    engine->turn.halted = true;
    engine->turn.missing = true;
    err_note(&engine->turn.failed_note, ERR_CONFIG,
             result == RECORD_NEWER
                 ? "state of %.*s was written by a newer release (envelope or body version); run "
                   "that release, or a later one, on this partition"
                 : "state of %.*s cannot be read: the state log or Redis holds something else; "
                   "compare `makegood show` with the state log, then rebuild the view",
             TEXT_ARGS(item->key));
    return false;
}

static bool item_fill(struct engine *engine, struct item *item, struct text value)
{
    struct turn *turn = &engine->turn;
    item->loaded = true;
    if (value.at == NULL) {
        item->head = item->head_owner ? arena_alloc(&turn->arena, sizeof(struct head)) : NULL;
        return true;
    }
    struct record record;
    enum record_result result = record_read(arena_copy(&turn->arena, value), &turn->arena, &record);
    if (result != RECORD_OK) {
        return item_halt(engine, item, result);
    }
    if (item->type != NULL && record.body_version > item->type->version) {
        return item_halt(engine, item, RECORD_NEWER);
    }
    item->present = (record.flags & RECORD_EMPTY) == 0;
    item->due_ms = item->stored_due_ms = record.due_ms;
    item->body_version = record.body_version;
    item->body = item->present && record.body.size > 0 ? record.body : (struct text){ 0 };
    if (item->head_owner) {
        item->head = arena_alloc(&turn->arena, sizeof(struct head));
        *item->head = record.head;
    }
    return true;
}

static void want(struct turn *turn, struct item *item)
{
    if (item->wanted) {
        return;
    }
    if (turn->wanted_count == turn->wanted_room) {
        uint32_t room = turn->wanted_room == 0 ? 256 : turn->wanted_room * 2;
        struct item **wanted = arena_alloc(&turn->arena, room * sizeof(struct item *));
        if (turn->wanted_count > 0) {
            memcpy(wanted, turn->wanted, turn->wanted_count * sizeof(struct item *));
        }
        turn->wanted = wanted;
        turn->wanted_room = room;
    }
    item->wanted = true;
    turn->wanted[turn->wanted_count++] = item;
}

bool item_ready(struct engine *engine, struct item *item)
{
    if (item->loaded) {
        return true;
    }
    struct text value;
    if (cache_get(engine->cache, item->partition->tenure, item->key, &value)) {
        return item_fill(engine, item, value);
    }
    want(&engine->turn, item);
    engine->turn.missing = true;
    return false;
}

const void *item_decoded(struct engine *engine, struct item *item)
{
    if (!item_ready(engine, item) || item->body.at == NULL) {
        return NULL;
    }
    if (item->decoded == NULL) {
        void *decoded = arena_alloc(&engine->turn.arena, item->type->shape->size);
        if (!shape_unpack(item->type->shape, item->body, &engine->turn.arena, decoded)) {
            item_halt(engine, item, RECORD_BROKEN);
            return NULL;
        }
        item->decoded = decoded;
    }
    return item->decoded;
}

void item_change(struct engine *engine, struct item *item)
{
    struct undo *undo = arena_alloc(&engine->turn.run_arena, sizeof(*undo));
    undo->item = item;
    undo->before = *item;
    undo->next = engine->turn.undo;
    engine->turn.undo = undo;
}

struct head *item_head_change(struct engine *engine, struct item *item)
{
    item_change(engine, item);
    struct head *head = arena_alloc(&engine->turn.arena, sizeof(*head));
    *head = *item->head;
    item->head = head;
    return head;
}

/* --- fetching --- */

struct fetch {
    struct partition *partition;
    struct view_read *read;
    struct text *keys;
    struct item **items;
    size_t count;
};

/* The view must stand between our own last fold and our own last commit, which is the same place
 * between turns; anything else means that it went back or was flushed. */
static bool index_holds(const struct partition *partition, int64_t index)
{
    return index == partition->index;
}

static size_t group_wanted(struct engine *engine, struct fetch **out)
{
    struct turn *turn = &engine->turn;
    size_t count = 0, room = 0;
    for (size_t s = 0; s < engine->slot_count; s++) {
        room += engine->slots[s].run ? (size_t)engine->slots[s].count : 0;
    }
    struct fetch *fetches = arena_alloc(&turn->arena, (room + 1) * sizeof(struct fetch));
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            size_t n = 0;
            for (uint32_t i = 0; i < turn->wanted_count; i++) {
                n += turn->wanted[i]->partition == &slot->partitions[p];
            }
            if (n > 0) {
                fetches[count++] = (struct fetch){
                    .partition = &slot->partitions[p],
                    .keys = arena_alloc(&turn->arena, n * sizeof(struct text)),
                    .items = arena_alloc(&turn->arena, n * sizeof(struct item *)),
                };
            }
        }
    }
    for (uint32_t i = 0; i < turn->wanted_count; i++) {
        struct item *item = turn->wanted[i];
        size_t f = 0;
        while (fetches[f].partition != item->partition) {
            f++;
        }
        fetches[f].keys[fetches[f].count] = item->key;
        fetches[f].items[fetches[f].count++] = item;
    }
    *out = fetches;
    return count;
}

enum view_result load_wanted(struct engine *engine, struct err_note *note)
{
    struct turn *turn = &engine->turn;
    struct fetch *fetches;
    size_t count = group_wanted(engine, &fetches);
    if (count == 0) {
        return VIEW_OK;
    }
    struct view_read *reads = arena_alloc(&turn->arena, count * sizeof(struct view_read));
    for (size_t i = 0; i < count; i++) {
        reads[i].group = fetches[i].partition->log->group;
        reads[i].keys = fetches[i].keys;
        reads[i].key_count = fetches[i].count;
    }
    CRASH_POINT("loading");
    enum view_result result = engine->view->ops->read(engine->view, &turn->arena, reads, count, note);
    CRASH_POINT("loaded");
    turn->wanted_count = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < fetches[i].count; k++) {
            fetches[i].items[k]->wanted = false;
        }
    }
    if (result != VIEW_OK) {
        return result;
    }
    for (size_t i = 0; i < count; i++) {
        struct partition *partition = fetches[i].partition;
        if (!index_holds(partition, reads[i].index)) {
            engine_retake(engine, partition, "the view's index is not where it was left");
            return VIEW_LOST;
        }
        for (size_t k = 0; k < fetches[i].count; k++) {
            struct item *item = fetches[i].items[k];
            cache_put(engine->cache, partition->tenure, item->key, reads[i].values[k]);
            if (!item_fill(engine, item, reads[i].values[k])) {
                return VIEW_OK; /* halted: the turn sees it */
            }
        }
    }
    return VIEW_OK;
}
