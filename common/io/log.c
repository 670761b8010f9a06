/* One event, one line, one write(2), so that lines of several threads do not mix. */
#include "io/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/time.h"
#include "io/clock.h"

enum { LINE_MAX_BYTES = 4096 };

/* The one setting of a process that everything may log: set once at start, then read only. */
static _Atomic int least_level = LOG_INFO;
static _Atomic bool as_json;

void log_configure(enum log_level least, bool json)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&as_json, json);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

struct line {
    char bytes[LINE_MAX_BYTES];
    size_t size;
};

static void put_byte(struct line *line, char byte)
{
    if (line->size < sizeof(line->bytes) - 1) { /* the newline always has room */
        line->bytes[line->size++] = byte;
    }
}

static void put_string(struct line *line, const char *string)
{
    while (*string) {
        put_byte(line, *string++);
    }
}

/* Inside quotes, in both formats alike. */
static void put_escaped(struct line *line, struct text text)
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == '\\') {
            put_byte(line, '\\');
            put_byte(line, (char)c);
        } else if (c == '\n') {
            put_string(line, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            put_string(line, "\\u00");
            put_byte(line, hex[c >> 4]);
            put_byte(line, hex[c & 15]);
        } else {
            put_byte(line, (char)c);
        }
    }
}

static bool needs_quotes(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c <= 0x20 || c == '"' || c == '=' || c == '\\' || c == 0x7f) {
            return true;
        }
    }
    return text.size == 0;
}

static void put_text(struct line *line, const char *name, struct text text, bool json)
{
    bool quotes = json || needs_quotes(text);
    if (json) {
        put_string(line, line->size > 1 ? ",\"" : "\"");
        put_string(line, name);
        put_string(line, "\":");
    } else {
        put_string(line, line->size ? " " : "");
        put_string(line, name);
        put_byte(line, '=');
    }
    if (quotes) {
        put_byte(line, '"');
    }
    put_escaped(line, text);
    if (quotes) {
        put_byte(line, '"');
    }
}

static void put_number(struct line *line, const char *name, int64_t number, bool json)
{
    char room[64];
    snprintf(room, sizeof(room), json ? ",\"%s\":%lld" : " %s=%lld", name, (long long)number);
    put_string(line, room);
}

void log_event(enum log_level level, const char *name, const struct log_key *keys)
{
    static const char *const levels[] = { "debug", "info", "warn", "error", "off" };
    if (!log_enabled(level)) {
        return;
    }
    bool json = atomic_load(&as_json);
    struct line line = { .size = 0 };
    char time[TIME_TEXT_SIZE];
    time_format(clock_wall_ms(), time);
    if (json) {
        put_byte(&line, '{');
    }
    put_text(&line, "ts", text_of(time), json);
    put_text(&line, "level", text_of(levels[level]), json);
    put_text(&line, "event", text_of(name), json);
    for (; keys->name; keys++) {
        if (keys->kind == 'i') {
            put_number(&line, keys->name, keys->number, json);
        } else {
            put_text(&line, keys->name,
                     keys->kind == 's' ? text_of(keys->string ? keys->string : "") : keys->text,
                     json);
        }
    }
    if (json) {
        put_byte(&line, '}');
    }
    line.bytes[line.size++] = '\n';
    ssize_t written = write(STDERR_FILENO, line.bytes, line.size);
    (void)written; /* where else should that be said? */
}
