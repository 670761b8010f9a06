/* Setup, the step, and what is looked at while idle. */
#include "engine/inside.h"

#include <stdlib.h>
#include <string.h>

#include "io/log.h"

enum { EVENTS_PER_STEP = 20000, BUSY_WAIT_MS = 5, BATCH_BYTES_SHARE = 4, VIEW_BACKOFF_MS = 200 };

/* --- setup --- */

static bool runs(const struct engine_setup *setup, const char *name)
{
    for (const char *const *run = setup->run; *run != NULL; run++) {
        if (strcmp(*run, name) == 0) {
            return true;
        }
    }
    return false;
}

static int32_t member_offset(const struct shape *shape, const char *name)
{
    const struct field *field = shape_field(shape, name);
    return field != NULL ? (int32_t)field->offset : -1;
}

static void setup_slot(struct engine *engine, const struct worker *worker)
{
    struct worker_slot *slot = &engine->slots[engine->slot_count++];
    struct arena *arena = &engine->permanent;
    slot->worker = worker;
    slot->run = runs(&engine->setup, worker->name);
    engine->line_reporter = worker->line_reports != NULL ? worker : engine->line_reporter;
    slot->source = arena_printf(arena, "/makegood/%s", worker->name);
    slot->batch_offsets = arena_alloc(arena, worker->message_count * sizeof(int32_t));
    slot->line_offsets = arena_alloc(arena, worker->message_count * sizeof(int32_t));
    slot->order_offsets = arena_alloc(arena, worker->message_count * sizeof(int32_t));
    for (size_t i = 0; i < worker->message_count; i++) {
        slot->batch_offsets[i] = member_offset(worker->messages[i].shape, "batchId");
        slot->line_offsets[i] = member_offset(worker->messages[i].shape, "line");
        int32_t oid = member_offset(worker->messages[i].shape, "oid");
        slot->order_offsets[i] =
            oid >= 0 ? oid : member_offset(worker->messages[i].shape, "orderId");
    }
    if (engine->setup.metrics != NULL) {
        struct text labels = arena_printf(arena, "topic=\"%s\"%c", worker->name, 0);
        slot->consumed = metrics_counter(engine->setup.metrics, "events_consumed_total", labels.at,
                                         "Input records decided");
    }
}

static void exhausted(struct arena *arena)
{
    struct engine *engine = arena->context;
    ENSURE(engine->exhausted_set);
    longjmp(engine->exhausted, 1);
}

static enum err setup_workers(struct engine *engine, struct err_note *note)
{
    size_t running = 0, asked = 0;
    for (const struct worker *const *worker = engine->setup.workers; *worker != NULL; worker++) {
        ENSURE(engine->slot_count < WORKERS_MAX);
        setup_slot(engine, *worker);
        running += engine->slots[engine->slot_count - 1].run;
    }
    while (engine->setup.run[asked] != NULL) {
        asked++;
    }
    if (asked == 0 || running != asked) {
        return err_note(note, ERR_USAGE, "name the workers to run, each once, out of those that exist");
    }
    return OK;
}

static void setup_defaults(struct engine_setup *setup)
{
    setup->turn_records_max = setup->turn_records_max > 0 ? setup->turn_records_max : TURN_RECORDS_DEFAULT;
    setup->turn_timers_max = setup->turn_timers_max > 0 ? setup->turn_timers_max : TURN_TIMERS_DEFAULT;
    setup->turn_bytes_max = setup->turn_bytes_max > 0 ? setup->turn_bytes_max : TURN_BYTES_DEFAULT;
    setup->cache_bytes = setup->cache_bytes > 0 ? setup->cache_bytes : CACHE_BYTES_DEFAULT;
}

