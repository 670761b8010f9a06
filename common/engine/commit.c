/* The end of a turn: states and @progress to the state logs, offsets, commit, fold. */
#include "engine/inside.h"

#include "io/log.h"

enum { FLUSH_MS = 8000, QUEUE_WAIT_MS = 20, QUEUE_WAITS_MAX = 500, FOLD_TRIES = 3 };

static bool next_touched(struct engine *engine, size_t *s, int32_t *p, struct partition **out)
{
    for (; *s < engine->slot_count; (*s)++, *p = 0) {
        struct worker_slot *slot = &engine->slots[*s];
        for (; slot->run && *p < slot->count; (*p)++) {
            if (slot->partitions[*p].touched) {
                *out = &slot->partitions[(*p)++];
                return true;
            }
        }
    }
    return false;
}

enum bus_result commit_produce(struct engine *engine, const struct bus_message *message)
{
    for (int i = 0; i < QUEUE_WAITS_MAX; i++) {
        enum bus_result result = engine->bus->ops->produce(engine->bus, message);
        if (result != BUS_PENDING) {
            return result == BUS_OK || result == BUS_RETIRE ? result : BUS_ABORT;
        }
        result = engine->bus->ops->flush(engine->bus, QUEUE_WAIT_MS);
        if (result != BUS_OK && result != BUS_PENDING) {
            return result;
        }
    }
    return BUS_RETIRE; /* the queue does not empty: the brokers are away */
}

/* The first record that the transaction writes to the partition: whoever finds this transaction
 * hanging learns from it whose it is. */
static enum bus_result put_progress(struct engine *engine, struct partition *partition)
{
    struct arena *arena = &engine->turn.arena;
    struct text owner = engine->bus->ops->transactional_id(engine->bus);
    if (partition->fresh_log) {
        struct text seed = arena_printf(arena, "%.*s|%.*s|%lld", TEXT_ARGS(owner),
                                        TEXT_ARGS(partition->log->group), (long long)engine->wall_ms);
        partition->log_id = hash128(seed);
        partition->fresh_log = false;
    }
    struct progress progress = { partition->turn_next, partition->turn_time_ms, owner,
                                 partition->slot->count, partition->log_id };
    partition->turn_progress = progress_write(&progress, arena);
    struct bus_message message = {
        .place = { partition->slot->state, partition->number },
        .key = TEXT(PROGRESS_KEY),
        .value = partition->turn_progress,
    };
    return commit_produce(engine, &message);
}

enum bus_result commit_begin(struct engine *engine)
{
    size_t s = 0;
    int32_t p = 0;
    struct partition *partition;
    enum bus_result result = engine->bus->ops->begin(engine->bus);
    engine->turn.begun = result == BUS_OK;
    while (result == BUS_OK && next_touched(engine, &s, &p, &partition)) {
        result = put_progress(engine, partition);
    }
    return result;
}

enum bus_result commit_states(struct engine *engine)
{
    for (struct item *item = engine->turn.dirty_first; item != NULL; item = item->next_dirty) {
        struct record record = {
            .body_version = item->body_version,
            .flags = (uint8_t)((item->head_owner ? RECORD_HEAD : 0) |
                               (item->present || item->head_owner ? 0 : RECORD_EMPTY)),
            .due_ms = item->due_ms,
            .body = item->body,
        };
        if (item->head_owner) {
            record.head = *item->head;
        }
        item->written = record_write(&record, &engine->turn.arena);
        struct bus_message message = {
            .place = { item->partition->slot->state, item->partition->number },
            .key = item->key,
            .value = item->written,
        };
        enum bus_result result = commit_produce(engine, &message);
        if (result != BUS_OK) {
            return result;
        }
    }
    return BUS_OK;
}

static enum bus_result send_offsets(struct engine *engine)
{
    size_t s = 0, count = 0;
    int32_t p = 0;
    struct partition *partition;
    struct bus_position *offsets =
        arena_alloc(&engine->turn.arena, engine->turn.touched_count * sizeof(*offsets));
    while (next_touched(engine, &s, &p, &partition)) {
        offsets[count++] = (struct bus_position){ { partition->slot->input, partition->number },
                                                  partition->turn_next };
    }
    ENSURE(count > 0 && count == engine->turn.touched_count);
    return engine->bus->ops->send_offsets(engine->bus, offsets, count);
}

/* Offsets go only after every record is safe: so a zombie whose offsets were accepted has nothing left
 * to produce. */
