/* Is it ours, and safe? Asked once per connection, and from time to time. */
#include "io/view_redis_inside.h"

#include <stdlib.h>

#define IDENTITY_KEY TEXT("makegood@identity")

/* One command of at most three words; its reply. */
static enum view_result ask(struct redis_view *view, struct arena *arena, const struct text *words,
                            int count, bool keep_errors, redisReply **reply, struct err_note *note)
{
    struct redis_command command;
    redis_command_init(&command, arena, count);
    for (int i = 0; i < count; i++) {
        redis_add(&command, words[i]);
    }
    enum view_result result = redis_send(view, &command, note);
    return result == VIEW_OK ? redis_receive(view, reply, keep_errors, note) : result;
}

/* Value of "name:value" in the text of INFO. */
static bool info_is(const char *info, const char *wanted)
{
    return info && strstr(info, wanted) != NULL;
}

/* A policy that evicts would lose states without a word. */
static enum view_result check_policy(struct redis_view *view, struct arena *arena,
                                     struct err_note *note)
{
    struct text words[] = { TEXT("INFO"), TEXT("memory") };
    redisReply *reply;
    enum view_result result = ask(view, arena, words, 2, true, &reply, note);
    if (result != VIEW_OK) {
        return result;
    }
    if (reply->type == REDIS_REPLY_ERROR) {
        result = redis_meaning(reply->str, note);
    } else if (reply->type != REDIS_REPLY_STRING) {
        result = redis_broken(view, note);
    } else if (!info_is(reply->str, "maxmemory_policy:noeviction")) {
        err_note(
            note, ERR_CONFIG,
            "redis may evict keys: set maxmemory-policy noeviction (CONFIG SET maxmemory-policy "
            "noeviction, and in redis.conf)");
        result = VIEW_REFUSED;
    }
    freeReplyObject(reply);
    return result;
}

static enum view_result check_identity(struct redis_view *view, struct arena *arena,
                                       struct err_note *note)
{
    struct text set[] = { TEXT("SETNX"), IDENTITY_KEY, text_of(view->identity) };
    struct text get[] = { TEXT("GET"), IDENTITY_KEY };
    redisReply *reply;
    enum view_result result = ask(view, arena, get, 2, false, &reply, note);
    if (result == VIEW_OK && reply->type == REDIS_REPLY_NIL) {
        freeReplyObject(reply);
        if (view->read_only) {
            return VIEW_OK;
        }
        result = ask(view, arena, set, 3, false, &reply, note);
        if (result == VIEW_OK) {
            freeReplyObject(reply);
            result = ask(view, arena, get, 2, false, &reply, note);
        }
    }
    if (result != VIEW_OK) {
        return result;
    }
    if (reply->type != REDIS_REPLY_STRING || strcmp(reply->str, view->identity) != 0) {
        err_note(
            note, ERR_CONFIG,
            "this redis database holds the view of \"%s\" and not of \"%s\"; use another database "
            "in redis.url",
            reply->type == REDIS_REPLY_STRING ? reply->str : "?", view->identity);
        result = VIEW_REFUSED;
    }
    freeReplyObject(reply);
    return result;
}

enum view_result redis_check(struct view *base, struct err_note *note)
{
    struct redis_view *view = (struct redis_view *)base;
    struct arena arena;
    arena_init(&arena, 0);
    enum view_result result = redis_connect(view, note);
    result = result == VIEW_OK ? check_policy(view, &arena, note) : result;
    if (result == VIEW_OK && view->identity[0]) {
        result = check_identity(view, &arena, note);
    }
    view->checked = result == VIEW_OK;
    arena_release(&arena);
    return result;
}
