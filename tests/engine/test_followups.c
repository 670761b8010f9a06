/* Messages between entities, and records that come to the wrong partition: exactly once, checked. */
#include "support/engine_world.h"

/* The nth record of counter's input that a header marks. */
static bool input_with(struct world *world, const char *header, size_t nth, struct found *found)
{
    for (size_t i = 0; committed_at(world, world->counter, i, found); i++) {
        if (found_header(found, header).at != NULL && nth-- == 0) {
            return true;
        }
    }
    return false;
}

static void test_a_message_to_another_entity_is_decided_once(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.tell", "\"id\":\"A1\",\"to\":\"C1\",\"amount\":5");
    settle(world);
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 1);
    struct found found = outcome_of(world, "internal.counter.heard", 0);
    expect_text(found.record.key, "counter:C1");
    expect_contains(found.record.value, "\"total\":5");
}

static void test_the_ids_of_messages_follow_from_sender_target_and_number(void **state)
{
    struct world *world = *state;
    struct found found;
    give(world, "m-1", "counter.tell", "\"id\":\"A1\",\"to\":\"C1\",\"times\":2");
    settle(world);
    assert_true(input_with(world, "makegood-name", 0, &found));
    expect_id(&found, "/test|m-1|counter:A1|to|counter:C1|0");
    expect_text(found_header(&found, "ce_source"), "/makegood/counter");
    expect_text(found_header(&found, "makegood-to"), "counter:C1");
    expect_text(found_header(&found, "makegood-from"), "counter:A1");
    assert_true(input_with(world, "makegood-name", 1, &found));
    expect_id(&found, "/test|m-1|counter:A1|to|counter:C1|1");
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 2);
}

static void test_the_first_cause_is_cited_all_the_way(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.tell", "\"id\":\"A1\",\"to\":\"C1\"");
    settle(world);
    struct found found = outcome_of(world, "internal.counter.heard", 0);
    expect_text(found_header(&found, "ce_causationid"), "m-1");
    expect_text(found_header(&found, "ce_correlationid"), "m-1");
    expect_contains(found.record.value,
                    "\"command\":{\"source\":\"/test\",\"id\":\"m-1\","
                    "\"type\":\"makegood.counter.tell.v1\"}");
}

static void test_messages_of_workers_are_not_remembered(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.tell", "\"id\":\"A1\",\"to\":\"C1\",\"times\":40");
    settle(world);
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 40);
    assert_false(in_view(world, "counter:C1/seen:0").present); /* 32 remembered ones would make it */
}

static void forge(struct world *world, const char *id, const char *name, const char *to)
{
    struct header headers[] = { { TEXT("makegood-name"), text_of(name) },
                                { TEXT("makegood-to"), text_of(to) },
                                { TEXT("ce_specversion"), TEXT("1.0") },
                                { TEXT("ce_id"), text_of(id) },
                                { TEXT("ce_source"), TEXT("/makegood/counter") },
                                { TEXT("ce_type"), TEXT("makegood.internal.counter.told.v1") } };
    broker_append(world->broker, world->counter, home_of(to), text_of(to), TEXT("{\"id\":\"C1\"}"),
                  headers, sizeof(headers) / sizeof(headers[0]));
    settle(world);
}

static void expect_forged(struct world *world, const char *id, const char *name, const char *to)
{
    struct found found;
    forge(world, id, name, to);
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
    assert_true(committed_at(world, world->counter_dlq, 0, &found));
    expect_text(found_header(&found, "dlq-reason"), "malformed");
}

static void test_a_workers_message_whose_id_does_not_fit_its_name_is_malformed(void **state)
{
    expect_forged(*state, "53601ba0-c565-5d90-a50c-600641e32990", "/test|m-1|counter:A1|to|counter:C1|0",
                  "counter:C1");
}

static void test_a_workers_message_for_another_target_is_malformed(void **state)
{
    char id[UUID_TEXT_SIZE];
    uuid5(TEXT("/test|m-1|counter:A1|to|counter:C2|0"), id);
    expect_forged(*state, id, "/test|m-1|counter:A1|to|counter:C2|0", "counter:C1");
}

