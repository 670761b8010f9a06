/* What a rule may ask and say (engine/decision.h), seen from outside; and several workers at once. */
#include "support/faulty_world.h"

static void test_a_rule_reads_back_what_it_has_just_put(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.mirror", "\"id\":\"A1\",\"box\":\"b1\",\"amount\":9");
    settle(world);
    struct found found = outcome_of(world, "counter.mirrored", 0);
    expect_contains(found.record.value, "\"version\":1,");
    expect_contains(found.record.value, "\"total\":1"); /* the version to come */
    assert_false(in_view(world, "counter:A1/box:b1").present);
}

static void test_an_outcome_may_have_a_topic_of_its_own_and_know_its_id(void **state)
{
    struct world *world = *state;
    struct found found;
    give(world, "m-1", "counter.mirror", "\"id\":\"A1\",\"box\":\"b1\"");
    settle(world);
    assert_true(committed_at(world, world->mirrors, 0, &found));
    expect_id(&found, "/test|m-1|counter:A1|1");
    struct text id = found_header(&found, "ce_id");
    struct text filler = arena_printf(&world->arena, "\"filler\":\"%.*s\"", TEXT_ARGS(id));
    expect_contains(found.record.value, filler.at);
}

static void test_email_requests_have_a_topic_of_their_own(void **state)
{
    struct world *world = *state;
    struct found found;
    give(world, "m-1", "counter.mirror", "\"id\":\"A1\",\"box\":\"b1\"");
    settle(world);
    assert_true(committed_at(world, world->email, 0, &found));
    expect_text(found_header(&found, "ce_type"), "makegood.email.requested.v1");
}

static const char *route(void *context, const char *type)
{
    return strcmp(type, "email.requested") == 0 ? context : NULL;
}

static void test_a_setting_routes_a_type_elsewhere(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.route = route;
    setup.route_context = (void *)(uintptr_t)"mirrors";
    process_begin(world, &world->a, &setup);
    give(world, "m-1", "counter.mirror", "\"id\":\"A1\",\"box\":\"b1\"");
    settle(world);
    assert_int_equal(committed_count(world, world->email), 0);
    assert_int_equal(committed_count(world, world->mirrors), 2);
}

static void test_a_message_goes_to_a_worker_that_another_process_runs(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    struct bus_memory_setup other = { "rates", "makegood-b", "" };
    world->b.bus = bus_memory_new(world->broker, &other);
    setup = world_engine_setup(world, &world->b, run_rate);
    process_begin(world, &world->b, &setup);
    give(world, "m-1", "counter.set", "\"id\":\"A1\",\"to\":\"A3\",\"amount\":7");
    settle(world);
    assert_int_equal(settle_process(world, &world->b), OK);
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    struct found found = outcome_of(world, "counter.priced", 0);
    expect_contains(found.record.value, "\"total\":7");
}

/* Only looking at a worker's states makes this process read its state logs. */
static void test_sending_to_a_worker_does_not_follow_its_states(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    give(world, "m-1", "counter.set", "\"id\":\"A1\",\"to\":\"A3\",\"amount\":7");
    settle(world);
    int64_t stable, asked_ms;
    struct bus_place place = { world->rate_state, 0 };
    assert_false(world->a.bus->ops->seen_end(world->a.bus, place, &stable, &asked_ms));
}

static void test_the_topics_of_a_worker_are_waited_for(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    settle(world);
    give(world, "m-1", "counter.set", "\"id\":\"A1\",\"to\":\"A3\",\"amount\":7");
    faulty->faults.always = true;
    faulty->faults.always_call = BUS_CALL_PARTITIONS;
    faulty->faults.always_result = BUS_UNAVAILABLE;
    steps(world, &world->a, 50);
    assert_int_equal(outcomes_of(world, "counter.set"), 0);
    expect_contains(text_of(status_of(&world->a).waiting_for), "topics of another worker");
    faulty->faults.always = false;
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.set"), 1);
}

/* --- timers one at a time --- */

static void test_timers_fire_one_at_a_time_by_time_and_key(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.turn_timers_max = 1;
    process_begin(world, &world->a, &setup);
    give(world, "m-1", "counter.add", "\"id\":\"C2\",\"inMs\":5000");
    give(world, "m-2", "counter.add", "\"id\":\"A2\",\"inMs\":5000");
    give(world, "m-3", "counter.add", "\"id\":\"C1\",\"inMs\":5000");
    give(world, "m-4", "counter.add", "\"id\":\"A1\",\"inMs\":6000");
    settle(world);
    world_time(world, START_MS + 9000);
    settle(world);
    static const char *const order[] = { "counter:A2", "counter:C1", "counter:C2", "counter:A1" };
    for (size_t i = 0; i < 4; i++) {
        struct found found = outcome_of(world, "counter.emptied", i);
        expect_text(found.record.key, order[i]);
    }
}

static int64_t clock_us(void)
{
    static int64_t now;
    return now += 10;
}

static void test_the_steps_of_a_turn_are_measured(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.now_us = clock_us;
    process_begin(world, &world->a, &setup);
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    size_t size;
    char *text = metrics_text(world->a.metrics, &size);
    assert_non_null(strstr(text, "turn_step_microseconds_total{step=\"fold\"} 10"));
    free(text);
}

static void test_an_engine_without_metrics_decides_the_same(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.now_us = clock_us;
    setup.metrics = NULL;
    process_begin(world, &world->a, &setup);
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    give_raw(world, world->counter, 0, TEXT("broken"));
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    assert_int_equal(committed_count(world, world->counter_dlq), 1);
}

static void test_a_demo_may_take_the_producers_timestamps(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.any_timestamps = true;
    process_begin(world, &world->a, &setup);
    broker_set_append_time(world->broker, false);
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE(test_a_rule_reads_back_what_it_has_just_put),
        FAULTY_CASE(test_an_outcome_may_have_a_topic_of_its_own_and_know_its_id),
        FAULTY_CASE(test_email_requests_have_a_topic_of_their_own),
        FAULTY_CASE_EMPTY(test_a_setting_routes_a_type_elsewhere),
        FAULTY_CASE_EMPTY(test_a_message_goes_to_a_worker_that_another_process_runs),
        FAULTY_CASE_EMPTY(test_sending_to_a_worker_does_not_follow_its_states),
        FAULTY_CASE_EMPTY(test_the_topics_of_a_worker_are_waited_for),
        FAULTY_CASE_EMPTY(test_timers_fire_one_at_a_time_by_time_and_key),
        FAULTY_CASE_EMPTY(test_the_steps_of_a_turn_are_measured),
        FAULTY_CASE_EMPTY(test_an_engine_without_metrics_decides_the_same),
        FAULTY_CASE_EMPTY(test_a_demo_may_take_the_producers_timestamps),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
