/* JSON to structs by a field table. Members are matched in one walk that expects the table's order
 * (producers rarely change theirs), then checked in the table's order, so that the first fault that
 * is reported does not depend on the order in the JSON. */
#include <stdio.h>

#include "base/ensure.h"
#include "wire/field_inside.h"
#include "wire/json_inside.h"

/* Where we are, for the pointer of a fault; lives on the stack. */
struct place {
    const struct place *up;
    const char *name; /* NULL: an element */
    uint32_t index;
};

struct decoder {
    const struct json *json;
    struct arena *arena;
    const char *pointer; /* prefix */
    struct field_fault *fault;
};

static bool decode_object(struct decoder *decoder, const struct shape *shape, uint32_t token,
                          const struct place *place, void *out);

static size_t write_pointer(const struct decoder *decoder, const struct place *place, char *out,
                            size_t size)
{
    if (!place) {
        return (size_t)snprintf(out, size, "%s", decoder->pointer);
    }
    size_t used = write_pointer(decoder, place->up, out, size);
    if (used >= size) {
        return used;
    }
    return used + (size_t)(place->name ? snprintf(out + used, size - used, "/%s", place->name)
                                       : snprintf(out + used, size - used, "/%u", place->index));
}

/* "got -1", "got an object", "got nothing". Texts of producers are cut and made printable. */
static void write_got(const struct decoder *decoder, uint32_t token, char *out, size_t size)
{
    const struct json_token *t = &decoder->json->tokens[token];
    if (token == JSON_NONE || t->type == JSON_KIND_NULL) {
        snprintf(out, size, "%s", token == JSON_NONE ? "nothing" : "null");
        return;
    }
    if (t->type == JSON_KIND_ARRAY) {
        snprintf(out, size, "an array of %u", t->count);
        return;
    }
    if (t->type == JSON_KIND_OBJECT) {
        snprintf(out, size, "an object");
        return;
    }
    struct text raw = json_raw(decoder->json, token);
    uint32_t shown = raw.size > 40 ? 40 : raw.size, used = 0;
    for (uint32_t i = 0; i < shown && used + 4 < size; i++) {
        unsigned char c = (unsigned char)raw.at[i];
        out[used++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
    }
    snprintf(out + used, size - used, "%s", raw.size > shown ? "..." : "");
}

static bool report(struct decoder *decoder, const struct field *field, const struct place *place,
                   uint32_t token)
{
    char expected[240], got[56];
    field_expected(field, expected, sizeof(expected));
    write_got(decoder, token, got, sizeof(got));
    write_pointer(decoder, place, decoder->fault->pointer, sizeof(decoder->fault->pointer));
    snprintf(decoder->fault->expected, sizeof(decoder->fault->expected), "expected %s, got %s",
             expected, got);
    return false;
}

/* Text of a string token; of an integer token where the kind takes one. */
static bool scalar_text(struct decoder *decoder, const struct field *field, uint32_t token,
                        struct text *out)
{
    const struct json_token *t = &decoder->json->tokens[token];
    bool integer_too = field->kind == FIELD_DEC || field->kind == FIELD_RATE ||
                       field->kind == FIELD_MONEY || field->kind == FIELD_MONEY_SIGNED;
    if (t->type == JSON_KIND_STRING) {
        *out = json_token_text(decoder->json, decoder->arena, token);
        return true;
    }
    *out = json_raw(decoder->json, token);
    return t->type == JSON_KIND_INTEGER && integer_too;
}

static bool decode_time(struct decoder *decoder, const struct field *field, uint32_t token,
                        int64_t *out)
{
    if (decoder->json->tokens[token].type == JSON_KIND_INTEGER) {
        return field->kind == FIELD_TIME_OR_MS && json_int64(decoder->json, token, out) &&
               *out >= 0 && *out <= TIME_MAX;
    }
    return decoder->json->tokens[token].type == JSON_KIND_STRING &&
           time_parse(json_token_text(decoder->json, decoder->arena, token), out);
}

static bool decode_enum(struct decoder *decoder, const struct field *field, uint32_t token,
                        int32_t *out)
{
    if (decoder->json->tokens[token].type != JSON_KIND_STRING) {
        return false;
    }
    struct text text = json_token_text(decoder->json, decoder->arena, token);
    for (int32_t i = 0; field->names[i]; i++) {
        if (text_is(text, field->names[i])) {
            *out = i + 1;
            return true;
        }
    }
    return false;
}

/* One scalar of a kind; true and *at, or false. */
static bool decode_scalar(struct decoder *decoder, const struct field *field, uint32_t token,
                          void *at)
{
    struct text text;
    uint8_t type = decoder->json->tokens[token].type;
    int64_t number;
    struct decimal decimal;
    switch (field->kind) {
    case FIELD_INT:
        if (!json_int64(decoder->json, token, &number) || number < field->min ||
            number > field->max) {
            return false;
        }
        *(int64_t *)at = number;
        return true;
    case FIELD_TIME:
    case FIELD_TIME_OR_MS:
        if (!decode_time(decoder, field, token, &number)) {
            return false;
        }
        *(int64_t *)at = number;
        return true;
    case FIELD_RATE:
        return scalar_text(decoder, field, token, &text) && rate_parse(text, at);
    case FIELD_MONEY:
    case FIELD_MONEY_SIGNED:
        if (!scalar_text(decoder, field, token, &text) ||
            !decimal_parse(text, field->kind == FIELD_MONEY_SIGNED, &decimal)) {
            return false;
        }
        *(struct decimal *)at = decimal;
        return true;
    case FIELD_BOOL:
        *(int32_t *)at = type == JSON_KIND_TRUE;
        return type == JSON_KIND_TRUE || type == JSON_KIND_FALSE;
    case FIELD_ENUM:
        return decode_enum(decoder, field, token, at);
    default:
        if (!scalar_text(decoder, field, token, &text) ||
            !field_form(field->kind, text, field->max) || (field->form && !field->form(text))) {
            return false;
        }
        *(struct text *)at = text;
        return true;
    }
}

static bool decode_list(struct decoder *decoder, const struct field *field, uint32_t token,
                        const struct place *place, struct list *out)
{
    const struct json_token *t = &decoder->json->tokens[token];
    if (t->type != JSON_KIND_ARRAY || t->count < field->min || t->count > field->max) {
        return report(decoder, field, place, token);
    }
    size_t size = field_element_size(field);
    struct list list = { arena_alloc(decoder->arena, t->count * size), t->count };
    struct field element = { .kind = field->element, .max = field->element_max,
                             .min = INT64_MIN + 1, .names = field->names };
    if (field->element == FIELD_INT) {
        element.max = INT64_MAX;
    }
    uint32_t next = token + 1;
    for (uint32_t i = 0; i < list.count; i++) {
        struct place inner = { place, NULL, i };
        char *at = (char *)list.items + i * size;
        if (field->shape) {
            if (!decode_object(decoder, field->shape, next, &inner, at)) {
                return false;
            }
        } else if (!decode_scalar(decoder, &element, next, at)) {
            return report(decoder, &element, &inner, next);
        }
        next = decoder->json->tokens[next].next;
    }
    *out = list;
    return true;
}

static bool decode_map(struct decoder *decoder, const struct field *field, uint32_t token,
                       const struct place *place, struct list *out)
{
    const struct json_token *tokens = decoder->json->tokens;
    const struct field text = { .kind = FIELD_TEXT, .max = field->element_max };
    uint32_t count = tokens[token].count, name = token + 1;
    if (tokens[token].type != JSON_KIND_OBJECT || count > field->max) {
        return report(decoder, field, place, token);
    }
    struct named_text *members = arena_alloc(decoder->arena, count * sizeof(*members));
    for (uint32_t i = 0; i < count; i++) {
        if (!decode_scalar(decoder, &text, name, &members[i].name) ||
            !decode_scalar(decoder, &text, name + 1, &members[i].value)) {
            return report(decoder, field, place, token);
        }
        name = tokens[name + 1].next;
    }
    *out = (struct list){ members, count };
    return true;
}

/* False: *decoder->fault says why. */
static bool decode_field(struct decoder *decoder, const struct field *field, uint32_t token,
                         const struct place *place, void *at)
{
    if (field->kind == FIELD_LIST) {
        return decode_list(decoder, field, token, place, at);
    }
    if (field->kind == FIELD_MAP) {
        return decode_map(decoder, field, token, place, at);
    }
    if (field->kind == FIELD_OBJECT) {
        if (decoder->json->tokens[token].type != JSON_KIND_OBJECT) {
            return report(decoder, field, place, token);
        }
        void *inner = arena_alloc(decoder->arena, field->shape->size);
        if (!decode_object(decoder, field->shape, token, place, inner)) {
            return false;
        }
        *(void **)at = inner;
        return true;
    }
    return decode_scalar(decoder, field, token, at) || report(decoder, field, place, token);
}

/* The default: a scalar is one token made by hand, a list is parsed. It is ours, so it must fit. */
static void decode_standard(struct decoder *decoder, const struct field *field, void *at)
{
    struct text bytes = text_of(field->standard);
    struct json_token one = { .size = bytes.size, .next = 1, .type = JSON_KIND_INTEGER };
    struct json json = { bytes, &one, 1 };
    struct json_fault fault;
    if (bytes.at[0] == '"') {
        one.start = 1;
        one.size -= 2;
        one.type = JSON_KIND_STRING;
    } else if (bytes.at[0] == 't' || bytes.at[0] == 'f') {
        one.type = bytes.at[0] == 't' ? JSON_KIND_TRUE : JSON_KIND_FALSE;
    } else if (bytes.at[0] == '[') {
        ENSURE(json_parse(decoder->arena, bytes, &json, &fault));
    }
    struct decoder inner = *decoder;
    inner.json = &json;
    ENSURE(decode_field(&inner, field, 0, NULL, at));
}

static uint32_t find_field(const struct shape *shape, struct text name, uint32_t expected)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        uint32_t index = expected + i < shape->count ? expected + i : expected + i - shape->count;
        const char *other = shape->fields[index].name;
        if (name.size && *other == *name.at && text_is(name, other)) {
            return index;
        }
    }
    return shape->count;
}

