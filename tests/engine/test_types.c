/* Types of entities and parts whose names begin alike: each key has the type that it names. */
#include "base/ensure.h"
#include "support/engine_world.h"

static void count_add(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = { .total = command->amount };
    state.due_ms = FIELD_ABSENT;
    decision_put(decision, &state, 0);
    decision_put_part(decision, TEXT("coins:1"), &state, 0);
    decision_put_part(decision, TEXT("coin:1"), &state, 0);
    const struct counter_state *coin = decision_part(decision, TEXT("coin:1"));
    const struct counter_state *coins = decision_part(decision, TEXT("coins:1"));
    ENSURE(coin != NULL && coins != NULL);
    decision_applied(decision, "counter.added", &counter_total_shape, &state);
}

static struct text count_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "count", ((const struct counter_command *)message)->id);
}

static const struct message_type count_messages[] = {
    { .name = "count.add", .shape = &counter_command_shape, .entity = count_entity,
      .handlers = { { "count", count_add } } },
};

/* Versions tell which one was found. */
static const struct state_type count_states[] = {
    { .entity_type = "count/coin", .shape = &counter_state_shape, .version = 1 },
    { .entity_type = "count/coins", .shape = &counter_state_shape, .version = 2 },
    { .entity_type = "count", .shape = &counter_state_shape, .version = 3 },
};

static const struct worker count_worker = { .name = "rate", /* whose topics are there */
                                            .messages = count_messages, .message_count = 1,
                                            .states = count_states, .state_count = 3 };

static const struct worker *const alike[] = { &count_worker, &counter_worker, NULL };

static void expect_version(struct world *world, const char *key, char version)
{
    struct view_find find = in_view(world, key);
    assert_true(find.present);
    assert_int_equal(find.value.at[1], version);
}

static void test_keys_have_the_type_that_they_name(void **state)
{
    struct world *world = *state;
    process_open(world, &world->a, "makegood-a");
    struct engine_setup setup = world_engine_setup(world, &world->a, run_both);
    setup.workers = alike;
    process_begin(world, &world->a, &setup);
    settle(world);
    char name[] = "count:A1";
    struct text value = TEXT("{\"specversion\":\"1.0\",\"id\":\"c-1\",\"source\":\"/test\","
                             "\"type\":\"makegood.count.add.v1\",\"data\":{\"id\":\"A1\"}}");
    give_raw(world, world->rate, home_of(name), value);
    give(world, "m-1", "counter.pass", "\"id\":\"A1\",\"to\":\"C1\""); /* whose type begins with "count" */
    settle(world);
    assert_int_equal(committed_count(world, world->rate_outcome), 1);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    expect_version(world, "count:A1", 3);
    expect_version(world, "count:A1/coin:1", 1);
    expect_version(world, "count:A1/coins:1", 2);
    expect_version(world, "counter:C1", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_EMPTY(test_keys_have_the_type_that_they_name),
    };
    return cmocka_run_group_tests_name("types", tests, NULL, NULL);
}
