#include "tests/sim/check.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/model.h"
#include "workers/action/action.h"

extern const struct shape action_shape;

static const char *const worker_names[WORKERS] = { "contract", "action" };

/* --- logs --- */

static bool log_ends(struct sim *sim, int32_t topic, int32_t partition, int64_t *stable,
                     int64_t *high)
{
    int64_t first;
    for (int i = 0; i < PROCESSES; i++) {
        struct bus *bus = sim->processes[i].bus.inner;
        if (bus != NULL) {
            return bus->ops->ends(bus, (struct bus_place){ topic, partition }, &first, stable,
                                  high) == BUS_OK;
        }
    }
    return false;
}

/* The newest committed record of a key below `end`; false: an earlier one was given already. */
static bool is_newest(struct sim *sim, int32_t topic, int32_t partition, int64_t at, int64_t end,
                      struct text key)
{
    struct bus_record record;
    enum broker_state state;
    for (int64_t later = at + 1; later < end; later++) {
        if (broker_read(sim->broker, topic, partition, later, &record, &state) &&
            state == BROKER_COMMITTED && text_equal(record.key, key)) {
            return false;
        }
    }
    return true;
}

/* --- E1, E2: each input has its one answer, each debt is paid --- */

static void check_input(struct sim *sim, const struct input *input)
{
    if (input->verdicts + input->dead_letters != 1) {
        sim_fail(sim, "E1 completeness: input %d/%d/%lld has %d verdicts and %d dead letters",
                 input->worker, input->partition, (long long)input->offset, input->verdicts,
                 input->dead_letters);
    } else if (input->deferred && input->finals != 1) {
        sim_fail(sim, "E1 completeness: input %d/%d/%lld was deferred and has %d final verdicts",
                 input->worker, input->partition, (long long)input->offset, input->finals);
    }
}

static void check_inputs(struct sim *sim)
{
    for (int w = 0; w < WORKERS; w++) {
        for (int32_t p = 0; p < sim->partitions[w]; p++) {
            const struct input_log *log = &sim->watch->inputs[w][p];
            for (int64_t at = 0; at < log->count; at++) {
                if (log->at[at] != NULL) {
                    check_input(sim, log->at[at]);
                }
            }
        }
    }
    for (const struct owed *owed = sim->model->owed_first; owed != NULL; owed = owed->next) {
        if (!owed->paid) {
            sim_fail(sim, "E1 completeness: %.*s never got the message %.*s|%.*s",
                     TEXT_ARGS(owed->to), TEXT_ARGS(owed->source), TEXT_ARGS(owed->id));
        }
    }
}

/* --- E4: the view is the fold of the log, key by key --- */

struct comparison {
    struct sim *sim;
    int32_t worker, partition;
    int64_t end; /* after the last record */
    int64_t keys;
};

static bool newest_of(struct comparison *comparison, struct text key, struct text *value)
{
    struct bus_record record;
    enum broker_state state;
    struct sim *sim = comparison->sim;
    for (int64_t at = comparison->end - 1; at >= 0; at--) {
        if (broker_read(sim->broker, sim->state[comparison->worker], comparison->partition, at,
                        &record, &state) &&
            state == BROKER_COMMITTED && text_equal(record.key, key)) {
            *value = record.value;
            return true;
        }
    }
    return false;
}

static void compare_key(void *context, struct text key, struct text value, int64_t due_ms)
{
    struct comparison *comparison = context;
    struct sim *sim = comparison->sim;
    struct text logged;
    int64_t due = 0;
    uint8_t flags = 0;
    comparison->keys++;
    if (!newest_of(comparison, key, &logged) || !text_equal(logged, value)) {
        sim_fail(sim, "E4 view: %.*s is not what the log says", TEXT_ARGS(key));
    } else if (record_prefix(logged, &due, &flags) != RECORD_OK || (flags & RECORD_EMPTY) ||
               due != due_ms) {
        sim_fail(sim, "E4 view: %.*s is due at %lld, the log says %lld", TEXT_ARGS(key),
                 (long long)due_ms, (long long)due);
    }
}

/* Keys that the log has and that are not empty, and the offset after its last record. */
static int64_t keys_in_log(struct sim *sim, int32_t worker, int32_t partition, int64_t high,
                           int64_t *end)
{
    struct bus_record record;
    enum broker_state state;
    int64_t keys = 0;
    *end = -1;
    for (int64_t at = 0; at < high; at++) {
        if (!broker_read(sim->broker, sim->state[worker], partition, at, &record, &state) ||
            state != BROKER_COMMITTED) {
            continue;
        }
        *end = at + 1;
        keys += is_newest(sim, sim->state[worker], partition, at, high, record.key) &&
                !(record.value.at[RECORD_PREFIX - 1] & RECORD_EMPTY);
    }
    return keys;
}