static void test_a_workers_message_whose_name_has_no_number_is_malformed(void **state)
{
    char id[UUID_TEXT_SIZE];
    uuid5(TEXT("/test|m-1|counter:A1|to|counter:C1|"), id);
    expect_forged(*state, id, "/test|m-1|counter:A1|to|counter:C1|", "counter:C1");
}

static void test_a_workers_message_whose_name_is_too_short_is_malformed(void **state)
{
    char id[UUID_TEXT_SIZE];
    uuid5(TEXT("7"), id);
    expect_forged(*state, id, "7", "counter:C1");
}

static void test_a_workers_message_that_fits_is_decided(void **state)
{
    struct world *world = *state;
    char id[UUID_TEXT_SIZE];
    uuid5(TEXT("/test|m-1|counter:A1|to|counter:C1|0"), id);
    forge(world, id, "/test|m-1|counter:A1|to|counter:C1|0", "counter:C1");
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 1);
}

/* --- passed on under its own source and id --- */

static void test_a_forwarded_command_keeps_its_source_and_id(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.pass", "\"id\":\"A1\",\"to\":\"C1\",\"amount\":4");
    settle(world);
    struct found first = outcome_of(world, "command.forwarded", 0);
    struct found next = outcome_of(world, "counter.added", 0);
    expect_id(&first, "/test|m-1|counter:A1|0");
    expect_contains(first.record.value, "\"to\":\"counter:C1\"");
    expect_id(&next, "/test|m-1|counter:C1|0");
    expect_contains(next.record.value, "\"total\":4");
}

static void test_a_forwarding_entity_does_not_change_its_version(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.pass", "\"id\":\"A1\",\"to\":\"C1\"");
    settle(world);
    struct found found = outcome_of(world, "command.forwarded", 0);
    expect_contains(found.record.value, "\"version\":0");
}

static void test_a_forwarded_duplicate_is_known_at_its_target(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.pass", "\"id\":\"A1\",\"to\":\"C1\"");
    settle(world);
    give(world, "m-1", "counter.pass", "\"id\":\"A2\",\"to\":\"C1\"");
    settle(world);
    /* Another payload for the same source and id: its target sees the conflict. */
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
    assert_int_equal(committed_count(world, world->counter_dlq), 1);
}

/* --- on the wrong partition --- */

static int32_t wrong_for(const char *entity)
{
    return 1 - home_of(entity);
}

static void test_a_misrouted_record_is_forwarded_and_decided_at_home(void **state)
{
    struct world *world = *state;
    int64_t offset = give_to(world, wrong_for("counter:A1"), "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    struct found found = outcome_of(world, "command.forwarded", 0);
    char name[64];
    snprintf(name, sizeof(name), "/test|m-1|forwarded|counter/1/%lld", (long long)offset);
    expect_id(&found, name);
    expect_text(found_header(&found, "makegood-verdict"), "forwarded");
    expect_contains(found.record.value, "\"to\":\"counter:A1\"");
    struct found added = outcome_of(world, "counter.added", 0);
    expect_id(&added, "/test|m-1|counter:A1|0");
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
}

static void test_a_misrouted_duplicate_is_forwarded_and_then_a_duplicate(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    give_to(world, wrong_for("counter:A1"), "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.forwarded"), 1);
    assert_int_equal(outcomes_of(world, "command.duplicate"), 1);
}

static void test_a_copy_that_is_still_misrouted_halts(void **state)
{
    struct world *world = *state;
    struct header hop = { TEXT("makegood-hop"), TEXT("1") };
    settle(world);
    broker_append(world->broker, world->counter, wrong_for("counter:A1"), TEXT("k"),
                  TEXT("{\"specversion\":\"1.0\",\"id\":\"m-1\",\"source\":\"/test\","
                       "\"type\":\"makegood.counter.add.v1\",\"data\":{\"id\":\"A1\"}}"),
                  &hop, 1);
    expect_halt(world, ERR_CONFIG, "partition count");
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
}

