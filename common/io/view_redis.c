/* The operations of the view: one round trip to read, two to fold. */
#include "io/view_redis.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "io/clock.h"
#include "io/view_redis_inside.h"

static const struct text no_key = { "", 0 };

/* Connected, and known to be ours since the connection was made. */
static enum view_result ready(struct redis_view *view, struct err_note *note)
{
    enum view_result result = redis_connect(view, note);
    return result == VIEW_OK && !view->checked ? redis_check(&view->view, note) : result;
}

static enum view_result broken_reply(struct redis_view *view, struct err_note *note)
{
    err_note(note, ERR_UNAVAILABLE, "redis at %s answers what no Redis would", view->shown);
    redis_drop(view);
    return VIEW_DOWN;
}

static bool index_of(const redisReply *reply, int64_t *index)
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

static enum view_result send_words(struct redis_view *view, struct arena *arena,
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
    enum view_result result = send_words(view, arena, range, 8, note);
    return result == VIEW_OK ? send_words(view, arena, first, 5, note) : result;
}

static enum view_result send_read(struct redis_view *view, struct arena *arena,
                                  const struct view_read *read, struct err_note *note)
{
    struct text multi = TEXT("MULTI"), exec = TEXT("EXEC");
    struct redis_command mget;
    enum view_result result = send_words(view, arena, &multi, 1, note);
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
    return result == VIEW_OK ? send_words(view, arena, &exec, 1, note) : result;
}

static bool take_values(struct arena *arena, struct view_read *read, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != read->key_count + 1 ||
        !index_of(reply->element[0], &read->index)) {
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
    return good ? VIEW_OK : broken_reply(view, note);
}

static enum view_result redis_read(struct view *base, struct arena *arena, struct view_read *reads,
                                   size_t count, struct err_note *note)
{
    struct redis_view *view = (struct redis_view *)base;
    enum view_result result = ready(view, note);
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

/* --- fold --- */

struct fold {
    struct redis_view *view;
    struct arena arena;
    struct text group;
    int64_t before, after;
    const struct view_entry *entries;
    size_t count;
    int commands; /* between MULTI and EXEC */
};

/* WATCH and GET in one round trip. LOST leaves nothing watched. */
static enum view_result watch_index(struct fold *fold, int64_t *index, struct err_note *note)
{
    struct text key = redis_key(&fold->arena, fold->group, "@index", no_key);
    struct text watch[] = { TEXT("WATCH"), key }, get[] = { TEXT("GET"), key };
    struct text unwatch = TEXT("UNWATCH");
    redisReply *reply;
    enum view_result result = send_words(fold->view, &fold->arena, watch, 2, note);
    result = result == VIEW_OK ? send_words(fold->view, &fold->arena, get, 2, note) : result;
    result = result == VIEW_OK ? redis_receive(fold->view, &reply, false, note) : result;
    if (result != VIEW_OK) {
        return result;
    }
    freeReplyObject(reply);
    result = redis_receive(fold->view, &reply, false, note);
    if (result != VIEW_OK) {
        return result;
    }
    bool good = index_of(reply, index);
    freeReplyObject(reply);
    if (!good) {
        return broken_reply(fold->view, note);
    }
    if (*index == fold->before) {
        return VIEW_OK;
    }
    result = send_words(fold->view, &fold->arena, &unwatch, 1, note);
    result = result == VIEW_OK ? redis_receive(fold->view, &reply, false, note) : result;
    if (result != VIEW_OK) {
        return result;
    }
    freeReplyObject(reply);
    return VIEW_LOST;
}

/* One command over those entries that it concerns; none, no command. */
static enum view_result send_some(struct fold *fold, struct redis_command *command, int bare,
                                  struct err_note *note)
{
    if (command->count == bare) {
        return VIEW_OK;
    }
    fold->commands++;
    return redis_send(fold->view, command, note);
}

static enum view_result send_values(struct fold *fold, struct err_note *note)
{
    struct redis_command set, del;
    redis_command_init(&set, &fold->arena, (int)fold->count * 2 + 3);
    redis_command_init(&del, &fold->arena, (int)fold->count + 1);
    redis_add(&set, TEXT("MSET"));
    redis_add(&set, redis_key(&fold->arena, fold->group, "@index", no_key));
    redis_add_number(&set, fold->after);
    redis_add(&del, TEXT("DEL"));
    for (size_t i = 0; i < fold->count; i++) {
        struct text key = redis_key(&fold->arena, fold->group, ":", fold->entries[i].key);
        if (fold->entries[i].value.at) {
            redis_add(&set, key);
            redis_add(&set, fold->entries[i].value);
        } else {
            redis_add(&del, key);
        }
    }
    enum view_result result = send_some(fold, &set, 0, note);
    return result == VIEW_OK ? send_some(fold, &del, 1, note) : result;
}

static enum view_result send_dues(struct fold *fold, struct err_note *note)
{
    struct redis_command add, remove;
    struct text due = redis_key(&fold->arena, fold->group, "@due", no_key);
    redis_command_init(&add, &fold->arena, (int)fold->count * 2 + 2);
    redis_command_init(&remove, &fold->arena, (int)fold->count + 2);
    redis_add(&add, TEXT("ZADD"));
    redis_add(&add, due);
    redis_add(&remove, TEXT("ZREM"));
    redis_add(&remove, due);
    for (size_t i = 0; i < fold->count; i++) {
        const struct view_entry *entry = &fold->entries[i];
        if (!entry->value.at || entry->due_ms == 0) {
            redis_add(&remove, entry->key);
        } else if (entry->due_ms != VIEW_DUE_KEEP) {
            redis_add_number(&add, entry->due_ms);
            redis_add(&add, entry->key);
        }
    }
    enum view_result result = send_some(fold, &add, 2, note);
    return result == VIEW_OK ? send_some(fold, &remove, 2, note) : result;
}

/* MULTI ... EXEC in one round trip. An error inside (out of memory, disk) makes EXEC fail whole. */
static enum view_result send_changes(struct fold *fold, struct err_note *note)
{
    struct text multi = TEXT("MULTI"), exec = TEXT("EXEC");
    enum view_result result = send_words(fold->view, &fold->arena, &multi, 1, note);
    result = result == VIEW_OK ? send_values(fold, note) : result;
    result = result == VIEW_OK ? send_dues(fold, note) : result;
    return result == VIEW_OK ? send_words(fold->view, &fold->arena, &exec, 1, note) : result;
}

static enum view_result inner_errors(struct redis_view *view, const redisReply *reply,
                                     struct err_note *note)
{
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type == REDIS_REPLY_ERROR) {
            enum view_result result = redis_meaning(reply->element[i]->str, note);
            redis_drop(view);
            return result;
        }
    }
    return VIEW_OK;
}

