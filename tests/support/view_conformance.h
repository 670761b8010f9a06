/*
 * One script of calls with what must come of each, run against every view: what the engine is
 * tested with must behave as what it runs with.
 *
 * Changes and answers are words: A=v (a value), A- (none), @100 (due), @= (due as it is).
 */
#ifndef MAKEGOOD_TESTS_VIEW_CONFORMANCE_H
#define MAKEGOOD_TESTS_VIEW_CONFORMANCE_H

#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/view.h"

struct view_step {
    char call; /* f fold, r read, d due */
    const char *group, *words;
    int64_t before, after; /* of d: limit and at most */
    const char *expected;
};

static const struct view_step VIEW_STEPS[] = {
    /* nothing is there */
    { 'r', "action-0", "A B", 0, 0, "A- B- index -1" },
    { 'd', "action-0", "", 1000, 10, "index -1 next none" },
    /* compare and set */
    { 'f', "action-0", "A=1", 5, 6, "lost -1" },
    { 'f', "action-0", "A=1@100 B=2", -1, 3, "ok 3" },
    { 'f', "action-0", "A=9", -1, 4, "lost 3" },
    { 'f', "action-0", "A=9", 2, 4, "lost 3" },
    { 'r', "action-0", "A B C", 0, 0, "A=1 B=2 C- index 3" },
    /* the same index again: a chunk that is not the last */
    { 'f', "action-0", "C=3@50", 3, 3, "ok 3" },
    { 'f', "action-0", "", 3, 8, "ok 8" },
    { 'r', "action-0", "C B", 0, 0, "C=3 B=2 index 8" },
    /* groups know nothing of each other */
    { 'r', "action-1", "A", 0, 0, "A- index -1" },
    { 'f', "action-1", "A=x@7", -1, 1, "ok 1" },
    { 'r', "action-0", "A", 0, 0, "A=1 index 8" },
    { 'd', "action-1", "", 7, 10, "A@7 index 1 next 7" },
    { 'd', "action-1", "", 6, 10, "index 1 next 7" },
    /* due times: by time, then by key; limit, at most; the smallest */
    { 'f', "action-0", "b=1@60 a=1@60 Z=1@60 aa=1@60 late=1@253402300799999", 8, 9, "ok 9" },
    { 'd', "action-0", "", 60, 10, "C@50 Z@60 a@60 aa@60 b@60 index 9 next 50" },
    { 'd', "action-0", "", 100, 3, "C@50 Z@60 a@60 index 9 next 50" },
    { 'd', "action-0", "", 253402300799999, 10,
      "C@50 Z@60 a@60 aa@60 b@60 A@100 late@253402300799999 index 9 next 50" },
    /* a due time stays, moves, goes */
    { 'f', "action-0", "A=2@= C=4@70 Z=2", 9, 10, "ok 10" },
    { 'd', "action-0", "", 100, 10, "a@60 aa@60 b@60 C@70 A@100 index 10 next 60" },
    { 'r', "action-0", "A C Z", 0, 0, "A=2 C=4 Z=2 index 10" },
    /* gone with its value */
    { 'f', "action-0", "a- aa- b- nothing-", 10, 11, "ok 11" },
    { 'r', "action-0", "a nothing", 0, 0, "a- nothing- index 11" },
    { 'd', "action-0", "", 90, 10, "C@70 index 11 next 70" },
    /* a due time is corrected with the value as it was, at the same index */
    { 'f', "action-0", "C=4@90 A=2@0", 11, 11, "ok 11" },
    { 'd', "action-0", "", 100, 10, "C@90 index 11 next 90" },
    { 'f', "action-0", "C=4@0 never-", 11, 11, "ok 11" },
    { 'd', "action-0", "", 100, 10, "index 11 next 253402300799999" },
    { 0 },
};

static const char *const VIEW_RESULTS[] = { "ok", "lost", "down", "denied", "refused" };

struct view_words {
    struct view_entry entries[16];
    size_t count;
};

