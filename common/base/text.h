/*
 * Bytes with a length, borrowed from whoever holds them. Not NUL-terminated, may hold any byte.
 * `at == NULL` means absent; an empty text has a non-NULL `at` and size 0.
 */
#ifndef MAKEGOOD_BASE_TEXT_H
#define MAKEGOOD_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *at;
    uint32_t size;
};

/* For printf's "%.*s". */
#define TEXT_ARGS(t) (int)(t).size, (t).at

/* "1.2.3" of three numbers that are macros. */
#define TEXT_WORD(word) #word
#define TEXT_DOTTED(a, b, c) TEXT_WORD(a) "." TEXT_WORD(b) "." TEXT_WORD(c)

/* A text of a string literal, usable in constant initialisers. */
#define TEXT(literal) ((struct text){ (literal), (uint32_t)(sizeof(literal) - 1) })

static inline struct text text_of(const char *string)
{
    return (struct text){ string, string ? (uint32_t)strlen(string) : 0 };
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static inline bool text_is(struct text a, const char *string)
{
    return a.at != NULL && a.size == strlen(string) && memcmp(a.at, string, a.size) == 0;
}

static inline bool text_starts(struct text a, struct text prefix)
{
    return a.size >= prefix.size && (prefix.size == 0 || memcmp(a.at, prefix.at, prefix.size) == 0);
}

/* Bytewise order, shorter first on a common prefix: <0, 0, >0. */
int text_compare(struct text a, struct text b);

/* ASCII letters without regard to case. */
bool text_equal_nocase(struct text a, struct text b);

#endif
