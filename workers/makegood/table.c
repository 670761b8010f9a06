/* Aligned columns on stdout. */
#include "workers/makegood/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "base/money.h"
#include "base/time.h"
#include "wire/field.h"
#include "workers/makegood/terminal.h"

void table_open(struct table *table, const char *const *heads)
{
    *table = (struct table){ .heads = heads };
    while (heads[table->columns]) {
        table->columns++;
    }
    ENSURE(table->columns <= TABLE_COLUMNS_MAX);
}

void table_put(struct table *table, struct text text)
{
    if (table->count == table->room) {
        table->room = table->room ? table->room * 2 : 128;
        table->cells = realloc(table->cells, table->room * sizeof(*table->cells));
        ENSURE(table->cells != NULL);
    }
    table->cells[table->count++] = text;
}

void table_put_time(struct table *table, int64_t ms)
{
    char time[TIME_TEXT_SIZE];
    if (ms == FIELD_ABSENT) {
        table_put(table, TEXT(""));
        return;
    }
    time_format(ms, time);
    struct text text = arena_copy(&table->arena, text_of(time));
    if (ms % 1000 == 0) {
        text = arena_printf(&table->arena, "%.*sZ", (int)(text.size - strlen(".000Z")), text.at);
    }
    table_put(table, text);
}

void table_put_value(struct table *table, int64_t digits, int exponent)
{
    char value[MONEY_TEXT_MAX];
    size_t size = money_format(digits, exponent, value);
    table_put(table, arena_copy(&table->arena, (struct text){ value, (uint32_t)size }));
}

/* Characters, as terminal_put() prints them. */
static int width_of(struct text text)
{
    int width = 0;
    for (uint32_t i = 0; i < text.size; i++) {
        width += ((unsigned char)text.at[i] & 0xc0) != 0x80;
    }
    return width;
}

static struct text head_of(const struct table *table, int column)
{
    const char *head = table->heads[column];
    return text_of(*head == '>' ? head + 1 : head);
}

/* 0: nothing is in it. */
static int column_width(const struct table *table, int column)
{
    int width = 0, head = width_of(head_of(table, column));
    for (size_t i = (size_t)column; i < table->count; i += (size_t)table->columns) {
        int cell = width_of(table->cells[i]);
        width = cell > width ? cell : width;
    }
    return width > 0 && head > width ? head : width;
}

static void print_row(const struct table *table, const struct text *cells, const int *widths)
{
    int gap = 0; /* spaces that are due before the next cell: none stand at the end of a line */
    for (int i = 0; i < table->columns; i++) {
        int empty = widths[i] - width_of(cells[i]);
        bool right = table->heads[i][0] == '>';
        if (widths[i] == 0) {
            continue;
        }
        if (cells[i].size > 0) {
            printf("%*s", gap + (right ? empty : 0), "");
            terminal_put(stdout, cells[i], 0);
            gap = right ? 0 : empty;
        } else {
            gap += widths[i];
        }
        gap += 2;
    }
    putchar('\n');
}

void table_print(struct table *table)
{
    int widths[TABLE_COLUMNS_MAX];
    struct text heads[TABLE_COLUMNS_MAX];
    for (int i = 0; i < table->columns; i++) {
        widths[i] = column_width(table, i);
        heads[i] = head_of(table, i);
    }
    if (table->count > 0) {
        print_row(table, heads, widths);
    }
    for (size_t i = 0; i + (size_t)table->columns <= table->count; i += (size_t)table->columns) {
        print_row(table, table->cells + i, widths);
    }
    free(table->cells);
    arena_release(&table->arena);
}
