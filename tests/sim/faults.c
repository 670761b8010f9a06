/* The classes of faults. In a history each is on with p = 1/2, at a rate of its own; what a process
 * or a call meets strikes in bus.c, view.c and process.c, what happens to the world strikes here. */
#include "tests/sim/sim.h"

#include "tests/sim/feed.h"
#include "tests/sim/watch.h"

/* Strikes once in 2^from .. 2^to opportunities: calls, steps of the world, or records. */
static const struct {
    const char *name;
    uint32_t from, to;
} classes[FAULTS] = {
    [FAULT_CRASH] = { "crash", 7, 11 },
    [FAULT_PAUSE] = { "pause", 6, 10 },
    [FAULT_ZOMBIE] = { "zombie", 0, 2 },
    [FAULT_TWIN] = { "twin", 2, 5 },
    [FAULT_DRAIN] = { "drain", 4, 7 },
    [FAULT_REBALANCE] = { "rebalance", 4, 7 },
    [FAULT_COORDINATOR] = { "coordinator", 5, 8 },
    [FAULT_SLOW_MARKERS] = { "slow-markers", 1, 3 },
    [FAULT_TIMEOUT] = { "timeout", 3, 7 },
    [FAULT_LATE_END] = { "late-end", 2, 6 },
    [FAULT_LOST_COMMIT] = { "lost-commit", 2, 6 },
    [FAULT_LOST_REQUEST] = { "lost-request", 5, 9 },
    [FAULT_ABORTABLE] = { "abortable", 5, 9 },
    [FAULT_FENCED] = { "fenced", 4, 8 },
    [FAULT_QUEUE_FULL] = { "queue-full", 4, 7 },
    [FAULT_SHORT_POLL] = { "short-poll", 1, 5 },
    [FAULT_SLOW_WATCH] = { "slow-watch", 0, 3 },
    [FAULT_VIEW_REPLY] = { "view-reply", 3, 7 },
    [FAULT_VIEW_REQUEST] = { "view-request", 3, 7 },
    [FAULT_VIEW_DOWN] = { "view-down", 4, 7 },
    [FAULT_VIEW_READ_ONLY] = { "view-read-only", 4, 7 },
    [FAULT_VIEW_ROLLBACK] = { "view-rollback", 3, 7 },
    [FAULT_VIEW_WIPE] = { "view-wipe", 4, 8 },
    [FAULT_DUPLICATE] = { "duplicate", 1, 4 },
    [FAULT_CONFLICT] = { "conflict", 2, 5 },
    [FAULT_REORDER] = { "reorder", 1, 4 },
    [FAULT_MISROUTE] = { "misroute", 1, 4 },
    [FAULT_POISON] = { "poison", 2, 5 },
    [FAULT_OFFSET_RESET] = { "offset-reset", 3, 7 },
    [FAULT_MIXED] = { "mixed", 4, 7 },
    [FAULT_CLOCK] = { "clock", 2, 5 },
    [FAULT_SKEW] = { "skew", 0, 2 },
    [FAULT_LONG_STOP] = { "long-stop", 5, 8 },
    [FAULT_COMPACTION] = { "compaction", 3, 6 },
};

_Static_assert(FAULTS <= 64, "a bit each");

const char *fault_name(enum fault fault)
{
    return classes[fault].name;
}

void faults_choose(struct sim *sim)
{
    struct dice dice = dice_new(sim->plan.seed, 1000);
    for (int f = 0; f < FAULTS; f++) {
        bool on = dice_one_in(&dice, 2);
        uint32_t shift = (uint32_t)dice_range(&dice, classes[f].from, classes[f].to);
        sim->dice[f] = dice_new(sim->plan.seed, (uint64_t)f);
        sim->rate[f] = UINT32_C(65536) >> shift;
        if ((on || sim->plan.choices != NULL) && (sim->plan.classes >> f & 1)) {
            sim->on |= UINT64_C(1) << f;
            sim->dice[f].choices = sim->plan.choices;
        }
    }
}

/* Does it strike, if it should count at once. */
static bool roll(struct sim *sim, enum fault fault)
{
    if (sim->quiet || (sim->on >> fault & 1) == 0) {
        return false;
    }
    return sim->plan.choices != NULL ? choices_strike(sim->plan.choices)
                                     : dice_below(&sim->dice[fault], 65536) < sim->rate[fault];
}

void fault_count(struct sim *sim, enum fault fault)
{
    sim->tally.injected[fault]++;
    sim_mix(sim, (uint64_t)fault);
    sim_note(sim, "fault: %s", classes[fault].name);
}

