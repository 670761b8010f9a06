/* Lines as they come out of stderr. */
#include "support/cmocka_all.h"

#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/log.h"

struct caught {
    int kept;
    FILE *file;
};

static struct caught catch_stderr(void)
{
    struct caught caught = { dup(STDERR_FILENO), tmpfile() };
    assert_non_null(caught.file);
    dup2(fileno(caught.file), STDERR_FILENO);
    return caught;
}

static char *release_stderr(struct caught *caught)
{
    static char bytes[1 << 20];
    dup2(caught->kept, STDERR_FILENO);
    close(caught->kept);
    lseek(fileno(caught->file), 0, SEEK_SET);
    ssize_t size = read(fileno(caught->file), bytes, sizeof(bytes) - 1);
    bytes[size < 0 ? 0 : size] = 0;
    fclose(caught->file);
    return bytes;
}

/* The line after "ts=2026-01-01T00:00:00.000Z ". */
static const char *after_time(const char *line)
{
    assert_int_equal(strncmp(line, "ts=", 3), 0);
    assert_int_equal(line[27], ' ');
    return line + 28;
}

static void logfmt_quotes_what_must_be(void **state)
{
    (void)state;
    log_configure(LOG_INFO, false);
    struct caught caught = catch_stderr();
    log_info("partition_taken", KEY_TEXT("topic", TEXT("action")), KEY_INT("partition", -3),
             KEY_STRING("note", "a \"b\"\n\x01=c\\"), KEY_STRING("none", ""),
             KEY_STRING("missing", NULL));
    assert_string_equal(after_time(release_stderr(&caught)),
                        "level=info event=partition_taken topic=action partition=-3 "
                        "note=\"a \\\"b\\\"\\n\\u0001=c\\\\\" none=\"\" missing=\"\"\n");
}

static void json_is_json(void **state)
{
    (void)state;
    log_configure(LOG_DEBUG, true);
    struct caught caught = catch_stderr();
    log_error("turn_halted", KEY_STRING("note", "\"\\\n\t\x7f\xc3\xa4"),
              KEY_INT("exit", INT64_MIN));
    char *line = release_stderr(&caught);
    json_error_t error;
    json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "level")), "error");
    assert_string_equal(json_string_value(json_object_get(root, "event")), "turn_halted");
    assert_string_equal(json_string_value(json_object_get(root, "note")), "\"\\\n\t\x7f\xc3\xa4");
    assert_true(json_integer_value(json_object_get(root, "exit")) == INT64_MIN);
    assert_non_null(json_object_get(root, "ts"));
    json_decref(root);
}

static void bad_bytes_do_not_break_json(void **state)
{
    (void)state;
    log_configure(LOG_INFO, true);
    struct caught caught = catch_stderr();
    log_info("record_refused", KEY_TEXT("key", TEXT("a\xff\xc3(\xed\xa0\x80z\0y")));
    char *line = release_stderr(&caught);
    json_error_t error;
    json_t *root = json_loads(line, JSON_ALLOW_NUL, &error);
    if (!root) {
        fail_msg("%s: %s", error.text, line);
    }
    json_decref(root);
}

static void levels_below_are_silent(void **state)
{
    (void)state;
    log_configure(LOG_WARN, false);
    struct caught caught = catch_stderr();
    log_info("not_said", KEY_INT("n", 1));
    log_warn("said", KEY_INT("n", 2));
    const char *line = release_stderr(&caught);
    assert_string_equal(after_time(line), "level=warn event=said n=2\n");
    assert_false(log_enabled(LOG_INFO));
    log_configure(LOG_OFF, false);
    caught = catch_stderr();
    log_error("not_said", KEY_INT("n", 1));
    assert_string_equal(release_stderr(&caught), "");
}

static void a_long_line_stays_one(void **state)
{
    (void)state;
    static char longest[20000];
    memset(longest, '"', sizeof(longest) - 1);
    for (int json = 0; json < 2; json++) {
        log_configure(LOG_INFO, json);
        struct caught caught = catch_stderr();
        log_info("long", KEY_STRING("note", longest), KEY_INT("n", 1));
        char *line = release_stderr(&caught);
        size_t size = strlen(line);
        assert_true(size <= 4096 && line[size - 1] == '\n');
        assert_ptr_equal(strchr(line, '\n'), line + size - 1);
        if (json) {
            json_error_t error;
            json_t *root = json_loads(line, 0, &error);
            assert_non_null(root);
            json_decref(root);
        }
    }
}

static void *log_many(void *context)
{
    for (int i = 0; i < 500; i++) {
        log_info("from_thread", KEY_INT("thread", *(int *)context), KEY_STRING("end", "here"));
    }
    return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
    (void)state;
    log_configure(LOG_INFO, false);
    struct caught caught = catch_stderr();
    pthread_t threads[3];
    int numbers[3] = { 0, 1, 2 };
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, log_many, &numbers[i]);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    char *line = release_stderr(&caught), *next;
    int lines = 0;
    for (; (next = strchr(line, '\n')); line = next + 1, lines++) {
        *next = 0;
        assert_int_equal(strncmp(after_time(line), "level=info event=from_thread thread=", 36), 0);
        assert_string_equal(next - 9, " end=here");
    }
    assert_int_equal(lines, 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_quotes_what_must_be),
        cmocka_unit_test(json_is_json),
        cmocka_unit_test(bad_bytes_do_not_break_json),
        cmocka_unit_test(levels_below_are_silent),
        cmocka_unit_test(a_long_line_stays_one),
        cmocka_unit_test(lines_of_threads_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
