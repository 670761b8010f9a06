/* The parser: one pass, recursive descent bounded by JSON_DEPTH_MAX, tokens in document order. */
#include "wire/json.h"

#include "wire/json_inside.h"

struct parser {
    struct arena *arena;
    const char *at, *start, *end;
    struct json_token *tokens;
    uint32_t count, room;
    uint32_t members;
    struct json_fault fault;
};

static bool fail(struct parser *parser, const char *what)
{
    if (!parser->fault.what) {
        parser->fault = (struct json_fault){ (uint32_t)(parser->at - parser->start), what };
    }
    return false;
}

static uint32_t add_token(struct parser *parser, enum json_kind type)
{
    if (parser->count == parser->room) {
        uint32_t room = parser->room ? parser->room * 2 : 96;
        struct json_token *tokens = arena_alloc(parser->arena, room * sizeof(*tokens));
        if (parser->count) {
            memcpy(tokens, parser->tokens, parser->count * sizeof(*tokens));
        }
        parser->tokens = tokens;
        parser->room = room;
    }
    parser->tokens[parser->count] = (struct json_token){
        .start = (uint32_t)(parser->at - parser->start), .type = (uint8_t)type
    };
    return parser->count++;
}

static void skip_space(struct parser *parser)
{
    while (parser->at < parser->end && (*parser->at == ' ' || *parser->at == '\n' ||
                                        *parser->at == '\t' || *parser->at == '\r')) {
        parser->at++;
    }
}

/* One UTF-8 sequence of 2 to 4 bytes: no overlong form, no surrogate, not beyond U+10FFFF. */
static bool utf8_sequence(struct parser *parser)
{
    const unsigned char *at = (const unsigned char *)parser->at;
    size_t left = (size_t)(parser->end - parser->at);
    unsigned char c = at[0];
    size_t size = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (size == 0 || left < size) {
        return fail(parser, "not UTF-8");
    }
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return fail(parser, "not UTF-8");
        }
    }
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f) || (c == 0xf0 && at[1] < 0x90) ||
        (c == 0xf4 && at[1] > 0x8f)) {
        return fail(parser, "not UTF-8");
    }
    parser->at += size;
    return true;
}

static bool hex4(struct parser *parser, uint32_t *out)
{
    *out = 0;
    if (parser->end - parser->at < 4) {
        return fail(parser, "an escape \\u needs four hex digits");
    }
    for (int i = 0; i < 4; i++) {
        int digit = json_hex_digit(*parser->at);
        if (digit < 0) {
            return fail(parser, "an escape \\u needs four hex digits");
        }
        *out = *out << 4 | (uint32_t)digit;
        parser->at++;
    }
    return true;
}

static bool escape(struct parser *parser)
{
    parser->at++;
    if (parser->at == parser->end) {
        return fail(parser, "the string does not end");
    }
    char c = *parser->at++;
    if (c != 'u') {
        return strchr("\"\\/bfnrt", c) && c ? true : fail(parser, "no such escape in JSON");
    }
    uint32_t code, low;
    if (!hex4(parser, &code)) {
        return false;
    }
    if (code == 0) {
        return fail(parser, "\\u0000 is not taken");
    }
    if (code >= 0xdc00 && code < 0xe000) {
        return fail(parser, "half a surrogate pair");
    }
    if (code < 0xd800 || code >= 0xe000) {
        return true;
    }
    if (parser->end - parser->at < 2 || parser->at[0] != '\\' || parser->at[1] != 'u') {
        return fail(parser, "half a surrogate pair");
    }
    parser->at += 2;
    return hex4(parser, &low) && ((low >= 0xdc00 && low < 0xe000) ? true
                                                                  : fail(parser, "half a surrogate pair"));
}

static bool string(struct parser *parser)
{
    parser->at++;
    uint32_t token = add_token(parser, JSON_KIND_STRING);
    bool escaped = false;
    for (;;) {
        parser->at += json_plain_run(parser->at, parser->end);
        if (parser->at == parser->end) {
            return fail(parser, "the string does not end");
        }
        unsigned char c = (unsigned char)*parser->at;
        if (c == '"') {
            break;
        }
        if (c == '\\') {
            escaped = true;
            if (!escape(parser)) {
                return false;
            }
        } else if (c >= 0x80) {
            if (!utf8_sequence(parser)) {
                return false;
            }
        } else {
            return fail(parser, "a control character inside a string");
        }
    }
    struct json_token *t = &parser->tokens[token];
    t->size = (uint32_t)(parser->at - parser->start) - t->start;
    t->escaped = escaped;
    t->next = parser->count;
    parser->at++;
    return true;
}