bool fault_strikes(struct sim *sim, enum fault fault)
{
    bool strikes = roll(sim, fault);
    if (strikes) {
        fault_count(sim, fault);
    }
    return strikes;
}

/* --- processes --- */

static struct process *any(struct sim *sim, enum fault fault, enum process_state state)
{
    struct process *found[PROCESSES];
    uint32_t count = 0;
    for (int i = 0; i < PROCESSES; i++) {
        if (sim->processes[i].state == state) {
            found[count++] = &sim->processes[i];
        }
    }
    return count > 0 ? found[dice_below(&sim->dice[fault], count)] : NULL;
}

static void drain(struct sim *sim)
{
    struct process *process = any(sim, FAULT_DRAIN, PROCESS_UP);
    if (process != NULL && roll(sim, FAULT_DRAIN)) {
        fault_count(sim, FAULT_DRAIN);
        process_stop(process);
    }
}

/* Somebody thinks that a paused process is dead and starts another in its place. */
static void twin(struct sim *sim)
{
    struct process *old = any(sim, FAULT_TWIN, PROCESS_PAUSED);
    struct process *twin = any(sim, FAULT_TWIN, PROCESS_GONE);
    if (sim->static_members && old != NULL && twin != NULL && !old->replaced &&
        roll(sim, FAULT_TWIN)) {
        fault_count(sim, FAULT_TWIN);
        old->replaced = sim->twins[old->identity] = true;
        twin->identity = old->identity;
        twin->newer = old->newer;
        twin->replaced = false;
        twin->state = PROCESS_DOWN;
        twin->wait_until = sim->step;
    }
}

static void fence_somebody(struct sim *sim)
{
    struct process *process = any(sim, FAULT_FENCED, PROCESS_UP);
    if (process != NULL && roll(sim, FAULT_FENCED)) {
        fault_count(sim, FAULT_FENCED);
        int32_t victim = (int32_t)dice_below(&sim->dice[FAULT_FENCED], (uint32_t)sim->identities);
        struct bus *bus = process->bus.inner;
        bus->ops->fence(bus, text_of(identity_name(victim)));
    }
}

/* A rolling deploy: one process after the other. */
static void deploy(struct sim *sim)
{
    struct process *process = any(sim, FAULT_MIXED, PROCESS_DOWN);
    if (process != NULL && !process->newer && roll(sim, FAULT_MIXED)) {
        fault_count(sim, FAULT_MIXED);
        sim->newer_deployed = true;
        process->newer = true;
    }
    process = any(sim, FAULT_MIXED, PROCESS_UP);
    if (process != NULL && !process->newer && roll(sim, FAULT_MIXED)) {
        fault_count(sim, FAULT_MIXED);
        sim->newer_deployed = true;
        process->newer = true;
        process_kill(process);
    }
}

/* --- servers --- */

static void land_markers(struct sim *sim, bool all)
{
    size_t due = broker_markers_due(sim->broker);
    for (size_t i = due; i > 0; i--) {
        if (all || !roll(sim, FAULT_SLOW_MARKERS)) {
            broker_land_marker(sim->broker, i - 1);
            i = i > broker_markers_due(sim->broker) + 1 ? broker_markers_due(sim->broker) + 1 : i;
        } else {
            fault_count(sim, FAULT_SLOW_MARKERS);
        }
    }
}

static void brokers(struct sim *sim)
{
    broker_set_slow_markers(sim->broker, sim->on >> FAULT_SLOW_MARKERS & 1);
    land_markers(sim, false);
    if (fault_strikes(sim, FAULT_REBALANCE)) {
        broker_rebalance(sim->broker);
    }
    if (fault_strikes(sim, FAULT_COORDINATOR)) {
        sim->coordinator_until =
            sim->step + (int32_t)dice_range(&sim->dice[FAULT_COORDINATOR], 1, 15);
        if (dice_one_in(&sim->dice[FAULT_COORDINATOR], 2)) {
            broker_rebalance(sim->broker);
        }
    }
    if (roll(sim, FAULT_TIMEOUT) && broker_expire(sim->broker) > 0) {
        fault_count(sim, FAULT_TIMEOUT);
    }
    while (broker_ends_in_flight(sim->broker) > 0 && dice_one_in(&sim->dice[FAULT_LATE_END], 4)) {
        size_t which = dice_below(&sim->dice[FAULT_LATE_END],
                                  (uint32_t)broker_ends_in_flight(sim->broker));
        bool ended = broker_land_end(sim->broker, which);
        watch_committed(sim);
        sim_note(sim, "a late end lands%s", ended ? "" : ", and is refused");
    }
    if (fault_strikes(sim, FAULT_OFFSET_RESET)) {
        struct dice *dice = &sim->dice[FAULT_OFFSET_RESET];
        int worker = (int)dice_below(dice, WORKERS);
        broker_set_offset(sim->broker, "makegood", sim->input[worker],
                          (int32_t)dice_below(dice, (uint32_t)sim->partitions[worker]),
                          dice_range(dice, 0, 60));
    }
    for (int worker = 0; worker < WORKERS; worker++) {
        if (roll(sim, FAULT_COMPACTION) &&
            watch_compact(sim, worker,
                          (int32_t)dice_below(&sim->dice[FAULT_COMPACTION],
                                              (uint32_t)sim->partitions[worker]))) {
            fault_count(sim, FAULT_COMPACTION);
        }
    }
}

