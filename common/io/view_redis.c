/* The view in Redis: made and closed, and its operations measured: view_redis_read.c, view_redis_fold.c. */
#include "io/view_redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "io/clock.h"
#include "io/view_redis_inside.h"

/* --- measured --- */

void redis_measure(struct metric *metric, int64_t since_us)
{
    if (metric) {
        metric_observe_us(metric, clock_monotonic_us() - since_us);
    }
}

static enum view_result measured_read(struct view *base, struct arena *arena,
                                      struct view_read *reads, size_t count, struct err_note *note)
{
    int64_t since_us = clock_monotonic_us();
    enum view_result result = redis_read(base, arena, reads, count, note);
    redis_measure(((struct redis_view *)base)->read_time, since_us);
    return result;
}

static void measure_into(struct redis_view *view, struct metrics *metrics)
{
    static const char name[] = "redis_command_duration_seconds",
                      help[] = "Round trips to Redis: all reads, or all folds, of a turn";
    if (metrics) {
        view->read_time = metrics_histogram(metrics, name, "command=\"read\"", help);
        view->fold_time = metrics_histogram(metrics, name, "command=\"fold\"", help);
    }
}

/* --- the rest --- */

static void redis_close(struct view *base)
{
    struct redis_view *view = (struct redis_view *)base;
    redis_drop(view);
    free(view);
}

static const struct view_ops redis_ops = { .read = measured_read,
                                           .fold = redis_fold,
                                           .fold_all = redis_fold_all,
                                           .check = redis_check,
                                           .close = redis_close };

struct view *view_redis_new(const struct view_redis_setup *setup, enum err *err,
                            struct err_note *note)
{
    struct redis_view *view = calloc(1, sizeof(*view));
    if (!view) {
        *err = err_note(note, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    view->view.ops = &redis_ops;
    measure_into(view, setup->metrics);
    view->timeout_ms = setup->timeout_ms ? setup->timeout_ms : 1000;
    snprintf(view->password, sizeof(view->password), "%s", setup->password ? setup->password : "");
    view->read_only = setup->read_only;
    snprintf(view->identity, sizeof(view->identity), "%s", setup->identity ? setup->identity : "");
    if (strlen(view->password) == sizeof(view->password) - 1 ||
        strlen(view->identity) == sizeof(view->identity) - 1) {
        *err = err_note(note, ERR_CONFIG,
                        "the password of redis, or the identity of the view (its "
                        "topics.prefix and group), is too long");
    } else if (strncmp(setup->url, "rediss://", 9) == 0) {
        *err = err_note(
            note, ERR_CONFIG,
            "redis.url: rediss:// needs a hiredis with TLS, which this build has not; use a "
            "unix socket or a TLS tunnel");
    } else if (!redis_parse_url(view, setup->url)) {
        *err = err_note(
            note, ERR_CONFIG,
            "redis.url: expected redis://[user@]host[:port][/db] or unix:///path, without a "
            "password (redis.password_file), got %s",
            strchr(setup->url, '@') ? "another form" : setup->url);
    } else {
        *err = OK;
        return &view->view;
    }
    free(view);
    return NULL;
}
