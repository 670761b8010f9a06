/* One turn: what is decided, in which order, and what one transaction holds. */
#include "support/engine_world.h"

#include "engine/record.h"

static void test_an_input_gets_its_verdict(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":5");
    settle(world);
    assert_int_equal(committed_count(world, world->counter_outcome), 1);
    struct found found = outcome_of(world, "counter.added", 0);
    expect_text(found_header(&found, "makegood-verdict"), "applied");
    expect_text(found.record.key, "counter:A1");
    expect_contains(found.record.value, "\"total\":5");
}

static void test_the_ids_of_outcomes_follow_from_the_input(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.fine", "\"id\":\"A1\"");
    settle(world);
    struct found verdict = outcome_of(world, "command.rejected", 0);
    struct found further = outcome_of(world, "counter.fined", 0);
    expect_id(&verdict, "/test|m-1|counter:A1|0");
    expect_id(&further, "/test|m-1|counter:A1|1");
}

static void test_a_verdict_cites_topic_partition_and_offset(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    int64_t offset = give(world, "m-2", "counter.refuse", "\"id\":\"A1\"");
    settle(world);
    char cited[64];
    snprintf(cited, sizeof(cited), "counter/%d/%lld", home_of("counter:A1"), (long long)offset);
    struct found found = outcome_of(world, "command.rejected", 0);
    expect_text(found_header(&found, "makegood-input"), cited);
}

static void test_an_outcome_carries_the_common_members_and_headers(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"batchId\":\"B1\",\"line\":7");
    settle(world);
    struct found found = outcome_of(world, "counter.added", 0);
    expect_text(found_header(&found, "ce_specversion"), "1.0");
    expect_text(found_header(&found, "ce_source"), "/makegood/counter");
    expect_text(found_header(&found, "ce_subject"), "counter:A1");
    expect_text(found_header(&found, "ce_time"), "1970-01-01T00:16:40.000Z");
    expect_text(found_header(&found, "content-type"), "application/json");
    expect_text(found_header(&found, "ce_dataschema"), "urn:makegood:schema:makegood.counter.added.v1");
    expect_text(found_header(&found, "ce_causationid"), "m-1");
    expect_text(found_header(&found, "ce_correlationid"), "B1");
    expect_text(found.record.value,
                "{\"entity\":\"counter:A1\",\"version\":1,\"effectiveTime\":\"1970-01-01T00:16:40.000Z\","
                "\"command\":{\"source\":\"/test\",\"id\":\"m-1\",\"type\":\"makegood.counter.add.v1\"},"
                "\"batchId\":\"B1\",\"line\":7,\"total\":1}");
}

static void test_messages_of_one_entity_are_decided_in_the_order_of_the_log(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":5");
    give(world, "m-2", "counter.take", "\"id\":\"A1\",\"amount\":5");
    give(world, "m-3", "counter.check", "\"id\":\"A1\"");
    settle(world);
    struct found found = outcome_of(world, "command.rejected", 0);
    expect_contains(found.record.value, "\"code\":\"EMPTY\"");
    expect_contains(found.record.value, "\"pointer\":\"/amount\"");
}

static void test_the_version_counts_changes_alone(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    give(world, "m-2", "counter.refuse", "\"id\":\"A1\"");
    give(world, "m-3", "counter.check", "\"id\":\"A1\"");
    give(world, "m-4", "counter.fine", "\"id\":\"A1\"");
    give(world, "m-5", "counter.add", "\"id\":\"A1\"");
    settle(world);
    struct found unchanged = outcome_of(world, "command.unchanged", 0);
    struct found last = outcome_of(world, "counter.added", 1);
    expect_contains(unchanged.record.value, "\"version\":1");
    expect_contains(last.record.value, "\"version\":3");
}

