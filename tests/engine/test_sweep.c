/*
 * A scripted hour, run once undisturbed; then again and again, each time with one thing going wrong at
 * the next call of the bus or the view: the process dies before or after it, or the call answers what
 * its interface allows. The end must be the same: outcomes, dead letters, the view key by key.
 */
#include "support/sweep.h"

static struct dump expected;
static struct arena expected_arena;
static int64_t call_count;

static int sweep_undisturbed(void **state)
{
    static struct sweep sweep;
    (void)state;
    log_configure(LOG_OFF, false);
    sweep_run(&sweep, &(struct faults){ .at = 0 }, &expected_arena, &expected);
    call_count = sweep.faults.calls;
    return 0;
}

static int sweep_over(void **state)
{
    (void)state;
    arena_release(&expected_arena);
    return 0;
}

static void expect_same(const struct dump *dump, const struct sweep *sweep)
{
    for (size_t i = 0; i < dump->count || i < expected.count; i++) {
        struct text is = i < dump->count ? dump->lines[i] : TEXT("(nothing)");
        struct text should = i < expected.count ? expected.lines[i] : TEXT("(nothing)");
        if (!text_equal(is, should)) {
            print_error("call %lld (%d), fault %d, result %d, applied %d:\n  is     %.*s\n  should %.*s\n",
                        (long long)sweep->faults.at, sweep->faults.hit, (int)sweep->faults.kind,
                        sweep->faults.result, sweep->faults.applied, TEXT_ARGS(is), TEXT_ARGS(should));
            fail();
        }
    }
}

static struct faults disturb(const struct faults *faults)
{
    static struct sweep sweep;
    static struct dump dump;
    struct arena arena = { 0 };
    sweep_run(&sweep, faults, &arena, &dump);
    expect_same(&dump, &sweep);
    arena_release(&arena);
    return sweep.faults;
}

static void test_the_script_shows_every_verdict(void **state)
{
    static const char *const verdicts[] = { "applied",   "unchanged", "rejected",
                                            "duplicate", "deferred",  "forwarded" };
    (void)state;
    size_t found = 0, dead = 0;
    for (size_t v = 0; v < sizeof(verdicts) / sizeof(verdicts[0]); v++) {
        for (size_t i = 0; i < expected.count; i++) {
            if (contains(expected.lines[i], verdicts[v])) {
                found++;
                break;
            }
        }
    }
    for (size_t i = 0; i < expected.count; i++) {
        dead += text_starts(expected.lines[i], TEXT("counter-dlq"));
    }
    assert_int_equal(found, 6);
    assert_int_equal(dead, 2);
    assert_true(call_count > 200);
}

static void test_a_process_that_dies_before_any_call_changes_nothing(void **state)
{
    (void)state;
    for (int64_t at = 1; at <= call_count; at++) {
        disturb(&(struct faults){ .at = at, .kind = FAULT_DIE_BEFORE });
    }
}

static void test_a_process_that_dies_after_any_call_changes_nothing(void **state)
{
    (void)state;
    for (int64_t at = 1; at <= call_count; at++) {
        disturb(&(struct faults){ .at = at, .kind = FAULT_DIE_AFTER });
    }
}

/* What each call may answer, and whether it may have taken effect. */
static const struct answer {
    int32_t call, result;
    bool applied;
} answers[] = {
    { BUS_CALL_PARTITIONS, BUS_UNAVAILABLE, false },
    { BUS_CALL_JOIN, BUS_UNAVAILABLE, false },
    { BUS_CALL_JOIN, BUS_CONFIG, false },
    { BUS_CALL_POLL, BUS_UNAVAILABLE, false },
    { BUS_CALL_POLL, BUS_REFUSED, false },
    { BUS_CALL_POLL, BUS_CONFIG, false },
    { BUS_CALL_ENDS, BUS_PENDING, false },
    { BUS_CALL_ENDS, BUS_UNAVAILABLE, false },
    { BUS_CALL_SETTLED, BUS_PENDING, false },
    { BUS_CALL_SETTLED, BUS_UNAVAILABLE, false },
    { BUS_CALL_BEGIN, BUS_ABORT, false },
    { BUS_CALL_BEGIN, BUS_RETIRE, false },
    { BUS_CALL_PRODUCE, BUS_PENDING, false },
    { BUS_CALL_PRODUCE, BUS_ABORT, false },
    { BUS_CALL_PRODUCE, BUS_RETIRE, false },
    { BUS_CALL_PRODUCE, BUS_RETIRE, true },
    { BUS_CALL_PRODUCE, BUS_CONFIG, false },
    { BUS_CALL_FLUSH, BUS_PENDING, true },
    { BUS_CALL_FLUSH, BUS_ABORT, false },
    { BUS_CALL_FLUSH, BUS_RETIRE, true },
    { BUS_CALL_SEND_OFFSETS, BUS_ABORT, false },
    { BUS_CALL_SEND_OFFSETS, BUS_RETIRE, false },
    { BUS_CALL_SEND_OFFSETS, BUS_RETIRE, true },
    { BUS_CALL_COMMIT, BUS_ABORT, false },
    { BUS_CALL_COMMIT, BUS_RETIRE, false },
    { BUS_CALL_COMMIT, BUS_RETIRE, true },
    { VIEW_CALL_READ, VIEW_DOWN, false },
    { VIEW_CALL_READ, VIEW_DENIED, false },
    { VIEW_CALL_READ, VIEW_REFUSED, false },
    { VIEW_CALL_CHECK, VIEW_DOWN, false },
    { VIEW_CALL_CHECK, VIEW_DENIED, false },
    { VIEW_CALL_CHECK, VIEW_REFUSED, false },
    { VIEW_CALL_FOLD, VIEW_LOST, false },
    { VIEW_CALL_FOLD, VIEW_DOWN, false },
    { VIEW_CALL_FOLD, VIEW_DOWN, true },
    { VIEW_CALL_FOLD, VIEW_DENIED, false },
    { VIEW_CALL_FOLD, VIEW_REFUSED, false },
};

