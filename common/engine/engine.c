/* The step: collects, prepares, decides; and what is looked at while idle. */
#include "engine/inside.h"

#include <stdio.h>
#include <string.h>

#include "io/crash.h"
#include "io/log.h"

enum { EVENTS_PER_STEP = 20000, BUSY_WAIT_MS = 5, BATCH_BYTES_SHARE = 4 };

static bool batch_full(const struct engine *engine)
{
    return engine->turn.count >= engine->records_max ||
           engine->turn.bytes >= engine->setup.turn_bytes_max / BATCH_BYTES_SHARE;
}

static bool reconciling(const struct engine *engine)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        const struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; p < slot->count; p++) {
            const struct partition *partition = &slot->partitions[p];
            if ((slot->run && partition->stage != TAKE_NONE &&
                 (partition->stage != TAKE_READY || partition->stale_log != NULL)) ||
                (slot->referenced && !slot->logs[p].positioned)) {
                return true;
            }
        }
    }
    return engine->retiring;
}

static enum err collect(struct engine *engine, int timeout_ms, struct err_note *note)
{
    int wait = timeout_ms;
    if (engine->held_for == NULL && turn_timers_due(engine)) {
        wait = 0;
    } else if (reconciling(engine) || engine->held_for != NULL) {
        wait = wait > BUSY_WAIT_MS ? BUSY_WAIT_MS : wait;
    }
    for (int i = 0; i < EVENTS_PER_STEP; i++) {
        struct bus_event event;
        engine->bus->ops->poll(engine->bus, wait, &event);
        if (event.kind == BUS_NOTHING) {
            break;
        }
        enum err err = event_handle(engine, &event, note);
        if (err != OK || (batch_full(engine) && engine->held_for == NULL)) {
            return err;
        }
        wait = 0;
    }
    return OK;
}

static enum err retire(struct engine *engine)
{
    turn_discard(engine);
    turn_rewind(engine);
    enum bus_result result = engine->bus->ops->retire(engine->bus);
    if (result == BUS_OK) {
        engine->retiring = false;
        counts_retired(engine);
        cache_clear(engine->cache);
        engine_retake_all(engine, "the producer was retired");
        log_warn("producer_retired", KEY_STRING("cure", "none needed: a fence or an unknown result is normal"));
    }
    engine->bus_retry_ms = engine->mono_ms + VIEW_BACKOFF_MS;
    return OK;
}

static enum err take_all(struct engine *engine, struct err_note *note)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            if (slot->partitions[p].stage != TAKE_NONE && slot->partitions[p].stage != TAKE_READY) {
                enum err err = take_step(engine, &slot->partitions[p], note);
                if (err != OK) {
                    return err;
                }
            }
        }
    }
    return OK;
}

/* A worker that a rule looked at, or sent to, for the first time. */
static enum err open_wanted(struct engine *engine, struct err_note *note)
{
    struct worker_slot *slot = engine->turn.wants_slot;
    if (slot == NULL) {
        return OK;
    }
    enum err err = slot_open(engine, slot, note);
    if (err == OK) {
        engine->turn.wants_slot = NULL;
        slot->referenced = engine->turn.wants_reference;
        for (int32_t p = 0; slot->referenced && p < slot->count; p++) {
            slot->logs[p].fresh_ms = engine->mono_ms; /* gives it the time of a log that was fresh */
        }
    }
    return err == ERR_UNAVAILABLE ? OK : err;
}

static enum err follow_references(struct engine *engine, struct err_note *note)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->referenced && p < slot->count; p++) {
            struct state_log *log = &slot->logs[p];
            if (!log->referenced && !log->taking) {
                log->positioned = false; /* where an earlier taking left it means nothing now */
            }
            log->referenced = true;
            enum err err = OK;
            if (!log->positioned && engine->mono_ms >= engine->view_retry_ms) {
                err = follow_open(engine, log, note);
            } else if (log->positioned && log->entry_count > 0 && engine->mono_ms >= engine->view_retry_ms) {
                err = follow_flush(engine, log, note);
            }
            if (err != OK) {
                return err;
            }
        }
    }
    return OK;
}

