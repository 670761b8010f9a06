/* What the view or a log holds and this release cannot read: of a newer release, or not written by us. The
 * partition halts and says so; nothing is decided on a guess. */
#include "support/engine_world.h"

#include "engine/record.h"

static void another_process(struct world *world)
{
    process_stop(&world->a);
    process_start(world, &world->a, "makegood-a", run_both);
}

/* In the view of its partition; nothing of it is cached. */
static void plant(struct world *world, const char *key, struct text value)
{
    struct text entity = { key, (uint32_t)strcspn(key, "/") };
    struct text group = arena_printf(&world->arena, "%.*s-%d%c", (int)strcspn(key, ":"), key,
                                     partition_of(entity, PARTITIONS), 0);
    view_write(world, group.at, text_of(key), arena_copy(&world->arena, value), VIEW_DUE_KEEP);
    another_process(world);
}

static struct text part_of_body(struct world *world, struct text body)
{
    struct record record = { .body_version = 1, .body = body };
    return record_write(&record, &world->arena);
}

/* The value of a key, with a piece of it replaced. */
static struct text patched(struct world *world, const char *key, const char *from, const char *to)
{
    struct text value = arena_copy(&world->arena, in_view(world, key).value);
    for (uint32_t at = 0; at + strlen(from) <= value.size; at++) {
        if (memcmp(value.at + at, from, strlen(from)) == 0) {
            memcpy((char *)value.at + at, to, strlen(to));
            return value;
        }
    }
    fail_msg("%s has no %s", key, from);
    return value;
}

static void add(struct world *world, const char *id)
{
    give(world, id, "counter.add", "\"id\":\"A1\"");
}

static void expect_stop(struct world *world, const char *says)
{
    size_t before = committed_count(world, world->counter_outcome);
    add(world, "last");
    expect_halt(world, ERR_CONFIG, says);
    assert_int_equal(committed_count(world, world->counter_outcome), before);
}

static const char newer[] = "newer release", unreadable[] = "cannot be read";

/* --- an entity --- */

static void test_an_entity_of_a_newer_envelope(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    plant(world, "counter:A1", TEXT("\2\1\0\0\0\0\0\0\0\0\2"));
    expect_stop(world, newer);
}

static void test_a_part_without_a_body_is_none(void **state)
{
    struct world *world = *state;
    settle(world);
    plant(world, "counter:A1/box:b1", part_of_body(world, TEXT("")));
    give(world, "m-1", "counter.box", "\"id\":\"A1\",\"box\":\"b1\",\"amount\":2");
    settle(world);
    struct found found = outcome_of(world, "counter.boxed", 0);
    expect_contains(found.record.value, "\"total\":2");
}

static void test_a_part_that_is_flagged_as_none_is_none(void **state)
{
    struct world *world = *state;
    struct record record = { .body_version = 1, .flags = RECORD_EMPTY, .body = TEXT("\1\1") };
    settle(world);
    plant(world, "counter:A1/box:b1", record_write(&record, &world->arena));
    give(world, "m-1", "counter.box", "\"id\":\"A1\",\"box\":\"b1\",\"amount\":2");
    settle(world);
    struct found found = outcome_of(world, "counter.boxed", 0);
    expect_contains(found.record.value, "\"total\":2");
}

static void test_an_entity_whose_timer_is_due_and_whose_body_is_cut(void **state)
{
    struct world *world = *state;
    struct record record = { .body_version = 1, .flags = RECORD_HEAD, .due_ms = START_MS + 1000,
                             .body = TEXT("\x7f\x7f") };
    give(world, "m-1", "counter.add", "\"id\":\"A1\",\"inMs\":1000");
    settle(world);
    plant(world, "counter:A1", record_write(&record, &world->arena));
    world_time(world, START_MS + 9000);
    expect_halt(world, ERR_CONFIG, unreadable);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 0);
}

/* --- remembered inputs: the first segment is full after 32 --- */

