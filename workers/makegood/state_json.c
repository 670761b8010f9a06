/* Decodes a state record by the table of its worker. */
#include "workers/makegood/state_json.h"

#include "base/time.h"
#include "engine/record.h"
#include "workers/makegood/workers.h"

static const struct state_type *type_of_key(struct text key, struct arena *arena,
                                            const struct worker **owner)
{
    struct text type = entity_type_of(arena, key);
    for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
        for (size_t i = 0; i < (*worker)->state_count; i++) {
            if (text_is(type, (*worker)->states[i].entity_type)) {
                *owner = *worker;
                return &(*worker)->states[i];
            }
        }
    }
    return NULL;
}

const struct worker *worker_of_key(struct text key, struct arena *arena)
{
    const struct worker *worker = NULL;
    type_of_key(key, arena, &worker);
    return worker;
}

const struct state_type *state_type_of_key(struct text key, struct arena *arena)
{
    const struct worker *worker;
    return type_of_key(key, arena, &worker);
}

const void *state_of(struct text key, struct text value, struct arena *arena)
{
    struct record record;
    const struct worker *worker;
    const struct state_type *type = type_of_key(key, arena, &worker);
    if (!type || !value.at || record_read(value, arena, &record) != RECORD_OK ||
        record.body_version > type->version || !record.body.size) {
        return NULL;
    }
    void *state = arena_alloc(arena, type->shape->size);
    if (!shape_unpack(type->shape, record.body, arena, state)) {
        return NULL;
    }
    if (type->prepare) {
        type->prepare(state, arena);
    }
    return state;
}

bool state_json(struct text key, struct text value, struct arena *arena, struct json_writer *writer,
                const char **why)
{
    struct record record;
    const struct worker *worker;
    const struct state_type *type = type_of_key(key, arena, &worker);
    void *state = NULL;
    *why = "written by a newer release";
    if (!type || record_read(value, arena, &record) != RECORD_OK ||
        record.body_version > type->version) {
        *why = type ? *why : "no worker of this release keeps it";
        return false;
    }
    if (record.body.size) {
        state = arena_alloc(arena, type->shape->size);
        if (!shape_unpack(type->shape, record.body, arena, state)) {
            *why = "its bytes are not what this release writes";
            return false;
        }
    }
    json_put_text(writer, "entity", key);
    if (record.flags & RECORD_HEAD) {
        json_put_int(writer, "version", record.head.version);
    }
    if (record.due_ms > 0) {
        char time[TIME_TEXT_SIZE];
        time_format(record.due_ms, time);
        json_put_text(writer, "nextDue", text_of(time));
    }
    if (record.head.waiting_count) {
        json_put_int(writer, "waiting", record.head.waiting_count);
    }
    if (state) {
        json_open_object(writer, "state");
        shape_encode(type->shape, state, writer);
        json_close_object(writer);
    }
    return true;
}
