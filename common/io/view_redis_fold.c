/*
 * Folds: compare-and-set on the index by WATCH, GET, then MULTI ... EXEC. Folds travel in packs, one
 * transaction each; what a pack changes goes out together with the WATCH of the next one, so N packs
 * cost N + 1 round trips. A pack is bounded, because Redis serves nobody else meanwhile.
 */
#include "base/ensure.h"
#include "io/clock.h"
#include "io/crash.h"
#include "io/view_redis_inside.h"

static const struct text no_key = { "", 0 };

static size_t bytes_of(const struct view_fold *fold)
{
    size_t bytes = 0;
    for (size_t i = 0; i < fold->count; i++) {
        bytes += fold->entries[i].key.size + fold->entries[i].value.size;
    }
    return bytes;
}

/* As many folds as fit, of different groups: of one group the next must see what the first made. */
static struct redis_pack pack_next(struct redis_view *view, struct arena *arena, struct view_fold *folds,
                             size_t left)
{
    struct redis_pack pack = { .view = view, .arena = arena, .folds = folds };
    size_t entries = 0, bytes = 0;
    while (pack.count < left) {
        const struct view_fold *fold = &folds[pack.count];
        ENSURE(fold->count <= VIEW_FOLD_ENTRIES_MAX);
        entries += fold->count;
        bytes += bytes_of(fold);
        bool same = pack.count > 0 && text_equal(fold->group, fold[-1].group);
        if (pack.count > 0 && (same || entries > VIEW_FOLD_ENTRIES_MAX || bytes > VIEW_FOLD_BYTES_MAX)) {
            break;
        }
        pack.count++;
    }
    return pack;
}

/* --- the changes --- */

/* One command over those entries that it concerns; none, no command. */
static enum view_result send_some(struct redis_pack *pack, struct redis_command *command, int bare,
                                  struct err_note *note)
{
    if (command->count == bare) {
        return VIEW_OK;
    }
    pack->commands++;
    return redis_send(pack->view, command, note);
}

/* What goes is written before it is deleted. Redis does not log the deletion of a key that is not there; but
 * a file that ended inside of a transaction has it: Redis leaves such a transaction out, keeps its beginning
 * in the file, and applies it when the file is loaded the next time. */
static enum view_result send_values(struct redis_pack *pack, const struct view_fold *fold, struct err_note *note)
{
    struct redis_command set, del;
    redis_command_init(&set, pack->arena, (int)fold->count * 2 + 3);
    redis_command_init(&del, pack->arena, (int)fold->count + 1);
    redis_add(&set, TEXT("MSET"));
    redis_add(&set, redis_key(pack->arena, fold->group, "@index", no_key));
    redis_add_number(&set, fold->after);
    redis_add(&del, TEXT("DEL"));
    for (size_t i = 0; i < fold->count; i++) {
        struct text key = redis_key(pack->arena, fold->group, ":", fold->entries[i].key);
        bool gone = fold->entries[i].value.at == NULL;
        redis_add(&set, key);
        redis_add(&set, gone ? no_key : fold->entries[i].value);
        if (gone) {
            redis_add(&del, key);
        }
    }
    enum view_result result = send_some(pack, &set, 0, note);
    return result == VIEW_OK ? send_some(pack, &del, 1, note) : result;
}

static enum view_result send_dues(struct redis_pack *pack, const struct view_fold *fold, struct err_note *note)
{
    struct redis_command add, remove;
    struct text due = redis_key(pack->arena, fold->group, "@due", no_key);
    redis_command_init(&add, pack->arena, (int)fold->count * 2 + 2);
    redis_command_init(&remove, pack->arena, (int)fold->count + 2);
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
    enum view_result result = send_some(pack, &add, 2, note);
    return result == VIEW_OK ? send_some(pack, &remove, 2, note) : result;
}

static enum view_result send_word(const struct redis_pack *pack, struct text word, struct err_note *note)
{
    return redis_send_words(pack->view, pack->arena, &word, 1, note);
}

/* An error inside (out of memory, disk) makes EXEC fail whole. */
static enum view_result send_changes(struct redis_pack *pack, struct err_note *note)
{
    if (pack->applicable == 0) {
        return send_word(pack, TEXT("UNWATCH"), note);
    }
    enum view_result result = send_word(pack, TEXT("MULTI"), note);
    for (size_t i = 0; result == VIEW_OK && i < pack->count; i++) {
        if (pack->folds[i].result == VIEW_OK) {
            result = send_values(pack, &pack->folds[i], note);
            result = result == VIEW_OK ? send_dues(pack, &pack->folds[i], note) : result;
        }
    }
    return result == VIEW_OK ? send_word(pack, TEXT("EXEC"), note) : result;
}