static void give_many(struct world *world, int count)
{
    for (int i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof(id), "m-%d", i);
        add(world, id);
    }
    settle(world);
}

static void test_a_segment_that_is_gone(void **state)
{
    struct world *world = *state;
    give_many(world, 40);
    plant(world, "counter:A1/seen:0", (struct text){ 0 });
    expect_stop(world, unreadable);
}

static void test_a_segment_that_is_cut(void **state)
{
    struct world *world = *state;
    give_many(world, 40);
    plant(world, "counter:A1/seen:0", part_of_body(world, TEXT("\0\x20zz")));
    expect_stop(world, unreadable);
}

static void test_a_segment_that_is_another_one(void **state)
{
    struct world *world = *state;
    give_many(world, 70);
    plant(world, "counter:A1/seen:0", in_view(world, "counter:A1/seen:1").value);
    expect_stop(world, unreadable);
}

/* When what waited is woken, its place among the remembered inputs is looked for. */
static void test_a_segment_of_a_message_that_waited(void **state)
{
    struct world *world = *state;
    give(world, "w-1", "counter.take", "\"id\":\"A1\",\"inMs\":1000");
    for (int i = 0; i < 40; i++) {
        char id[16];
        snprintf(id, sizeof(id), "c-%d", i);
        give(world, id, "counter.check", "\"id\":\"A1\"");
    }
    settle(world);
    plant(world, "counter:A1/seen:0", (struct text){ 0 });
    world_time(world, START_MS + 5000); /* a timer asks for no other segment */
    expect_halt(world, ERR_CONFIG, unreadable);
    assert_int_equal(outcomes_of(world, "command.rejected"), 40); /* the checks */
}

/* --- messages that wait --- */

static void one_that_waits(struct world *world)
{
    give(world, "w-1", "counter.take", "\"id\":\"A1\"");
    settle(world);
}

static void test_a_waiting_message_that_is_gone(void **state)
{
    struct world *world = *state;
    one_that_waits(world);
    plant(world, "counter:A1/wait:0", (struct text){ 0 });
    expect_stop(world, unreadable);
}

static void test_a_waiting_message_that_is_cut(void **state)
{
    struct world *world = *state;
    one_that_waits(world);
    plant(world, "counter:A1/wait:0", part_of_body(world, TEXT("\x7f\x7f")));
    expect_stop(world, unreadable);
}

static void expect_waiting_newer(struct world *world, const char *from, const char *to)
{
    one_that_waits(world);
    plant(world, "counter:A1/wait:0", patched(world, "counter:A1/wait:0", from, to));
    expect_stop(world, newer);
}

static void test_a_waiting_message_of_a_type_of_a_newer_release(void **state)
{
    expect_waiting_newer(*state, "counter.take", "counter.tale");
}

static void test_a_waiting_message_that_is_no_json(void **state)
{
    expect_waiting_newer(*state, "{\"id\"", "x\"id\"");
}

static void test_a_waiting_message_without_what_this_release_requires(void **state)
{
    expect_waiting_newer(*state, "{\"id\"", "{\"ix\"");
}

static void test_a_waiting_message_whose_line_is_none_of_this_release(void **state)
{
    struct world *world = *state;
    give(world, "w-1", "counter.hold", "\"id\":\"A1\",\"batchId\":\"batch-0001\",\"line\":7");
    settle(world);
    assert_int_equal(outcomes_of(world, "command.deferred"), 1);
    plant(world, "counter:A1/wait:0", patched(world, "counter:A1/wait:0", "\"line\":7", "\"line\":0"));
    expect_stop(world, newer);
}

/* --- references --- */

static void expect_reference(struct world *world, struct text value, const char *says)
{
    give(world, "r-1", "rate.put", "\"id\":\"R1\",\"amount\":7");
    settle(world);
    plant(world, "rate:R1", value);
    give(world, "p-1", "counter.price", "\"id\":\"A1\",\"to\":\"R1\"");
    expect_halt(world, ERR_CONFIG, says);
    assert_int_equal(committed_count(world, world->counter_outcome), 0);
}

