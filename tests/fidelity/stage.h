/*
 * Where scripts are played: the same calls of bus.h and view.h, by the same names of actors, on the
 * broker and the view in memory (stage_memory.c), on the simulator's bus and view around them
 * (stage_simulated.c), on a real Kafka and Redis (stage_real.c). A program links one of them.
 *
 * Actors of a bus: `a`, `b` static members; `sleeper` one without a name, whom the group forgets soon;
 * `far` one whose line may be cut. Views: `v`, `w`, and `far`.
 */
#ifndef MAKEGOOD_TESTS_FIDELITY_STAGE_H
#define MAKEGOOD_TESTS_FIDELITY_STAGE_H

#include <stdbool.h>

#include "fidelity/cut.h"
#include "io/bus.h"
#include "io/view.h"

enum { STAGE_ORDER, STAGE_ORDER_STATE, STAGE_TOPICS, STAGE_PARTITIONS = 2 };
enum { STAGE_SKIPPED = 77 };

/* Once; false: there is nothing to play on. */
bool stage_ready(void);
/* A world of its own for each script: nobody has joined, logs and view are empty. */
void stage_open(void);
void stage_close(void);
struct bus *stage_bus(const char *actor);
struct view *stage_view(const char *actor);
/* Of this world alone, also where the server is not. */
struct text stage_group(const char *name);
/* How long what is expected may take to be so; 0: it is so at once. */
int stage_patience_ms(void);
void stage_pause(int ms);

/* A producer outside. */
bool stage_send(struct bus_place place, struct text key, struct text value);
/* The group takes a member for dead that lives. */
void stage_lapse(struct bus *bus);
/* What happens on the line of `far` to the next commit, abort, read or fold. */
void stage_cut(enum cut cut);
void stage_heal(void);
/* A request that was held arrives. True: it ended a transaction. */
bool stage_land(void);
/* transaction.timeout.ms passes. */
void stage_expire(void);

#endif