static enum view_result receive_changes(struct fold *fold, struct err_note *note)
{
    redisReply *reply;
    for (int i = 0; i < fold->commands + 1; i++) {
        enum view_result result = redis_receive(fold->view, &reply, false, note);
        if (result != VIEW_OK) {
            return result;
        }
        freeReplyObject(reply);
    }
    enum view_result result = redis_receive(fold->view, &reply, false, note);
    if (result != VIEW_OK) {
        return result;
    }
    result = reply->type == REDIS_REPLY_NIL     ? VIEW_LOST
             : reply->type == REDIS_REPLY_ARRAY ? inner_errors(fold->view, reply, note)
                                                : broken_reply(fold->view, note);
    freeReplyObject(reply);
    return result;
}

/* Somebody wrote between WATCH and EXEC: what stands there now? */
static enum view_result lost_to(struct fold *fold, int64_t *index, struct err_note *note)
{
    struct view_read read = { .group = fold->group };
    enum view_result result = redis_read(&fold->view->view, &fold->arena, &read, 1, note);
    *index = read.index;
    return result == VIEW_OK ? VIEW_LOST : result;
}

static enum view_result redis_fold(struct view *base, struct text group, int64_t before,
                                   int64_t after, const struct view_entry *entries, size_t count,
                                   int64_t *index, struct err_note *note)
{
    ENSURE(count <= VIEW_FOLD_ENTRIES_MAX);
    struct fold fold = { .view = (struct redis_view *)base,
                         .group = group,
                         .before = before,
                         .after = after,
                         .entries = entries,
                         .count = count };
    arena_init(&fold.arena, 0);
    enum view_result result = ready(fold.view, note);
    result = result == VIEW_OK ? watch_index(&fold, index, note) : result;
    if (result == VIEW_OK) {
        result = send_changes(&fold, note);
        result = result == VIEW_OK ? receive_changes(&fold, note) : result;
        if (result == VIEW_OK) {
            *index = after;
        } else if (result == VIEW_LOST) {
            result = lost_to(&fold, index, note);
        }
    }
    arena_release(&fold.arena);
    return result;
}

/* --- measured --- */

static void measure(struct metric *metric, int64_t since_us)
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
    measure(((struct redis_view *)base)->read_time, since_us);
    return result;
}

static enum view_result measured_fold(struct view *base, struct text group, int64_t before,
                                      int64_t after, const struct view_entry *entries, size_t count,
                                      int64_t *index, struct err_note *note)
{
    int64_t since_us = clock_monotonic_us();
    enum view_result result = redis_fold(base, group, before, after, entries, count, index, note);
    measure(((struct redis_view *)base)->fold_time, since_us);
    return result;
}

static void measure_into(struct redis_view *view, struct metrics *metrics)
{
    static const char name[] = "redis_command_duration_seconds",
                      help[] = "Round trips to Redis: all reads of a turn, or one chunk of a fold";
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
                                           .fold = measured_fold,
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
