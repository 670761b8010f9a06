/* Series in one fixed table; values are relaxed atomics, because the HTTP thread reads them. */
#include "io/metrics.h"

#include <malloc.h>
#include <dirent.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ensure.h"

#define PREFIX "makegood_" /* of every name; callers may leave it out */
enum { NAME_MAX_BYTES = 64, LABELS_MAX_BYTES = 192 };
enum kind { COUNTER, GAUGE, GAUGE_MS, HISTOGRAM };

/* Upper bounds in microseconds: 0.5 ms .. 60 s. */
static const int64_t bounds[] = { 500,     1000,    2500,     5000,     10000,   15000,
                                  25000,   40000,   100000,   250000,   500000,  1000000,
                                  2500000, 5000000, 10000000, 30000000, 60000000 };
enum { BUCKETS = sizeof(bounds) / sizeof(*bounds) };

struct histogram {
    _Atomic int64_t buckets[BUCKETS + 1];
    _Atomic int64_t sum_us;
};

struct metric {
    char name[NAME_MAX_BYTES], labels[LABELS_MAX_BYTES];
    const char *help;
    _Atomic enum kind
        kind; /* a gauge may turn into one of seconds while the HTTP thread lists it */
    _Atomic int64_t value;
    struct histogram *histogram;
};

struct metrics {
    pthread_mutex_t lock; /* of adding and listing */
    size_t count;
    struct metric series[METRICS_SERIES_MAX + 1]; /* the last is "overflow" */
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof(*metrics));
    if (metrics) {
        pthread_mutex_init(&metrics->lock, NULL);
        struct metric *overflow = &metrics->series[METRICS_SERIES_MAX];
        snprintf(overflow->name, NAME_MAX_BYTES, PREFIX "metrics_overflow_total");
        overflow->help = "Updates of series beyond the most that are kept.";
    }
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    for (size_t i = 0; metrics && i < metrics->count; i++) {
        free(metrics->series[i].histogram);
    }
    free(metrics);
}

static struct metric *find_or_add(struct metrics *metrics, enum kind kind, const char *given,
                                  const char *labels, const char *help)
{
    char name[NAME_MAX_BYTES];
    bool prefixed = strncmp(given, PREFIX, strlen(PREFIX)) == 0;
    ENSURE(strlen(given) + strlen(PREFIX) < sizeof(name));
    snprintf(name, sizeof(name), "%s%s", prefixed ? "" : PREFIX, given);
    for (size_t i = 0; i < metrics->count; i++) {
        struct metric *metric = &metrics->series[i];
        if (strcmp(metric->name, name) == 0 && strcmp(metric->labels, labels) == 0) {
            return metric;
        }
    }
    struct metric *metric = &metrics->series[metrics->count];
    if (metrics->count == METRICS_SERIES_MAX || strlen(labels) >= LABELS_MAX_BYTES) {
        return &metrics->series[METRICS_SERIES_MAX];
    }
    snprintf(metric->name, sizeof(metric->name), "%s", name);
    snprintf(metric->labels, sizeof(metric->labels), "%s", labels);
    metric->help = help;
    metric->kind = kind;
    if (kind == HISTOGRAM) {
        metric->histogram = calloc(1, sizeof(*metric->histogram));
        if (!metric->histogram) {
            return &metrics->series[METRICS_SERIES_MAX];
        }
    }
    metrics->count++;
    return metric;
}

static struct metric *series(struct metrics *metrics, enum kind kind, const char *name,
                             const char *labels, const char *help)
{
    pthread_mutex_lock(&metrics->lock);
    struct metric *metric = find_or_add(metrics, kind, name, labels, help);
    pthread_mutex_unlock(&metrics->lock);
    return metric;
}

struct metric *metrics_counter(struct metrics *metrics, const char *name, const char *labels,
                               const char *help)
{
    return series(metrics, COUNTER, name, labels, help);
}

struct metric *metrics_gauge(struct metrics *metrics, const char *name, const char *labels,
                             const char *help)
{
    return series(metrics, GAUGE, name, labels, help);
}

