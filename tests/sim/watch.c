/* Invariants at each commit and each fold, and the registers that the rest reads. */
#include "tests/sim/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/sim/model.h"

/* --- registers --- */

/* Room for the input at an offset that was not there before. */
static struct input *input_room(struct sim *sim, int32_t worker, int32_t partition, int64_t offset)
{
    struct input_log *log = &sim->watch->inputs[worker][partition];
    if (offset >= log->room) {
        int64_t room = log->room > 0 ? log->room * 2 : 64;
        while (offset >= room) {
            room *= 2;
        }
        struct input **at = arena_alloc(&sim->arena, (size_t)room * sizeof(struct input *));
        if (log->count > 0) {
            memcpy(at, log->at, (size_t)log->count * sizeof(struct input *));
        }
        log->at = at;
        log->room = room;
    }
    log->count = offset >= log->count ? offset + 1 : log->count;
    return log->at[offset] = arena_alloc(&sim->arena, sizeof(struct input));
}

struct input *watch_input(struct sim *sim, int32_t worker, int32_t partition, int64_t offset)
{
    struct input_log *log = &sim->watch->inputs[worker][partition];
    return offset >= 0 && offset < log->count ? log->at[offset] : NULL;
}

void watch_sent(struct sim *sim, const struct command *command, int32_t partition, int64_t offset,
                struct text value)
{
    struct input *input = input_room(sim, command->worker, partition, offset);
    struct bus_record record;
    enum broker_state state;
    ENSURE(broker_read(sim->broker, sim->input[command->worker], partition, offset, &record, &state));
    *input = (struct input){ .worker = command->worker,
                             .partition = partition,
                             .offset = offset,
                             .timestamp_ms = record.timestamp_ms,
                             .command = command,
                             .value = value };
}

struct text watch_header(const struct header *headers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_is(headers[i].name, name)) {
            return headers[i].value;
        }
    }
    return (struct text){ NULL, 0 };
}

/* --- facts --- */

struct fact *watch_fact(struct sim *sim, struct text key, int32_t partition)
{
    struct watch *watch = sim->watch;
    ENSURE(watch->fact_count < FACTS_MAX);
    struct fact *fact = &watch->facts[watch->fact_count++];
    *fact = (struct fact){ arena_copy(&sim->arena, key), partition, -1, -1 };
    return fact;
}

static void fact_written(struct sim *sim, struct text key, int32_t partition, int64_t offset)
{
    struct watch *watch = sim->watch;
    for (int32_t i = watch->fact_count - 1; i >= 0; i--) {
        struct fact *fact = &watch->facts[i];
        if (fact->offset < 0 && fact->partition == partition && text_equal(fact->key, key)) {
            fact->offset = offset;
        }
    }
}

static int64_t stable_of(struct sim *sim, int32_t topic, int32_t partition, int64_t *high)
{
    int64_t first, stable = 0;
    struct bus *any = NULL;
    for (int i = 0; i < PROCESSES && any == NULL; i++) {
        any = sim->processes[i].bus.inner;
    }
    *high = 0;
    if (any != NULL) {
        any->ops->ends(any, (struct bus_place){ topic, partition }, &first, &stable, high);
    }
    return stable;
}

void watch_tick(struct sim *sim)
{
    struct watch *watch = sim->watch;
    int64_t high;
    for (int32_t i = watch->facts_visible; i < watch->fact_count; i++) {
        struct fact *fact = &watch->facts[i];
        if (fact->visible_ms < 0 && fact->offset >= 0 &&
            stable_of(sim, sim->state[CONTRACT], fact->partition, &high) > fact->offset) {
            fact->visible_ms = sim->mono_ms;
        }
        if (i == watch->facts_visible && fact->visible_ms >= 0) {
            watch->facts_visible++;
        }
    }
}

enum { FRESH_MS = 1000 }; /* how old a reference may be: "about a second" (design 3) */

bool watch_must_know(const struct sim *sim, const struct fact *fact)
{
    return fact->visible_ms >= 0 && fact->visible_ms < sim->watch->now.step_mono_ms - FRESH_MS;
}

/* --- steps and transactions --- */

