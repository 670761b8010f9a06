/*
 * Memory that cannot be had, at the n-th time a turn asks for some. What is promised (base/arena.h,
 * engine/turn.c): the turn is aborted and nothing of it is seen, nothing leaks, no transaction stays open;
 * the next turn, or when there was one record only the next process, writes the same log.
 *
 *   scarce SCRIPTS...          for each type of message the turn of one record that asks most often, but
 *                              for dear ones, at every n; some n of turns of three records
 *   scarce --all SCRIPTS...    every turn of every script at every n
 *
 * Scripts are as fuzz_engine.c takes them. All that the engine asks for in a turn counts, whether or not
 * an arena had a block at hand.
 */
#include <stdarg.h>

#include "engine/inside.h" /* to know when a turn runs */
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "fuzz/world_log.h"
#include "io/log.h"
#include "workers/makegood/workers.h"

enum { SCRIPTS_MAX = 1024, TURNS_MAX = 4096, TYPES_MAX = 256, SCRIPT_BYTES_MAX = 1 << 20, RECORDS = 3 };
enum { DEAR = 5 * 1000 * 1000 }; /* so often the runs of a type may ask, all together */
enum { STRIDE = 37, DEAR_LARGER = 1000 * 1000 }; /* of turns of three records; the runs of a script */
#define LONG_MS (INT64_C(1000) * 24 * 3600000)

/* What a turn decides when it has no message of a worker's. */
static const struct message_type timers = { .name = "(timers)" }, dead_letter = { .name = "(dead letter)" };

/* --- a run: turns, and what they ask for --- */

static struct turn_seen {
    const struct message_type *type; /* of the record that is decided */
    long asked;
} turns[TURNS_MAX];
static int turn;            /* number of the one at hand; 0: before the first */
static long asked;          /* since the run began */
static int fails_in;        /* the turn whose n-th time fails; 0: any turn's; -1: none */
static long fails_at;
static bool decoded, in_look;

static void turn_begin(const struct message_type *type)
{
    PROMISE(++turn < TURNS_MAX, "more turns");
    turns[turn] = (struct turn_seen){ type, 0 };
}

/* True: this time it fails. */
static bool ask(void)
{
    turns[turn].asked++;
    asked++;
    if (fails_in < 0 || (fails_in == 0 ? asked : turns[turn].asked) != fails_at ||
        (fails_in != 0 && fails_in != turn)) {
        return false;
    }
    fails_in = -1;
    return true;
}

static void ask_for(struct arena *arena)
{
    const struct engine *engine = arena->on_exhausted ? arena->context : NULL;
    if (engine && engine->started && engine->exhausted_set && ask()) {
        in_look = arena->at_bound = false;
        arena->on_exhausted(arena);
    }
}

/* The linker puts these before the functions of their names (-Wl,--wrap). */
#define REAL(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

REAL(void *, arena_alloc, struct arena *arena, size_t size)
{
    ask_for(arena);
    return __real_arena_alloc(arena, size);
}

REAL(char *, arena_bytes, struct arena *arena, size_t size)
{
    ask_for(arena);
    return __real_arena_bytes(arena, size);
}

REAL(struct text, arena_copy, struct arena *arena, struct text text)
{
    ask_for(arena);
    return __real_arena_copy(arena, text);
}

REAL(struct text, arena_number, struct arena *arena, int64_t number)
{
    ask_for(arena);
    return __real_arena_number(arena, number);
}

REAL(struct text, arena_join_parts, struct arena *arena, const struct text *parts, size_t count)
{
    ask_for(arena);
    return __real_arena_join_parts(arena, parts, count);
}

/* What is wrapped cannot be given on. */
struct text __wrap_arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct text __wrap_arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    ask_for(arena);
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    char *at = __real_arena_bytes(arena, (size_t)size + 1);
    vsnprintf(at, (size_t)size + 1, format, again);
    va_end(again);
    va_end(arguments);
    return (struct text){ at, (uint32_t)size };
}

/* --- blocks --- */

static long live;

REAL(void *, malloc, size_t size)
{
    live++;
    return __real_malloc(size);
}

/* It fails for the engine alone: for what that looks at. */
REAL(void *, calloc, size_t count, size_t size)
{
    if (in_look && ask()) {
        return NULL;
    }
    live++;
    return __real_calloc(count, size);
}

