/*
 * A state record as it comes from the log or the view. The first byte chooses the state type, the
 * rest is the record. Whatever the bytes: no more memory than they account for; and what is taken
 * means the same after it was written and read again.
 */
#include "engine/record.h"
#include "engine/worker.h"
#include "fuzz/fuzz.h"
#include "workers/makegood/workers.h"

static struct arena arena;

static const struct state_type *choose(uint8_t number)
{
    size_t count = 0;
    for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
        count += (*worker)->state_count;
    }
    size_t left = number % count;
    const struct worker *const *worker = makegood_workers;
    for (; left >= (*worker)->state_count; worker++) {
        left -= (*worker)->state_count;
    }
    return &(*worker)->states[left];
}

/* The largest struct that one byte can ask for. */
static size_t largest(const struct shape *shape)
{
    size_t size = shape->size;
    for (uint32_t i = 0; i < shape->count; i++) {
        size_t inside = shape->fields[i].shape ? largest(shape->fields[i].shape) : 0;
        size = inside > size ? inside : size;
    }
    return size;
}

static void check_body(const struct state_type *type, struct text body)
{
    size_t before = arena.used;
    void *state = arena_alloc(&arena, type->shape->size), *again;
    bool taken = shape_unpack(type->shape, body, &arena, state);
    size_t bound = (largest(type->shape) + 16) * (4 * (size_t)body.size + 4);
    PROMISE(arena.used - before <= bound, "%s: %zu bytes for %u", type->entity_type,
            arena.used - before, body.size);
    if (!taken) {
        return;
    }
    struct text packed = shape_pack(type->shape, state, &arena);
    again = arena_alloc(&arena, type->shape->size);
    PROMISE(packed.size <= body.size, "%s grows from %u to %u bytes", type->entity_type, body.size,
            packed.size);
    PROMISE(shape_unpack(type->shape, packed, &arena, again), "%s", type->entity_type);
    PROMISE(shape_equal(type->shape, state, again), "%s", type->entity_type);
    PROMISE(text_equal(packed, shape_pack(type->shape, again, &arena)), "%s", type->entity_type);
}

static void check_record(const struct state_type *type, struct text value)
{
    struct record record, again;
    size_t before = arena.used;
    enum record_result result = record_read(value, &arena, &record);
    PROMISE(arena.used - before <= sizeof(struct seen) * (SEEN_PER_SEGMENT + 8) +
                                       sizeof(struct waiting) * (WAITING_OWN_MAX + 8),
            "%zu bytes of head", arena.used - before);
    if (result != RECORD_OK) {
        return;
    }
    struct text written = record_write(&record, &arena);
    PROMISE(record_read(written, &arena, &again) == RECORD_OK, "a record written");
    PROMISE(again.due_ms == record.due_ms && again.flags == record.flags &&
                again.body_version == record.body_version && text_equal(again.body, record.body) &&
                again.head.version == record.head.version &&
                again.head.seen_total == record.head.seen_total &&
                again.head.waiting_count == record.head.waiting_count,
            "a record is another one");
    PROMISE(text_equal(written, record_write(&again, &arena)), "written twice, it differs");
    check_body(type, record.body);
}

static void check_parts(struct text value)
{
    struct progress progress, progress_again;
    struct seen *seen;
    int64_t segment;
    uint32_t count;
    if (progress_read(value, &progress)) {
        struct text written = progress_write(&progress, &arena);
        PROMISE(progress_read(written, &progress_again) &&
                    text_equal(progress.owner, progress_again.owner) &&
                    progress.next_input == progress_again.next_input,
                "@progress");
    }
    if (seen_unpack(value, &arena, &segment, &seen, &count)) {
        struct text packed = seen_pack(segment, seen, count, &arena);
        PROMISE(seen_unpack(packed, &arena, &segment, &seen, &count) &&
                    text_equal(packed, seen_pack(segment, seen, count, &arena)),
                "a segment of what was seen");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct text value = { (const char *)bytes + 1, (uint32_t)size - 1 };
    arena_reset(&arena);
    check_record(choose(bytes[0]), value);
    check_parts(value);
    return 0;
}
