/*
 * Every worker on a broker and a view in memory, one partition each, and the promise about them: each
 * record of an input topic, a worker's own messages too, has one verdict or one dead letter; one that
 * was deferred has one final verdict besides. There is one world at a time, and it takes a bounded
 * number of steps. What is not as it should be ends the process (PROMISE).
 */
#ifndef MAKEGOOD_TESTS_FUZZ_WORLD_H
#define MAKEGOOD_TESTS_FUZZ_WORLD_H

#include "base/text.h"
#include "io/bus_memory.h"
#include "io/view.h"

/* On 2026-01-01; a turn takes so many records. */
void world_open(uint32_t records);
void world_close(void);
/* A line "TYPE ID HOURS DATA" is an event: HOURS pass before it, DATA is the object of its rule. One of
 * another form is sent as it stands. It is not decided yet. */
void world_send(struct text line);
/* Until nothing is left to do at this time. */
void world_settle(void);
/* The same, when so much time has passed, timer by timer. */
void world_pass(int64_t ms);
/* Another process takes over: what was loaded is loaded again. */
void world_restart(void);
/* The promise. After all waiting is over. */
void world_check(void);

/* True: an engine that ends for want of memory, in order, is no fault; another one takes its place. */
void world_let_end(bool may);
/* How often that happened in this world. */
int world_ends(void);
struct broker *world_broker(void);
struct view *world_view(void);
/* Name of a worker by number; NULL behind the last. */
const char *world_worker(int number);

#endif
