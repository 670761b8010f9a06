/* One history: a world, a while of faults, then quiet until everything rests; and its verdict. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/check.h"
#include "tests/sim/dump.h"
#include "tests/sim/feed.h"
#include "tests/sim/model.h"
#include "tests/sim/watch.h"

enum { START_DAY = 20513, QUIET_ROUNDS_MAX = 4000, ROUND_MS = 60, EXPIRE_ROUNDS = 250, KNOWN_MS = 10000 };

bool sim_fail(struct sim *sim, const char *format, ...)
{
    if (!sim->failed) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(sim->failure, sizeof(sim->failure), format, arguments);
        va_end(arguments);
        sim->failed = true;
        sim_note(sim, "FAILED: %s", sim->failure);
    }
    return false;
}

void sim_note(struct sim *sim, const char *format, ...)
{
    if (!sim->plan.trace) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    printf("%4d %7lld ", sim->step, (long long)sim->mono_ms);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

/* --- the world --- */

static void make_topics(struct sim *sim)
{
    static const char *const names[WORKERS][4] = {
        { "contract", "contract-state", "contract-outcome", "contract-dlq" },
        { "action", "action-state", "action-outcome", "action-dlq" },
    };
    for (int w = 0; w < WORKERS; w++) {
        sim->partitions[w] = (int32_t)dice_range(&sim->world, 1, PARTITIONS_MAX);
        sim->input[w] = broker_topic(sim->broker, names[w][0], sim->partitions[w]);
        sim->state[w] = broker_topic(sim->broker, names[w][1], sim->partitions[w]);
        sim->outcome[w] = broker_topic(sim->broker, names[w][2], sim->partitions[w]);
        sim->dlq[w] = broker_topic(sim->broker, names[w][3], sim->partitions[w]);
    }
}

static void open_world(struct sim *sim)
{
    sim->world = dice_new(sim->plan.seed, 1002);
    sim->clock = dice_new(sim->plan.seed, 1003);
    sim->choice = dice_new(sim->plan.seed, 1004);
    sim->world.choices = sim->choice.choices = sim->plan.choices;
    faults_choose(sim);
    sim->broker = broker_new();
    sim->view = view_memory_new();
    ENSURE(sim->view != NULL);
    make_topics(sim);
    int64_t of_day = dice_one_in(&sim->world, 2) ? 86400000 - dice_range(&sim->world, 0, 20000)
                                                 : dice_range(&sim->world, 0, 86399999);
    sim->wall_ms = START_DAY * INT64_C(86400000) + of_day;
    sim->mono_ms = 1000000;
    sim->static_members = dice_one_in(&sim->world, 2);
    sim->patient = dice_one_in(&sim->world, 2);
    sim->identities = (int32_t)dice_range(&sim->world, 1, IDENTITIES);
    sim->steps = (int32_t)dice_range(&sim->world, 60, dice_one_in(&sim->world, 4) ? 400 : 180);
    for (int i = 0; i < PROCESSES; i++) {
        sim->processes[i] = (struct process){ .sim = sim, .slot = i, .identity = i };
        sim->processes[i].state = i < sim->identities ? PROCESS_DOWN : PROCESS_GONE;
    }
    model_open(sim);
    watch_open(sim);
    feed_plan(sim);
}

static void close_world(struct sim *sim)
{
    for (int i = 0; i < PROCESSES; i++) {
        process_release(&sim->processes[i]);
    }
    for (int i = 0; i < sim->copy_count; i++) {
        view_memory_copy_free(sim->copies[i]);
    }
    broker_free(sim->broker);
    sim->view->ops->close(sim->view);
}

/* --- time --- */

static void set_clocks(struct sim *sim)
{
    broker_set_time(sim->broker, sim->wall_ms + sim->broker_skew_ms);
    broker_set_mono(sim->broker, sim->mono_ms);
}

static void pass_time(struct sim *sim, int64_t ms)
{
    sim->wall_ms += ms;
    sim->mono_ms += ms;
    set_clocks(sim);
}

static int64_t some_time(struct sim *sim)
{
    return dice_one_in(&sim->clock, 12) ? dice_range(&sim->clock, 200, 1600)
                                        : dice_range(&sim->clock, 0, 60);
}

/* --- steps --- */

static void act(struct process *process)
{
    switch (process->state) {
    case PROCESS_GONE:
        break;
    case PROCESS_DOWN:
        process_start(process);
        break;
    case PROCESS_PAUSED:
    case PROCESS_UP:
        process_act(process);
        break;
    }
}

static bool can_act(const struct process *process)
{
    return process->state == PROCESS_UP ||
           (process->state != PROCESS_GONE && process->wait_until <= process->sim->step);
}

