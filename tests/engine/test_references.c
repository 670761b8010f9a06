/* References: other workers' states in the view, never older than a second and never wrong, however the
 * view stands; and only the input partitions that look there wait. */
#include "support/faulty_world.h"

#include "engine/record.h"

/* a decides counters and looks at rates, which b decides. */
static int refs_setup(void **state)
{
    faulty_setup_empty(state);
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    struct engine_setup setup = faulty_open(faulty, run_counter);
    process_begin(world, &world->a, &setup);
    struct bus_memory_setup other = { "rates", "makegood-b", "" };
    world->b.bus = bus_memory_new(world->broker, &other);
    setup = world_engine_setup(world, &world->b, run_rate);
    process_begin(world, &world->b, &setup);
    return 0;
}

static void put_rate(struct world *world, const char *id, const char *data)
{
    give(world, id, "rate.put", data);
    assert_int_equal(settle_process(world, &world->b), OK);
}

static void expect_total(struct world *world, size_t nth, const char *total)
{
    struct found found = outcome_of(world, "counter.priced", nth);
    expect_contains(found.record.value, total);
}

static void test_a_reference_of_another_process_is_found(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    expect_total(world, 0, "\"total\":7");
}

static void test_an_outcome_names_the_version_it_used(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    struct found found = outcome_of(world, "counter.priced", 0);
    expect_text(found_header(&found, "makegood-terms"), "A3/7");
    expect_contains(found.record.value,
                    "\"terms\":{\"contractId\":\"A3\",\"version\":7,\"rule\":\"default\"}");
}

static void test_a_reference_that_was_never_put_is_none(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    struct found found = outcome_of(world, "command.rejected", 0);
    expect_contains(found.record.value, "RATE_NOT_FOUND");
}

static void test_a_change_is_seen(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    put_rate(world, "r-2", "\"id\":\"A3\",\"amount\":20");
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    expect_total(world, 1, "\"total\":27");
}

static void test_a_rate_that_comes_after_it_was_missed_is_found(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    expect_total(world, 0, "\"total\":7");
}

/* --- whatever the view holds --- */

static void test_an_empty_view_is_no_missing_rate_though_its_owner_is_dead(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    process_kill(&world->b);
    view_memory_wipe(world->view);
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    expect_total(world, 0, "\"total\":7");
}

static void test_a_flush_between_two_looks_changes_nothing(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    put_rate(world, "r-2", "\"id\":\"A4\",\"amount\":30");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    process_kill(&world->b);
    view_memory_wipe(world->view);
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A4\"");
    settle(world);
    expect_total(world, 1, "\"total\":37");
}

static void test_a_view_that_went_back_is_brought_forward_first(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    struct view_memory_copy *copy = view_memory_save(world->view);
    put_rate(world, "r-2", "\"id\":\"A3\",\"amount\":20");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A4\""); /* a follows the log now */
    settle(world);
    process_kill(&world->b);
    view_memory_restore(world->view, copy);
    view_memory_copy_free(copy);
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    expect_total(world, 0, "\"total\":20");
}

static void test_a_view_that_is_behind_is_folded_by_the_reader(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    give(world, "r-2", "rate.put", "\"id\":\"A3\",\"amount\":20");
    struct view_memory_copy *copy = view_memory_save(world->view);
    assert_int_equal(settle_process(world, &world->b), OK);
    process_kill(&world->b);
    view_memory_restore(world->view, copy); /* as if b had died between commit and fold */
    view_memory_copy_free(copy);
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    expect_total(world, 1, "\"total\":27");
}

/* While a could not fold, another process did, further than a has read. */
static void test_what_passed_unread_is_not_taken_from_memory(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    put_rate(world, "r-2", "\"id\":\"A4\",\"amount\":30");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A4\"");
    settle(world);
    put_rate(world, "r-3", "\"id\":\"A3\",\"amount\":100");
    view_memory_set_down(world->view, VIEW_DOWN);
    steps(world, &world->a, 3); /* reads r-3, cannot fold it */
    view_memory_set_down(world->view, VIEW_OK);
    put_rate(world, "r-4", "\"id\":\"A4\",\"amount\":1000");
    give(world, "m-3", "counter.price", "\"id\":\"A1\",\"to\":\"A4\"");
    settle(world);
    expect_total(world, 2, "\"total\":1037");
}

static void test_a_rate_in_an_open_transaction_is_not_seen(void **state)
{
    struct world *world = *state;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    give(world, "r-2", "rate.put", "\"id\":\"A3\",\"amount\":20");
    bus_memory_fail_next(world->b.bus, BUS_CALL_SEND_OFFSETS, BUS_RETIRE, false);
    steps(world, &world->b, 1);
    process_kill(&world->b);
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    expect_total(world, 0, "\"total\":7");
}

/* --- what cannot be read --- */

static void write_rate(struct world *world, uint8_t version, struct text body)
{
    struct progress progress = { 0, START_MS, TEXT("b"), PARTITIONS, { 1, 2 } };
    struct record record = { .body_version = version, .flags = RECORD_HEAD, .body = body };
    broker_append(world->broker, world->rate_state, 0, TEXT("@progress"),
                  progress_write(&progress, &world->arena), NULL, 0);
    broker_append(world->broker, world->rate_state, 0, TEXT("rate:A3"),
                  record_write(&record, &world->arena), NULL, 0);
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
}

static void test_a_reference_of_a_newer_release_halts(void **state)
{
    struct world *world = *state;
    write_rate(world, 2, TEXT("\1\2"));
    expect_halt(world, ERR_CONFIG, "rate:A3 was written by a newer release");
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
}

