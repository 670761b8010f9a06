/*
 * Taking a partition: a small state machine between polls, the one recovery path there is. Every start,
 * every rebalance and every doubt goes through it.
 *
 *   SETTLE  earlier owners are done: no pending offsets, no open transaction on the state log
 *   INDEX   where the view stands, then where the log ends
 *   FOLD    the log from there to its end goes into the view
 *   READY   @progress says where the input goes on; not the group's committed offset
 */
#include "engine/inside.h"

#include "io/crash.h"
#include "io/log.h"

enum { RETRY_MS = 50 };

/* --- topics and partition counts --- */

static enum err count_of(struct engine *engine, int32_t topic, const char *name, int32_t *count,
                         struct err_note *note)
{
    *count = engine->bus->ops->partitions(engine->bus, topic);
    if (*count < 0) {
        return ERR_UNAVAILABLE;
    }
    if (*count == 0) {
        return err_note(note, ERR_CONFIG, "topic %s does not exist: run `makegood topics create`", name);
    }
    return OK;
}

static void allocate(struct engine *engine, struct worker_slot *slot, int32_t count)
{
    struct arena *arena = &engine->permanent;
    slot->logs = arena_alloc(arena, (size_t)count * sizeof(struct state_log));
    slot->partitions = arena_alloc(arena, (size_t)count * sizeof(struct partition));
    for (int32_t p = 0; p < count; p++) {
        slot->logs[p].slot = slot;
        slot->logs[p].number = p;
        slot->logs[p].group = arena_printf(arena, "%s-%d", slot->worker->name, p);
        slot->partitions[p].slot = slot;
        slot->partitions[p].number = p;
        slot->partitions[p].log = &slot->logs[p];
        slot->partitions[p].due_next_ms = INT64_MAX;
    }
    slot->count = count;
}

/* Learns a worker's topics. OK, or UNAVAILABLE (ask again), or CONFIG. */
enum err slot_open(struct engine *engine, struct worker_slot *slot, struct err_note *note)
{
    const char *name = slot->worker->name;
    char state_name[128];
    int32_t count, states;
    if (slot->count > 0) {
        return OK;
    }
    struct text made = arena_printf(&engine->scratch, "%s-state%c", name, 0);
    memcpy(state_name, made.at, made.size < sizeof(state_name) ? made.size : sizeof(state_name));
    slot->input = engine->bus->ops->topic(engine->bus, name);
    slot->state = engine->bus->ops->topic(engine->bus, state_name);
    slot->dlq = engine->bus->ops->topic(engine->bus, arena_printf(&engine->scratch, "%s-dlq%c", name, 0).at);
    enum err err = count_of(engine, slot->input, name, &count, note);
    if (err == OK) {
        err = count_of(engine, slot->state, state_name, &states, note);
    }
    if (err != OK) {
        return err;
    }
    if (states != count) {
        return err_note(note, ERR_CONFIG, "topic %s has %d partitions and %s has %d: they must be equal; "
                        "make the new one again with the right count", name, count, state_name, states);
    }
    allocate(engine, slot, count);
    return OK;
}

/* --- stages --- */

static void enter(struct engine *engine, struct partition *partition, enum take_stage stage)
{
    partition->stage = stage;
    partition->stage_since_ms = engine->mono_ms;
    partition->retry_at_ms = 0;
}

static void later(struct engine *engine, struct partition *partition, const char *waits_for)
{
    partition->waits_for = waits_for;
    partition->retry_at_ms = engine->mono_ms + RETRY_MS;
}

/* A transaction hangs on the log: its uncommitted tail begins with the @progress of its owner. */
static void fence_owner(struct engine *engine, struct partition *partition, struct bus_place place,
                        int64_t stable)
{
    struct bus_record record;
    struct progress progress;
    if (engine->bus->ops->peek(engine->bus, place, stable, &record) != BUS_OK) {
        return;
    }
    struct text own = engine->bus->ops->transactional_id(engine->bus);
    CRASH_POINT("take-fence");
    if (text_is(record.key, PROGRESS_KEY) && progress_read(record.value, &progress)) {
        log_warn("transaction_fenced", KEY_STRING("worker", partition->slot->worker->name),
                 KEY_INT("partition", partition->number), KEY_TEXT("owner", progress.owner));
        if (text_equal(progress.owner, own)) {
            engine->retiring = true;
        } else {
            engine->bus->ops->fence(engine->bus, progress.owner);
        }
    }
    engine->bus->ops->release(engine->bus, &record);
    partition->stage_since_ms = engine->mono_ms; /* give the broker a moment before the next try */
}

static void take_settle(struct engine *engine, struct partition *partition)
{
    struct bus_place input = { partition->slot->input, partition->number };
    struct bus_place place = { partition->slot->state, partition->number };
    int64_t first, stable, high;
    enum bus_result settled = engine->bus->ops->settled(engine->bus, input);
    enum bus_result ends = engine->bus->ops->ends(engine->bus, place, &first, &stable, &high);
    if (ends == BUS_OK && stable < high) {
        if (engine->mono_ms - partition->stage_since_ms >= HUNG_MS) {
            fence_owner(engine, partition, place, stable);
        }
        later(engine, partition, "another owner's transaction to end");
    } else if (settled != BUS_OK || ends != BUS_OK) {
        later(engine, partition, "pending offsets of an earlier owner");
    } else {
        partition->log->taking = true;
        partition->log->positioned = false;
        enter(engine, partition, TAKE_INDEX);
        CRASH_POINT("take-settled");
    }
}