struct engine *engine_new(const struct engine_setup *setup, struct err_note *note)
{
    struct engine *engine = calloc(1, sizeof(*engine));
    if (engine == NULL) {
        err_note(note, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    engine->setup = *setup;
    setup_defaults(&engine->setup);
    engine->bus = setup->bus;
    engine->view = setup->view;
    engine->records_max = engine->setup.turn_records_max;
    engine->timers_max = engine->setup.turn_timers_max;
    engine->view_ok = engine->bus_ok = true;
    engine->cache = cache_new(engine->setup.cache_bytes);
    engine->looks = looks_new();
    engine->counts = counts_new(setup->metrics);
    engine->turn.messages = calloc(engine->records_max, sizeof(struct message));
    arena_init(&engine->permanent, 0);
    arena_init(&engine->scratch, 0);
    arena_init(&engine->turn.arena, engine->setup.turn_bytes_max * 4);
    arena_init(&engine->turn.run_arena, engine->setup.turn_bytes_max * 4);
    engine->turn.arena.on_exhausted = engine->turn.run_arena.on_exhausted = exhausted;
    engine->turn.arena.context = engine->turn.run_arena.context = engine;
    engine->fold_entries =
        arena_alloc(&engine->permanent, VIEW_FOLD_ENTRIES_MAX * sizeof(struct view_entry));
    if (engine->cache == NULL || engine->looks == NULL || engine->counts == NULL ||
        engine->turn.messages == NULL) {
        err_note(note, ERR_INTERNAL, "out of memory: cache.bytes is %zu", engine->setup.cache_bytes);
        engine_free(engine);
        return NULL;
    }
    if (setup_workers(engine, note) != OK) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    turn_discard(engine);
    for (size_t s = 0; s < engine->slot_count; s++) {
        for (int32_t p = 0; engine->slots[s].open && p < engine->slots[s].count; p++) {
            arena_release(&engine->slots[s].logs[p].arena);
        }
    }
    cache_free(engine->cache);
    looks_free(engine->looks);
    counts_free(engine->counts);
    free(engine->turn.messages);
    arena_release(&engine->turn.arena);
    arena_release(&engine->turn.run_arena);
    arena_release(&engine->scratch);
    arena_release(&engine->permanent);
    free(engine);
}

/* --- finding things --- */

struct partition *engine_partition(struct engine *engine, struct bus_place place)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        if (slot->run && slot->open && slot->input == place.topic && place.partition < slot->count) {
            return &slot->partitions[place.partition];
        }
    }
    return NULL;
}

/* Is `key` ("account:7/reward:r1") of the entity type ("account/reward")? */
static bool key_has_type(struct text key, const char *entity_type)
{
    size_t head = strcspn(entity_type, "/");
    if (key.size <= head || memcmp(key.at, entity_type, head) != 0 || key.at[head] != ':') {
        return false;
    }
    const char *slash = memchr(key.at, '/', key.size);
    const char *part = entity_type + head;
    if (*part == 0 || slash == NULL) {
        return *part == 0 && slash == NULL;
    }
    size_t size = strlen(part);
    size_t left = (size_t)(key.at + key.size - slash);
    return left > size && memcmp(slash, part, size) == 0 && slash[size] == ':';
}

const struct state_type *state_type_of(struct engine *engine, struct worker_slot *slot, struct text key)
{
    (void)engine;
    for (size_t i = 0; i < slot->worker->state_count; i++) {
        if (key_has_type(key, slot->worker->states[i].entity_type)) {
            return &slot->worker->states[i];
        }
    }
    return NULL;
}

struct worker_slot *slot_of_entity(struct engine *engine, struct text key)
{
    struct text entity = entity_of_key(key);
    for (size_t s = 0; s < engine->slot_count; s++) {
        if (state_type_of(engine, &engine->slots[s], entity) != NULL) {
            return &engine->slots[s];
        }
    }
    return NULL;
}

/* --- doubts --- */

void engine_retake(struct engine *engine, struct partition *partition, const char *why)
{
    if (partition->stage == TAKE_NONE) {
        return;
    }
    log_warn("partition_retaken", KEY_STRING("worker", partition->slot->worker->name),
             KEY_INT("partition", partition->number), KEY_STRING("why", why));
    counts_retake(engine);
    partition->stage = TAKE_SETTLE;
    partition->stage_since_ms = engine->mono_ms;
    partition->retry_at_ms = 0;
    partition->tenure = 0; /* nothing in the cache is of tenure 0 */
    partition->log->positioned = false;
    engine->fetch_changed = true;
}