static void test_what_a_rejection_puts_is_dropped_unless_it_counts(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.refuse", "\"id\":\"A1\"");
    give(world, "m-2", "counter.fine", "\"id\":\"A1\"");
    give(world, "m-3", "counter.add", "\"id\":\"A1\",\"amount\":10");
    settle(world);
    struct found found = outcome_of(world, "counter.added", 0);
    expect_contains(found.record.value, "\"total\":9");
}

static void test_the_state_is_the_same_after_a_restart(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"amount\":5");
    settle(world);
    process_stop(&world->a);
    process_start(world, &world->a, "makegood-a", run_both);
    give(world, "m-2", "counter.add", "\"id\":\"A1\",\"amount\":5");
    settle(world);
    struct found found = outcome_of(world, "counter.added", 1);
    expect_contains(found.record.value, "\"total\":10");
}

static void test_a_part_has_a_record_of_its_own_beside_its_entity(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.box", "\"id\":\"A1\",\"box\":\"b1\",\"amount\":3");
    give(world, "m-2", "counter.box", "\"id\":\"A1\",\"box\":\"b1\",\"amount\":4");
    settle(world);
    assert_true(in_view(world, "counter:A1/box:b1").present);
    struct found found = outcome_of(world, "counter.boxed", 1);
    expect_contains(found.record.value, "\"total\":7");
    for (size_t i = 0; committed_at(world, world->counter_state, i, &found); i++) {
        assert_int_equal(found.record.place.partition, home_of("counter:A1"));
    }
}

static void test_a_removed_part_is_an_empty_record_and_gone_from_the_view(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.box", "\"id\":\"A1\",\"box\":\"b1\"");
    settle(world);
    give(world, "m-2", "counter.drop", "\"id\":\"A1\",\"box\":\"b1\"");
    settle(world);
    assert_false(in_view(world, "counter:A1/box:b1").present);
    struct found found, last = { 0 };
    for (size_t i = 0; committed_at(world, world->counter_state, i, &found); i++) {
        assert_non_null(found.record.value.at); /* never a tombstone */
        last = text_is(found.record.key, "counter:A1/box:b1") ? found : last;
    }
    int64_t due_ms;
    uint8_t flags;
    assert_int_equal(record_prefix(last.record.value, &due_ms, &flags), RECORD_OK);
    assert_int_equal(flags & RECORD_EMPTY, RECORD_EMPTY);
}

/* Each message needs a part that is not at hand until the one before is decided. */
static void test_a_hundred_messages_that_each_need_a_part_are_one_turn(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < 100; i++) {
        char id[16], data[64];
        snprintf(id, sizeof(id), "m-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"A1\",\"box\":\"b%d\"", i);
        give(world, id, "counter.box", data);
    }
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.boxed"), 100);
}

/* The records of a state partition, transaction by transaction: marker by marker. */
static void test_progress_is_the_first_record_of_each_transaction(void **state)
{
    struct world *world = *state;
    int32_t home = home_of("counter:A1");
    for (int i = 0; i < 3; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", i);
        give(world, id, "counter.add", "\"id\":\"A1\"");
        settle(world);
    }
    struct bus_record record;
    enum broker_state is, before = BROKER_MARKER;
    int firsts = 0;
    for (int64_t at = 0; broker_read(world->broker, world->counter_state, home, at, &record, &is); at++) {
        if (before == BROKER_MARKER) {
            expect_text(record.key, "@progress");
            firsts++;
        }
        before = is;
    }
    assert_int_equal(firsts, 3);
}

static struct progress last_progress(struct world *world, int32_t partition)
{
    struct progress progress = { 0 };
    struct found found;
    for (size_t i = 0; committed_at(world, world->counter_state, i, &found); i++) {
        if (found.record.place.partition == partition && text_is(found.record.key, "@progress")) {
            assert_true(progress_read(found.record.value, &progress));
        }
    }
    return progress;
}