static void fetch_ready(struct engine *engine)
{
    size_t count = 0, room = 0;
    for (size_t s = 0; s < engine->slot_count; s++) {
        room += (size_t)engine->slots[s].count;
    }
    struct bus_position *positions = arena_alloc(&engine->scratch, (room + 1) * sizeof(*positions));
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            if (slot->partitions[p].stage == TAKE_READY && slot->partitions[p].stale_log == NULL) {
                positions[count++] = (struct bus_position){ { slot->input, p }, slot->partitions[p].poll_next };
            }
        }
    }
    engine->bus->ops->fetch(engine->bus, positions, count);
    engine->fetch_changed = false;
    engine->paused = false;
}

static void pause_all(struct engine *engine, bool paused)
{
    if (engine->paused == paused) {
        return;
    }
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            if (slot->partitions[p].stage == TAKE_READY) {
                engine->bus->ops->pause(engine->bus, (struct bus_place){ slot->input, p }, paused);
            }
        }
    }
    engine->paused = paused;
}

/* Why no turn may begin now; the polls go on, the partitions are paused. */
static const char *why_held(struct engine *engine)
{
    if (engine->retiring) {
        return "a new producer";
    }
    if (engine->mono_ms < engine->view_retry_ms) {
        return "the view to answer";
    }
    if (engine->mono_ms < engine->turn_retry_ms) {
        return "the next try after aborted turns";
    }
    if (engine->turn.wants_slot != NULL) {
        return "the topics of another worker";
    }
    return looks_late(engine) == NULL ? NULL : "the state logs of references to be read to their ends";
}

/* Partitions that looked at a log behind its end: on with those whose log is read to its end now. */
static void resume_stale(struct engine *engine)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            struct partition *partition = &slot->partitions[p];
            if (partition->stale_log != NULL && partition->stale_log->fresh) {
                partition->stale_log = NULL;
                engine->fetch_changed = true;
            }
        }
    }
}

/* Also when idle: has the view gone back, been flushed or replaced? */
static enum err check_index(struct engine *engine, struct err_note *note)
{
    size_t count = 0;
    struct partition *due[64];
    struct view_read reads[64];
    struct err_note trouble;
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count && count < 64; p++) {
            struct partition *partition = &slot->partitions[p];
            if (partition->stage == TAKE_READY && engine->mono_ms - partition->checked_ms >= CHECK_MS) {
                due[count] = partition;
                reads[count++] = (struct view_read){ .group = partition->log->group };
            }
        }
    }
    if (count == 0) {
        return OK;
    }
    enum view_result result = engine->view->ops->check(engine->view, &trouble);
    if (result == VIEW_OK) {
        result = engine->view->ops->read(engine->view, &engine->scratch, reads, count, &trouble);
    }
    if (result != VIEW_OK) {
        engine_view_trouble(engine, &trouble);
        return result == VIEW_REFUSED ? err_note(note, ERR_CONFIG, "%s", trouble.text) : OK;
    }
    engine->view_ok = true;
    for (size_t i = 0; i < count; i++) {
        due[i]->checked_ms = engine->mono_ms;
        if (reads[i].index != due[i]->index) {
            turn_discard(engine);
            turn_rewind(engine);
            engine_retake(engine, due[i], "the view's index is not where it was left");
        }
    }
    return OK;
}

static enum err prepare(struct engine *engine, struct err_note *note)
{
    enum err err = open_wanted(engine, note);
    err = err == OK ? take_all(engine, note) : err;
    err = err == OK ? follow_references(engine, note) : err;
    if (engine->follow_changed) {
        follow_apply(engine);
    }
    looks_refresh(engine);
    resume_stale(engine);
    if (engine->fetch_changed) {
        fetch_ready(engine);
    }
    return err == OK && engine->mono_ms >= engine->view_retry_ms ? check_index(engine, note) : err;
}

static uint32_t grown(uint32_t now, uint32_t most)
{
    uint32_t more = now + now / 16 + 1;
    return more < most ? more : most;
}

/* After turns were halved for want of memory: slowly, and only where the bound was felt. */
static void grow_back(struct engine *engine, bool full)
{
    if (full) {
        engine->records_max = grown(engine->records_max, engine->setup.turn_records_max);
    }
    engine->timers_max = grown(engine->timers_max, engine->setup.turn_timers_max);
}

