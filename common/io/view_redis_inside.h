/* Shared by the files of the Redis view alone. */
#ifndef MAKEGOOD_IO_VIEW_REDIS_INSIDE_H
#define MAKEGOOD_IO_VIEW_REDIS_INSIDE_H

#include <hiredis/hiredis.h>

#include "io/view_redis.h"

struct redis_view {
    struct view view;
    redisContext *context; /* NULL: not connected */
    char host[256], user[128], password[1024], identity[600];
    char shown[272]; /* where it is, for people: host:port or a path */
    int port, database, timeout_ms;
    bool unix_socket;
    bool read_only;
    bool checked; /* identity and policy, on this connection */
    /* A read that ran out of its arena's memory jumps away with replies under way: whoever came
     * next would get those. So the connection is dropped. */
    bool busy;
    redisReply *held; /* being copied into the arena */
    struct metric *read_time, *fold_time; /* NULL: not measured */
};

/* Arguments of one command, in an arena. */
struct redis_command {
    struct arena *arena;
    const char **at;
    size_t *sizes;
    int count, room;
};

void redis_command_init(struct redis_command *command, struct arena *arena, int room);
void redis_add(struct redis_command *command, struct text argument);
void redis_add_number(struct redis_command *command, int64_t number);
/* "{group}" and what follows. */
struct text redis_key(struct arena *arena, struct text group, const char *mark, struct text key);

/* Connects if need be. */
enum view_result redis_connect(struct redis_view *view, struct err_note *note);
void redis_drop(struct redis_view *view);
/* Queues a command. */
enum view_result redis_send(struct redis_view *view, const struct redis_command *command,
                            struct err_note *note);
/* The next reply, to be freed by the caller; anything but OK drops the connection. An error reply
 * is one too, unless it may be kept (keep_errors). */
enum view_result redis_receive(struct redis_view *view, redisReply **reply, bool keep_errors,
                               struct err_note *note);
/* The same for a reply that must be a status: OK, QUEUED. */
enum view_result redis_receive_status(struct redis_view *view, struct err_note *note);
/* What an error reply of Redis means. */
enum view_result redis_meaning(const char *text, struct err_note *note);

enum view_result redis_send_words(struct redis_view *view, struct arena *arena, const struct text *words,
                                  int count, struct err_note *note);
/* Connected, and known to be ours since the connection was made. */
enum view_result redis_ready(struct redis_view *view, struct err_note *note);
/* What no Redis would answer; drops the connection. */
enum view_result redis_broken(struct redis_view *view, struct err_note *note);
/* A key that makegood did not write so. Both are DOWN: somebody must look, nothing is guessed. */
enum view_result redis_foreign_key(const struct redis_view *view, struct text group,
                                   struct err_note *note);
/* Of an index key's value: -1 = none. False: it is no index. */
bool redis_index(const redisReply *reply, int64_t *index);
enum view_result redis_read(struct view *base, struct arena *arena, struct view_read *reads,
                            size_t count, struct err_note *note);
void redis_measure(struct metric *metric, int64_t since_us); /* metric NULL: not measured */

/* Folds of one transaction. */
struct redis_pack {
    struct redis_view *view;
    struct arena *arena;
    struct view_fold *folds;
    size_t count, applicable; /* applicable: their index is as expected */
    int commands;             /* between MULTI and EXEC */
};

/* view_redis_watch.c */
enum view_result redis_send_watch(const struct redis_pack *pack, struct err_note *note);
/* Each fold of the pack is OK or LOST then, and the connection watches what they go by. */
enum view_result redis_receive_watch(struct redis_pack *pack, struct err_note *note);
enum view_result redis_skip_statuses(struct redis_view *view, int count, struct err_note *note);

enum view_result redis_fold(struct view *base, struct text group, int64_t before, int64_t after,
                            const struct view_entry *entries, size_t count, int64_t *index,
                            struct err_note *note);
enum view_result redis_fold_all(struct view *base, struct view_fold *folds, size_t count,
                                struct err_note *note);

/* False: no URL that we take. */
bool redis_parse_url(struct redis_view *view, const char *url);

enum view_result redis_check(struct view *view, struct err_note *note);

#endif
