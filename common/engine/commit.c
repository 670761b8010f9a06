/* The end of a turn: states and @progress to the state logs, offsets, commit. */
#include "engine/inside.h"

#include "io/crash.h"
#include "io/log.h"

enum { FLUSH_MS = 8000, QUEUE_WAIT_MS = 20, QUEUE_WAITS_MAX = 500 };

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

static const char *topic_word(const struct engine *engine, int32_t topic, const char **end)
{
    *end = "";
    for (size_t s = 0; s < engine->slot_count; s++) {
        const struct worker_slot *slot = &engine->slots[s];
        if (slot->count > 0 && (topic == slot->input || topic == slot->state || topic == slot->dlq)) {
            *end = topic == slot->state ? "-state" : topic == slot->dlq ? "-dlq" : "";
            return slot->worker->name;
        }
    }
    size_t kind = 0;
    while (engine->kinds[kind].topic != topic) {
        kind++;
        ENSURE(kind < engine->kind_count); /* nothing goes anywhere else */
    }
    return engine->kinds[kind].topic_name;
}

/* Trying again would not help. */
static void not_taken(struct engine *engine, const struct bus_message *message)
{
    const char *end, *word = topic_word(engine, message->place.topic, &end);
    engine->turn.halted = true;
    err_note(&engine->turn.failed_note, ERR_CONFIG,
             "topic %s%s does not take a record of %u bytes: run `makegood topics create` if it is not "
             "there, else raise its max.message.bytes",
             word, end, message->key.size + message->value.size);
}

enum bus_result commit_produce(struct engine *engine, const struct bus_message *message)
{
    for (int i = 0; i < QUEUE_WAITS_MAX; i++) {
        enum bus_result result = engine->bus->ops->produce(engine->bus, message);
        if (result == BUS_CONFIG) {
            not_taken(engine, message);
        }
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
    partition->turn_records = 1;
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
    CRASH_POINT("begun");
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
        item->partition->turn_records++;
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

/* Kafka lost data when it gives offsets that the view has seen already: nothing may be committed then. */
static bool log_goes_on(struct engine *engine)
{
    size_t s = 0;
    int32_t p = 0;
    struct partition *partition;
    while (next_touched(engine, &s, &p, &partition)) {
        int64_t last;
        struct bus_place place = { partition->slot->state, partition->number };
        ENSURE(engine->bus->ops->written(engine->bus, place, &partition->turn_first, &last));
        partition->turn_after = last + 1;
        if (partition->turn_first < partition->index) {
            engine->turn.halted = true;
            err_note(&engine->turn.failed_note, ERR_CONFIG,
                     "%s-state/%d: writes at offset %lld, below the view's index %lld: Kafka lost data; "
                     "restore the topic, or flush the view to accept the loss",
                     partition->slot->worker->name, partition->number,
                     (long long)partition->turn_first, (long long)partition->index);
            return false;
        }
    }
    return true;
}

/* Offsets go only after every record is safe: so a zombie whose offsets were accepted has nothing left
 * to produce. What is not known to have been refused may have been committed. */
enum bus_result commit_end(struct engine *engine)
{
    CRASH_POINT("queued");
    enum bus_result result = engine->bus->ops->flush(engine->bus, FLUSH_MS);
    CRASH_POINT("flushed");
    if (result != BUS_OK) {
        return result == BUS_ABORT ? BUS_ABORT : BUS_RETIRE;
    }
    if (!log_goes_on(engine)) {
        return BUS_ABORT;
    }
    result = send_offsets(engine);
    if (result != BUS_OK) {
        return result;
    }
    CRASH_POINT("offsets-sent");
    result = engine->bus->ops->commit(engine->bus);
    CRASH_POINT("committed");
    return result == BUS_OK || result == BUS_ABORT ? result : BUS_RETIRE;
}
