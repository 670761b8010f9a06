/*
 * After the commit: what is in the log is brought to the view, the partitions of the turn together. A
 * failure costs a retake, no more: the log has it all.
 */
#include "engine/inside.h"

#include "io/crash.h"
#include "io/log.h"

enum { FOLD_TRIES = 3, BATCH_FOLDS_MAX = 64, BATCH_ENTRIES_MAX = 8 * VIEW_FOLD_ENTRIES_MAX };

/* Chunks that go to the view in one call. It is memory of its own, because what a turn may use can be
 * used up, and nothing may stop a fold that the commit promised. */
struct fold_batch {
    struct view_fold folds[BATCH_FOLDS_MAX];
    struct partition *partitions[BATCH_FOLDS_MAX]; /* of the folds */
    size_t count;
    struct view_entry entries[BATCH_ENTRIES_MAX];
    size_t entry_count;
    enum view_result result; /* the first failure of the turn, VIEW_OK = none */
    struct err_note trouble;
};

/* The chunk that is being filled: entries at the end of the batch's. */
struct chunk {
    struct partition *partition;
    size_t count, bytes;
    int64_t before, folded; /* folded: records of the turn up to and with this chunk */
};

struct fold_batch *fold_batch_new(struct arena *arena)
{
    return arena_alloc(arena, sizeof(struct fold_batch));
}

/* Without the view's word that it is done: read where it stands, and fold the rest from the log. */
static void retake_unfolded(struct engine *engine, struct partition *partition)
{
    engine_retake(engine, partition, "the fold did not take effect");
}

/* A reader of the log folds too and may be faster, to any record of the turn: on from there. Whatever
 * else is found at the index is doubted. `known`: what came of the fold is an answer to try by. */
static void fold_again(struct engine *engine, struct partition *partition, struct view_fold *fold, bool known)
{
    struct fold_batch *batch = engine->fold_batch;
    enum view_result result = fold->result;
    int64_t index = fold->index;
    for (int i = known ? 0 : -1; i < FOLD_TRIES; i++) {
        if (i >= 0) {
            bool by_a_reader = result == VIEW_LOST && index > partition->index && index <= partition->turn_after;
            if (result != VIEW_OK && !by_a_reader) {
                break;
            }
            partition->index = result == VIEW_OK ? fold->after : index;
        }
        if (partition->index >= fold->after) {
            return;
        }
        result = engine->view->ops->fold(engine->view, fold->group, partition->index, fold->after, fold->entries,
                                         fold->count, &index, &batch->trouble);
    }
    batch->result = result > VIEW_LOST ? result : batch->result;
    retake_unfolded(engine, partition);
}

static void flush_batch(struct engine *engine)
{
    struct fold_batch *batch = engine->fold_batch;
    const struct partition *overtaken = NULL; /* what came of its later folds is too old to go by */
    enum view_result result = batch->count > 0
                                  ? view_fold_all(engine->view, batch->folds, batch->count, &batch->trouble)
                                  : VIEW_OK;
    batch->result = result > VIEW_LOST ? result : batch->result;
    for (size_t i = 0; i < batch->count; i++) {
        struct partition *partition = batch->partitions[i];
        struct view_fold *fold = &batch->folds[i];
        if (partition->stage != TAKE_READY) {
            continue; /* an earlier chunk failed */
        }
        if (fold->result == VIEW_OK) {
            partition->index = fold->after;
        } else {
            fold_again(engine, partition, fold, partition != overtaken);
            overtaken = partition;
        }
    }
    CRASH_POINT("folded");
    batch->count = batch->entry_count = 0;
}

/* The chunk ends on a record and sets the index to the offset after it. */
static void end_chunk(struct engine *engine, struct chunk *chunk, int64_t after)
{
    struct fold_batch *batch = engine->fold_batch;
    batch->partitions[batch->count] = chunk->partition;
    batch->folds[batch->count++] = (struct view_fold){
        .group = chunk->partition->log->group,
        .before = chunk->before,
        .after = after,
        .entries = batch->entries + batch->entry_count,
        .count = chunk->count,
    };
    batch->entry_count += chunk->count;
    chunk->before = after;
    chunk->count = chunk->bytes = 0;
    if (batch->count == BATCH_FOLDS_MAX || batch->entry_count + VIEW_FOLD_ENTRIES_MAX > BATCH_ENTRIES_MAX) {
        flush_batch(engine);
    }
}

static void chunk_add(struct engine *engine, struct chunk *chunk, struct view_entry entry)
{
    struct fold_batch *batch = engine->fold_batch;
    batch->entries[batch->entry_count + chunk->count++] = entry;
    chunk->bytes += entry.key.size + entry.value.size;
    chunk->folded++;
}

static bool chunk_full(const struct chunk *chunk)
{
    return chunk->count == VIEW_FOLD_ENTRIES_MAX || chunk->bytes >= VIEW_FOLD_BYTES_MAX;
}

static struct view_entry entry_of(const struct item *item)
{
    bool gone = !item->present && !item->head_owner;
    return (struct view_entry){ item->key, gone ? (struct text){ 0 } : item->written,
                                item->due_ms == 0 && item->stored_due_ms == 0 ? VIEW_DUE_KEEP
                                                                              : item->due_ms };
}

/* In the order in which the records were written. Their offsets are known as long as nobody else wrote
 * between them: only an aborted transaction of a zombie can have. */
static void fold_partition(struct engine *engine, struct partition *partition)
{
    struct chunk chunk = { .partition = partition, .before = partition->index };
    bool dense = partition->turn_after - partition->turn_first == partition->turn_records;
    chunk_add(engine, &chunk, (struct view_entry){ TEXT(PROGRESS_KEY), partition->turn_progress, VIEW_DUE_KEEP });
    for (struct item *item = engine->turn.dirty_first; item != NULL; item = item->next_dirty) {
        if (item->partition != partition) {
            continue;
        }
        if (chunk_full(&chunk)) {
            if (!dense) {
                flush_batch(engine);
                retake_unfolded(engine, partition);
                return;
            }
            end_chunk(engine, &chunk, partition->turn_first + chunk.folded);
            if (partition->stage != TAKE_READY) {
                return;
            }
        }
        chunk_add(engine, &chunk, entry_of(item));
    }
    end_chunk(engine, &chunk, partition->turn_after);
}

enum err fold_turn(struct engine *engine, struct err_note *note)
{
    struct fold_batch *batch = engine->fold_batch;
    batch->result = VIEW_OK;
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            if (slot->partitions[p].touched) {
                fold_partition(engine, &slot->partitions[p]);
            }
        }
    }
    flush_batch(engine);
    if (batch->result != VIEW_OK) {
        engine_view_trouble(engine, &batch->trouble);
    }
    return batch->result == VIEW_REFUSED ? err_note(note, ERR_CONFIG, "%s", batch->trouble.text) : OK;
}
