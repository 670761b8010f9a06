/*
 * Counters, gauges and histograms with a bounded set of labels, and their Prometheus text. A series
 * is found once and kept by its holder; updating one is an addition (relaxed atomic, because the HTTP
 * thread reads). Never an id as a label.
 */
#ifndef MAKEGOOD_IO_METRICS_H
#define MAKEGOOD_IO_METRICS_H

#include <stddef.h>
#include <stdint.h>

enum { METRICS_SERIES_MAX = 4096 };

struct metrics;
struct metric; /* one series */

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* `labels` as they are printed: "topic=\"action\",partition=\"0\"", "" = none. The same name and labels
 * give the same series. Beyond METRICS_SERIES_MAX all further ones share one series "overflow". */
struct metric *metrics_counter(struct metrics *metrics, const char *name, const char *labels,
                               const char *help);
struct metric *metrics_gauge(struct metrics *metrics, const char *name, const char *labels,
                             const char *help);
/* Seconds, observed in microseconds; bounds 0.5 ms .. 60 s. */
struct metric *metrics_histogram(struct metrics *metrics, const char *name, const char *labels,
                                 const char *help);

void metric_add(struct metric *metric, int64_t n);
void metric_set(struct metric *metric, int64_t value);           /* gauge                      */
void metric_set_ms(struct metric *metric, int64_t milliseconds); /* gauge in seconds           */
void metric_observe_us(struct metric *metric, int64_t microseconds);

/* Prometheus text exposition, malloc'd, caller frees; adds process_* and build_info. */
char *metrics_text(struct metrics *metrics, size_t *size);

#endif
