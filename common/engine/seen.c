/*
 * Remembered inputs: the last 2,048 external or forwarded inputs that an entity was given. The newest
 * lie in its head, full segments of 32 in parts "seen:<n>" that are used in turn, so nothing grows and
 * nothing is ever tombstoned.
 */
#include "engine/inside.h"

#include <string.h>

static struct item *segment_item(struct engine *engine, struct item *entity, int64_t segment)
{
    struct arena *arena = &engine->turn.run_arena;
    struct text key = arena_join(arena, entity->key, TEXT("/seen:"),
                                 arena_number(arena, segment % SEEN_SEGMENTS));
    return item_of(engine, entity->partition, key);
}

/* A full segment; NULL while it has to be fetched. */
static struct seen *segment_read(struct engine *engine, struct item *entity, int64_t segment,
                                 uint32_t *count)
{
    struct item *item = segment_item(engine, entity, segment);
    int64_t stored = -1;
    struct seen *seen = NULL;
    *count = 0;
    if (!item_ready(engine, item)) {
        return NULL;
    }
    if (item->body.at == NULL || !seen_unpack(item->body, &engine->turn.run_arena, &stored, &seen, count) ||
        stored != segment) {
        item_halt(engine, item, RECORD_BROKEN);
        return NULL;
    }
    return seen;
}

static enum verdict compare(const struct seen *seen, uint32_t from, uint32_t count,
                            const struct message *message, uint32_t *outcomes, bool *conflict)
{
    for (uint32_t i = from; i < count; i++) {
        if (hash128_equal(seen[i].id, message->id_hash)) {
            *outcomes = seen[i].outcomes;
            *conflict = !hash128_equal(seen[i].payload, message->payload_hash);
            return VERDICT_DUPLICATE;
        }
    }
    return VERDICT_NONE;
}

/* VERDICT_DUPLICATE when the entity was given this id within its memory. Asks for all segments at
 * once, so that a busy entity that is not in the cache costs one more round trip. */
enum verdict seen_check(struct engine *engine, struct message *message, uint32_t *outcomes,
                        bool *conflict)
{
    struct item *entity = message->item;
    const struct head *head = entity->head;
    int64_t oldest = head->seen_total > SEEN_MAX ? head->seen_total - SEEN_MAX : 0;
    int64_t open = head->seen_total / SEEN_PER_SEGMENT;
    enum verdict verdict = compare(head->seen, 0, (uint32_t)(head->seen_total % SEEN_PER_SEGMENT),
                                   message, outcomes, conflict);
    if (verdict != VERDICT_NONE) {
        return verdict;
    }
    for (int64_t segment = oldest / SEEN_PER_SEGMENT; segment < open; segment++) {
        uint32_t count;
        const struct seen *seen = segment_read(engine, entity, segment, &count);
        if (seen == NULL || verdict != VERDICT_NONE) {
            continue;
        }
        int64_t start = segment * SEEN_PER_SEGMENT;
        uint32_t from = oldest > start ? (uint32_t)(oldest - start) : 0;
        verdict = compare(seen, from, count, message, outcomes, conflict);
    }
    return verdict;
}

static void put_segment(struct engine *engine, struct item *entity, int64_t segment,
                        const struct seen *seen, uint32_t count)
{
    struct item *item = segment_item(engine, entity, segment);
    item_change(engine, item);
    item->loaded = item->present = true; /* whatever it was, it is this now */
    item->body = seen_pack(segment, seen, count, &engine->turn.arena);
    item->decoded = NULL;
}

/* Remembers the message; its number among all that the entity was given. */
int64_t seen_add(struct engine *engine, struct message *message, uint32_t outcomes)
{
    struct head *head = item_head_change(engine, message->item);
    uint32_t at = (uint32_t)(head->seen_total % SEEN_PER_SEGMENT);
    if (at >= head->seen_room) {
        uint32_t room = at + 8 > SEEN_PER_SEGMENT ? SEEN_PER_SEGMENT : at + 8;
        struct seen *seen = arena_alloc(&engine->turn.arena, room * sizeof(struct seen));
        if (at > 0) {
            memcpy(seen, head->seen, at * sizeof(struct seen));
        }
        head->seen = seen;
        head->seen_room = room;
    }
    head->seen[at] = (struct seen){ message->id_hash, message->payload_hash, outcomes };
    int64_t number = head->seen_total++;
    if (head->seen_total % SEEN_PER_SEGMENT == 0) {
        put_segment(engine, message->item, number / SEEN_PER_SEGMENT, head->seen, SEEN_PER_SEGMENT);
        head->seen = NULL;
        head->seen_room = 0;
    }
    return number;
}

/* A waiting message wrote more outcomes. False while its segment has to be fetched. */
bool seen_update(struct engine *engine, struct item *entity, int64_t number, uint32_t outcomes)
{
    const struct head *head = entity->head;
    uint32_t at = (uint32_t)(number % SEEN_PER_SEGMENT);
    if (number < head->seen_total - SEEN_MAX) {
        return true; /* forgotten meanwhile */
    }
    if (number / SEEN_PER_SEGMENT == head->seen_total / SEEN_PER_SEGMENT) {
        struct head *next = item_head_change(engine, entity);
        uint32_t count = (uint32_t)(next->seen_total % SEEN_PER_SEGMENT);
        struct seen *seen = arena_alloc(&engine->turn.arena, next->seen_room * sizeof(struct seen));
        memcpy(seen, next->seen, count * sizeof(struct seen));
        seen[at].outcomes = outcomes;
        next->seen = seen;
        return true;
    }
    uint32_t count;
    struct seen *seen = segment_read(engine, entity, number / SEEN_PER_SEGMENT, &count);
    if (seen == NULL) {
        return false;
    }
    seen[at].outcomes = outcomes;
    put_segment(engine, entity, number / SEEN_PER_SEGMENT, seen, count);
    return true;
}