REAL(void *, realloc, void *block, size_t size)
{
    live += block == NULL;
    return __real_realloc(block, size);
}

REAL(void, free, void *block)
{
    live -= block != NULL;
    __real_free(block);
}

/* --- where a turn stands --- */

REAL(const void *, look_at, struct engine *engine, struct text key)
{
    in_look = engine->exhausted_set;
    const void *state = __real_look_at(engine, key);
    in_look = false;
    return state;
}

REAL(void, message_decode, struct engine *engine, struct message *message)
{
    if (!decoded) {
        turn_begin(&dead_letter);
    }
    decoded = true;
    __real_message_decode(engine, message);
    turns[turn].type = message->type ? message->type : &dead_letter;
}

REAL(enum view_result, timers_load, struct engine *engine, struct err_note *note)
{
    if (!decoded) {
        turn_begin(&timers);
    }
    decoded = false; /* the next decode is another turn's */
    return __real_timers_load(engine, note);
}

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
static struct text play(struct arena *arena, const struct script *script, uint32_t records)
{
    struct text rest = script->text;
    turn = asked = 0;
    turns[0] = (struct turn_seen){ &timers, 0 };
    decoded = in_look = false;
    world_open(records);
    for (uint32_t lines = 1; rest.size; lines++) {
        world_send(fuzz_line(&rest));
        if (lines % records == 0) {
            world_settle();
        }
    }
    world_settle();
    world_pass(LONG_MS);
    fails_in = -1;
    world_check();
    return world_log(arena);
}

static long runs, ends, moved;

/* A turn of one record that has failed, against the one that has not. */
static void expect_same(const struct script *script, struct text whole, int in, long at)
{
    struct arena arena = { 0 };
    fails_in = in;
    fails_at = at;
    struct text log = play(&arena, script, 1);
    enum world_log_same same = world_log_compare(whole, log);
    PROMISE(same != LOG_DIFFERS, "%s, turn %d, time %ld: another log", script->path, in, at);
    PROMISE(world_ends() == 1, "%s, turn %d, time %ld: %d processes ended", script->path, in, at, world_ends());
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
        fails_in = -1;
        play(&arena, &scripts[i], 1);
        for (int t = 1; t <= turn; t++) {
            struct kind *kind = kind_of_type(turns[t].type);
            struct kind found = { kind->type, i, t, turns[t].asked, (double)turns[t].asked * (double)asked };
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
    PROMISE(kind_of_type(&timers)->asked > 0, "no script has a timer");
}

static void every_time(const struct script *script, int in, long times)
{
    struct arena arena = { 0 };
    fails_in = -1;
    struct text whole = play(&arena, script, 1);
    world_close();
    long before = live;
    for (long at = 1; at <= times; at++) {
        expect_same(script, whole, in, at);
        PROMISE(live == before, "%s, turn %d, time %ld: %ld blocks leak", script->path, in, at, live - before);
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
    static struct turn_seen seen[TURNS_MAX];
    for (int i = 0; i < script_count; i++) {
        struct arena arena = { 0 };
        fails_in = -1;
        play(&arena, &scripts[i], 1);
        world_close();
        arena_release(&arena);
        int count = turn;
        memcpy(seen, turns, sizeof(seen));
        fprintf(stderr, "%s: %d turns\n", scripts[i].path, count);
        for (int t = 1; t <= count; t++) {
            every_time(&scripts[i], t, seen[t].asked);
        }
    }
}

/* A turn of some records is halved and goes on: each is decided in another turn, with the same result. */
static void expect_same_result(const struct script *script, struct hash128 whole, long at)
{
    struct arena arena = { 0 };
    fails_in = 0;
    fails_at = at;
    play(&arena, script, RECORDS);
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
        fails_in = -1;
        play(&arena, &scripts[i], RECORDS);
        struct hash128 whole = world_result();
        long all = asked, dear = (long)((double)all * (double)all / DEAR_LARGER);
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
    printf("%ld turns of one record that failed once; in %ld the input has other offsets\n", runs, moved);
    runs = 0;
    larger_turns(all);
    printf("%ld turns of some, %ld halved\n", runs, runs - ends);
    PROMISE(runs > ends, "none was halved");
    return 0;
}