void watch_step(struct process *process)
{
    struct sim *sim = process->sim;
    int64_t high;
    for (int w = 0; w < WORKERS; w++) {
        for (int32_t p = 0; p < sim->partitions[w]; p++) {
            process->stable_at_step[w][p] = stable_of(sim, sim->input[w], p, &high);
        }
    }
}

void watch_begin(struct process *process)
{
    struct begun *begun = &process->sim->begun[process->identity];
    begun->step_mono_ms = process->step_mono_ms;
    begun->newer = process->newer;
    memcpy(begun->stable_at_step, process->stable_at_step, sizeof(begun->stable_at_step));
}

static void transaction_over(struct sim *sim)
{
    struct watch *watch = sim->watch;
    watch->owner_known = false;
    for (int w = 0; w < WORKERS; w++) {
        for (int p = 0; p < PARTITIONS_MAX; p++) {
            struct progress_of *progress = &watch->progress[w][p];
            if (progress->in_transaction) {
                progress->in_transaction = false;
                progress->next = progress->next_after;
                progress->time_ms = progress->time_after;
            }
        }
    }
    model_transaction(sim);
}

static bool new_progress(struct sim *sim, int32_t worker, int32_t partition, struct text value)
{
    struct watch *watch = sim->watch;
    struct progress_of *known = &watch->progress[worker][partition];
    struct progress progress;
    if (!progress_read(value, &progress)) {
        return sim_fail(sim, "@progress of %d/%d cannot be read", worker, partition);
    }
    if (known->known && !hash128_equal(known->log_id, progress.log_id)) {
        return sim_fail(sim, "@progress of %d/%d: another log id", worker, partition);
    }
    if (progress.next_input < known->next || progress.time_ms < known->time_ms ||
        (known->in_transaction && progress.next_input != known->next_after)) {
        return sim_fail(sim, "E6 order: @progress of %d/%d goes back from input %lld, time %lld to %lld, %lld",
                        worker, partition, (long long)known->next, (long long)known->time_ms,
                        (long long)progress.next_input, (long long)progress.time_ms);
    }
    if (!watch->owner_known) {
        int32_t owner = identity_of(progress.owner);
        if (owner == IDENTITIES) {
            return sim_fail(sim, "@progress of %d/%d names nobody", worker, partition);
        }
        watch->now = sim->begun[owner];
        watch->owner_known = true;
    }
    known->known = known->in_transaction = true;
    known->log_id = progress.log_id;
    known->next_after = progress.next_input;
    known->time_after = progress.time_ms;
    return true;
}

/* A state never goes back to an older body version: a release that does not know a version halts. */
static bool check_body_version(struct sim *sim, int32_t worker, struct text key, struct text value)
{
    if (value.size >= 2 && value.at[1] > 1) {
        sim->watch->body_versions++;
    }
    int32_t version = value.size >= 2 ? value.at[1] : 0;
    return model_state_written(sim, worker, key, version);
}

static void keep_record(struct sim *sim, int32_t worker, int32_t partition, struct logged logged)
{
    struct state_records *records = &sim->watch->records[worker][partition];
    if (records->count == records->room) {
        int32_t room = records->room > 0 ? records->room * 2 : 64;
        struct logged *at = arena_alloc(&sim->arena, (size_t)room * sizeof(*at));
        if (records->count > 0) {
            memcpy(at, records->at, (size_t)records->count * sizeof(*at));
        }
        records->at = at;
        records->room = room;
    }
    int32_t at = records->count++;
    for (; at > 0 && records->at[at - 1].offset > logged.offset; at--) {
        records->at[at] = records->at[at - 1];
    }
    records->at[at] = logged;
}

static void state_record(struct sim *sim, int32_t worker, int32_t partition, int64_t offset,
                         struct text key, struct text value)
{
    struct progress_of *progress = &sim->watch->progress[worker][partition];
    keep_record(sim, worker, partition, (struct logged){ offset, hash64(key), key, value });
    if (text_is(key, PROGRESS_KEY)) {
        new_progress(sim, worker, partition, value);
        return;
    }
    if (!progress->in_transaction) {
        sim_fail(sim, "@progress is not the first record of a transaction on state log %d/%d", worker,
                 partition);
        return;
    }
    if (worker == CONTRACT) {
        fact_written(sim, key, partition, offset);
    }
    check_body_version(sim, worker, key, value);
}

