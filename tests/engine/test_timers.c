/* What time alone brings: when it fires, under which id, and that many at once do no harm. */
#include "support/engine_world.h"

static void wall(struct world *world, int64_t wall_ms)
{
    world_time(world, wall_ms);
    settle(world);
}

static void test_a_timer_fires_a_second_after_it_is_due_at_the_end_of_the_log(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    wall(world, START_MS + 5999);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
    wall(world, START_MS + 6000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

static void test_a_timers_outcome_is_named_by_kind_and_due_time(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    wall(world, START_MS + 60000);
    struct found found = outcome_of(world, "counter.emptied", 0);
    expect_id(&found, "counter:A1|timer|empty|1005000|0");
    expect_contains(found.record.value, "\"effectiveTime\":\"1970-01-01T00:16:45.000Z\"");
    assert_null(found_header(&found, "makegood-input").at);
    assert_null(found_header(&found, "makegood-verdict").at);
    assert_null(found_header(&found, "ce_causationid").at);
    assert_false(contains(found.record.value, "\"command\""));
    assert_int_equal(in_view(world, "counter:A1").due_ms, 0);
}

static void test_a_command_that_comes_first_advances_the_entity_under_the_same_id(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    world_time(world, START_MS + 5000);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    struct found emptied = outcome_of(world, "counter.emptied", 0);
    struct found added = outcome_of(world, "counter.added", 1);
    expect_id(&emptied, "counter:A1|timer|empty|1005000|0");
    expect_contains(added.record.value, "\"total\":1");
    wall(world, START_MS + 60000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

static void test_a_command_before_the_due_time_does_not_advance(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    world_time(world, START_MS + 4999);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
}

/* After downtime, what was appended before the due time is decided before the timer. */
static void test_the_backlog_is_decided_before_what_fell_due_during_it(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    process_stop(&world->a);
    world_time(world, START_MS + 4000);
    give(world, "m-2", "counter.take", "\"id\":\"A1\"");
    world_time(world, START_MS + 3600000);
    process_start(world, &world->a, "makegood-a", run_both);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 1);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

static void test_a_later_record_of_the_partition_lets_the_timer_fire_first(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    broker_set_time(world->broker, START_MS + 5000); /* the worker's clock stands still */
    give(world, "m-2", "counter.add", "\"id\":\"A2\"");
    settle(world);
    struct found found;
    assert_true(committed_at(world, world->counter_outcome, 1, &found));
    expect_text(found_header(&found, "ce_type"), "makegood.counter.emptied.v1");
}

static void test_a_due_time_moves_the_partition_time(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    world->wall_ms = START_MS + 6000; /* the broker's clock is behind */
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
    give(world, "m-2", "counter.check", "\"id\":\"A2\"");
    settle(world);
    struct found found = outcome_of(world, "command.rejected", 0);
    expect_contains(found.record.value, "\"effectiveTime\":\"1970-01-01T00:16:45.000Z\"");
}

static void test_a_part_has_a_timer_of_its_own(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.box", "\"id\":\"A1\",\"box\":\"b1\",\"inMs\":5000");
    settle(world);
    wall(world, START_MS + 6000);
    struct found found = outcome_of(world, "counter.opened", 0);
    expect_id(&found, "counter:A1/box:b1|timer|open|1005000|0");
    expect_text(found.record.key, "counter:A1");
    expect_contains(found.record.value, "\"entity\":\"counter:A1\"");
    expect_contains(found.record.value, "\"version\":2");
}

static void test_a_timer_fires_once_when_it_is_set_again(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    give(world, "m-2", "counter.add", "\"id\":\"A1\",\"inMs\":9000");
    settle(world);
    wall(world, START_MS + 7000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
    wall(world, START_MS + 10000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

static void test_timers_survive_a_flush_of_the_view(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    process_stop(&world->a);
    view_memory_wipe(world->view);
    process_start(world, &world->a, "makegood-a", run_both);
    wall(world, START_MS + 6000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

static void test_a_timer_only_turn_commits_offsets_too(void **state)
{
    struct world *world = *state;
    int64_t offset = give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    wall(world, START_MS + 6000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
    assert_int_equal(broker_offset(world->broker, "makegood", world->counter, 0), offset + 1);
}

/* --- due times in the view that are not the entity's --- */

static void set_due(struct world *world, const char *key, int64_t due_ms)
{
    struct view_find find = in_view(world, key);
    view_write(world, "counter-0", text_of(key), arena_copy(&world->arena, find.value), due_ms);
}

/* What is due next is asked anew when a partition is taken. */
static void restart(struct world *world)
{
    process_stop(&world->a);
    process_start(world, &world->a, "makegood-a", run_both);
}

static void test_a_stale_due_time_changes_nothing_and_is_mended(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    set_due(world, "counter:A1", START_MS + 10);
    restart(world);
    wall(world, START_MS + 5000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
    assert_int_equal(in_view(world, "counter:A1").due_ms, 0);
}

static void test_a_due_time_that_is_too_early_is_mended_and_fires_in_time(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":9000");
    settle(world);
    set_due(world, "counter:A1", START_MS + 10);
    restart(world);
    wall(world, START_MS + 5000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
    assert_int_equal(in_view(world, "counter:A1").due_ms, START_MS + 9000);
    wall(world, START_MS + 10000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

/* A box that is written without having been read: what the view lists for it is mended later. */
static void test_a_part_overwritten_unread_loses_its_timer(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.box", "\"id\":\"A1\",\"box\":\"b1\",\"inMs\":5000");
    settle(world);
    restart(world);
    give(world, "m-2", "counter.drop", "\"id\":\"A1\",\"box\":\"b1\"");
    settle(world);
    wall(world, START_MS + 60000);
    assert_int_equal(outcomes_of(world, "counter.opened"), 0);
}

/* The mending is part of the turn: a turn that is aborted leaves the view as it was. */
static void test_an_aborted_turn_leaves_due_times_alone(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    set_due(world, "counter:A1", START_MS + 10);
    restart(world);
    world_time(world, START_MS + 5000);
    bus_memory_fail_next(world->a.bus, BUS_CALL_SEND_OFFSETS, BUS_ABORT, false);
    struct engine_status status = status_of(&world->a);
    size_t logged = 0;
    while (status.partitions_ready == 0 || logged == 0) { /* until the first transaction is over */
        struct bus_record record;
        enum broker_state is;
        steps(world, &world->a, 1);
        status = status_of(&world->a);
        logged = broker_read(world->broker, world->counter_state, 0, 3, &record, &is);
    }
    assert_int_equal(in_view(world, "counter:A1").due_ms, START_MS + 10);
    settle(world);
    assert_int_equal(in_view(world, "counter:A1").due_ms, 0);
}

static void test_a_view_that_went_back_fires_no_timer_of_its_past(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    struct view_memory_copy *copy = view_memory_save(world->view);
    give(world, "m-2", "counter.add", "\"id\":\"A1\",\"inMs\":9000");
    settle(world);
    view_memory_restore(world->view, copy);
    view_memory_copy_free(copy);
    world_time(world, START_MS + 7000);
    give(world, "m-3", "counter.check", "\"id\":\"A2\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
    wall(world, START_MS + 10000);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

/* --- many --- */

static void give_timers(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char id[16], data[80];
        snprintf(id, sizeof(id), "t-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"A1\",\"box\":\"b%d\",\"inMs\":5000", i);
        give(world, id, "counter.box", data);
    }
    settle(world);
}

static void test_many_timers_due_at_once_are_bounded_per_turn(void **state)
{
    struct world *world = *state;
    give_timers(world, 2500);
    world_time(world, START_MS + 6000);
    size_t before = 0, most = 0;
    for (int i = 0; i < 20; i++) {
        steps(world, &world->a, 1);
        size_t now = outcomes_of(world, "counter.opened");
        most = now - before > most ? now - before : most;
        before = now;
    }
    assert_int_equal(most, 1000);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.opened"), 2500);
}

static void test_many_timers_do_not_starve_the_input(void **state)
{
    struct world *world = *state;
    give_timers(world, 2500);
    world_time(world, START_MS + 6000);
    give(world, "m-1", "counter.add", "\"id\":\"A2\"");
    steps(world, &world->a, 1);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    assert_int_equal(outcomes_of(world, "counter.opened"), 1000);
}

static void test_continuous_input_does_not_starve_timers(void **state)
{
    struct world *world = *state;
    give_timers(world, 2500);
    world_time(world, START_MS + 6000);
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", i);
        give(world, id, "counter.add", "\"id\":\"A2\"");
        steps(world, &world->a, 1);
    }
    assert_int_equal(outcomes_of(world, "counter.opened"), 2500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_timer_fires_a_second_after_it_is_due_at_the_end_of_the_log),
        CASE(test_a_timers_outcome_is_named_by_kind_and_due_time),
        CASE(test_a_command_that_comes_first_advances_the_entity_under_the_same_id),
        CASE(test_a_command_before_the_due_time_does_not_advance),
        CASE(test_the_backlog_is_decided_before_what_fell_due_during_it),
        CASE(test_a_later_record_of_the_partition_lets_the_timer_fire_first),
        CASE(test_a_due_time_moves_the_partition_time),
        CASE(test_a_part_has_a_timer_of_its_own),
        CASE(test_a_timer_fires_once_when_it_is_set_again),
        CASE(test_timers_survive_a_flush_of_the_view),
        CASE(test_a_timer_only_turn_commits_offsets_too),
        CASE(test_a_stale_due_time_changes_nothing_and_is_mended),
        CASE(test_a_due_time_that_is_too_early_is_mended_and_fires_in_time),
        CASE(test_a_part_overwritten_unread_loses_its_timer),
        CASE(test_an_aborted_turn_leaves_due_times_alone),
        CASE(test_a_view_that_went_back_fires_no_timer_of_its_past),
        CASE(test_many_timers_due_at_once_are_bounded_per_turn),
        CASE(test_many_timers_do_not_starve_the_input),
        CASE(test_continuous_input_does_not_starve_timers),
    };
    return cmocka_run_group_tests_name("timers", tests, NULL, NULL);
}
