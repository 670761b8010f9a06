/* Structs to JSON by a field table. */
#include "wire/field_inside.h"

static void encode_value(const struct field *field, const char *name, const void *at,
                         struct json_writer *writer);

static void encode_list(const struct field *field, const struct list *list,
                        struct json_writer *writer)
{
    size_t size = field_element_size(field);
    struct field element = { .kind = field->element, .names = field->names };
    json_open_array(writer, field->name);
    for (uint32_t i = 0; i < list->count; i++) {
        const char *at = (const char *)list->items + i * size;
        if (field->shape) {
            json_open_object(writer, NULL);
            shape_encode(field->shape, at, writer);
            json_close_object(writer);
        } else {
            encode_value(&element, NULL, at, writer);
        }
    }
    json_close_array(writer);
}

static void encode_map(const char *name, const struct list *list, struct json_writer *writer)
{
    const struct named_text *members = list->items;
    json_open_object(writer, name);
    for (uint32_t i = 0; i < list->count; i++) {
        json_put_member(writer, members[i].name, members[i].value);
    }
    json_close_object(writer);
}

static void put_time(struct json_writer *writer, const char *name, int64_t ms)
{
    char text[TIME_TEXT_SIZE];
    time_format(ms, text);
    json_put_text(writer, name, (struct text){ text, TIME_TEXT_SIZE - 1 });
}

static void encode_value(const struct field *field, const char *name, const void *at,
                         struct json_writer *writer)
{
    char room[MONEY_TEXT_MAX];
    const struct decimal *decimal = at;
    switch (field->kind) {
    case FIELD_INT:
        json_put_int(writer, name, *(const int64_t *)at);
        return;
    case FIELD_TIME:
    case FIELD_TIME_OR_MS:
        put_time(writer, name, *(const int64_t *)at);
        return;
    case FIELD_RATE:
        json_put_text(writer, name,
                      (struct text){ room, (uint32_t)rate_format(*(const int64_t *)at, room) });
        return;
    case FIELD_MONEY:
    case FIELD_MONEY_SIGNED:
        json_put_text(
            writer, name,
            (struct text){ room, (uint32_t)money_format(decimal->digits, decimal->scale, room) });
        return;
    case FIELD_BOOL:
        json_put_bool(writer, name, *(const int32_t *)at != 0);
        return;
    case FIELD_ENUM:
        json_put_text(writer, name, text_of(FIELD_NAME(field->names, *(const int32_t *)at)));
        return;
    case FIELD_OBJECT:
        json_open_object(writer, name);
        shape_encode(field->shape, *(void *const *)at, writer);
        json_close_object(writer);
        return;
    case FIELD_LIST:
        encode_list(field, at, writer);
        return;
    case FIELD_MAP:
        encode_map(name, at, writer);
        return;
    default:
        json_put_text(writer, name, *(const struct text *)at);
    }
}

void shape_encode(const struct shape *shape, const void *value, struct json_writer *writer)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if (!field_absent(field, value)) {
            encode_value(field, field->name, field_in(field, value), writer);
        }
    }
}
