/* Servers that do not answer, or answer what a person must mend: it waits with back-off or stops, says
 * which, and gives no wrong verdict. */
#include "support/faulty_world.h"

static void add(struct world *world, const char *id)
{
    give(world, id, "counter.add", "\"id\":\"A1\"");
}

static void expect_added(struct world *world, size_t count)
{
    assert_int_equal(outcomes_of(world, "counter.added"), count);
}

/* --- the view --- */

static void test_a_view_that_is_down_at_the_start_is_waited_for(void **state)
{
    struct world *world = *state;
    view_memory_set_down(world->view, VIEW_DOWN);
    add(world, "m-1");
    steps(world, &world->a, 100);
    assert_false(status_of(&world->a).view_ok);
    expect_contains(text_of(status_of(&world->a).waiting_for), "waits for the view");
    view_memory_set_down(world->view, VIEW_OK);
    settle(world);
    expect_added(world, 1);
}

static void test_a_view_that_goes_down_stops_verdicts_until_it_is_back(void **state)
{
    struct world *world = *state;
    settle(world);
    view_memory_set_down(world->view, VIEW_DOWN);
    for (int i = 0; i < 10; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", i);
        add(world, id);
        steps(world, &world->a, 20);
    }
    expect_added(world, 0);
    assert_false(status_of(&world->a).view_ok);
    view_memory_set_down(world->view, VIEW_OK);
    steps(world, &world->a, 50); /* what came while its partition was paused is polled only now */
    settle(world);
    expect_added(world, 10);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 0);
}

static void test_a_view_that_denies_is_waited_for(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    view_memory_set_down(world->view, VIEW_DENIED);
    add(world, "m-2");
    steps(world, &world->a, 300);
    assert_false(status_of(&world->a).view_ok);
    view_memory_set_down(world->view, VIEW_OK);
    settle(world);
    expect_added(world, 2);
}

static void test_a_view_that_refuses_at_the_start_ends_the_process(void **state)
{
    struct world *world = *state;
    view_memory_set_down(world->view, VIEW_REFUSED);
    expect_halt(world, ERR_CONFIG, "the view in memory");
}

static void test_a_view_that_refuses_later_ends_the_process_within_a_second(void **state)
{
    struct world *world = *state;
    settle(world);
    view_memory_set_down(world->view, VIEW_REFUSED);
    int64_t began = world->mono_ms;
    expect_halt(world, ERR_CONFIG, "the view in memory");
    assert_true(world->mono_ms - began <= 1010);
}

static void test_a_fold_that_is_refused_ends_the_process_after_the_commit(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    add(world, "m-1");
    settle(world);
    faulty->faults = (struct faults){ .kind = FAULT_ANSWER, .again = true,
                                      .again_call = VIEW_CALL_FOLD, .again_kind = FAULT_ANSWER,
                                      .again_result = VIEW_REFUSED, .unseen = { -1, 0 } };
    add(world, "m-2");
    expect_halt(world, ERR_CONFIG, "planned failure");
    expect_added(world, 2);
}

static void test_a_dead_view_is_asked_five_times_a_second(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    add(world, "m-1");
    view_memory_set_down(world->view, VIEW_DOWN);
    const int64_t *count = faulty->faults.count;
    int64_t before = count[VIEW_CALL_READ] + count[VIEW_CALL_FOLD] + count[VIEW_CALL_CHECK];
    steps(world, &world->a, 1000); /* ten seconds */
    int64_t calls = count[VIEW_CALL_READ] + count[VIEW_CALL_FOLD] + count[VIEW_CALL_CHECK] - before;
    assert_in_range(calls, 10, 60);
}

/* --- the brokers --- */

static void test_brokers_that_are_away_are_told_and_then_not(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_POLL, BUS_UNAVAILABLE, false);
    steps(world, &world->a, 1);
    assert_false(status_of(&world->a).bus_ok);
    add(world, "m-1");
    settle(world);
    assert_true(status_of(&world->a).bus_ok);
    expect_added(world, 1);
}

static void test_brokers_that_refuse_end_the_process_with_77(void **state)
{
    struct world *world = *state;
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_POLL, BUS_REFUSED, false);
    expect_halt(world, ERR_REFUSED, "planned failure");
}

