/* Taking a partition: earlier owners are done, the view is rebuilt or brought forward, @progress says
 * where to go on; and what a person must mend halts it. */
#include "support/engine_world.h"

#include "engine/record.h"

static void restart(struct world *world, const char *id)
{
    process_stop(&world->a);
    process_start(world, &world->a, id, run_both);
}

static void add(struct world *world, const char *id)
{
    give(world, id, "counter.add", "\"id\":\"A1\"");
}

static void expect_count(struct world *world, size_t added)
{
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), added);
    char total[32];
    snprintf(total, sizeof(total), "\"total\":%zu", added);
    struct found found = outcome_of(world, "counter.added", added - 1);
    expect_contains(found.record.value, total);
}

static void test_a_log_that_was_never_used_starts_at_the_beginning_of_the_input(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    expect_count(world, 1);
}

static void test_an_input_that_begins_later_is_taken_from_its_first_record(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    add(world, "m-2");
    broker_cut(world->broker, world->counter, 0, 1);
    expect_count(world, 1);
}

static void test_a_flushed_view_is_rebuilt_from_the_start(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    struct text before = arena_copy(&world->arena, in_view(world, "counter:A1").value);
    process_stop(&world->a);
    view_memory_wipe(world->view);
    process_start(world, &world->a, "makegood-a", run_both);
    settle(world);
    assert_true(text_equal(in_view(world, "counter:A1").value, before));
    add(world, "m-2");
    expect_count(world, 2);
}

static void test_a_flush_while_it_runs_is_noticed_within_a_second(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    view_memory_wipe(world->view);
    steps(world, &world->a, 150);
    assert_true(in_view(world, "counter:A1").present);
}

static void test_a_view_that_went_back_is_noticed_before_anything_is_decided(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    struct view_memory_copy *copy = view_memory_save(world->view);
    add(world, "m-2");
    settle(world);
    view_memory_restore(world->view, copy);
    view_memory_copy_free(copy);
    give(world, "m-3", "counter.check", "\"id\":\"A2\""); /* not in the cache: the view is asked */
    add(world, "m-4");
    expect_count(world, 3);
}

/* Too large for the cache, so every decision reads the view. */
static void test_a_state_of_the_past_is_not_decided_on(void **state)
{
    struct world *world = *state;
    process_open(world, &world->a, "makegood-a");
    struct engine_setup setup = world_engine_setup(world, &world->a, run_both);
    setup.cache_bytes = 64 * 1024;
    process_begin(world, &world->a, &setup);
    give(world, "g-1", "counter.grow", "\"id\":\"A1\",\"size\":20000");
    settle(world);
    struct view_memory_copy *copy = view_memory_save(world->view);
    add(world, "m-1");
    settle(world);
    view_memory_restore(world->view, copy);
    view_memory_copy_free(copy);
    add(world, "m-2");
    expect_count(world, 2);
}

static void test_an_index_ahead_of_the_log_halts(void **state)
{
    struct world *world = *state;
    int64_t index;
    assert_int_equal(world->view->ops->fold(world->view, TEXT("counter-0"), -1, 50, NULL, 0, &index,
                                            &world->note),
                     VIEW_OK);
    add(world, "m-1");
    expect_halt(world, ERR_CONFIG, "beyond the log's end");
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
}

/* --- other hands on the topics --- */

static void write_progress(struct world *world, int32_t partition, struct progress progress)
{
    progress.owner = TEXT("somebody");
    broker_append(world->broker, world->counter_state, partition, TEXT("@progress"),
                  progress_write(&progress, &world->arena), NULL, 0);
}

static void test_another_log_id_halts(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    process_stop(&world->a);
    write_progress(world, 0, (struct progress){ 1, START_MS, { 0 }, PARTITIONS, { 1, 2 } });
    process_start(world, &world->a, "makegood-a", run_both);
    expect_halt(world, ERR_CONFIG, "made anew");
}

static void test_a_changed_partition_count_halts(void **state)
{
    struct world *world = *state;
    write_progress(world, 0, (struct progress){ 0, START_MS, { 0 }, 7, { 1, 2 } });
    expect_halt(world, ERR_CONFIG, "written with 7");
}

static void test_an_input_cut_by_retention_halts(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    process_stop(&world->a);
    add(world, "m-2");
    add(world, "m-3");
    broker_cut(world->broker, world->counter, 0, 2);
    process_start(world, &world->a, "makegood-a", run_both);
    expect_halt(world, ERR_CONFIG, "before its start");
}

