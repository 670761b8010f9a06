/* Two processes and one writer: rebalances, zombies, stale generations, uncertain commits. */
#include "support/engine_world.h"

static void start_both(struct world *world)
{
    process_start(world, &world->b, "makegood-b", run_both);
}

static void add(struct world *world, const char *id, const char *counter)
{
    char data[64];
    snprintf(data, sizeof(data), "\"id\":\"%s\"", counter);
    give(world, id, "counter.add", data);
}

/* Both step in turn until both are quiet. */
static void settle_both(struct world *world)
{
    for (int i = 0; i < SETTLE_STEPS; i++) {
        steps(world, &world->a, 1);
        steps(world, &world->b, 1);
        if (quiet(world, &world->a) && quiet(world, &world->b)) {
            return;
        }
    }
    fail();
}

static bool counted(const struct world *world, const struct process *process, const char *line)
{
    size_t size;
    (void)world;
    char *text = metrics_text(process->metrics, &size);
    bool found = strstr(text, line) != NULL;
    free(text);
    return found;
}

static void test_partitions_are_shared_by_two_processes(void **state)
{
    struct world *world = *state;
    start_both(world);
    settle_both(world);
    assert_int_equal(status_of(&world->a).partitions_ready, 2);
    assert_int_equal(status_of(&world->b).partitions_ready, 2);
    add(world, "m-1", "A1");
    add(world, "m-2", "C1");
    settle_both(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
}

static void test_a_message_crosses_processes(void **state)
{
    struct world *world = *state;
    start_both(world);
    settle_both(world);
    give(world, "m-1", "counter.tell", "\"id\":\"A1\",\"to\":\"C1\"");
    settle_both(world);
    steps(world, &world->a, 3);
    steps(world, &world->b, 3);
    settle_both(world);
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 1);
}

static void test_a_batch_half_collected_is_discarded_when_partitions_are_revoked(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "A1");
    settle(world);
    view_memory_set_down(world->view, VIEW_DOWN);
    steps(world, &world->a, 110); /* the index check fails: turns are held */
    add(world, "m-1", "A1");
    steps(world, &world->a, 2); /* in the batch now */
    view_memory_set_down(world->view, VIEW_OK);
    broker_rebalance(world->broker);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
}

/* a has a record in its batch when its partition goes to b; the new generation would let it commit. */
static void test_a_batch_of_a_partition_that_went_to_another_is_not_decided(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "C1");
    settle(world);
    view_memory_set_down(world->view, VIEW_DOWN);
    steps(world, &world->a, 110);
    add(world, "m-1", "C1");
    steps(world, &world->a, 1);
    start_both(world);
    view_memory_set_down(world->view, VIEW_OK);
    assert_int_equal(settle_process(world, &world->b), OK);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
    settle_both(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
}

static void test_a_turn_of_a_stale_generation_commits_nothing(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "A1");
    settle(world);
    add(world, "m-1", "A1");
    bus_memory_lapse(world->a.bus); /* the group thinks that it is dead */
    start_both(world);
    assert_int_equal(settle_process(world, &world->b), OK);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
    settle_both(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
    struct found found = outcome_of(world, "counter.added", 1);
    expect_contains(found.record.value, "\"total\":2");
}

/* The records are polled under one generation, the offsets are sent under the next. */
static void rebalance_at_flush(struct world *world)
{
    add(world, "m-1", "A1");
    steps(world, &world->a, 1);
}

static void test_a_frozen_worker_that_wakes_changes_nothing(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "A1");
    settle(world);
    bus_memory_lapse(world->a.bus);
    start_both(world);
    add(world, "m-1", "A1");
    assert_int_equal(settle_process(world, &world->b), OK);
    size_t outcomes = committed_count(world, world->counter_outcome);
    rebalance_at_flush(world); /* wakes: sees that it owns nothing, joins again */
    settle_both(world);
    assert_int_equal(committed_count(world, world->counter_outcome), outcomes + 1);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 1);
}

static void test_a_refused_turn_is_aborted_and_decided_again(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "A1");
    settle(world);
    add(world, "m-1", "A1");
    bus_memory_fail_next(world->a.bus, BUS_CALL_SEND_OFFSETS, BUS_ABORT, false);
    steps(world, &world->a, 1);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
    struct found found = outcome_of(world, "counter.added", 1);
    expect_contains(found.record.value, "\"total\":2");
    assert_true(counted(world, &world->a, "transactions_total{result=\"aborted\"} 1"));
}

static void test_metrics_count_what_is_committed_alone(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "A1");
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_COMMIT, BUS_ABORT, false);
    add(world, "m-1", "A1");
    give_raw(world, world->counter, 0, TEXT("broken"));
    settle(world);
    assert_true(counted(world, &world->a,
                        "verdicts_total{worker=\"counter\",type=\"counter.added\",verdict=\"applied\"} 2"));
    assert_true(counted(world, &world->a, "dead_letters_total{topic=\"counter\",reason=\"malformed\"} 1"));
    assert_true(counted(world, &world->a, "events_consumed_total{topic=\"counter\"} 3"));
    assert_true(counted(world, &world->a, "turns_total 2"));
}

