/* What absent means per kind, lookup by name, equality by value. */
#include "wire/field_inside.h"

#include "base/ensure.h"

void field_set_absent(const struct field *field, void *value)
{
    void *at = field_at(field, value);
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_TIME_OR_MS:
    case FIELD_RATE:
        *(int64_t *)at = FIELD_ABSENT;
        return;
    case FIELD_MONEY:
    case FIELD_MONEY_SIGNED:
        *(struct decimal *)at = DECIMAL_ABSENT;
        return;
    case FIELD_BOOL:
        *(int32_t *)at = -1;
        return;
    case FIELD_ENUM:
        *(int32_t *)at = 0;
        return;
    case FIELD_OBJECT:
        *(void **)at = NULL;
        return;
    case FIELD_LIST:
    case FIELD_MAP:
        *(struct list *)at = (struct list){ NULL, 0 };
        return;
    default:
        *(struct text *)at = (struct text){ NULL, 0 };
    }
}

bool field_absent(const struct field *field, const void *value)
{
    const void *at = field_in(field, value);
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_TIME_OR_MS:
    case FIELD_RATE:
        return *(const int64_t *)at == FIELD_ABSENT;
    case FIELD_MONEY:
    case FIELD_MONEY_SIGNED:
        return ((const struct decimal *)at)->scale < 0;
    case FIELD_BOOL:
        return *(const int32_t *)at < 0;
    case FIELD_ENUM:
        return *(const int32_t *)at == 0;
    case FIELD_OBJECT:
        return *(void *const *)at == NULL;
    case FIELD_LIST:
    case FIELD_MAP:
        return ((const struct list *)at)->items == NULL;
    default:
        return ((const struct text *)at)->at == NULL;
    }
}

static bool absent_is_not_zero(enum field_kind kind)
{
    const uint32_t kinds = 1U << FIELD_INT | 1U << FIELD_TIME | 1U << FIELD_TIME_OR_MS |
                           1U << FIELD_RATE | 1U << FIELD_MONEY | 1U << FIELD_MONEY_SIGNED |
                           1U << FIELD_BOOL;
    return (kinds >> kind & 1) != 0;
}

void shape_init(const struct shape *shape, void *out)
{
    memset(out, 0, shape->size);
    for (uint32_t i = 0; i < shape->count; i++) {
        if (absent_is_not_zero(shape->fields[i].kind)) {
            field_set_absent(&shape->fields[i], out);
        }
    }
}

size_t field_element_size(const struct field *field)
{
    if (field->shape) {
        return field->shape->size;
    }
    return field->element == FIELD_INT    ? sizeof(int64_t)
           : field->element == FIELD_ENUM ? sizeof(int32_t)
                                          : sizeof(struct text);
}

const struct field *shape_field(const struct shape *shape, const char *name)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        if (strcmp(shape->fields[i].name, name) == 0) {
            return &shape->fields[i];
        }
    }
    return NULL;
}

/* "1.50" and "1.5" are the same decimal. */
static bool dec_equal(struct text a, struct text b)
{
    __int128 digits_a, digits_b;
    int scale_a, scale_b;
    if (!dec_parse(a, &digits_a, &scale_a) || !dec_parse(b, &digits_b, &scale_b)) {
        return text_equal(a, b);
    }
    for (; scale_a < scale_b; scale_a++) {
        digits_a *= 10;
    }
    for (; scale_b < scale_a; scale_b++) {
        digits_b *= 10;
    }
    return digits_a == digits_b;
}

static bool decimal_equal(struct decimal a, struct decimal b)
{
    __int128 digits_a = a.digits, digits_b = b.digits;
    for (; a.scale < b.scale; a.scale++) {
        digits_a *= 10;
    }
    for (; b.scale < a.scale; b.scale++) {
        digits_b *= 10;
    }
    return digits_a == digits_b;
}

static bool list_equal(const struct field *field, const struct list *a, const struct list *b)
{
    size_t size = field_element_size(field);
    if (a->count != b->count) {
        return false;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        const char *in_a = (const char *)a->items + i * size;
        const char *in_b = (const char *)b->items + i * size;
        bool same;
        if (field->shape) {
            same = shape_equal(field->shape, in_a, in_b);
        } else if (field->element == FIELD_INT) {
            same = *(const int64_t *)in_a == *(const int64_t *)in_b;
        } else if (field->element == FIELD_ENUM) {
            same = *(const int32_t *)in_a == *(const int32_t *)in_b;
        } else {
            same = text_equal(*(const struct text *)in_a, *(const struct text *)in_b);
        }
        if (!same) {
            return false;
        }
    }
    return true;
}

/* In the order in which they came: whoever sends the same again sends it the same way. */
static bool map_equal(const struct list *a, const struct list *b)
{
    const struct named_text *in_a = a->items, *in_b = b->items;
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++) {
        same = text_equal(in_a[i].name, in_b[i].name) && text_equal(in_a[i].value, in_b[i].value);
    }
    return same;
}

static bool field_equal(const struct field *field, const void *a, const void *b)
{
    switch (field->kind) {
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_TIME_OR_MS:
    case FIELD_RATE:
        return *(const int64_t *)a == *(const int64_t *)b;
    case FIELD_MONEY:
    case FIELD_MONEY_SIGNED:
        return decimal_equal(*(const struct decimal *)a, *(const struct decimal *)b);
    case FIELD_BOOL:
    case FIELD_ENUM:
        return *(const int32_t *)a == *(const int32_t *)b;
    case FIELD_OBJECT:
        return shape_equal(field->shape, *(void *const *)a, *(void *const *)b);
    case FIELD_LIST:
        return list_equal(field, a, b);
    case FIELD_MAP:
        return map_equal(a, b);
    case FIELD_DEC:
        return dec_equal(*(const struct text *)a, *(const struct text *)b);
    default:
        return text_equal(*(const struct text *)a, *(const struct text *)b);
    }
}

bool shape_equal(const struct shape *shape, const void *a, const void *b)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        bool absent_a = field_absent(field, a), absent_b = field_absent(field, b);
        if (absent_a != absent_b ||
            (!absent_a && !field_equal(field, field_in(field, a), field_in(field, b)))) {
            return false;
        }
    }
    return true;
}
