/* Series and their exposition, checked line by line. */
#include "support/cmocka_all.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/metrics.h"

/* The text, NUL-terminated. */
static char *text_of_metrics(struct metrics *metrics)
{
    size_t size = 0;
    char *text = metrics_text(metrics, &size);
    assert_non_null(text);
    assert_int_equal(strlen(text), size);
    return text;
}

static void has_line(const char *text, const char *line)
{
    size_t size = strlen(line);
    for (const char *at = strstr(text, line); at; at = strstr(at + 1, line)) {
        if ((at == text || at[-1] == '\n') && at[size] == '\n') {
            return;
        }
    }
    fail_msg("no line %s in:\n%s", line, text);
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

static void a_family_is_described_once(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *a =
        metrics_counter(metrics, "verdicts_total", "verdict=\"accepted\"", "Verdicts");
    metric_set(metrics_gauge(metrics, "makegood_partitions_taken", "", "Taken"), -3);
    struct metric *b =
        metrics_counter(metrics, "verdicts_total", "verdict=\"rejected\"", "Verdicts");
    metric_add(a, 2);
    metric_add(b, 5);
    assert_ptr_equal(
        metrics_counter(metrics, "makegood_verdicts_total", "verdict=\"accepted\"", ""), a);
    char *text = text_of_metrics(metrics);
    has_line(text, "# HELP makegood_verdicts_total Verdicts");
    has_line(text, "# TYPE makegood_verdicts_total counter");
    has_line(text, "makegood_verdicts_total{verdict=\"accepted\"} 2");
    has_line(text, "makegood_verdicts_total{verdict=\"rejected\"} 5");
    has_line(text, "makegood_partitions_taken -3");
    assert_int_equal(count_of(text, "# TYPE makegood_verdicts_total "), 1);
    /* together, whatever was made between them */
    assert_ptr_equal(
        strstr(text, "{verdict=\"accepted\"} 2\nmakegood_verdicts_total{verdict=\"rej"),
        strstr(text, "{verdict=\"accepted\"}"));
    free(text);
    metrics_free(metrics);
}

static void seconds_are_said_in_seconds(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    metric_set_ms(metrics_gauge(metrics, "lag_seconds", "topic=\"a\"", "Lag"), 61005);
    metric_set_ms(metrics_gauge(metrics, "lag_seconds", "topic=\"b\"", "Lag"), -7);
    char *text = text_of_metrics(metrics);
    has_line(text, "makegood_lag_seconds{topic=\"a\"} 61.005");
    has_line(text, "makegood_lag_seconds{topic=\"b\"} -0.007");
    has_line(text, "# TYPE makegood_lag_seconds gauge");
    free(text);
    metrics_free(metrics);
}

static void a_histogram_adds_up(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *turn =
        metrics_histogram(metrics, "turn_duration_seconds", "worker=\"a\"", "Turn");
    static const int64_t us[] = { 0, 500, 501, 60000000, 60000001 };
    for (size_t i = 0; i < sizeof(us) / sizeof(*us); i++) {
        metric_observe_us(turn, us[i]);
    }
    metric_observe_us(metrics_histogram(metrics, "bare_seconds", "", "Bare"), 1);
    char *text = text_of_metrics(metrics);
    has_line(text, "makegood_turn_duration_seconds_bucket{worker=\"a\",le=\"0.000500\"} 2");
    has_line(text, "makegood_turn_duration_seconds_bucket{worker=\"a\",le=\"0.001000\"} 3");
    has_line(text, "makegood_turn_duration_seconds_bucket{worker=\"a\",le=\"60.000000\"} 4");
    has_line(text, "makegood_turn_duration_seconds_bucket{worker=\"a\",le=\"+Inf\"} 5");
    has_line(text, "makegood_turn_duration_seconds_sum{worker=\"a\"} 120.001002");
    has_line(text, "makegood_turn_duration_seconds_count{worker=\"a\"} 5");
    has_line(text, "makegood_bare_seconds_bucket{le=\"0.000500\"} 1");
    has_line(text, "makegood_bare_seconds_count 1");
    free(text);
    metrics_free(metrics);
}

static void the_number_of_series_is_bounded(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    char labels[32];
    for (int i = 0; i < METRICS_SERIES_MAX + 5; i++) {
        snprintf(labels, sizeof(labels), "n=\"%d\"", i);
        metric_add(metrics_counter(metrics, "many_total", labels, "Many"), 1);
    }
    metric_observe_us(metrics_histogram(metrics, "late_seconds", "", "Late"), 7);
    char *text = text_of_metrics(metrics);
    assert_int_equal(count_of(text, "\nmakegood_many_total{"), METRICS_SERIES_MAX);
    has_line(text, "makegood_metrics_overflow_total 6");
    free(text);
    metrics_free(metrics);
}

static double value_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    while (at && (at[-1] != '\n' || at[strlen(name)] != ' ')) {
        at = strstr(at + 1, name);
    }
    assert_non_null(at);
    return strtod(at + strlen(name), NULL);
}

static void the_process_is_described(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    char *text = text_of_metrics(metrics);
    double files = value_of(text, "process_open_fds");
    double age = (double)time(NULL) - value_of(text, "process_start_time_seconds");
    assert_true(value_of(text, "process_resident_memory_bytes") > 100000);
    /* valgrind and the sanitizers put an allocator of their own in its place, which tells nothing. */
    struct mallinfo2 heap = mallinfo2();
    assert_true(value_of(text, "makegood_heap_bytes") > 1000 || heap.uordblks + heap.hblkhd < 1000);
    assert_true(value_of(text, "process_cpu_seconds_total") >= 0);
    assert_true(age > -3 && age < 600);
    assert_true(files >= 3);
    has_line(text, "makegood_build_info{version=\"" MAKEGOOD_VERSION "\"} 1");
    free(text);
    int fd = dup(1);
    text = text_of_metrics(metrics);
    assert_true(value_of(text, "process_open_fds") == files + 1);
    close(fd);
    free(text);
    metrics_free(metrics);
}

static void *add_many(void *context)
{
    for (int i = 0; i < 20000; i++) {
        metric_add(context, 1);
    }
    return NULL;
}

static void threads_lose_nothing(void **state)
{
    (void)state;
    struct metrics *metrics = metrics_new();
    struct metric *metric = metrics_counter(metrics, "shared_total", "", "Shared");
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, add_many, metric);
    }
    free(text_of_metrics(metrics));
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    char *text = text_of_metrics(metrics);
    has_line(text, "makegood_shared_total 60000");
    free(text);
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_is_described_once),
        cmocka_unit_test(seconds_are_said_in_seconds),
        cmocka_unit_test(a_histogram_adds_up),
        cmocka_unit_test(the_number_of_series_is_bounded),
        cmocka_unit_test(the_process_is_described),
        cmocka_unit_test(threads_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
