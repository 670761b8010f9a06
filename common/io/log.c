/* One event, one line, one write(2), so that lines of several threads do not mix. */
#include "io/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "io/clock.h"

/* TAIL_BYTES: the end of a line that was cut, `"}` and a newline, always has room; UNIT_BYTES: so
 * has what stands for one character. */
enum { LINE_MAX_BYTES = 4096, TAIL_BYTES = 3, UNIT_BYTES = 6, NUMBER_BYTES = 24 };

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

static bool has_room(const struct line *line, size_t size)
{
    return line->size + size + TAIL_BYTES <= sizeof(line->bytes);
}

static void put_byte(struct line *line, char byte)
{
    line->bytes[line->size++] = byte;
}

static void put_string(struct line *line, const char *string)
{
    while (*string) {
        put_byte(line, *string++);
    }
}

/* Bytes of the UTF-8 character that begins there, 0 = none does. Who reads JSON may refuse the line
 * for one bad byte of somebody's key. */
static uint32_t character_size(const unsigned char *at, uint32_t left)
{
    static const unsigned char least[] = { 0, 0, 0, 0xa0, 0x90 }, most[] = { 0, 0, 0, 0x9f, 0x8f };
    uint32_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (size == 0 || size > left || at[0] > 0xf4) {
        return 0;
    }
    for (uint32_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (at[0] == 0xe0 || at[0] == 0xf0) && at[1] < least[size];
    bool too_high = (at[0] == 0xed || at[0] == 0xf4) && at[1] > most[size];
    return overlong || too_high ? 0 : size;
}

static void put_control(struct line *line, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '\n') {
        put_string(line, "\\n");
        return;
    }
    put_string(line, "\\u00");
    put_byte(line, hex[c >> 4]);
    put_byte(line, hex[c & 15]);
}

/* Inside quotes, in both formats alike. Cut between characters when the line is full. */
static void put_escaped(struct line *line, struct text text)
{
    uint32_t size;
    for (uint32_t i = 0; i < text.size && has_room(line, UNIT_BYTES); i += size ? size : 1) {
        const unsigned char *at = (const unsigned char *)text.at + i;
        size = character_size(at, text.size - i);
        if (size == 0) {
            put_string(line, "\\ufffd");
        } else if (*at < 0x20 || *at == 0x7f) {
            put_control(line, *at);
        } else {
            if (*at == '"' || *at == '\\') {
                put_byte(line, '\\');
            }
            for (uint32_t k = 0; k < size; k++) {
                put_byte(line, (char)at[k]);
            }
        }
    }
}

static bool needs_quotes(struct text text)
{
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c <= 0x20 || c == '"' || c == '=' || c == '\\' || c >= 0x7f) {
            return true;
        }
    }
    return text.size == 0;
}

static void put_text(struct line *line, const char *name, struct text text, bool json)
{
    bool quotes = json || needs_quotes(text);
    if (!has_room(line, strlen(name) + UNIT_BYTES)) {
        return;
    }
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
    char digits[NUMBER_BYTES];
    if (!has_room(line, strlen(name) + UNIT_BYTES + NUMBER_BYTES)) {
        return;
    }
    snprintf(digits, sizeof(digits), "%lld", (long long)number);
    put_string(line, json ? ",\"" : " ");
    put_string(line, name);
    put_string(line, json ? "\":" : "=");
    put_string(line, digits);
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
