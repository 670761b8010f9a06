/* The three forms, told apart by their first byte. */
#include "workers/makegood/moment.h"

#include <string.h>

#include "base/time.h"

/* Digits up to `end`; false: none, something else, or more than fits a time. */
static bool parse_number(const char *text, const char *end, int64_t *out)
{
    int64_t value = 0;
    if (text == end) {
        return false;
    }
    for (; text < end; text++) {
        if (*text < '0' || *text > '9' || value > TIME_MAX) {
            return false;
        }
        value = value * 10 + (*text - '0');
    }
    *out = value;
    return value <= TIME_MAX;
}

static int64_t unit_ms(char unit)
{
    switch (unit) {
    case 's':
        return 1000;
    case 'm':
        return 60 * 1000;
    case 'h':
        return 3600 * 1000;
    case 'd':
        return DAY_MS;
    case 'w':
        return 7 * DAY_MS;
    default:
        return 0;
    }
}

bool moment_parse(const char *text, int64_t now_ms, int64_t *ms)
{
    size_t size = strlen(text);
    int64_t count;
    if (text[0] == '@') {
        return parse_number(text + 1, text + size, ms);
    }
    if (text[0] != '-') {
        return time_parse(text_of(text), ms);
    }
    int64_t unit = unit_ms(text[size - 1]);
    if (unit == 0 || !parse_number(text + 1, text + size - 1, &count) || count > now_ms / unit) {
        return false;
    }
    *ms = now_ms - count * unit;
    return true;
}
