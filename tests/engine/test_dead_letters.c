/* Inputs that cannot be understood: kept whole, with the reason; their neighbours are decided. */
#include "support/engine_world.h"

static struct found the_dead_letter(struct world *world)
{
    struct found found;
    assert_int_equal(committed_count(world, world->counter_dlq), 1);
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
    assert_true(committed_at(world, world->counter_dlq, 0, &found));
    return found;
}

static void expect_dead(struct world *world, struct text value, const char *reason)
{
    give_raw(world, world->counter, 0, value);
    settle(world);
    struct found found = the_dead_letter(world);
    expect_text(found_header(&found, "dlq-reason"), reason);
    assert_true(text_equal(found.record.value, value));
}

static void expect_dead_string(struct world *world, const char *value, const char *reason)
{
    expect_dead(world, text_of(value), reason);
}

#define EVENT(members) "{\"specversion\":\"1.0\"," members "}"
#define KNOWN "\"type\":\"makegood.counter.add.v1\""
#define DATA "\"data\":{\"id\":\"A1\"}"

static void test_a_record_over_64_kib_is_too_large(void **state)
{
    char *bytes = calloc(1, 65537);
    memset(bytes, ' ', 65537);
    expect_dead(*state, (struct text){ bytes, 65537 }, "too-large");
    free(bytes);
}

static void test_what_is_not_json_is_malformed(void **state)
{
    expect_dead_string(*state, "hello", "malformed");
}

static void test_an_empty_record_is_malformed(void **state)
{
    expect_dead_string(*state, "", "malformed");
}

static void test_a_duplicate_member_is_malformed(void **state)
{
    expect_dead_string(*state, EVENT("\"id\":\"m\",\"id\":\"m\",\"source\":\"/test\"," KNOWN "," DATA),
                       "malformed");
}

static void test_a_workers_source_without_a_workers_id_is_malformed(void **state)
{
    expect_dead_string(*state,
                       EVENT("\"id\":\"m\",\"source\":\"/makegood/counter\"," KNOWN "," DATA),
                       "malformed");
}

static void test_a_missing_id_is_missing_id(void **state)
{
    expect_dead_string(*state, EVENT("\"source\":\"/test\"," KNOWN "," DATA), "missing-id");
}

static void test_an_empty_source_is_missing_id(void **state)
{
    expect_dead_string(*state, EVENT("\"id\":\"m\",\"source\":\"\"," KNOWN "," DATA), "missing-id");
}

static void test_an_unknown_type_is_unknown_type(void **state)
{
    expect_dead_string(*state,
                       EVENT("\"id\":\"m\",\"source\":\"/test\",\"type\":\"makegood.x.y.v1\"," DATA),
                       "unknown-type");
}

static void test_a_type_of_another_form_is_unknown_type(void **state)
{
    expect_dead_string(*state, EVENT("\"id\":\"m\",\"source\":\"/test\",\"type\":\"counter.add\"," DATA),
                       "unknown-type");
}

static void test_an_internal_type_from_outside_is_unknown_type(void **state)
{
    expect_dead_string(
        *state,
        EVENT("\"id\":\"m\",\"source\":\"/test\",\"type\":\"makegood.internal.counter.told.v1\"," DATA),
        "unknown-type");
}

static void test_a_type_of_another_topic_is_misdirected(void **state)
{
    expect_dead_string(
        *state, EVENT("\"id\":\"m\",\"source\":\"/test\",\"type\":\"makegood.rate.put.v1\"," DATA),
        "misdirected");
}

static void test_a_broken_field_is_schema_with_pointer_and_expectation(void **state)
{
    struct world *world = *state;
    expect_dead_string(
        world,
        EVENT("\"id\":\"m\",\"source\":\"/test\"," KNOWN ",\"data\":{\"id\":\"A1\",\"amount\":1.5}"),
        "schema");
    struct found found = the_dead_letter(world);
    expect_contains(found_header(&found, "dlq-detail"), "/data/amount expected an integer");
}

static void test_a_tombstone_is_malformed(void **state)
{
    struct world *world = *state;
    broker_append(world->broker, world->counter, 0, TEXT("k"), (struct text){ 0 }, NULL, 0);
    settle(world);
    struct found found = the_dead_letter(world);
    expect_text(found_header(&found, "dlq-reason"), "malformed");
}

static void test_a_header_makegood_to_of_a_strange_entity_is_malformed(void **state)
{
    struct world *world = *state;
    struct header to = { TEXT("makegood-to"), TEXT("rate:A1") };
    broker_append(world->broker, world->counter, 0, TEXT("k"),
                  TEXT(EVENT("\"id\":\"m\",\"source\":\"/test\"," KNOWN "," DATA)), &to, 1);
    settle(world);
    struct found found = the_dead_letter(world);
    expect_text(found_header(&found, "dlq-reason"), "malformed");
}

/* --- what a dead letter carries --- */