/* None: somebody wrote between WATCH and EXEC. Else an answer to each command. */
static enum view_result understand_changes(const struct redis_pack *pack, const redisReply *reply,
                                           struct err_note *note)
{
    if (reply->type == REDIS_REPLY_NIL) {
        return VIEW_LOST;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != (size_t)pack->commands) {
        return redis_broken(pack->view, note);
    }
    for (size_t i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type == REDIS_REPLY_ERROR) {
            enum view_result result = redis_meaning(reply->element[i]->str, note);
            redis_drop(pack->view);
            return result;
        }
    }
    return VIEW_OK;
}

static enum view_result receive_changes(struct redis_pack *pack, struct err_note *note)
{
    redisReply *reply;
    bool unwatched = pack->applicable == 0;
    enum view_result result = redis_skip_statuses(pack->view, unwatched ? 1 : pack->commands + 1, note);
    if (result != VIEW_OK || unwatched) {
        return result;
    }
    CRASH_POINT("fold-sent"); /* all of it went out before the first reply came */
    result = redis_receive(pack->view, &reply, false, note);
    if (result != VIEW_OK) {
        return result;
    }
    result = understand_changes(pack, reply, note);
    freeReplyObject(reply);
    return result;
}

/* What was to be applied was, or was not: all of the pack at once. */
static void settle(struct redis_pack *pack, enum view_result result)
{
    for (size_t i = 0; i < pack->count; i++) {
        struct view_fold *fold = &pack->folds[i];
        if (fold->result == VIEW_OK) {
            fold->result = result;
            fold->index = fold->after;
            fold->raced = result == VIEW_LOST;
        }
    }
}

/* --- all of them --- */

static enum view_result fold_packs(struct redis_view *view, struct arena *arena, struct view_fold *folds,
                                   size_t count, struct err_note *note)
{
    struct redis_pack pack = pack_next(view, arena, folds, count);
    enum view_result result = redis_send_watch(&pack, note);
    while (result == VIEW_OK && pack.count > 0) {
        result = redis_receive_watch(&pack, note);
        result = result == VIEW_OK ? send_changes(&pack, note) : result;
        folds += pack.count;
        count -= pack.count;
        struct redis_pack next = pack_next(view, arena, folds, count);
        result = result == VIEW_OK && next.count > 0 ? redis_send_watch(&next, note) : result;
        result = result == VIEW_OK ? receive_changes(&pack, note) : result;
        settle(&pack, result);
        result = result == VIEW_LOST ? VIEW_OK : result;
        pack = next;
    }
    return result;
}

/* Somebody wrote between WATCH and EXEC: what stands there now? */
static enum view_result read_raced(struct redis_view *view, struct arena *arena, struct view_fold *folds,
                                   size_t count, struct err_note *note)
{
    enum view_result result = VIEW_OK;
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        struct view_read read = { .group = folds[i].group };
        if (folds[i].raced) {
            result = view->view.ops->read(&view->view, arena, &read, 1, note);
            folds[i].index = read.index;
            folds[i].result = result == VIEW_OK ? VIEW_LOST : result;
        }
    }
    return result;
}

enum view_result redis_fold_all(struct view *base, struct view_fold *folds, size_t count, struct err_note *note)
{
    struct redis_view *view = (struct redis_view *)base;
    int64_t since_us = clock_monotonic_us();
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < count; i++) {
        folds[i].result = VIEW_DOWN;
        folds[i].raced = false;
    }
    enum view_result result = redis_ready(view, note);
    result = result == VIEW_OK ? fold_packs(view, &arena, folds, count, note) : result;
    result = result == VIEW_OK ? read_raced(view, &arena, folds, count, note) : result;
    for (size_t i = 0; result > VIEW_LOST && i < count; i++) {
        folds[i].result = folds[i].result == VIEW_DOWN ? result : folds[i].result;
    }
    arena_release(&arena);
    redis_measure(view->fold_time, since_us);
    return result;
}

enum view_result redis_fold(struct view *base, struct text group, int64_t before, int64_t after,
                            const struct view_entry *entries, size_t count, int64_t *index,
                            struct err_note *note)
{
    struct view_fold fold = {
        .group = group, .before = before, .after = after, .entries = entries, .count = count
    };
    enum view_result result = redis_fold_all(base, &fold, 1, note);
    *index = fold.index;
    return result == VIEW_OK ? fold.result : result;
}
