/*
 * The simulator: the engine's own object code and the real workers, in several processes, on the bus
 * and the view in memory; one thread, one seed. A process is a coroutine that may lose control at
 * any effect (a call of the bus or the view): there it is killed, or paused while the others go on.
 *
 *   history.c   one history: set up, faults, then quiet; its verdict
 *   process.c   a process: start, step, crash, pause
 *   bus.c, queue.c, view.c   what it sees of the world: effects, and their faults
 *   faults.c    the classes of faults; those of the world itself
 *   feed.c      what producers send
 *   watch.c, watch_fold.c    invariants at each commit and each fold
 *   model*.c    what each verdict must have been
 *   check.c     the equations at the end
 *   dump.c      what there is at the end, for another auditor
 *   main.c      seeds, shrinking, printing
 */
#ifndef MAKEGOOD_TESTS_SIM_SIM_H
#define MAKEGOOD_TESTS_SIM_SIM_H

#include <ucontext.h>

#include "base/arena.h"
#include "base/ensure.h"
#include "engine/engine.h"
#include "engine/record.h"
#include "io/bus_memory.h"
#include "io/view_memory.h"
#include "tests/sim/random.h"

enum fault {
    FAULT_CRASH,          /* killed between two effects                                     */
    FAULT_PAUSE,          /* stopped between two effects, goes on later                     */
    FAULT_ZOMBIE,         /* and meanwhile the group took it for dead                       */
    FAULT_TWIN,           /* and meanwhile another was started with its identity            */
    FAULT_DRAIN,          /* stopped in good order and started again                        */
    FAULT_REBALANCE,      /* for no reason of its own                                       */
    FAULT_COORDINATOR,    /* the coordinators move: nobody answers for a while              */
    FAULT_SLOW_MARKERS,   /* an ended transaction gets its markers one by one               */
    FAULT_TIMEOUT,        /* transaction.timeout.ms has passed                              */
    FAULT_LATE_END,       /* the end of a transaction is sent and lands later, if at all    */
    FAULT_LOST_COMMIT,    /* committed, and the reply is lost                               */
    FAULT_LOST_REQUEST,   /* a transaction call got lost on its way; nobody knows           */
    FAULT_ABORTABLE,      /* a transaction call is refused                                  */
    FAULT_FENCED,         /* another client initialises our transactional id                */
    FAULT_QUEUE_FULL,     /* produce: not yet                                               */
    FAULT_SHORT_POLL,     /* fewer records at a time than there are                         */
    FAULT_SLOW_WATCH,     /* ends of logs are seen late                                     */
    FAULT_VIEW_REPLY,     /* Redis did it, and the reply is lost                            */
    FAULT_VIEW_REQUEST,   /* the request to Redis is lost                                   */
    FAULT_VIEW_DOWN,      /* Redis does not answer, is loading                              */
    FAULT_VIEW_READ_ONLY, /* Redis answers reads alone                                      */
    FAULT_VIEW_ROLLBACK,  /* Redis is an older one again                                    */
    FAULT_VIEW_WIPE,      /* Redis is empty                                                 */
    FAULT_DUPLICATE,      /* producers repeat themselves                                    */
    FAULT_CONFLICT,       /* ... under one id with another payload                          */
    FAULT_REORDER,        /* producers' records overtake each other                         */
    FAULT_MISROUTE,       /* records on partitions where they do not belong                 */
    FAULT_POISON,         /* records that cannot be understood                              */
    FAULT_OFFSET_RESET,   /* an operator sets the group's offsets                           */
    FAULT_MIXED,          /* a newer release runs beside this one                           */
    FAULT_CLOCK,          /* the broker's clock goes back and forth (leader changes)        */
    FAULT_SKEW,           /* the workers' clocks differ                                     */
    FAULT_LONG_STOP,      /* everything stands still for hours                              */
    FAULT_COMPACTION,     /* state logs are compacted                                       */
    FAULTS
};

enum { PARTITIONS_MAX = 2, IDENTITIES = 3, PROCESSES = 6, WORKERS = 2, CONTRACT = 0, ACTION = 1 };
enum { FAILURE_MAX = 700, COPIES_MAX = 4, TOPICS_MAX = 16 };

/* What a history is made of; all of it is on the command line, so that a shrunk one can be kept. */
struct plan {
    uint64_t seed;
    uint64_t classes;   /* of faults that may happen, a bit each            */
    int32_t events_max; /* records from producers; 0 = as the seed says     */
    int32_t faults_until; /* step after which no fault happens; 0 = ditto   */
    bool trace;
    bool contracts_first; /* all is known of them before sales and faults begin */
    const char *dump; /* file for what there is at the end; NULL = none */
    struct choices *choices; /* instead of dice; NULL = dice. When they are over, so are faults */
};

struct tally {
    uint64_t histories, steps, effects, inputs, commits, folds;
    uint64_t injected[FAULTS];
};

struct sim;
struct process;

