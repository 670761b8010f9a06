/*
 * Memory that cannot be had, at the n-th time a turn asks for some. What is promised (base/arena.h,
 * engine/turn.c): the turn is aborted and nothing of it is seen, nothing leaks, no transaction stays open;
 * the next turn, or when there was one record that failed twice only the next process, writes the same log.
 *
 *   scarce SCRIPTS...          for each type of message the turn of one record that asks most often, but
 *                              for dear ones, at every n; some n of turns of three records
 *   scarce --all SCRIPTS...    every turn of every script at every n
 *
 * Scripts are as fuzz/world.h tells.
 */
#include "fuzz/asks.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "fuzz/world_log.h"
#include "io/log.h"
#include "workers/makegood/workers.h"

enum { SCRIPTS_MAX = 1024, TYPES_MAX = 256, SCRIPT_BYTES_MAX = 1 << 20, RECORDS = 3 };
enum { DEAR = 5 * 1000 * 1000 }; /* so often the runs of a type may ask, all together */
enum { STRIDE = 37, DEAR_LARGER = 1000 * 1000 }; /* of turns of three records; the runs of a script */
#define LONG_MS (INT64_C(1000) * 24 * 3600000)

/* --- scripts --- */

static struct script {
    const char *path;
    struct text text;
} scripts[SCRIPTS_MAX];
static int script_count;

