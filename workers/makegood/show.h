/* What `show` has found of an entity, and how a person sees it. */
#ifndef MAKEGOOD_SHOW_H
#define MAKEGOOD_SHOW_H

#include "engine/record.h"
#include "workers/makegood/lookup.h"
#include "workers/makegood/parts.h"

struct shown {
    struct text key;
    const void *state; /* as its struct; NULL: none of its own yet */
    struct record record;
    struct lookup_found found;
    struct parts parts; /* of an entity; none of a part */
    struct lookup *lookup;
    struct arena *arena;
};

/* Rows of a table that a person is shown; the rest is counted. */
enum { SHOW_ROWS_MAX = 200 };

void show_account(const struct shown *shown);
void show_action(const struct shown *shown);
void show_order(const struct shown *shown);

/* show_lines.c: a line of "name   value". */
void show_line(const char *name, struct text value);
void show_line_time(const char *name, int64_t ms); /* absent: no line */
/* Version, what waits, what is due, where it was read. */
void show_head(const struct shown *shown);
/* A part's id behind its name: "r1" of "account:7/reward:r1", "reward"; absent: a part of another kind. */
struct text show_part_id(const struct part *part, const char *kind);

#endif
