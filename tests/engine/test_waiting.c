/* Messages that come before what they need: kept, decided later, or given up; bounded. */
#include "support/engine_world.h"

static void test_an_early_message_is_deferred(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    struct found found = outcome_of(world, "command.deferred", 0);
    expect_id(&found, "/test|m-1|counter:A1|0");
    expect_text(found_header(&found, "makegood-verdict"), "deferred");
    expect_contains(found.record.value, "\"code\":\"AWAITING_MORE\"");
    assert_true(in_view(world, "counter:A1/wait:0").present);
}

static void test_a_woken_message_is_decided_and_its_ordinals_go_on(void **state)
{
    struct world *world = *state;
    int64_t input = give(world, "m-1", "counter.take", "\"id\":\"A1\",\"batchId\":\"B1\",\"line\":3");
    settle(world);
    world_time(world, START_MS + 60000);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    struct found found = outcome_of(world, "counter.taken", 0);
    char cited[64];
    snprintf(cited, sizeof(cited), "counter/0/%lld", (long long)input);
    expect_id(&found, "/test|m-1|counter:A1|1");
    expect_text(found_header(&found, "makegood-input"), cited);
    expect_text(found_header(&found, "ce_causationid"), "m-1");
    expect_contains(found.record.value, "\"effectiveTime\":\"1970-01-01T00:17:40.000Z\"");
    expect_contains(found.record.value, "\"batchId\":\"B1\",\"line\":3");
    assert_false(in_view(world, "counter:A1/wait:0").present);
}

static void test_all_that_wait_are_decided_in_the_order_of_arrival(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\",\"amount\":2");
    give(world, "m-2", "counter.take", "\"id\":\"A1\",\"amount\":3");
    give(world, "m-3", "counter.take", "\"id\":\"A1\",\"amount\":1");
    settle(world);
    give(world, "m-4", "counter.add", "\"id\":\"A1\",\"amount\":4");
    settle(world);
    struct found first = outcome_of(world, "counter.taken", 0);
    struct found second = outcome_of(world, "counter.taken", 1);
    expect_id(&first, "/test|m-1|counter:A1|1");
    expect_id(&second, "/test|m-3|counter:A1|1"); /* m-2 wants more than is left and goes on waiting */
    assert_int_equal(outcomes_of(world, "counter.taken"), 2);
    assert_int_equal(outcomes_of(world, "command.deferred"), 3);
    assert_true(in_view(world, "counter:A1/wait:1").present);
}

static void test_a_message_from_a_worker_wakes_too(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"C1\"");
    settle(world);
    give(world, "m-2", "counter.tell", "\"id\":\"A1\",\"to\":\"C1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 1);
}

/* One owes, nothing is in it; the timer makes it nothing owed. */
static void test_a_timer_wakes_too(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":-1,\"inMs\":5000");
    give(world, "m-2", "counter.take", "\"id\":\"A1\",\"amount\":0");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 0);
    world_time(world, START_MS + 60000);
    settle(world);
    struct found found = outcome_of(world, "counter.taken", 0);
    expect_contains(found.record.value, "\"effectiveTime\":\"1970-01-01T00:16:45.000Z\"");
}

static void give_up_time(struct world *world, int64_t wall_ms)
{
    world->wall_ms = wall_ms;
    broker_set_time(world->broker, wall_ms);
    settle(world);
}

static void test_a_wait_ends_after_exactly_an_hour(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    give_up_time(world, START_MS + COUNTER_WAIT_MS + 999);
    assert_int_equal(outcomes_of(world, "command.rejected"), 0);
    give_up_time(world, START_MS + COUNTER_WAIT_MS + 1000);
    struct found found = outcome_of(world, "command.rejected", 0);
    expect_id(&found, "/test|m-1|counter:A1|1");
    expect_contains(found.record.value, "\"code\":\"NEVER_CAME\"");
    expect_contains(found.record.value, "\"effectiveTime\":\"1970-01-01T01:16:40.000Z\"");
    assert_null(found_header(&found, "makegood-input").at); /* made by a timer */
    assert_false(in_view(world, "counter:A1/wait:0").present);
}

static void test_a_message_a_millisecond_before_the_hour_is_in_time(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    world_time(world, START_MS + COUNTER_WAIT_MS - 1);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 1);
}

static void test_a_message_at_the_hour_is_too_late(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    world_time(world, START_MS + COUNTER_WAIT_MS);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 0);
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
}

