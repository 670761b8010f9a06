/*
 * What a person at a terminal gets: a progress bar on stderr (elsewhere a line every 10 s), and
 * text from outside without the bytes that steer a terminal.
 */
#ifndef MAKEGOOD_TERMINAL_H
#define MAKEGOOD_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"

struct meter {
    const char *what; /* "published"            */
    int64_t total;    /* 0 = not known          */
    int64_t begun_ms, told_ms;
    bool terminal, shown;
};

void meter_start(struct meter *meter, const char *what, int64_t total);
void meter_show(struct meter *meter, int64_t done);
/* Takes the bar away. */
void meter_end(struct meter *meter);

/* Columns of the terminal that stdout is, 0 = it is none. */
int terminal_columns(void);
/* Switches the colour of stdout, if it is a terminal and NO_COLOR is not set. */
enum paint { PAINT_NONE, PAINT_GOOD, PAINT_NOTE, PAINT_BAD };
void terminal_paint(enum paint paint);
/* Control characters, also those of 8 bits, and what is no UTF-8 become '?'; at most `columns`
 * characters (0 = all). Returns how many characters were printed. */
int terminal_put(FILE *to, struct text text, int columns);

#endif
