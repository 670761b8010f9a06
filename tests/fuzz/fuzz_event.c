/*
 * An input record, from its bytes to the struct that a rule is given (messages: Envelope, rows 1-4).
 * Lines "ce_name: value" or "content-type: value" in front, up to an empty line, are its headers.
 *
 * What is taken must mean the same after it was written and read again, as JSON and as packed.
 */
#include "engine/worker.h"
#include "fuzz/fuzz.h"
#include "io/bus.h"
#include "wire/event.h"
#include "workers/makegood/workers.h"

static struct arena arena;

static size_t read_headers(struct text *rest, struct header *headers)
{
    size_t count = 0;
    while (count < BUS_HEADERS_MAX &&
           (text_starts(*rest, TEXT("ce_")) || text_starts(*rest, TEXT("content-type")))) {
        struct text line = fuzz_line(rest);
        const char *colon = memchr(line.at, ':', line.size);
        uint32_t size = colon ? (uint32_t)(colon - line.at) : line.size;
        headers[count].name = (struct text){ line.at, size };
        headers[count].value = (struct text){ NULL, 0 };
        if (colon) {
            uint32_t skip = size + 1 < line.size && colon[1] == ' ' ? 2 : 1;
            headers[count].value = (struct text){ colon + skip, line.size - size - skip };
        }
        count++;
    }
    if (count && rest->size && rest->at[0] == '\n') {
        fuzz_line(rest);
    }
    return count;
}

static void written_and_read(const struct shape *shape, const void *data)
{
    struct json_writer writer;
    struct json json;
    struct json_fault fault;
    struct field_fault field_fault;
    void *again = arena_alloc(&arena, shape->size), *unpacked = arena_alloc(&arena, shape->size);
    json_writer_init(&writer, &arena, 256);
    json_open_object(&writer, NULL);
    shape_encode(shape, data, &writer);
    json_close_object(&writer);
    struct text text = json_writer_text(&writer);
    PROMISE(json_parse(&arena, text, &json, &fault), "%s at %u in %.*s", fault.what, fault.offset,
            TEXT_ARGS(text));
    PROMISE(shape_decode(shape, &json, 0, &arena, "", again, &field_fault), "%s %s in %.*s",
            field_fault.pointer, field_fault.expected, TEXT_ARGS(text));
    PROMISE(shape_equal(shape, data, again), "%.*s", TEXT_ARGS(text));
    struct text packed = shape_pack(shape, data, &arena);
    PROMISE(shape_unpack(shape, packed, &arena, unpacked), "%.*s", TEXT_ARGS(text));
    PROMISE(shape_equal(shape, data, unpacked), "%.*s", TEXT_ARGS(text));
}

static void take(const struct message_type *type, const struct event *event)
{
    struct field_fault fault = { "", "" };
    void *data = arena_alloc(&arena, type->shape->size);
    if (!shape_decode(type->shape, &event->json, event->data, &arena, "/data", data, &fault)) {
        PROMISE(text_starts(text_of(fault.pointer), TEXT("/data")) && fault.expected[0],
                "refused without a word: %s %s", fault.pointer, fault.expected);
        return;
    }
    written_and_read(type->shape, data);
    if (type->entity) {
        struct text entity = type->entity(data, &arena);
        PROMISE(entity.size > 0 && memchr(entity.at, ':', entity.size), "entity of %s", type->name);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct header headers[BUS_HEADERS_MAX];
    struct event event;
    struct event_fault fault;
    struct text value = { (const char *)bytes, (uint32_t)size };
    size_t count = read_headers(&value, headers);
    arena_reset(&arena);
    if (!event_read(&arena, value, headers, count, &event, &fault)) {
        PROMISE(fault.reason != DEAD_NONE && fault.detail[0], "refused without a reason");
        return 0;
    }
    PROMISE(arena.used <= 64 * size + 4096, "%zu bytes for %zu", arena.used, size);
    struct text name = event_short_type(event.type);
    for (const struct worker *const *worker = makegood_workers; name.at && *worker; worker++) {
        const struct message_type *type = worker_message(*worker, name);
        if (type) {
            take(type, &event);
        }
    }
    return 0;
}
