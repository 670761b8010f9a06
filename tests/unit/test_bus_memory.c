/* The broker in memory: logs and transactions. */
#include "support/bus_world.h"

#include <stdio.h>

#include "base/hash.h"

/* --- topics and appends --- */

static void topics_have_one_index(void **state)
{
    struct world *world = *state;
    assert_int_equal(world->a->ops->topic(world->a, "order"), world->in);
    assert_int_equal(world->a->ops->partitions(world->a, world->in), PARTITIONS);
    int32_t none = world->a->ops->topic(world->a, "refund");
    assert_int_equal(world->b->ops->topic(world->b, "refund"), none);
    assert_int_equal(world->a->ops->partitions(world->a, none), 0);
    assert_int_equal(broker_topic(world->broker, "refund", 2), none);
    assert_int_equal(world->a->ops->partitions(world->a, none), 2);
    assert_string_equal(broker_topic_name(world->broker, none), "refund");
}

static void append_copies_and_stamps(void **state)
{
    struct world *world = *state;
    char value[] = "value";
    struct header headers[] = { { TEXT("ce_id"), TEXT("1") }, { TEXT("null"), { 0 } } }, seen[2];
    struct bus_record record;
    enum broker_state what;
    broker_set_time(world->broker, 1234);
    assert_int_equal(
        broker_append(world->broker, world->in, 2, (struct text){ 0 }, text_of(value), headers, 2),
        0);
    value[0] = 'X';
    assert_true(broker_read(world->broker, world->in, 2, 0, &record, &what));
    assert_int_equal(what, BROKER_COMMITTED);
    assert_true(text_is(record.value, "value"));
    assert_null(record.key.at);
    assert_int_equal(record.timestamp_ms, 1234);
    assert_true(record.append_time);
    assert_int_equal(broker_headers(&record, seen, 1), 2);
    assert_int_equal(world->a->ops->headers(world->a, &record, seen, 2), 2);
    assert_true(text_is(seen[0].name, "ce_id") && text_is(seen[0].value, "1"));
    assert_null(seen[1].value.at);
    assert_false(broker_read(world->broker, world->in, 2, 1, &record, &what));
    assert_int_equal(
        broker_append(world->broker, world->in, PARTITIONS, TEXT("k"), TEXT("v"), NULL, 0), -1);
}

static void by_key_is_the_java_partitioner(void **state)
{
    struct world *world = *state;
    struct bus_message message = { .place = { world->in, BUS_BY_KEY },
                                   .key = TEXT("customer-7"),
                                   .value = TEXT("v") };
    int32_t partition = partition_of(message.key, PARTITIONS);
    int64_t first, last;
    begin(world->a);
    assert_int_equal(world->a->ops->produce(world->a, &message), BUS_OK);
    commit(world->a);
    assert_true(world->a->ops->written(world->a, (struct bus_place){ world->in, partition }, &first,
                                       &last));
    assert_int_equal(
        broker_append(world->broker, world->in, BUS_BY_KEY, message.key, TEXT("w"), NULL, 0), 2);
}

static void a_place_that_is_not_there_is_config(void **state)
{
    struct world *world = *state;
    int64_t first, stable, high;
    struct bus_place none = { world->a->ops->topic(world->a, "refund"), BUS_BY_KEY };
    begin(world->a);
    assert_int_equal(put(world->a, none, "v"), BUS_CONFIG);
    assert_int_equal(put(world->a, (struct bus_place){ world->in, PARTITIONS }, "v"), BUS_CONFIG);
    assert_int_equal(world->a->ops->ends(world->a, none, &first, &stable, &high), BUS_CONFIG);
    assert_int_equal(world->a->ops->join(world->a, &none.topic, 1), BUS_CONFIG);
}

/* --- transactions --- */

static void open_records_are_invisible_and_hold_the_stable_end(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 1 };
    append(world, place, "before");
    begin(world->a);
    assert_int_equal(put(world->a, place, "open"), BUS_OK);
    append(world, place, "behind");
    follow(world->b, place, 0);
    expect_record(world->b, place, 0, "before");
    expect_end(world->b, place, 1);
    expect_nothing(world->b);
    expect_ends(world->b, place, 1, 3);
    commit(world->a);
    expect_ends(world->b, place, 4, 4);
    expect_record(world->b, place, 1, "open");
    expect_record(world->b, place, 2, "behind");
    expect_end(world->b, place, 4); /* past the marker at 3 */
    expect_nothing(world->b);
}

static void markers_stand_in_every_touched_partition_once(void **state)
{
    struct world *world = *state;
    struct bus_record record;
    enum broker_state what;
    begin(world->a);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(put(world->a, (struct bus_place){ world->state, i % 2 }, "v"), BUS_OK);
    }
    commit(world->a);
    for (int32_t p = 0; p < 2; p++) {
        assert_true(broker_read(world->broker, world->state, p, 2, &record, &what));
        assert_int_equal(what, BROKER_COMMITTED);
        assert_true(broker_read(world->broker, world->state, p, 3, &record, &what));
        assert_int_equal(what, BROKER_MARKER);
        expect_ends(world->a, (struct bus_place){ world->state, p }, 4, 4);
    }
    expect_ends(world->a, (struct bus_place){ world->state, 2 }, 0, 0);
}

