/* A reader of outcomes that shares nothing with the product's: it looks for `"name":` at any depth,
 * which is enough for the members that the model compares. */
#include <stdio.h>
#include <string.h>

#include "tests/sim/model.h"

struct text member(struct text json, const char *name)
{
    size_t size = strlen(name);
    for (uint32_t i = 0; i + size + 3 < json.size; i++) {
        if (json.at[i] != '"' || memcmp(json.at + i + 1, name, size) != 0 ||
            json.at[i + 1 + size] != '"' || json.at[i + 2 + size] != ':') {
            continue;
        }
        const char *from = json.at + i + 3 + size, *end = json.at + json.size;
        bool string = *from == '"';
        const char *to = from += string;
        while (to < end && (string ? *to != '"' : *to != ',' && *to != '}')) {
            to++;
        }
        return (struct text){ from, (uint32_t)(to - from) };
    }
    return (struct text){ NULL, 0 };
}

static int64_t number(struct text text, bool skip_point)
{
    bool negative = text.size > 0 && text.at[0] == '-';
    int64_t value = 0;
    for (uint32_t i = negative; i < text.size; i++) {
        if (text.at[i] == '.' && skip_point) {
            continue;
        }
        if (text.at[i] < '0' || text.at[i] > '9') {
            return INT64_MIN;
        }
        value = value * 10 + (text.at[i] - '0');
    }
    return text.at == NULL ? INT64_MIN : negative ? -value : value;
}

int64_t member_int(struct text json, const char *name)
{
    return number(member(json, name), false);
}

/* Dollars are always written with two decimals. */
int64_t member_cents(struct text json, const char *name)
{
    struct text text = member(json, name);
    if (text.size < 4 || text.at[text.size - 3] != '.') {
        return INT64_MIN;
    }
    return number(text, true);
}

static int64_t days_before(int64_t year, int64_t month)
{
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - 719469;
}

static int64_t digits(const char *at, int count)
{
    return number((struct text){ at, (uint32_t)count }, false);
}

/* 2026-03-01T12:00:00.000Z */
int64_t text_time(struct text time)
{
    if (time.size != 24) {
        return INT64_MIN;
    }
    int64_t days = days_before(digits(time.at, 4), digits(time.at + 5, 2)) + digits(time.at + 8, 2);
    return ((days * 24 + digits(time.at + 11, 2)) * 60 + digits(time.at + 14, 2)) * 60000 +
           digits(time.at + 17, 2) * 1000 + digits(time.at + 20, 3);
}
