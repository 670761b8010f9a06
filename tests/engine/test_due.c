/* Timers of parts that are due before a message: they come first, whatever lies in one batch. */
#include "support/engine_world.h"

static void give_box(struct world *world, int number, int in_ms)
{
    char id[16], data[80];
    snprintf(id, sizeof(id), "b-%d", number);
    snprintf(data, sizeof(data), "\"id\":\"A1\",\"box\":\"b%d\",\"inMs\":%d", number, in_ms);
    give(world, id, "counter.box", data);
}

static void give_ripe(struct world *world, const char *id, int boxes)
{
    char data[80];
    snprintf(data, sizeof(data), "\"id\":\"A1\",\"times\":%d", boxes);
    give(world, id, "counter.ripe", data);
}

static void expect_closed(struct world *world, size_t which, int closed)
{
    char text[32];
    struct found found = outcome_of(world, "counter.ripened", which);
    snprintf(text, sizeof(text), "\"total\":%d", closed);
    expect_contains(found.record.value, text);
}

/* Set and due within one batch: between two messages of it. */
static void test_a_timer_set_in_the_batch_fires_between_its_messages(void **state)
{
    struct world *world = *state;
    give_box(world, 0, 1000);
    world_time(world, START_MS + 999);
    give_ripe(world, "m-1", 1);
    world_time(world, START_MS + 1000);
    give_ripe(world, "m-2", 1);
    settle(world);
    expect_closed(world, 0, 1);
    expect_closed(world, 1, 0);
    struct found opened = outcome_of(world, "counter.opened", 0);
    expect_id(&opened, "counter:A1/box:b0|timer|open|1001000|0");
    assert_int_equal(outcomes_of(world, "counter.opened"), 1);
}

/* Committed, and due after the first message of a batch, before its last. */
static void test_a_timer_due_in_the_middle_of_a_batch_fires_there(void **state)
{
    struct world *world = *state;
    give_box(world, 0, 1000);
    settle(world);
    broker_set_time(world->broker, START_MS + 500);
    give_ripe(world, "m-1", 1);
    broker_set_time(world->broker, START_MS + 1500);
    give_ripe(world, "m-2", 1);
    settle(world);
    expect_closed(world, 0, 1);
    expect_closed(world, 1, 0);
    assert_int_equal(outcomes_of(world, "counter.opened"), 1);
}

/* So many due times of another entity as would fill a turn three times hold no message up, though it asks
 * for a timer of its own: they go on after it. */
static void test_a_burst_of_others_does_not_hold_an_asking_message_up(void **state)
{
    struct world *world = *state;
    enum { BOXES = 3500, TURN = 1000 };
    for (int i = 0; i < BOXES; i++) {
        give_box(world, i, 5000);
    }
    give(world, "b-own", "counter.box", "\"id\":\"A3\",\"box\":\"b0\",\"inMs\":5000");
    assert_int_equal(home_of("counter:A1"), home_of("counter:A3"));
    settle(world);
    world_time(world, START_MS + 7000);
    give(world, "m-1", "counter.ripe", "\"id\":\"A3\",\"times\":1");
    give(world, "a-1", "counter.add", "\"id\":\"A3\"");
    settle(world);
    expect_closed(world, 0, 0);
    assert_int_equal(outcomes_of(world, "counter.opened"), BOXES + 1);
    struct found ripened = outcome_of(world, "counter.ripened", 0);
    struct found behind = outcome_of(world, "counter.opened", 2 * TURN + 1);
    assert_true(ripened.record.offset < behind.record.offset);
}

/* More than a turn fires: the message waits for a batch of its own, in which it may ask for more; other
 * entities' messages of the batch are decided too, each once. */
static void test_more_timers_than_a_turn_fires_come_before_the_message(void **state)
{
    struct world *world = *state;
    enum { BOXES = 2500 };
    for (int i = 0; i < BOXES; i++) {
        give_box(world, i, 5000);
    }
    settle(world);
    broker_set_time(world->broker, START_MS + 4000);
    give(world, "a-1", "counter.add", "\"id\":\"A2\"");
    broker_set_time(world->broker, START_MS + 5000);
    give(world, "a-2", "counter.add", "\"id\":\"A2\"");
    give_ripe(world, "m-1", BOXES);
    give(world, "a-3", "counter.add", "\"id\":\"A2\"");
    settle(world);
    expect_closed(world, 0, 0);
    assert_int_equal(outcomes_of(world, "counter.opened"), BOXES);
    assert_int_equal(outcomes_of(world, "counter.added"), 3);
    assert_int_equal(outcomes_of(world, "counter.ripened"), 1);
    world_time(world, START_MS + 60000);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.opened"), BOXES);
}

/* More than even that: turns of timers alone, until none is left behind. */
static void test_more_timers_than_one_message_may_ask_for(void **state)
{
    struct world *world = *state;
    enum { BOXES = 100, TIMERS = 2 };
    process_open(world, &world->a, "makegood-a");
    struct engine_setup setup = world_engine_setup(world, &world->a, run_both);
    setup.turn_timers_max = TIMERS;
    process_begin(world, &world->a, &setup);
    for (int i = 0; i < BOXES; i++) {
        give_box(world, i, 5000);
    }
    settle(world);
    broker_set_time(world->broker, START_MS + 5000);
    give(world, "a-1", "counter.add", "\"id\":\"A2\"");
    give_ripe(world, "m-1", BOXES);
    give(world, "a-2", "counter.add", "\"id\":\"A2\"");
    settle(world);
    expect_closed(world, 0, 0);
    assert_int_equal(outcomes_of(world, "counter.opened"), BOXES);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_timer_set_in_the_batch_fires_between_its_messages),
        CASE(test_a_timer_due_in_the_middle_of_a_batch_fires_there),
        CASE(test_a_burst_of_others_does_not_hold_an_asking_message_up),
        CASE(test_more_timers_than_a_turn_fires_come_before_the_message),
        CASE_EMPTY(test_more_timers_than_one_message_may_ask_for),
    };
    return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