void engine_retake_all(struct engine *engine, const char *why)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && slot->open && p < slot->count; p++) {
            engine_retake(engine, &slot->partitions[p], why);
        }
    }
}

void engine_view_trouble(struct engine *engine, const struct err_note *note)
{
    if (engine->view_ok || strcmp(engine->trouble.text, note->text) != 0) {
        log_warn("view_unavailable", KEY_STRING("why", note->text));
    }
    engine->trouble = *note;
    engine->view_ok = false;
    engine->view_retry_ms = engine->mono_ms + VIEW_BACKOFF_MS;
}

/* --- events --- */

static void assigned(struct engine *engine, const struct bus_event *event)
{
    counts_rebalance(engine);
    for (size_t i = 0; i < event->place_count; i++) {
        struct partition *partition = engine_partition(engine, event->places[i]);
        if (partition == NULL) {
            continue;
        }
        partition->assigned = true;
        partition->stage = TAKE_SETTLE;
        partition->stage_since_ms = engine->mono_ms;
        partition->retry_at_ms = 0;
    }
    log_info("partitions_assigned", KEY_INT("count", (int64_t)event->place_count));
}

static void revoked(struct engine *engine)
{
    turn_discard(engine);
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && slot->open && p < slot->count; p++) {
            slot->partitions[p].assigned = false;
            slot->partitions[p].stage = TAKE_NONE;
            slot->partitions[p].at_end = false;
            slot->partitions[p].stale_log = NULL;
            slot->logs[p].taking = false;
        }
    }
    engine->fetch_changed = engine->follow_changed = true;
    cache_clear(engine->cache);
    log_info("partitions_revoked", KEY_INT("turn", engine->turn.count));
}

static enum err client_timestamps(const struct partition *partition, struct err_note *note)
{
    return err_note(note, ERR_CONFIG, "topic %s keeps the producers' timestamps: anybody could back-date a "
                    "change across a lock date; set message.timestamp.type=LogAppendTime on it",
                    partition->slot->worker->name);
}

/* Positions have changed and the bus does not know yet: what it still gives lies behind a gap. */
static bool outdated(const struct engine *engine)
{
    return engine->fetch_changed;
}

static enum err input_record(struct engine *engine, struct partition *partition,
                             struct bus_record *record, struct err_note *note)
{
    struct turn *turn = &engine->turn;
    if (partition->stage != TAKE_READY || partition->stale_log != NULL ||
        record->offset < partition->poll_next || outdated(engine)) {
        engine->bus->ops->release(engine->bus, record);
        return OK;
    }
    if (!record->append_time && !engine->setup.any_timestamps) {
        engine->bus->ops->release(engine->bus, record);
        return client_timestamps(partition, note);
    }
    if (turn->count >= engine->records_max) {
        engine->bus->ops->release(engine->bus, record);
        engine->fetch_changed = true; /* from poll_next again */
        return OK;
    }
    partition->poll_next = record->offset + 1;
    partition->at_end = false;
    turn->bytes += record->value.size + record->key.size;
    turn->messages[turn->count++] = (struct message){ .record = *record, .partition = partition };
    return OK;
}

static enum err handle_record(struct engine *engine, struct bus_event *event, struct err_note *note)
{
    struct partition *partition = engine_partition(engine, event->record.place);
    if (partition != NULL) {
        return input_record(engine, partition, &event->record, note);
    }
    struct state_log *log = engine_log(engine, event->record.place);
    enum err err = log != NULL ? follow_record(engine, log, &event->record, note) : OK;
    engine->bus->ops->release(engine->bus, &event->record);
    return err;
}

static enum err handle_end(struct engine *engine, const struct bus_event *event, struct err_note *note)
{
    struct partition *partition = engine_partition(engine, event->record.place);
    if (partition != NULL) {
        if (!outdated(engine)) {
            partition->at_end = event->record.offset >= partition->poll_next;
            partition->end_offset = event->record.offset;
        }
        return OK;
    }
    struct state_log *log = engine_log(engine, event->record.place);
    return log != NULL ? follow_end(engine, log, event->record.offset, note) : OK;
}

