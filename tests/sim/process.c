/*
 * A process of the product: an engine that is stepped on a stack of its own, so that it can be left
 * in the middle of a step: killed there, or paused while the world goes on, and resumed.
 */
#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/zoneinfo.h"
#include "tests/sim/watch.h"

enum { STACK_BYTES = 512 * 1024, EFFECTS_PER_STEP_MAX = 100000, CACHE_BYTES = 64 * 1024 };

extern const struct worker contract_worker, action_worker;

/* --- releases --- */

/* The next release: the same rules, states written in body version 2, version 1 is read too. */
enum { STATES_MAX = 32 };
static struct state_type newer_states[WORKERS][STATES_MAX];
static struct worker newer_workers[WORKERS];
static const struct worker *const present[] = { &contract_worker, &action_worker, NULL };
static const struct worker *const newer[] = { &newer_workers[CONTRACT], &newer_workers[ACTION],
                                              NULL };

static void make_newer(void)
{
    for (int w = 0; w < WORKERS && newer_workers[w].name == NULL; w++) {
        ENSURE(present[w]->state_count <= STATES_MAX);
        memcpy(newer_states[w], present[w]->states, present[w]->state_count * sizeof(struct state_type));
        for (size_t i = 0; i < present[w]->state_count; i++) {
            newer_states[w][i].version++;
        }
        newer_workers[w] = *present[w];
        newer_workers[w].states = newer_states[w];
    }
}

/* --- control --- */

static char *spare_stacks[PROCESSES];
static int spare_count;

static char *stack_new(void)
{
    char *stack = spare_count > 0 ? spare_stacks[--spare_count] : malloc(STACK_BYTES);
    ENSURE(stack != NULL);
    return stack;
}

static void stack_free(char *stack)
{
    if (spare_count < PROCESSES) {
        spare_stacks[spare_count++] = stack;
    } else {
        free(stack);
    }
}

void process_forget_stacks(void)
{
    while (spare_count > 0) {
        free(spare_stacks[--spare_count]);
    }
}

static struct process *entering; /* makecontext() passes integers alone */

static void leave(struct process *process, enum process_fate fate)
{
    process->fate = fate;
    process->sim->running = NULL;
    swapcontext(&process->context, &process->sim->scheduler);
}

static void process_main(void)
{
    struct process *process = entering;
    for (;;) {
        struct sim *sim = process->sim;
        if (process->task == TASK_START) {
            process->result = engine_start(process->engine, &process->note);
        } else if (process->task == TASK_STOP) {
            engine_stop(process->engine);
            process->result = OK;
        } else {
            process->result = engine_step(process->engine, sim->wall_ms + process->skew_ms,
                                          process->step_mono_ms, 0, &process->note);
        }
        leave(process, FATE_DONE);
    }
}

static void enter(struct process *process)
{
    struct sim *sim = process->sim;
    sim->running = process;
    entering = process;
    process->within = true;
    swapcontext(&sim->scheduler, &process->context);
    process->within = process->fate == FATE_PAUSED;
}

static void coroutine_open(struct process *process)
{
    process->stack = stack_new();
    getcontext(&process->context);
    process->context.uc_stack.ss_sp = process->stack;
    process->context.uc_stack.ss_size = STACK_BYTES;
    process->context.uc_link = NULL;
    makecontext(&process->context, process_main, 0);
}

/* --- effects --- */

static void pause_here(struct process *process)
{
    struct sim *sim = process->sim;
    bool longer = dice_one_in(&sim->dice[FAULT_PAUSE], 2);
    process->state = PROCESS_PAUSED;
    process->wait_until = sim->step + (int32_t)dice_range(&sim->dice[FAULT_PAUSE], 1, longer ? 40 : 6);
    sim_note(sim, "p%d paused until step %d", process->slot, process->wait_until);
    if (fault_strikes(sim, FAULT_ZOMBIE)) {
        sim_note(sim, "p%d is taken for dead", process->slot);
        bus_memory_lapse(process->bus.inner);
    }
    leave(process, FATE_PAUSED);
}

/* Never comes back when the process dies here. */
void process_effect(struct process *process, bool mild)
{
    struct sim *sim = process->sim;
    if (sim->running != process) {
        return; /* called while the process is taken down */
    }
    sim->tally.effects++;
    if (++process->effects > EFFECTS_PER_STEP_MAX) {
        sim_fail(sim, "E9 liveness: a step of p%d does not come to an end", process->slot);
        leave(process, FATE_BROKEN);
    }
    if (sim->quiet || (mild && !dice_one_in(&sim->choice, 8))) {
        return;
    }
    if (fault_strikes(sim, FAULT_CRASH)) {
        sim_note(sim, "p%d is killed", process->slot);
        leave(process, FATE_KILLED);
    }
    if (fault_strikes(sim, FAULT_PAUSE)) {
        pause_here(process);
    }
}

/* Instead of the one in base/ensure.c: a failed ENSURE is the verdict of the history. */
static struct sim *sim_at_work;

