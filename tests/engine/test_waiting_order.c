/* Which of several waits ends first, what due times and waits do to each other, what waits on. */
#include "support/faulty_world.h"
#include "support/sent_message.h"

static void take(struct world *world, const char *id, int amount, int in_ms)
{
    char data[80];
    snprintf(data, sizeof(data), "\"id\":\"A1\",\"amount\":%d,\"inMs\":%d", amount, in_ms);
    give(world, id, "counter.take", data);
}

static void pass_until(struct world *world, int64_t ms)
{
    world_time(world, START_MS + ms);
    settle(world);
}

/* One at a time, so that a message comes to an entity for which more than a timer is due. */
static void begin_one_timer(struct faulty_world *faulty)
{
    struct engine_setup setup = faulty_open(faulty, run_both);
    setup.turn_timers_max = 1;
    process_begin(&faulty->world, &faulty->world.a, &setup);
}

static struct text time_of(struct world *world, const char *type)
{
    struct found found = outcome_of(world, type, 0);
    struct text value = found.record.value;
    const char *at = strstr(arena_printf(&world->arena, "%.*s%c", TEXT_ARGS(value), 0).at, "effectiveTime");
    assert_non_null(at);
    return (struct text){ at + 16, 24 };
}

static void test_a_wait_that_began_later_may_end_sooner(void **state)
{
    struct world *world = *state;
    take(world, "long", 5, 60000);
    take(world, "short", 5, 2000);
    settle(world);
    pass_until(world, 10000);
    struct found found = outcome_of(world, "command.rejected", 0);
    expect_text(found_header(&found, "ce_causationid"), "short");
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
    pass_until(world, 70000);
    assert_int_equal(outcomes_of(world, "command.rejected"), 2);
}

/* Both are due when the message comes: in the order of their times. */
static void expect_order(struct faulty_world *faulty, int emptied_ms, int wait_ms, const char *emptied,
                         const char *given_up)
{
    struct world *world = &faulty->world;
    char data[80];
    begin_one_timer(faulty);
    give(world, "z-1", "counter.add", "\"id\":\"A2\",\"inMs\":500"); /* the one timer of the turn */
    snprintf(data, sizeof(data), "\"id\":\"A1\",\"amount\":-1,\"inMs\":%d", emptied_ms);
    give(world, "m-1", "counter.add", data);
    take(world, "w-1", 5, wait_ms);
    settle(world);
    broker_set_time(world->broker, START_MS + 60000);
    give(world, "m-2", "counter.check", "\"id\":\"A1\"");
    settle(world);
    expect_text(time_of(world, "counter.emptied"), emptied);
    struct found found;
    assert_true(outcome_with(world, "ce_causationid", "w-1", 1, &found));
    expect_contains(found.record.value, given_up);
}

static void test_a_due_time_before_the_end_of_a_wait_comes_first(void **state)
{
    expect_order(*state, 3000, 5000, "1970-01-01T00:16:43.000Z", "1970-01-01T00:16:45.000Z");
}

static void test_the_end_of_a_wait_before_a_due_time_comes_first(void **state)
{
    expect_order(*state, 5000, 3000, "1970-01-01T00:16:45.000Z", "1970-01-01T00:16:43.000Z");
}

/* The first one still waits for more, and so does the second. */
static void test_several_wait_on(void **state)
{
    struct world *world = *state;
    take(world, "w-1", 5, 0);
    take(world, "w-2", 4, 0);
    settle(world);
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":2");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.deferred"), 2); /* nothing is said again */
    give(world, "m-2", "counter.add", "\"id\":\"A1\",\"amount\":2");
    settle(world);
    struct found found = outcome_of(world, "counter.taken", 0);
    expect_text(found_header(&found, "ce_causationid"), "w-2");
    pass_until(world, COUNTER_WAIT_MS + 1000);
    found = outcome_of(world, "command.rejected", 0);
    expect_text(found_header(&found, "ce_causationid"), "w-1");
}

/* As many as there may be: one that is looked at again goes on waiting, it is not one too many. */
static void test_one_of_a_hundred_waits_on(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 100; i++) {
        char id[16];
        snprintf(id, sizeof(id), "w-%d", i);
        take(world, id, 2, 0);
    }
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.rejected"), 0);
    give(world, "m-2", "counter.add", "\"id\":\"A1\",\"amount\":199");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 100);
}

/* It queued behind a question without an end of its own; then it waits by itself, with one. */
static void test_what_queued_gets_an_end_when_it_waits_by_itself(void **state)
{
    struct world *world = *state;
    give(world, "q-1", "counter.ask", "\"id\":\"A1\",\"to\":\"C1\"");
    take(world, "w-1", 5, 2000);
    settle(world);
    struct found found = outcome_of(world, "command.deferred", 1);
    expect_contains(found.record.value, "AWAITING_TURN");
    assert_int_equal(outcomes_of(world, "counter.answered"), 1);
    pass_until(world, 9000);
    found = outcome_of(world, "command.rejected", 0);
    expect_text(found_header(&found, "ce_causationid"), "w-1");
}

/* A worker's message is in no memory of inputs: there is nothing to bring up to date when its wait ends. */
static void test_the_wait_of_a_workers_message_ends(void **state)
{
    struct world *world = *state;
    give_sent(world, (struct sent_message){ "x|to|counter:A1|0", "counter:A1", NULL, "counter.take", "\"id\":\"A1\"" });
    settle(world);
    assert_int_equal(outcomes_of(world, "command.deferred"), 1);
    pass_until(world, COUNTER_WAIT_MS + 1000);
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
    assert_int_equal(in_view(world, "counter:A1/wait:0").present, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE(test_a_wait_that_began_later_may_end_sooner),
        FAULTY_CASE_EMPTY(test_a_due_time_before_the_end_of_a_wait_comes_first),
        FAULTY_CASE_EMPTY(test_the_end_of_a_wait_before_a_due_time_comes_first),
        FAULTY_CASE(test_several_wait_on),
        FAULTY_CASE(test_one_of_a_hundred_waits_on),
        FAULTY_CASE(test_what_queued_gets_an_end_when_it_waits_by_itself),
        FAULTY_CASE(test_the_wait_of_a_workers_message_ends),
    };
    return cmocka_run_group_tests_name("waiting order", tests, NULL, NULL);
}