static inline struct view_words view_words_of(const char *words)
{
    struct view_words out = { .count = 0 };
    while (*words) {
        size_t size = strcspn(words, " "), key = strcspn(words, "=-@ ");
        struct view_entry *entry = &out.entries[out.count++];
        entry->key = (struct text){ words, (uint32_t)key };
        const char *at = memchr(words, '@', size);
        if (words[key] == '=') {
            size_t end = at ? (size_t)(at - words) : size;
            entry->value = (struct text){ words + key + 1, (uint32_t)(end - key - 1) };
        }
        entry->due_ms = !at ? 0 : at[1] == '=' ? VIEW_DUE_KEEP : strtoll(at + 1, NULL, 10);
        words += size + (words[size] == ' ');
    }
    return out;
}

static inline void view_say(char *out, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline void view_say(char *out, size_t room, const char *format, ...)
{
    size_t size = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out + size, room - size, format, arguments);
    va_end(arguments);
}

static inline void view_say_read(struct view *view, const struct view_step *step, char *out,
                                 size_t room)
{
    struct view_words words = view_words_of(step->words);
    struct text keys[16];
    struct arena arena = { 0 };
    struct err_note note = { "" };
    struct view_read read = { .group = text_of(step->group),
                              .keys = keys,
                              .key_count = words.count };
    for (size_t i = 0; i < words.count; i++) {
        keys[i] = words.entries[i].key;
    }
    if (step->call == 'd') {
        read.due_limit_ms = step->before;
        read.due_max = (size_t)step->after;
    }
    enum view_result result = view->ops->read(view, &arena, &read, 1, &note);
    if (result != VIEW_OK) {
        view_say(out, room, "%s", VIEW_RESULTS[result]);
        arena_release(&arena);
        return;
    }
    for (size_t i = 0; i < read.key_count; i++) {
        struct text value = read.values[i];
        view_say(out, room, value.at ? "%.*s=%.*s " : "%.*s- ", TEXT_ARGS(keys[i]),
                 TEXT_ARGS(value));
    }
    for (size_t i = 0; i < read.due_count; i++) {
        view_say(out, room, "%.*s@%lld ", TEXT_ARGS(read.due[i].key),
                 (long long)read.due[i].due_ms);
    }
    view_say(out, room, "index %lld", (long long)read.index);
    if (step->call == 'd') {
        view_say(out, room, read.due_next_ms == INT64_MAX ? " next none" : " next %lld",
                 (long long)read.due_next_ms);
    }
    arena_release(&arena);
}

static inline void view_say_step(struct view *view, const struct view_step *step, char *out,
                                 size_t room)
{
    struct err_note note = { "" };
    struct text group = text_of(step->group);
    struct view_words words = view_words_of(step->words);
    int64_t index = -99;
    enum view_result result;
    out[0] = 0;
    if (step->call == 'r' || step->call == 'd') {
        view_say_read(view, step, out, room);
        return;
    }
    result = view->ops->fold(view, group, step->before, step->after, words.entries, words.count,
                             &index, &note);
    view_say(out, room, "%s", VIEW_RESULTS[result]);
    if (result == VIEW_OK || result == VIEW_LOST) {
        view_say(out, room, " %lld", (long long)index);
    }
}

static inline void view_conforms_to_script(struct view *view)
{
    char said[1024];
    for (size_t i = 0; VIEW_STEPS[i].call; i++) {
        view_say_step(view, &VIEW_STEPS[i], said, sizeof(said));
        if (strcmp(said, VIEW_STEPS[i].expected) != 0) {
            fail_msg("step %zu (%c %s %s): expected \"%s\", got \"%s\"", i, VIEW_STEPS[i].call,
                     VIEW_STEPS[i].group, VIEW_STEPS[i].words, VIEW_STEPS[i].expected, said);
        }
    }
}