static void aborted_records_are_skipped(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    struct bus_record record;
    enum broker_state what;
    follow(world->b, place, 0);
    expect_end(world->b, place, 0);
    begin(world->a);
    assert_int_equal(put(world->a, place, "gone"), BUS_OK);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    expect_end(world->b, place, 2); /* the position is past the marker, without a record */
    assert_true(broker_read(world->broker, place.topic, place.partition, 0, &record, &what));
    assert_int_equal(what, BROKER_ABORTED);
    assert_int_equal(world->b->ops->peek(world->b, place, 0, &record), BUS_OK);
    append(world, place, "next");
    expect_record(world->b, place, 2, "next");
    expect_end(world->b, place, 3);
}

static void the_oldest_open_transaction_holds(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    begin(world->a);
    begin(world->b);
    assert_int_equal(put(world->a, place, "a"), BUS_OK);
    assert_int_equal(put(world->b, place, "b"), BUS_OK);
    commit(world->b);
    expect_ends(world->a, place, 0, 3);
    follow(world->b, place, 0);
    expect_end(world->b, place, 0);
    commit(world->a);
    expect_record(world->b, place, 0, "a");
    expect_record(world->b, place, 1, "b");
    expect_end(world->b, place, 4);
}

static void written_is_of_the_running_or_last_transaction(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 3 };
    int64_t first, last;
    assert_false(world->a->ops->written(world->a, place, &first, &last));
    append(world, place, "other");
    begin(world->a);
    assert_int_equal(put(world->a, place, "1"), BUS_OK);
    assert_int_equal(put(world->a, place, "2"), BUS_OK);
    commit(world->a);
    assert_true(world->a->ops->written(world->a, place, &first, &last));
    assert_int_equal(first, 1);
    assert_int_equal(last, 2);
    begin(world->a);
    assert_false(world->a->ops->written(world->a, place, &first, &last));
}

static void peek_sees_what_is_open(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    struct bus_record record;
    assert_int_equal(world->b->ops->peek(world->b, place, 0, &record), BUS_ABSENT);
    begin(world->a);
    assert_int_equal(put(world->a, place, "1"), BUS_OK);
    commit(world->a);
    begin(world->a);
    assert_int_equal(put(world->a, place, "open"), BUS_OK);
    assert_int_equal(world->b->ops->peek(world->b, place, 1, &record), BUS_OK);
    assert_int_equal(record.offset, 2);
    assert_true(text_is(record.value, "open"));
    assert_int_equal(world->b->ops->peek(world->b, place, 3, &record), BUS_ABSENT);
}

struct seen {
    char text[256];
};

static void note_commit(void *context, const char *topic, int32_t partition, int64_t offset,
                        struct text key, struct text value, const struct header *headers,
                        size_t header_count, int64_t timestamp_ms)
{
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    assert_true(text_is(key, "k"));
    assert_int_equal(header_count, 0);
    (void)headers;
    snprintf(seen->text + used, sizeof(seen->text) - used, "%s/%d@%lld=%.*s t%lld; ", topic,
             partition, (long long)offset, TEXT_ARGS(value), (long long)timestamp_ms);
}

static void the_observer_sees_commits_in_append_order(void **state)
{
    struct world *world = *state;
    struct seen seen = { "" };
    broker_observe(world->broker, note_commit, &seen);
    broker_set_time(world->broker, 5);
    begin(world->a);
    assert_int_equal(put(world->a, (struct bus_place){ world->state, 1 }, "x"), BUS_OK);
    assert_int_equal(put(world->a, (struct bus_place){ world->in, 0 }, "y"), BUS_OK);
    broker_set_time(world->broker, 6);
    assert_int_equal(put(world->a, (struct bus_place){ world->state, 1 }, "z"), BUS_OK);
    assert_string_equal(seen.text, "");
    commit(world->a);
    assert_string_equal(seen.text, "order-state/1@0=x t5; order/0@0=y t5; order-state/1@1=z t6; ");
    begin(world->a);
    assert_int_equal(put(world->a, (struct bus_place){ world->in, 0 }, "gone"), BUS_OK);
    assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
    assert_null(strstr(seen.text, "gone"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(topics_have_one_index),
        CASE(append_copies_and_stamps),
        CASE(by_key_is_the_java_partitioner),
        CASE(a_place_that_is_not_there_is_config),
        CASE(open_records_are_invisible_and_hold_the_stable_end),
        CASE(markers_stand_in_every_touched_partition_once),
        CASE(aborted_records_are_skipped),
        CASE(the_oldest_open_transaction_holds),
        CASE(written_is_of_the_running_or_last_transaction),
        CASE(peek_sees_what_is_open),
        CASE(the_observer_sees_commits_in_append_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
