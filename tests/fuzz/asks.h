/*
 * How often each turn of a run asks for memory, and one time at which there is none. All that the engine asks
 * for in a turn counts, whether or not an arena had a block at hand. Linked with -Wl,--wrap (CMakeLists.txt).
 */
#ifndef MAKEGOOD_TESTS_FUZZ_ASKS_H
#define MAKEGOOD_TESTS_FUZZ_ASKS_H

#include "engine/worker.h"

enum { ASKS_ANY = 0, ASKS_NEVER = -1, ASKS_AGAIN = -2 /* it has failed */ };

/* What a turn decides that has no message of a worker's. */
extern const struct message_type asks_timers, asks_dead_letter;

struct turn_asks {
    const struct message_type *type; /* of the (last) record that is decided */
    long asked;
};

/* A run begins: the n-th time of turn `in` (from 1) fails, or the n-th of all with ASKS_ANY; and those that
 * come next, so that it fails so many `times`. */
void asks_begin(int in, long at, int times);
/* From here on nothing fails. */
void asks_over(void);
/* Turns so far; what each asked; all together. */
int asks_turns(void);
struct turn_asks asks_of(int number);
long asks_all(void);

/* Blocks that the process holds. */
long asks_live(void);

#endif