static void test_progress_names_offset_time_owner_count_and_log(void **state)
{
    struct world *world = *state;
    int32_t home = home_of("counter:A1");
    int64_t offset = give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    struct progress first = last_progress(world, home);
    assert_int_equal(first.next_input, offset + 1);
    assert_int_equal(first.time_ms, START_MS);
    expect_text(first.owner, "makegood-a");
    assert_int_equal(first.partition_count, PARTITIONS);
    assert_true(first.log_id.low != 0 || first.log_id.high != 0);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_true(hash128_equal(last_progress(world, home).log_id, first.log_id));
}

static void test_the_groups_offsets_are_committed_with_the_turn(void **state)
{
    struct world *world = *state;
    int64_t offset = give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(
        broker_offset(world->broker, "makegood", world->counter, home_of("counter:A1")), offset + 1);
}

static void test_a_turn_of_two_partitions_is_one_transaction(void **state)
{
    struct world *world = *state;
    settle(world);
    assert_int_not_equal(home_of("counter:A1"), home_of("counter:C1"));
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    give(world, "m-2", "counter.add", "\"id\":\"C1\"");
    steps(world, &world->a, 1);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
    assert_int_equal(last_progress(world, 0).next_input, 1);
    assert_int_equal(last_progress(world, 1).next_input, 1);
}

static void test_effective_time_never_goes_back(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    broker_set_time(world->broker, START_MS - 5000); /* another leader, with a clock that is behind */
    give(world, "m-2", "counter.check", "\"id\":\"A1\"");
    settle(world);
    struct found found = outcome_of(world, "command.unchanged", 0);
    expect_contains(found.record.value, "\"effectiveTime\":\"1970-01-01T00:16:40.000Z\"");
}

static void test_client_timestamps_halt(void **state)
{
    struct world *world = *state;
    settle(world);
    broker_set_append_time(world->broker, false);
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    expect_halt(world, ERR_CONFIG, "LogAppendTime");
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
}

static void test_the_view_equals_the_state_log(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.box", "\"id\":\"A1\",\"box\":\"b1\"");
    give(world, "m-2", "counter.add", "\"id\":\"A2\"");
    give(world, "m-3", "counter.add", "\"id\":\"A2\"");
    settle(world);
    struct found found;
    for (size_t i = 0; committed_at(world, world->counter_state, i, &found); i++) {
        if (!text_is(found.record.key, "@progress")) {
            struct text key = arena_printf(&world->arena, "%.*s", TEXT_ARGS(found.record.key));
            assert_true(in_view(world, key.at).present);
        }
    }
    struct text a2 = { 0 };
    for (size_t i = 0; committed_at(world, world->counter_state, i, &found); i++) {
        a2 = text_is(found.record.key, "counter:A2") ? found.record.value : a2;
    }
    assert_true(text_equal(in_view(world, "counter:A2").value, a2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_input_gets_its_verdict),
        CASE(test_the_ids_of_outcomes_follow_from_the_input),
        CASE(test_a_verdict_cites_topic_partition_and_offset),
        CASE(test_an_outcome_carries_the_common_members_and_headers),
        CASE(test_messages_of_one_entity_are_decided_in_the_order_of_the_log),
        CASE(test_the_version_counts_changes_alone),
        CASE(test_what_a_rejection_puts_is_dropped_unless_it_counts),
        CASE(test_the_state_is_the_same_after_a_restart),
        CASE(test_a_part_has_a_record_of_its_own_beside_its_entity),
        CASE(test_a_removed_part_is_an_empty_record_and_gone_from_the_view),
        CASE(test_a_hundred_messages_that_each_need_a_part_are_one_turn),
        CASE(test_progress_is_the_first_record_of_each_transaction),
        CASE(test_progress_names_offset_time_owner_count_and_log),
        CASE(test_the_groups_offsets_are_committed_with_the_turn),
        CASE(test_a_turn_of_two_partitions_is_one_transaction),
        CASE(test_effective_time_never_goes_back),
        CASE(test_client_timestamps_halt),
        CASE(test_the_view_equals_the_state_log),
    };
    return cmocka_run_group_tests_name("turn", tests, NULL, NULL);
}
