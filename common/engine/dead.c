/* Dead letters: the record as it came, with the reason and where it was. */
#include "engine/emit_inside.h"

#include <string.h>

enum { DLQ_HEADERS = 9, DEAD_PREFIX_BYTES = 65536 };

static size_t header_bytes(const struct header *headers, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += headers[i].name.size + headers[i].value.size + 16;
    }
    return bytes;
}

/* Too big for the broker even there: hash, length and the beginning stand for the value, and a key or
 * headers that are as large are left out. */
static void by_reference(struct builder *builder, struct text *key, struct text *value,
                         const struct header *headers, size_t *header_count)
{
    struct arena *arena = builder->arena;
    struct hash128 hash = hash128(*value);
    uint32_t size = value->size;
    value->size = size < DEAD_PREFIX_BYTES ? size : DEAD_PREFIX_BYTES;
    struct text says =
        arena_printf(arena, "xxh3-128 %016llx%016llx, %u bytes, value holds the first %u",
                     (unsigned long long)hash.high, (unsigned long long)hash.low, size, value->size);
    if (key->size > DEAD_PREFIX_BYTES) {
        says = arena_printf(arena, "%.*s; left out: key of %u bytes", TEXT_ARGS(says), key->size);
        *key = (struct text){ 0 };
    }
    if (header_bytes(headers, *header_count) > DEAD_PREFIX_BYTES) {
        says = arena_printf(arena, "%.*s; left out: %zu headers", TEXT_ARGS(says), *header_count);
        *header_count = 0;
    }
    builder_add(builder, "dlq-by-reference", says);
}

void emit_dead_letter(struct engine *engine, struct message *message, enum dead_reason reason,
                      struct text detail)
{
    struct arena *arena = &engine->turn.run_arena;
    struct worker_slot *slot = message->partition->slot;
    struct builder builder = { .engine = engine, .arena = arena };
    size_t count = engine->bus->ops->headers(engine->bus, &message->record, NULL, 0);
    struct header *original = arena_alloc(arena, (count + DLQ_HEADERS + 1) * sizeof(struct header));
    engine->bus->ops->headers(engine->bus, &message->record, original, count);
    builder_add(&builder, "dlq-reason", text_of(dead_reason_name(reason)));
    builder_add(&builder, "dlq-detail", detail);
    builder_add(&builder, "dlq-topic", text_of(slot->worker->name));
    builder_add(&builder, "dlq-partition", arena_number(arena, message->record.place.partition));
    builder_add(&builder, "dlq-offset", arena_number(arena, message->record.offset));
    builder_add(&builder, "dlq-timestamp-ms", arena_number(arena, message->record.timestamp_ms));
    builder_add(&builder, "dlq-worker", slot->source);
    builder_add(&builder, "dlq-first-failed-at", emit_time(arena, message->time_ms));
    builder_add(&builder, "dlq-redrives", TEXT("0"));
    struct text key = message->record.key, value = message->record.value;
    if (value.size + key.size + header_bytes(original, count) > DEAD_LETTER_BYTES_MAX) {
        by_reference(&builder, &key, &value, original, &count);
    }
    ENSURE(builder.count <= DLQ_HEADERS + 1);
    memcpy(original + count, builder.headers, builder.count * sizeof(struct header));
    struct effect *effect = builder_effect(engine, &builder, (struct bus_place){ slot->dlq, BUS_BY_KEY },
                                       key, value);
    effect->message.headers = original;
    effect->message.header_count = count + builder.count;
    effect->dead = reason;
    report_dead_letter(engine, message, reason);
}
