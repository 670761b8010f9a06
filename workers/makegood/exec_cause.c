/*
 * Which line of stdin brought about what `exec` prints. A line's own record says so by its offset; a
 * message that a worker sent names its first cause by source and id, which is the line that was last
 * answered under them: a duplicate is answered, but sends nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "workers/makegood/exec_inside.h"
#include "workers/makegood/workers.h"

static const struct cause by_timer = { .line = -1 };

int exec_input(const char *topic)
{
    for (int i = 0; makegood_workers[i]; i++) {
        if (strcmp(makegood_workers[i]->name, topic) == 0) {
            return i;
        }
    }
    return -1;
}

static void note_cause(struct exec *exec, int input, int64_t offset, struct cause cause)
{
    struct causes *causes = &exec->causes[input];
    while (causes->count <= (size_t)offset) { /* markers take offsets too */
        if (causes->count == causes->room) {
            causes->room = causes->room ? causes->room * 2 : 1024;
            causes->rows = realloc(causes->rows, causes->room * sizeof(*causes->rows));
            ENSURE(causes->rows != NULL);
        }
        causes->rows[causes->count++] = by_timer;
    }
    causes->rows[offset] = cause;
}

void exec_note_line(struct exec *exec, int input, int64_t offset, struct text source, struct text id)
{
    struct cause cause = { exec->line, input, false, hash128_two(source, id) };
    note_cause(exec, input, offset, cause);
}

struct cause exec_cause_of(const struct exec *exec, struct text place)
{
    char topic[128];
    const char *slash = memchr(place.at, '/', place.size);
    ENSURE(slash && (size_t)(slash - place.at) < sizeof(topic) && slash[1] == '0');
    memcpy(topic, place.at, (size_t)(slash - place.at));
    topic[slash - place.at] = 0;
    int64_t offset = 0; /* up to the end of the text: what lies behind it may be a digit too */
    for (const char *digit = slash + 3; digit < place.at + place.size; digit++) {
        offset = offset * 10 + (*digit - '0');
    }
    const struct causes *causes = &exec->causes[exec_input(topic)];
    return (size_t)offset < causes->count ? causes->rows[offset] : by_timer;
}

/* --- by source and id --- */

static struct origin *find_origin(const struct exec *exec, struct hash128 id)
{
    size_t slot = (size_t)id.low & (exec->origin_slots - 1);
    while (exec->origins[slot].used && !hash128_equal(exec->origins[slot].cause.id, id)) {
        slot = (slot + 1) & (exec->origin_slots - 1);
    }
    return &exec->origins[slot];
}

static void grow(struct exec *exec)
{
    struct origin *old = exec->origins;
    size_t old_slots = exec->origin_slots;
    exec->origin_slots = old_slots ? old_slots * 2 : 1024;
    exec->origins = calloc(exec->origin_slots, sizeof(*exec->origins));
    ENSURE(exec->origins != NULL);
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i].used) {
            *find_origin(exec, old[i].cause.id) = old[i];
        }
    }
    free(old);
}

void exec_note_verdict(struct exec *exec, struct cause cause)
{
    exec->dead = by_timer;
    if (cause.from_worker || cause.line < 0) {
        return;
    }
    if (exec->origin_count * 2 >= exec->origin_slots) {
        grow(exec);
    }
    struct origin *origin = find_origin(exec, cause.id);
    exec->origin_count += !origin->used;
    *origin = (struct origin){ cause, true };
}

void exec_note_dead(struct exec *exec, struct cause cause)
{
    exec->dead = cause;
}

static struct cause cause_by_id(const struct exec *exec, struct hash128 id)
{
    if (exec->dead.line >= 0 && hash128_equal(exec->dead.id, id)) {
        return exec->dead; /* what a dead letter reports comes right behind it */
    }
    const struct origin *origin = exec->origin_slots ? find_origin(exec, id) : NULL;
    return origin && origin->used ? origin->cause : by_timer;
}

void exec_note_follow_up(struct exec *exec, int input, int64_t offset, const struct header *headers,
                         size_t count)
{
    struct text source = header_value(headers, count, "ce_source");
    struct text id = header_value(headers, count, "ce_id");
    bool from_worker = text_starts(source, TEXT("/makegood/"));
    struct text origin = header_value(headers, count, "makegood-origin");
    const char *bar = origin.at ? memchr(origin.at, '|', origin.size) : NULL;
    if (bar) {
        const char *end = origin.at + origin.size;
        const char *next = memchr(bar + 1, '|', (size_t)(end - bar - 1));
        source = (struct text){ origin.at, (uint32_t)(bar - origin.at) };
        id = (struct text){ bar + 1, (uint32_t)((next ? next : end) - bar - 1) };
    }
    struct cause cause = cause_by_id(exec, hash128_two(source, id));
    cause.from_worker = from_worker;
    note_cause(exec, input, offset, cause);
}
