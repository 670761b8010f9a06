/*
 * A scripted hour for the engine, which any fault may disturb, and a dump of how the world looks at its
 * end: outcomes, dead letters, the view key by key.
 */
#ifndef MAKEGOOD_TESTS_SWEEP_H
#define MAKEGOOD_TESTS_SWEEP_H

#include "support/engine_world.h"
#include "support/faulty.h"

enum { DUMP_LINES_MAX = 512, STARTS_MAX = 20 };

struct sweep {
    struct world world; /* not all of it is used */
    struct faults faults;
    struct faulty_bus bus;
    struct faulty_view view;
    struct view *inner_view;
    int starts;
};

/* --- the process under test --- */

static inline void sweep_end(struct sweep *sweep)
{
    bus_memory_crash(sweep->bus.inner);
    engine_free(sweep->world.a.engine);
    sweep->bus.inner->ops->close(sweep->bus.inner);
    sweep->world.a.engine = NULL;
}

/* Every other process has another transactional id, so that it finds the transaction of the one before
 * it hanging. False: it could not start. */
static inline bool sweep_begin(struct sweep *sweep)
{
    struct world *world = &sweep->world;
    struct bus_memory_setup setup = { "makegood", sweep->starts++ % 2 == 0 ? "a" : "b", "" };
    assert_true(sweep->starts < STARTS_MAX);
    sweep->bus = (struct faulty_bus){ { &faulty_bus_ops }, bus_memory_new(world->broker, &setup),
                                      &sweep->faults };
    world->a.bus = &sweep->bus.bus;
    struct engine_setup engine = world_engine_setup(world, &world->a, run_both);
    engine.cache_bytes = 64 * 1024; /* thousands of them are made */
    engine.turn_records_max = 100;
    world->a.engine = engine_new(&engine, &world->note);
    assert_non_null(world->a.engine);
    return engine_start(world->a.engine, &world->note) == OK;
}

/* One life: until all is quiet (true), it stops or it dies (false). */
static inline bool sweep_live(struct sweep *sweep)
{
    struct world *world = &sweep->world;
    if (setjmp(sweep->faults.gone) != 0) {
        return false;
    }
    if (world->a.engine == NULL && !sweep_begin(sweep)) {
        return false;
    }
    for (int i = 0; i < SETTLE_STEPS; i++) {
        if (step(world, &world->a) != OK) {
            return false;
        }
        if (quiet(world, &world->a)) {
            return true;
        }
    }
    print_error("not quiet after call %lld (%d)\n", (long long)sweep->faults.at, sweep->faults.hit);
    fail();
    return false;
}

static inline void sweep_settle(struct sweep *sweep)
{
    while (!sweep_live(sweep)) {
        sweep_end(sweep);
    }
}

/* --- the script. Ids that are made of an offset belong to the first inputs alone: what goes wrong later
 * leaves its marks in the input log too. --- */

static inline void first_inputs(struct world *world)
{
    give(world, "r-1", "rate.put", "\"id\":\"A3\",\"amount\":7");
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":5");
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":5");
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":6");
    give_raw(world, world->counter, 1, TEXT("{broken"));
    give_to(world, 1, "m-2", "counter.add", "\"id\":\"A2\"");
    give(world, "m-3", "counter.take", "\"id\":\"C1\"");
    give(world, "m-4", "counter.take", "\"id\":\"C2\"");
    give(world, "m-5", "counter.box", "\"id\":\"A1\",\"box\":\"b1\",\"inMs\":2000");
    give(world, "m-6", "counter.fine", "\"id\":\"A1\"");
}

