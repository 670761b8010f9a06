/* Connecting, commands out, replies in, and what errors mean. */
#include "io/view_redis_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

#include "base/ensure.h"

/* --- commands --- */

void redis_command_init(struct redis_command *command, struct arena *arena, int room)
{
    *command = (struct redis_command){ .arena = arena, .room = room };
    command->at = arena_alloc(arena, (size_t)room * sizeof(*command->at));
    command->sizes = arena_alloc(arena, (size_t)room * sizeof(*command->sizes));
}

void redis_add(struct redis_command *command, struct text argument)
{
    ENSURE(command->count < command->room);
    command->at[command->count] = argument.at;
    command->sizes[command->count++] = argument.size;
}

void redis_add_number(struct redis_command *command, int64_t number)
{
    redis_add(command, arena_printf(command->arena, "%lld", (long long)number));
}

struct text redis_key(struct arena *arena, struct text group, const char *mark, struct text key)
{
    size_t mark_size = strlen(mark);
    size_t size = (size_t)group.size + 2 + mark_size + key.size;
    char *at = arena_bytes(arena, size);
    at[0] = '{';
    memcpy(at + 1, group.at, group.size);
    at[group.size + 1] = '}';
    memcpy(at + group.size + 2, mark, mark_size);
    if (key.size) {
        memcpy(at + group.size + 2 + mark_size, key.at, key.size);
    }
    return (struct text){ at, (uint32_t)size };
}

/* --- errors --- */

static bool begins(const char *text, const char *word)
{
    return strncmp(text, word, strlen(word)) == 0;
}

enum view_result redis_meaning(const char *text, struct err_note *note)
{
    if (begins(text, "NOAUTH") || begins(text, "WRONGPASS") || begins(text, "ERR AUTH") ||
        begins(text, "ERR invalid password")) {
        err_note(note, ERR_REFUSED, "redis refuses the password: %s; set redis.password_file",
                 text);
        return VIEW_DENIED;
    }
    if (begins(text, "NOPERM")) {
        err_note(note, ERR_REFUSED, "redis refuses a command to this user: %s; see ACL SETUSER",
                 text);
        return VIEW_DENIED;
    }
    if (begins(text, "OOM")) {
        err_note(note, ERR_UNAVAILABLE, "redis is out of memory: raise maxmemory (%s)", text);
    } else if (begins(text, "MISCONF")) {
        err_note(note, ERR_UNAVAILABLE, "redis cannot write to its disk: free some room (%s)",
                 text);
    } else if (begins(text, "LOADING")) {
        err_note(note, ERR_UNAVAILABLE, "redis is loading its file");
    } else if (begins(text, "READONLY")) {
        err_note(note, ERR_UNAVAILABLE,
                 "redis is a read-only replica: point redis.url at the primary");
    } else {
        err_note(note, ERR_UNAVAILABLE, "redis answers: %s", text);
    }
    return VIEW_DOWN;
}

void redis_drop(struct redis_view *view)
{
    if (view->context) {
        redisFree(view->context);
        view->context = NULL;
    }
    if (view->held) {
        freeReplyObject(view->held);
        view->held = NULL;
    }
    view->checked = view->busy = false;
}

static enum view_result down(struct redis_view *view, struct err_note *note)
{
    const redisContext *context = view->context;
    bool late = context && context->err == REDIS_ERR_IO && (errno == EAGAIN || errno == ETIMEDOUT);
    err_note(note, ERR_UNAVAILABLE,
             "redis at %s does not answer: %s; is it up, and redis.url right?", view->shown,
             late                      ? "timed out"
             : context && context->err ? context->errstr
                                       : "no connection");
    redis_drop(view);
    return VIEW_DOWN;
}

enum view_result redis_send(struct redis_view *view, const struct redis_command *command,
                            struct err_note *note)
{
    if (redisAppendCommandArgv(view->context, command->count, command->at, command->sizes) !=
        REDIS_OK) {
        return down(view, note);
    }
    return VIEW_OK;
}

enum view_result redis_receive(struct redis_view *view, redisReply **reply, bool keep_errors,
                               struct err_note *note)
{
    void *got = NULL;
    *reply = NULL;
    if (redisGetReply(view->context, &got) != REDIS_OK || !got) {
        return down(view, note);
    }
    *reply = got;
    if ((*reply)->type == REDIS_REPLY_ERROR && !keep_errors) {
        enum view_result result = redis_meaning((*reply)->str, note);
        freeReplyObject(*reply);
        *reply = NULL;
        redis_drop(view);
        return result;
    }
    return VIEW_OK;
}

enum view_result redis_receive_status(struct redis_view *view, struct err_note *note)
{
    redisReply *reply;
    enum view_result result = redis_receive(view, &reply, false, note);
    if (result != VIEW_OK) {
        return result;
    }
    bool good = reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    return good ? VIEW_OK : redis_broken(view, note);
}

/* --- connecting --- */

static enum view_result call(struct redis_view *view, struct redis_command *command,
                             struct err_note *note)
{
    enum view_result result = redis_send(view, command, note);
    return result == VIEW_OK ? redis_receive_status(view, note) : result;
}

static enum view_result log_in(struct redis_view *view, struct arena *arena, struct err_note *note)
{
    struct redis_command command;
    enum view_result result = VIEW_OK;
    if (view->password[0]) {
        redis_command_init(&command, arena, 3);
        redis_add(&command, TEXT("AUTH"));
        if (view->user[0]) {
            redis_add(&command, text_of(view->user));
        }
        redis_add(&command, text_of(view->password));
        result = call(view, &command, note);
    }
    if (result == VIEW_OK && view->database) {
        redis_command_init(&command, arena, 2);
        redis_add(&command, TEXT("SELECT"));
        redis_add_number(&command, view->database);
        result = call(view, &command, note);
    }
    return result;
}

enum view_result redis_connect(struct redis_view *view, struct err_note *note)
{
    if (view->busy) {
        redis_drop(view);
    }
    if (view->context) {
        return VIEW_OK;
    }
    struct timeval timeout = { view->timeout_ms / 1000, view->timeout_ms % 1000 * 1000 };
    view->context = view->unix_socket ? redisConnectUnixWithTimeout(view->host, timeout)
                                      : redisConnectWithTimeout(view->host, view->port, timeout);
    if (!view->context || view->context->err) {
        return down(view, note);
    }
    redisSetTimeout(view->context, timeout);
    struct arena arena;
    arena_init(&arena, 0);
    enum view_result result = log_in(view, &arena, note);
    arena_release(&arena);
    return result;
}
