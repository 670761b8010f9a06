/* States by key as Redis has them, for commands that look at more than one. */
#ifndef MAKEGOOD_LOOKUP_H
#define MAKEGOOD_LOOKUP_H

#include "io/bus_kafka_admin.h"
#include "io/view.h"

struct config;
struct worker;

enum { LOOKUP_WORKERS_MAX = 16 };

struct lookup {
    const struct config *config;
    struct kafka_admin *admin;
    struct view *view;
    int32_t counts[LOOKUP_WORKERS_MAX]; /* partitions by index of the worker; 0 = not asked yet */
    struct err_note note;               /* of the last failure                                  */
    enum err err;
};

/* Reaches both servers. On a failure *err and note say why; lookup_close() also then. */
enum err lookup_open(struct lookup *lookup, const struct config *config);
void lookup_close(struct lookup *lookup);

struct lookup_found {
    const struct worker *worker; /* NULL: nobody keeps such entities */
    int32_t partition;
    int64_t index;               /* up to which offset of its state log the view has it, -1 = nothing */
    struct text value;           /* at == NULL: none. Lives in the arena */
};

/* lookup->err says whether it could look. */
struct lookup_found lookup_find(struct lookup *lookup, struct text key, struct arena *arena);
/* The value alone. */
struct text lookup_value(struct lookup *lookup, struct text key, struct arena *arena);

#endif
