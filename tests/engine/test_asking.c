/* A message that asks another entity and waits for its answer; what comes later queues behind it. */
#include "support/engine_world.h"

#include "engine/record.h"

static void fill(struct world *world)
{
    give(world, "f-1", "counter.add", "\"id\":\"C1\",\"amount\":7");
    settle(world);
}

static void test_an_answer_ends_the_wait(void **state)
{
    struct world *world = *state;
    fill(world);
    give(world, "m-1", "counter.ask", "\"id\":\"A1\",\"to\":\"C1\"");
    settle(world);
    struct found first = outcome_of(world, "command.deferred", 0);
    struct found last = outcome_of(world, "counter.answered", 0);
    expect_contains(first.record.value, "\"code\":\"AWAITING_ANSWER\"");
    expect_id(&first, "/test|m-1|counter:A1|0");
    expect_id(&last, "/test|m-1|counter:A1|1");
    expect_contains(last.record.value, "\"total\":7");
    assert_false(in_view(world, "counter:A1/wait:0").present);
}

static void test_a_message_that_asks_again_is_announced_once_and_counts_on(void **state)
{
    struct world *world = *state;
    struct found found = { 0 };
    fill(world);
    give(world, "m-1", "counter.ask", "\"id\":\"A1\",\"to\":\"C1\",\"times\":3");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.deferred"), 1);
    struct found last = outcome_of(world, "counter.answered", 0);
    expect_id(&last, "/test|m-1|counter:A1|1");
    size_t questions = 0;
    while (committed_next(world, world->counter, &found)) {
        if (text_is(found_header(&found, "ce_type"), "makegood.internal.counter.question.v1")) {
            char name[64];
            snprintf(name, sizeof(name), "/test|m-1|counter:A1|to|counter:C1|%zu", questions++);
            expect_id(&found, name);
        }
    }
    assert_int_equal(questions, 3);
}

static void test_what_comes_later_queues_in_order(void **state)
{
    struct world *world = *state;
    fill(world);
    give(world, "m-1", "counter.ask", "\"id\":\"A1\",\"to\":\"C1\"");
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    give(world, "m-3", "counter.ask", "\"id\":\"A1\",\"to\":\"C1\"");
    give(world, "m-4", "counter.add", "\"id\":\"A1\"");
    settle(world);
    static const char *const order[] = { "counter.answered", "counter.added", "counter.answered",
                                         "counter.added" };
    struct found found = { 0 };
    size_t at = 0;
    while (committed_next(world, world->counter_outcome, &found)) {
        if (text_is(found.record.key, "counter:A1") &&
            !text_is(found_header(&found, "makegood-verdict"), "deferred") &&
            !contains(found_header(&found, "ce_type"), "command.")) {
            assert_true(at < 4);
            expect_contains(found_header(&found, "ce_type"), order[at++]);
        }
    }
    assert_int_equal(at, 4);
    found = outcome_of(world, "command.deferred", 1);
    expect_contains(found.record.value, "\"code\":\"AWAITING_TURN\"");
}

static void test_a_full_queue_rejects_but_not_what_workers_send(void **state)
{
    struct world *world = *state;
    fill(world);
    give(world, "m-1", "counter.ask", "\"id\":\"A1\",\"to\":\"C1\"");
    for (int i = 0; i < 100; i++) {
        char id[16];
        snprintf(id, sizeof(id), "q-%d", i);
        give(world, id, "counter.add", "\"id\":\"A1\"");
    }
    give(world, "m-2", "counter.tell", "\"id\":\"A2\",\"to\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 1);
    struct found found = outcome_of(world, "command.rejected", 0);
    expect_contains(found.record.value, "TOO_MANY_WAITING");
}

static void test_a_question_survives_a_crash(void **state)
{
    struct world *world = *state;
    fill(world);
    give(world, "m-1", "counter.ask", "\"id\":\"A1\",\"to\":\"C1\"");
    steps(world, &world->a, 1);
    assert_int_equal(outcomes_of(world, "command.deferred"), 1);
    process_kill(&world->a);
    process_start(world, &world->a, "makegood-b", run_both);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.answered"), 1);
}

static void test_an_answer_that_nobody_awaits_changes_nothing(void **state)
{
    struct world *world = *state;
    char id[UUID_TEXT_SIZE];
    uuid5(TEXT("x|y|counter:C1|to|counter:A1|0"), id);
    struct header headers[] = { { TEXT("makegood-name"), TEXT("x|y|counter:C1|to|counter:A1|0") },
                                { TEXT("makegood-to"), TEXT("counter:A1") },
                                { TEXT("makegood-origin"), TEXT("x") },
                                { TEXT("ce_specversion"), TEXT("1.0") },
                                { TEXT("ce_id"), text_of(id) },
                                { TEXT("ce_source"), TEXT("/makegood/counter") },
                                { TEXT("ce_type"), TEXT("makegood.internal.counter.answer.v1") } };
    broker_append(world->broker, world->counter, 0, TEXT("counter:A1"), TEXT("{\"id\":\"A1\"}"), headers,
                  sizeof(headers) / sizeof(headers[0]));
    headers[2].value = TEXT("x|y");
    broker_append(world->broker, world->counter, 0, TEXT("counter:A1"), TEXT("{\"id\":\"A1\"}"), headers,
                  sizeof(headers) / sizeof(headers[0]));
    settle(world);
    assert_int_equal(outcomes_of(world, "command.unchanged"), 2);
    struct found found = outcome_of(world, "command.unchanged", 0);
    assert_false(contains(found.record.value, "\"command\"")); /* its first cause cannot be read */
}

static void test_a_waiting_message_that_cannot_be_read_halts(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
    process_stop(&world->a);
    struct record record = { .body_version = 1, .body = TEXT("\x7f\x7f") };
    broker_append(world->broker, world->counter_state, 0, TEXT("counter:A1/wait:0"),
                  record_write(&record, &world->arena), NULL, 0);
    process_start(world, &world->a, "makegood-a", run_both);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    expect_halt(world, ERR_CONFIG, "counter:A1/wait:0");
    assert_int_equal(outcomes_of(world, "counter.added"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_answer_ends_the_wait),
        CASE(test_a_message_that_asks_again_is_announced_once_and_counts_on),
        CASE(test_what_comes_later_queues_in_order),
        CASE(test_a_full_queue_rejects_but_not_what_workers_send),
        CASE(test_a_question_survives_a_crash),
        CASE(test_an_answer_that_nobody_awaits_changes_nothing),
        CASE(test_a_waiting_message_that_cannot_be_read_halts),
    };
    return cmocka_run_group_tests_name("asking", tests, NULL, NULL);
}