enum bus_result commit_end(struct engine *engine)
{
    enum bus_result result = engine->bus->ops->flush(engine->bus, FLUSH_MS);
    if (result != BUS_OK) {
        return result == BUS_PENDING ? BUS_RETIRE : result;
    }
    result = send_offsets(engine);
    return result != BUS_OK ? result : engine->bus->ops->commit(engine->bus);
}

/* --- fold --- */

struct chunk {
    struct view_entry *entries;
    size_t count, bytes;
};

/* Null when done. A chunk that is not the last leaves the index where it is: what it brings is committed,
 * and whoever folds from there brings it again. */
static enum err fold_chunk(struct engine *engine, struct partition *partition, struct chunk *chunk,
                           int64_t after, struct err_note *note)
{
    struct err_note trouble;
    int64_t index = partition->index;
    for (int i = 0; i < FOLD_TRIES; i++) {
        enum view_result result =
            engine->view->ops->fold(engine->view, partition->log->group, partition->index, after,
                                    chunk->entries, chunk->count, &index, &trouble);
        if (result == VIEW_OK) {
            partition->index = after;
            break;
        }
        if (result == VIEW_LOST && index >= partition->turn_after) {
            partition->index = index; /* a reader of this log was faster */
            break;
        }
        if (result == VIEW_LOST && index > partition->index) {
            partition->index = index; /* it got half way: ours begins before and ends after that */
            continue;
        }
        if (result != VIEW_LOST) {
            engine_view_trouble(engine, result, &trouble);
        }
        engine_retake(engine, partition, "the fold did not take effect");
        return result == VIEW_REFUSED ? err_note(note, ERR_CONFIG, "%s", trouble.text) : OK;
    }
    chunk->count = 0;
    chunk->bytes = 0;
    return OK;
}

static enum err fold_partition(struct engine *engine, struct partition *partition,
                               struct view_entry *entries, struct err_note *note)
{
    struct chunk chunk = { .entries = entries };
    for (struct item *item = engine->turn.dirty_first; item != NULL; item = item->next_dirty) {
        if (item->partition != partition) {
            continue;
        }
        bool gone = !item->present && !item->head_owner;
        chunk.entries[chunk.count++] = (struct view_entry){
            item->key, gone ? (struct text){ 0 } : item->written,
            item->due_ms == 0 && item->stored_due_ms == 0 ? VIEW_DUE_KEEP : item->due_ms
        };
        chunk.bytes += item->key.size + item->written.size;
        if (chunk.count == VIEW_FOLD_ENTRIES_MAX - 1 || chunk.bytes >= VIEW_FOLD_BYTES_MAX) {
            enum err err = fold_chunk(engine, partition, &chunk, partition->index, note);
            if (err != OK || partition->stage != TAKE_READY) {
                return err;
            }
        }
    }
    chunk.entries[chunk.count++] =
        (struct view_entry){ TEXT(PROGRESS_KEY), partition->turn_progress, VIEW_DUE_KEEP };
    return fold_chunk(engine, partition, &chunk, partition->turn_after, note);
}

static enum err own_end(struct engine *engine, struct partition *partition, struct err_note *note)
{
    int64_t first, last;
    struct bus_place place = { partition->slot->state, partition->number };
    ENSURE(engine->bus->ops->written(engine->bus, place, &first, &last));
    if (first < partition->index) {
        return err_note(note, ERR_CONFIG,
                        "%s-state/%d: wrote at offset %lld, below the view's index %lld: Kafka lost data; "
                        "restore the topic, or flush the view to accept the loss",
                        partition->slot->worker->name, partition->number, (long long)first,
                        (long long)partition->index);
    }
    partition->turn_after = last + 1;
    return OK;
}

/* After the commit: what is in the log is brought to the view. A failure costs a retake, no more. */
enum err commit_fold(struct engine *engine, struct err_note *note)
{
    size_t s = 0;
    int32_t p = 0;
    struct partition *partition;
    struct view_entry *entries =
        arena_alloc(&engine->turn.arena, VIEW_FOLD_ENTRIES_MAX * sizeof(*entries));
    while (next_touched(engine, &s, &p, &partition)) {
        enum err err = own_end(engine, partition, note);
        if (err == OK && partition->stage == TAKE_READY) {
            err = fold_partition(engine, partition, entries, note);
        }
        if (err != OK) {
            return err;
        }
    }
    return OK;
}
