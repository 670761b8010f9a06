/*
 * What every fuzz target has: one function that takes any bytes and comes back, or ends the process
 * when a promise is broken. libFuzzer calls it (tests/fuzz/run); so does replay.c, in every build.
 */
#ifndef MAKEGOOD_TESTS_FUZZ_H
#define MAKEGOOD_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

/* The name is libFuzzer's. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A promise: broken, it says so on stderr with what printf makes of the rest, and aborts. */
#define PROMISE(holds, ...)                                                                        \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            fprintf(stderr, "%s:%d: not kept: %s: ", __FILE__, __LINE__, #holds);                  \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The next line of what is left, without its end; *rest begins behind it. */
static inline struct text fuzz_line(struct text *rest)
{
    const char *end = rest->size ? memchr(rest->at, '\n', rest->size) : NULL;
    uint32_t size = end ? (uint32_t)(end - rest->at) : rest->size;
    struct text line = { rest->at, size };
    rest->at += end ? size + 1 : size;
    rest->size -= end ? size + 1 : size;
    return line;
}

#endif
