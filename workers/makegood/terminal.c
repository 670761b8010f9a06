/* Meters, colours, clean text. */
#include "workers/makegood/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/clock.h"

enum { BAR_MS = 100, LINE_MS = 10000, BAR_CELLS = 30, SECOND_MS = 1000 };

void meter_start(struct meter *meter, const char *what, int64_t total)
{
    *meter = (struct meter){ .what = what,
                             .total = total,
                             .begun_ms = clock_monotonic_ms(),
                             .terminal = isatty(STDERR_FILENO) == 1 };
    meter->told_ms = meter->begun_ms;
}

static void show_bar(const struct meter *meter, int64_t done, long long per_second)
{
    char bar[BAR_CELLS + 1];
    int64_t filled = done * BAR_CELLS / meter->total;
    for (int i = 0; i < BAR_CELLS; i++) {
        bar[i] = i < filled ? '#' : '.';
    }
    bar[BAR_CELLS] = 0;
    fprintf(stderr, "\r%s %3d%%  %lld of %lld %s, %lld/s\033[K", bar,
            (int)(done * 100 / meter->total), (long long)done, (long long)meter->total,
            meter->what, per_second);
}

void meter_show(struct meter *meter, int64_t done)
{
    int64_t now = clock_monotonic_ms();
    if (now - meter->told_ms < (meter->terminal ? BAR_MS : LINE_MS)) {
        return;
    }
    meter->told_ms = now;
    long long per_second = (long long)(done * SECOND_MS / (now - meter->begun_ms));
    if (!meter->terminal) {
        fprintf(stderr, "makegood: %lld%s%.0lld %s, %lld/s\n", (long long)done,
                meter->total ? " of " : "", (long long)meter->total, meter->what, per_second);
    } else if (meter->total) {
        meter->shown = true;
        show_bar(meter, done, per_second);
    } else {
        meter->shown = true;
        fprintf(stderr, "\r%lld %s, %lld/s\033[K", (long long)done, meter->what, per_second);
    }
}

void meter_end(struct meter *meter)
{
    if (meter->shown) {
        fputs("\r\033[K", stderr);
    }
}

int terminal_columns(void)
{
    struct winsize size = { 0 };
    if (isatty(STDOUT_FILENO) != 1) {
        return 0;
    }
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void terminal_paint(enum paint paint)
{
    static const char *const codes[] = { "\033[0m", "\033[32m", "\033[33m", "\033[31m" };
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    bool plain = (no && *no) || !term || text_is(text_of(term), "dumb");
    if (!plain && isatty(STDOUT_FILENO) == 1) {
        fputs(codes[paint], stdout);
    }
}

/* Bytes of the character at the front; a byte that begins no whole one of UTF-8 stands alone. */
static uint32_t character_size(struct text text)
{
    unsigned char c = (unsigned char)text.at[0];
    uint32_t size = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    for (uint32_t i = 1; i < size; i++) {
        if (i >= text.size || (text.at[i] & 0xc0) != 0x80) {
            return 1;
        }
    }
    return size;
}

static bool is_control(struct text character)
{
    unsigned char first = (unsigned char)character.at[0];
    unsigned char second = character.size > 1 ? (unsigned char)character.at[1] : 0;
    return character.size == 1 ? first < 0x20 || first >= 0x7f : first == 0xc2 && second < 0xa0;
}

int terminal_put(FILE *to, struct text text, int columns)
{
    int printed = 0;
    while (text.size > 0 && (columns == 0 || printed < columns)) {
        struct text one = { text.at, character_size(text) };
        if (is_control(one)) {
            fputc('?', to);
        } else {
            fwrite(one.at, 1, one.size, to);
        }
        text.at += one.size;
        text.size -= one.size;
        printed++;
    }
    return printed;
}