/* The wait of m-2 ends later, though both are listed at one entity. */
static void test_each_wait_has_its_own_end(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    give_up_time(world, START_MS + 60000);
    give(world, "m-2", "counter.take", "\"id\":\"A1\"");
    settle(world);
    give_up_time(world, START_MS + COUNTER_WAIT_MS + 1000);
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
    give_up_time(world, START_MS + 60000 + COUNTER_WAIT_MS + 1000);
    assert_int_equal(outcomes_of(world, "command.rejected"), 2);
}

static void give_waiting(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof(id), "w-%d", i);
        give(world, id, "counter.take", "\"id\":\"A1\"");
    }
    settle(world);
}

static void test_the_101st_waiting_message_is_rejected(void **state)
{
    struct world *world = *state;
    give_waiting(world, 101);
    assert_int_equal(outcomes_of(world, "command.deferred"), 100);
    struct found found = outcome_of(world, "command.rejected", 0);
    expect_id(&found, "/test|w-100|counter:A1|0");
    expect_contains(found.record.value, "\"code\":\"TOO_MANY_WAITING\"");
}

static void test_a_hundred_waiting_messages_are_all_woken(void **state)
{
    struct world *world = *state;
    give_waiting(world, 100);
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":100");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 100);
    assert_int_equal(in_view(world, NULL).count, 2 + 3); /* head, @progress; three segments of seen */
}

static void test_a_hundred_waits_end_by_time(void **state)
{
    struct world *world = *state;
    give_waiting(world, 100);
    give_up_time(world, START_MS + COUNTER_WAIT_MS + 1000);
    assert_int_equal(outcomes_of(world, "command.rejected"), 100);
}

static void test_a_deferred_message_again_is_a_duplicate(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.deferred"), 1);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 1);
}

static void expect_two_original_ids(struct world *world)
{
    char first[UUID_TEXT_SIZE], second[UUID_TEXT_SIZE];
    uuid5(TEXT("/test|m-1|counter:A1|0"), first);
    uuid5(TEXT("/test|m-1|counter:A1|1"), second);
    struct found found = outcome_of(world, "command.duplicate", 0);
    struct text ids = arena_printf(&world->arena, "[\"%s\",\"%s\"]", first, second);
    expect_contains(found.record.value, ids.at);
}

static void test_the_final_verdict_is_among_the_original_ids(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    expect_two_original_ids(world);
}

/* Its place among the remembered inputs is in a segment that was written long ago. */
static void test_the_final_verdict_is_remembered_in_an_old_segment(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    for (int i = 0; i < 40; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c-%d", i);
        give(world, id, "counter.check", "\"id\":\"A1\"");
    }
    settle(world);
    process_stop(&world->a); /* nothing is cached */
    process_start(world, &world->a, "makegood-a", run_both);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    expect_two_original_ids(world);
}

static void test_a_message_forgotten_while_it_waited_still_gets_its_verdict(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    for (int i = 0; i < 2100; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c-%d", i);
        give(world, id, "counter.check", "\"id\":\"A1\"");
    }
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    struct found found = outcome_of(world, "counter.taken", 0);
    expect_id(&found, "/test|m-1|counter:A1|1");
}

static void test_a_worker_message_may_wait(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.pass", "\"id\":\"A1\",\"to\":\"C1\"");
    give(world, "m-2", "counter.take", "\"id\":\"C1\",\"amount\":2");
    settle(world);
    give(world, "m-3", "counter.tell", "\"id\":\"A1\",\"to\":\"C1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 1);
}

static void test_waiting_messages_survive_a_flush_of_the_view(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    view_memory_wipe(world->view);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_early_message_is_deferred),
        CASE(test_a_woken_message_is_decided_and_its_ordinals_go_on),
        CASE(test_all_that_wait_are_decided_in_the_order_of_arrival),
        CASE(test_a_message_from_a_worker_wakes_too),
        CASE(test_a_timer_wakes_too),
        CASE(test_a_wait_ends_after_exactly_an_hour),
        CASE(test_a_message_a_millisecond_before_the_hour_is_in_time),
        CASE(test_a_message_at_the_hour_is_too_late),
        CASE(test_each_wait_has_its_own_end),
        CASE(test_the_101st_waiting_message_is_rejected),
        CASE(test_a_hundred_waiting_messages_are_all_woken),
        CASE(test_a_hundred_waits_end_by_time),
        CASE(test_a_deferred_message_again_is_a_duplicate),
        CASE(test_the_final_verdict_is_among_the_original_ids),
        CASE(test_the_final_verdict_is_remembered_in_an_old_segment),
        CASE(test_a_message_forgotten_while_it_waited_still_gets_its_verdict),
        CASE(test_a_worker_message_may_wait),
        CASE(test_waiting_messages_survive_a_flush_of_the_view),
    };
    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
