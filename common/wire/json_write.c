/* Appending to a buffer that doubles. */
#include "wire/json_write.h"

#include "base/ensure.h"
#include "wire/json_inside.h"

void json_writer_init(struct json_writer *writer, struct arena *arena, uint32_t room)
{
    *writer = (struct json_writer){ .arena = arena, .room = room };
    writer->at = arena_bytes(arena, room);
}

struct text json_writer_text(const struct json_writer *writer)
{
    return (struct text){ writer->at, writer->size };
}

static void grow(struct json_writer *writer, size_t needed)
{
    size_t room = (size_t)writer->room * 2 > needed ? (size_t)writer->room * 2 : needed;
    ENSURE(room <= UINT32_MAX);
    char *at = arena_bytes(writer->arena, room);
    memcpy(at, writer->at, writer->size);
    writer->at = at;
    writer->room = (uint32_t)room;
}

static inline char *reserve(struct json_writer *writer, size_t size)
{
    size_t needed = (size_t)writer->size + size;
    if (needed > writer->room) {
        grow(writer, needed);
    }
    return writer->at + writer->size;
}

static void put_bytes(struct json_writer *writer, const char *bytes, size_t size)
{
    if (size) {
        memcpy(reserve(writer, size), bytes, size);
        writer->size += (uint32_t)size;
    }
}

static void put_byte(struct json_writer *writer, char byte)
{
    *reserve(writer, 1) = byte;
    writer->size++;
}

/* Comma and name before a value. */
static void begin(struct json_writer *writer, const char *name)
{
    size_t size = name ? strlen(name) : 0;
    char *start = reserve(writer, size + 4), *at = start;
    if (writer->comma) {
        *at++ = ',';
    }
    writer->comma = true;
    if (name) {
        *at++ = '"';
        memcpy(at, name, size);
        at += size;
        *at++ = '"';
        *at++ = ':';
    }
    writer->size += (uint32_t)(at - start);
}

void json_open_object(struct json_writer *writer, const char *name)
{
    begin(writer, name);
    put_byte(writer, '{');
    writer->comma = false;
}

void json_close_object(struct json_writer *writer)
{
    put_byte(writer, '}');
    writer->comma = true;
}

void json_open_array(struct json_writer *writer, const char *name)
{
    begin(writer, name);
    put_byte(writer, '[');
    writer->comma = false;
}

void json_close_array(struct json_writer *writer)
{
    put_byte(writer, ']');
    writer->comma = true;
}

static bool needs_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

static size_t escape(unsigned char c, char *out)
{
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    const char *place = c ? strchr(from, c) : NULL;
    out[0] = '\\';
    if (place) {
        out[1] = to[place - from];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

/* From the first byte on that is not plain. */
static void put_escaped(struct json_writer *writer, const char *at, const char *end)
{
    while (at < end) {
        if (needs_escape((unsigned char)*at)) {
            char room[8];
            put_bytes(writer, room, escape((unsigned char)*at, room));
        } else {
            put_byte(writer, *at);
        }
        at++;
        size_t run = json_plain_run(at, end);
        put_bytes(writer, at, run);
        at += run;
    }
}

static void put_string(struct json_writer *writer, struct text value)
{
    const char *end = value.at + value.size;
    size_t run = json_plain_run(value.at, end);
    char *at = reserve(writer, run + 2);
    *at++ = '"';
    if (run) { /* memcpy takes no NULL, not even for nothing */
        memcpy(at, value.at, run);
    }
    writer->size += (uint32_t)run + 1;
    if (run < value.size) {
        put_escaped(writer, value.at + run, end);
    }
    put_byte(writer, '"');
}

void json_put_text(struct json_writer *writer, const char *name, struct text value)
{
    begin(writer, name);
    put_string(writer, value);
}

void json_put_member(struct json_writer *writer, struct text name, struct text value)
{
    begin(writer, NULL);
    put_string(writer, name);
    put_byte(writer, ':');
    put_string(writer, value);
}

void json_put_int(struct json_writer *writer, const char *name, int64_t value)
{
    char room[24], *end = room + sizeof(room), *at = end;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) {
        *--at = '-';
    }
    begin(writer, name);
    put_bytes(writer, at, (size_t)(end - at));
}

void json_put_bool(struct json_writer *writer, const char *name, bool value)
{
    begin(writer, name);
    put_bytes(writer, value ? "true" : "false", value ? 4 : 5);
}

void json_put_null(struct json_writer *writer, const char *name)
{
    begin(writer, name);
    put_bytes(writer, "null", 4);
}

void json_put_raw(struct json_writer *writer, const char *name, struct text json)
{
    begin(writer, name);
    put_bytes(writer, json.at, json.size);
}