static int32_t worker_of(const char *topic, const char **end)
{
    int32_t worker = strncmp(topic, "contract", 8) == 0 ? CONTRACT : ACTION;
    *end = topic + (worker == CONTRACT ? 8 : 6);
    return worker;
}

static void record_committed(struct sim *sim, const struct told *told)
{
    const char *end;
    int32_t worker = worker_of(told->topic, &end);
    struct text key = told->key, value = told->value;
    sim->tally.commits++;
    sim_note(sim, "committed %s/%d %lld %.*s: %.*s", told->topic, told->partition,
             (long long)told->offset, TEXT_ARGS(key),
             strcmp(end, "-state") == 0 ? 0 : (int)value.size, value.at);
    if (strcmp(end, "-state") == 0) {
        state_record(sim, worker, told->partition, told->offset, key, value);
    } else if (strcmp(end, "-outcome") == 0) {
        model_outcome(sim, worker, value, told->headers, told->header_count);
    } else if (strcmp(end, "-dlq") == 0) {
        model_dead_letter(sim, worker, value, told->headers, told->header_count);
    } else if (*end == 0) {
        struct input *input = input_room(sim, worker, told->partition, told->offset);
        *input = (struct input){ .worker = worker, .partition = told->partition,
                                 .offset = told->offset, .timestamp_ms = told->timestamp_ms,
                                 .value = value };
        model_follow_up(sim, input, key, told->headers, told->header_count);
    } else {
        sim_fail(sim, "E2 phantoms: a record on %s", told->topic);
    }
}

/* In the order in which the engine produced them, which is the order of its decisions. */
static void sort_told(struct watch *watch)
{
    for (int32_t i = 1; i < watch->told_count; i++) {
        struct told told = watch->told[i];
        int32_t at = i;
        for (; at > 0 && watch->told[at - 1].number > told.number; at--) {
            watch->told[at] = watch->told[at - 1];
        }
        watch->told[at] = told;
    }
}

void watch_committed(struct sim *sim)
{
    struct watch *watch = sim->watch;
    sort_told(watch);
    for (int32_t i = 0; i < watch->told_count && !sim->failed; i++) {
        record_committed(sim, &watch->told[i]);
    }
    watch->told_count = 0;
    transaction_over(sim);
}

/* The broker tells every record of a transaction that commits, in the order of the appends. */
static void committed(void *context, const char *topic, int32_t partition, int64_t offset,
                      struct text key, struct text value, const struct header *headers, size_t count,
                      int64_t timestamp_ms)
{
    struct sim *sim = context;
    struct watch *watch = sim->watch;
    int32_t number = 0;
    struct text place = watch_header(headers, count, QUEUE_HEADER);
    if (place.size == sizeof(number)) {
        memcpy(&number, place.at, sizeof(number));
    }
    sim_mix(sim, (uint64_t)offset << 32 | (uint64_t)value.size << 8 | (uint64_t)(unsigned char)topic[0]);
    if (watch->told_count == watch->told_room) {
        int32_t room = watch->told_room > 0 ? watch->told_room * 2 : 64;
        struct told *told = arena_alloc(&sim->arena, (size_t)room * sizeof(*told));
        if (watch->told_count > 0) {
            memcpy(told, watch->told, (size_t)watch->told_count * sizeof(*told));
        }
        watch->told = told;
        watch->told_room = room;
    }
    watch->told[watch->told_count++] = (struct told){ topic, partition, number,  offset, timestamp_ms,
                                                      key,   value,     headers, count };
}

void watch_open(struct sim *sim)
{
    sim->watch = arena_alloc(&sim->arena, sizeof(*sim->watch));
    for (int w = 0; w < WORKERS; w++) {
        for (int p = 0; p < PARTITIONS_MAX; p++) {
            sim->watch->groups[w][p].index = -1;
        }
    }
    broker_observe(sim->broker, committed, sim);
}
