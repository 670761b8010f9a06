/* POSIX extended regular expressions: the same answers as the C library's, and bounds. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/pattern.h"
#include "support/cmocka_all.h"

static const struct pattern *compile(struct arena *arena, const char *source, bool nocase)
{
    const char *why;
    return pattern_compile(arena, text_of(source), nocase, NULL, &why);
}

static void check(const char *source, bool nocase, const char *text, bool expected)
{
    struct arena arena = { 0 };
    const struct pattern *pattern = compile(&arena, source, nocase);
    assert_non_null(pattern);
    if (pattern_matches(pattern, text_of(text)) != expected) {
        fail_msg("%s %s %s", source, expected ? "should match" : "should not match", text);
    }
    arena_release(&arena);
}

static void the_whole_text_must_match(void **unused)
{
    (void)unused;
    check("SAVE[0-9]+", false, "SAVE10", true);
    check("SAVE[0-9]+", false, "XSAVE10", false);
    check("SAVE[0-9]+", false, "SAVE10X", false);
    check("SAVE[0-9]+", false, "save10", false);
    check("save[0-9]+", true, "SAVE10", true);
    check("a|bc", false, "a", true);
    check("a|bc", false, "bc", true);
    check("a|bc", false, "ac", false);
    check("^ab$", false, "ab", true);
    check("a^b", false, "ab", false);
    check("(x|y){2,3}z?", false, "xyx", true);
    check("(x|y){2,3}z?", false, "xyxy", false);
    check("x{2}", false, "xx", true);
    check("x{2,}", false, "xxxxx", true);
    check("[^]a]b", false, "cb", true);
    check("[^]a]b", false, "]b", false);
    check("[[:digit:]x-]+", false, "1-x", true);
    check("\\.\\*", false, ".*", true);
    check(".", false, "\xc3\xa9", true);
    check("[\xc3\xa0-\xc3\xbf]", false, "\xc3\xa9", true);
    check("[A-Z]+", true, "abc", true);
}

static void what_is_no_pattern_is_refused(void **unused)
{
    static const char *const bad[] = { "*a", "a||b", "(a", "a)", "[a", "a{2", "a{3,2}", "a{256}", "\\d", "a\\",
                                       "[b-a]", "[[:word:]]", "[[.a.]]", "()", "|a", "a|", "+", "" };
    struct arena arena = { 0 };
    (void)unused;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        if (compile(&arena, bad[i], false)) {
            fail_msg("%s should be refused", bad[i]);
        }
    }
    assert_null(compile(&arena, "a{1,255}{1,255}{1,255}", false)); /* far too many steps */
    arena_release(&arena);
}

static void groups_are_counted(void **unused)
{
    struct arena arena = { 0 };
    const char *why;
    int groups = -1;
    (void)unused;
    assert_non_null(pattern_compile(&arena, TEXT("(a)(b)\\(c"), false, &groups, &why));
    assert_int_equal(groups, 2);
    arena_release(&arena);
}

/* Patterns and texts over a small alphabet, against regcomp() anchored at both ends. */
static void random_patterns_match_as_the_c_library_says(void **unused)
{
    static const char *const pieces[] = { "a", "b", ".", "[ab]", "[^a]", "(ab)", "(a|b)", "a*", "b+",
                                          "a?", "(b|ab){1,2}", "[[:alpha:]]", "c|a", "a{2}" };
    enum { PIECES = sizeof(pieces) / sizeof(*pieces) };
    unsigned seed = 7, differing = 0;
    (void)unused;
    for (int round = 0; round < 3000; round++) {
        char source[128] = "", anchored[140], text[8] = "";
        int count = 1 + rand_r(&seed) % 4, size = rand_r(&seed) % 6;
        for (int i = 0, at = 0; i < count; i++) {
            at += snprintf(source + at, sizeof(source) - (size_t)at, "%s", pieces[rand_r(&seed) % PIECES]);
        }
        for (int i = 0; i < size; i++) {
            text[i] = "abc"[rand_r(&seed) % 3];
            text[i + 1] = 0;
        }
        snprintf(anchored, sizeof(anchored), "^(%s)$", source);
        regex_t regex;
        assert_int_equal(regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB), 0);
        bool expected = regexec(&regex, text, 0, NULL, 0) == 0;
        regfree(&regex);
        check(source, false, text, expected);
        differing += expected;
    }
    assert_in_range(differing, 100, 2900); /* both answers occurred */
}

static void a_nasty_pattern_takes_no_time(void **unused)
{
    struct arena arena = { 0 };
    const struct pattern *pattern = compile(&arena, "(a*)*(a*)*(a|aa)+b", false);
    char text[201];
    (void)unused;
    memset(text, 'a', 200);
    text[200] = 0;
    assert_non_null(pattern);
    assert_false(pattern_matches(pattern, text_of(text)));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_text_must_match),
        cmocka_unit_test(what_is_no_pattern_is_refused),
        cmocka_unit_test(groups_are_counted),
        cmocka_unit_test(random_patterns_match_as_the_c_library_says),
        cmocka_unit_test(a_nasty_pattern_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
