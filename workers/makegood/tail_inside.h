/* Shared by the files of `tail` alone: what is read (cmd_tail.c) and how it looks (tail_print.c). */
#ifndef MAKEGOOD_TAIL_INSIDE_H
#define MAKEGOOD_TAIL_INSIDE_H

#include "io/bus_kafka_admin.h"
#include "workers/makegood/output.h"
#include "workers/makegood/topics.h"

/* A record, as far as it can be understood. */
struct seen_record {
    const struct kafka_read_record *record;
    enum topic_role role;
    struct text type;   /* of the event; absent: none can be read    */
    struct text source, id;
    struct text entity; /* of inputs whose key says nothing or other */
    struct text data;   /* of the event, JSON; absent: none          */
};

void tail_print_json(struct output *output, const struct seen_record *seen);
void tail_print_row(struct arena *arena, const struct seen_record *seen);

/* The last header of a name: what was added last counts. */
struct text tail_header(const struct kafka_read_record *record, const char *name);

#endif
