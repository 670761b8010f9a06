/* State records and @progress as bytes: little-endian fixed numbers and varints, nothing clever. */
#include "engine/record.h"

#include <endian.h>
#include <stddef.h>
#include <string.h>

struct out {
    char *at;
};

struct in {
    const unsigned char *at, *end;
    bool broken;
};

static void put_fixed(struct out *out, uint64_t value)
{
    uint64_t little = htole64(value);
    memcpy(out->at, &little, sizeof(little));
    out->at += sizeof(little);
}

static void put_varint(struct out *out, uint64_t value)
{
    while (value >= 0x80) {
        *out->at++ = (char)(value | 0x80);
        value >>= 7;
    }
    *out->at++ = (char)value;
}

static void put_bytes(struct out *out, struct text bytes)
{
    if (bytes.size > 0) {
        memcpy(out->at, bytes.at, bytes.size);
        out->at += bytes.size;
    }
}

static uint64_t get_fixed(struct in *in)
{
    uint64_t little;
    if (in->end - in->at < (ptrdiff_t)sizeof(little)) {
        in->broken = true;
        return 0;
    }
    memcpy(&little, in->at, sizeof(little));
    in->at += sizeof(little);
    return le64toh(little);
}

static uint64_t get_varint(struct in *in)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 63 && in->at < in->end; shift += 7) {
        unsigned char byte = *in->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    in->broken = true;
    return 0;
}

static int64_t get_count(struct in *in, int64_t max)
{
    uint64_t value = get_varint(in);
    if (value > (uint64_t)max) {
        in->broken = true;
        return 0;
    }
    return (int64_t)value;
}

static void put_seen(struct out *out, const struct seen *seen)
{
    put_fixed(out, seen->id.low);
    put_fixed(out, seen->id.high);
    put_fixed(out, seen->payload.low);
    put_fixed(out, seen->payload.high);
    put_varint(out, seen->outcomes);
}

static void get_seen(struct in *in, struct seen *seen)
{
    seen->id.low = get_fixed(in);
    seen->id.high = get_fixed(in);
    seen->payload.low = get_fixed(in);
    seen->payload.high = get_fixed(in);
    seen->outcomes = (uint32_t)get_count(in, UINT32_MAX);
}

enum { SEEN_BYTES_MAX = 32 + 5, NUMBER_BYTES_MAX = 10 };

static uint32_t open_count(const struct head *head)
{
    return (uint32_t)(head->seen_total % SEEN_PER_SEGMENT);
}

static void put_head(struct out *out, const struct head *head)
{
    put_varint(out, (uint64_t)head->version);
    put_varint(out, (uint64_t)head->seen_total);
    for (uint32_t i = 0; i < open_count(head); i++) {
        put_seen(out, &head->seen[i]);
    }
    put_varint(out, (uint64_t)head->wait_next);
    put_varint(out, head->waiting_count);
    for (uint32_t i = 0; i < head->waiting_count; i++) {
        put_varint(out, (uint64_t)head->waiting[i].number);
        put_varint(out, (uint64_t)head->waiting[i].until_ms);
        put_varint(out, head->waiting[i].asking);
    }
}

static void get_head(struct in *in, struct arena *arena, struct head *head)
{
    head->version = get_count(in, INT64_MAX);
    head->seen_total = get_count(in, INT64_MAX);
    uint32_t count = open_count(head);
    head->seen_room = count + 4; /* the next few are remembered in place */
    head->seen = arena_alloc(arena, sizeof(struct seen) * head->seen_room);
    for (uint32_t i = 0; i < count && !in->broken; i++) {
        get_seen(in, &head->seen[i]);
    }
    head->wait_next = get_count(in, INT64_MAX);
    head->waiting_count = (uint32_t)get_count(in, WAITING_OWN_MAX);
    head->waiting = arena_alloc(arena, sizeof(struct waiting) * (head->waiting_count + 1));
    for (uint32_t i = 0; i < head->waiting_count && !in->broken; i++) {
        head->waiting[i].number = get_count(in, INT64_MAX);
        head->waiting[i].until_ms = get_count(in, INT64_MAX);
        head->waiting[i].asking = get_count(in, 1) == 1;
    }
}

static size_t head_bytes_max(const struct head *head)
{
    return 4 * NUMBER_BYTES_MAX + open_count(head) * SEEN_BYTES_MAX +
           head->waiting_count * (2 * NUMBER_BYTES_MAX + 1);
}