static void step(struct sim *sim)
{
    struct process *able[PROCESSES];
    uint32_t count = 0;
    faults_of_the_world(sim);
    set_clocks(sim);
    feed_send(sim, false);
    for (int i = 0; i < PROCESSES; i++) {
        if (can_act(&sim->processes[i])) {
            able[count++] = &sim->processes[i];
        }
    }
    if (count > 0) {
        act(able[dice_below(&sim->world, count)]);
    }
    watch_tick(sim);
    pass_time(sim, some_time(sim));
    sim->tally.steps++;
}

static void with_faults(struct sim *sim)
{
    int32_t until = sim->steps;
    if (sim->plan.faults_until > 0 && sim->plan.faults_until < until) {
        until = sim->plan.faults_until;
    }
    const struct choices *choices = sim->plan.choices;
    for (sim->step = 0; sim->step < until && !sim->failed; sim->step++) {
        if (choices != NULL && choices->left == 0) {
            break;
        }
        step(sim);
    }
}

/* --- quiet --- */

static bool all_idle(struct sim *sim)
{
    uint32_t ready = 0;
    for (int i = 0; i < PROCESSES; i++) {
        struct process *process = &sim->processes[i];
        struct engine_status status;
        if (process->state == PROCESS_GONE) {
            continue;
        }
        if (process->state != PROCESS_UP) {
            return false;
        }
        engine_status(process->engine, &status);
        if (!status.idle || status.next_due_ms <= sim->wall_ms - 1000) {
            return false;
        }
        ready += status.partitions_ready;
    }
    return ready == (uint32_t)(sim->partitions[CONTRACT] + sim->partitions[ACTION]);
}

static void round_of_all(struct sim *sim)
{
    for (int i = 0; i < PROCESSES && !sim->failed; i++) {
        if (can_act(&sim->processes[i])) {
            act(&sim->processes[i]);
        }
        watch_tick(sim);
    }
    pass_time(sim, ROUND_MS);
    sim->step++;
}

/* Liveness: without faults everything comes to rest, in a bounded number of rounds. */
static void until_rest(struct sim *sim)
{
    for (int round = 0; round < QUIET_ROUNDS_MAX && !sim->failed; round++) {
        feed_send(sim, round > 60);
        round_of_all(sim);
        if (round % EXPIRE_ROUNDS == EXPIRE_ROUNDS - 1) {
            broker_expire(sim->broker); /* transaction.timeout.ms, 15 s */
        }
        if (feed_over(sim) && check_at_rest(sim) && all_idle(sim)) {
            return;
        }
    }
    if (!sim->failed) {
        char waits[ERR_NOTE_MAX] = "";
        for (int i = 0; i < PROCESSES; i++) {
            struct engine_status status;
            if (sim->processes[i].state == PROCESS_UP) {
                engine_status(sim->processes[i].engine, &status);
                snprintf(waits, sizeof(waits), "%s", status.waiting_for);
            }
        }
        sim_fail(sim, "E9 liveness: no rest %d rounds after the last fault: %s", QUIET_ROUNDS_MAX,
                 waits);
    }
}

static void contracts_first(struct sim *sim)
{
    sim->quiet = sim->sales_held = true;
    set_clocks(sim);
    for (int round = 0; round < QUIET_ROUNDS_MAX && !sim->failed; round++) {
        feed_send(sim, true);
        round_of_all(sim);
        if (check_at_rest(sim) && all_idle(sim)) {
            break;
        }
    }
    pass_time(sim, KNOWN_MS);
    sim->quiet = sim->sales_held = false;
}

bool history_run(const struct plan *plan, struct tally *tally, uint64_t *hash,
                 char failure[FAILURE_MAX])
{
    struct sim *sim = calloc(1, sizeof(*sim));
    ENSURE(sim != NULL);
    sim->plan = *plan;
    open_world(sim);
    if (plan->contracts_first) {
        contracts_first(sim);
    }
    with_faults(sim);
    if (!sim->failed) {
        faults_end(sim);
        until_rest(sim);
    }
    if (!sim->failed) {
        pass_time(sim, INT64_C(3) * 86400000); /* every wait is over, every action locks */
        until_rest(sim);
    }
    if (!sim->failed) {
        check_end(sim);
    }
    if (sim->plan.dump != NULL) {
        dump_history(sim);
    }
    bool good = !sim->failed;
    *hash = sim->hash;
    snprintf(failure, FAILURE_MAX, "%s", sim->failure);
    sim->tally.histories = 1;
    for (size_t i = 0; i < sizeof(*tally) / sizeof(uint64_t); i++) {
        ((uint64_t *)tally)[i] += ((uint64_t *)&sim->tally)[i];
    }
    close_world(sim);
    arena_release(&sim->arena);
    free(sim);
    return good;
}
