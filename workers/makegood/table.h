/* Rows in columns that are as wide as what is in them. */
#ifndef MAKEGOOD_TABLE_H
#define MAKEGOOD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { TABLE_COLUMNS_MAX = 16 };

struct table {
    const char *const *heads; /* NULL-terminated; one that begins with '>' is aligned to the right */
    int columns;
    struct text *cells;       /* row by row, on the heap */
    size_t count, room;
    struct arena arena;       /* for texts of cells      */
};

void table_open(struct table *table, const char *const *heads);
/* The next cell, row by row; an absent text is an empty one. It must live as long as the table. */
void table_put(struct table *table, struct text text);
/* A time, without milliseconds if they are none; absent: an empty cell. */
void table_put_time(struct table *table, int64_t ms);
/* Digits with `exponent` decimals. */
void table_put_value(struct table *table, int64_t digits, int exponent);
/* Prints heads and rows, without columns that are empty in all of them; nothing if there is no row.
 * Frees the table. */
void table_print(struct table *table);

#endif