static void script_read(const char *path)
{
    static char bytes[SCRIPT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    PROMISE(file != NULL && script_count < SCRIPTS_MAX, "%s", path);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    PROMISE(feof(file), "%s is too large", path);
    fclose(file);
    char *copy = malloc(size + 1);
    PROMISE(copy != NULL, "out of memory");
    memcpy(copy, bytes, size);
    scripts[script_count++] = (struct script){ path, { copy, (uint32_t)size } };
}

/* Lines settle in threes when a turn takes three records. */
static struct text play(struct arena *arena, const struct script *script, uint32_t records, int in, long at,
                        int times)
{
    struct text rest = script->text;
    asks_begin(in, at, times);
    world_open(records);
    for (uint32_t lines = 1; rest.size; lines++) {
        world_send(fuzz_line(&rest));
        if (lines % records == 0) {
            world_settle();
        }
    }
    world_settle();
    world_pass(LONG_MS);
    asks_over();
    world_check();
    return world_log(arena);
}

static long runs, ends, moved;

/* A turn of one record that has failed, against the one that has not. Once, and it is tried again in new
 * arenas; twice, and the process ends. */
static void expect_same(const struct script *script, struct text whole, int in, long at, int times)
{
    struct arena arena = { 0 };
    struct text log = play(&arena, script, 1, in, at, times);
    enum world_log_same same = world_log_compare(whole, log);
    PROMISE(same != LOG_DIFFERS, "%s, turn %d, time %ld: another log", script->path, in, at);
    PROMISE(world_ends() == times - 1, "%s, turn %d, time %ld: %d processes ended", script->path, in, at, world_ends());
    moved += same == LOG_MOVED;
    runs++;
    world_close();
    arena_release(&arena);
}

/* --- each type --- */

static struct kind {
    const struct message_type *type;
    int script, turn;
    long asked;
    double cost; /* of its runs together: how often they ask */
} kinds[TYPES_MAX];
static int kind_count;

static struct kind *kind_of_type(const struct message_type *type)
{
    int i = 0;
    while (i < kind_count && kinds[i].type != type) {
        i++;
    }
    PROMISE(i < TYPES_MAX, "more types");
    if (i == kind_count) {
        kinds[kind_count++] = (struct kind){ .type = type };
    }
    return &kinds[i];
}

static bool better(const struct kind *found, const struct kind *than)
{
    if (than->asked == 0 || (found->cost > DEAR && than->cost > DEAR)) {
        return than->asked == 0 || found->cost < than->cost;
    }
    return found->cost <= DEAR && (than->cost > DEAR || found->asked > than->asked);
}

static void look_for_types(void)
{
    for (int i = 0; i < script_count; i++) {
        struct arena arena = { 0 };
        play(&arena, &scripts[i], 1, ASKS_NEVER, 0, 1);
        for (int t = 1; t <= asks_turns(); t++) {
            struct turn_asks asks = asks_of(t);
            struct kind *kind = kind_of_type(asks.type);
            struct kind found = { kind->type, i, t, asks.asked, (double)asks.asked * (double)asks_all() };
            *kind = better(&found, kind) ? found : *kind;
        }
        world_close();
        arena_release(&arena);
    }
}

static void every_type_is_there(void)
{
    for (int w = 0; makegood_workers[w]; w++) {
        for (size_t i = 0; i < makegood_workers[w]->message_count; i++) {
            const struct message_type *type = &makegood_workers[w]->messages[i];
            PROMISE(kind_of_type(type)->asked > 0, "no script has %s", type->name);
        }
    }
    PROMISE(kind_of_type(&asks_timers)->asked > 0, "no script has a timer");
}

static void every_time(const struct script *script, int in, long times)
{
    struct arena arena = { 0 };
    struct text whole = play(&arena, script, 1, ASKS_NEVER, 0, 1);
    world_close();
    long before = asks_live();
    for (long at = 1; at <= times; at++) {
        expect_same(script, whole, in, at, 1);
        expect_same(script, whole, in, at, 2);
        PROMISE(asks_live() == before, "%s, turn %d, time %ld: %ld blocks leak", script->path, in, at,
                asks_live() - before);
    }
    arena_release(&arena);
}

static void each_type(void)
{
    look_for_types();
    every_type_is_there();
    for (int i = 0; i < kind_count; i++) {
        const struct kind *kind = &kinds[i];
        fprintf(stderr, "%s: %ld times, %s\n", kind->type->name, kind->asked, scripts[kind->script].path);
        every_time(&scripts[kind->script], kind->turn, kind->asked);
    }
    printf("%d types\n", kind_count);
}

static void each_turn(void)
{
    for (int i = 0; i < script_count; i++) {
        int count = 1;
        fprintf(stderr, "%s\n", scripts[i].path);
        for (int t = 1; t <= count; t++) {
            struct arena arena = { 0 };
            play(&arena, &scripts[i], 1, ASKS_NEVER, 0, 1);
            long times = asks_of(t).asked;
            count = asks_turns();
            world_close();
            arena_release(&arena);
            every_time(&scripts[i], t, times);
        }
    }
}

/* A turn of some records is halved and goes on: each is decided in another turn, with the same result. */
static void expect_same_result(const struct script *script, struct hash128 whole, long at)
{
    struct arena arena = { 0 };
    play(&arena, script, RECORDS, ASKS_ANY, at, 1);
    PROMISE(hash128_equal(world_result(), whole), "%s, %d records a turn, time %ld: another result", script->path,
            RECORDS, at);
    ends += world_ends(); /* of turns that had one record all the same */
    runs++;
    world_close();
    arena_release(&arena);
}

static void larger_turns(bool each)
{
    for (int i = 0; i < script_count; i++) {
        struct arena arena = { 0 };
        play(&arena, &scripts[i], RECORDS, ASKS_NEVER, 0, 1);
        struct hash128 whole = world_result();
        long all = asks_all(), dear = (long)((double)all * (double)all / DEAR_LARGER);
        long stride = each ? 1 : dear > STRIDE ? dear : STRIDE;
        world_close();
        arena_release(&arena);
        for (long at = 1 + i % stride; at <= all; at += stride) {
            expect_same_result(&scripts[i], whole, at);
        }
    }
}

int main(int argc, char **argv)
{
    bool all = argc > 1 && strcmp(argv[1], "--all") == 0;
    log_configure(LOG_OFF, false);
    world_let_end(true);
    for (int i = 1 + all; i < argc; i++) {
        script_read(argv[i]);
    }
    PROMISE(script_count > 0, "scarce [--all] SCRIPTS...");
    if (all) {
        each_turn();
    } else {
        each_type();
    }
    printf("%ld turns of one record that failed once or twice; in %ld the input has other offsets\n", runs, moved);
    runs = 0;
    larger_turns(all);
    printf("%ld turns of some, %ld halved\n", runs, runs - ends);
    PROMISE(runs > ends, "none was halved");
    return 0;
}
