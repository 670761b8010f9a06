/* Shared by the two halves of pattern: parsing (pattern.c) and matching (pattern_match.c). */
#ifndef MAKEGOOD_BASE_PATTERN_INSIDE_H
#define MAKEGOOD_BASE_PATTERN_INSIDE_H

#include "base/pattern.h"

enum { STEPS_MAX = 500 };

struct range {
    uint32_t first, last;
};

struct set {
    bool negated;
    int count;
    struct range ranges[64];
};

enum op { OP_CHAR, OP_ANY, OP_SET, OP_BEGIN, OP_END, OP_SPLIT, OP_GO, OP_DONE };

struct step {
    enum op op;
    uint32_t character;
    const struct set *set;
    int to, other;
};

struct pattern {
    bool nocase;
    int count;
    struct step steps[];
};

/* The next character of well-formed UTF-8; any other byte stands for itself. */
uint32_t pattern_character(const char **at, const char *end);

#endif