static void test_an_input_made_anew_halts(void **state)
{
    struct world *world = *state;
    write_progress(world, 0, (struct progress){ 9, START_MS, { 0 }, PARTITIONS, { 1, 2 } });
    expect_halt(world, ERR_CONFIG, "beyond its end");
}

static void test_a_state_log_without_progress_halts(void **state)
{
    struct world *world = *state;
    struct record record = { .body_version = 1, .flags = RECORD_HEAD };
    broker_append(world->broker, world->counter_state, 0, TEXT("counter:A1"),
                  record_write(&record, &world->arena), NULL, 0);
    expect_halt(world, ERR_CONFIG, "no @progress");
}

static void test_a_state_log_with_strange_records_halts(void **state)
{
    struct world *world = *state;
    broker_append(world->broker, world->counter_state, 0, TEXT("x"), TEXT("\1hello"), NULL, 0);
    expect_halt(world, ERR_CONFIG, "not a state record");
}

static void test_a_tombstone_in_a_state_log_halts(void **state)
{
    struct world *world = *state;
    broker_append(world->broker, world->counter_state, 0, TEXT("x"), (struct text){ 0 }, NULL, 0);
    expect_halt(world, ERR_CONFIG, "not a state record");
}

static void test_a_progress_of_a_newer_release_halts(void **state)
{
    struct world *world = *state;
    broker_append(world->broker, world->counter_state, 0, TEXT("@progress"),
                  TEXT("\1\2\0\0\0\0\0\0\0\0\0"), NULL, 0);
    expect_halt(world, ERR_CONFIG, "@progress cannot be read");
}

static void test_a_newer_envelope_halts(void **state)
{
    struct world *world = *state;
    broker_append(world->broker, world->counter_state, 0, TEXT("counter:A1"),
                  TEXT("\2\1\0\0\0\0\0\0\0\0\0"), NULL, 0);
    expect_halt(world, ERR_CONFIG, "newer release");
}

