/* What a bus may tell at an odd time, or of places that are none of ours; what an engine is asked before and
 * after it runs. */
#include "support/faulty_world.h"

static void add(struct world *world, const char *id)
{
    give(world, id, "counter.add", "\"id\":\"A1\"");
}

static void tell(struct faulty_world *faulty, const struct bus_event *events, size_t count)
{
    faulty->faults.told = events;
    faulty->faults.told_count = count;
    steps(&faulty->world, &faulty->world.a, 1);
    assert_int_equal(faulty->faults.told_count, 0);
}

static void expect_added_once_each(struct world *world, size_t count)
{
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), count);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 0);
}

/* --- places --- */

static void test_records_and_ends_of_other_places_are_let_go(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    struct bus_record other = { .place = { world->email, 0 }, .append_time = true };
    struct bus_record beyond = { .place = { world->counter, 9 }, .append_time = true };
    struct bus_record beyond_log = { .place = { world->counter_state, 9 }, .append_time = true };
    const struct bus_event events[] = {
        { .kind = BUS_RECORD, .record = other },  { .kind = BUS_END, .record = other },
        { .kind = BUS_RECORD, .record = beyond }, { .kind = BUS_END, .record = beyond_log },
    };
    tell(faulty, events, 4);
    add(world, "m-1");
    expect_added_once_each(world, 1);
}

static void test_a_partition_of_another_topic_is_not_taken(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    const struct bus_place place = { world->email, 0 };
    const struct bus_event event = { .kind = BUS_ASSIGNED, .places = &place, .place_count = 1 };
    tell(faulty, &event, 1);
    assert_int_equal(status_of(&world->a).partitions_assigned, 4);
    add(world, "m-1");
    expect_added_once_each(world, 1);
}

/* It halts whoever runs the worker, and nobody else. */
static void test_a_partition_of_a_worker_that_is_not_run_is_not_taken(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    settle(world);
    const struct bus_place place = { world->rate, 9 };
    const struct bus_event event = { .kind = BUS_ASSIGNED, .places = &place, .place_count = 1 };
    tell(faulty, &event, 1);
    add(world, "m-1");
    expect_added_once_each(world, 1);
}

/* Somebody gave the topic more partitions: what lies there must not stay unread without a word. */
static void test_an_input_that_grew_halts(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    const struct bus_place place = { world->counter, 9 };
    const struct bus_event event = { .kind = BUS_ASSIGNED, .places = &place, .place_count = 1 };
    faulty->faults.told = &event;
    faulty->faults.told_count = 1;
    expect_halt(world, ERR_CONFIG, "topic counter has a partition 9 now, and had 2 partitions before");
}

/* --- state logs --- */

