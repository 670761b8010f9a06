/*
 * Blocks that cannot be had, and how many live. It stands before malloc and the like of all that is
 * linked statically (-Wl,--wrap in tests/CMakeLists.txt): the product, and the test itself.
 */
#ifndef MAKEGOOD_TESTS_NO_MEMORY_H
#define MAKEGOOD_TESTS_NO_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

static struct {
    long live;
    long fails_at; /* of the blocks below, from now on: 1 = the next; 0 = none */
    size_t at_least, at_most; /* other blocks do not count */
    bool failed;
} memory;

static inline void memory_fail(long at, size_t at_least, size_t at_most)
{
    memory.fails_at = at;
    memory.at_least = at_least;
    memory.at_most = at_most;
    memory.failed = false;
}

static inline bool memory_fails(size_t size)
{
    if (memory.fails_at == 0 || size < memory.at_least || size > memory.at_most || --memory.fails_at > 0) {
        return false;
    }
    return memory.failed = true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

void *__wrap_malloc(size_t size)
{
    if (memory_fails(size)) {
        return NULL;
    }
    memory.live++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    if (memory_fails(count * size)) {
        return NULL;
    }
    memory.live++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    memory.live += block == NULL;
    return __real_realloc(block, size);
}

void __wrap_free(void *block)
{
    memory.live -= block != NULL;
    __real_free(block);
}

#endif
