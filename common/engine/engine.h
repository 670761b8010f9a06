/*
 * The engine: one step function that turns input records into committed decisions. No thread, no
 * clock, no global, no client library; the world is a bus, a view and the times handed in.
 *
 *   poll -> decode -> load -> decide -> commit (one Kafka transaction) -> fold (the view)
 *
 * One file per step: turn.c coordinates, take.c takes partitions, look.c keeps references fresh.
 */
#ifndef MAKEGOOD_ENGINE_ENGINE_H
#define MAKEGOOD_ENGINE_ENGINE_H

#include "base/err.h"
#include "base/zone.h"
#include "engine/worker.h"
#include "io/bus.h"
#include "io/metrics.h"
#include "io/view.h"

struct engine;

struct engine_setup {
    const struct worker *const *workers; /* all that are linked in; NULL-terminated                */
    const char *const *run;              /* names of those that this process runs; NULL-terminated */
    struct bus *bus;
    struct view *view;
    struct metrics *metrics;
    const struct zone *(*zone)(void *context, struct text name); /* NULL result: unknown zone      */
    void *zone_context;
    /* Topic of an outcome type ("email.requested"), NULL = the rule of the wire contract. */
    const char *(*route)(void *context, const char *outcome_type);
    void *route_context;
    uint32_t turn_records_max;   /* 0 = default 4,000                                              */
    uint32_t turn_timers_max;    /* 0 = default 1,000; 1 = one at a time in (due, key) order, each followed by
                                  * what comes of it before the next                               */
    size_t turn_bytes_max;       /* 0 = default 8 MiB of arena                                     */
    size_t cache_bytes;          /* 0 = default 8 MiB of states                                    */
    bool any_timestamps;         /* records with the client's timestamps are taken (demo only)     */
    int64_t (*now_us)(void);     /* for the metrics of a turn's steps alone; NULL: not measured    */
};

/* NULL and *note on a bad setup. Borrows everything in *setup for its lifetime. */
struct engine *engine_new(const struct engine_setup *setup, struct err_note *note);
void engine_free(struct engine *engine);

/* Joins the group. */
enum err engine_start(struct engine *engine, struct err_note *note);

/* One step: waits at most timeout_ms for something to do, then does a bounded piece of work: an
 * event, a piece of taking a partition, or a turn. OK: go on. Anything else: stop, *note says why. */
enum err engine_step(struct engine *engine, int64_t wall_ms, int64_t mono_ms, int timeout_ms,
                     struct err_note *note);

/* Finishes: no further turn, leaves the group, closes neither bus nor view. */
void engine_stop(struct engine *engine);

struct engine_status {
    uint32_t partitions_assigned, partitions_ready;
    bool view_ok;       /* the view answered last time                                */
    bool bus_ok;
    bool idle;          /* at the end of all partitions, nothing to fold, no timer due */
    int64_t next_due_ms; /* INT64_MAX = none known                                    */
    char waiting_for[ERR_NOTE_MAX]; /* "" or what `reconciling` waits for              */
};
void engine_status(const struct engine *engine, struct engine_status *status);
/* For metrics: partitions of a worker's topics, 0 = not known yet; and the partition time (ms) of an
 * input partition that is held, 0 = none. */
int32_t engine_partition_count(const struct engine *engine, const char *worker);
int64_t engine_partition_time(struct engine *engine, struct bus_place place);

#endif
