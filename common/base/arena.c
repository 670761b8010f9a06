/* Blocks in a list, filled one after the other; a reset goes back to the first and frees nothing. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ensure.h"

enum { BLOCK_SIZE = 64 * 1024 - 64, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    size_t size; /* of bytes */
    size_t used;
    _Alignas(ALIGNMENT) char bytes[];
};

void arena_init(struct arena *arena, size_t bytes_max)
{
    *arena = (struct arena){ .bytes_max = bytes_max };
}

static void exhausted(struct arena *arena)
{
    if (arena->on_exhausted) {
        arena->on_exhausted(arena);
    }
    fprintf(stderr, "makegood: out of memory (an arena holds %zu bytes)\n", arena->held);
    abort();
}

/* A block that is not used yet and has room, else a new one, behind the current one. */
static struct arena_block *next_block(struct arena *arena, size_t size)
{
    struct arena_block **link = arena->current ? &arena->current->next : &arena->first;
    while (*link) {
        (*link)->used = 0;
        if ((*link)->size >= size) {
            return *link;
        }
        link = &(*link)->next;
    }
    size_t room = arena->block_bytes ? arena->block_bytes : BLOCK_SIZE;
    if (size > room) { /* whole multiples: what grows a little from turn to turn fits the block of before */
        room = arena->block_bytes ? size : (size + room - 1) / room * room;
    }
    arena->at_bound = arena->bytes_max && arena->held + room > arena->bytes_max;
    struct arena_block *block = arena->at_bound ? NULL : malloc(sizeof(*block) + room);
    if (!block) {
        exhausted(arena);
        return NULL; /* not reached: exhausted() does not return */
    }
    *block = (struct arena_block){ .size = room };
    *link = block;
    arena->held += room;
    return block;
}

static char *take(struct arena *arena, size_t size, size_t alignment)
{
    struct arena_block *block = arena->current;
    if (block) {
        size_t start = (block->used + alignment - 1) & ~(alignment - 1);
        if (start <= block->size && size <= block->size - start) {
            block->used = start + size;
            arena->used += size;
            return block->bytes + start;
        }
    }
    block = next_block(arena, size);
    arena->current = block;
    block->used = size;
    arena->used += size;
    return block->bytes;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    char *at = take(arena, size ? size : 1, ALIGNMENT);
    memset(at, 0, size);
    return at;
}

char *arena_bytes(struct arena *arena, size_t size)
{
    return take(arena, size ? size : 1, 1);
}

void arena_trim(struct arena *arena, struct text kept)
{
    struct arena_block *block = arena->current;
    ENSURE(block && kept.at >= block->bytes && kept.at + kept.size <= block->bytes + block->used);
    size_t used = (size_t)(kept.at - block->bytes) + kept.size;
    arena->used -= block->used - used;
    block->used = used;
}

struct text arena_copy(struct arena *arena, struct text text)
{
    if (!text.at) {
        return text;
    }
    char *at = arena_bytes(arena, text.size);
    if (text.size) {
        memcpy(at, text.at, text.size);
    }
    return (struct text){ at, text.size };
}

static size_t rest_of_block(const struct arena *arena, char **at)
{
    struct arena_block *block = arena->current;
    *at = block ? block->bytes + block->used : NULL;
    return block ? block->size - block->used : 0;
}

struct text arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    char *at = NULL;
    size_t room = rest_of_block(arena, &at);
    int size = vsnprintf(at, room, format, arguments);
    va_end(arguments);
    ENSURE(size >= 0);
    bool fits = (size_t)size < room;
    at = arena_bytes(arena, (size_t)size + 1); /* where it stands already, when it fits */
    if (!fits) {
        vsnprintf(at, (size_t)size + 1, format, again);
    }
    va_end(again);
    return (struct text){ at, (uint32_t)size };
}

struct text arena_join_parts(struct arena *arena, const struct text *parts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].size;
    }
    ENSURE(size <= UINT32_MAX);
    char *bytes = arena_bytes(arena, size), *at = bytes;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size) { /* memcpy takes no NULL, not even for nothing */
            memcpy(at, parts[i].at, parts[i].size);
            at += parts[i].size;
        }
    }
    return (struct text){ bytes, (uint32_t)size };
}

struct text arena_number(struct arena *arena, int64_t number)
{
    char room[20], *end = room + sizeof(room), *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0) {
        *--at = '-';
    }
    return arena_copy(arena, (struct text){ at, (uint32_t)(end - at) });
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){ arena->current, arena->current ? arena->current->used : 0,
                                arena->used };
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    if (!mark.block) {
        arena_reset(arena);
        return;
    }
    arena->current = mark.block;
    mark.block->used = mark.block_used;
    arena->used = mark.used;
}

void arena_reset(struct arena *arena)
{
    arena->current = NULL;
    arena->used = 0;
}

void arena_release(struct arena *arena)
{
    struct arena_block *block = arena->first;
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena->first = arena->current = NULL;
    arena->used = arena->held = 0;
}
