/* Names: of entities, how an id becomes a key and a key is taken apart; of types of messages. */
#include "engine/worker.h"

const struct message_type *worker_message(const struct worker *worker, struct text name)
{
    for (size_t i = 0; i < worker->message_count; i++) {
        if (text_is(name, worker->messages[i].name)) {
            return &worker->messages[i];
        }
    }
    return NULL;
}

const struct handler *message_handler(const struct message_type *type, struct text entity)
{
    for (int i = 0; i < HANDLERS_MAX && type->handlers[i].entity_type != NULL; i++) {
        size_t size = strlen(type->handlers[i].entity_type);
        if (entity.size > size && entity.at[size] == ':' &&
            memcmp(entity.at, type->handlers[i].entity_type, size) == 0) {
            return &type->handlers[i];
        }
    }
    return NULL;
}

static size_t escaped_size(struct text id)
{
    size_t size = id.size;
    for (uint32_t i = 0; i < id.size; i++) {
        size += (id.at[i] == '%' || id.at[i] == '/' || id.at[i] == '|') ? 2 : 0;
    }
    return size;
}

static char *escape_into(char *at, struct text id)
{
    for (uint32_t i = 0; i < id.size; i++) {
        const char *code = id.at[i] == '%' ? "%25" : id.at[i] == '/' ? "%2F" : id.at[i] == '|' ? "%7C" : NULL;
        if (code != NULL) {
            memcpy(at, code, 3);
            at += 3;
        } else {
            *at++ = id.at[i];
        }
    }
    return at;
}

static char *put(char *at, const char *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

struct text entity_name(struct arena *arena, const char *entity_type, struct text id)
{
    size_t type_size = strlen(entity_type);
    size_t size = type_size + 1 + escaped_size(id);
    char *bytes = arena_bytes(arena, size);
    char *at = put(bytes, entity_type, type_size);
    *at++ = ':';
    escape_into(at, id);
    return (struct text){ bytes, (uint32_t)size };
}

struct text entity_name_two(struct arena *arena, const char *entity_type, struct text first,
                            struct text second)
{
    size_t type_size = strlen(entity_type);
    size_t size = type_size + 2 + escaped_size(first) + escaped_size(second);
    char *bytes = arena_bytes(arena, size);
    char *at = put(bytes, entity_type, type_size);
    *at++ = ':';
    at = escape_into(at, first);
    *at++ = ':';
    escape_into(at, second);
    return (struct text){ bytes, (uint32_t)size };
}

static struct text until(struct text key, char stop)
{
    const char *end = memchr(key.at, stop, key.size);
    return (struct text){ key.at, end != NULL ? (uint32_t)(end - key.at) : key.size };
}

struct text entity_of_key(struct text key)
{
    return until(key, '/');
}

struct text entity_type_of(struct arena *arena, struct text key)
{
    struct text head = until(key, ':');
    struct text entity = entity_of_key(key);
    if (entity.size == key.size) {
        return head;
    }
    struct text part = { key.at + entity.size + 1, key.size - entity.size - 1 };
    struct text part_type = until(part, ':');
    char *bytes = arena_bytes(arena, head.size + 1 + part_type.size);
    char *at = put(bytes, head.at, head.size);
    *at++ = '/';
    put(at, part_type.at, part_type.size);
    return (struct text){ bytes, head.size + 1 + part_type.size };
}