static void test_a_reference_that_is_broken_halts(void **state)
{
    struct world *world = *state;
    write_rate(world, 1, TEXT("\x7f\x7f"));
    expect_halt(world, ERR_CONFIG, "rate:A3 cannot be read");
}

/* An entity that only remembers inputs has a head and no state. */
static void test_a_reference_without_a_state_is_none(void **state)
{
    struct world *world = *state;
    write_rate(world, 0, (struct text){ 0 });
    settle(world);
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
}

/* --- who folds --- */

/* Between the look at the index and the fold another one folds the same records. */
static void faster(void *context, struct view *inner, struct text group, int64_t before)
{
    struct faulty_world *faulty = context;
    struct err_note note;
    int64_t index;
    if (text_is(group, "rate-0") && before >= 0) {
        faulty->faults.before_fold = NULL;
        inner->ops->fold(inner, group, before, before + 100, NULL, 0, &index, &note);
    }
}

static void test_a_reader_that_is_slower_than_the_owner_goes_on(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
    give(world, "r-2", "rate.put", "\"id\":\"A3\",\"amount\":20");
    view_memory_set_down(world->view, VIEW_DOWN);
    steps(world, &world->b, 1); /* committed, not folded */
    view_memory_set_down(world->view, VIEW_OK);
    faulty->faults.before_fold = faster;
    faulty->faults.fold_context = faulty;
    steps(world, &world->a, 2);
    assert_null(faulty->faults.before_fold); /* it was met */
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
}

/* --- freshness --- */

static void follow_rates(struct world *world)
{
    put_rate(world, "r-1", "\"id\":\"A3\",\"amount\":7");
    put_rate(world, "r-2", "\"id\":\"A1\",\"amount\":30");
    give(world, "m-1", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    settle(world);
}

static void test_a_log_whose_end_was_not_seen_for_a_second_is_waited_for(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    follow_rates(world);
    faulty->faults.unseen = (struct bus_place){ world->rate_state, 0 };
    faulty->faults.unseen_ms = 1001;
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    steps(world, &world->a, 100);
    assert_int_equal(outcomes_of(world, "counter.priced"), 1);
    assert_non_null(strstr(status_of(&world->a).waiting_for, "rate-state/0"));
    faulty->faults.unseen_ms = 1000;
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.priced"), 2);
}

static void test_only_the_partition_that_looks_there_waits(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    follow_rates(world);
    faulty->faults.unseen = (struct bus_place){ world->rate_state, 0 };
    faulty->faults.unseen_ms = 5000;
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    give(world, "m-3", "counter.add", "\"id\":\"A2\""); /* behind it on the same partition */
    give(world, "m-4", "counter.price", "\"id\":\"C1\",\"to\":\"A1\"");
    give(world, "m-5", "counter.add", "\"id\":\"C1\"");
    steps(world, &world->a, 100);
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    expect_total(world, 1, "\"total\":30");
    faulty->faults.unseen_ms = 0;
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
    assert_int_equal(outcomes_of(world, "counter.priced"), 3);
}

static void test_a_partition_that_waits_takes_records_in_order_afterwards(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    follow_rates(world);
    faulty->faults.unseen = (struct bus_place){ world->rate_state, 0 };
    faulty->faults.unseen_ms = 5000;
    give(world, "m-2", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    steps(world, &world->a, 50);
    give(world, "m-3", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    steps(world, &world->a, 50);
    faulty->faults.unseen_ms = 0;
    settle(world);
    struct found last = outcome_of(world, "counter.priced", 2);
    expect_id(&last, "/test|m-3|counter:A1|0");
}

static void test_a_timer_of_a_partition_that_waits_fires_afterwards(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    follow_rates(world);
    give(world, "m-2", "counter.add", "\"id\":\"A2\",\"inMs\":1000");
    settle(world);
    faulty->faults.unseen = (struct bus_place){ world->rate_state, 0 };
    faulty->faults.unseen_ms = 5000;
    give(world, "m-3", "counter.price", "\"id\":\"A1\",\"to\":\"A3\"");
    steps(world, &world->a, 50);
    world_time(world, START_MS + 9000);
    steps(world, &world->a, 50);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
    faulty->faults.unseen_ms = 0;
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

#define REFS(name) cmocka_unit_test_setup_teardown(name, refs_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REFS(test_a_reference_of_another_process_is_found),
        REFS(test_an_outcome_names_the_version_it_used),
        REFS(test_a_reference_that_was_never_put_is_none),
        REFS(test_a_change_is_seen),
        REFS(test_a_rate_that_comes_after_it_was_missed_is_found),
        REFS(test_an_empty_view_is_no_missing_rate_though_its_owner_is_dead),
        REFS(test_a_flush_between_two_looks_changes_nothing),
        REFS(test_a_view_that_went_back_is_brought_forward_first),
        REFS(test_a_view_that_is_behind_is_folded_by_the_reader),
        REFS(test_what_passed_unread_is_not_taken_from_memory),
        REFS(test_a_rate_in_an_open_transaction_is_not_seen),
        REFS(test_a_reference_of_a_newer_release_halts),
        REFS(test_a_reference_that_is_broken_halts),
        REFS(test_a_reference_without_a_state_is_none),
        REFS(test_a_reader_that_is_slower_than_the_owner_goes_on),
        REFS(test_a_log_whose_end_was_not_seen_for_a_second_is_waited_for),
        REFS(test_only_the_partition_that_looks_there_waits),
        REFS(test_a_partition_that_waits_takes_records_in_order_afterwards),
        REFS(test_a_timer_of_a_partition_that_waits_fires_afterwards),
    };
    return cmocka_run_group_tests_name("references", tests, NULL, NULL);
}
