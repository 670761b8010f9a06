/* What is looked at while a history runs: each commit, each fold, each record that becomes visible. */
#ifndef MAKEGOOD_TESTS_SIM_WATCH_H
#define MAKEGOOD_TESTS_SIM_WATCH_H

#include "tests/sim/feed.h"
#include "tests/sim/sim.h"

/* A committed record of an input topic, and what became of it. */
struct input {
    int32_t worker, partition;
    int64_t offset, timestamp_ms;
    const struct command *command;
    bool from_worker, hopped;
    struct text to; /* header makegood-to; absent = addressed by its data                */
    struct text value;
    int32_t verdicts, dead_letters, finals;
    bool deferred;
};

struct input_log {
    struct input **at; /* by offset; NULL = none there (a marker, an aborted one) */
    int64_t count, room;
};

/* A fact that others refer to becomes visible once its record is below the last stable offset. */
struct fact {
    struct text key; /* of its state record in contract-state */
    int32_t partition;
    int64_t offset; /* -1 = not written yet */
    int64_t visible_ms; /* -1 = not yet */
};

enum { FACTS_MAX = 256 };

struct view_group {
    int64_t index; /* after the last fold that took effect; -1 = none */
};

struct progress_of {
    bool known;
    int64_t next, time_ms; /* before the transaction at hand */
    int64_t next_after, time_after;
    struct hash128 log_id;
    bool in_transaction; /* its @progress was met in the transaction at hand */
};

/* A record of the transaction that is being committed. */
struct told {
    const char *topic;
    int32_t partition, number;
    int64_t offset, timestamp_ms;
    struct text key, value;
    const struct header *headers;
    size_t header_count;
};

/* A committed record of a state log; compaction forgets none here. */
struct logged {
    int64_t offset;
    uint64_t hash; /* of the key */
    struct text key, value;
};

struct state_records {
    struct logged *at; /* by offset */
    int32_t count, room;
};

struct watch {
    struct state_records records[WORKERS][PARTITIONS_MAX];
    struct told *told;
    int32_t told_count, told_room;
    struct input_log inputs[WORKERS][PARTITIONS_MAX];
    struct progress_of progress[WORKERS][PARTITIONS_MAX];
    struct view_group groups[WORKERS][PARTITIONS_MAX];
    struct begun now; /* of the transaction at hand: what its owner knew */
    bool owner_known;
    bool compacted[WORKERS][PARTITIONS_MAX];
    struct fact facts[FACTS_MAX];
    int32_t fact_count, facts_visible;
    int32_t body_versions; /* states written in the newer version */
};

void watch_open(struct sim *sim);
void watch_step(struct process *process);  /* a step begins */
void watch_begin(struct process *process); /* a transaction begins */
void watch_committed(struct sim *sim);     /* after a transaction may have been committed */
void watch_fold(struct sim *sim, struct text group, int64_t before, int64_t after,
                const struct view_entry *entries, size_t count);
void watch_view_replaced(struct sim *sim);
/* False: nothing is old enough, or replaced. */
bool watch_compact(struct sim *sim, int32_t worker, int32_t partition);
/* After each step of the world: which facts have become visible. */
void watch_tick(struct sim *sim);
/* A record that a producer sent. */
void watch_sent(struct sim *sim, const struct command *command, int32_t partition, int64_t offset,
                struct text value);
struct input *watch_input(struct sim *sim, int32_t worker, int32_t partition, int64_t offset);
/* A fact: the state record that the transaction at hand is about to write for `key`. */
struct fact *watch_fact(struct sim *sim, struct text key, int32_t partition);
/* Must whoever decided in the transaction at hand have known it? */
bool watch_must_know(const struct sim *sim, const struct fact *fact);

struct text watch_header(const struct header *headers, size_t count, const char *name);

#endif