static void test_a_dead_letter_keeps_key_and_headers_and_says_where_it_was(void **state)
{
    struct world *world = *state;
    struct header own[] = { { TEXT("mine"), TEXT("value") }, { TEXT("empty"), { NULL, 0 } } };
    give(world, "m-0", "counter.add", "\"id\":\"A1\"");
    broker_append(world->broker, world->counter, 0, TEXT("its-key"), TEXT("hello"), own, 2);
    settle(world);
    struct found found;
    assert_true(committed_at(world, world->counter_dlq, 0, &found));
    expect_text(found.record.key, "its-key");
    expect_text(found.headers[0].name, "mine");
    expect_text(found.headers[0].value, "value");
    expect_text(found.headers[1].name, "empty");
    assert_null(found.headers[1].value.at);
    expect_text(found_header(&found, "dlq-topic"), "counter");
    expect_text(found_header(&found, "dlq-partition"), "0");
    expect_text(found_header(&found, "dlq-offset"), "1");
    expect_text(found_header(&found, "dlq-timestamp-ms"), "1000000");
    expect_text(found_header(&found, "dlq-worker"), "/makegood/counter");
    expect_text(found_header(&found, "dlq-first-failed-at"), "1970-01-01T00:16:40.000Z");
    expect_text(found_header(&found, "dlq-redrives"), "0");
}

static void test_a_record_without_key_has_a_dead_letter_without_key(void **state)
{
    struct world *world = *state;
    broker_append(world->broker, world->counter, 0, (struct text){ 0 }, TEXT("hello"), NULL, 0);
    settle(world);
    struct found found = the_dead_letter(world);
    assert_null(found.record.key.at);
}

static void test_a_megabyte_is_kept_whole(void **state)
{
    struct text megabyte = { calloc(1, 1000000), 1000000 };
    expect_dead(*state, megabyte, "too-large");
    free((void *)(uintptr_t)megabyte.at);
}

static void test_what_no_topic_takes_is_kept_by_reference(void **state)
{
    struct world *world = *state;
    struct text huge = { calloc(1, 3000000), 3000000 };
    give_raw(world, world->counter, 0, huge);
    settle(world);
    struct found found = the_dead_letter(world);
    struct hash128 hash = hash128(huge);
    struct text says = arena_printf(&world->arena,
                                    "xxh3-128 %016llx%016llx, 3000000 bytes, value holds the first 65536",
                                    (unsigned long long)hash.high, (unsigned long long)hash.low);
    expect_text(found_header(&found, "dlq-reason"), "too-large");
    expect_text(found_header(&found, "dlq-by-reference"), says.at);
    assert_int_equal(found.record.value.size, 65536);
    free((void *)(uintptr_t)huge.at);
}

/* Not the value is too big but what stands around it. */
static void test_headers_that_no_topic_takes_are_left_out(void **state)
{
    struct world *world = *state;
    struct text huge = { calloc(1, 3000000), 3000000 };
    struct header header = { TEXT("mine"), huge };
    broker_append(world->broker, world->counter, 0, TEXT("k"), TEXT("hello"), &header, 1);
    settle(world);
    struct found found = the_dead_letter(world);
    expect_text(found.record.value, "hello");
    expect_text(found.record.key, "k");
    assert_null(found_header(&found, "mine").at);
    expect_contains(found_header(&found, "dlq-by-reference"), "1 headers");
    free((void *)(uintptr_t)huge.at);
}

static void test_a_key_that_no_topic_takes_is_left_out(void **state)
{
    struct world *world = *state;
    struct text huge = { calloc(1, 3000000), 3000000 };
    broker_append(world->broker, world->counter, 0, huge, TEXT("hello"), NULL, 0);
    settle(world);
    struct found found = the_dead_letter(world);
    expect_text(found.record.value, "hello");
    assert_null(found.record.key.at);
    expect_contains(found_header(&found, "dlq-by-reference"), "key of 3000000 bytes");
    free((void *)(uintptr_t)huge.at);
}

static void test_the_neighbours_of_a_broken_record_are_decided(void **state)
{
    struct world *world = *state;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    give_raw(world, world->counter, 0, TEXT("{"));
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.added"), 2);
    assert_int_equal(committed_count(world, world->counter_dlq), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_record_over_64_kib_is_too_large),
        CASE(test_what_is_not_json_is_malformed),
        CASE(test_an_empty_record_is_malformed),
        CASE(test_a_duplicate_member_is_malformed),
        CASE(test_a_workers_source_without_a_workers_id_is_malformed),
        CASE(test_a_missing_id_is_missing_id),
        CASE(test_an_empty_source_is_missing_id),
        CASE(test_an_unknown_type_is_unknown_type),
        CASE(test_a_type_of_another_form_is_unknown_type),
        CASE(test_an_internal_type_from_outside_is_unknown_type),
        CASE(test_a_type_of_another_topic_is_misdirected),
        CASE(test_a_broken_field_is_schema_with_pointer_and_expectation),
        CASE(test_a_tombstone_is_malformed),
        CASE(test_a_header_makegood_to_of_a_strange_entity_is_malformed),
        CASE(test_a_dead_letter_keeps_key_and_headers_and_says_where_it_was),
        CASE(test_a_record_without_key_has_a_dead_letter_without_key),
        CASE(test_a_megabyte_is_kept_whole),
        CASE(test_what_no_topic_takes_is_kept_by_reference),
        CASE(test_headers_that_no_topic_takes_are_left_out),
        CASE(test_a_key_that_no_topic_takes_is_left_out),
        CASE(test_the_neighbours_of_a_broken_record_are_decided),
    };
    return cmocka_run_group_tests_name("dead_letters", tests, NULL, NULL);
}
