/* Metrics of the engine. What a turn does is counted when it is committed, never before. */
#include "engine/inside.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const step_names[STEPS] = { "decode", "load", "decide", "encode", "commit", "fold" };

enum { DEAD_REASONS = DEAD_CRASH_SUSPECT + 1 };

struct counts {
    struct metrics *metrics;
    int64_t step_us; /* when the last step ended */
    struct metric *steps[STEPS], *turn, *age, *turns, *timers;
    struct metric *assigned, *ready, *retakes, *rebalances;
    struct metric *reconcile, *rebuilds, *behind, *retired;
    struct dead_count {
        int32_t topic;
        struct metric *metric;
        int64_t pending;
        enum dead_reason reason;
    } dead[WORKERS_MAX * DEAD_REASONS];
    size_t dead_count;
};

struct counts *counts_new(struct metrics *metrics)
{
    struct counts *counts = calloc(1, sizeof(*counts));
    char labels[64];
    if (counts == NULL || metrics == NULL) {
        return counts;
    }
    counts->metrics = metrics;
    for (int i = 0; i < STEPS; i++) {
        snprintf(labels, sizeof(labels), "step=\"%s\"", step_names[i]);
        counts->steps[i] = metrics_counter(metrics, "turn_step_microseconds_total", labels,
                                           "Time spent in each step of turns");
    }
    counts->turn = metrics_histogram(metrics, "turn_duration_seconds", "", "Duration of a turn, commit and fold included");
    counts->age = metrics_histogram(metrics, "event_age_seconds", "", "Age of an input record when its verdict was committed");
    counts->turns = metrics_counter(metrics, "turns_total", "", "Turns committed");
    counts->assigned = metrics_gauge(metrics, "partitions_assigned", "", "Input partitions assigned by the group");
    counts->ready = metrics_gauge(metrics, "partitions_taken", "", "Input partitions that are taken and decided");
    counts->retakes = metrics_counter(metrics, "partition_retakes_total", "", "Partitions taken again while held");
    counts->rebalances = metrics_counter(metrics, "rebalances_total", "", "Assignments received");
    counts->reconcile = metrics_histogram(metrics, "reconcile_seconds", "", "Time to take a partition, from its assignment or doubt on");
    counts->rebuilds = metrics_counter(metrics, "view_rebuilds_total", "", "Partitions of the view rebuilt from the start of their log");
    counts->behind = metrics_gauge(metrics, "view_behind_records", "", "Offsets that the view is behind while partitions are taken");
    counts->retired = metrics_counter(metrics, "producer_retirements_total", "", "Producers replaced after a fence or an unknown result");
    counts->timers = metrics_gauge(metrics, "timers_due", "", "Due times that the last turn found, at most a turn's bound a partition");
    return counts;
}

void counts_free(struct counts *counts)
{
    free(counts);
}

void counts_step(struct engine *engine, enum step step, int64_t *since_us)
{
    if (engine->setup.now_us == NULL) {
        return;
    }
    int64_t now = engine->setup.now_us();
    if (engine->counts->metrics != NULL) {
        metric_add(engine->counts->steps[step], now - *since_us);
    }
    *since_us = engine->counts->step_us = now;
}

static struct metric *verdict_metric(struct counts *counts, const struct outcome_kind *kind, int32_t verdict)
{
    char labels[192];
    snprintf(labels, sizeof(labels), "worker=\"%s\",type=\"%s\",verdict=\"%s\"",
             kind->slot->worker->name, kind->type, verdict_name((enum verdict)verdict));
    return metrics_counter(counts->metrics, "verdicts_total", labels, "Verdicts committed");
}

static void count_dead(struct engine *engine, const struct effect *effect)
{
    struct counts *counts = engine->counts;
    size_t i = 0;
    while (i < counts->dead_count && (counts->dead[i].reason != effect->dead ||
                                      counts->dead[i].topic != effect->message.place.topic)) {
        i++;
    }
    if (i == counts->dead_count) {
        char labels[128];
        const char *topic = "";
        for (size_t s = 0; s < engine->slot_count; s++) {
            topic = engine->slots[s].dlq == effect->message.place.topic ? engine->slots[s].worker->name : topic;
        }
        snprintf(labels, sizeof(labels), "topic=\"%s\",reason=\"%s\"", topic, dead_reason_name(effect->dead));
        counts->dead[i].topic = effect->message.place.topic;
        counts->dead[i].reason = effect->dead;
        counts->dead[i].metric = metrics_counter(counts->metrics, "dead_letters_total", labels, "Dead letters committed");
        counts->dead_count++;
    }
    counts->dead[i].pending++;
}

