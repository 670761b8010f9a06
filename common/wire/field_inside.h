/* Shared by the files of the field tables alone. */
#ifndef MAKEGOOD_WIRE_FIELD_INSIDE_H
#define MAKEGOOD_WIRE_FIELD_INSIDE_H

#include "wire/field.h"

/* Does a string of one of the text kinds have its form? (field_form.c) */
bool field_form(enum field_kind kind, struct text text, int64_t max);
/* What a field wants, in words: "a string of 1..64 bytes". (field_form.c) */
void field_expected(const struct field *field, char *out, size_t size);

/* Size of one element of a LIST. */
size_t field_element_size(const struct field *field);
bool field_absent(const struct field *field, const void *value);
void field_set_absent(const struct field *field, void *value);

static inline void *field_at(const struct field *field, void *value)
{
    return (char *)value + field->offset;
}

static inline const void *field_in(const struct field *field, const void *value)
{
    return (const char *)value + field->offset;
}

#endif
