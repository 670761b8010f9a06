/* The fold: in chunks, in order, under compare-and-set, and whoever else folds the same log. */
#include "support/faulty_world.h"

/* So many counters of partition 0 get one more, in one turn. */
static void add_many(struct world *world, const char *round, int count)
{
    for (int i = 0, given = 0; given < count; i++) {
        char name[32], id[32], data[64];
        snprintf(name, sizeof(name), "counter:K%d", i);
        if (home_of(name) == 0) {
            snprintf(id, sizeof(id), "%s-%d", round, i);
            snprintf(data, sizeof(data), "\"id\":\"K%d\"", i);
            give(world, id, "counter.add", data);
            given++;
        }
    }
}

static void expect_all(struct world *world, size_t count, const char *total)
{
    size_t found = 0;
    struct found outcome = { 0 };
    while (committed_next(world, world->counter_outcome, &outcome)) {
        found += contains(outcome.record.value, total);
    }
    assert_int_equal(found, count);
}

static void test_a_turn_of_many_entities_is_folded_in_chunks_whose_index_rises(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    faulty->faults.fold_count = 0;
    add_many(world, "a", 1200);
    settle(world);
    assert_int_equal(faulty->faults.fold_count, 3);
    size_t entries = 0;
    for (size_t i = 0; i < 3; i++) {
        const struct fold_seen *fold = &faulty->faults.folds[i];
        assert_true(fold->count <= VIEW_FOLD_ENTRIES_MAX);
        assert_int_equal(fold->before, i == 0 ? -1 : faulty->faults.folds[i - 1].after);
        assert_int_equal(fold->after - (i == 0 ? 0 : fold->before), fold->count);
        entries += fold->count;
    }
    assert_int_equal(entries, 1201);
}

/* More than goes to the view in one call: 4,000 states and @progress. */
static void test_the_largest_turn_is_folded_in_order(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    faulty->faults.fold_count = 0;
    add_many(world, "a", 4000);
    settle(world);
    assert_int_equal(faulty->faults.fold_count, 9);
    for (size_t i = 1; i < 9; i++) {
        assert_int_equal(faulty->faults.folds[i].before, faulty->faults.folds[i - 1].after);
    }
    assert_int_equal(view_index(world, "counter-0").index, 4001);
    add_many(world, "b", 4000);
    settle(world);
    expect_all(world, 4000, "\"total\":2");
}

static void test_chunks_are_bounded_by_bytes_too(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    faulty->faults.fold_count = 0;
    for (int i = 0; i < 6; i++) {
        char id[16], data[64];
        snprintf(id, sizeof(id), "m-%d", i);
        snprintf(data, sizeof(data), "\"id\":\"%s\",\"size\":100000",
                 (const char *const[]){ "A1", "A2", "A3", "A5", "B1", "B2" }[i]);
        give(world, id, "counter.grow", data);
    }
    settle(world);
    assert_true(faulty->faults.fold_count > 1);
    assert_int_equal(outcomes_of(world, "counter.grown"), 6);
}

static void die_at_the_second(void *context, struct view *inner, struct text group, int64_t before)
{
    struct faults *faults = context;
    (void)inner;
    (void)group;
    (void)before;
    if (faults->fold_count == 2) {
        longjmp(faults->gone, 1);
    }
}

static void test_a_process_that_dies_between_two_chunks_loses_nothing(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    settle(world);
    add_many(world, "a", 1200);
    faulty->faults.fold_count = 0;
    faulty->faults.before_fold = die_at_the_second;
    faulty->faults.fold_context = &faulty->faults;
    if (setjmp(faulty->faults.gone) == 0) {
        steps(world, &world->a, 1);
        fail();
    }
    assert_int_equal(view_index(world, "counter-0").index, VIEW_FOLD_ENTRIES_MAX);
    process_kill(&world->a);
    process_start(world, &world->a, "makegood-b", run_both);
    add_many(world, "b", 1200);
    settle(world);
    expect_all(world, 1200, "\"total\":2");
}

