/* Messages that wait at an entity of which nothing is at hand: another process decides them. */
#include "support/faulty_world.h"

static void take(struct world *world, int number)
{
    char id[16];
    snprintf(id, sizeof(id), "w-%d", number);
    give(world, id, "counter.take", "\"id\":\"A1\"");
}

static void check_often(struct world *world, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c-%d", i);
        give(world, id, "counter.check", "\"id\":\"A1\"");
    }
}

static void another_process(struct faulty_world *faulty)
{
    struct world *world = &faulty->world;
    settle(world);
    process_stop(&world->a);
    struct engine_setup setup = faulty_open(faulty, run_both);
    process_begin(world, &world->a, &setup);
    settle(world);
}

/* How often the view was read. */
static int64_t pass_an_hour(struct faulty_world *faulty)
{
    int64_t before = faulty->faults.count[VIEW_CALL_READ];
    world_time(&faulty->world, START_MS + COUNTER_WAIT_MS + 1000);
    settle(&faulty->world);
    return faulty->faults.count[VIEW_CALL_READ] - before;
}

/* All in one run. */
static void test_a_hundred_waits_end_by_time(void **state)
{
    struct faulty_world *faulty = *state;
    for (int i = 0; i < 100; i++) {
        take(&faulty->world, i);
    }
    another_process(faulty);
    assert_in_range(pass_an_hour(faulty), 1, 20); /* and not one by one */
    assert_int_equal(outcomes_of(&faulty->world, "command.rejected"), 100);
}

static void test_a_hundred_waiting_messages_are_woken(void **state)
{
    struct faulty_world *faulty = *state;
    for (int i = 0; i < 100; i++) {
        take(&faulty->world, i);
    }
    another_process(faulty);
    int64_t before = faulty->faults.count[VIEW_CALL_READ];
    give(&faulty->world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":100");
    settle(&faulty->world);
    assert_in_range(faulty->faults.count[VIEW_CALL_READ] - before, 1, 20);
    assert_int_equal(outcomes_of(&faulty->world, "counter.taken"), 100);
}

/* What each one needs besides is fetched when it is its turn: here the segment that remembers it. */
static void test_what_each_of_them_needs_may_take_a_round_of_its_own(void **state)
{
    struct faulty_world *faulty = *state;
    for (int i = 0; i < 64; i++) {
        take(&faulty->world, i);
        check_often(&faulty->world, i * 31, 31);
    }
    another_process(faulty);
    assert_in_range(pass_an_hour(faulty), 64, 100);
    assert_int_equal(outcomes_of(&faulty->world, "command.rejected"), 64 + 64 * 31);
}

/* Woken, it asks for a part that is not at hand either. */
static void test_one_that_needs_a_part_is_decided_once_that_is_read(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    give(world, "m-1", "counter.box", "\"id\":\"A1\",\"box\":\"b1\",\"amount\":4");
    give(world, "w-1", "counter.take", "\"id\":\"A1\",\"box\":\"b1\",\"amount\":5");
    another_process(faulty);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.taken"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE(test_a_hundred_waits_end_by_time),
        FAULTY_CASE(test_a_hundred_waiting_messages_are_woken),
        FAULTY_CASE(test_what_each_of_them_needs_may_take_a_round_of_its_own),
        FAULTY_CASE(test_one_that_needs_a_part_is_decided_once_that_is_read),
    };
    return cmocka_run_group_tests_name("waiting cold", tests, NULL, NULL);
}
