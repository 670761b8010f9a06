/* What a rule looks at in another worker's states is at most about a second old, whatever happened to
 * the view and to the log between. */
#include "support/engine_world.h"

static int one_partition(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    world_make(world, 1);
    *state = world;
    process_start(world, &world->a, "makegood-a", run_counter);
    process_start(world, &world->b, "makegood-b", run_rate);
    assert_int_equal(settle_process(world, &world->b), OK);
    settle(world);
    return 0;
}

static void put_rate(struct world *world, const char *id, const char *rate)
{
    struct text data = arena_printf(&world->arena, "\"id\":\"%s\",\"amount\":7%c", rate, 0);
    give_to(world, 0, id, "rate.put", data.at);
}

static void ask_price(struct world *world, const char *id)
{
    give_to(world, 0, id, "counter.price", "\"id\":\"A1\",\"to\":\"R1\"");
    settle(world);
}

/* The reader's own fold fails, so that it looks anew where the view stands; by then the view has R1. */
static void a_reference_is_read_again_when_its_log_is_followed_from_another_place(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "R0");
    assert_int_equal(settle_process(world, &world->b), OK);
    ask_price(world, "m-1");
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
    view_memory_set_down(world->view, VIEW_DOWN);
    put_rate(world, "r-2", "R0");
    steps(world, &world->b, 1);
    assert_int_equal(committed_count(world, world->rate_outcome), 2); /* committed, not folded */
    steps(world, &world->a, 2);
    view_memory_set_down(world->view, VIEW_OK);
    put_rate(world, "r-3", "R1");
    assert_int_equal(settle_process(world, &world->b), OK);
    ask_price(world, "m-2");
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
    assert_int_equal(outcomes_of(world, "counter.priced"), 1);
}

/* The last stable offset stands still before it, while others commit and fold behind it. */
static void a_view_ahead_of_a_zombies_open_transaction_is_no_lost_data(void **state)
{
    struct world *world = *state;
    struct bus_memory_setup setup = { "makegood", "zombie", "" };
    struct bus *zombie = bus_memory_new(world->broker, &setup);
    struct bus_message message = { .place = { world->rate_state, 0 }, .key = TEXT("rate:R9"),
                                   .value = TEXT("late") };
    assert_int_equal(zombie->ops->begin(zombie), BUS_OK);
    assert_int_equal(zombie->ops->produce(zombie, &message), BUS_OK);
    put_rate(world, "r-1", "R1");
    assert_int_equal(settle_process(world, &world->b), OK);
    ask_price(world, "m-1");
    assert_int_equal(outcomes_of(world, "counter.priced"), 1);
    zombie->ops->close(zombie);
}

#define CASE_ONE(name) cmocka_unit_test_setup_teardown(name, one_partition, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_ONE(a_reference_is_read_again_when_its_log_is_followed_from_another_place),
        CASE_ONE(a_view_ahead_of_a_zombies_open_transaction_is_no_lost_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