static void check_view(struct sim *sim, int32_t worker, int32_t partition)
{
    char name[32];
    struct err_note note;
    int64_t stable = 0, high = 0;
    struct comparison comparison = { .sim = sim, .worker = worker, .partition = partition };
    snprintf(name, sizeof(name), "%s-%d", worker_names[worker], partition);
    log_ends(sim, sim->state[worker], partition, &stable, &high);
    int64_t keys = keys_in_log(sim, worker, partition, high, &comparison.end);
    struct view_read read = { .group = text_of(name) };
    sim->view->ops->read(sim->view, &sim->arena, &read, 1, &note);
    if (read.index != comparison.end) {
        sim_fail(sim, "E7 quiescence: the view of %s stands at %lld, its log ends at %lld", name,
                 (long long)read.index, (long long)comparison.end);
    }
    view_memory_each(sim->view, text_of(name), compare_key, &comparison);
    if (keys != comparison.keys) {
        sim_fail(sim, "E4 view: %s has %lld keys, its log %lld", name, (long long)comparison.keys,
                 (long long)keys);
    }
}

/* --- E4, E5: states and balances against the model --- */

static bool same_action(const struct entity *entity, const struct action *action)
{
    return action->amount == entity->amount && action->payout == entity->payout &&
           action->state == entity->state && action->modifications == entity->modifications &&
           action->update_id == entity->updates && action->by.rate == entity->rate * 10000 &&
           (!entity->adjusted || action->adjusted_payout == entity->adjusted_payout);
}

static void check_action(struct sim *sim, const struct entity *entity, struct text value)
{
    struct record record;
    struct action action;
    if (record_read(value, &sim->arena, &record) != RECORD_OK ||
        record.head.version != entity->version || record.head.waiting_count != 0 ||
        record.head.seen_total != entity->given_count) {
        sim_fail(sim, "E4 balances: the head of %.*s is not what the model has",
                 TEXT_ARGS(entity->name));
        return;
    }
    if ((record.body.size > 0) != entity->exists) {
        sim_fail(sim, "E4 balances: %.*s %s", TEXT_ARGS(entity->name),
                 entity->exists ? "is missing" : "should not exist");
        return;
    }
    if (entity->exists && (!shape_unpack(&action_shape, record.body, &sim->arena, &action) ||
                           !same_action(entity, &action))) {
        sim_fail(sim, "E4 balances: the state of %.*s is not what the model has",
                 TEXT_ARGS(entity->name));
    }
}

static void check_action_of_key(void *context, struct text key, struct text value, int64_t due_ms)
{
    struct sim *sim = context;
    struct entity *entity = model_entity(sim, key);
    (void)due_ms;
    if (entity != NULL && entity->kind == ENTITY_ACTION) {
        check_action(sim, entity, value);
    }
}

static void check_balances(struct sim *sim)
{
    int64_t sum = 0;
    for (int32_t p = 0; p < sim->partitions[ACTION]; p++) {
        char name[32];
        snprintf(name, sizeof(name), "action-%d", p);
        view_memory_each(sim->view, text_of(name), check_action_of_key, sim);
    }
    for (int32_t i = 0; i < ENTITIES_MAX; i++) {
        sum += sim->model->entities[ENTITY_ACTION][i].payout;
    }
    if (sum != sim->model->payouts) {
        sim_fail(sim, "E5 conservation: payouts are %lld, the records add up to %lld",
                 (long long)sum, (long long)sim->model->payouts);
    }
}

/* --- E7, E8: progress at the ends, nothing open --- */

static bool check_isolation(struct sim *sim)
{
    for (int32_t topic = 0; topic < 2 * 4; topic++) {
        for (int32_t p = 0; p < PARTITIONS_MAX; p++) {
            int64_t stable, high;
            if (log_ends(sim, topic, p, &stable, &high) && stable != high) {
                return false;
            }
        }
    }
    return true;
}

static bool all_decided(const struct sim *sim, int32_t worker, int32_t partition)
{
    const struct input_log *log = &sim->watch->inputs[worker][partition];
    const struct progress_of *progress = &sim->watch->progress[worker][partition];
    for (int64_t at = progress->next; at < log->count; at++) {
        if (log->at[at] != NULL) {
            return false;
        }
    }
    return true;
}

bool check_at_rest(struct sim *sim)
{
    for (int w = 0; w < WORKERS; w++) {
        for (int32_t p = 0; p < sim->partitions[w]; p++) {
            if (!all_decided(sim, w, p)) {
                return false;
            }
        }
    }
    return check_isolation(sim);
}

void check_end(struct sim *sim)
{
    check_inputs(sim);
    for (int w = 0; w < WORKERS; w++) {
        for (int32_t p = 0; p < sim->partitions[w]; p++) {
            check_view(sim, w, p);
        }
    }
    check_balances(sim);
}
