/*
 * A world for tests of the engine: a broker and a view in memory, worker processes (a bus and an engine
 * each) that run the two small workers, a clock in the test's hand, and short words for what is given
 * and what is expected.
 */
#ifndef MAKEGOOD_TESTS_ENGINE_WORLD_H
#define MAKEGOOD_TESTS_ENGINE_WORLD_H

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/uuid5.h"
#include "engine/engine.h"
#include "io/bus_memory.h"
#include "io/log.h"
#include "io/view_memory.h"
#include "support/counter_worker.h"

enum { PARTITIONS = 2, SETTLE_STEPS = 4000, START_MS = 1000000, STEP_MS = 10 };

struct process {
    struct bus *bus;
    struct engine *engine;
    struct metrics *metrics;
};

struct world {
    struct broker *broker;
    struct view *view;
    struct process a, b;
    int64_t wall_ms, mono_ms;
    int32_t counter, counter_state, counter_outcome, counter_dlq, rate, rate_state, rate_outcome;
    int32_t mirrors, email;
    struct err_note note;
    struct arena arena;
};

static const struct worker *const world_workers[] = { &counter_worker, &rate_worker, NULL };
static const char *const run_both[] = { "counter", "rate", NULL };
static const char *const run_counter[] = { "counter", NULL };
static const char *const run_rate[] = { "rate", NULL };

static inline void world_topics(struct world *world, int32_t partitions)
{
    world->counter = broker_topic(world->broker, "counter", partitions);
    world->counter_state = broker_topic(world->broker, "counter-state", partitions);
    world->counter_outcome = broker_topic(world->broker, "counter-outcome", 1);
    world->counter_dlq = broker_topic(world->broker, "counter-dlq", 1);
    world->rate = broker_topic(world->broker, "rate", partitions);
    world->rate_state = broker_topic(world->broker, "rate-state", partitions);
    world->rate_outcome = broker_topic(world->broker, "rate-outcome", 1);
    broker_topic(world->broker, "rate-dlq", 1);
    world->mirrors = broker_topic(world->broker, "mirrors", 1);
    world->email = broker_topic(world->broker, "email-request", 1);
}

static inline void world_time(struct world *world, int64_t wall_ms)
{
    world->wall_ms = wall_ms;
    broker_set_time(world->broker, wall_ms);
}

/* Some zone, for UTC alone. */
static inline const struct zone *world_zone(void *context, struct text name)
{
    (void)context;
    return text_is(name, "UTC") ? (const struct zone *)(const void *)"UTC" : NULL;
}

static inline struct engine_setup world_engine_setup(struct world *world, struct process *process,
                                                     const char *const *run)
{
    return (struct engine_setup){ .workers = world_workers,
                                  .run = run,
                                  .bus = process->bus,
                                  .view = world->view,
                                  .metrics = process->metrics,
                                  .zone = world_zone };
}

static inline void process_open(struct world *world, struct process *process, const char *id)
{
    struct bus_memory_setup setup = { "makegood", id, "" };
    process->bus = bus_memory_new(world->broker, &setup);
    process->metrics = metrics_new();
}

static inline void process_begin(struct world *world, struct process *process,
                                 const struct engine_setup *setup)
{
    process->engine = engine_new(setup, &world->note);
    assert_non_null(process->engine);
    assert_int_equal(engine_start(process->engine, &world->note), OK);
}

static inline void process_start(struct world *world, struct process *process, const char *id,
                                 const char *const *run)
{
    process_open(world, process, id);
    struct engine_setup setup = world_engine_setup(world, process, run);
    process_begin(world, process, &setup);
}

static inline void process_free(struct process *process)
{
    engine_free(process->engine);
    metrics_free(process->metrics);
    if (process->bus != NULL) {
        process->bus->ops->close(process->bus);
    }
    *process = (struct process){ 0 };
}

/* SIGTERM: drains and leaves. */
static inline void process_stop(struct process *process)
{
    engine_stop(process->engine);
    process_free(process);
}

/* kill -9. */
static inline void process_kill(struct process *process)
{
    bus_memory_crash(process->bus);
    process_free(process);
}

