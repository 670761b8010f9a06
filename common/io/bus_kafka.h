/*
 * The message bus on real brokers, by librdkafka. What the operations promise is in bus.h; why they
 * are done this way is said where they are done (bus_kafka_*.c).
 *
 * Inside are threads of librdkafka and one of ours (the watcher of seen_end()); none of them calls
 * out, except into the log.
 */
#ifndef MAKEGOOD_IO_BUS_KAFKA_H
#define MAKEGOOD_IO_BUS_KAFKA_H

#include <stdbool.h>

#include "base/err.h"
#include "io/bus.h"

struct bus_kafka_setup {
    /* name, value, name, value, ..., NULL: librdkafka's own names, passed through
     * (bootstrap.servers, sasl.*, ssl.*, ...). One that is fixed is refused. */
    const char *const *properties;
    const char *prefix; /* of topic names, "" = none */
    const char *group;
    /* Stable name of this process: a static member, and its transactions are settled by its
     * successor at once. "" = none: dynamic membership and a random transactional id. */
    const char *instance;
    bool with_group; /* false: for tools that only read or write; join() is CONFIG */
    bool mock;       /* on the demo's mock cluster, which keeps few promises */
};

/* NULL and *err, *note. Does not wait for the brokers. What is given is copied. */
struct bus *bus_kafka_new(const struct bus_kafka_setup *setup, enum err *err,
                          struct err_note *note);

/* The mock cluster stamps no record: what this bus produces gets the time of this clock instead of
 * the present. For a bus with `mock` alone. */
void bus_kafka_set_clock(struct bus *bus, int64_t (*now_ms)(void *context), void *context);

/* Does correctness (or the memory bound) hang on this property, so that nobody may set it? */
bool bus_kafka_fixed(const char *property);

/* For metrics. Assignments that came since the bus was made. */
uint64_t bus_kafka_rebalances(const struct bus *bus);
/* Offsets between what was last delivered of a fetched partition and its end as the last fetch saw
 * it; -1 = not fetched, or not known yet. Asks nobody. */
int64_t bus_kafka_lag(const struct bus *bus, struct bus_place place);

/* The release of librdkafka that is in use. */
const char *bus_kafka_library(void);

#endif
