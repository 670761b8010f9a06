/*
 * A turn's memory cannot be had: at the n-th allocation of a scripted run, for many n. What is promised
 * (base/arena.h, engine/turn.c): the turn is aborted, nothing of it is seen; a turn of one record ends
 * the process, in order. The next process decides the same.
 *
 *   scarce STRIDE FILE|FOLDER...     every so-manieth n; scripts as fuzz_engine.c takes them
 */
#include "base/arena.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "io/log.h"

enum { RECORDS = 3 };
#define LONG_MS (INT64_C(1000) * 24 * 3600000)

static long allocations, fails_at, stride = 1, runs, ends;

/* The linker puts these before the arena's own (-Wl,--wrap). */
void *__real_arena_alloc(struct arena *arena, size_t size);
void *__wrap_arena_alloc(struct arena *arena, size_t size);
char *__real_arena_bytes(struct arena *arena, size_t size);
char *__wrap_arena_bytes(struct arena *arena, size_t size);
struct text __real_arena_copy(struct arena *arena, struct text text);
struct text __wrap_arena_copy(struct arena *arena, struct text text);

/* The memory of a turn has an end that it does not come back from; other arenas end the process. */
static void count(struct arena *arena)
{
    if (arena->on_exhausted && ++allocations == fails_at) {
        arena->on_exhausted(arena);
    }
}

void *__wrap_arena_alloc(struct arena *arena, size_t size)
{
    count(arena);
    return __real_arena_alloc(arena, size);
}

char *__wrap_arena_bytes(struct arena *arena, size_t size)
{
    count(arena);
    return __real_arena_bytes(arena, size);
}

struct text __wrap_arena_copy(struct arena *arena, struct text text)
{
    count(arena);
    return __real_arena_copy(arena, text);
}

/* Lines settle in threes, so that a turn may have one record or some. */
static struct hash128 play(struct text script, long at, uint32_t records)
{
    allocations = 0;
    fails_at = at;
    world_open(records);
    for (int lines = 1; script.size; lines++) {
        world_send(fuzz_line(&script));
        if (lines % RECORDS == 0) {
            world_settle();
        }
    }
    world_settle();
    world_pass(LONG_MS);
    fails_at = 0;
    world_check();
    ends += world_ends();
    struct hash128 seen = world_seen();
    world_close();
    return seen;
}

static void play_all(struct text script)
{
    for (uint32_t records = 1; records <= RECORDS; records += RECORDS - 1) {
        struct hash128 whole = play(script, 0, records);
        long all = allocations;
        for (long at = 1 + (long)script.size % stride; at <= all; at += stride, runs++) {
            PROMISE(hash128_equal(whole, play(script, at, records)),
                    "%u records a turn, allocation %ld of %ld: another log", records, at, all);
        }
    }
}

int main(int argc, char **argv)
{
    static char bytes[1 << 20];
    PROMISE(argc > 2, "scarce STRIDE FILE...");
    stride = strtol(argv[1], NULL, 10);
    PROMISE(stride > 0, "a stride of at least 1");
    log_configure(LOG_OFF, false);
    world_let_end(true);
    for (int i = 2; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        PROMISE(file != NULL, "%s", argv[i]);
        size_t size = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);
        fprintf(stderr, "%s\n", argv[i]);
        play_all((struct text){ bytes, (uint32_t)size });
    }
    printf("%ld runs, each with a failure; %ld processes ended for it\n", runs, ends);
    PROMISE(runs > 0 && ends > 0, "nothing failed");
    return 0;
}
