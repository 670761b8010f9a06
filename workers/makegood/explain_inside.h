/* Shared by the files of `explain` and `history` alone. */
#ifndef MAKEGOOD_EXPLAIN_INSIDE_H
#define MAKEGOOD_EXPLAIN_INSIDE_H

#include "io/bus_kafka_admin.h"
#include "workers/makegood/explain.h"
#include "workers/makegood/lookup.h"
#include "workers/makegood/topics.h"

struct call;

/* Names of the topics that outcomes are on, NULL-terminated; they live as long as `topics`. */
void outcome_topics(const struct config *config, struct topic topics[TOPICS_MAX],
                    const char *names[KAFKA_READ_TOPICS_MAX + 1]);
/* A record of such a topic, copied into the arena. */
void explained_of(struct arena *arena, const struct kafka_read_record *record,
                  struct explained *out);
/* Is the data the whole entity after a change (an update record, stored data)? */
bool shows_state(const struct kafka_read_record *record);
/* Prints the document as -o says. */
void explain_print(const struct call *call, struct arena *arena, const struct explained *explained,
                   const struct explain_states *states);

/* explain_event.c: decides the event of a file on a copy in memory; nothing is written. */
int explain_event(const struct call *call, const char *path);

#endif
