/* State records and @progress as bytes: what is written is read, whatever is cut or changed is refused. */
#include "support/cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "engine/record.h"
#include "engine/worker.h"

static int arena_setup(void **state)
{
    *state = calloc(1, sizeof(struct arena));
    return *state == NULL;
}

static int arena_teardown(void **state)
{
    arena_release(*state);
    free(*state);
    return 0;
}

static struct record full_record(struct seen *seen, struct waiting *waiting)
{
    for (uint32_t i = 0; i < 5; i++) {
        seen[i] = (struct seen){ { i, i + 1 }, { i + 2, UINT64_MAX }, i * 1000000 };
    }
    waiting[0] = (struct waiting){ 7, INT64_MAX, false };
    waiting[1] = (struct waiting){ 300, 0, true };
    return (struct record){ .body_version = 3,
                            .flags = RECORD_HEAD,
                            .due_ms = 253402300799999,
                            .head = { .version = 12345678901, .seen_total = 37, .seen = seen,
                                      .wait_next = 301, .waiting = waiting, .waiting_count = 2 },
                            .body = TEXT("body") };
}

static void test_a_record_is_read_as_it_was_written(void **state)
{
    struct seen seen[5];
    struct waiting waiting[2];
    struct record record = full_record(seen, waiting), read;
    struct text bytes = record_write(&record, *state);
    assert_int_equal(record_read(bytes, *state, &read), RECORD_OK);
    assert_int_equal(read.body_version, 3);
    assert_int_equal(read.due_ms, 253402300799999);
    assert_int_equal(read.head.version, 12345678901);
    assert_int_equal(read.head.seen_total, 37);
    assert_int_equal(read.head.seen[4].outcomes, 4000000);
    assert_true(hash128_equal(read.head.seen[4].payload, seen[4].payload));
    assert_int_equal(read.head.waiting_count, 2);
    assert_int_equal(read.head.waiting[0].until_ms, INT64_MAX);
    assert_true(read.head.waiting[1].asking);
    assert_true(text_is(read.body, "body"));
}

/* The body has no length of its own: whatever is left is the body. So only the head can be cut. */
static void test_a_record_that_is_cut_is_broken(void **state)
{
    struct seen seen[5];
    struct waiting waiting[2];
    struct record record = full_record(seen, waiting), read;
    struct text bytes = record_write(&record, *state);
    for (uint32_t size = 0; size < bytes.size - record.body.size; size++) {
        char *copy = malloc(size + 1); /* so that a read beyond is seen by a sanitizer */
        memcpy(copy, bytes.at, size);
        assert_int_equal(record_read((struct text){ copy, size }, *state, &read), RECORD_BROKEN);
        free(copy);
    }
}

static void test_any_bytes_are_read_or_refused(void **state)
{
    struct record read;
    uint64_t random = 42;
    for (int round = 0; round < 20000; round++) {
        char bytes[64];
        for (size_t i = 0; i < sizeof(bytes); i++) {
            random = random * 6364136223846793005U + 1442695040888963407U;
            bytes[i] = (char)(random >> 56);
        }
        bytes[0] = RECORD_ENVELOPE;
        bytes[10] = RECORD_HEAD;
        record_read((struct text){ bytes, sizeof(bytes) }, *state, &read);
        arena_reset(*state);
    }
}

static void test_a_newer_envelope_is_newer_and_an_older_one_broken(void **state)
{
    struct record record = { .flags = RECORD_EMPTY }, read;
    struct text bytes = record_write(&record, *state);
    char *envelope = (char *)(uintptr_t)bytes.at;
    *envelope = RECORD_ENVELOPE + 1;
    assert_int_equal(record_read(bytes, *state, &read), RECORD_NEWER);
    *envelope = 0;
    assert_int_equal(record_read(bytes, *state, &read), RECORD_BROKEN);
}

static void test_more_waiting_messages_than_can_be_are_broken(void **state)
{
    struct waiting waiting[WAITING_OWN_MAX + 1] = { { 0 } };
    struct record record = { .flags = RECORD_HEAD,
                             .head = { .waiting = waiting, .waiting_count = WAITING_OWN_MAX + 1 } };
    struct record read;
    assert_int_equal(record_read(record_write(&record, *state), *state, &read), RECORD_BROKEN);
    record.head.waiting_count--;
    assert_int_equal(record_read(record_write(&record, *state), *state, &read), RECORD_OK);
}

static void test_a_segment_is_read_as_it_was_written(void **state)
{
    struct seen seen[SEEN_PER_SEGMENT], *read;
    int64_t segment;
    uint32_t count;
    for (uint32_t i = 0; i < SEEN_PER_SEGMENT; i++) {
        seen[i] = (struct seen){ { i, 1 }, { i, 2 }, i };
    }
    struct text body = seen_pack(70, seen, SEEN_PER_SEGMENT, *state);
    assert_true(seen_unpack(body, *state, &segment, &read, &count));
    assert_int_equal(segment, 70);
    assert_int_equal(count, SEEN_PER_SEGMENT);
    assert_int_equal(read[31].outcomes, 31);
    for (uint32_t size = 0; size < body.size; size++) {
        assert_false(seen_unpack((struct text){ body.at, size }, *state, &segment, &read, &count));
    }
}

static void test_progress_is_read_as_it_was_written(void **state)
{
    struct progress progress = { 123456, 253402300799999, TEXT("makegood-a"), 12, { 1, 2 } }, read;
    struct text bytes = progress_write(&progress, *state);
    assert_true(progress_read(bytes, &read));
    assert_int_equal(read.next_input, 123456);
    assert_int_equal(read.time_ms, 253402300799999);
    assert_true(text_is(read.owner, "makegood-a"));
    assert_int_equal(read.partition_count, 12);
    assert_true(hash128_equal(read.log_id, progress.log_id));
    for (uint32_t size = 0; size < bytes.size; size++) {
        assert_false(progress_read((struct text){ bytes.at, size }, &read));
    }
}

/* --- names --- */

static void test_ids_are_escaped_in_the_names_of_entities(void **state)
{
    assert_true(text_is(entity_name(*state, "unit", TEXT("CASH/USD")), "unit:CASH%2FUSD"));
    assert_true(text_is(entity_name(*state, "action", TEXT("50%|x")), "action:50%25%7Cx"));
    assert_true(text_is(entity_name_two(*state, "oid", TEXT("70"), TEXT("a/b")), "oid:70:a%2Fb"));
}

static void test_a_part_belongs_to_its_entity(void **state)
{
    assert_true(text_is(entity_of_key(TEXT("account:7/reward:r1")), "account:7"));
    assert_true(text_is(entity_of_key(TEXT("account:7")), "account:7"));
    assert_true(text_is(entity_type_of(*state, TEXT("account:7/reward:r1")), "account/reward"));
    assert_true(text_is(entity_type_of(*state, TEXT("account:7")), "account"));
}

#define IN_ARENA(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ARENA(test_a_record_is_read_as_it_was_written),
        IN_ARENA(test_a_record_that_is_cut_is_broken),
        IN_ARENA(test_any_bytes_are_read_or_refused),
        IN_ARENA(test_a_newer_envelope_is_newer_and_an_older_one_broken),
        IN_ARENA(test_more_waiting_messages_than_can_be_are_broken),
        IN_ARENA(test_a_segment_is_read_as_it_was_written),
        IN_ARENA(test_progress_is_read_as_it_was_written),
        IN_ARENA(test_ids_are_escaped_in_the_names_of_entities),
        IN_ARENA(test_a_part_belongs_to_its_entity),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