static inline void second_inputs(struct world *world)
{
    give(world, "m-7", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    give(world, "m-8", "counter.price", "\"id\":\"C4\",\"to\":\"A1\"");
    give(world, "m-9", "counter.pass", "\"id\":\"A1\",\"to\":\"C4\"");
    give(world, "m-10", "counter.tell", "\"id\":\"A2\",\"to\":\"C1\",\"times\":3");
    give(world, "m-11", "counter.add", "\"id\":\"A5\",\"inMs\":1500");
    give(world, "m-12", "counter.drop", "\"id\":\"A1\",\"box\":\"b1\"");
}

static inline void third_inputs(struct world *world)
{
    give(world, "m-13", "counter.box", "\"id\":\"A1\",\"box\":\"b2\"");
    give(world, "m-14", "counter.check", "\"id\":\"C4\"");
}

static inline void sweep_script(struct sweep *sweep)
{
    struct world *world = &sweep->world;
    first_inputs(world);
    sweep_settle(sweep);
    world_time(world, START_MS + 1000);
    second_inputs(world);
    sweep_settle(sweep);
    world_time(world, START_MS + 4000);
    sweep_settle(sweep);
    world_time(world, START_MS + COUNTER_WAIT_MS + 5000);
    third_inputs(world);
    sweep_settle(sweep);
}

/* --- what is compared --- */

struct dump {
    struct arena *arena;
    struct text lines[DUMP_LINES_MAX];
    size_t count;
};

static inline void dump_add(struct dump *dump, struct text line)
{
    assert_true(dump->count < DUMP_LINES_MAX);
    dump->lines[dump->count++] = line;
}

static inline struct text shown(struct text text)
{
    return text.at != NULL ? text : TEXT("null");
}

static inline void dump_topic(struct world *world, struct dump *dump, int32_t topic)
{
    struct found found = { 0 };
    while (committed_next(world, topic, &found)) {
        struct text id = shown(found_header(&found, "ce_id"));
        struct text verdict = shown(found_header(&found, "makegood-verdict"));
        struct text reason = shown(found_header(&found, "dlq-reason"));
        struct text at = shown(found_header(&found, "dlq-offset"));
        dump_add(dump, arena_printf(dump->arena, "%s %.*s %.*s %.*s %.*s %.*s", 
                                    broker_topic_name(world->broker, topic), TEXT_ARGS(id),
                                    TEXT_ARGS(verdict), TEXT_ARGS(reason), TEXT_ARGS(at),
                                    TEXT_ARGS(found.record.value)));
    }
}

static inline void dump_key(void *context, struct text key, struct text value, int64_t due_ms)
{
    struct dump *dump = context;
    struct hash128 hash = hash128(value);
    if (!text_is(key, "@progress")) { /* says whose and how far, which differs */
        dump_add(dump, arena_printf(dump->arena, "view %.*s %lld %016llx %u", TEXT_ARGS(key),
                                    (long long)due_ms, (unsigned long long)hash.low, value.size));
    }
}

static inline int line_order(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

static inline void dump_world(struct sweep *sweep, struct arena *arena, struct dump *dump)
{
    struct world *world = &sweep->world;
    *dump = (struct dump){ .arena = arena };
    dump_topic(world, dump, world->counter_outcome);
    dump_topic(world, dump, world->counter_dlq);
    dump_topic(world, dump, world->rate_outcome);
    for (int32_t p = 0; p < PARTITIONS; p++) {
        view_memory_each(sweep->inner_view, arena_printf(arena, "counter-%d", p), dump_key, dump);
        view_memory_each(sweep->inner_view, arena_printf(arena, "rate-%d", p), dump_key, dump);
    }
    qsort(dump->lines, dump->count, sizeof(dump->lines[0]), line_order);
}

struct newest {
    struct world *world;
    int32_t topic, partition;
    size_t keys;
};

/* The view has what the log has last for the key. */
static inline void expect_newest(void *context, struct text key, struct text value, int64_t due_ms)
{
    struct newest *newest = context;
    struct found found = { .next_partition = newest->partition };
    struct text last = { 0 };
    (void)due_ms;
    while (committed_next(newest->world, newest->topic, &found) &&
           found.record.place.partition == newest->partition) {
        last = text_equal(found.record.key, key) ? found.record.value : last;
    }
    assert_true(last.at != NULL && text_equal(last, value));
    newest->keys++;
}

static inline void expect_view_is_the_log(struct sweep *sweep)
{
    struct world *world = &sweep->world;
    for (int32_t p = 0; p < PARTITIONS; p++) {
        struct newest newest = { world, world->counter_state, p, 0 };
        view_memory_each(sweep->inner_view, arena_printf(&world->arena, "counter-%d", p), expect_newest,
                         &newest);
        assert_true(newest.keys > 0);
    }
}

/* --- one run --- */

static inline void sweep_run(struct sweep *sweep, const struct faults *faults, struct arena *arena,
                      struct dump *dump)
{
    struct world *world = &sweep->world;
    *sweep = (struct sweep){ .faults = *faults };
    sweep->faults.hit = -1;
    world->broker = broker_new();
    world_topics(world, PARTITIONS);
    world_time(world, START_MS);
    sweep->inner_view = view_memory_new();
    sweep->view = (struct faulty_view){ { &faulty_view_ops }, sweep->inner_view, &sweep->faults };
    world->view = &sweep->view.view;
    sweep_script(sweep);
    dump_world(sweep, arena, dump);
    expect_view_is_the_log(sweep);
    sweep_end(sweep);
    broker_free(world->broker);
    sweep->inner_view->ops->close(sweep->inner_view);
    arena_release(&world->arena);
}

#endif
