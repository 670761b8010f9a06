/*
 * Memory that is given back all at once: a turn's, a decoded contract's. Blocks are kept by
 * arena_reset(), so the steady state does not call malloc.
 *
 * arena_alloc() never returns NULL. When memory cannot be had, or bytes_max would be passed, it
 * calls on_exhausted (the engine jumps back to the start of its turn and aborts it). If there is none,
 * or it returns, the process ends at once. So the rules need no code for it.
 */
#ifndef MAKEGOOD_BASE_ARENA_H
#define MAKEGOOD_BASE_ARENA_H

#include <stddef.h>

#include "base/text.h"

struct arena_block;

struct arena {
    struct arena_block *first;   /* all blocks, in order of use                  */
    struct arena_block *current; /* the one that is being filled                 */
    size_t used;                 /* bytes handed out since the last reset        */
    size_t held;                 /* bytes of all blocks                          */
    size_t bytes_max;            /* bound of `held`; 0 = none                    */
    size_t block_bytes;          /* of a block, at least; 0 = 64 KiB             */
    bool at_bound;               /* for on_exhausted: bytes_max, not the system, says no */
    void (*on_exhausted)(struct arena *);
    void *context;               /* for on_exhausted                             */
};

struct arena_mark {
    struct arena_block *block;
    size_t block_used;
    size_t used;
};

/* A zeroed struct arena is valid too: no bound, aborts when exhausted. */
void arena_init(struct arena *arena, size_t bytes_max);
/* Zeroed memory, aligned for any type. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same, not zeroed, aligned to 1: for bytes. */
char *arena_bytes(struct arena *arena, size_t size);
/* The allocation made last turned out larger than `kept`, its beginning: the rest is given back. */
void arena_trim(struct arena *arena, struct text kept);
struct text arena_copy(struct arena *arena, struct text text);
struct text arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* All parts, one after the other. */
struct text arena_join_parts(struct arena *arena, const struct text *parts, size_t count);
#define arena_join(arena, ...)                                                                     \
    arena_join_parts(arena, (const struct text[]){ __VA_ARGS__ },                                  \
                     sizeof((const struct text[]){ __VA_ARGS__ }) / sizeof(struct text))
/* In decimal: what is wanted for every record, and costs a tenth of arena_printf(). */
struct text arena_number(struct arena *arena, int64_t number);
struct arena_mark arena_mark(const struct arena *arena);
/* Everything handed out since the mark is void. */
void arena_rewind(struct arena *arena, struct arena_mark mark);
/* Everything is void, blocks are kept for reuse. */
void arena_reset(struct arena *arena);
void arena_release(struct arena *arena);

#endif
