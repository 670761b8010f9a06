/* What folds ask first, and watch until they have written: indexes, and of what type the keys are. */
#include "io/view_redis_inside.h"

static const struct text no_key = { "", 0 };

/* What a write finds of another type would fail alone, and the index would say that it did not: so
 * types are asked for, of what is watched. MGET takes an index of another type for none; EXISTS counts
 * it. */
enum view_result redis_send_watch(const struct redis_pack *pack, struct err_note *note)
{
    struct redis_command watch, get, exists;
    redis_command_init(&watch, pack->arena, (int)pack->count * 2 + 1);
    redis_command_init(&get, pack->arena, (int)pack->count + 1);
    redis_command_init(&exists, pack->arena, (int)pack->count + 1);
    redis_add(&watch, TEXT("WATCH"));
    redis_add(&get, TEXT("MGET"));
    redis_add(&exists, TEXT("EXISTS"));
    for (size_t i = 0; i < pack->count; i++) {
        struct text key = redis_key(pack->arena, pack->folds[i].group, "@index", no_key);
        redis_add(&watch, key);
        redis_add(&watch, redis_key(pack->arena, pack->folds[i].group, "@due", no_key));
        redis_add(&get, key);
        redis_add(&exists, key);
    }
    enum view_result result = redis_send(pack->view, &watch, note);
    result = result == VIEW_OK ? redis_send(pack->view, &get, note) : result;
    result = result == VIEW_OK ? redis_send(pack->view, &exists, note) : result;
    for (size_t i = 0; result == VIEW_OK && i < pack->count; i++) {
        struct text key = redis_key(pack->arena, pack->folds[i].group, "@due", no_key);
        struct text type[] = { TEXT("TYPE"), key };
        result = redis_send_words(pack->view, pack->arena, type, 2, note);
    }
    return result;
}

enum view_result redis_skip_statuses(struct redis_view *view, int count, struct err_note *note)
{
    enum view_result result = VIEW_OK;
    for (int i = 0; result == VIEW_OK && i < count; i++) {
        result = redis_receive_status(view, note);
    }
    return result;
}

/* The connection has more to say, which nobody hears now. */
static enum view_result foreign(const struct redis_pack *pack, size_t which, struct err_note *note)
{
    enum view_result result = redis_foreign_key(pack->view, pack->folds[which].group, note);
    redis_drop(pack->view);
    return result;
}

/* A fold whose index is another one is lost, and no part of the transaction. */
static enum view_result take_indexes(struct redis_pack *pack, const redisReply *indexes,
                                     const redisReply *exists, struct err_note *note)
{
    long long found = 0;
    if (indexes->type != REDIS_REPLY_ARRAY || indexes->elements != pack->count ||
        exists->type != REDIS_REPLY_INTEGER) {
        return redis_broken(pack->view, note);
    }
    for (size_t i = 0; i < pack->count; i++) {
        struct view_fold *fold = &pack->folds[i];
        if (!redis_index(indexes->element[i], &fold->index)) {
            return foreign(pack, i, note);
        }
        found += indexes->element[i]->type == REDIS_REPLY_STRING;
        fold->result = fold->index == fold->before ? VIEW_OK : VIEW_LOST;
        pack->applicable += fold->result == VIEW_OK;
    }
    return found == exists->integer ? VIEW_OK : foreign(pack, 0, note);
}

static enum view_result receive_types(const struct redis_pack *pack, struct err_note *note)
{
    enum view_result result = VIEW_OK;
    for (size_t i = 0; result == VIEW_OK && i < pack->count; i++) {
        redisReply *reply;
        result = redis_receive(pack->view, &reply, false, note);
        if (result == VIEW_OK) {
            bool good = reply->type == REDIS_REPLY_STATUS &&
                        (strcmp(reply->str, "zset") == 0 || strcmp(reply->str, "none") == 0);
            freeReplyObject(reply);
            result = good ? VIEW_OK : foreign(pack, i, note);
        }
    }
    return result;
}

enum view_result redis_receive_watch(struct redis_pack *pack, struct err_note *note)
{
    redisReply *indexes = NULL, *exists = NULL;
    enum view_result result = redis_skip_statuses(pack->view, 1, note);
    result = result == VIEW_OK ? redis_receive(pack->view, &indexes, false, note) : result;
    result = result == VIEW_OK ? redis_receive(pack->view, &exists, false, note) : result;
    result = result == VIEW_OK ? take_indexes(pack, indexes, exists, note) : result;
    freeReplyObject(indexes);
    freeReplyObject(exists);
    return result == VIEW_OK ? receive_types(pack, note) : result;
}
