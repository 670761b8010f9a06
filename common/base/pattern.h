/*
 * POSIX extended regular expressions over UTF-8 that must match a whole text. Matching takes time in
 * proportion to pattern times text, whatever the pattern: it comes from outside. The C library's
 * regcomp() takes memory without bound for some patterns and holds it outside of any arena.
 *
 * Refused: what POSIX leaves undefined (a repetition of nothing, an empty alternative, a backslash
 * before a letter or digit), collating elements, and patterns that unfold to more than 500 steps.
 */
#ifndef MAKEGOOD_BASE_PATTERN_H
#define MAKEGOOD_BASE_PATTERN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

struct pattern;

/* Lives in the arena. ASCII letters match without regard to case if nocase. NULL: not a pattern;
 * *why then says what is wrong. `groups` (may be NULL) becomes the number of capture groups. */
const struct pattern *pattern_compile(struct arena *arena, struct text source, bool nocase,
                                      int *groups, const char **why);
/* Is the whole text one that the pattern describes? Texts up to 255 bytes; longer ones are not. */
bool pattern_matches(const struct pattern *pattern, struct text text);

#endif
