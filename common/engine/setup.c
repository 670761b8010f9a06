/* Making an engine out of its setup and the workers' rows, and finding by name what that made. */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

/* --- setup --- */

static bool runs(const struct engine_setup *setup, const char *name)
{
    for (const char *const *run = setup->run; *run != NULL; run++) {
        if (strcmp(*run, name) == 0) {
            return true;
        }
    }
    return false;
}

static int32_t member_offset(const struct shape *shape, const char *name)
{
    const struct field *field = shape_field(shape, name);
    return field != NULL ? (int32_t)field->offset : -1;
}

static void setup_slot(struct engine *engine, const struct worker *worker)
{
    struct worker_slot *slot = &engine->slots[engine->slot_count++];
    struct arena *arena = &engine->permanent;
    slot->worker = worker;
    slot->run = runs(&engine->setup, worker->name);
    engine->line_reporter = worker->line_reports != NULL ? worker : engine->line_reporter;
    slot->source = arena_printf(arena, "/makegood/%s", worker->name);
    slot->batch_offsets = arena_alloc(arena, worker->message_count * sizeof(int32_t));
    slot->line_offsets = arena_alloc(arena, worker->message_count * sizeof(int32_t));
    slot->order_offsets = arena_alloc(arena, worker->message_count * sizeof(int32_t));
    for (size_t i = 0; i < worker->message_count; i++) {
        slot->batch_offsets[i] = member_offset(worker->messages[i].shape, "batchId");
        slot->line_offsets[i] = member_offset(worker->messages[i].shape, "line");
        int32_t oid = member_offset(worker->messages[i].shape, "oid");
        slot->order_offsets[i] =
            oid >= 0 ? oid : member_offset(worker->messages[i].shape, "orderId");
    }
    if (engine->setup.metrics != NULL) {
        struct text labels = arena_printf(arena, "topic=\"%s\"%c", worker->name, 0);
        slot->consumed = metrics_counter(engine->setup.metrics, "events_consumed_total", labels.at,
                                         "Input records decided");
    }
}

/* Returns outside of a turn and of engine_new(): there is nothing to abort, the process ends
 * (base/arena.h). */
static void exhausted(struct arena *arena)
{
    struct engine *engine = arena->context;
    if (engine->exhausted_set) {
        turn_exhausted(engine, arena->at_bound ? SHORT_OF_TURN : SHORT_OF_MEMORY);
    }
}

struct arena engine_arena(struct engine *engine, size_t bytes_max, size_t block_bytes)
{
    return (struct arena){ .bytes_max = bytes_max, .block_bytes = block_bytes,
                           .on_exhausted = exhausted, .context = engine };
}

static enum err setup_workers(struct engine *engine, struct err_note *note)
{
    size_t running = 0, asked = 0;
    for (const struct worker *const *worker = engine->setup.workers; *worker != NULL; worker++) {
        ENSURE(engine->slot_count < WORKERS_MAX);
        setup_slot(engine, *worker);
        running += engine->slots[engine->slot_count - 1].run;
    }
    while (engine->setup.run[asked] != NULL) {
        asked++;
    }
    if (asked == 0 || running != asked) {
        return err_note(note, ERR_USAGE, "name the workers to run, each once, out of those that exist");
    }
    return OK;
}

static void setup_defaults(struct engine_setup *setup)
{
    setup->turn_records_max = setup->turn_records_max > 0 ? setup->turn_records_max : TURN_RECORDS_DEFAULT;
    setup->turn_timers_max = setup->turn_timers_max > 0 ? setup->turn_timers_max : TURN_TIMERS_DEFAULT;
    setup->turn_bytes_max = setup->turn_bytes_max > 0 ? setup->turn_bytes_max : TURN_BYTES_DEFAULT;
    setup->cache_bytes = setup->cache_bytes > 0 ? setup->cache_bytes : CACHE_BYTES_DEFAULT;
}

