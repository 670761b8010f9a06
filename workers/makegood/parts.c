/* Nobody keeps a list of all parts of an entity: rules need none. The log has them all. */
#include "workers/makegood/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "engine/record.h"
#include "io/signals.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/workers.h"

struct search {
    struct text entity;
    int64_t end;
    struct parts *parts;
};

bool parts_possible(struct text entity)
{
    const char *colon = memchr(entity.at, ':', entity.size);
    size_t size = colon ? (size_t)(colon - entity.at) : entity.size;
    bool part = memchr(entity.at, '/', entity.size) != NULL;
    for (const struct worker *const *worker = makegood_workers; !part && *worker; worker++) {
        for (size_t i = 0; i < (*worker)->state_count; i++) {
            const char *type = (*worker)->states[i].entity_type;
            if (strncmp(type, entity.at, size) == 0 && type[size] == '/') {
                return true;
            }
        }
    }
    return false;
}

static bool is_part_of(struct text key, struct text entity)
{
    return key.size > entity.size && key.at[entity.size] == '/' && text_starts(key, entity);
}

static struct text keep(struct text text)
{
    char *at = malloc(text.size ? text.size : 1);
    ENSURE(at != NULL);
    memcpy(at, text.at, text.size);
    return (struct text){ at, text.size };
}

static void add(struct parts *parts, const struct kafka_read_record *record)
{
    if (parts->count == parts->room) {
        parts->room = parts->room ? parts->room * 2 : 64;
        parts->items = realloc(parts->items, parts->room * sizeof(*parts->items));
        ENSURE(parts->items != NULL);
    }
    parts->items[parts->count++] = (struct part){ keep(record->key), keep(record->value), record->offset };
}

static bool take(void *context, const struct kafka_read_record *record)
{
    struct search *search = context;
    if (record && record->offset >= search->end) {
        return false;
    }
    if (record && record->key.at && record->value.at && is_part_of(record->key, search->entity)) {
        add(search->parts, record);
    }
    return !signals_stop_wanted();
}

static int by_key_then_offset(const void *a, const void *b)
{
    const struct part *left = a, *right = b;
    int order = text_compare(left->key, right->key);
    return order != 0 ? order : (left->offset > right->offset) - (left->offset < right->offset);
}

/* The engine keeps parts of its own, of which no worker knows. */
static bool is_state(struct text key, struct text value)
{
    struct arena arena = { 0 };
    int64_t due_ms;
    uint8_t flags;
    bool state = state_type_of_key(key, &arena) != NULL &&
                 (record_prefix(value, &due_ms, &flags) != RECORD_OK || !(flags & RECORD_EMPTY));
    arena_release(&arena);
    return state;
}

static void drop(struct part *part)
{
    free((char *)part->key.at);
    free((char *)part->value.at);
}

/* Of each key its last state, unless that says that it is gone. */
static void keep_last(struct parts *parts)
{
    size_t kept = 0;
    if (parts->count > 0) {
        qsort(parts->items, parts->count, sizeof(*parts->items), by_key_then_offset);
    }
    for (size_t i = 0; i < parts->count; i++) {
        struct part *part = &parts->items[i];
        bool last = i + 1 == parts->count || !text_equal(part->key, parts->items[i + 1].key);
        if (last && is_state(part->key, part->value)) {
            parts->items[kept++] = *part;
        } else {
            drop(part);
        }
    }
    parts->count = kept;
}

enum err parts_read(struct kafka_admin *admin, const struct parts_log *log, struct text entity,
                    struct parts *parts, struct err_note *note)
{
    struct search search = { entity, log->end, parts };
    struct kafka_read read = { .topic = log->topic, .partition = log->partition, .from = KAFKA_FROM_START };
    enum err err = kafka_admin_read(admin, &read, take, &search, SERVERS_WAIT_MS, note);
    keep_last(parts);
    return err;
}

void parts_free(struct parts *parts)
{
    for (size_t i = 0; i < parts->count; i++) {
        drop(&parts->items[i]);
    }
    free(parts->items);
    *parts = (struct parts){ 0 };
}
