/* Stands before the functions by which a turn gets memory, and before those that show where a turn begins. */
#include "fuzz/asks.h"

#include <stdarg.h>

#include "engine/inside.h" /* to know when a turn runs */
#include "fuzz/fuzz.h"

enum { TURNS_MAX = 4096 };

const struct message_type asks_timers = { .name = "(timers)" }, asks_dead_letter = { .name = "(dead letter)" };

static struct turn_asks turns[TURNS_MAX];
static int turn;     /* number of the one at hand; 0: before the first */
static long asked;   /* since the run began */
static int fails_in; /* the turn whose n-th time fails; ASKS_ANY: any turn's; ASKS_NEVER */
static long fails_at;
static int fails_left; /* and so often more at once, whoever asks */
static bool decoded, in_look;

void asks_begin(int in, long at, int times)
{
    turn = 0;
    asked = 0;
    fails_in = in;
    fails_at = at;
    fails_left = times - 1;
    turns[0] = (struct turn_asks){ &asks_timers, 0 };
    decoded = in_look = false;
}

void asks_over(void)
{
    fails_in = ASKS_NEVER;
}

int asks_turns(void)
{
    return turn;
}

struct turn_asks asks_of(int number)
{
    return turns[number];
}

long asks_all(void)
{
    return asked;
}

static void turn_begin(const struct message_type *type)
{
    PROMISE(++turn < TURNS_MAX, "more turns");
    turns[turn] = (struct turn_asks){ type, 0 };
}

/* True: this time it fails. */
static bool ask(void)
{
    turns[turn].asked++;
    asked++;
    bool here = fails_in == ASKS_ANY ? asked == fails_at : fails_in == turn && turns[turn].asked == fails_at;
    if (here) {
        fails_in = ASKS_AGAIN;
        return true;
    }
    return fails_in == ASKS_AGAIN && fails_left-- > 0;
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

long asks_live(void)
{
    return live;
}

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
        turn_begin(&asks_dead_letter);
    }
    decoded = true;
    __real_message_decode(engine, message);
    turns[turn].type = message->type ? message->type : &asks_dead_letter;
}

REAL(enum view_result, timers_load, struct engine *engine, struct err_note *note)
{
    if (!decoded) {
        turn_begin(&asks_timers);
    }
    decoded = false; /* the next decode is another turn's */
    return __real_timers_load(engine, note);
}