/* An end before what was read, a record before the position, one without a key: nothing new. */
static void test_what_a_followed_log_tells_again_is_let_go(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    give(world, "r-1", "rate.put", "\"id\":\"A3\",\"amount\":7");
    settle(world);
    give(world, "p-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    int32_t home = home_of("rate:A3");
    struct bus_record again = { .place = { world->rate_state, home }, .offset = 1, .append_time = true,
                                .key = TEXT("rate:A3"), .value = TEXT("nonsense") };
    struct bus_record nobodys = { .place = { world->rate_state, home }, .offset = 1000, .append_time = true,
                                  .value = TEXT("nonsense") };
    struct bus_record end = { .place = { world->rate_state, home }, .offset = 1 };
    const struct bus_event events[] = { { .kind = BUS_RECORD, .record = again },
                                        { .kind = BUS_RECORD, .record = nobodys },
                                        { .kind = BUS_END, .record = end } };
    tell(faulty, events, 3);
    give(world, "p-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    struct found found = outcome_of(world, "counter.priced", 1);
    expect_contains(found.record.value, "\"total\":14");
}

/* A log that is doubted tells of its end: its position is not known. */
static void test_an_end_of_a_log_that_is_not_positioned_is_let_go(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    add(world, "m-1");
    settle(world);
    const struct bus_place places[] = { { world->counter, 0 }, { world->counter, 1 }, { world->rate, 0 },
                                        { world->rate, 1 } };
    struct bus_record end = { .place = { world->counter_state, 0 }, .offset = 100 };
    view_memory_set_down(world->view, VIEW_DOWN);
    const struct bus_event events[] = { { .kind = BUS_REVOKED },
                                        { .kind = BUS_ASSIGNED, .places = places, .place_count = 4 } };
    tell(faulty, events, 2);
    steps(world, &world->a, 100);
    const struct bus_event late = { .kind = BUS_END, .record = end };
    tell(faulty, &late, 1);
    view_memory_set_down(world->view, VIEW_OK);
    add(world, "m-2");
    expect_added_once_each(world, 2);
}

/* --- records of a batch that is full already, while no turn may begin --- */

static void test_a_record_too_many_is_polled_again(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.turn_records_max = 1;
    process_begin(world, &world->a, &setup);
    settle(world);
    int32_t home = home_of("counter:A1");
    add(world, "m-1");
    view_memory_set_down(world->view, VIEW_DOWN);
    steps(world, &world->a, 5); /* the record is in the batch, and waits for the view */
    add(world, "m-2");
    add(world, "m-3");
    struct bus_record second = { .place = { world->counter, home }, .offset = 1, .append_time = true,
                                 .timestamp_ms = START_MS, .value = TEXT("not what is there") };
    struct bus_record first = second, third = second;
    first.offset = 0;
    third.offset = 2;
    const struct bus_event events[] = { { .kind = BUS_RECORD, .record = first }, /* it is in the batch */
                                        { .kind = BUS_RECORD, .record = second },
                                        { .kind = BUS_RECORD, .record = third } };
    tell(faulty, events, 3);
    view_memory_set_down(world->view, VIEW_OK);
    expect_added_once_each(world, 3);
    assert_int_equal(committed_count(world, world->counter_dlq), 0);
}

/* --- failures --- */

static void test_brokers_that_are_slow_are_away(void **state)
{
    struct faulty_world *faulty = *state;
    settle(&faulty->world);
    const struct bus_event event = { .kind = BUS_FAILED, .result = BUS_PENDING };
    tell(faulty, &event, 1);
    assert_false(status_of(&faulty->world.a).bus_ok);
    settle(&faulty->world);
}

static void test_another_trouble_of_the_view_is_told_too(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    add(world, "m-1");
    view_memory_set_down(world->view, VIEW_DOWN);
    steps(world, &world->a, 100);
    faulty->faults = (struct faults){ .again = true, .again_call = VIEW_CALL_CHECK, .again_kind = FAULT_ANSWER,
                                      .again_result = VIEW_DENIED, .unseen = { -1, 0 } };
    steps(world, &world->a, 100);
    assert_true(faulty->faults.again_hit);
    view_memory_set_down(world->view, VIEW_OK);
    expect_added_once_each(world, 1);
}

/* A full queue that is slow to empty, and then does. */
static void test_a_queue_that_empties_slowly_is_waited_for(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_PRODUCE, BUS_PENDING, false);
    bus_memory_fail_next(world->a.bus, BUS_CALL_FLUSH, BUS_PENDING, false);
    add(world, "m-1");
    steps(world, &world->a, 2);
    expect_added_once_each(world, 1);
}

/* Only the partitions that this process runs are taken again, or given up. */
static void test_a_process_that_runs_one_worker_retires_and_rebalances(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    settle(world);
    bus_memory_fail_next(world->a.bus, BUS_CALL_COMMIT, BUS_RETIRE, false);
    add(world, "m-1");
    expect_added_once_each(world, 1);
    broker_rebalance(world->broker);
    add(world, "m-2");
    expect_added_once_each(world, 2);
}

/* --- what is asked of an engine --- */

static void test_partitions_are_counted_and_their_time_is_known_while_held(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_counter);
    struct bus_place place = { world->counter, home_of("counter:A1") };
    process_begin(world, &world->a, &setup);
    assert_int_equal(engine_partition_time(world->a.engine, place), 0); /* not taken yet */
    add(world, "m-1");
    settle(world);
    assert_int_equal(engine_partition_time(world->a.engine, place), START_MS);
    assert_int_equal(engine_partition_time(world->a.engine, (struct bus_place){ world->rate, 0 }), 0);
    assert_int_equal(engine_partition_count(world->a.engine, "counter"), PARTITIONS);
    assert_int_equal(engine_partition_count(world->a.engine, "rate"), 0); /* nobody asked for it yet */
    assert_int_equal(engine_partition_count(world->a.engine, "nobody"), 0);
}

