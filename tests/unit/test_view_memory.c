/* The view in memory: the script that every view follows, and what may happen to it. */
#include "support/view_conformance.h"

#include "io/view_memory.h"

static void follows_the_script(void **state)
{
    (void)state;
    struct view *view = view_memory_new();
    view_conforms_to_script(view);
    view->ops->close(view);
}

static void takes_any_bytes(void **state)
{
    (void)state;
    struct view *view = view_memory_new();
    view_conforms_to_bytes(view);
    view->ops->close(view);
}

static void folds_several_in_a_row(void **state)
{
    (void)state;
    struct view *view = view_memory_new();
    view_conforms_to_folds(view);
    view->ops->close(view);
}

static void check_step(struct view *view, char call, const char *words, int64_t before,
                       int64_t after, const char *expected)
{
    char said[512];
    struct view_step step = { call, "action-0", words, before, after, expected };
    view_say_step(view, &step, said, sizeof(said));
    assert_string_equal(said, expected);
}

static void goes_back_and_forgets(void **state)
{
    (void)state;
    struct view *view = view_memory_new();
    check_step(view, 'f', "A=1@10 B=1", -1, 1, "ok 1");
    struct view_memory_copy *copy = view_memory_save(view);
    check_step(view, 'f', "A=2@20 B- C=1", 1, 2, "ok 2");
    view_memory_restore(view, copy);
    check_step(view, 'r', "A B C", 0, 0, "A=1 B=1 C- index 1");
    check_step(view, 'd', "", 99, 9, "A@10 index 1 next 10");
    check_step(view, 'f', "A=3", 1, 2, "ok 2");
    view_memory_restore(view, copy); /* a copy serves more than once */
    check_step(view, 'r', "A", 0, 0, "A=1 index 1");
    view_memory_copy_free(copy);
    view_memory_wipe(view);
    check_step(view, 'r', "A", 0, 0, "A- index -1");
    view->ops->close(view);
}

static void is_down_when_told(void **state)
{
    (void)state;
    static const enum view_result results[] = { VIEW_DOWN, VIEW_DENIED, VIEW_REFUSED };
    struct view *view = view_memory_new();
    struct arena arena = { 0 };
    struct err_note note;
    struct view_read read = { .group = TEXT("action-0") };
    int64_t index;
    for (size_t i = 0; i < sizeof(results) / sizeof(*results); i++) {
        view_memory_set_down(view, results[i]);
        assert_int_equal(view->ops->check(view, &note), results[i]);
        assert_int_equal(view->ops->read(view, &arena, &read, 1, &note), results[i]);
        assert_int_equal(view->ops->fold(view, read.group, -1, 5, NULL, 0, &index, &note),
                         results[i]);
        assert_true(note.text[0] != 0);
    }
    view_memory_set_down(view, VIEW_OK);
    check_step(view, 'r', "", 0, 0, "index -1"); /* nothing of that was applied */
    arena_release(&arena);
    view->ops->close(view);
}

static void list_key(void *context, struct text key, struct text value, int64_t due_ms)
{
    view_say(context, 128, "%.*s=%.*s@%lld ", TEXT_ARGS(key), TEXT_ARGS(value), (long long)due_ms);
}

static void lists_keys_in_order(void **state)
{
    (void)state;
    struct view *view = view_memory_new();
    char list[128] = "";
    check_step(view, 'f', "b=1 a=2@7 ab=3 B=4", -1, 1, "ok 1");
    view_memory_each(view, TEXT("action-0"), list_key, list);
    assert_string_equal(list, "B=4@0 a=2@7 ab=3@0 b=1@0 ");
    view->ops->close(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_script),    cmocka_unit_test(takes_any_bytes),
        cmocka_unit_test(goes_back_and_forgets), cmocka_unit_test(is_down_when_told),
        cmocka_unit_test(lists_keys_in_order),   cmocka_unit_test(folds_several_in_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