struct metric *metrics_histogram(struct metrics *metrics, const char *name, const char *labels,
                                 const char *help)
{
    return series(metrics, HISTOGRAM, name, labels, help);
}

void metric_add(struct metric *metric, int64_t n)
{
    atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value)
{
    atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

void metric_set_ms(struct metric *metric, int64_t milliseconds)
{
    if (atomic_load_explicit(&metric->kind, memory_order_relaxed) == GAUGE) {
        atomic_store_explicit(&metric->kind, GAUGE_MS, memory_order_relaxed);
    }
    metric_set(metric, milliseconds);
}

void metric_observe_us(struct metric *metric, int64_t microseconds)
{
    if (!metric->histogram) { /* "overflow" */
        metric_add(metric, 1);
        return;
    }
    size_t i = 0;
    while (i < BUCKETS && microseconds > bounds[i]) {
        i++;
    }
    atomic_fetch_add_explicit(&metric->histogram->buckets[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&metric->histogram->sum_us, microseconds, memory_order_relaxed);
}

/* --- text exposition --- */

struct text_out {
    char *at;
    size_t size, room;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void print(struct text_out *out, const char *format,
                                                        ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (out->room - out->size <= (size_t)size) {
        size_t room = (out->room + (size_t)size + 1) * 2;
        char *at = realloc(out->at, room);
        if (!at) {
            out->failed = true;
            va_end(again);
            return;
        }
        out->at = at;
        out->room = room;
    }
    vsnprintf(out->at + out->size, (size_t)size + 1, format, again);
    out->size += (size_t)size;
    va_end(again);
}

static void print_histogram(struct text_out *out, struct metric *metric)
{
    int64_t total = 0;
    const char *comma = metric->labels[0] ? "," : "";
    for (size_t i = 0; i < BUCKETS; i++) {
        total += atomic_load_explicit(&metric->histogram->buckets[i], memory_order_relaxed);
        print(out, "%s_bucket{%s%sle=\"%lld.%06lld\"} %lld\n", metric->name, metric->labels, comma,
              (long long)(bounds[i] / 1000000), (long long)(bounds[i] % 1000000), (long long)total);
    }
    total += atomic_load_explicit(&metric->histogram->buckets[BUCKETS], memory_order_relaxed);
    int64_t sum = atomic_load_explicit(&metric->histogram->sum_us, memory_order_relaxed);
    print(out, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", metric->name, metric->labels, comma,
          (long long)total);
    const char *open = metric->labels[0] ? "{" : "", *close = metric->labels[0] ? "}" : "";
    print(out, "%s_sum%s%s%s %lld.%06lld\n", metric->name, open, metric->labels, close,
          (long long)(sum / 1000000), (long long)(sum % 1000000));
    print(out, "%s_count%s%s%s %lld\n", metric->name, open, metric->labels, close,
          (long long)total);
}

static void print_series(struct text_out *out, struct metric *metric)
{
    int64_t value = atomic_load_explicit(&metric->value, memory_order_relaxed);
    const char *open = metric->labels[0] ? "{" : "", *close = metric->labels[0] ? "}" : "";
    if (metric->kind == HISTOGRAM) {
        print_histogram(out, metric);
    } else if (metric->kind == GAUGE_MS) {
        const char *sign = value < 0 ? "-" : "";
        int64_t ms = value < 0 ? -value : value;
        print(out, "%s%s%s%s %s%lld.%03lld\n", metric->name, open, metric->labels, close, sign,
              (long long)(ms / 1000), (long long)(ms % 1000));
    } else {
        print(out, "%s%s%s%s %lld\n", metric->name, open, metric->labels, close, (long long)value);
    }
}

/* All series of a name together, with HELP and TYPE once. */
static void print_family(struct text_out *out, struct metrics *metrics, size_t first)
{
    static const char *const types[] = { "counter", "gauge", "gauge", "histogram" };
    struct metric *metric = &metrics->series[first];
    for (size_t i = 0; i < first; i++) {
        if (strcmp(metrics->series[i].name, metric->name) == 0) {
            return;
        }
    }
    print(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
          types[metric->kind]);
    for (size_t i = first; i < metrics->count; i++) {
        if (strcmp(metrics->series[i].name, metric->name) == 0) {
            print_series(out, &metrics->series[i]);
        }
    }
}

/* What /proc/self/stat says, in its units. */
struct process_times {
    unsigned long long user, kernel, started, pages;
};

static struct process_times process_times(void)
{
    struct process_times times = { 0 };
    char line[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    size_t size = file ? fread(line, 1, sizeof(line) - 1, file) : 0;
    line[size] = 0;
    const char *after = strrchr(line, ')'); /* the name may hold anything */
    if (after) {
        sscanf(after + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d "
               "%llu %*u %llu",
               &times.user, &times.kernel, &times.started, &times.pages);
    }
    if (file) {
        fclose(file);
    }
    return times;
}

static long long open_files(void)
{
    long long count = -2; /* "." and ".."; the folder's own descriptor goes with the third */
    DIR *folder = opendir("/proc/self/fd");
    if (!folder) {
        return 0;
    }
    while (readdir(folder)) {
        count++;
    }
    closedir(folder);
    return count - 1;
}

/* Seconds since 1970 of the machine's start. */
static unsigned long long boot_time(void)
{
    char line[256];
    unsigned long long at = 0;
    FILE *file = fopen("/proc/stat", "re");
    while (file && fgets(line, sizeof(line), file) && sscanf(line, "btime %llu", &at) != 1) {
    }
    if (file) {
        fclose(file);
    }
    return at;
}

/* What is allocated and not freed. Resident memory also holds what the allocator keeps for later, so
 * it does not show a leak until it is a large one. */
static void print_heap(struct text_out *out)
{
    struct mallinfo2 heap = mallinfo2();
    print(out,
          "# HELP makegood_heap_bytes Allocated memory.\n"
          "# TYPE makegood_heap_bytes gauge\nmakegood_heap_bytes %zu\n",
          heap.uordblks + heap.hblkhd);
}

static void print_process(struct text_out *out)
{
    struct process_times times = process_times();
    unsigned long long ticks = (unsigned long long)sysconf(_SC_CLK_TCK);
    unsigned long long cpu_ms = (times.user + times.kernel) * 1000 / ticks;
    print(out,
          "# HELP process_cpu_seconds_total User and system CPU time.\n"
          "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %llu.%03llu\n"
          "# HELP process_resident_memory_bytes Resident memory.\n"
          "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %llu\n",
          cpu_ms / 1000, cpu_ms % 1000, times.pages * (unsigned long long)sysconf(_SC_PAGESIZE));
    print(out,
          "# HELP process_open_fds Open file descriptors.\n"
          "# TYPE process_open_fds gauge\nprocess_open_fds %lld\n"
          "# HELP process_start_time_seconds Start of the process since 1970.\n"
          "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %llu\n",
          open_files(), boot_time() + times.started / ticks);
    print_heap(out);
    print(out, "# HELP makegood_build_info The release.\n# TYPE makegood_build_info gauge\n"
               "makegood_build_info{version=\"" MAKEGOOD_VERSION "\"} 1\n");
}

char *metrics_text(struct metrics *metrics, size_t *size)
{
    struct text_out out = { NULL, 0, 0, false };
    pthread_mutex_lock(&metrics->lock);
    for (size_t i = 0; i < metrics->count; i++) {
        print_family(&out, metrics, i);
    }
    struct metric *overflow = &metrics->series[METRICS_SERIES_MAX];
    print(&out, "# HELP %s %s\n# TYPE %s counter\n", overflow->name, overflow->help,
          overflow->name);
    print_series(&out, overflow);
    pthread_mutex_unlock(&metrics->lock);
    print_process(&out);
    *size = out.size;
    if (out.failed) {
        free(out.at);
        return NULL;
    }
    return out.at;
}