/* --- uncertain commits --- */

static void uncertain(struct world *world, bool applied)
{
    add(world, "m-0", "A1");
    settle(world);
    add(world, "m-1", "A1");
    bus_memory_fail_next(world->a.bus, BUS_CALL_COMMIT, BUS_RETIRE, applied);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 0);
    struct found found = outcome_of(world, "counter.added", 1);
    expect_contains(found.record.value, "\"total\":2");
    assert_true(counted(world, &world->a, "transactions_total{result=\"retired\"} 1"));
}

static void test_an_uncertain_commit_that_took_effect_is_not_repeated(void **state)
{
    uncertain(*state, true);
}

static void test_an_uncertain_commit_that_took_no_effect_is_repeated(void **state)
{
    uncertain(*state, false);
}

static void test_nothing_is_decided_while_the_producer_cannot_be_retired(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "A1");
    settle(world);
    add(world, "m-1", "A1");
    bus_memory_fail_next(world->a.bus, BUS_CALL_COMMIT, BUS_RETIRE, false);
    bus_memory_fail_next(world->a.bus, BUS_CALL_RETIRE, BUS_UNAVAILABLE, false);
    steps(world, &world->a, 10);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    assert_false(status_of(&world->a).idle);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
}

static void test_a_producer_that_another_fenced_is_retired(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "A1");
    settle(world);
    struct bus_memory_setup setup = { "other", "stranger", "" };
    struct bus *stranger = bus_memory_new(world->broker, &setup);
    assert_int_equal(stranger->ops->fence(stranger, TEXT("makegood-a")), BUS_OK);
    stranger->ops->close(stranger);
    add(world, "m-1", "A1");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
}

/* --- the fold of a zombie --- */

static void test_the_fold_of_a_zombie_is_refused(void **state)
{
    struct world *world = *state;
    add(world, "m-0", "A1");
    settle(world);
    /* a's next commit takes effect, but it is frozen before its fold; b takes over and goes on. */
    struct view_memory_copy *copy = view_memory_save(world->view);
    int64_t stale = view_index(world, "counter-0").index;
    add(world, "m-1", "A1");
    settle(world);
    struct text zombies = arena_copy(&world->arena, in_view(world, "counter:A1").value);
    view_memory_restore(world->view, copy);
    view_memory_copy_free(copy);
    process_kill(&world->a);
    process_start(world, &world->a, "makegood-b", run_both);
    add(world, "m-2", "A1");
    settle(world);
    struct view_entry entry = { TEXT("counter:A1"), zombies, 0 };
    int64_t index;
    assert_int_equal(world->view->ops->fold(world->view, TEXT("counter-0"), stale, stale + 3, &entry, 1,
                                            &index, &world->note),
                     VIEW_LOST);
    add(world, "m-3", "A1");
    settle(world);
    struct found found = outcome_of(world, "counter.added", 3);
    expect_contains(found.record.value, "\"total\":4");
}

static void test_two_processes_with_one_instance_end_one_of_them(void **state)
{
    struct world *world = *state;
    struct bus_memory_setup setup = { "makegood", "makegood-a", "i-1" };
    world->a.bus = bus_memory_new(world->broker, &setup);
    struct engine_setup engine = world_engine_setup(world, &world->a, run_both);
    process_begin(world, &world->a, &engine);
    settle(world);
    world->b.bus = bus_memory_new(world->broker, &setup);
    engine = world_engine_setup(world, &world->b, run_both);
    process_begin(world, &world->b, &engine);
    expect_halt(world, ERR_CONFIG, "FENCED_INSTANCE_ID");
    assert_int_equal(settle_process(world, &world->b), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_partitions_are_shared_by_two_processes),
        CASE(test_a_message_crosses_processes),
        CASE(test_a_batch_half_collected_is_discarded_when_partitions_are_revoked),
        CASE(test_a_batch_of_a_partition_that_went_to_another_is_not_decided),
        CASE(test_a_turn_of_a_stale_generation_commits_nothing),
        CASE(test_a_frozen_worker_that_wakes_changes_nothing),
        CASE(test_a_refused_turn_is_aborted_and_decided_again),
        CASE(test_metrics_count_what_is_committed_alone),
        CASE(test_an_uncertain_commit_that_took_effect_is_not_repeated),
        CASE(test_an_uncertain_commit_that_took_no_effect_is_repeated),
        CASE(test_nothing_is_decided_while_the_producer_cannot_be_retired),
        CASE(test_a_producer_that_another_fenced_is_retired),
        CASE(test_the_fold_of_a_zombie_is_refused),
        CASE_EMPTY(test_two_processes_with_one_instance_end_one_of_them),
    };
    return cmocka_run_group_tests_name("fence", tests, NULL, NULL);
}
