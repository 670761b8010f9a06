/*
 * A strict JSON reader that makes no tree: one pass over the bytes writes a flat array of tokens in
 * document order, each knowing where its subtree ends. The field tables (field.h) go from there
 * straight into structs.
 *
 * Own code, not jansson, because jansson takes 6 us of the 9 us that a record may cost; jansson is
 * its differential oracle in tests and fuzzing.
 *
 * Refused: anything but one JSON value in UTF-8, duplicate members (compared unescaped), depth over
 * JSON_DEPTH_MAX (the root is 1), more than JSON_MEMBERS_MAX members in all, \u0000, lone
 * surrogates, a byte-order mark, NUL bytes, trailing bytes. Numbers have any size; who reads one
 * bounds it.
 */
#ifndef MAKEGOOD_WIRE_JSON_H
#define MAKEGOOD_WIRE_JSON_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"

enum { JSON_DEPTH_MAX = 16, JSON_MEMBERS_MAX = 4096, JSON_NONE = 0 };

enum json_kind {
    JSON_KIND_NULL = 1,
    JSON_KIND_FALSE,
    JSON_KIND_TRUE,
    JSON_KIND_INTEGER, /* no fraction, no exponent: -?(0|[1-9][0-9]*) */
    JSON_KIND_REAL,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT
};

struct json_token {
    uint32_t start; /* first byte of the value (of a string: after the quote)          */
    uint32_t size;  /* bytes of the raw value (of a string: between the quotes, escaped) */
    uint32_t next;  /* index of the token after this whole subtree                      */
    uint32_t count; /* members of an object, elements of an array                       */
    uint8_t type;   /* enum json_kind                                                   */
    uint8_t escaped; /* a string that holds a backslash                                 */
};

/* Of an object, members follow as pairs (name token, value subtree); of an array, element subtrees. */
struct json {
    struct text bytes;
    const struct json_token *tokens; /* tokens[0] is the root */
    uint32_t count;
};

struct json_fault {
    uint32_t offset; /* byte at which it was seen */
    const char *what; /* constant text            */
};

/* True and *out, which borrows bytes and lives in the arena; or false and *fault. */
bool json_parse(struct arena *arena, struct text bytes, struct json *out, struct json_fault *fault);

/* Index of a member's value in the object at `object`, JSON_NONE (0) when there is none. */
uint32_t json_member(const struct json *json, uint32_t object, const char *name);

/* A string token's bytes: borrowed if nothing is escaped, else unescaped into the arena. */
struct text json_text(const struct json *json, struct arena *arena, uint32_t token);
/* The raw bytes of a token, with the quotes of a string. */
struct text json_raw(const struct json *json, uint32_t token);
/* An integer token that fits int64. */
bool json_int64(const struct json *json, uint32_t token, int64_t *out);

/* Fingerprint of a subtree as a value: the order of members, white space, escapes and the spelling
 * of numbers (1, 1.0, 1e0) do not count. */
struct hash128 json_fingerprint(const struct json *json, struct arena *arena, uint32_t token);

#endif
