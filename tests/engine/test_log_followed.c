/* A state log that is followed into the view: in pieces, up to its end without being told of the end, and when
 * the view does not take it. */
#include "support/faulty_world.h"

#include "engine/record.h"

static void grow(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char id[16], data[64];
        snprintf(id, sizeof(id), "g-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"G%d\",\"size\":100000", i);
        give(world, id, "counter.grow", data);
    }
    settle(world);
}

/* Another process finds an empty view. */
static void wipe_and_restart(struct faulty_world *faulty)
{
    struct world *world = &faulty->world;
    process_stop(&world->a);
    view_memory_wipe(world->view);
    struct engine_setup setup = faulty_open(faulty, run_both);
    faulty->faults.fold_count = 0;
    process_begin(world, &world->a, &setup);
}

/* A few large states: it is their bytes that end a piece. */
static void test_what_is_folded_at_once_is_bounded_by_bytes(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    grow(world, 12);
    wipe_and_restart(faulty);
    settle(world);
    assert_true(faulty->faults.fold_count >= 4);
    for (size_t i = 0; i < faulty->faults.fold_count; i++) {
        assert_in_range(faulty->faults.folds[i].count, 1, 4);
    }
    assert_int_equal(outcomes_of(world, "counter.grown"), 12);
}

static void fail_next_fold(struct faulty_world *faulty, enum view_result result)
{
    faulty->faults.at = faulty->faults.calls;
    faulty->faults.again = true;
    faulty->faults.again_call = VIEW_CALL_FOLD;
    faulty->faults.again_kind = FAULT_ANSWER;
    faulty->faults.again_result = (int32_t)result;
}

static void test_a_view_that_does_not_answer_is_waited_for(void **state)
{
    struct faulty_world *faulty = *state;
    grow(&faulty->world, 3);
    wipe_and_restart(faulty);
    fail_next_fold(faulty, VIEW_DOWN);
    settle(&faulty->world);
    assert_true(faulty->faults.again_hit);
    assert_true(in_view(&faulty->world, "counter:G2").present);
}

static void test_a_view_that_refuses_ends_the_process(void **state)
{
    struct faulty_world *faulty = *state;
    grow(&faulty->world, 3);
    wipe_and_restart(faulty);
    fail_next_fold(faulty, VIEW_REFUSED);
    expect_halt(&faulty->world, ERR_CONFIG, "planned failure");
}

/* The last record is the end: nobody need say so, what was read is folded. */
static void test_a_log_read_to_its_end_is_folded_without_being_told_of_the_end(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct progress progress = { 0, START_MS, TEXT("somebody"), PARTITIONS, { 1, 2 } };
    struct text value = progress_write(&progress, &world->arena);
    broker_append(world->broker, world->counter_state, 0, TEXT("@progress"), value, NULL, 0);
    steps(world, &world->a, 1); /* assigned, and settled */
    const struct bus_event nothing = { .kind = BUS_NOTHING };
    for (int i = 0; i < 3; i++) {
        faulty->faults.told = &nothing;
        faulty->faults.told_count = 1;
        steps(world, &world->a, 1);
    }
    struct bus_record record = { .place = { world->counter_state, 0 }, .append_time = true,
                                 .key = TEXT("@progress"), .value = value };
    const struct bus_event events[] = { { .kind = BUS_RECORD, .record = record }, nothing, nothing };
    faulty->faults.told = events;
    faulty->faults.told_count = 3;
    steps(world, &world->a, 2);
    assert_int_equal(view_index(world, "counter-0").index, 1);
    settle(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE(test_what_is_folded_at_once_is_bounded_by_bytes),
        FAULTY_CASE(test_a_view_that_does_not_answer_is_waited_for),
        FAULTY_CASE(test_a_view_that_refuses_ends_the_process),
        FAULTY_CASE(test_a_log_read_to_its_end_is_folded_without_being_told_of_the_end),
    };
    return cmocka_run_group_tests_name("log followed", tests, NULL, NULL);
}
