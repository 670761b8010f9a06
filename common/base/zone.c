/* TZif (RFC 8536) and the POSIX TZ footer (with RFC 8536's extension: hours -167..167). */
#include "base/zone.h"

#include "base/time.h"

struct change { /* one of the two yearly changes of a footer */
    char form;  /* 'M', 'J' (1..365, no leap day) or 'N' (0..365) */
    int32_t month, week, day;
    int64_t seconds; /* local, of the day */
};

struct zone {
    size_t count;
    const int64_t *times;   /* seconds, ascending       */
    const int32_t *offsets; /* from times[i] on         */
    int32_t first;          /* offset before times[0]   */
    bool footer, dst;
    int32_t standard, daylight; /* offsets of the footer */
    struct change start, end;
};

static int64_t big_endian(const char *at, int size)
{
    uint64_t value = (unsigned char)at[0] & 0x80 ? ~UINT64_C(0) : 0;
    for (int i = 0; i < size; i++) {
        value = value << 8 | (unsigned char)at[i];
    }
    return (int64_t)value;
}

/* --- footer: "EST5EDT,M3.2.0,M11.1.0" --- */

struct cursor {
    const char *at, *end;
};

static bool next_is(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c) {
        return false;
    }
    cursor->at++;
    return true;
}

static bool read_number(struct cursor *cursor, int32_t *out)
{
    const char *start = cursor->at;
    *out = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9' &&
           cursor->at - start < 4) {
        *out = *out * 10 + (*cursor->at++ - '0');
    }
    return cursor->at > start;
}