static void test_any_call_may_answer_once_what_its_interface_allows(void **state)
{
    (void)state;
    for (int64_t at = 1; at <= call_count; at++) {
        int32_t call = disturb(&(struct faults){ .at = at }).hit; /* which call that is */
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
            if (answers[i].call == call) {
                disturb(&(struct faults){ .at = at, .kind = FAULT_ANSWER, .result = answers[i].result,
                                          .applied = answers[i].applied });
            }
        }
    }
}

/* --- while it recovers, something goes wrong again --- */

static void test_a_process_that_dies_while_it_recovers_changes_nothing(void **state)
{
    static const int64_t after[] = { 1, 2, 4, 7, 11, 16, 22, 37, 60, 110 };
    (void)state;
    for (int64_t at = 1; at <= call_count; at++) {
        for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
            disturb(&(struct faults){ .at = at, .kind = FAULT_DIE_AFTER, .again = true,
                                      .again_call = FAULT_CALLS, .again_after = after[i],
                                      .again_kind = FAULT_DIE_BEFORE });
        }
    }
}

static void test_a_process_that_dies_after_a_failed_call_changes_nothing(void **state)
{
    static const int64_t after[] = { 1, 2, 3, 5, 9, 20 };
    (void)state;
    for (int64_t at = 1; at <= call_count; at++) {
        for (size_t i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
            disturb(&(struct faults){ .at = at, .kind = FAULT_ANSWER, .result = BUS_RETIRE,
                                      .applied = true, .again = true, .again_call = FAULT_CALLS,
                                      .again_after = after[i], .again_kind = FAULT_DIE_BEFORE });
        }
    }
}

/* Calls that only recovery makes. */
static const struct answer recovery_answers[] = {
    { BUS_CALL_ABORT, BUS_ABORT, true },        { BUS_CALL_ABORT, BUS_RETIRE, false },
    { BUS_CALL_ABORT, BUS_RETIRE, true },       { BUS_CALL_RETIRE, BUS_RETIRE, false },
    { BUS_CALL_RETIRE, BUS_RETIRE, true },      { BUS_CALL_RETIRE, BUS_UNAVAILABLE, false },
    { BUS_CALL_PEEK, BUS_ABSENT, false },       { BUS_CALL_PEEK, BUS_UNAVAILABLE, false },
    { BUS_CALL_FENCE, BUS_UNAVAILABLE, false }, { BUS_CALL_FENCE, BUS_RETIRE, true },
};

static void recover_badly(enum fault_kind kind, int32_t result)
{
    for (size_t i = 0; i < sizeof(recovery_answers) / sizeof(recovery_answers[0]); i++) {
        const struct answer *answer = &recovery_answers[i];
        for (int64_t at = 1; at <= call_count; at++) {
            disturb(&(struct faults){ .at = at, .kind = kind, .result = result, .again = true,
                                      .again_call = answer->call, .again_kind = FAULT_ANSWER,
                                      .again_result = answer->result,
                                      .again_applied = answer->applied });
        }
    }
}

static void test_the_calls_of_recovery_may_fail_too(void **state)
{
    (void)state;
    recover_badly(FAULT_DIE_AFTER, 0);
    recover_badly(FAULT_ANSWER, BUS_ABORT);
    recover_badly(FAULT_ANSWER, BUS_RETIRE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_script_shows_every_verdict),
        cmocka_unit_test(test_a_process_that_dies_before_any_call_changes_nothing),
        cmocka_unit_test(test_a_process_that_dies_after_any_call_changes_nothing),
        cmocka_unit_test(test_any_call_may_answer_once_what_its_interface_allows),
        cmocka_unit_test(test_a_process_that_dies_while_it_recovers_changes_nothing),
        cmocka_unit_test(test_a_process_that_dies_after_a_failed_call_changes_nothing),
        cmocka_unit_test(test_the_calls_of_recovery_may_fail_too),
    };
    return cmocka_run_group_tests_name("sweep", tests, sweep_undisturbed, sweep_over);
}