static void test_a_reference_of_a_newer_envelope(void **state)
{
    expect_reference(*state, TEXT("\2\1\0\0\0\0\0\0\0\0\0"), newer);
}

static void test_a_reference_of_a_newer_body(void **state)
{
    expect_reference(*state, TEXT("\1\2\0\0\0\0\0\0\0\0\0"), newer);
}

static void test_a_reference_that_is_no_record(void **state)
{
    expect_reference(*state, TEXT("\0hello, world"), unreadable);
}

static void test_a_reference_whose_body_is_cut(void **state)
{
    expect_reference(*state, TEXT("\1\1\0\0\0\0\0\0\0\0\0\x7f"), unreadable);
}

/* --- @progress --- */

static void test_progress_of_a_newer_release_in_the_view(void **state)
{
    struct world *world = *state;
    add(world, "m-1");
    settle(world);
    struct text value = arena_copy(&world->arena, in_view(world, "@progress").value);
    ((char *)value.at)[1] = 2;
    view_write(world, "counter-0", TEXT("@progress"), value, VIEW_DUE_KEEP);
    another_process(world);
    expect_halt(world, ERR_CONFIG, "@progress is of a newer release");
}

/* A transaction hangs whose owner cannot be known: it is waited for. */
static void expect_waited_for(struct world *world, struct text key, struct text value)
{
    process_kill(&world->a);
    struct bus_memory_setup setup = { "makegood", "stranger", "" };
    struct bus *stranger = bus_memory_new(world->broker, &setup);
    struct bus_message message = { .place = { world->counter_state, 0 }, .key = key, .value = value };
    assert_int_equal(stranger->ops->begin(stranger), BUS_OK);
    assert_int_equal(stranger->ops->produce(stranger, &message), BUS_OK);
    process_start(world, &world->a, "makegood-b", run_both);
    steps(world, &world->a, 500);
    assert_int_equal(status_of(&world->a).partitions_ready, 3);
    assert_int_equal(stranger->ops->abort(stranger), BUS_OK);
    settle(world);
    assert_int_equal(status_of(&world->a).partitions_ready, 4);
    stranger->ops->close(stranger);
}

static void test_a_strange_open_record_is_not_fenced_but_waited_for(void **state)
{
    expect_waited_for(*state, TEXT("x"), TEXT("y"));
}

static void test_an_open_progress_of_a_newer_release_is_waited_for(void **state)
{
    expect_waited_for(*state, TEXT("@progress"), TEXT("\2whatever comes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_an_entity_of_a_newer_envelope),
        CASE(test_a_part_without_a_body_is_none),
        CASE(test_a_part_that_is_flagged_as_none_is_none),
        CASE(test_an_entity_whose_timer_is_due_and_whose_body_is_cut),
        CASE(test_a_segment_that_is_gone),
        CASE(test_a_segment_that_is_cut),
        CASE(test_a_segment_that_is_another_one),
        CASE(test_a_segment_of_a_message_that_waited),
        CASE(test_a_waiting_message_that_is_gone),
        CASE(test_a_waiting_message_that_is_cut),
        CASE(test_a_waiting_message_of_a_type_of_a_newer_release),
        CASE(test_a_waiting_message_that_is_no_json),
        CASE(test_a_waiting_message_without_what_this_release_requires),
        CASE(test_a_waiting_message_whose_line_is_none_of_this_release),
        CASE(test_a_reference_of_a_newer_envelope),
        CASE(test_a_reference_of_a_newer_body),
        CASE(test_a_reference_that_is_no_record),
        CASE(test_a_reference_whose_body_is_cut),
        CASE(test_progress_of_a_newer_release_in_the_view),
        CASE(test_a_strange_open_record_is_not_fenced_but_waited_for),
        CASE(test_an_open_progress_of_a_newer_release_is_waited_for),
    };
    return cmocka_run_group_tests_name("unreadable", tests, NULL, NULL);
}
