/*
 * A scripted hour, run once undisturbed; then again and again, each time with one thing going wrong at
 * the next call of the bus or the view: the process dies before or after it, or the call answers what
 * its interface allows. The end must be the same: outcomes, dead letters, the view key by key.
 */
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

static void sweep_end(struct sweep *sweep)
{
    bus_memory_crash(sweep->bus.inner);
    engine_free(sweep->world.a.engine);
    sweep->bus.inner->ops->close(sweep->bus.inner);
    sweep->world.a.engine = NULL;
}

/* Every other process has another transactional id, so that it finds the transaction of the one before
 * it hanging. False: it could not start. */
static bool sweep_begin(struct sweep *sweep)
{
    struct world *world = &sweep->world;
    struct bus_memory_setup setup = { "makegood", sweep->starts++ % 2 == 0 ? "a" : "b", "" };
    assert_true(sweep->starts < STARTS_MAX);
    sweep->bus = (struct faulty_bus){ { &faulty_bus_ops }, bus_memory_new(world->broker, &setup),
                                      &sweep->faults };
    world->a.bus = &sweep->bus.bus;
    struct engine_setup engine = world_engine_setup(world, &world->a, run_both);
    world->a.engine = engine_new(&engine, &world->note);
    assert_non_null(world->a.engine);
    return engine_start(world->a.engine, &world->note) == OK;
}

/* One life: until all is quiet (true), it stops or it dies (false). */
static bool sweep_live(struct sweep *sweep)
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

static void sweep_settle(struct sweep *sweep)
{
    while (!sweep_live(sweep)) {
        sweep_end(sweep);
    }
}

/* --- the script. Ids that are made of an offset belong to the first inputs alone: what goes wrong later
 * leaves its marks in the input log too. --- */

static void first_inputs(struct world *world)
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