/* Does the row speak of the same member as the one before it? */
static bool is_alternative(const struct shape *shape, uint32_t index)
{
    return index < shape->count &&
           strcmp(shape->fields[index].name, shape->fields[index - 1].name) == 0;
}

static void match_members(struct decoder *decoder, const struct shape *shape, uint32_t token,
                          uint32_t *tokens)
{
    const struct json *json = decoder->json;
    uint32_t name = token + 1, expected = 0;
    for (uint32_t i = 0; i < json->tokens[token].count; i++) {
        uint32_t index =
            find_field(shape, json_token_text(json, decoder->arena, name), expected);
        if (index < shape->count) {
            tokens[index] = name + 1;
            for (; is_alternative(shape, index + 1); index++) {
                tokens[index + 1] = name + 1;
            }
            expected = index + 1 == shape->count ? 0 : index + 1;
        }
        name = json->tokens[name + 1].next;
    }
}

/* A field with a code of its own: the fault is the rule's business. */
static bool note_fault(const struct shape *shape, uint32_t index, void *out)
{
    const struct field *field = &shape->fields[index];
    if (!field->code) {
        return false;
    }
    uint64_t *faults = (uint64_t *)((char *)out + shape->faults_offset);
    *faults |= UINT64_C(1) << index;
    field_set_absent(field, out);
    return true;
}