/* Folding copies bodies of any version; only deciding needs to read one. */
static void test_a_newer_body_halts_when_it_is_to_be_decided(void **state)
{
    struct world *world = *state;
    struct record record = { .body_version = 2, .flags = RECORD_HEAD, .body = TEXT("\2\2") };
    write_progress(world, 0, (struct progress){ 0, START_MS, { 0 }, PARTITIONS, { 1, 2 } });
    broker_append(world->broker, world->counter_state, 0, TEXT("counter:A1"),
                  record_write(&record, &world->arena), NULL, 0);
    give(world, "m-1", "counter.add", "\"id\":\"A2\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    add(world, "m-2");
    expect_halt(world, ERR_CONFIG, "newer release");
    expect_contains(text_of(world->note.text), "counter:A1");
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
}

static void test_a_broken_body_halts(void **state)
{
    struct world *world = *state;
    struct record record = { .body_version = 1, .flags = RECORD_HEAD, .body = TEXT("\x7f\x7f") };
    write_progress(world, 0, (struct progress){ 0, START_MS, { 0 }, PARTITIONS, { 1, 2 } });
    broker_append(world->broker, world->counter_state, 0, TEXT("counter:A1"),
                  record_write(&record, &world->arena), NULL, 0);
    add(world, "m-1");
    expect_halt(world, ERR_CONFIG, "cannot be read");
}

static void test_a_missing_topic_is_named(void **state)
{
    struct world *world = *state;
    struct broker *broker = broker_new();
    struct bus_memory_setup bus = { "makegood", "a", "" };
    struct process process = { .bus = bus_memory_new(broker, &bus) };
    broker_topic(broker, "counter", 1);
    struct engine_setup setup = world_engine_setup(world, &process, run_counter);
    process.engine = engine_new(&setup, &world->note);
    assert_int_equal(engine_start(process.engine, &world->note), ERR_CONFIG);
    expect_contains(text_of(world->note.text), "counter-state");
    process_free(&process);
    broker_free(broker);
}

static void test_different_partition_counts_are_refused(void **state)
{
    struct world *world = *state;
    struct broker *broker = broker_new();
    struct bus_memory_setup bus = { "makegood", "a", "" };
    struct process process = { .bus = bus_memory_new(broker, &bus) };
    broker_topic(broker, "counter", 1);
    broker_topic(broker, "counter-state", 2);
    struct engine_setup setup = world_engine_setup(world, &process, run_counter);
    process.engine = engine_new(&setup, &world->note);
    assert_int_equal(engine_start(process.engine, &world->note), ERR_CONFIG);
    expect_contains(text_of(world->note.text), "they must be equal");
    process_free(&process);
    broker_free(broker);
}

static void test_an_unknown_worker_is_refused(void **state)
{
    struct world *world = *state;
    static const char *const run[] = { "nobody", NULL };
    static const char *const none[] = { NULL };
    struct engine_setup setup = world_engine_setup(world, &world->a, run);
    assert_null(engine_new(&setup, &world->note));
    setup.run = none;
    assert_null(engine_new(&setup, &world->note));
}

/* --- the owner before --- */

/* a dies in a transaction: after its records, before the commit. */
static void die_in_a_transaction(struct world *world)
{
    settle(world);
    add(world, "m-1");
    bus_memory_fail_next(world->a.bus, BUS_CALL_COMMIT, BUS_RETIRE, false);
    steps(world, &world->a, 1);
    assert_int_equal(outcomes_of(world, "counter.added"), 0);
    process_kill(&world->a);
}

static void test_a_transaction_of_a_dead_owner_is_ended_soon_and_not_at_once(void **state)
{
    struct world *world = *state;
    die_in_a_transaction(world);
    process_start(world, &world->a, "makegood-b", run_both);
    int64_t began = world->mono_ms;
    while (outcomes_of(world, "counter.added") == 0) {
        steps(world, &world->a, 1);
    }
    assert_in_range(world->mono_ms - began, 500, 1000);
    expect_count(world, 1);
}

static void test_what_it_waits_for_is_told(void **state)
{
    struct world *world = *state;
    die_in_a_transaction(world);
    process_start(world, &world->a, "makegood-b", run_both);
    steps(world, &world->a, 10);
    expect_contains(text_of(status_of(&world->a).waiting_for),
                    "reconciling counter/0: waits for another owner's transaction");
    assert_false(status_of(&world->a).idle);
}

static void test_the_same_owner_ends_its_own_transaction_at_once(void **state)
{
    struct world *world = *state;
    die_in_a_transaction(world);
    process_start(world, &world->a, "makegood-a", run_both);
    expect_count(world, 1);
}

static void test_a_transaction_that_expires_is_waited_for(void **state)
{
    struct world *world = *state;
    die_in_a_transaction(world);
    process_start(world, &world->a, "makegood-b", run_both);
    steps(world, &world->a, 5);
    broker_expire(world->broker);
    int64_t began = world->mono_ms;
    expect_count(world, 1);
    assert_true(world->mono_ms - began < 1000);
}

static void test_a_planned_stop_hands_over_at_once(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    restart(world, "makegood-b");
    int64_t began = world->mono_ms;
    add(world, "m-2");
    expect_count(world, 2);
    assert_true(world->mono_ms - began < 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_log_that_was_never_used_starts_at_the_beginning_of_the_input),
        CASE(test_an_input_that_begins_later_is_taken_from_its_first_record),
        CASE(test_a_flushed_view_is_rebuilt_from_the_start),
        CASE(test_a_flush_while_it_runs_is_noticed_within_a_second),
        CASE(test_a_view_that_went_back_is_noticed_before_anything_is_decided),
        CASE_EMPTY(test_a_state_of_the_past_is_not_decided_on),
        CASE(test_an_index_ahead_of_the_log_halts),
        CASE(test_another_log_id_halts),
        CASE(test_a_changed_partition_count_halts),
        CASE(test_an_input_cut_by_retention_halts),
        CASE(test_an_input_made_anew_halts),
        CASE(test_a_state_log_without_progress_halts),
        CASE(test_a_state_log_with_strange_records_halts),
        CASE(test_a_tombstone_in_a_state_log_halts),
        CASE(test_a_progress_of_a_newer_release_halts),
        CASE(test_a_newer_envelope_halts),
        CASE(test_a_newer_body_halts_when_it_is_to_be_decided),
        CASE(test_a_broken_body_halts),
        CASE(test_a_missing_topic_is_named),
        CASE(test_different_partition_counts_are_refused),
        CASE(test_an_unknown_worker_is_refused),
        CASE(test_a_transaction_of_a_dead_owner_is_ended_soon_and_not_at_once),
        CASE(test_what_it_waits_for_is_told),
        CASE(test_the_same_owner_ends_its_own_transaction_at_once),
        CASE(test_a_transaction_that_expires_is_waited_for),
        CASE(test_a_planned_stop_hands_over_at_once),
    };
    return cmocka_run_group_tests_name("take", tests, NULL, NULL);
}