/* The command makes another bus then. */
static void test_a_bus_that_must_be_made_anew_is_unavailable(void **state)
{
    struct world *world = *state;
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_POLL, BUS_RETIRE, false);
    expect_halt(world, ERR_UNAVAILABLE, "planned failure");
}

static void test_brokers_that_are_away_at_the_start_are_unavailable(void **state)
{
    static const enum bus_memory_call calls[] = { BUS_CALL_PARTITIONS, BUS_CALL_JOIN };
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    world->a.engine = engine_new(&setup, &world->note);
    for (size_t i = 0; i < 2; i++) {
        bus_memory_fail_next(world->a.bus, calls[i], BUS_UNAVAILABLE, false);
        assert_int_equal(engine_start(world->a.engine, &world->note), ERR_UNAVAILABLE);
    }
    bus_memory_fail_next(world->a.bus, BUS_CALL_JOIN, BUS_CONFIG, false);
    assert_int_equal(engine_start(world->a.engine, &world->note), ERR_CONFIG);
    assert_int_equal(engine_start(world->a.engine, &world->note), OK);
    add(world, "m-1");
    settle(world);
    expect_added(world, 1);
}

static void always(struct faulty_world *faulty, enum bus_memory_call call, enum bus_result result)
{
    faulty->faults.always = true;
    faulty->faults.always_call = call;
    faulty->faults.always_result = result;
}

static void test_turns_that_are_refused_again_and_again_back_off(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    add(world, "m-1");
    always(faulty, BUS_CALL_SEND_OFFSETS, BUS_ABORT);
    int64_t before = faulty->faults.count[BUS_CALL_BEGIN];
    steps(world, &world->a, 1000); /* ten seconds */
    assert_in_range(faulty->faults.count[BUS_CALL_BEGIN] - before, 10, 40);
    faulty->faults.always = false;
    settle(world);
    expect_added(world, 1);
}

static void test_the_first_refused_turn_is_repeated_at_once(void **state)
{
    struct world *world = *state;
    settle(world);
    add(world, "m-1");
    bus_memory_fail_next(world->a.bus, BUS_CALL_SEND_OFFSETS, BUS_ABORT, false);
    steps(world, &world->a, 4);
    expect_added(world, 1);
}

static void test_a_producer_that_cannot_be_made_is_tried_five_times_a_second(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    add(world, "m-1");
    bus_memory_fail_next(world->a.bus, BUS_CALL_COMMIT, BUS_RETIRE, false);
    always(faulty, BUS_CALL_RETIRE, BUS_UNAVAILABLE);
    steps(world, &world->a, 1000); /* ten seconds */
    assert_in_range(faulty->faults.count[BUS_CALL_RETIRE], 20, 52);
    assert_int_equal(faulty->faults.count[BUS_CALL_BEGIN], 1);
    faulty->faults.always = false;
    settle(world);
    expect_added(world, 1);
}

/* A full batch that cannot be decided is kept, not read over and over. */
static void test_a_batch_that_is_held_is_not_fetched_again(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.turn_records_max = 2;
    process_begin(world, &world->a, &setup);
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_COMMIT, BUS_RETIRE, false);
    always(faulty, BUS_CALL_RETIRE, BUS_UNAVAILABLE);
    for (int i = 0; i < 8; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", i);
        add(world, id);
    }
    steps(world, &world->a, 2);
    int64_t before = faulty->faults.count[FAULT_OTHER];
    steps(world, &world->a, 200); /* two seconds, ten tries */
    assert_true(faulty->faults.count[FAULT_OTHER] - before <= 12);
    faulty->faults.always = false;
    settle(world);
    expect_added(world, 8);
}

static void test_an_end_that_cannot_be_asked_for_does_not_spin(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":1000");
    settle(world);
    world_time(world, START_MS + 9000);
    always(faulty, BUS_CALL_ENDS, BUS_UNAVAILABLE);
    int64_t before = faulty->faults.count[BUS_CALL_ENDS];
    steps(world, &world->a, 100); /* a second */
    assert_in_range(faulty->faults.count[BUS_CALL_ENDS] - before, 5, 21);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
    faulty->faults.always = false;
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

/* The end was seen before the record came, and polls bring nothing for a while. */
static void test_a_timer_lets_a_record_go_first_that_was_not_polled_yet(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":5000");
    settle(world);
    broker_set_time(world->broker, START_MS + 4000);
    give(world, "m-2", "counter.take", "\"id\":\"A1\"");
    always(faulty, BUS_CALL_POLL, BUS_UNAVAILABLE);
    world->wall_ms = START_MS + 9000;
    steps(world, &world->a, 2);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
    faulty->faults.always = false;
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 1);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