static enum err handle_failure(struct engine *engine, const struct bus_event *event, struct err_note *note)
{
    if (event->result == BUS_UNAVAILABLE || event->result == BUS_PENDING) {
        if (engine->bus_ok) {
            log_warn("brokers_unavailable", KEY_STRING("why", event->note.text));
        }
        engine->bus_ok = false;
        return OK;
    }
    return err_note(note, event->result == BUS_REFUSED ? ERR_REFUSED : ERR_CONFIG, "%s", event->note.text);
}

static enum err handle_event(struct engine *engine, struct bus_event *event, struct err_note *note)
{
    switch (event->kind) {
    case BUS_RECORD:
        engine->bus_ok = true;
        return handle_record(engine, event, note);
    case BUS_END:
        engine->bus_ok = true;
        return handle_end(engine, event, note);
    case BUS_ASSIGNED:
        assigned(engine, event);
        return OK;
    case BUS_REVOKED:
        revoked(engine);
        return OK;
    case BUS_FAILED:
        return handle_failure(engine, event, note);
    case BUS_NOTHING:
        break;
    }
    return OK;
}

/* --- the step --- */

static bool batch_full(const struct engine *engine)
{
    return engine->turn.count >= engine->records_max ||
           engine->turn.bytes >= engine->setup.turn_bytes_max / BATCH_BYTES_SHARE;
}

static bool reconciling(const struct engine *engine)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        const struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->open && p < slot->count; p++) {
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
    if (engine->held_for == NULL && (engine->turn.count > 0 || turn_timers_due(engine))) {
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
        enum err err = handle_event(engine, &event, note);
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
        for (int32_t p = 0; slot->run && slot->open && p < slot->count; p++) {
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
        for (int32_t p = 0; !slot->referenced && engine->turn.wants_reference && p < slot->count; p++) {
            slot->logs[p].fresh_ms = engine->mono_ms; /* gives it the time of a log that was fresh */
        }
        slot->referenced = slot->referenced || engine->turn.wants_reference;
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
        room += engine->slots[s].open ? (size_t)engine->slots[s].count : 0;
    }
    struct bus_position *positions = arena_alloc(&engine->scratch, (room + 1) * sizeof(*positions));
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && slot->open && p < slot->count; p++) {
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
        for (int32_t p = 0; slot->run && slot->open && p < slot->count; p++) {
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
        for (int32_t p = 0; slot->run && slot->open && p < slot->count; p++) {
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
        for (int32_t p = 0; slot->run && slot->open && p < slot->count && count < 64; p++) {
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
    if (err != OK) {
        return err;
    }
    bool work = engine->turn.count > 0 || turn_timers_due(engine);
    engine->held_for = work ? why_held(engine) : NULL;
    pause_all(engine, engine->held_for != NULL);
    if (!work || engine->held_for != NULL) {
        return OK;
    }
    bool full = engine->turn.count >= engine->records_max;
    err = turn_run(engine, note);
    if (err == OK && engine->aborts_in_a_row == 0) {
        grow_back(engine, full);
    }
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
            err_note((struct err_note *)(void *)status->waiting_for, OK,
                     "reconciling %s/%d: waits for %s-state/%d to be read to its end",
                     partition->slot->worker->name, partition->number, log->slot->worker->name, log->number);
        }
    } else if (partition->stage != TAKE_NONE && partition->waits_for != NULL) {
        err_note((struct err_note *)(void *)status->waiting_for, OK, "reconciling %s/%d: waits for %s",
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
        for (int32_t p = 0; slot->run && slot->open && p < slot->count; p++) {
            status_of(&slot->partitions[p], status);
        }
    }
    if (engine->held_for != NULL && status->waiting_for[0] == 0) {
        err_note((struct err_note *)(void *)status->waiting_for, OK, "waits for %s", engine->held_for);
    }
    counts_partitions((struct engine *)(void *)(uintptr_t)engine, status->partitions_assigned,
                      status->partitions_ready);
}