static void keep_copy(struct sim *sim)
{
    struct dice *dice = &sim->dice[FAULT_VIEW_ROLLBACK];
    if ((sim->on >> FAULT_VIEW_ROLLBACK & 1) == 0 || !dice_one_in(dice, 10)) {
        return;
    }
    int32_t at = sim->copy_count < COPIES_MAX ? sim->copy_count++
                                              : (int32_t)dice_below(dice, COPIES_MAX);
    if (sim->copies[at] != NULL) {
        view_memory_copy_free(sim->copies[at]);
    }
    sim->copies[at] = view_memory_save(sim->view);
}

static void redis(struct sim *sim)
{
    if (fault_strikes(sim, FAULT_VIEW_DOWN)) {
        sim->view_down_until = sim->step + (int32_t)dice_range(&sim->dice[FAULT_VIEW_DOWN], 1, 12);
        sim->view_down_as = dice_one_in(&sim->dice[FAULT_VIEW_DOWN], 4) ? VIEW_DENIED : VIEW_DOWN;
    }
    if (fault_strikes(sim, FAULT_VIEW_READ_ONLY)) {
        sim->view_read_only_until =
            sim->step + (int32_t)dice_range(&sim->dice[FAULT_VIEW_READ_ONLY], 1, 12);
    }
    if (fault_strikes(sim, FAULT_VIEW_WIPE)) {
        view_memory_wipe(sim->view);
        watch_view_replaced(sim);
    }
    keep_copy(sim);
    if (sim->copy_count > 0 && roll(sim, FAULT_VIEW_ROLLBACK)) {
        fault_count(sim, FAULT_VIEW_ROLLBACK);
        view_memory_restore(sim->view, sim->copies[dice_below(&sim->dice[FAULT_VIEW_ROLLBACK],
                                                              (uint32_t)sim->copy_count)]);
        watch_view_replaced(sim);
    }
}

static void clocks(struct sim *sim)
{
    if (fault_strikes(sim, FAULT_CLOCK)) {
        sim->broker_skew_ms = dice_range(&sim->dice[FAULT_CLOCK], -3000, 3000);
    }
    if (fault_strikes(sim, FAULT_LONG_STOP)) {
        int64_t hours = dice_range(&sim->dice[FAULT_LONG_STOP], 1, 30);
        sim->wall_ms += hours * 3600000;
        sim->mono_ms += hours * 3600000;
        for (int i = 0; i < PROCESSES; i++) { /* no session lasts that long */
            if (sim->processes[i].state == PROCESS_PAUSED) {
                bus_memory_lapse(sim->processes[i].bus.inner);
            }
        }
        broker_expire(sim->broker);
        land_markers(sim, true);
    }
}

void faults_of_the_world(struct sim *sim)
{
    if (sim->quiet) {
        return;
    }
    drain(sim);
    twin(sim);
    fence_somebody(sim);
    deploy(sim);
    brokers(sim);
    redis(sim);
    clocks(sim);
}

/* From now on everything works: whoever was paused goes on, what was on its way arrives. */
void faults_end(struct sim *sim)
{
    sim->quiet = true;
    sim->coordinator_until = sim->view_down_until = sim->view_read_only_until = 0;
    sim->broker_skew_ms = 0;
    broker_set_slow_markers(sim->broker, false);
    land_markers(sim, true);
    while (broker_ends_in_flight(sim->broker) > 0) {
        broker_land_end(sim->broker, 0);
        watch_committed(sim);
    }
    for (int i = 0; i < PROCESSES; i++) {
        sim->processes[i].skew_ms = 0;
        sim->processes[i].wait_until = sim->step;
    }
}