static void second_inputs(struct world *world)
{
    give(world, "m-7", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    give(world, "m-8", "counter.price", "\"id\":\"C4\",\"to\":\"A1\"");
    give(world, "m-9", "counter.pass", "\"id\":\"A1\",\"to\":\"C4\"");
    give(world, "m-10", "counter.tell", "\"id\":\"A2\",\"to\":\"C1\",\"times\":3");
    give(world, "m-11", "counter.add", "\"id\":\"A5\",\"inMs\":1500");
    give(world, "m-12", "counter.drop", "\"id\":\"A1\",\"box\":\"b1\"");
}

static void third_inputs(struct world *world)
{
    give(world, "m-13", "counter.box", "\"id\":\"A1\",\"box\":\"b2\"");
    give(world, "m-14", "counter.check", "\"id\":\"C4\"");
}

static void sweep_script(struct sweep *sweep)
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

static void dump_add(struct dump *dump, struct text line)
{
    assert_true(dump->count < DUMP_LINES_MAX);
    dump->lines[dump->count++] = line;
}

static struct text shown(struct text text)
{
    return text.at != NULL ? text : TEXT("null");
}

static void dump_topic(struct world *world, struct dump *dump, int32_t topic)
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

static void dump_key(void *context, struct text key, struct text value, int64_t due_ms)
{
    struct dump *dump = context;
    struct hash128 hash = hash128(value);
    if (!text_is(key, "@progress")) { /* says whose and how far, which differs */
        dump_add(dump, arena_printf(dump->arena, "view %.*s %lld %016llx %u", TEXT_ARGS(key),
                                    (long long)due_ms, (unsigned long long)hash.low, value.size));
    }
}

static int line_order(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

static void dump_world(struct sweep *sweep, struct arena *arena, struct dump *dump)
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
static void expect_newest(void *context, struct text key, struct text value, int64_t due_ms)
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

static void expect_view_is_the_log(struct sweep *sweep)
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

static void sweep_run(struct sweep *sweep, int64_t at, enum fault_kind kind, int32_t result,
                      bool applied, struct arena *arena, struct dump *dump)
{
    struct world *world = &sweep->world;
    *sweep = (struct sweep){ .faults = { .at = at, .kind = kind, .result = result, .applied = applied,
                                         .hit = -1 } };
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

static struct dump expected;
static struct arena expected_arena;
static int64_t call_count;

static int sweep_undisturbed(void **state)
{
    static struct sweep sweep;
    (void)state;
    log_configure(LOG_OFF, false);
    sweep_run(&sweep, 0, FAULT_NONE, 0, false, &expected_arena, &expected);
    call_count = sweep.faults.calls;
    return 0;
}

static int sweep_over(void **state)
{
    (void)state;
    arena_release(&expected_arena);
    return 0;
}

static void expect_same(const struct dump *dump, const struct sweep *sweep)
{
    for (size_t i = 0; i < dump->count || i < expected.count; i++) {
        struct text is = i < dump->count ? dump->lines[i] : TEXT("(nothing)");
        struct text should = i < expected.count ? expected.lines[i] : TEXT("(nothing)");
        if (!text_equal(is, should)) {
            print_error("call %lld (%d), fault %d, result %d, applied %d:\n  is     %.*s\n  should %.*s\n",
                        (long long)sweep->faults.at, sweep->faults.hit, (int)sweep->faults.kind,
                        sweep->faults.result, sweep->faults.applied, TEXT_ARGS(is), TEXT_ARGS(should));
            fail();
        }
    }
}

/* The call that was hit, -1 = the run was over before. */
static int32_t disturb(int64_t at, enum fault_kind kind, int32_t result, bool applied)
{
    static struct sweep sweep;
    static struct dump dump;
    struct arena arena = { 0 };
    sweep_run(&sweep, at, kind, result, applied, &arena, &dump);
    expect_same(&dump, &sweep);
    arena_release(&arena);
    return sweep.faults.hit;
}

static void test_the_script_shows_every_verdict(void **state)
{
    static const char *const verdicts[] = { "applied",   "unchanged", "rejected",
                                            "duplicate", "deferred",  "forwarded" };
    (void)state;
    size_t found = 0, dead = 0;
    for (size_t v = 0; v < sizeof(verdicts) / sizeof(verdicts[0]); v++) {
        for (size_t i = 0; i < expected.count; i++) {
            if (contains(expected.lines[i], verdicts[v])) {
                found++;
                break;
            }
        }
    }
    for (size_t i = 0; i < expected.count; i++) {
        dead += text_starts(expected.lines[i], TEXT("counter-dlq"));
    }
    assert_int_equal(found, 6);
    assert_int_equal(dead, 2);
    assert_true(call_count > 200);
}

static void test_a_process_that_dies_before_any_call_changes_nothing(void **state)
{
    (void)state;
    for (int64_t at = 1; disturb(at, FAULT_DIE_BEFORE, 0, false) >= 0; at++) {
    }
}

static void test_a_process_that_dies_after_any_call_changes_nothing(void **state)
{
    (void)state;
    for (int64_t at = 1; disturb(at, FAULT_DIE_AFTER, 0, false) >= 0; at++) {
    }
}

/* What each call may answer, and whether it may have taken effect. */
static const struct answer {
    int32_t call, result;
    bool applied;
} answers[] = {
    { BUS_CALL_PARTITIONS, BUS_UNAVAILABLE, false },
    { BUS_CALL_JOIN, BUS_UNAVAILABLE, false },
    { BUS_CALL_JOIN, BUS_CONFIG, false },
    { BUS_CALL_POLL, BUS_UNAVAILABLE, false },
    { BUS_CALL_POLL, BUS_REFUSED, false },
    { BUS_CALL_POLL, BUS_CONFIG, false },
    { BUS_CALL_ENDS, BUS_PENDING, false },
    { BUS_CALL_ENDS, BUS_UNAVAILABLE, false },
    { BUS_CALL_SETTLED, BUS_PENDING, false },
    { BUS_CALL_SETTLED, BUS_UNAVAILABLE, false },
    { BUS_CALL_BEGIN, BUS_ABORT, false },
    { BUS_CALL_BEGIN, BUS_RETIRE, false },
    { BUS_CALL_PRODUCE, BUS_PENDING, false },
    { BUS_CALL_PRODUCE, BUS_ABORT, false },
    { BUS_CALL_PRODUCE, BUS_RETIRE, false },
    { BUS_CALL_PRODUCE, BUS_RETIRE, true },
    { BUS_CALL_PRODUCE, BUS_CONFIG, false },
    { BUS_CALL_FLUSH, BUS_PENDING, true },
    { BUS_CALL_FLUSH, BUS_ABORT, false },
    { BUS_CALL_FLUSH, BUS_RETIRE, true },
    { BUS_CALL_SEND_OFFSETS, BUS_ABORT, false },
    { BUS_CALL_SEND_OFFSETS, BUS_RETIRE, false },
    { BUS_CALL_SEND_OFFSETS, BUS_RETIRE, true },
    { BUS_CALL_COMMIT, BUS_ABORT, false },
    { BUS_CALL_COMMIT, BUS_RETIRE, false },
    { BUS_CALL_COMMIT, BUS_RETIRE, true },
    { VIEW_CALL_READ, VIEW_DOWN, false },
    { VIEW_CALL_READ, VIEW_DENIED, false },
    { VIEW_CALL_READ, VIEW_REFUSED, false },
    { VIEW_CALL_CHECK, VIEW_DOWN, false },
    { VIEW_CALL_CHECK, VIEW_DENIED, false },
    { VIEW_CALL_CHECK, VIEW_REFUSED, false },
    { VIEW_CALL_FOLD, VIEW_LOST, false },
    { VIEW_CALL_FOLD, VIEW_DOWN, false },
    { VIEW_CALL_FOLD, VIEW_DOWN, true },
    { VIEW_CALL_FOLD, VIEW_DENIED, false },
    { VIEW_CALL_FOLD, VIEW_REFUSED, false },
};

static void test_any_call_may_answer_once_what_its_interface_allows(void **state)
{
    (void)state;
    for (int64_t at = 1; at <= call_count; at++) {
        int32_t call = disturb(at, FAULT_NONE, 0, false); /* which call that is */
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
            if (answers[i].call == call) {
                disturb(at, FAULT_ANSWER, answers[i].result, answers[i].applied);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_script_shows_every_verdict),
        cmocka_unit_test(test_a_process_that_dies_before_any_call_changes_nothing),
        cmocka_unit_test(test_a_process_that_dies_after_any_call_changes_nothing),
        cmocka_unit_test(test_any_call_may_answer_once_what_its_interface_allows),
    };
    return cmocka_run_group_tests_name("sweep", tests, sweep_undisturbed, sweep_over);
}