static void test_a_workers_message_on_the_wrong_partition_halts(void **state)
{
    struct world *world = *state;
    char id[UUID_TEXT_SIZE];
    uuid5(TEXT("/test|m-1|counter:A1|to|counter:C1|0"), id);
    struct header headers[] = { { TEXT("makegood-name"), TEXT("/test|m-1|counter:A1|to|counter:C1|0") },
                                { TEXT("makegood-to"), TEXT("counter:C1") },
                                { TEXT("ce_specversion"), TEXT("1.0") },
                                { TEXT("ce_id"), text_of(id) },
                                { TEXT("ce_source"), TEXT("/makegood/counter") },
                                { TEXT("ce_type"), TEXT("makegood.internal.counter.told.v1") } };
    settle(world);
    broker_append(world->broker, world->counter, wrong_for("counter:C1"), TEXT("k"),
                  TEXT("{\"id\":\"C1\"}"), headers, sizeof(headers) / sizeof(headers[0]));
    expect_halt(world, ERR_CONFIG, "partition count");
}

static void test_a_forwarded_record_that_is_misrouted_is_decided_at_its_target(void **state)
{
    struct world *world = *state;
    struct header to = { TEXT("makegood-to"), TEXT("counter:C1") };
    broker_append(world->broker, world->counter, wrong_for("counter:C1"), TEXT("k"),
                  TEXT("{\"specversion\":\"1.0\",\"id\":\"m-1\",\"source\":\"/test\","
                       "\"type\":\"makegood.counter.pass.v1\",\"data\":{\"id\":\"A1\",\"to\":\"C1\"}}"),
                  &to, 1);
    settle(world);
    struct found found = outcome_of(world, "counter.added", 0);
    expect_text(found.record.key, "counter:C1");
}

/* --- through a crash --- */

static void test_a_message_is_exactly_once_when_the_receiver_dies(void **state)
{
    struct world *world = *state;
    settle(world);
    give(world, "m-1", "counter.tell", "\"id\":\"A1\",\"to\":\"C1\",\"times\":3");
    steps(world, &world->a, 1); /* told, not heard yet */
    assert_int_equal(outcomes_of(world, "counter.told"), 1);
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 0);
    process_kill(&world->a);
    process_start(world, &world->a, "makegood-b", run_both);
    settle(world);
    assert_int_equal(outcomes_of(world, "internal.counter.heard"), 3);
    assert_int_equal(outcomes_of(world, "counter.told"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_message_to_another_entity_is_decided_once),
        CASE(test_the_ids_of_messages_follow_from_sender_target_and_number),
        CASE(test_the_first_cause_is_cited_all_the_way),
        CASE(test_messages_of_workers_are_not_remembered),
        CASE(test_a_workers_message_whose_id_does_not_fit_its_name_is_malformed),
        CASE(test_a_workers_message_for_another_target_is_malformed),
        CASE(test_a_workers_message_whose_name_has_no_number_is_malformed),
        CASE(test_a_workers_message_whose_name_is_too_short_is_malformed),
        CASE(test_a_workers_message_that_fits_is_decided),
        CASE(test_a_forwarded_command_keeps_its_source_and_id),
        CASE(test_a_forwarding_entity_does_not_change_its_version),
        CASE(test_a_forwarded_duplicate_is_known_at_its_target),
        CASE(test_a_misrouted_record_is_forwarded_and_decided_at_home),
        CASE(test_a_misrouted_duplicate_is_forwarded_and_then_a_duplicate),
        CASE(test_a_copy_that_is_still_misrouted_halts),
        CASE(test_a_workers_message_on_the_wrong_partition_halts),
        CASE(test_a_forwarded_record_that_is_misrouted_is_decided_at_its_target),
        CASE(test_a_message_is_exactly_once_when_the_receiver_dies),
    };
    return cmocka_run_group_tests_name("followups", tests, NULL, NULL);
}
