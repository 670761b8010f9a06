/* Messages that say they come from a worker: what proves it, and what follows when they have no first cause. */
#include "support/sent_message.h"

static struct sent_message told(const char *name, const char *to)
{
    return (struct sent_message){ name, to, NULL, "internal.counter.told", "\"id\":\"A1\",\"amount\":2" };
}

static void test_a_message_whose_name_fits_is_taken(void **state)
{
    struct world *world = *state;
    give_sent(world, told("x|to|counter:A1|0", "counter:A1"));
    settle(world);
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 1);
    assert_int_equal(committed_count(world, world->counter_dlq), 0);
}

static void test_names_that_do_not_fit_are_malformed(void **state)
{
    static const struct sent_message forged[] = {
        { "", "counter:A1", NULL, NULL, NULL },
        { "x|to|counter:A1|0", NULL, NULL, NULL, NULL },                 /* to nobody */
        { "x|to|counter:A1|0", "counter:A1", "another-id", NULL, NULL },
        { "12345678901234567890", "counter:A1", NULL, NULL, NULL },      /* a number alone */
        { "x|to|counter:A1|", "counter:A1", NULL, NULL, NULL },          /* no number */
        { "|1", "counter:A1", NULL, NULL, NULL },                        /* no room for the target */
        { "x|at|counter:A1|0", "counter:A1", NULL, NULL, NULL },         /* no "to" */
        { "x|to|counter:A2|0", "counter:A1", NULL, NULL, NULL },         /* another target */
        { "x|to|counter:A1.0", "counter:A1", NULL, NULL, NULL },         /* no bar before the number */
    };
    struct world *world = *state;
    size_t count = sizeof(forged) / sizeof(forged[0]);
    for (size_t i = 0; i < count; i++) {
        struct sent_message sent = told(forged[i].name, forged[i].to);
        sent.id = forged[i].id;
        give_sent(world, sent);
    }
    settle(world);
    assert_int_equal(committed_count(world, world->counter_dlq), count);
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
    for (size_t i = 0; i < count; i++) {
        struct found found;
        assert_true(committed_at(world, world->counter_dlq, i, &found));
        expect_text(found_header(&found, "dlq-reason"), "malformed");
    }
}

/* What it sends on has no first cause either. */
static void test_a_message_without_a_first_cause_is_passed_on_without_one(void **state)
{
    struct world *world = *state;
    give_sent(world, (struct sent_message){ "x|to|counter:A1|0", "counter:A1", NULL, "counter.tell",
                                            "\"id\":\"A1\",\"to\":\"A1\"" });
    settle(world);
    struct found found = outcome_of(world, "internal.counter.heard", 0);
    assert_false(contains(found.record.value, "\"command\""));
}

/* --- what a timer sends --- */

static void expect_heard(struct world *world, int total)
{
    char text[32];
    struct found found = outcome_of(world, "internal.counter.heard", 0);
    snprintf(text, sizeof(text), "\"total\":%d", total);
    expect_contains(found.record.value, text);
    assert_false(contains(found.record.value, "\"command\"")); /* nobody asked for it */
}

static void test_a_timer_sends_by_a_name_of_its_own(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":5,\"to\":\"C1\",\"inMs\":1000");
    settle(world);
    world_time(world, START_MS + 9000);
    settle(world);
    expect_heard(world, 5);
    struct found found = { 0 };
    bool sent = false;
    while (committed_next(world, world->counter, &found)) {
        struct text name = found_header(&found, "makegood-name");
        sent = sent || text_is(name, "counter:A1|timer|empty|1001000|to|counter:C1|0");
    }
    assert_true(sent);
}

/* It needs a part that is not at hand in another process: it fires once that has been read. */
static void test_a_timer_that_needs_a_part_waits_for_it(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":5,\"to\":\"C1\",\"inMs\":1000");
    give(world, "m-2", "counter.box", "\"id\":\"A1\",\"box\":\"tips\",\"amount\":2");
    settle(world);
    process_stop(&world->a);
    process_start(world, &world->a, "makegood-a", run_both);
    settle(world);
    world_time(world, START_MS + 9000);
    settle(world);
    expect_heard(world, 7);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

/* A message is passed on and another one goes to the same target: each has its own number. */
static void test_what_is_passed_on_does_not_count_among_own_messages(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.pass", "\"id\":\"A1\",\"to\":\"C1\",\"amount\":3,\"times\":3");
    settle(world);
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 2);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    size_t named = 0;
    struct found found = { 0 };
    while (committed_next(world, world->counter, &found)) {
        struct text name = found_header(&found, "makegood-name");
        named += text_is(name, "/test|m-1|counter:A1|to|counter:C1|0") ||
                 text_is(name, "/test|m-1|counter:A1|to|counter:C1|1");
    }
    assert_int_equal(named, 2);
}

/* --- who decides what --- */

static void test_a_type_with_as_many_handlers_as_there_may_be(void **state)
{
    (void)state;
    const struct message_type type = { .name = "any",
                                       .handlers = { { "a", counter_add }, { "b", counter_add },
                                                     { "c", counter_add }, { "d", counter_check } } };
    assert_ptr_equal(message_handler(&type, TEXT("d:1")), &type.handlers[3]);
    assert_null(message_handler(&type, TEXT("e:1")));
    assert_null(message_handler(&type, TEXT("a")));
    assert_null(message_handler(&type, TEXT("ab1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_message_whose_name_fits_is_taken),
        CASE(test_names_that_do_not_fit_are_malformed),
        CASE(test_a_message_without_a_first_cause_is_passed_on_without_one),
        CASE(test_a_timer_sends_by_a_name_of_its_own),
        CASE(test_a_timer_that_needs_a_part_waits_for_it),
        CASE(test_what_is_passed_on_does_not_count_among_own_messages),
        cmocka_unit_test(test_a_type_with_as_many_handlers_as_there_may_be),
    };
    return cmocka_run_group_tests_name("senders", tests, NULL, NULL);
}