/* --- a reader is faster --- */

struct reader {
    struct world *world;
    struct faults *faults;
    int64_t upto;   /* folds to there */
    size_t in_turn; /* before this fold, from 0 */
    size_t seen;
};

/* Folds the log of counter-0 itself, as a process that follows it does. */
static void reader_folds(void *context, struct view *inner, struct text group, int64_t before)
{
    struct reader *reader = context;
    struct view_entry entries[VIEW_FOLD_ENTRIES_MAX];
    struct bus_record record;
    enum broker_state is;
    size_t count = 0;
    struct err_note note;
    if (!text_is(group, "counter-0") || reader->seen++ != reader->in_turn) {
        return;
    }
    for (int64_t at = before > 0 ? before : 0; at < reader->upto; at++) {
        assert_true(broker_read(reader->world->broker, reader->world->counter_state, 0, at, &record, &is));
        if (is == BROKER_COMMITTED) {
            entries[count++] = (struct view_entry){ record.key, record.value, VIEW_DUE_KEEP };
        }
    }
    int64_t index;
    assert_int_equal(inner->ops->fold(inner, group, before, reader->upto, entries, count, &index, &note),
                     VIEW_OK);
}

static void fold_beside_a_reader(struct faulty_world *faulty, size_t in_turn, int64_t upto)
{
    struct world *world = &faulty->world;
    settle(world);
    struct reader reader = { .world = world, .faults = &faulty->faults, .upto = upto, .in_turn = in_turn };
    faulty->faults.before_fold = reader_folds;
    faulty->faults.fold_context = &reader;
    faulty->faults.fold_count = 0;
    add_many(world, "a", 1200);
    settle(world);
    faulty->faults.before_fold = NULL;
    for (size_t i = 0; i < faulty->faults.fold_count; i++) { /* never back */
        assert_true(faulty->faults.folds[i].after > faulty->faults.folds[i].before);
    }
    assert_true(view_index(world, "counter-0").index >= 1201);
    add_many(world, "b", 1200);
    settle(world);
    expect_all(world, 1200, "\"total\":2");
}

static void test_a_reader_that_folded_a_part_of_the_first_chunk_is_joined(void **state)
{
    fold_beside_a_reader(*state, 0, 200);
}

static void test_a_reader_that_folded_into_the_second_chunk_is_joined(void **state)
{
    fold_beside_a_reader(*state, 1, 700);
}

static void test_a_reader_that_folded_the_last_chunk_is_joined(void **state)
{
    fold_beside_a_reader(*state, 2, 1201);
}

/* Before each fold of the owner, as often as `upto` says, a reader folds one record more. */
static void reader_creeps(void *context, struct view *inner, struct text group, int64_t before)
{
    struct reader *reader = context;
    struct view_read read = { .group = group };
    struct err_note note;
    assert_int_equal(inner->ops->read(inner, &reader->world->arena, &read, 1, &note), VIEW_OK);
    if (text_is(group, "counter-0") && read.index == before && reader->seen < (size_t)reader->upto) {
        struct reader one = { .world = reader->world, .upto = (before > 0 ? before : 0) + 1 };
        reader->seen++;
        reader_folds(&one, inner, group, before);
    }
}

static void fold_beside_a_creeping_reader(struct faulty_world *faulty, int count, int64_t times)
{
    struct world *world = &faulty->world;
    settle(world);
    struct reader reader = { .world = world, .upto = times };
    faulty->faults.before_fold = reader_creeps;
    faulty->faults.fold_context = &reader;
    add_many(world, "a", count);
    settle(world);
    assert_int_equal(reader.seen, times);
    faulty->faults.before_fold = NULL;
    add_many(world, "b", count);
    settle(world);
    expect_all(world, (size_t)count, "\"total\":2");
}

/* Then the owner lets the rest of the turn be, and takes the partition again. */
static void test_a_reader_that_is_always_faster_is_let_go_first(void **state)
{
    fold_beside_a_creeping_reader(*state, 1200, 5);
}