static bool read_name(struct cursor *cursor)
{
    const char *start = cursor->at;
    if (next_is(cursor, '<')) {
        while (cursor->at < cursor->end && *cursor->at != '>') {
            cursor->at++;
        }
        return next_is(cursor, '>');
    }
    while (cursor->at < cursor->end &&
           ((*cursor->at | 0x20) >= 'a' && (*cursor->at | 0x20) <= 'z')) {
        cursor->at++;
    }
    return cursor->at - start >= 3;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool read_hours(struct cursor *cursor, int64_t *seconds)
{
    int sign = next_is(cursor, '-') ? -1 : 1;
    if (sign > 0) {
        next_is(cursor, '+');
    }
    int32_t hours, minutes = 0, rest = 0;
    if (!read_number(cursor, &hours) || (next_is(cursor, ':') && !read_number(cursor, &minutes)) ||
        (next_is(cursor, ':') && !read_number(cursor, &rest)) || hours > 167 || minutes > 59 ||
        rest > 59) {
        return false;
    }
    *seconds = sign * (hours * INT64_C(3600) + minutes * 60 + rest);
    return true;
}

static bool read_change(struct cursor *cursor, struct change *out)
{
    *out = (struct change){ .seconds = 7200 };
    if (!next_is(cursor, ',')) {
        return false;
    }
    if (next_is(cursor, 'M')) {
        out->form = 'M';
        if (!read_number(cursor, &out->month) || !next_is(cursor, '.') ||
            !read_number(cursor, &out->week) || !next_is(cursor, '.') ||
            !read_number(cursor, &out->day) || out->month < 1 || out->month > 12 ||
            out->week < 1 || out->week > 5 || out->day > 6) {
            return false;
        }
    } else {
        out->form = next_is(cursor, 'J') ? 'J' : 'N';
        if (!read_number(cursor, &out->day) || out->day > 365 ||
            (out->form == 'J' && out->day < 1)) {
            return false;
        }
    }
    return !next_is(cursor, '/') || read_hours(cursor, &out->seconds);
}

static bool read_footer(struct zone *zone, struct text text)
{
    struct cursor cursor = { text.at, text.at + text.size };
    int64_t west;
    if (!read_name(&cursor) || !read_hours(&cursor, &west)) {
        return false;
    }
    zone->footer = true;
    zone->standard = zone->daylight = (int32_t)-west;
    if (cursor.at == cursor.end) {
        return true;
    }
    zone->dst = true;
    zone->daylight += 3600;
    if (!read_name(&cursor)) {
        return false;
    }
    if (cursor.at < cursor.end && *cursor.at != ',') {
        if (!read_hours(&cursor, &west)) {
            return false;
        }
        zone->daylight = (int32_t)-west;
    }
    return read_change(&cursor, &zone->start) && read_change(&cursor, &zone->end) &&
           cursor.at == cursor.end;
}

/* Local second at which a change happens in a year, counted since 1970 as if local were UTC. */
static int64_t change_at(const struct change *change, int32_t year)
{
    struct civil date = { year, 1, 1, 0 };
    if (change->form == 'M') {
        date.month = change->month;
        int64_t days = ms_of_civil(date) / DAY_MS - (ms_of_civil(date) < 0);
        int32_t weekday = (int32_t)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
        int32_t day = 1 + (change->day - weekday + 7) % 7 + (change->week - 1) * 7;
        while (day > days_in_month(year, change->month)) {
            day -= 7;
        }
        date.day = day;
        return ms_of_civil(date) / 1000 + change->seconds;
    }
    int32_t day = change->form == 'J' ? change->day - 1 : change->day;
    bool leap = days_in_month(year, 2) == 29;
    day += change->form == 'J' && leap && change->day > 59;
    return ms_of_civil(date) / 1000 + day * INT64_C(86400) + change->seconds;
}

static int32_t footer_offset(const struct zone *zone, int64_t seconds)
{
    if (!zone->dst) {
        return zone->standard;
    }
    int32_t year = civil_of_ms((seconds + zone->standard) * 1000).year;
    int64_t start = change_at(&zone->start, year) - zone->standard;
    int64_t end = change_at(&zone->end, year) - zone->daylight;
    bool inside = start < end ? seconds >= start && seconds < end
                              : seconds < end || seconds >= start;
    return inside ? zone->daylight : zone->standard;
}

/* --- the file --- */

enum { HEADER = 44 };

struct counts {
    int64_t isut, isstd, leap, time, type, chars;
};

static bool read_header(struct text file, size_t at, struct counts *out)
{
    if (file.size < at + HEADER || memcmp(file.at + at, "TZif", 4) != 0) {
        return false;
    }
    const char *counts = file.at + at + 20;
    *out = (struct counts){ big_endian(counts, 4),      big_endian(counts + 4, 4),
                            big_endian(counts + 8, 4),  big_endian(counts + 12, 4),
                            big_endian(counts + 16, 4), big_endian(counts + 20, 4) };
    enum { MANY = 100000 };
    return out->isut >= 0 && out->isut < MANY && out->isstd >= 0 && out->isstd < MANY &&
           out->leap >= 0 && out->leap < MANY && out->time >= 0 && out->time < MANY &&
           out->type > 0 && out->type <= 256 && out->chars >= 0 && out->chars < MANY;
}

static size_t body_size(const struct counts *c, int time_size)
{
    return (size_t)(c->time * (time_size + 1) + c->type * 6 + c->chars + c->leap * (time_size + 4) +
                    c->isstd + c->isut);
}

static bool read_transitions(struct arena *arena, struct zone *zone, const char *at,
                             const struct counts *c)
{
    const char *indexes = at + c->time * 8, *types = indexes + c->time;
    int64_t *times = arena_alloc(arena, (size_t)c->time * sizeof(*times));
    int32_t *offsets = arena_alloc(arena, (size_t)c->time * sizeof(*offsets));
    for (int64_t i = 0; i < c->time; i++) {
        unsigned char type = (unsigned char)indexes[i];
        if (type >= c->type) {
            return false;
        }
        times[i] = big_endian(at + i * 8, 8);
        offsets[i] = (int32_t)big_endian(types + type * 6, 4);
        if (i && times[i] <= times[i - 1]) {
            return false;
        }
    }
    zone->first = (int32_t)big_endian(types, 4);
    zone->times = times;
    zone->offsets = offsets;
    zone->count = (size_t)c->time;
    return true;
}

const struct zone *zone_parse(struct arena *arena, struct text file)
{
    struct counts first, second;
    if (!read_header(file, 0, &first) || file.at[4] < '2') {
        return NULL;
    }
    size_t at = HEADER + body_size(&first, 4);
    if (!read_header(file, at, &second) ||
        file.size < at + HEADER + body_size(&second, 8) + 2) {
        return NULL;
    }
    struct zone *zone = arena_alloc(arena, sizeof(*zone));
    if (!read_transitions(arena, zone, file.at + at + HEADER, &second)) {
        return NULL;
    }
    const char *footer = file.at + at + HEADER + body_size(&second, 8);
    const char *end = file.at + file.size - 1;
    if (*footer != '\n' || *end != '\n') {
        return NULL;
    }
    struct text rule = { footer + 1, end > footer ? (uint32_t)(end - footer - 1) : 0 };
    if (rule.size && !read_footer(zone, rule)) {
        return NULL;
    }
    return zone;
}

const struct zone *zone_fixed(struct arena *arena, struct text name)
{
    struct zone *zone = arena_alloc(arena, sizeof(*zone));
    if (text_is(name, "UTC") || text_is(name, "Z")) {
        return zone;
    }
    for (uint32_t i = 1; i < name.size; i++) {
        if (i != 3 && (name.at[i] < '0' || name.at[i] > '9')) {
            return NULL;
        }
    }
    if (name.size != 6 || (name.at[0] != '+' && name.at[0] != '-') || name.at[3] != ':') {
        return NULL;
    }
    int32_t hours = (name.at[1] - '0') * 10 + name.at[2] - '0';
    int32_t minutes = (name.at[4] - '0') * 10 + name.at[5] - '0';
    int32_t total = hours * 60 + minutes;
    if (minutes > 59 || total > 14 * 60) {
        return NULL;
    }
    zone->first = (name.at[0] == '-' ? -total : total) * 60;
    return zone;
}

int64_t zone_offset_ms(const struct zone *zone, int64_t utc_ms)
{
    int64_t seconds = utc_ms / 1000 - (utc_ms % 1000 < 0);
    size_t low = 0, high = zone->count;
    while (low < high) { /* the first transition after `seconds` */
        size_t middle = (low + high) / 2;
        if (zone->times[middle] <= seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    int32_t offset = low == 0 ? zone->first : zone->offsets[low - 1];
    if (low == zone->count && zone->footer) {
        offset = footer_offset(zone, seconds);
    }
    return offset * INT64_C(1000);
}

int64_t zone_to_utc(const struct zone *zone, int64_t local_ms)
{
    /* The offsets in force well before and well after; zones change at most once in 36 hours. */
    int64_t before = zone_offset_ms(zone, local_ms - DAY_MS * 3 / 4);
    int64_t after = zone_offset_ms(zone, local_ms + DAY_MS * 3 / 4);
    int64_t early = local_ms - before, late = local_ms - after;
    if (zone_offset_ms(zone, early) == before) {
        return early; /* also the earlier one of two */
    }
    if (zone_offset_ms(zone, late) == after) {
        return late;
    }
    /* Skipped: the first instant with the later offset lies in between; `late` is before it. */
    int64_t low = late, high = early;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (zone_offset_ms(zone, middle) == after) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}