static bool digits(struct parser *parser)
{
    const char *start = parser->at;
    while (parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9') {
        parser->at++;
    }
    return parser->at > start ? true : fail(parser, "a number needs a digit here");
}

static bool number(struct parser *parser)
{
    uint32_t token = add_token(parser, JSON_KIND_INTEGER);
    if (*parser->at == '-') {
        parser->at++;
    }
    const char *first = parser->at;
    if (!digits(parser)) {
        return false;
    }
    if (*first == '0' && parser->at - first > 1) {
        parser->at = first;
        return fail(parser, "a number begins with a superfluous 0");
    }
    enum json_kind type = JSON_KIND_INTEGER;
    if (parser->at < parser->end && *parser->at == '.') {
        type = JSON_KIND_REAL;
        parser->at++;
        if (!digits(parser)) {
            return false;
        }
    }
    if (parser->at < parser->end && (*parser->at | 0x20) == 'e') {
        type = JSON_KIND_REAL;
        parser->at++;
        if (parser->at < parser->end && (*parser->at == '+' || *parser->at == '-')) {
            parser->at++;
        }
        if (!digits(parser)) {
            return false;
        }
    }
    struct json_token *t = &parser->tokens[token];
    t->type = (uint8_t)type;
    t->size = (uint32_t)(parser->at - parser->start) - t->start;
    t->next = parser->count;
    return true;
}

static bool literal(struct parser *parser, const char *word, enum json_kind type)
{
    size_t size = strlen(word);
    if ((size_t)(parser->end - parser->at) < size || memcmp(parser->at, word, size) != 0) {
        return fail(parser, "expected a JSON value");
    }
    uint32_t token = add_token(parser, type);
    parser->at += size;
    parser->tokens[token].size = (uint32_t)size;
    parser->tokens[token].next = parser->count;
    return true;
}

static bool value(struct parser *parser, int depth);

static bool array(struct parser *parser, int depth)
{
    uint32_t token = add_token(parser, JSON_KIND_ARRAY), count = 0;
    parser->at++;
    skip_space(parser);
    if (parser->at < parser->end && *parser->at == ']') {
        parser->at++;
    } else {
        for (;;) {
            if (!value(parser, depth + 1)) {
                return false;
            }
            count++;
            skip_space(parser);
            char c = parser->at < parser->end ? *parser->at : 0;
            if (c != ',' && c != ']') {
                return fail(parser, "expected , or ] in an array");
            }
            parser->at++;
            if (c == ']') {
                break;
            }
        }
    }
    struct json_token *t = &parser->tokens[token];
    t->count = count;
    t->size = (uint32_t)(parser->at - parser->start) - t->start;
    t->next = parser->count;
    return true;
}

static bool member(struct parser *parser, int depth)
{
    skip_space(parser);
    if (parser->at == parser->end || *parser->at != '"') {
        return fail(parser, "expected a member's name in quotes");
    }
    if (++parser->members > JSON_MEMBERS_MAX) {
        return fail(parser, "more than 4096 members");
    }
    if (!string(parser)) {
        return false;
    }
    skip_space(parser);
    if (parser->at == parser->end || *parser->at != ':') {
        return fail(parser, "expected : after a member's name");
    }
    parser->at++;
    return value(parser, depth + 1);
}

static bool no_duplicates(struct parser *parser, uint32_t token);

static bool object(struct parser *parser, int depth)
{
    uint32_t token = add_token(parser, JSON_KIND_OBJECT), count = 0;
    parser->at++;
    skip_space(parser);
    if (parser->at < parser->end && *parser->at == '}') {
        parser->at++;
    } else {
        for (;;) {
            if (!member(parser, depth)) {
                return false;
            }
            count++;
            skip_space(parser);
            char c = parser->at < parser->end ? *parser->at : 0;
            if (c != ',' && c != '}') {
                return fail(parser, "expected , or } in an object");
            }
            parser->at++;
            if (c == '}') {
                break;
            }
        }
    }
    struct json_token *t = &parser->tokens[token];
    t->count = count;
    t->size = (uint32_t)(parser->at - parser->start) - t->start;
    t->next = parser->count;
    return no_duplicates(parser, token);
}