struct sim_bus {
    struct bus bus; /* first */
    struct process *process;
    struct bus *inner;
};

struct sim_view {
    struct view view; /* first */
    struct process *process;
};

enum process_state { PROCESS_GONE, PROCESS_DOWN, PROCESS_UP, PROCESS_PAUSED };
enum process_task { TASK_START, TASK_STEP, TASK_STOP };
enum process_fate { FATE_DONE, FATE_KILLED, FATE_PAUSED, FATE_BROKEN };

/* Produced, not sent yet: a client sends in the background, in order within a partition alone. */
struct queued {
    struct bus_message message;
    bool sent;
};

enum { QUEUE_MAX = 512 };

struct sim_queue {
    struct arena arena;
    struct queued at[QUEUE_MAX];
    int32_t count, unsent;
};

/* The end of an input or state log as this process's watcher last saw it. */
struct seen_end {
    bool known;
    int64_t stable, asked_ms;
};

struct process {
    struct sim *sim;
    int32_t slot, identity;
    enum process_state state;
    int32_t wait_until; /* step at which it is started, or goes on */
    bool newer;         /* a newer release */
    bool replaced;      /* another has its identity */
    struct sim_bus bus;
    struct sim_view view;
    struct sim_queue queue;
    struct engine *engine;
    int64_t skew_ms;
    /* the coroutine */
    ucontext_t context;
    char *stack;
    bool within; /* the coroutine holds a step that is not over */
    enum process_task task;
    enum process_fate fate;
    enum err result;
    struct err_note note;
    /* of the running step */
    uint32_t effects;
    int64_t step_mono_ms;
    int64_t stable_at_step[WORKERS][PARTITIONS_MAX]; /* of the input topics */
    bool settled[TOPICS_MAX][PARTITIONS_MAX]; /* no pending offsets, asked since the assignment */
    struct seen_end ends[TOPICS_MAX][PARTITIONS_MAX];
};

/* What was known to an owner when it began its transaction. */
struct begun {
    int64_t step_mono_ms;
    int64_t stable_at_step[WORKERS][PARTITIONS_MAX];
    bool newer;
};

struct feed;
struct watch;
struct model;

struct sim {
    struct plan plan;
    struct tally tally;
    struct arena arena; /* for the history */
    uint64_t on;        /* classes that are on in this history */
    uint32_t rate[FAULTS];
    struct dice dice[FAULTS], world, clock, choice;
    struct broker *broker;
    struct view *view;
    struct view_memory_copy *copies[COPIES_MAX];
    int32_t copy_count;
    int32_t partitions[WORKERS];
    int32_t input[WORKERS], state[WORKERS], outcome[WORKERS], dlq[WORKERS];
    bool static_members, patient, twins[IDENTITIES];
    int32_t identities; /* processes that ought to run */
    struct process processes[PROCESSES];
    struct begun begun[IDENTITIES];
    ucontext_t scheduler;
    struct process *running;
    int32_t step, steps;
    bool quiet; /* faults are over, or have not begun */
    bool sales_held;
    int64_t wall_ms, mono_ms, broker_skew_ms;
    int32_t coordinator_until, view_down_until, view_read_only_until;
    enum view_result view_down_as;
    bool newer_deployed;
    struct feed *feed;
    struct watch *watch;
    struct model *model;
    uint64_t hash;
    bool failed;
    char failure[FAILURE_MAX];
};

/* history.c */
bool history_run(const struct plan *plan, struct tally *tally, uint64_t *hash,
                 char failure[FAILURE_MAX]);
/* The first failure of a history is its verdict. Always false. */
bool sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_note(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void sim_mix(struct sim *sim, uint64_t value)
{
    sim->hash = mix64(sim->hash ^ value);
}

/* process.c */
void process_start(struct process *process);
void process_act(struct process *process);  /* a step, or what is left of one */
void process_kill(struct process *process); /* without a word */
void process_stop(struct process *process); /* SIGTERM */
void process_release(struct process *process);
/* Called at every effect of a running process. May not return. */
void process_effect(struct process *process, bool mild);
void process_forget_stacks(void);

/* queue.c: what the bus's producer has not sent yet */
#define QUEUE_HEADER "sim-n" /* int32_t: the place of a record among those of its transaction */
void queue_put(struct process *process, const struct bus_message *message);
/* Sends one message, of any partition. */
enum bus_result queue_send(struct process *process);
void queue_clear(struct process *process);

/* bus.c, view.c */
void sim_bus_open(struct process *process);
void sim_view_open(struct process *process);
const char *identity_name(int32_t identity);
int64_t sim_group_offset(struct bus *bus, int32_t topic_index, int32_t partition);
int32_t identity_of(struct text transactional_id);

/* faults.c */
const char *fault_name(enum fault fault);
void faults_choose(struct sim *sim);
bool fault_strikes(struct sim *sim, enum fault fault);
void fault_count(struct sim *sim, enum fault fault);
void faults_of_the_world(struct sim *sim);
void faults_end(struct sim *sim);

#endif