static void test_a_full_queue_is_waited_for(void **state)
{
    struct world *world = *state;
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_PRODUCE, BUS_PENDING, false);
    add(world, "m-1");
    steps(world, &world->a, 1);
    expect_added(world, 1);
}

static void test_a_queue_that_never_empties_retires_the_producer(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    always(faulty, BUS_CALL_PRODUCE, BUS_PENDING);
    add(world, "m-1");
    steps(world, &world->a, 1);
    assert_true(faulty->faults.count[BUS_CALL_PRODUCE] >= 500);
    steps(world, &world->a, 1);
    assert_int_equal(faulty->faults.count[BUS_CALL_RETIRE], 1);
    faulty->faults.always = false;
    settle(world);
    expect_added(world, 1);
}

static void test_a_flush_that_fails_while_the_queue_is_full_aborts(void **state)
{
    struct world *world = *state;
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_PRODUCE, BUS_PENDING, false);
    bus_memory_fail_next(world->a.bus, BUS_CALL_FLUSH, BUS_ABORT, false);
    add(world, "m-1");
    steps(world, &world->a, 1);
    expect_added(world, 0);
    settle(world);
    expect_added(world, 1);
}

static void expect_topic_named(struct world *world, const char *topic)
{
    add(world, "m-1");
    expect_halt(world, ERR_CONFIG, topic);
    expect_added(world, 0);
}

static void test_a_missing_outcome_topic_is_named(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct broker *broker = broker_new();
    broker_free(world->broker);
    world->broker = broker;
    world->counter = broker_topic(broker, "counter", PARTITIONS);
    broker_topic(broker, "counter-state", PARTITIONS);
    world->counter_outcome = broker_topic(broker, "counter-outcome", 0);
    broker_set_time(broker, START_MS);
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    expect_topic_named(world, "topic counter-outcome does not take a record");
}

static void test_a_topic_that_takes_no_record_is_named(void **state)
{
    struct faulty_world *faulty = *state;
    settle(&faulty->world);
    always(faulty, BUS_CALL_PRODUCE, BUS_CONFIG);
    expect_topic_named(&faulty->world, "topic counter-state does not take a record");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE(test_a_view_that_is_down_at_the_start_is_waited_for),
        FAULTY_CASE(test_a_view_that_goes_down_stops_verdicts_until_it_is_back),
        FAULTY_CASE(test_a_view_that_denies_is_waited_for),
        FAULTY_CASE(test_a_view_that_refuses_at_the_start_ends_the_process),
        FAULTY_CASE(test_a_view_that_refuses_later_ends_the_process_within_a_second),
        FAULTY_CASE(test_a_fold_that_is_refused_ends_the_process_after_the_commit),
        FAULTY_CASE(test_a_dead_view_is_asked_five_times_a_second),
        FAULTY_CASE(test_brokers_that_are_away_are_told_and_then_not),
        FAULTY_CASE(test_brokers_that_refuse_end_the_process_with_77),
        FAULTY_CASE(test_a_bus_that_must_be_made_anew_is_unavailable),
        FAULTY_CASE_EMPTY(test_brokers_that_are_away_at_the_start_are_unavailable),
        FAULTY_CASE(test_turns_that_are_refused_again_and_again_back_off),
        FAULTY_CASE(test_the_first_refused_turn_is_repeated_at_once),
        FAULTY_CASE(test_a_producer_that_cannot_be_made_is_tried_five_times_a_second),
        FAULTY_CASE_EMPTY(test_a_batch_that_is_held_is_not_fetched_again),
        FAULTY_CASE(test_an_end_that_cannot_be_asked_for_does_not_spin),
        FAULTY_CASE(test_a_timer_lets_a_record_go_first_that_was_not_polled_yet),
        FAULTY_CASE(test_a_full_queue_is_waited_for),
        FAULTY_CASE(test_a_queue_that_never_empties_retires_the_producer),
        FAULTY_CASE(test_a_flush_that_fails_while_the_queue_is_full_aborts),
        FAULTY_CASE_EMPTY(test_a_missing_outcome_topic_is_named),
        FAULTY_CASE(test_a_topic_that_takes_no_record_is_named),
    };
    return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
