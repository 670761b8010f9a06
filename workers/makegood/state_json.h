/* A state as a person or a script reads it, from the bytes that view and state log hold. */
#ifndef MAKEGOOD_STATE_JSON_H
#define MAKEGOOD_STATE_JSON_H

#include "engine/worker.h"
#include "wire/json_write.h"

/* The worker that keeps entities of the key's type, NULL = none. */
const struct worker *worker_of_key(struct text key, struct arena *arena);

/* How entities of the key's type are stored, NULL = none. */
const struct state_type *state_type_of_key(struct text key, struct arena *arena);

/* The state as its struct, prepared (engine/worker.h); NULL: not a state of this release, or none. */
const void *state_of(struct text key, struct text value, struct arena *arena);

/* Writes members entity, version, nextDue, waiting, state into the open object. False: not a state of
 * this release (*why says so); nothing was written then. */
bool state_json(struct text key, struct text value, struct arena *arena, struct json_writer *writer,
                const char **why);

#endif