static void test_a_reader_that_is_always_faster_in_the_largest_turn(void **state)
{
    fold_beside_a_creeping_reader(*state, 4000, 5);
}

/* Somebody wrote an index that no record of ours has. */
static void jumps(void *context, struct view *inner, struct text group, int64_t before)
{
    struct faulty_world *faulty = context;
    struct err_note note;
    int64_t index;
    if (text_is(group, "counter-0")) {
        faulty->faults.before_fold = NULL;
        inner->ops->fold(inner, group, before, before + 100000, NULL, 0, &index, &note);
    }
}

static void test_an_index_beyond_the_turn_is_doubted(void **state)
{
    struct faulty_world *faulty = *state;
    settle(&faulty->world);
    faulty->faults.before_fold = jumps;
    faulty->faults.fold_context = faulty;
    give(&faulty->world, "m-1", "counter.add", "\"id\":\"A1\"");
    expect_halt(&faulty->world, ERR_CONFIG, "beyond the log's end");
}

static void test_an_index_that_nobody_can_have_folded_to_is_doubted(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    struct view_memory_copy *copy = view_memory_save(world->view);
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    settle(world);
    size_t folds = faulty->faults.fold_count;
    view_memory_restore(world->view, copy); /* Redis went back before the fold of m-3 */
    view_memory_copy_free(copy);
    give(world, "m-3", "counter.add", "\"id\":\"A1\"");
    settle(world);
    assert_true(faulty->faults.fold_count > folds + 1);
    struct found found = outcome_of(world, "counter.added", 2);
    expect_contains(found.record.value, "\"total\":3");
    expect_contains(in_view(world, "counter:A1").value, "\6"); /* zigzag 3 */
}

static void test_offsets_below_the_index_halt_before_the_commit(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    give(world, "m-1", "counter.add", "\"id\":\"A1\"");
    settle(world);
    faulty->faults.written_back = 1000;
    give(world, "m-2", "counter.add", "\"id\":\"A1\"");
    expect_halt(world, ERR_CONFIG, "Kafka lost data");
    assert_int_equal(outcomes_of(world, "counter.added"), 1);
}

/* Something of another writer lies between the records: their offsets are not known one by one. */
static void test_chunks_of_records_with_gaps_are_folded_from_the_log(void **state)
{
    struct faulty_world *faulty = *state;
    struct world *world = &faulty->world;
    add_many(world, "0", 1);
    settle(world);
    faulty->faults.written_back = 1; /* as if there were one more */
    add_many(world, "a", 1200);
    steps(world, &world->a, 1);
    faulty->faults.written_back = 0;
    settle(world);
    add_many(world, "b", 1200);
    settle(world);
    expect_all(world, 1200, "\"total\":2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FAULTY_CASE(test_a_turn_of_many_entities_is_folded_in_chunks_whose_index_rises),
        FAULTY_CASE(test_the_largest_turn_is_folded_in_order),
        FAULTY_CASE(test_chunks_are_bounded_by_bytes_too),
        FAULTY_CASE(test_a_process_that_dies_between_two_chunks_loses_nothing),
        FAULTY_CASE(test_a_reader_that_folded_a_part_of_the_first_chunk_is_joined),
        FAULTY_CASE(test_a_reader_that_folded_into_the_second_chunk_is_joined),
        FAULTY_CASE(test_a_reader_that_folded_the_last_chunk_is_joined),
        FAULTY_CASE(test_a_reader_that_is_always_faster_is_let_go_first),
        FAULTY_CASE(test_a_reader_that_is_always_faster_in_the_largest_turn),
        FAULTY_CASE(test_an_index_beyond_the_turn_is_doubted),
        FAULTY_CASE(test_an_index_that_nobody_can_have_folded_to_is_doubted),
        FAULTY_CASE(test_offsets_below_the_index_halt_before_the_commit),
        FAULTY_CASE(test_chunks_of_records_with_gaps_are_folded_from_the_log),
    };
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
