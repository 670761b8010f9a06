/*
 * Instants are int64 milliseconds since 1970-01-01T00:00:00Z. Text is RFC 3339. No clock here: the
 * time it is comes from outside (io/clock.h, the record's timestamp).
 */
#ifndef MAKEGOOD_BASE_TIME_H
#define MAKEGOOD_BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum { TIME_TEXT_SIZE = 25 }; /* "2020-09-26T07:00:00.000Z" and NUL */

#define TIME_ABSENT INT64_MIN
#define TIME_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define DAY_MS INT64_C(86400000)

struct civil {
    int32_t year, month, day; /* month and day from 1 */
    int64_t ms;               /* of the day, 0..86399999 */
};

/* RFC 3339: upper-case T and Z or an offset, 0-3 decimals of a second, no second 60, years
 * 1970-9999 (also after the offset is applied). */
bool time_parse(struct text text, int64_t *ms);
/* Always UTC with milliseconds and Z. ms within 1970..9999. NUL-terminated, length 24. */
void time_format(int64_t ms, char out[TIME_TEXT_SIZE]);

struct civil civil_of_ms(int64_t ms);
int64_t ms_of_civil(struct civil civil);
int32_t days_in_month(int32_t year, int32_t month);
/* Adds months, clamping the day to the month's end (31 January + 1 = 28 or 29 February). */
struct civil civil_add_months(struct civil civil, int32_t months);

/* ISO 8601 PnYnMnWnDTnHnMnS, integers, at least one component, each component at most 999,999,999. */
struct duration {
    int64_t months; /* years * 12 + months */
    int64_t days;   /* weeks * 7 + days    */
    int64_t ms;
};
bool duration_parse(struct text text, struct duration *out);
/* Calendar arithmetic in UTC: months first (day clamped), then days, then time. False: after 9999. */
bool duration_add(int64_t from_ms, struct duration duration, int64_t *out);

#endif
