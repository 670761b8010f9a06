/* The system gives no memory: at the start, in a turn of one record, in a turn of several. What n of a turn's
 * own askings do, for every type of message, is in tests/fuzz/scarce.c; here malloc itself fails. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/engine_world.h"
#include "support/no_memory.h"

enum { LARGE = 200000 };

static void grow(struct world *world, const char *id, const char *name)
{
    char data[64];
    snprintf(data, sizeof(data), "\"id\":\"%s\",\"size\":%d", name, LARGE);
    give(world, id, "counter.grow", data);
}

/* --- the start --- */

static void test_an_engine_that_cannot_have_its_memory_is_not_made(void **state)
{
    struct world *world = *state;
    process_open(world, &world->a, "makegood-a");
    struct engine_setup setup = world_engine_setup(world, &world->a, run_both);
    struct engine *engine = NULL;
    long failures = 0;
    while (engine == NULL) {
        long live = memory.live;
        memory_fail(++failures, 0, SIZE_MAX);
        setup.metrics = NULL;
        engine = engine_new(&setup, &world->note);
        if (engine == NULL) {
            assert_int_equal(memory.live, live);
            expect_contains(text_of(world->note.text), "out of memory");
        }
    }
    memory_fail(0, 0, 0);
    engine_free(engine);
    assert_in_range(failures, 8, 40); /* engine, cache of three, looks, counts, messages, arena */
}

/* --- a turn --- */

/* Large blocks fail from now on. Timers are fewer each time, until there is nothing left to save. */
static enum err steps_without_memory(struct world *world)
{
    enum err err = OK;
    for (int i = 0; err == OK && i < SETTLE_STEPS; i++) {
        memory_fail(1, LARGE, SIZE_MAX);
        err = step(world, &world->a);
    }
    memory_fail(0, 0, 0);
    return err;
}

static void another_process(struct world *world)
{
    process_free(&world->a);
    process_start(world, &world->a, "makegood-a", run_both);
}

/* What is wrong, said as it is: no bound of ours. */
static void test_one_record_for_which_there_is_no_memory_ends_the_process(void **state)
{
    struct world *world = *state;
    settle(world);
    grow(world, "m-1", "A1");
    assert_int_equal(steps_without_memory(world), ERR_INTERNAL);
    expect_contains(text_of(world->note.text), "offset 0 cannot be decided, because the system gives no memory");
    assert_false(contains(text_of(world->note.text), "turn may have"));
    assert_int_equal(broker_expire(world->broker), 0); /* no transaction is open */
    another_process(world);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.grown"), 1);
}

static void test_a_timer_for_which_there_is_no_memory_ends_the_process(void **state)
{
    struct world *world = *state;
    grow(world, "m-1", "A1");
    give(world, "m-2", "counter.add", "\"id\":\"A1\",\"inMs\":1000");
    settle(world);
    another_process(world); /* that has no blocks yet */
    settle(world);
    world_time(world, START_MS + 9000);
    assert_int_equal(steps_without_memory(world), ERR_INTERNAL);
    expect_contains(text_of(world->note.text), "a timer cannot be decided");
    another_process(world);
    settle(world);
    assert_int_equal(outcomes_of(world, "counter.emptied"), 1);
}

static void test_a_turn_of_several_records_is_halved_and_goes_on(void **state)
{
    struct world *world = *state;
    settle(world);
    for (int i = 0; i < 4; i++) {
        char id[16], name[16];
        snprintf(id, sizeof(id), "m-%d", i);
        snprintf(name, sizeof(name), "A%d", i);
        grow(world, id, name);
    }
    memory_fail(1, LARGE, SIZE_MAX);
    settle(world);
    assert_true(memory.failed);
    assert_int_equal(outcomes_of(world, "counter.grown"), 4);
}

/* --- references --- */

static void price(struct world *world, const char *id)
{
    give(world, id, "counter.price", "\"id\":\"A1\",\"to\":\"R1\"");
}

/* Each block of a turn that looks at another entity fails once; what is half read is not taken for nothing. */
static void test_a_reference_that_is_half_read_is_read_again(void **state)
{
    struct world *world = *state;
    bool failed = true;
    give(world, "r-1", "rate.put", "\"id\":\"R1\",\"amount\":7,\"size\":3000");
    settle(world);
    price(world, "p-0"); /* so that the state log of rates is followed */
    settle(world);
    size_t n = 0;
    while (failed) {
        n++;
        char a[16], b[16], data[64];
        snprintf(a, sizeof(a), "a-%zu", n);
        snprintf(b, sizeof(b), "b-%zu", n);
        snprintf(data, sizeof(data), "\"id\":\"R1\",\"amount\":7,\"size\":%zu", 3000 + n);
        give(world, a, "rate.put", data);
        settle(world);
        price(world, a);
        price(world, b);
        memory_fail((long)n, 1024, 32768); /* blocks of a look; those of a turn are larger */
        settle(world);
        failed = memory.failed;
        memory_fail(0, 0, 0);
        assert_int_equal(outcomes_of(world, "command.rejected"), 0);
        assert_int_equal(outcomes_of(world, "counter.priced"), 1 + 2 * n);
    }
    assert_true(n > 2);
}

static void test_a_reference_that_cannot_be_noted_is_asked_for_again(void **state)
{
    struct world *world = *state;
    give(world, "r-1", "rate.put", "\"id\":\"R1\",\"amount\":7");
    give(world, "r-2", "rate.put", "\"id\":\"R2\",\"amount\":70");
    settle(world);
    price(world, "p-0"); /* so that the state log of rates is followed */
    settle(world);
    give(world, "p-1", "counter.price", "\"id\":\"A1\",\"to\":\"R2\"");
    give(world, "p-2", "counter.price", "\"id\":\"A1\",\"to\":\"R2\"");
    memory_fail(1, 120, 400); /* the one block of that size in a turn is what it looks at */
    settle(world);
    assert_true(memory.failed);
    assert_int_equal(outcomes_of(world, "command.rejected"), 0);
    struct found found = outcome_of(world, "counter.priced", 2);
    expect_contains(found.record.value, "\"total\":147");
}

/* --- elsewhere --- */

/* Outside of a turn there is nothing to abort: the process ends at once, as if it were killed, and says why. */
static void test_no_memory_outside_of_a_turn_ends_the_process_at_once(void **state)
{
    struct world *world = *state;
    int status;
    process_open(world, &world->a, "makegood-a");
    struct engine_setup setup = world_engine_setup(world, &world->a, run_both);
    world->a.engine = engine_new(&setup, &world->note);
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        memory_fail(1, 0, SIZE_MAX);
        engine_start(world->a.engine, &world->note);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    process_free(&world->a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_EMPTY(test_an_engine_that_cannot_have_its_memory_is_not_made),
        CASE(test_one_record_for_which_there_is_no_memory_ends_the_process),
        CASE(test_a_timer_for_which_there_is_no_memory_ends_the_process),
        CASE(test_a_turn_of_several_records_is_halved_and_goes_on),
        CASE(test_a_reference_that_is_half_read_is_read_again),
        CASE(test_a_reference_that_cannot_be_noted_is_asked_for_again),
        CASE_EMPTY(test_no_memory_outside_of_a_turn_ends_the_process_at_once),
    };
    return cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
}
