/* What decided an outcome, as one document: for `explain`. */
#ifndef MAKEGOOD_EXPLAIN_H
#define MAKEGOOD_EXPLAIN_H

#include "base/arena.h"
#include "base/text.h"
#include "wire/json_write.h"

/* An outcome, and the states around it as JSON objects (absent: there was none). */
struct explained {
    struct text id, type, verdict, topic, input;
    int32_t partition;
    int64_t offset;
    struct text data;
    struct text before, after;
};

/* Where states are found: value as stored, at == NULL = none. */
struct explain_states {
    struct text (*value)(void *context, struct text key, struct arena *arena);
    void *context;
};

/* Writes the document's members into the open object. */
void explain_write(struct arena *arena, const struct explained *explained,
                   const struct explain_states *states, struct json_writer *writer);

#endif
