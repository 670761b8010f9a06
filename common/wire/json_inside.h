/* Shared by the files of the JSON reader and writer alone. */
#ifndef MAKEGOOD_WIRE_JSON_INSIDE_H
#define MAKEGOOD_WIRE_JSON_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "wire/json.h"

static inline int json_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    int letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* json_text() without a call, for the strings that have no escapes: nearly all of them. */
static inline struct text json_token_text(const struct json *json, struct arena *arena,
                                          uint32_t token)
{
    const struct json_token *t = &json->tokens[token];
    return t->escaped ? json_text(json, arena, token)
                      : (struct text){ json->bytes.at + t->start, t->size };
}

/* Bytes of a string that need no look: ASCII without controls, quote and backslash. */
static inline bool json_is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* A bit in each byte of `word` that is not plain; perhaps also in bytes above such a one. */
static inline uint64_t json_not_plain(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    return (word | (word - ones * 0x20) | ((quote - ones) & ~quote) |
            ((backslash - ones) & ~backslash)) & high;
}

/* How many plain bytes there are from `at` on. Eight at a time: most bytes of events and outcomes
 * pass through here. */
static inline size_t json_plain_run(const char *at, const char *end)
{
    const char *start = at;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        uint64_t found = json_not_plain(word);
        if (found != 0) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            return (size_t)(at - start) + (size_t)__builtin_ctzll(found) / 8;
#else
            break;
#endif
        }
    }
    if (at < end && end - start >= 8) { /* the rest, together with some that are plain already */
        uint64_t word;
        memcpy(&word, end - sizeof(word), sizeof(word));
        if (json_not_plain(word) == 0) {
            return (size_t)(end - start);
        }
    }
    while (at < end && json_is_plain((unsigned char)*at)) {
        at++;
    }
    return (size_t)(at - start);
}

#endif