/* Any byte in keys and values, an empty value, the largest fold, and several reads at once. */
static inline void view_conforms_to_bytes(struct view *view)
{
    static const char odd[] = "a\0b\r\n\xff{}%s $3";
    struct text key = { odd, sizeof(odd) - 1 }, keys[2] = { key, TEXT("empty") };
    struct arena arena = { 0 };
    struct err_note note = { "" };
    int64_t index;
    struct view_entry entries[VIEW_FOLD_ENTRIES_MAX];
    for (size_t i = 0; i < VIEW_FOLD_ENTRIES_MAX; i++) {
        entries[i] = (struct view_entry){ arena_printf(&arena, "k%zu", i),
                                          arena_printf(&arena, "v%zu", i), (int64_t)(1000 + i) };
    }
    entries[0] = (struct view_entry){ key, key, 5 };
    entries[1] = (struct view_entry){ TEXT("empty"), TEXT(""), 0 };
    assert_int_equal(view->ops->fold(view, TEXT("bytes-0"), -1, 1, entries, VIEW_FOLD_ENTRIES_MAX,
                                     &index, &note),
                     VIEW_OK);
    struct text last = TEXT("k499");
    struct view_read reads[3] = {
        { .group = TEXT("bytes-0"), .keys = keys, .key_count = 2, .due_max = 1, .due_limit_ms = 9 },
        { .group = TEXT("bytes-1"), .keys = keys, .key_count = 1 },
        { .group = TEXT("bytes-0"), .keys = &last, .key_count = 1 },
    };
    assert_int_equal(view->ops->read(view, &arena, reads, 3, &note), VIEW_OK);
    assert_true(text_equal(reads[0].values[0], key));
    assert_non_null(reads[0].values[1].at);
    assert_int_equal(reads[0].values[1].size, 0);
    assert_int_equal(reads[0].due_count, 1);
    assert_true(text_equal(reads[0].due[0].key, key));
    assert_null(reads[1].values[0].at);
    assert_int_equal(reads[1].index, -1);
    assert_true(text_is(reads[2].values[0], "v499"));
    assert_int_equal(reads[2].index, 1);
    arena_release(&arena);
}

/* Several folds in one call: of two groups, of one group twice, lost ones between, and more of them
 * than one transaction of any view would take. */
static inline void view_conforms_to_folds(struct view *view)
{
    enum { MANY = 40, EACH = 100 };
    struct arena arena = { 0 };
    struct err_note note = { "" };
    struct view_entry one = { TEXT("A"), TEXT("1"), 7 }, two = { TEXT("A"), TEXT("2"), VIEW_DUE_KEEP };
    struct view_fold some[] = {
        { .group = TEXT("folds-0"), .before = -1, .after = 1, .entries = &one, .count = 1 },
        { .group = TEXT("folds-1"), .before = 5, .after = 6, .entries = &one, .count = 1 },
        { .group = TEXT("folds-2"), .before = -1, .after = 3 },
        { .group = TEXT("folds-2"), .before = 3, .after = 4, .entries = &one, .count = 1 },
        { .group = TEXT("folds-2"), .before = 3, .after = 5, .entries = &two, .count = 1 },
        { .group = TEXT("folds-2"), .before = 4, .after = 6, .entries = &two, .count = 1 },
    };
    static const int64_t indexes[] = { 1, -1, 3, 4, 4, 6 };
    assert_int_equal(view_fold_all(view, some, 6, &note), VIEW_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(some[i].result, i == 1 || i == 4 ? VIEW_LOST : VIEW_OK);
        assert_int_equal(some[i].index, indexes[i]);
    }
    struct view_step look = { 'd', "folds-2", "", 9, 9, "" };
    char said[256];
    view_say_step(view, &look, said, sizeof(said));
    assert_string_equal(said, "A@7 index 6 next 7");
    struct view_fold *many = arena_alloc(&arena, MANY * sizeof(*many));
    struct view_entry *entries = arena_alloc(&arena, EACH * sizeof(*entries));
    for (int i = 0; i < EACH; i++) {
        entries[i] = (struct view_entry){ arena_printf(&arena, "k%d", i), TEXT("v"), 0 };
    }
    for (int i = 0; i < MANY; i++) {
        many[i] = (struct view_fold){ .group = arena_printf(&arena, "many-%d", i / 2),
                                      .before = i % 2 ? 10 : -1,
                                      .after = 10 + 10 * (i % 2),
                                      .entries = entries,
                                      .count = EACH };
    }
    assert_int_equal(view_fold_all(view, many, MANY, &note), VIEW_OK);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(many[i].result, VIEW_OK);
        assert_int_equal(many[i].index, many[i].after);
    }
    assert_int_equal(view_fold_all(view, NULL, 0, &note), VIEW_OK);
    arena_release(&arena);
}

#endif
