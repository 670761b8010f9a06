/* Which lines have reported, and the first errors. */
#include "workers/job/inside.h"

/* The ranges with one more line; false: it is in one of them. `out` has room for one more. */
static bool add_line(const struct list *ranges, int64_t line, struct line_range *out,
                     uint32_t *count)
{
    const struct line_range *range = ranges->items;
    uint32_t at = 0;
    while (at < ranges->count && range[at].last < line - 1) {
        at++;
    }
    if (at < ranges->count && range[at].first <= line && line <= range[at].last) {
        return false;
    }
    struct line_range grown = { line, line };
    uint32_t next = at;
    for (; next < ranges->count && range[next].first <= line + 1; next++) { /* it touches these */
        grown.first = range[next].first < grown.first ? range[next].first : grown.first;
        grown.last = range[next].last > grown.last ? range[next].last : grown.last;
    }
    if (at) {
        memcpy(out, range, at * sizeof(*out));
    }
    out[at] = grown;
    if (next < ranges->count) {
        memcpy(out + at + 1, range + next, (ranges->count - next) * sizeof(*out));
    }
    *count = at + 1 + ranges->count - next;
    return true;
}

bool line_note(struct decision *decision, int64_t line)
{
    struct arena *arena = decision_arena(decision);
    struct text part =
        arena_printf(arena, "lines:%lld", (long long)((line - 1) / LINES_PER_PART));
    const struct job_lines *before = decision_part(decision, part);
    struct list ranges = before ? before->ranges : (struct list){ NULL, 0 };
    struct line_range *out = arena_alloc(arena, (ranges.count + 1) * sizeof(*out));
    uint32_t count;
    if (!add_line(&ranges, line, out, &count)) {
        return false;
    }
    struct job_lines after = { { out, count } };
    decision_put_part(decision, part, &after, 0);
    return true;
}

void error_note(struct decision *decision, const struct job_error *error)
{
    const struct job_errors *before = decision_part(decision, TEXT("errors:first"));
    struct list errors = before ? before->errors : (struct list){ NULL, 0 };
    struct job_error *out =
        arena_alloc(decision_arena(decision), (errors.count + 1) * sizeof(*out));
    const struct job_error *all = errors.items;
    uint32_t at = 0;
    while (at < errors.count && all[at].line < error->line) {
        at++;
    }
    if (at == ERRORS_LISTED_MAX) {
        return;
    }
    if (errors.count) {
        memcpy(out, all, at * sizeof(*out));
        memcpy(out + at + 1, all + at, (errors.count - at) * sizeof(*out));
    }
    out[at] = *error;
    uint32_t count =
        errors.count < ERRORS_LISTED_MAX ? errors.count + 1 : (uint32_t)ERRORS_LISTED_MAX;
    struct job_errors after = { { out, count } };
    decision_put_part(decision, TEXT("errors:first"), &after, 0);
}
