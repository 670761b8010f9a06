/* Reading the view, in one round trip. Everything that comes is looked at: what is not as this program
 * writes it is never taken for something that is not there. */
#include <errno.h>
#include <stdlib.h>

#include "io/view_redis_inside.h"

static const struct text no_key = { "", 0 };

/* Connected, and known to be ours since the connection was made. */
enum view_result redis_ready(struct redis_view *view, struct err_note *note)
{
    enum view_result result = redis_connect(view, note);
    return result == VIEW_OK && !view->checked ? redis_check(&view->view, note) : result;
}

/* --- what does not fit --- */

enum view_result redis_broken(struct redis_view *view, struct err_note *note)
{
    err_note(note, ERR_UNAVAILABLE, "redis at %s answers what no Redis would", view->shown);
    redis_drop(view);
    return VIEW_DOWN;
}

enum view_result redis_foreign_key(const struct redis_view *view, struct text group,
                                  struct err_note *note)
{
    err_note(note, ERR_UNAVAILABLE,
             "redis at %s: a key of {%.*s} is not what makegood writes; find out who wrote it, "
             "then DEL it and {%.*s}@index: that is built again from the state log",
             view->shown, TEXT_ARGS(group), TEXT_ARGS(group));
    return VIEW_DOWN;
}

/* Digits and nothing else. */
static bool number_of(const redisReply *reply, int64_t *number)
{
    char *end;
    if (reply->type != REDIS_REPLY_STRING || reply->len == 0) {
        return false;
    }
    errno = 0;
    *number = strtoll(reply->str, &end, 10);
    return errno == 0 && end == reply->str + reply->len;
}

bool redis_index(const redisReply *reply, int64_t *index)
{
    *index = -1;
    return reply->type == REDIS_REPLY_NIL || (number_of(reply, index) && *index >= 0);
}

/* --- asking --- */

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

/* MGET takes a key of another type for none; EXISTS counts it. */
static enum view_result send_read(struct redis_view *view, struct arena *arena,
                                  const struct view_read *read, struct err_note *note)
{
    static const char *const names[] = { "MGET", "EXISTS" };
    struct text multi = TEXT("MULTI"), exec = TEXT("EXEC");
    enum view_result result = redis_send_words(view, arena, &multi, 1, note);
    struct redis_command command;
    redis_command_init(&command, arena, (int)read->key_count + 2);
    redis_add(&command, text_of(names[0]));
    redis_add(&command, redis_key(arena, read->group, "@index", no_key));
    for (size_t i = 0; i < read->key_count; i++) {
        redis_add(&command, redis_key(arena, read->group, ":", read->keys[i]));
    }
    for (int i = 0; result == VIEW_OK && i < 2; i++) {
        command.at[0] = names[i];
        command.sizes[0] = strlen(names[i]);
        result = redis_send(view, &command, note);
    }
    if (result == VIEW_OK && read->due_max) {
        result = send_due(view, arena, read, note);
    }
    return result == VIEW_OK ? redis_send_words(view, arena, &exec, 1, note) : result;
}

/* --- what comes --- */

/* One read, as far as it is understood. */
struct answer {
    struct redis_view *view;
    struct arena *arena;
    struct view_read *read;
    struct err_note *note;
    bool broken; /* what no Redis would answer */
};

static enum view_result broken(struct answer *answer)
{
    answer->broken = true;
    return VIEW_DOWN;
}

/* A part of EXEC's answer, which may be an error of its own. */
static enum view_result expect(struct answer *answer, const redisReply *part, int type)
{
    if (part->type == REDIS_REPLY_ERROR) {
        return strncmp(part->str, "WRONGTYPE", 9) == 0
                   ? redis_foreign_key(answer->view, answer->read->group, answer->note)
                   : redis_meaning(part->str, answer->note);
    }
    return part->type == type ? VIEW_OK : broken(answer);
}

static bool copy_value(struct arena *arena, const redisReply *value, struct text *out)
{
    if (value->type == REDIS_REPLY_STRING && value->len <= UINT32_MAX) {
        *out = arena_copy(arena, (struct text){ value->str, (uint32_t)value->len });
        return true;
    }
    return value->type == REDIS_REPLY_NIL;
}

