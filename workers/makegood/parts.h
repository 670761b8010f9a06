/* The parts of an entity ("account:7/reward:r1"), read from its state log. */
#ifndef MAKEGOOD_PARTS_H
#define MAKEGOOD_PARTS_H

#include "io/bus_kafka_admin.h"

struct part {
    struct text key, value; /* on the heap */
    int64_t offset;
};

struct parts {
    struct part *items; /* by key */
    size_t count, room;
};

/* Where the entity's states are. */
struct parts_log {
    const char *topic;
    int32_t partition;
    int64_t end; /* the view is the fold of what stands before it */
};

/* Is it an entity of a type that has parts? */
bool parts_possible(struct text entity);
enum err parts_read(struct kafka_admin *admin, const struct parts_log *log, struct text entity,
                    struct parts *parts, struct err_note *note);
void parts_free(struct parts *parts);

#endif
