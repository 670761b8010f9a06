/* Reading values from tokens: members, strings, integers, and the fingerprint of a subtree. */
#include "wire/json.h"

#include "wire/json_inside.h"

static uint32_t put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static uint32_t read_hex4(const char *at)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        code = code << 4 | (uint32_t)json_hex_digit(at[i]);
    }
    return code;
}

/* One escape, which the parser has found good, at *at (behind the backslash); moves on. */
static uint32_t unescape_one(const char **at, char out[4])
{
    char c = *(*at)++;
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (c != 'u') {
        const char *place = strchr(from, c);
        out[0] = place ? to[place - from] : c;
        return 1;
    }
    uint32_t code = read_hex4(*at);
    *at += 4;
    if (code >= 0xd800 && code < 0xdc00) {
        code = 0x10000 + ((code - 0xd800) << 10) + (read_hex4(*at + 2) - 0xdc00);
        *at += 6;
    }
    return put_utf8(out, code);
}

/* Unescaped bytes of a string; at most room of them are written, the whole size is returned. */
static uint32_t unescape(const struct json *json, uint32_t token, char *out, uint32_t room)
{
    const struct json_token *t = &json->tokens[token];
    const char *at = json->bytes.at + t->start, *end = at + t->size;
    uint32_t size = 0;
    while (at < end) {
        char one[4] = { *at++ };
        uint32_t n = one[0] == '\\' ? unescape_one(&at, one) : 1;
        for (uint32_t i = 0; i < n; i++, size++) {
            if (size < room) {
                out[size] = one[i];
            }
        }
    }
    return size;
}

uint32_t json_member(const struct json *json, uint32_t object, const char *name)
{
    size_t size = strlen(name);
    uint32_t token = object + 1;
    if (json->tokens[object].type != JSON_KIND_OBJECT) {
        return JSON_NONE;
    }
    for (uint32_t i = 0; i < json->tokens[object].count; i++) {
        const struct json_token *t = &json->tokens[token];
        if (t->size == size && !t->escaped && memcmp(json->bytes.at + t->start, name, size) == 0) {
            return token + 1;
        }
        if (t->escaped) {
            char room[64]; /* names of ours are shorter */
            if (unescape(json, token, room, sizeof(room)) == size && size <= sizeof(room) &&
                memcmp(room, name, size) == 0) {
                return token + 1;
            }
        }
        token = json->tokens[token + 1].next;
    }
    return JSON_NONE;
}

struct text json_text(const struct json *json, struct arena *arena, uint32_t token)
{
    const struct json_token *t = &json->tokens[token];
    if (!t->escaped) {
        return (struct text){ json->bytes.at + t->start, t->size };
    }
    char *out = arena_bytes(arena, t->size); /* an escape is never shorter than what it says */
    return (struct text){ out, unescape(json, token, out, t->size) };
}

struct text json_raw(const struct json *json, uint32_t token)
{
    const struct json_token *t = &json->tokens[token];
    uint32_t quote = t->type == JSON_KIND_STRING;
    return (struct text){ json->bytes.at + t->start - quote, t->size + 2 * quote };
}

bool json_int64(const struct json *json, uint32_t token, int64_t *out)
{
    const struct json_token *t = &json->tokens[token];
    const char *at = json->bytes.at + t->start, *end = at + t->size;
    bool minus = *at == '-';
    int64_t number = 0;
    if (t->type != JSON_KIND_INTEGER) {
        return false;
    }
    for (at += minus; at < end; at++) {
        int digit = *at - '0';
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, digit, &number)) { /* downwards: INT64_MIN fits */
            return false;
        }
    }
    if (!minus && number == INT64_MIN) {
        return false;
    }
    *out = minus ? number : -number;
    return true;
}

/* --- fingerprint --- */

static struct hash128 tagged(struct hash128 hash, uint64_t tag)
{
    hash.low += tag * UINT64_C(0x9e3779b97f4a7c15);
    hash.high ^= tag;
    return hash;
}

/* A number by value: sign, digits without zeros at either end, and the power of ten of the last. */
static struct hash128 number_fingerprint(struct text raw, struct arena *arena)
{
    char *digits = arena_bytes(arena, raw.size);
    uint32_t count = 0, i = raw.at[0] == '-';
    int64_t exponent = 0, shift = 0;
    bool minus = i, after_point = false;
    for (; i < raw.size && (raw.at[i] | 0x20) != 'e'; i++) {
        if (raw.at[i] == '.') {
            after_point = true;
            continue;
        }
        shift -= after_point;
        if (count || raw.at[i] != '0') {
            digits[count++] = raw.at[i];
        }
    }
    if (i < raw.size) {
        bool down = raw.at[++i] == '-';
        i += raw.at[i] == '-' || raw.at[i] == '+';
        for (; i < raw.size; i++) {
            if (exponent > INT64_MAX / 100) { /* beyond any meaning: the spelling counts */
                return tagged(hash128(raw), JSON_KIND_REAL);
            }
            exponent = exponent * 10 + (raw.at[i] - '0');
        }
        exponent = down ? -exponent : exponent;
    }
    while (count && digits[count - 1] == '0') {
        count--;
        shift++;
    }
    if (count == 0) {
        return tagged(hash128(TEXT("0")), JSON_KIND_INTEGER);
    }
    int64_t power = exponent + shift;
    struct text tail = { (const char *)&power, sizeof(power) };
    return tagged(hash128_two((struct text){ digits, count }, tail), JSON_KIND_INTEGER + 16U * minus);
}

static struct hash128 object_fingerprint(const struct json *json, struct arena *arena,
                                         uint32_t token)
{
    /* Members in any order: the sum of what each contributes. Names are unique. */
    struct hash128 sum = { 0, json->tokens[token].count };
    uint32_t name = token + 1;
    for (uint32_t i = 0; i < json->tokens[token].count; i++) {
        struct hash128 pair[2] = { hash128(json_token_text(json, arena, name)),
                                   json_fingerprint(json, arena, name + 1) };
        struct hash128 one = hash128((struct text){ (const char *)pair, sizeof(pair) });
        sum.low += one.low;
        sum.high += one.high;
        name = json->tokens[name + 1].next;
    }
    return tagged(sum, JSON_KIND_OBJECT);
}

static struct hash128 array_fingerprint(const struct json *json, struct arena *arena, uint32_t token)
{
    struct hash128 chain[2] = { { 0, json->tokens[token].count }, { 0, 0 } };
    uint32_t element = token + 1;
    for (uint32_t i = 0; i < json->tokens[token].count; i++) {
        chain[1] = json_fingerprint(json, arena, element);
        chain[0] = hash128((struct text){ (const char *)chain, sizeof(chain) });
        element = json->tokens[element].next;
    }
    return tagged(chain[0], JSON_KIND_ARRAY);
}

struct hash128 json_fingerprint(const struct json *json, struct arena *arena, uint32_t token)
{
    enum json_kind type = json->tokens[token].type;
    switch (type) {
    case JSON_KIND_OBJECT:
        return object_fingerprint(json, arena, token);
    case JSON_KIND_ARRAY:
        return array_fingerprint(json, arena, token);
    case JSON_KIND_STRING:
        return tagged(hash128(json_token_text(json, arena, token)), JSON_KIND_STRING);
    case JSON_KIND_INTEGER:
    case JSON_KIND_REAL:
        return number_fingerprint(json_raw(json, token), arena);
    default:
        return tagged((struct hash128){ 0, 0 }, (uint64_t)type);
    }
}