struct text record_write(const struct record *record, struct arena *arena)
{
    size_t room = RECORD_PREFIX + head_bytes_max(&record->head) + record->body.size;
    char *bytes = arena_bytes(arena, room);
    struct out out = { bytes };
    *out.at++ = RECORD_ENVELOPE;
    *out.at++ = (char)record->body_version;
    put_fixed(&out, (uint64_t)record->due_ms);
    *out.at++ = (char)record->flags;
    if (record->flags & RECORD_HEAD) {
        put_head(&out, &record->head);
    }
    put_bytes(&out, record->body);
    struct text written = { bytes, (uint32_t)(out.at - bytes) };
    arena_trim(arena, written);
    return written;
}

enum record_result record_prefix(struct text value, int64_t *due_ms, uint8_t *flags)
{
    struct in in = { (const unsigned char *)value.at, (const unsigned char *)value.at + value.size,
                     false };
    if (value.size >= 1 && in.at[0] > RECORD_ENVELOPE) {
        return RECORD_NEWER;
    }
    if (value.size < RECORD_PREFIX || in.at[0] != RECORD_ENVELOPE) {
        return RECORD_BROKEN;
    }
    in.at += 2;
    *due_ms = (int64_t)get_fixed(&in);
    *flags = *in.at;
    return RECORD_OK;
}

enum record_result record_read(struct text value, struct arena *arena, struct record *out)
{
    *out = (struct record){ 0 };
    enum record_result result = record_prefix(value, &out->due_ms, &out->flags);
    if (result != RECORD_OK) {
        return result;
    }
    struct in in = { (const unsigned char *)value.at + RECORD_PREFIX,
                     (const unsigned char *)value.at + value.size, false };
    out->body_version = (uint8_t)value.at[1];
    if (out->flags & RECORD_HEAD) {
        get_head(&in, arena, &out->head);
    }
    if (in.broken) {
        return RECORD_BROKEN;
    }
    out->body = (struct text){ (const char *)in.at, (uint32_t)(in.end - in.at) };
    return RECORD_OK;
}

struct text seen_pack(int64_t segment, const struct seen *seen, uint32_t count,
                      struct arena *arena)
{
    char *bytes = arena_bytes(arena, 2 * NUMBER_BYTES_MAX + count * SEEN_BYTES_MAX);
    struct out out = { bytes };
    put_varint(&out, (uint64_t)segment);
    put_varint(&out, count);
    for (uint32_t i = 0; i < count; i++) {
        put_seen(&out, &seen[i]);
    }
    return (struct text){ bytes, (uint32_t)(out.at - bytes) };
}

bool seen_unpack(struct text body, struct arena *arena, int64_t *segment, struct seen **seen,
                 uint32_t *count)
{
    struct in in = { (const unsigned char *)body.at, (const unsigned char *)body.at + body.size,
                     false };
    *segment = get_count(&in, INT64_MAX);
    *count = (uint32_t)get_count(&in, SEEN_PER_SEGMENT);
    *seen = arena_alloc(arena, sizeof(struct seen) * SEEN_PER_SEGMENT);
    for (uint32_t i = 0; i < *count && !in.broken; i++) {
        get_seen(&in, &(*seen)[i]);
    }
    return !in.broken;
}

/* @progress is a state record without due time or head, so that it folds like any other key. */
struct text progress_write(const struct progress *progress, struct arena *arena)
{
    char *bytes = arena_bytes(arena, RECORD_PREFIX + 5 * NUMBER_BYTES_MAX + progress->owner.size + 32);
    struct out out = { bytes };
    *out.at++ = RECORD_ENVELOPE;
    *out.at++ = 1;
    put_fixed(&out, 0);
    *out.at++ = 0;
    put_varint(&out, (uint64_t)progress->next_input);
    put_varint(&out, (uint64_t)progress->time_ms);
    put_varint(&out, (uint64_t)progress->partition_count);
    put_fixed(&out, progress->log_id.low);
    put_fixed(&out, progress->log_id.high);
    put_varint(&out, progress->owner.size);
    put_bytes(&out, progress->owner);
    return (struct text){ bytes, (uint32_t)(out.at - bytes) };
}

bool progress_read(struct text value, struct progress *out)
{
    int64_t due_ms;
    uint8_t flags;
    if (record_prefix(value, &due_ms, &flags) != RECORD_OK || value.at[1] != 1) {
        return false;
    }
    struct in in = { (const unsigned char *)value.at + RECORD_PREFIX,
                     (const unsigned char *)value.at + value.size, false };
    out->next_input = get_count(&in, INT64_MAX);
    out->time_ms = get_count(&in, INT64_MAX);
    out->partition_count = get_count(&in, INT32_MAX);
    out->log_id.low = get_fixed(&in);
    out->log_id.high = get_fixed(&in);
    uint32_t size = (uint32_t)get_count(&in, 1024);
    if (in.broken || (size_t)(in.end - in.at) < size) {
        return false;
    }
    out->owner = (struct text){ (const char *)in.at, size };
    return true;
}
