/* Remembered inputs: the same source and id again, within the bound of what an entity remembers. */
#include "support/engine_world.h"

#include "engine/record.h"

static void test_the_same_message_again_is_a_duplicate(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    int64_t again = give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    struct found found = outcome_of(world, "command.duplicate", 0);
    char name[64], first[UUID_TEXT_SIZE];
    snprintf(name, sizeof(name), "/test|m-1|duplicate|counter/0/%lld", (long long)again);
    expect_text(found_header(&found, "makegood-verdict"), "duplicate");
    expect_id(&found, name);
    uuid5(TEXT("/test|m-1|counter:A1|0"), first);
    struct text ids = arena_printf(&world->arena, "\"originalOutcomeIds\":[\"%s\"]", first);
    expect_contains(found.record.value, ids.at);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
}

static void test_a_duplicate_lists_every_outcome_of_the_first_time(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.fine", "\"id\":\"A1\"");
    settle(world);
    give(world, "m-1", "counter.fine", "\"id\":\"A1\"");
    settle(world);
    struct found found = outcome_of(world, "command.duplicate", 0);
    char first[UUID_TEXT_SIZE], second[UUID_TEXT_SIZE];
    uuid5(TEXT("/test|m-1|counter:A1|0"), first);
    uuid5(TEXT("/test|m-1|counter:A1|1"), second);
    struct text ids = arena_printf(&world->arena, "[\"%s\",\"%s\"]", first, second);
    expect_contains(found.record.value, ids.at);
}

static void test_member_order_and_white_space_do_not_matter(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":2");
    give_to(world, home_of("counter:A1"), "m-1", "counter.add", " \"amount\" : 2, \"id\":\"A1\" ");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 1);
}

static void test_the_same_id_with_another_payload_is_a_conflict(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":2");
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":3");
    settle(world);
    struct found found;
    assert_true(committed_at(world, world->counter_dlq, 0, &found));
    expect_text(found_header(&found, "dlq-reason"), "id-conflict");
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    assert_int_equal(committed_count(world, world->counter_outcome), 1);
}

static void test_unknown_members_count_for_the_payload(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"unknown\":null");
    settle(world);
    assert_int_equal(committed_count(world, world->counter_dlq), 1);
}

static void test_a_rejected_message_is_remembered_too(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.check", "\"id\":\"A1\"");
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    give(world, "m-1", "counter.check", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 1);
    assert_int_equal(outcomes_of(world, "command.unchanged"), 0);
}

static void test_what_was_dead_lettered_is_not_remembered(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":\"x\"");
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
}

static void test_each_entity_has_its_own_memory(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    give(world, "m-1", "counter.add", "\"id\":\"A2\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
}

static void test_an_entity_that_only_forwards_remembers(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.pass", "\"id\":\"A1\",\"to\":\"C1\"");
    settle(world);
    give(world, "m-1", "counter.pass", "\"id\":\"A1\",\"to\":\"C1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.forwarded"), 1);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 1);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
}

static void give_many(struct world *world, int from, int to)
{
    for (int i = from; i < to; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", i);
        give(world, id, "counter.add", "\"id\":\"A1\"");
    }
    settle(world);
}

static void test_the_last_2048_inputs_are_remembered(void **state)
{
    struct world *world = *state;
    give_many(world, 0, SEEN_MAX);
    give(world, "m-0", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 1);
    assert_int_equal(outcomes_of(world, "counter.added"), SEEN_MAX);
}

static void test_the_one_before_the_last_2048_counts_as_new(void **state)
{
    struct world *world = *state;
    give_many(world, 0, SEEN_MAX + 1);
    give(world, "m-0", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 0);
    assert_int_equal(outcomes_of(world, "counter.added"), SEEN_MAX + 2);
    give(world, "m-2", "counter.add", "\"id\":\"A1\""); /* now the oldest that is remembered */
    settle(world);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 1);
}

/* The head stays small and the segments are used again: nothing grows. */
static void test_memory_of_inputs_does_not_grow_beyond_its_segments(void **state)
{
    struct world *world = *state;
    give_many(world, 0, 3 * SEEN_MAX);
    struct view_find head = in_view(world, "counter:A1");
    assert_true(head.value.size < 2048);
    assert_int_equal(head.count, 1 + SEEN_SEGMENTS + 1); /* the head, the segments, @progress */
}

static void test_memory_of_inputs_survives_a_restart(void **state)
{
    struct world *world = *state;
    give_many(world, 0, 100);
    process_stop(&world->a);
    process_start(world, &world->a, "makegood-a", run_both);
    give_many(world, 0, 100);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 100);
    assert_int_equal(outcomes_of(world, "counter.added"), 100);
}

static void test_an_offset_reset_of_the_group_doubles_nothing(void **state)
{
    struct world *world = *state;
    give_many(world, 0, 10);
    size_t outcomes = committed_count(world, world->counter_outcome);
    process_stop(&world->a);
    /* Another group has no offsets at all: the state log says where to go on. */
    struct bus_memory_setup setup = { "other-group", "makegood-a", "" };
    world->a.bus = bus_memory_new(world->broker, &setup);
    struct engine_setup engine = world_engine_setup(world, &world->a, run_both);
    process_begin(world, &world->a, &engine);
    settle(world);
    assert_int_equal(committed_count(world, world->counter_outcome), outcomes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_the_same_message_again_is_a_duplicate),
        CASE(test_a_duplicate_lists_every_outcome_of_the_first_time),
        CASE(test_member_order_and_white_space_do_not_matter),
        CASE(test_the_same_id_with_another_payload_is_a_conflict),
        CASE(test_unknown_members_count_for_the_payload),
        CASE(test_a_rejected_message_is_remembered_too),
        CASE(test_what_was_dead_lettered_is_not_remembered),
        CASE(test_each_entity_has_its_own_memory),
        CASE(test_an_entity_that_only_forwards_remembers),
        CASE(test_the_last_2048_inputs_are_remembered),
        CASE(test_the_one_before_the_last_2048_counts_as_new),
        CASE(test_memory_of_inputs_does_not_grow_beyond_its_segments),
        CASE(test_memory_of_inputs_survives_a_restart),
        CASE(test_an_offset_reset_of_the_group_doubles_nothing),
    };
    return cmocka_run_group_tests_name("duplicates", tests, NULL, NULL);
}