/* A turn, if there is something to decide and nothing is waited for. */
static enum err decide_batch(struct engine *engine, struct err_note *note)
{
    bool work = engine->turn.count > 0 || turn_timers_due(engine);
    engine->held_for = work ? why_held(engine) : NULL;
    pause_all(engine, engine->held_for != NULL);
    if (!work || engine->held_for != NULL) {
        return OK;
    }
    bool full = engine->turn.count >= engine->records_max;
    enum err err = turn_run(engine, note);
    if (err == OK && engine->aborts_in_a_row == 0) {
        grow_back(engine, full);
    }
    return err;
}

enum err engine_step(struct engine *engine, int64_t wall_ms, int64_t mono_ms, int timeout_ms,
                     struct err_note *note)
{
    engine->wall_ms = wall_ms;
    engine->mono_ms = mono_ms;
    arena_reset(&engine->scratch);
    if (engine->retiring && mono_ms >= engine->bus_retry_ms) {
        retire(engine);
    }
    enum err err = collect(engine, timeout_ms, note);
    err = err == OK ? prepare(engine, note) : err;
    err = err == OK ? decide_batch(engine, note) : err;
    counts_partitions(engine);
    return err;
}

enum err engine_start(struct engine *engine, struct err_note *note)
{
    int32_t topics[WORKERS_MAX];
    size_t count = 0;
    for (size_t s = 0; s < engine->slot_count; s++) {
        if (!engine->slots[s].run) {
            continue;
        }
        enum err err = slot_open(engine, &engine->slots[s], note);
        if (err != OK) {
            return err == ERR_UNAVAILABLE ? err_note(note, err, "the brokers do not answer") : err;
        }
        topics[count++] = engine->slots[s].input;
    }
    enum bus_result result = engine->bus->ops->join(engine->bus, topics, count);
    engine->started = result == BUS_OK;
    return result == BUS_OK            ? OK
           : result == BUS_UNAVAILABLE ? err_note(note, ERR_UNAVAILABLE, "the brokers do not answer")
                                       : err_note(note, ERR_CONFIG, "the consumer group cannot be joined");
}

void engine_stop(struct engine *engine)
{
    if (engine->started) {
        turn_discard(engine);
        CRASH_POINT("drain");
        engine->bus->ops->leave(engine->bus);
        engine->started = false;
    }
}

/* --- status --- */

static void status_of(const struct partition *partition, struct engine_status *status)
{
    status->partitions_assigned += partition->assigned;
    status->partitions_ready += partition->stage == TAKE_READY;
    if (partition->stage == TAKE_READY) {
        status->idle = status->idle && partition->at_end;
        status->next_due_ms = partition->due_next_ms < status->next_due_ms ? partition->due_next_ms
                                                                             : status->next_due_ms;
        if (partition->stale_log != NULL) {
            const struct state_log *log = partition->stale_log;
            snprintf(status->waiting_for, sizeof(status->waiting_for),
                     "reconciling %s/%d: waits for %s-state/%d to be read to its end",
                     partition->slot->worker->name, partition->number, log->slot->worker->name, log->number);
        }
    } else if (partition->stage != TAKE_NONE && partition->waits_for != NULL) {
        snprintf(status->waiting_for, sizeof(status->waiting_for), "reconciling %s/%d: waits for %s",
                 partition->slot->worker->name, partition->number, partition->waits_for);
    }
}

void engine_status(const struct engine *engine, struct engine_status *status)
{
    *status = (struct engine_status){ .view_ok = engine->view_ok, .bus_ok = engine->bus_ok,
                                      .next_due_ms = INT64_MAX };
    status->idle = engine->turn.count == 0 && engine->held_for == NULL && !reconciling(engine);
    for (size_t s = 0; s < engine->slot_count; s++) {
        const struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            status_of(&slot->partitions[p], status);
        }
    }
    if (engine->held_for != NULL && status->waiting_for[0] == 0) {
        snprintf(status->waiting_for, sizeof(status->waiting_for), "waits for %s", engine->held_for);
    }
}

int32_t engine_partition_count(const struct engine *engine, const char *worker)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        if (strcmp(engine->slots[s].worker->name, worker) == 0) {
            return engine->slots[s].count;
        }
    }
    return 0;
}

int64_t engine_partition_time(struct engine *engine, struct bus_place place)
{
    const struct partition *partition = engine_partition(engine, place);
    return partition != NULL && partition->stage == TAKE_READY ? partition->time_ms : 0;
}
