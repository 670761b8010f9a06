/*
 * On the simulator's own bus.c, queue.c and view.c, and under them the broker and the view in memory.
 * What else the simulator has is not here: nobody is killed, nothing is watched, and a fault strikes
 * when a script says so.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fidelity/stage.h"
#include "tests/sim/sim.h"
#include "tests/sim/watch.h"

static struct sim *sim;
static int32_t far; /* slot of the bus of that name */
static uint8_t calm[1 << 16]; /* what records on their way do is not chosen: they leave when they are flushed */
static struct choices choices;
static uint64_t armed; /* faults that strike at their next opportunity */

/* --- instead of process.c, faults.c, watch*.c, history.c --- */

void process_effect(struct process *process, bool mild)
{
    (void)process, (void)mild;
}

bool fault_strikes(struct sim *of, enum fault fault)
{
    bool strikes = armed >> fault & 1;
    (void)of;
    armed &= ~(UINT64_C(1) << fault);
    return strikes;
}

bool sim_fail(struct sim *of, const char *format, ...)
{
    va_list arguments;
    (void)of;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    abort();
}

void sim_note(struct sim *of, const char *format, ...)
{
    (void)of, (void)format;
}

void watch_begin(struct process *process)
{
    (void)process;
}

void watch_committed(struct sim *of)
{
    (void)of;
}

void watch_fold(struct sim *of, struct text group, int64_t before, int64_t after,
                const struct view_entry *entries, size_t count)
{
    (void)of, (void)group, (void)before, (void)after, (void)entries, (void)count;
}

/* --- the stage --- */

bool stage_ready(void)
{
    return true;
}

void stage_open(void)
{
    sim = calloc(1, sizeof(*sim));
    ENSURE(sim != NULL);
    sim->broker = broker_new();
    sim->view = view_memory_new();
    ENSURE(broker_topic(sim->broker, "order", STAGE_PARTITIONS) == STAGE_ORDER &&
           broker_topic(sim->broker, "order-state", STAGE_PARTITIONS) == STAGE_ORDER_STATE);
    memset(calm, 0xff, sizeof(calm));
    choices = (struct choices){ .at = calm, .left = sizeof(calm) };
    sim->choice.choices = &choices;
    armed = 0;
    far = -1;
}

void stage_close(void)
{
    for (int i = 0; i < PROCESSES; i++) {
        struct process *process = &sim->processes[i];
        if (process->bus.inner != NULL) {
            process->bus.inner->ops->close(process->bus.inner);
        }
        arena_release(&process->queue.arena);
    }
    broker_free(sim->broker);
    sim->view->ops->close(sim->view);
    free(sim);
}

static struct process *process_new(void)
{
    int32_t slot = 0;
    while (sim->processes[slot].sim != NULL) {
        slot++;
    }
    ENSURE(slot < IDENTITIES);
    sim->processes[slot] = (struct process){ .sim = sim, .slot = slot, .identity = slot };
    return &sim->processes[slot];
}

struct bus *stage_bus(const char *actor)
{
    struct process *process = process_new();
    sim->static_members = strcmp(actor, "sleeper") != 0;
    far = strcmp(actor, "far") == 0 ? process->slot : far;
    sim_bus_open(process);
    return &process->bus.bus;
}

struct view *stage_view(const char *actor)
{
    struct process *process = process_new();
    (void)actor; /* the one whose line is cut is the next to call */
    sim_view_open(process);
    return &process->view.view;
}

struct text stage_group(const char *name)
{
    return text_of(name);
}

int stage_patience_ms(void)
{
    return 0;
}

void stage_pause(int ms)
{
    (void)ms;
}

bool stage_send(struct bus_place place, struct text key, struct text value)
{
    return broker_append(sim->broker, place.topic, place.partition, key, value, NULL, 0) >= 0;
}

void stage_lapse(struct bus *bus)
{
    bus_memory_lapse(((struct sim_bus *)(void *)bus)->inner);
}

void stage_cut(enum cut cut)
{
    bool of_bus = far >= 0;
    enum fault fault = cut == CUT_HOLD      ? FAULT_LATE_END
                       : cut == CUT_REQUEST ? (of_bus ? FAULT_LOST_REQUEST : FAULT_VIEW_REQUEST)
                                            : (of_bus ? FAULT_LOST_COMMIT : FAULT_VIEW_REPLY);
    armed |= UINT64_C(1) << fault;
}

void stage_heal(void)
{
    armed = 0;
}

bool stage_land(void)
{
    return broker_land_end(sim->broker, 0);
}

void stage_expire(void)
{
    broker_expire(sim->broker);
}