static enum err out_of_memory(const struct engine *engine, struct err_note *note)
{
    return err_note(note, ERR_INTERNAL, "out of memory: cache.bytes is %zu", engine->setup.cache_bytes);
}

/* All that it needs for its life. */
static enum err setup_memory(struct engine *engine, struct err_note *note)
{
    engine->cache = cache_new(engine->setup.cache_bytes);
    engine->looks = looks_new();
    engine->counts = counts_new(engine->setup.metrics);
    engine->turn.messages = calloc(engine->records_max, sizeof(struct message));
    engine->permanent = engine->scratch = engine_arena(engine, 0, 0);
    engine->turn.arena = engine->turn.run_arena =
        engine_arena(engine, engine->setup.turn_bytes_max * TURN_ARENA_SHARE, 0);
    if (engine->cache == NULL || engine->looks == NULL || engine->counts == NULL ||
        engine->turn.messages == NULL) {
        return out_of_memory(engine, note);
    }
    if (setjmp(engine->exhausted) != 0) {
        return out_of_memory(engine, note);
    }
    engine->exhausted_set = true;
    engine->fold_batch = fold_batch_new(&engine->permanent);
    enum err err = setup_workers(engine, note);
    engine->exhausted_set = false;
    return err;
}

struct engine *engine_new(const struct engine_setup *setup, struct err_note *note)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        err_note(note, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    engine->setup = *setup;
    setup_defaults(&engine->setup);
    engine->bus = setup->bus;
    engine->view = setup->view;
    engine->records_max = engine->setup.turn_records_max;
    engine->timers_max = engine->setup.turn_timers_max;
    engine->view_ok = engine->bus_ok = true;
    if (setup_memory(engine, note) != OK) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    turn_discard(engine);
    for (size_t s = 0; s < engine->slot_count; s++) {
        for (int32_t p = 0; p < engine->slots[s].count; p++) {
            arena_release(&engine->slots[s].logs[p].arena);
        }
    }
    cache_free(engine->cache);
    looks_free(engine->looks);
    counts_free(engine->counts);
    free(engine->turn.messages);
    arena_release(&engine->turn.arena);
    arena_release(&engine->turn.run_arena);
    arena_release(&engine->scratch);
    arena_release(&engine->permanent);
    free(engine);
}

/* --- finding things --- */

struct partition *engine_partition(struct engine *engine, struct bus_place place)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        if (slot->run && slot->input == place.topic && place.partition < slot->count) {
            return &slot->partitions[place.partition];
        }
    }
    return NULL;
}

/* Is `key` ("account:7/reward:r1") of the entity type ("account/reward")? */
static bool key_has_type(struct text key, const char *entity_type)
{
    size_t head = strcspn(entity_type, "/");
    if (key.size <= head || memcmp(key.at, entity_type, head) != 0 || key.at[head] != ':') {
        return false;
    }
    const char *slash = memchr(key.at, '/', key.size);
    const char *part = entity_type + head;
    if (*part == 0 || slash == NULL) {
        return *part == 0 && slash == NULL;
    }
    size_t size = strlen(part);
    size_t left = (size_t)(key.at + key.size - slash);
    return left > size && memcmp(slash, part, size) == 0 && slash[size] == ':';
}

const struct state_type *state_type_of(struct engine *engine, struct worker_slot *slot, struct text key)
{
    (void)engine;
    for (size_t i = 0; i < slot->worker->state_count; i++) {
        if (key_has_type(key, slot->worker->states[i].entity_type)) {
            return &slot->worker->states[i];
        }
    }
    return NULL;
}

struct worker_slot *slot_of_entity(struct engine *engine, struct text key)
{
    struct text entity = entity_of_key(key);
    for (size_t s = 0;; s++) {
        ENSURE(s < engine->slot_count); /* a rule names an entity of no worker */
        if (state_type_of(engine, &engine->slots[s], entity) != NULL) {
            return &engine->slots[s];
        }
    }
}
