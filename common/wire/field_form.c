/* Forms of text kinds, and kinds in words. What a form is, the table in schemas/README.md says. */
#include <stdio.h>

#include "wire/field_inside.h"

/* Controls of ASCII and Latin-1, and DEL. The text is UTF-8. */
static bool has_control(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < 0x20 || c == 0x7f ||
            (c == 0xc2 && i + 1 < text.size && (unsigned char)text.at[i + 1] < 0xa0)) {
            return true;
        }
    }
    return false;
}

static bool is_id(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.at[i] < 0x21 || text.at[i] > 0x7e) {
            return false;
        }
    }
    return text.size >= 1 && text.size <= 64;
}

static bool is_oid(struct text text)
{
    return text.size >= 1 && text.size <= 64 && text.at[0] != ' ' &&
           text.at[text.size - 1] != ' ' && !has_control(text);
}

static bool is_currency(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.at[i] < 'A' || text.at[i] > 'Z') {
            return false;
        }
    }
    return text.size == 3;
}

static bool is_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_unit(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (!is_letter_or_digit(text.at[i]) && !memchr("_./-", text.at[i], 4)) {
            return false;
        }
    }
    return text.size >= 1 && text.size <= 32;
}

static bool is_email(struct text text)
{
    const char *at = text.size ? memchr(text.at, '@', text.size) : NULL;
    return text.size <= 254 && at && at > text.at && at + 1 < text.at + text.size &&
           !memchr(at + 1, '@', (size_t)(text.at + text.size - at - 1)) && !has_control(text);
}

static bool is_hex(struct text text, int64_t size)
{
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return text.size == size;
}

static bool is_batch_id(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (!is_letter_or_digit(text.at[i]) && !memchr("._-", text.at[i], 3)) {
            return false;
        }
    }
    return text.size >= 8 && text.size <= 55;
}

static bool is_country(struct text text)
{
    return text.size == 2 && (text.at[0] | 0x20) >= 'a' && (text.at[0] | 0x20) <= 'z' &&
           (text.at[1] | 0x20) >= 'a' && (text.at[1] | 0x20) <= 'z';
}

bool field_form(enum field_kind kind, struct text text, int64_t max)
{
    struct duration duration;
    __int128 digits;
    int scale;
    switch (kind) {
    case FIELD_ID:
        return is_id(text);
    case FIELD_OID:
        return is_oid(text);
    case FIELD_TEXT:
        return text.size >= 1 && text.size <= max && !has_control(text);
    case FIELD_CURRENCY:
        return is_currency(text);
    case FIELD_UNIT:
        return is_unit(text);
    case FIELD_EMAIL:
        return is_email(text);
    case FIELD_DEC:
        return dec_parse(text, &digits, &scale);
    case FIELD_DURATION:
        return duration_parse(text, &duration);
    case FIELD_HEX:
        return is_hex(text, max);
    case FIELD_BATCH_ID:
        return is_batch_id(text);
    case FIELD_COUNTRY:
        return is_country(text);
    default:
        return false;
    }
}

static void expected_enum(const struct field *field, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "one of");
    for (const char *const *name = field->names; *name && used < size; name++) {
        used += (size_t)snprintf(out + used, size - used, " %s", *name);
    }
}

void field_expected(const struct field *field, char *out, size_t size)
{
    static const char *const words[] = {
        [FIELD_ID] = "a string of 1..64 printable ASCII bytes without space",
        [FIELD_OID] = "a string of 1..64 bytes without control characters or outer spaces",
        [FIELD_CURRENCY] = "a currency as three capital letters",
        [FIELD_UNIT] = "a unit of 1..32 letters, digits and _ . / -",
        [FIELD_EMAIL] = "an e-mail address of at most 254 bytes",
        [FIELD_DEC] = "a decimal as a string like \"1.25\", or an integer",
        [FIELD_BATCH_ID] = "8..55 bytes of A-Z a-z 0-9 . _ -",
        [FIELD_COUNTRY] = "two letters",
        [FIELD_DURATION] = "a duration like \"P14D\"",
        [FIELD_TIME] = "a time like \"2026-01-31T09:00:00Z\"",
        [FIELD_TIME_OR_MS] = "a time like \"2026-01-31T09:00:00Z\" or epoch milliseconds",
        [FIELD_RATE] = "a percentage 0..1000 with at most 4 decimals, as a string, or an integer",
        [FIELD_MONEY] = "an amount as a string like \"10.50\", or an integer",
        [FIELD_MONEY_SIGNED] = "an amount as a string like \"-10.50\", or an integer",
        [FIELD_BOOL] = "true or false",
        [FIELD_OBJECT] = "an object",
    };
    if (field->form) {
        snprintf(out, size, "%s", field->form_words);
        return;
    }
    switch (field->kind) {
    case FIELD_TEXT:
        snprintf(out, size, "a string of 1..%lld bytes without control characters",
                 (long long)field->max);
        return;
    case FIELD_HEX:
        snprintf(out, size, "%lld lower-case hex digits", (long long)field->max);
        return;
    case FIELD_INT:
        snprintf(out, size, "an integer %lld..%lld", (long long)field->min, (long long)field->max);
        return;
    case FIELD_LIST:
        snprintf(out, size, "an array of %lld..%lld elements", (long long)field->min,
                 (long long)field->max);
        return;
    case FIELD_MAP:
        snprintf(out, size, "an object of at most %lld strings, names and values of 1..%lld bytes",
                 (long long)field->max, (long long)field->element_max);
        return;
    case FIELD_ENUM:
        expected_enum(field, out, size);
        return;
    default:
        snprintf(out, size, "%s", words[field->kind]);
    }
}