_Noreturn void ensure_failed(const char *condition, const char *file, int line)
{
    struct sim *sim = sim_at_work;
    const char *name = strrchr(file, '/');
    if (sim != NULL && sim->running != NULL) {
        sim_fail(sim, "ENSURE: %s:%d: %s", name != NULL ? name + 1 : file, line, condition);
        leave(sim->running, FATE_BROKEN);
    }
    fprintf(stderr, "%s:%d: bug: not true: %s\n", file, line, condition);
    abort();
}

/* --- life --- */

static struct zones *zones;

static struct engine *make_engine(struct process *process)
{
    static const char *const run[] = { "contract", "action", NULL };
    struct sim *sim = process->sim;
    struct dice *dice = &sim->choice;
    if (zones == NULL) {
        zones = zones_new();
        make_newer();
    }
    struct engine_setup setup = {
        .workers = process->newer ? newer : present,
        .run = run,
        .bus = &process->bus.bus,
        .view = &process->view.view,
        .zone = zones_find,
        .zone_context = zones,
        .turn_records_max = (uint32_t)dice_range(dice, 1, dice_one_in(dice, 2) ? 3 : 16),
        .turn_timers_max = (uint32_t)dice_range(dice, 1, 8),
        .cache_bytes = CACHE_BYTES,
    };
    struct engine *engine = engine_new(&setup, &process->note);
    ENSURE(engine != NULL);
    return engine;
}

void process_release(struct process *process)
{
    if (process->engine != NULL) {
        engine_free(process->engine);
        process->engine = NULL;
    }
    if (process->bus.inner != NULL) {
        process->bus.inner->ops->close(process->bus.inner);
        process->bus.inner = NULL;
    }
    if (process->stack != NULL) {
        stack_free(process->stack);
        process->stack = NULL;
    }
    arena_release(&process->queue.arena);
    process->queue.count = process->queue.unsent = 0;
    process->within = false;
}

static void down(struct process *process)
{
    process_release(process);
    process->state = process->replaced ? PROCESS_GONE : PROCESS_DOWN;
    process->wait_until =
        process->sim->step + (int32_t)dice_range(&process->sim->choice, 0, 12);
}

void process_kill(struct process *process)
{
    if (!process->replaced) { /* else its place in the group is the other's */
        bus_memory_crash(process->bus.inner);
    }
    down(process);
}

/* Halts that a person, or a newer release, must mend; anything else ends the history. */
static bool may_halt(const struct process *process)
{
    const struct sim *sim = process->sim;
    const char *note = process->note.text;
    return (sim->newer_deployed && !process->newer && strstr(note, "newer release") != NULL) ||
           (sim->twins[process->identity] && strstr(note, "FENCED_INSTANCE_ID") != NULL) ||
           (process->task == TASK_START && process->result == ERR_UNAVAILABLE && !sim->quiet);
}

static void halted(struct process *process)
{
    struct sim *sim = process->sim;
    sim_note(sim, "p%d halts: %s", process->slot, process->note.text);
    if (!may_halt(process)) {
        sim_fail(sim, "E10 health: p%d halts (%d): %s", process->slot, (int)process->result,
                 process->note.text);
    }
    if (!process->newer && sim->newer_deployed) {
        process->newer = dice_one_in(&sim->choice, 2) || sim->quiet;
    }
    process_kill(process);
}

static void after(struct process *process)
{
    sim_at_work = NULL;
    switch (process->fate) {
    case FATE_KILLED:
    case FATE_BROKEN:
        process_kill(process);
        break;
    case FATE_PAUSED:
        break;
    case FATE_DONE:
        process->state = PROCESS_UP;
        if (process->result != OK) {
            halted(process);
        } else if (process->task == TASK_STOP) {
            down(process);
        }
    }
}

static void run(struct process *process, enum process_task task)
{
    struct sim *sim = process->sim;
    if (!process->within) {
        process->task = task;
        process->effects = 0;
        process->step_mono_ms = sim->mono_ms;
        watch_step(process);
    }
    process->state = PROCESS_UP;
    sim_at_work = sim;
    enter(process);
    after(process);
}

void process_start(struct process *process)
{
    struct sim *sim = process->sim;
    sim_note(sim, "p%d starts as %s%s", process->slot, identity_name(process->identity),
             process->newer ? ", newer release" : "");
    memset(process->ends, 0, sizeof(process->ends));
    sim_bus_open(process);
    sim_view_open(process);
    process->engine = make_engine(process);
    process->skew_ms = 0;
    if (!sim->quiet && fault_strikes(sim, FAULT_SKEW)) {
        process->skew_ms = dice_range(&sim->dice[FAULT_SKEW], -5000, 5000);
    }
    coroutine_open(process);
    run(process, TASK_START);
}

void process_act(struct process *process)
{
    run(process, TASK_STEP);
}

void process_stop(struct process *process)
{
    if (!process->within) {
        run(process, TASK_STOP);
    }
}
