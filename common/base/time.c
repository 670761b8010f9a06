/* RFC 3339 and ISO 8601 durations, on the proleptic Gregorian calendar. */
#include "base/time.h"

#include "base/ensure.h"

enum { YEAR_MIN = 1970, YEAR_MAX = 9999 };

/* Days since 1970-01-01 of a date, by eras of 400 years that begin on 1 March (H. Hinnant's
 * days_from_civil). */
static int64_t days_of_date(int64_t year, int32_t month, int32_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

struct civil civil_of_ms(int64_t ms)
{
    int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
    int64_t of_day = ms - days * DAY_MS;
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    int32_t day = (int32_t)(day_of_year - (153 * shifted + 2) / 5 + 1);
    int32_t month = (int32_t)(shifted < 10 ? shifted + 3 : shifted - 9);
    int32_t year = (int32_t)(year_of_era + era * 400 + (month <= 2));
    return (struct civil){ year, month, day, of_day };
}

int64_t ms_of_civil(struct civil civil)
{
    return days_of_date(civil.year, civil.month, civil.day) * DAY_MS + civil.ms;
}

int32_t days_in_month(int32_t year, int32_t month)
{
    static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    ENSURE(month >= 1 && month <= 12);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

struct civil civil_add_months(struct civil civil, int32_t months)
{
    int64_t count = (int64_t)civil.year * 12 + civil.month - 1 + months;
    int64_t year = count / 12 - (count % 12 < 0);
    civil.year = (int32_t)year;
    civil.month = (int32_t)(count - year * 12 + 1);
    int32_t last = days_in_month(civil.year, civil.month);
    civil.day = civil.day > last ? last : civil.day;
    return civil;
}

/* `size` digits at *at, which moves on. */
static bool number(const char **at, const char *end, int size, int32_t *out)
{
    int32_t value = 0;
    for (int i = 0; i < size; i++) {
        if (*at == end || **at < '0' || **at > '9') {
            return false;
        }
        value = value * 10 + (*(*at)++ - '0');
    }
    *out = value;
    return true;
}

static bool letter(const char **at, const char *end, char wanted)
{
    if (*at == end || **at != wanted) {
        return false;
    }
    (*at)++;
    return true;
}

static bool parse_fraction(const char **at, const char *end, int32_t *ms)
{
    *ms = 0;
    if (!letter(at, end, '.')) {
        return true;
    }
    int32_t scale = 100, digit;
    if (!number(at, end, 1, &digit)) {
        return false;
    }
    do {
        *ms += digit * scale;
        scale /= 10;
    } while (scale && number(at, end, 1, &digit));
    return true;
}

static bool parse_offset(const char **at, const char *end, int64_t *offset_ms)
{
    *offset_ms = 0;
    if (letter(at, end, 'Z')) {
        return *at == end;
    }
    int sign = letter(at, end, '+') ? 1 : letter(at, end, '-') ? -1 : 0;
    int32_t hours, minutes;
    if (!sign || !number(at, end, 2, &hours) || !letter(at, end, ':') ||
        !number(at, end, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *offset_ms = sign * (hours * 60 + minutes) * INT64_C(60000);
    return *at == end;
}

bool time_parse(struct text text, int64_t *ms)
{
    const char *at = text.at, *end = text.at + text.size;
    struct civil date = { 0 };
    int32_t hour, minute, second, fraction;
    int64_t offset;
    if (!number(&at, end, 4, &date.year) || !letter(&at, end, '-') ||
        !number(&at, end, 2, &date.month) || !letter(&at, end, '-') ||
        !number(&at, end, 2, &date.day) || !letter(&at, end, 'T') ||
        !number(&at, end, 2, &hour) || !letter(&at, end, ':') || !number(&at, end, 2, &minute) ||
        !letter(&at, end, ':') || !number(&at, end, 2, &second) ||
        !parse_fraction(&at, end, &fraction) || !parse_offset(&at, end, &offset)) {
        return false;
    }
    if (date.year < YEAR_MIN || date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_in_month(date.year, date.month) || hour > 23 || minute > 59 ||
        second > 59) {
        return false;
    }
    date.ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
    int64_t value = ms_of_civil(date) - offset;
    if (value < 0 || value > TIME_MAX) {
        return false;
    }
    *ms = value;
    return true;
}

static void put_number(char *at, int64_t value, int size)
{
    while (size-- > 0) {
        at[size] = (char)('0' + value % 10);
        value /= 10;
    }
}

void time_format(int64_t ms, char out[TIME_TEXT_SIZE])
{
    ENSURE(ms >= 0 && ms <= TIME_MAX);
    struct civil civil = civil_of_ms(ms);
    memcpy(out, "0000-00-00T00:00:00.000Z", TIME_TEXT_SIZE);
    put_number(out, civil.year, 4);
    put_number(out + 5, civil.month, 2);
    put_number(out + 8, civil.day, 2);
    put_number(out + 11, civil.ms / 3600000, 2);
    put_number(out + 14, civil.ms / 60000 % 60, 2);
    put_number(out + 17, civil.ms / 1000 % 60, 2);
    put_number(out + 20, civil.ms % 1000, 3);
}

/* One component: digits and a letter. */
static bool component(const char **at, const char *end, int64_t *value, char *unit)
{
    int digits = 0;
    *value = 0;
    while (*at < end && **at >= '0' && **at <= '9') {
        if (++digits > 9) {
            return false;
        }
        *value = *value * 10 + (*(*at)++ - '0');
    }
    if (!digits || *at == end) {
        return false;
    }
    *unit = *(*at)++;
    return true;
}

bool duration_parse(struct text text, struct duration *out)
{
    /* In the order in which they may come: the place is found by strchr, and only moves on. */
    static const char date_units[] = "YMWD", time_units[] = "HMS";
    const char *at = text.at, *end = text.at + text.size, *units = date_units;
    struct duration duration = { 0 };
    bool any = false, in_time = false;
    if (!letter(&at, end, 'P')) {
        return false;
    }
    while (at < end) {
        if (!in_time && letter(&at, end, 'T')) {
            in_time = true;
            units = time_units;
            any = false; /* a T needs something behind it */
            continue;
        }
        int64_t value;
        char unit;
        if (!component(&at, end, &value, &unit)) {
            return false;
        }
        const char *place = strchr(units, unit);
        if (!place || !*place) {
            return false;
        }
        units = place + 1;
        any = true;
        int64_t of_time = unit == 'H' ? 3600000 : unit == 'M' ? 60000 : 1000;
        if (in_time) {
            duration.ms += value * of_time;
        } else if (unit == 'Y' || unit == 'M') {
            duration.months += value * (unit == 'Y' ? 12 : 1);
        } else {
            duration.days += value * (unit == 'W' ? 7 : 1);
        }
    }
    *out = duration;
    return any;
}

bool duration_add(int64_t from_ms, struct duration duration, int64_t *out)
{
    enum { MONTHS_MAX = (YEAR_MAX + 1) * 12 };
    if (duration.months > MONTHS_MAX) {
        return false;
    }
    struct civil civil = civil_add_months(civil_of_ms(from_ms), (int32_t)duration.months);
    /* At most 10^9 * (7 + 1) days and 10^9 hours: far from overflow. */
    int64_t ms = ms_of_civil(civil) + duration.days * DAY_MS + duration.ms;
    if (ms > TIME_MAX) {
        return false;
    }
    *out = ms;
    return true;
}