static inline void world_make(struct world *world, int32_t partitions)
{
    log_configure(LOG_OFF, false);
    world->broker = broker_new();
    world->view = view_memory_new();
    world_topics(world, partitions);
    world_time(world, START_MS);
}

/* Topics, no process yet. */
static inline int world_setup_empty(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world_make(world, PARTITIONS);
    *state = world;
    return 0;
}

/* One process that runs both workers. */
static inline int world_setup(void **state)
{
    world_setup_empty(state);
    struct world *world = *state;
    process_start(world, &world->a, "makegood-a", run_both);
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    process_free(&world->a);
    process_free(&world->b);
    broker_free(world->broker);
    world->view->ops->close(world->view);
    arena_release(&world->arena);
    free(world);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define CASE_EMPTY(name) cmocka_unit_test_setup_teardown(name, world_setup_empty, world_teardown)

/* --- time goes on --- */

static inline enum err step(struct world *world, struct process *process)
{
    world->mono_ms += STEP_MS;
    broker_set_mono(world->broker, world->mono_ms);
    return engine_step(process->engine, world->wall_ms, world->mono_ms, 0, &world->note);
}

static inline struct engine_status status_of(struct process *process)
{
    struct engine_status status;
    engine_status(process->engine, &status);
    return status;
}

static inline bool quiet(struct world *world, struct process *process)
{
    struct engine_status status = status_of(process);
    return status.idle && status.view_ok && status.partitions_assigned > 0 &&
           status.partitions_ready == status.partitions_assigned &&
           (status.next_due_ms == INT64_MAX || status.next_due_ms > world->wall_ms - 1000);
}

/* Steps until nothing is left to decide, or it stops: the result of the last step. */
static inline enum err settle_process(struct world *world, struct process *process)
{
    for (int i = 0; i < SETTLE_STEPS; i++) {
        enum err err = step(world, process);
        if (err != OK || quiet(world, process)) {
            return err;
        }
    }
    print_error("not quiet: %s\n", status_of(process).waiting_for);
    fail();
    return OK;
}

static inline void settle(struct world *world)
{
    enum err err = settle_process(world, &world->a);
    if (err != OK) {
        print_error("stopped: %s\n", world->note.text);
    }
    assert_int_equal(err, OK);
}

static inline void steps(struct world *world, struct process *process, int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(step(world, process), OK);
    }
}

/* It stops with this code, and says so. */
static inline void expect_halt(struct world *world, enum err code, const char *says)
{
    enum err err = OK;
    for (int i = 0; err == OK && i < SETTLE_STEPS; i++) {
        err = step(world, &world->a);
    }
    assert_int_equal(err, code);
    if (strstr(world->note.text, says) == NULL) {
        print_error("says \"%s\"\n", world->note.text);
    }
    assert_non_null(strstr(world->note.text, says));
}

/* --- giving --- */

static inline int32_t home_of(const char *entity)
{
    return partition_of(text_of(entity), PARTITIONS);
}

static inline int64_t give_raw(struct world *world, int32_t topic, int32_t partition,
                               struct text value)
{
    int64_t offset = broker_append(world->broker, topic, partition, TEXT("k"), value, NULL, 0);
    assert_true(offset >= 0);
    return offset;
}

/* One structured event to a partition; `data` is the inside of the object. */
static inline int64_t give_to(struct world *world, int32_t partition, const char *id,
                              const char *type, const char *data)
{
    bool rate = strncmp(type, "rate.", 5) == 0;
    struct text value = arena_printf(&world->arena,
                                     "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/test\","
                                     "\"type\":\"makegood.%s.v1\",\"data\":{%s}}",
                                     id, type, data);
    return give_raw(world, rate ? world->rate : world->counter, partition, value);
}

/* To the partition of the entity that `data`'s first member names: "\"id\":\"x\"...". */
static inline int64_t give(struct world *world, const char *id, const char *type, const char *data)
{
    char name[64] = "", entity[96];
    assert_int_equal(sscanf(data, "\"id\":\"%63[^\"]", name), 1);
    snprintf(entity, sizeof(entity), "%s:%s", strncmp(type, "rate.", 5) == 0 ? "rate" : "counter", name);
    return give_to(world, home_of(entity), id, type, data);
}

#include "support/engine_found.h"

#endif
