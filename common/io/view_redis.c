/* The operations of the view: reads, all of a turn in one round trip. Folds: view_redis_fold.c. */
#include "io/view_redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "io/clock.h"
#include "io/view_redis_inside.h"

static const struct text no_key = { "", 0 };

enum view_result redis_ready(struct redis_view *view, struct err_note *note)
{
    enum view_result result = redis_connect(view, note);
    return result == VIEW_OK && !view->checked ? redis_check(&view->view, note) : result;
}

enum view_result redis_broken(struct redis_view *view, struct err_note *note)
{
    err_note(note, ERR_UNAVAILABLE, "redis at %s answers what no Redis would", view->shown);
    redis_drop(view);
    return VIEW_DOWN;
}

bool redis_index(const redisReply *reply, int64_t *index)
{
    *index = -1;
    if (reply->type == REDIS_REPLY_NIL) {
        return true;
    }
    char *end;
    *index = reply->type == REDIS_REPLY_STRING ? strtoll(reply->str, &end, 10) : -1;
    return reply->type == REDIS_REPLY_STRING && *end == 0;
}

/* --- read --- */

enum view_result redis_send_words(struct redis_view *view, struct arena *arena,
                                  const struct text *words, int count, struct err_note *note)
{
    struct redis_command command;
    redis_command_init(&command, arena, count);
    for (int i = 0; i < count; i++) {
        redis_add(&command, words[i]);
    }
    return redis_send(view, &command, note);
}

static enum view_result send_due(struct redis_view *view, struct arena *arena,
                                 const struct view_read *read, struct err_note *note)
{
    struct text due = redis_key(arena, read->group, "@due", no_key);
    struct text limit = arena_printf(arena, "%lld", (long long)read->due_limit_ms);
    struct text many = arena_printf(arena, "%zu", read->due_max);
    struct text range[] = { TEXT("ZRANGEBYSCORE"), due,           TEXT("-inf"), limit,
                            TEXT("WITHSCORES"),    TEXT("LIMIT"), TEXT("0"),    many };
    struct text first[] = { TEXT("ZRANGE"), due, TEXT("0"), TEXT("0"), TEXT("WITHSCORES") };
    enum view_result result = redis_send_words(view, arena, range, 8, note);
    return result == VIEW_OK ? redis_send_words(view, arena, first, 5, note) : result;
}

static enum view_result send_read(struct redis_view *view, struct arena *arena,
                                  const struct view_read *read, struct err_note *note)
{
    struct text multi = TEXT("MULTI"), exec = TEXT("EXEC");
    struct redis_command mget;
    enum view_result result = redis_send_words(view, arena, &multi, 1, note);
    redis_command_init(&mget, arena, (int)read->key_count + 2);
    redis_add(&mget, TEXT("MGET"));
    redis_add(&mget, redis_key(arena, read->group, "@index", no_key));
    for (size_t i = 0; i < read->key_count; i++) {
        redis_add(&mget, redis_key(arena, read->group, ":", read->keys[i]));
    }
    result = result == VIEW_OK ? redis_send(view, &mget, note) : result;
    if (result == VIEW_OK && read->due_max) {
        result = send_due(view, arena, read, note);
    }
    return result == VIEW_OK ? redis_send_words(view, arena, &exec, 1, note) : result;
}

static bool take_values(struct arena *arena, struct view_read *read, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != read->key_count + 1 ||
        !redis_index(reply->element[0], &read->index)) {
        return false;
    }
    read->values = arena_alloc(arena, read->key_count * sizeof(*read->values));
    for (size_t i = 0; i < read->key_count; i++) {
        const redisReply *value = reply->element[i + 1];
        if (value->type == REDIS_REPLY_STRING) {
            read->values[i] = arena_copy(arena, (struct text){ value->str, (uint32_t)value->len });
        }
    }
    return true;
}

static bool take_due(struct arena *arena, struct view_read *read, const redisReply *range,
                     const redisReply *first)
{
    if (range->type != REDIS_REPLY_ARRAY || first->type != REDIS_REPLY_ARRAY ||
        range->elements % 2) {
        return false;
    }
    read->due_count = range->elements / 2;
    read->due = arena_alloc(arena, read->due_count * sizeof(*read->due));
    for (size_t i = 0; i < read->due_count; i++) {
        const redisReply *key = range->element[2 * i];
        read->due[i].key = arena_copy(arena, (struct text){ key->str, (uint32_t)key->len });
        read->due[i].due_ms = strtoll(range->element[2 * i + 1]->str, NULL, 10);
    }
    read->due_next_ms =
        first->elements == 2 ? strtoll(first->element[1]->str, NULL, 10) : INT64_MAX;
    return true;
}

/* Replies of one read: OK, QUEUED..., and EXEC's array. */
static enum view_result receive_read(struct redis_view *view, struct arena *arena,
                                     struct view_read *read, struct err_note *note)
{
    redisReply *reply;
    size_t commands = read->due_max ? 3 : 1;
    for (size_t i = 0; i < commands + 1; i++) {
        enum view_result result = redis_receive(view, &reply, false, note);
        if (result != VIEW_OK) {
            return result;
        }
        freeReplyObject(reply);
    }
    enum view_result result = redis_receive(view, &reply, false, note);
    if (result != VIEW_OK) {
        return result;
    }
    view->held = reply;
    bool good = reply->type == REDIS_REPLY_ARRAY && reply->elements == commands &&
                take_values(arena, read, reply->element[0]) &&
                (!read->due_max || take_due(arena, read, reply->element[1], reply->element[2]));
    view->held = NULL;
    freeReplyObject(reply);
    return good ? VIEW_OK : redis_broken(view, note);
}

static enum view_result redis_read(struct view *base, struct arena *arena, struct view_read *reads,
                                   size_t count, struct err_note *note)
{
    struct redis_view *view = (struct redis_view *)base;
    enum view_result result = redis_ready(view, note);
    view->busy = result == VIEW_OK;
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        result = send_read(view, arena, &reads[i], note);
    }
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        result = receive_read(view, arena, &reads[i], note);
    }
    view->busy = false;
    return result;
}

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
