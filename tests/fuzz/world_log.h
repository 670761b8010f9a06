/* Everything that a world has committed, to be compared with another run of the same script. */
#ifndef MAKEGOOD_TESTS_FUZZ_WORLD_LOG_H
#define MAKEGOOD_TESTS_FUZZ_WORLD_LOG_H

#include "base/arena.h"
#include "base/hash.h"

/* All topics of the world as it is now, record by record in order: key, value, headers. Lives in the arena. */
struct text world_log(struct arena *arena);

/* SAME: byte by byte. MOVED: but for the offsets of inputs, of which an aborted transaction takes some, and
 * ids that are made of them: the same ones stand in the same places. */
enum world_log_same { LOG_DIFFERS, LOG_MOVED, LOG_SAME };
enum world_log_same world_log_compare(struct text a, struct text b);


/* What came of it, however it was cut into turns: keys and values of all but state logs, in any order, and the
 * last states of all entities. Entities of one turn may be decided in another order, which a job sees of its
 * lines: of jobs there are the keys alone. */
struct hash128 world_result(void);

#endif