void counts_effect(struct engine *engine, const struct effect *effect)
{
    if (engine->counts->metrics == NULL) {
        return;
    }
    if (effect->dead != DEAD_NONE) {
        count_dead(engine, effect);
    } else if (effect->kind != NULL && effect->verdict != VERDICT_NONE) {
        if (effect->kind->verdicts[effect->verdict] == NULL) {
            effect->kind->verdicts[effect->verdict] =
                verdict_metric(engine->counts, effect->kind, effect->verdict);
        }
        effect->kind->pending[effect->verdict]++;
    }
}

/* committed: the turn's numbers are added; else they are dropped. */
void counts_turn(struct engine *engine, bool committed)
{
    struct counts *counts = engine->counts;
    for (size_t i = 0; i < engine->kind_count; i++) {
        for (int v = 0; v < 7; v++) {
            if (committed && engine->kinds[i].pending[v] > 0) { /* never without metrics */
                metric_add(engine->kinds[i].verdicts[v], engine->kinds[i].pending[v]);
            }
            engine->kinds[i].pending[v] = 0;
        }
    }
    for (size_t i = 0; i < counts->dead_count; i++) {
        if (committed) {
            metric_add(counts->dead[i].metric, counts->dead[i].pending);
        }
        counts->dead[i].pending = 0;
    }
    if (!committed || counts->metrics == NULL) {
        return;
    }
    metric_add(counts->turns, 1);
    /* wall_ms was taken before the turn began. */
    int64_t now_ms = engine->wall_ms;
    now_ms += counts->step_us > 0 ? counts->step_us / 1000 - engine->mono_ms : 0;
    for (uint32_t i = 0; i < engine->turn.count; i++) {
        const struct message *message = &engine->turn.messages[i];
        int64_t age_ms = now_ms - message->record.timestamp_ms;
        metric_observe_us(counts->age, age_ms < 0 ? 0 : age_ms * 1000);
        metric_add(message->partition->slot->consumed, 1);
    }
}

void counts_duration(struct engine *engine, int64_t microseconds)
{
    if (engine->counts->metrics != NULL) {
        metric_observe_us(engine->counts->turn, microseconds);
    }
}

void counts_transaction(struct engine *engine, const char *result)
{
    char labels[64];
    if (engine->counts->metrics != NULL) {
        snprintf(labels, sizeof(labels), "result=\"%s\"", result);
        metric_add(metrics_counter(engine->counts->metrics, "transactions_total", labels,
                                   "Transactions by how they ended"), 1);
    }
}

void counts_rebalance(struct engine *engine)
{
    if (engine->counts->metrics != NULL) {
        metric_add(engine->counts->rebalances, 1);
    }
}

void counts_retake(struct engine *engine)
{
    if (engine->counts->metrics != NULL) {
        metric_add(engine->counts->retakes, 1);
    }
}

void counts_taken(struct engine *engine, const struct partition *partition)
{
    if (engine->counts->metrics != NULL) {
        metric_observe_us(engine->counts->reconcile,
                          (engine->mono_ms - partition->taking_since_ms) * 1000);
    }
}

void counts_rebuild(struct engine *engine)
{
    if (engine->counts->metrics != NULL) {
        metric_add(engine->counts->rebuilds, 1);
    }
}

void counts_retired(struct engine *engine)
{
    if (engine->counts->metrics != NULL) {
        metric_add(engine->counts->retired, 1);
    }
}

void counts_timers(struct engine *engine, size_t due)
{
    if (engine->counts->metrics != NULL) {
        metric_set(engine->counts->timers, (int64_t)due);
    }
}

void counts_partitions(struct engine *engine)
{
    int64_t assigned = 0, ready = 0, behind = 0;
    if (engine->counts->metrics == NULL) {
        return;
    }
    for (size_t s = 0; s < engine->slot_count; s++) {
        const struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            const struct partition *partition = &slot->partitions[p];
            assigned += partition->assigned;
            ready += partition->stage == TAKE_READY;
            if (partition->stage == TAKE_FOLD && partition->target > partition->log->position) {
                behind += partition->target - partition->log->position;
            }
        }
    }
    metric_set(engine->counts->assigned, assigned);
    metric_set(engine->counts->ready, ready);
    metric_set(engine->counts->behind, behind);
}