static bool value(struct parser *parser, int depth)
{
    skip_space(parser);
    if (parser->at == parser->end) {
        return fail(parser, "expected a JSON value, the text ends");
    }
    switch (*parser->at) {
    case '{':
    case '[':
        if (depth > JSON_DEPTH_MAX) {
            return fail(parser, "nested deeper than 16");
        }
        return *parser->at == '{' ? object(parser, depth) : array(parser, depth);
    case '"':
        return string(parser);
    case 't':
        return literal(parser, "true", JSON_KIND_TRUE);
    case 'f':
        return literal(parser, "false", JSON_KIND_FALSE);
    case 'n':
        return literal(parser, "null", JSON_KIND_NULL);
    default:
        if (*parser->at == '-' || (*parser->at >= '0' && *parser->at <= '9')) {
            return number(parser);
        }
        return fail(parser, "expected a JSON value");
    }
}

/* --- duplicate members --- */

static struct json so_far(const struct parser *parser)
{
    return (struct json){ { parser->start, (uint32_t)(parser->end - parser->start) },
                          parser->tokens,
                          parser->count };
}

static bool duplicate(struct parser *parser, uint32_t name)
{
    parser->at = parser->start + parser->tokens[name].start;
    return fail(parser, "a member appears twice in one object");
}

/* Small objects: a 64-bit filter, and a walk over the earlier names only where it says "perhaps". */
static bool no_duplicates_small(struct parser *parser, uint32_t token)
{
    struct json json = so_far(parser);
    uint64_t filter = 0;
    uint32_t name = token + 1;
    for (uint32_t i = 0; i < parser->tokens[token].count; i++) {
        struct text text = json_token_text(&json, parser->arena, name);
        uint32_t mixed = text.size ? ((unsigned char)text.at[0] * 31U +
                                      (unsigned char)text.at[text.size / 2] * 7U +
                                      (unsigned char)text.at[text.size - 1]) * 5U + text.size
                                   : 0;
        uint64_t bit = UINT64_C(1) << (mixed & 63);
        if (filter & bit) {
            uint32_t other = token + 1;
            for (uint32_t j = 0; j < i; j++) {
                if (text_equal(text, json_token_text(&json, parser->arena, other))) {
                    return duplicate(parser, name);
                }
                other = parser->tokens[other + 1].next;
            }
        }
        filter |= bit;
        name = parser->tokens[name + 1].next;
    }
    return true;
}

static bool no_duplicates_large(struct parser *parser, uint32_t token)
{
    struct json json = so_far(parser);
    uint32_t slots = 64;
    while (slots < parser->tokens[token].count * 2) {
        slots *= 2;
    }
    struct text *names = arena_alloc(parser->arena, slots * sizeof(*names));
    uint32_t name = token + 1;
    for (uint32_t i = 0; i < parser->tokens[token].count; i++) {
        struct text text = json_token_text(&json, parser->arena, name);
        uint32_t slot = (uint32_t)hash64(text) & (slots - 1);
        for (; names[slot].at; slot = (slot + 1) & (slots - 1)) {
            if (text_equal(names[slot], text)) {
                return duplicate(parser, name);
            }
        }
        names[slot] = text;
        name = parser->tokens[name + 1].next;
    }
    return true;
}

static bool no_duplicates(struct parser *parser, uint32_t token)
{
    enum { SMALL = 24 };
    uint32_t count = parser->tokens[token].count;
    return count < 2 || (count <= SMALL ? no_duplicates_small(parser, token)
                                        : no_duplicates_large(parser, token));
}

bool json_parse(struct arena *arena, struct text bytes, struct json *out, struct json_fault *fault)
{
    struct parser parser = {
        .arena = arena, .at = bytes.at, .start = bytes.at, .end = bytes.at + bytes.size
    };
    bool good = value(&parser, 1);
    if (good) {
        skip_space(&parser);
        good = parser.at == parser.end || fail(&parser, "bytes after the JSON value");
    }
    *fault = parser.fault;
    if (good) {
        *out = (struct json){ bytes, parser.tokens, parser.count };
    }
    return good;
}