static enum err take_index(struct engine *engine, struct partition *partition, struct err_note *note)
{
    struct state_log *log = partition->log;
    struct bus_place place = { partition->slot->state, partition->number };
    int64_t first, high;
    enum err err = follow_open(engine, log, note);
    if (err != OK || !log->positioned ||
        engine->bus->ops->ends(engine->bus, place, &first, &partition->target, &high) != BUS_OK) {
        later(engine, partition, "the view");
        return err;
    }
    enter(engine, partition, TAKE_FOLD);
    CRASH_POINT("take-indexed");
    return OK;
}

static enum err bad_progress(const struct partition *partition, struct err_note *note, const char *what,
                             int64_t value, int64_t bound)
{
    return err_note(note, ERR_CONFIG, "%s/%d: @progress says input %lld, %s %lld: the input topic was cut "
                    "by retention or made anew; restore it, or make the state topic anew too",
                    partition->slot->worker->name, partition->number, (long long)value, what,
                    (long long)bound);
}

static enum err never_used(struct engine *engine, struct partition *partition, int64_t input_first,
                           struct err_note *note)
{
    if (partition->log->has_records) {
        return err_note(note, ERR_CONFIG, "%s-state/%d holds records but no @progress: somebody else "
                        "writes to this topic; make it anew", partition->slot->worker->name, partition->number);
    }
    partition->fresh_log = true;
    partition->next_input = input_first;
    partition->time_ms = 0;
    (void)engine;
    return OK;
}

static enum err go_on(struct engine *engine, struct partition *partition, const struct progress *progress,
                      int64_t input_first, int64_t input_end, struct err_note *note)
{
    (void)engine;
    if (progress->partition_count != partition->slot->count) {
        return err_note(note, ERR_CONFIG, "topic %s has %d partitions, its state log was written with %lld: "
                        "the count is fixed; restore it", partition->slot->worker->name,
                        partition->slot->count, (long long)progress->partition_count);
    }
    if (progress->next_input < input_first) {
        return bad_progress(partition, note, "before its start", progress->next_input, input_first);
    }
    if (progress->next_input > input_end) {
        return bad_progress(partition, note, "beyond its end", progress->next_input, input_end);
    }
    partition->fresh_log = false;
    partition->log_id = progress->log_id;
    partition->next_input = progress->next_input;
    partition->time_ms = progress->time_ms;
    return OK;
}

static void become_ready(struct engine *engine, struct partition *partition)
{
    partition->tenure = ++engine->tenure;
    partition->index = partition->log->index;
    partition->poll_next = partition->next_input;
    partition->at_end = false;
    partition->due_next_ms = 0; /* not known: the first turn asks */
    partition->checked_ms = engine->mono_ms;
    partition->waits_for = NULL;
    partition->stale_log = NULL;
    partition->log->taking = false;
    engine->view_ok = true;
    engine->follow_changed = engine->fetch_changed = true;
    log_info("partition_taken", KEY_STRING("worker", partition->slot->worker->name),
             KEY_INT("partition", partition->number), KEY_INT("input", partition->next_input),
             KEY_INT("index", partition->index));
    counts_taken(engine, partition);
    enter(engine, partition, TAKE_READY);
    CRASH_POINT("take-ready");
}

static enum err take_fold(struct engine *engine, struct partition *partition, struct err_note *note)
{
    struct state_log *log = partition->log;
    struct text key = TEXT(PROGRESS_KEY);
    struct view_read read = { .group = log->group, .keys = &key, .key_count = 1 };
    struct bus_place input = { partition->slot->input, partition->number };
    struct err_note trouble;
    struct progress progress;
    int64_t first, stable, high;
    if (!log->positioned) {
        enter(engine, partition, TAKE_INDEX);
        return OK;
    }
    if (log->position < partition->target || log->entry_count > 0) {
        partition->waits_for = "the state log to be folded";
        return log->position < partition->target ? OK : follow_flush(engine, log, note);
    }
    CRASH_POINT("take-folded");
    enum view_result result = engine->view->ops->read(engine->view, &engine->scratch, &read, 1, &trouble);
    if (result != VIEW_OK || engine->bus->ops->ends(engine->bus, input, &first, &stable, &high) != BUS_OK) {
        later(engine, partition, "the view");
        if (result != VIEW_OK) {
            engine_view_trouble(engine, &trouble);
        }
        return result == VIEW_REFUSED ? err_note(note, ERR_CONFIG, "%s", trouble.text) : OK;
    }
    if (read.index != log->index) {
        enter(engine, partition, TAKE_INDEX);
        return OK;
    }
    enum err err;
    if (read.values[0].at == NULL) {
        err = never_used(engine, partition, first, note);
    } else if (!progress_read(read.values[0], &progress)) {
        err = err_note(note, ERR_CONFIG, "%s-state/%d: @progress is of a newer release; run that one",
                       partition->slot->worker->name, partition->number);
    } else {
        err = go_on(engine, partition, &progress, first, high, note);
    }
    if (err == OK) {
        become_ready(engine, partition);
    }
    return err;
}

enum err take_step(struct engine *engine, struct partition *partition, struct err_note *note)
{
    if (engine->mono_ms < partition->retry_at_ms || engine->mono_ms < engine->view_retry_ms) {
        return OK;
    }
    if (partition->stage == TAKE_SETTLE) {
        take_settle(engine, partition);
        return OK;
    }
    return partition->stage == TAKE_INDEX ? take_index(engine, partition, note)
                                          : take_fold(engine, partition, note);
}