static void test_an_engine_that_has_stopped_may_be_stopped(void **state)
{
    struct faulty_world *faulty = *state;
    settle(&faulty->world);
    engine_stop(faulty->world.a.engine);
    engine_stop(faulty->world.a.engine);
}

/* A rule looks at a worker whose topics are not there. */
static void test_the_topics_of_another_worker_are_missed_by_name(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct broker *broker = broker_new();
    broker_free(world->broker);
    world->broker = broker;
    world->counter = broker_topic(broker, "counter", PARTITIONS);
    broker_topic(broker, "counter-state", PARTITIONS);
    world->counter_outcome = broker_topic(broker, "counter-outcome", 1);
    broker_set_time(broker, START_MS);
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    give(world, "p-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    expect_halt(world, ERR_CONFIG, "topic rate does not exist");
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
}

/* More partitions than are looked at in one step. */
static void test_a_flush_under_many_partitions_is_noticed_at_each(void **state)
{
    enum { MANY = 70 };
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    broker_free(world->broker);
    world->broker = broker_new();
    world_topics(world, MANY);
    world_time(world, START_MS);
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    for (int32_t p = 0; p < MANY; p++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", p);
        give_to(world, p, id, "counter.add", "\"id\":\"A1\""); /* forwarded: each log has a record */
    }
    settle(world);
    view_memory_wipe(world->view);
    steps(world, &world->a, 250);
    settle(world);
    for (int32_t p = 0; p < MANY; p++) {
        assert_true(view_index(world, arena_printf(&world->arena, "counter-%d%c", p, 0).at).index > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE(test_records_and_ends_of_other_places_are_let_go),
        FAULTY_CASE(test_a_partition_of_another_topic_is_not_taken),
        FAULTY_CASE_EMPTY(test_a_partition_of_a_worker_that_is_not_run_is_not_taken),
        FAULTY_CASE(test_an_input_that_grew_halts),
        FAULTY_CASE(test_what_a_followed_log_tells_again_is_let_go),
        FAULTY_CASE(test_an_end_of_a_log_that_is_not_positioned_is_let_go),
        FAULTY_CASE_EMPTY(test_a_record_too_many_is_polled_again),
        FAULTY_CASE(test_brokers_that_are_slow_are_away),
        FAULTY_CASE(test_another_trouble_of_the_view_is_told_too),
        FAULTY_CASE(test_a_queue_that_empties_slowly_is_waited_for),
        FAULTY_CASE_EMPTY(test_a_process_that_runs_one_worker_retires_and_rebalances),
        FAULTY_CASE_EMPTY(test_partitions_are_counted_and_their_time_is_known_while_held),
        FAULTY_CASE(test_an_engine_that_has_stopped_may_be_stopped),
        FAULTY_CASE_EMPTY(test_the_topics_of_another_worker_are_missed_by_name),
        FAULTY_CASE_EMPTY(test_a_flush_under_many_partitions_is_noticed_at_each),
    };
    return cmocka_run_group_tests_name("told", tests, NULL, NULL);
}
