/*
 * Writes JSON field by field into a growing arena buffer. Outcomes are written from decoded values,
 * never by passing input bytes through.
 */
#ifndef MAKEGOOD_WIRE_JSON_WRITE_H
#define MAKEGOOD_WIRE_JSON_WRITE_H

#include "base/arena.h"
#include "base/text.h"

struct json_writer {
    struct arena *arena;
    char *at;
    uint32_t size, room;
    bool comma; /* the next member or element needs one */
};

void json_writer_init(struct json_writer *writer, struct arena *arena, uint32_t room);
struct text json_writer_text(const struct json_writer *writer);

/* name == NULL inside an array. Names are our own and are written as they are. */
void json_open_object(struct json_writer *writer, const char *name);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer, const char *name);
void json_close_array(struct json_writer *writer);
void json_put_text(struct json_writer *writer, const char *name, struct text value); /* escaped */
/* A member whose name is not ours, escaped too. */
void json_put_member(struct json_writer *writer, struct text name, struct text value);
void json_put_int(struct json_writer *writer, const char *name, int64_t value);
void json_put_bool(struct json_writer *writer, const char *name, bool value);
void json_put_null(struct json_writer *writer, const char *name);
void json_put_raw(struct json_writer *writer, const char *name, struct text json); /* valid JSON */

#endif