static bool decode_object(struct decoder *decoder, const struct shape *shape, uint32_t token,
                          const struct place *place, void *out)
{
    uint32_t tokens[SHAPE_FIELDS_MAX] = { 0 };
    const struct json_token *all = decoder->json->tokens;
    ENSURE(shape->count <= SHAPE_FIELDS_MAX);
    if (all[token].type != JSON_KIND_OBJECT) {
        return report(decoder, &(struct field){ .kind = FIELD_OBJECT }, place, token);
    }
    shape_init(shape, out);
    match_members(decoder, shape, token, tokens);
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        struct place here = { place, field->name, 0 };
        bool good = true;
        if (tokens[i] != JSON_NONE && all[tokens[i]].type != JSON_KIND_NULL) {
            good = decode_field(decoder, field, tokens[i], &here, field_at(field, out));
        } else if (field->required) {
            good = report(decoder, field, &here, tokens[i]);
        } else if (field->standard) {
            decode_standard(decoder, field, field_at(field, out));
        }
        if (!good && !note_fault(shape, i, out)) {
            return false;
        }
    }
    return true;
}

bool shape_decode(const struct shape *shape, const struct json *json, uint32_t token,
                  struct arena *arena, const char *pointer, void *out, struct field_fault *fault)
{
    struct decoder decoder = { .json = json, .arena = arena, .pointer = pointer, .fault = fault };
    return decode_object(&decoder, shape, token, NULL, out);
}