static enum view_result take_values(struct answer *answer, const redisReply *mget,
                                    const redisReply *exists)
{
    struct view_read *read = answer->read;
    long long found = 0;
    enum view_result result = expect(answer, mget, REDIS_REPLY_ARRAY);
    result = result == VIEW_OK ? expect(answer, exists, REDIS_REPLY_INTEGER) : result;
    if (result != VIEW_OK) {
        return result;
    }
    if (mget->elements != read->key_count + 1) {
        return broken(answer);
    }
    if (!redis_index(mget->element[0], &read->index)) {
        return redis_foreign_key(answer->view, read->group, answer->note);
    }
    read->values = arena_alloc(answer->arena, read->key_count * sizeof(*read->values));
    for (size_t i = 0; i <= read->key_count; i++) {
        const redisReply *value = mget->element[i];
        if (i > 0 && !copy_value(answer->arena, value, &read->values[i - 1])) {
            return broken(answer);
        }
        found += value->type == REDIS_REPLY_STRING;
    }
    return found == exists->integer ? VIEW_OK
                                    : redis_foreign_key(answer->view, read->group, answer->note);
}

/* Members with their scores. */
static enum view_result take_due(struct answer *answer, const redisReply *range,
                                 const redisReply *first)
{
    struct view_read *read = answer->read;
    enum view_result result = expect(answer, range, REDIS_REPLY_ARRAY);
    result = result == VIEW_OK ? expect(answer, first, REDIS_REPLY_ARRAY) : result;
    if (result != VIEW_OK) {
        return result;
    }
    read->due_count = range->elements / 2;
    read->due = arena_alloc(answer->arena, read->due_count * sizeof(*read->due));
    read->due_next_ms = INT64_MAX;
    if (range->elements % 2 || (first->elements != 0 && first->elements != 2)) {
        return broken(answer);
    }
    bool good = first->elements == 0 || number_of(first->element[1], &read->due_next_ms);
    for (size_t i = 0; good && i < read->due_count; i++) {
        const redisReply *key = range->element[2 * i];
        good = key->type == REDIS_REPLY_STRING &&
               copy_value(answer->arena, key, &read->due[i].key) &&
               number_of(range->element[2 * i + 1], &read->due[i].due_ms);
    }
    return good ? VIEW_OK : redis_foreign_key(answer->view, read->group, answer->note);
}

static enum view_result take_answer(struct answer *answer, const redisReply *reply, size_t parts)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != parts) {
        return broken(answer);
    }
    enum view_result result = take_values(answer, reply->element[0], reply->element[1]);
    return result == VIEW_OK && answer->read->due_max
               ? take_due(answer, reply->element[2], reply->element[3])
               : result;
}

/* Replies of one read: OK, QUEUED..., and EXEC's array. */
static enum view_result receive_read(struct answer *answer)
{
    struct redis_view *view = answer->view;
    redisReply *reply;
    size_t parts = answer->read->due_max ? 4 : 2;
    enum view_result result = VIEW_OK;
    for (size_t i = 0; result == VIEW_OK && i < parts + 1; i++) {
        result = redis_receive_status(view, answer->note);
    }
    result = result == VIEW_OK ? redis_receive(view, &reply, false, answer->note) : result;
    if (result != VIEW_OK) {
        return result;
    }
    view->held = reply;
    result = take_answer(answer, reply, parts);
    view->held = NULL;
    freeReplyObject(reply);
    if (result != VIEW_OK) { /* the replies of other reads are still to come */
        redis_drop(view);
    }
    return answer->broken ? redis_broken(view, answer->note) : result;
}

enum view_result redis_read(struct view *base, struct arena *arena, struct view_read *reads,
                            size_t count, struct err_note *note)
{
    struct redis_view *view = (struct redis_view *)base;
    enum view_result result = redis_ready(view, note);
    view->busy = result == VIEW_OK;
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        result = send_read(view, arena, &reads[i], note);
    }
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        struct answer answer = { view, arena, &reads[i], note, false };
        result = receive_read(&answer);
    }
    view->busy = false;
    return result;
}
