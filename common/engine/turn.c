/*
 * One turn: a batch of input records, and the timers that are due before them, become one transaction.
 *
 *   decode -> load -> (begin) decide, rounds until nothing is needed -> states -> commit -> fold
 *
 * Whatever fails before the commit leaves nothing behind: the transaction is aborted, positions go back,
 * and the same records are decided again. After the commit only the fold can fail, and the log has it all.
 */
#include "engine/inside.h"

#include <string.h>

#include "io/crash.h"
#include "io/log.h"

enum { ABORT_WAIT_MS = 5, ABORT_DOUBLINGS = 7 };

/* --- the batch --- */

void turn_discard(struct engine *engine)
{
    struct turn *turn = &engine->turn;
    for (uint32_t i = 0; i < turn->count; i++) {
        engine->bus->ops->release(engine->bus, &turn->messages[i].record);
    }
    turn->count = 0;
    turn->bytes = 0;
}

/* Positions, partition times and what the turn noted about partitions go back to what is committed. */
void turn_rewind(struct engine *engine)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; p < slot->count; p++) {
            struct partition *partition = &slot->partitions[p];
            partition->touched = false;
            partition->poll_next = partition->next_input;
            partition->at_end = false;
        }
    }
    engine->fetch_changed = true;
}

static void turn_clear(struct engine *engine)
{
    struct turn *turn = &engine->turn;
    arena_reset(&turn->arena);
    arena_reset(&turn->run_arena);
    turn->items = NULL;
    turn->item_slots = turn->item_count = 0;
    turn->dirty_first = NULL;
    turn->wanted = NULL;
    turn->wanted_count = turn->wanted_room = 0;
    turn->looks_wanted = turn->looks_stale = false;
    turn->wants_slot = NULL;
    turn->wants_reference = false;
    turn->running = NULL;
    turn->missing = turn->begun = turn->halted = false;
    turn->failed = BUS_OK;
    turn->touched_count = 0;
    turn->timers = NULL;
    turn->timer_lists = 0;
    turn->asked_fired = 0;
}

/* Effective times, in the order of the log; then what each record is. */
static void decode_all(struct engine *engine)
{
    for (uint32_t i = 0; i < engine->turn.count; i++) {
        struct message *message = &engine->turn.messages[i];
        struct partition *partition = message->partition;
        if (!partition->touched) {
            turn_touch(engine, partition);
            partition->turn_due_ms = message->record.timestamp_ms > partition->time_ms
                                         ? message->record.timestamp_ms
                                         : partition->time_ms;
        }
        if (message->record.timestamp_ms > partition->turn_time_ms) {
            partition->turn_time_ms = message->record.timestamp_ms;
        }
        message->time_ms = partition->turn_time_ms;
        partition->turn_next = message->record.offset + 1;
        message_decode(engine, message);
    }
    CRASH_POINT("parsed");
}

/* --- rounds --- */

/* All that is missing now, in one go. False: the turn cannot be finished. */
static bool fetch_needs(struct engine *engine, struct err_note *note)
{
    struct turn *turn = &engine->turn;
    enum view_result result = VIEW_OK;
    if (turn->looks_stale || turn->wants_slot != NULL) {
        return false; /* the step opens it, or follows its log to the end; then the turn is done again */
    }
    if (turn->looks_wanted) {
        result = looks_load(engine, note);
    }
    if (result == VIEW_OK && turn->wanted_count > 0) {
        result = load_wanted(engine, note);
    }
    if (result != VIEW_OK && result != VIEW_LOST) {
        engine_view_trouble(engine, note);
    }
    return result == VIEW_OK && !turn->looks_stale && !turn->halted;
}

static bool try_timer(struct engine *engine, struct timer_list *list, size_t at)
{
    struct text entity_key = entity_of_key(list->due[at].key);
    struct item *entity = item_of(engine, list->partition, entity_key);
    engine->turn.running = list->partition;
    if (!entity->blocked && run_timer(engine, list->partition, list->due[at])) {
        return true;
    }
    entity->blocked = true;
    return false;
}

/* Runs what is not done yet, in order; an entity whose turn it cannot be yet blocks its later messages. */
static uint32_t run_round(struct engine *engine)
{
    struct turn *turn = &engine->turn;
    uint32_t left = 0;
    for (uint32_t i = 0; i < turn->item_slots; i++) {
        if (turn->items[i] != NULL) {
            turn->items[i]->blocked = false;
        }
    }
    for (size_t l = 0; l < turn->timer_lists && turn->failed == BUS_OK; l++) {
        struct timer_list *list = &turn->timers[l];
        for (size_t i = 0; i < list->count && turn->failed == BUS_OK; i++) {
            if (list->due[i].due_ms >= 0 && try_timer(engine, list, i)) {
                list->due[i].due_ms = -1; /* done */
            } else {
                left += list->due[i].due_ms >= 0;
            }
        }
    }
    for (uint32_t i = 0; i < turn->count && turn->failed == BUS_OK; i++) {
        struct message *message = &turn->messages[i];
        if (message->done) {
            continue;
        }
        bool blocked = message->item != NULL && message->item->blocked;
        turn->running = message->partition;
        if (blocked && !message->probed) {
            message->probed = true;
            run_probe(engine, message);
        }
        message->done = !blocked && run_message(engine, message);
        if (message->done) {
            CRASH_POINT("decided");
        } else {
            left++;
            if (message->item != NULL) {
                message->item->blocked = true;
            }
        }
    }
    return left;
}

/* Every message may need what the one before it made known, so only rounds without progress count. */
static bool run_rounds(struct engine *engine, struct err_note *note)
{
    uint32_t left_before = UINT32_MAX;
    for (int round = 0;; round++) {
        ENSURE(round < NEED_ROUNDS_MAX); /* a rule goes on asking */
        uint32_t left = run_round(engine);
        round = left < left_before ? 0 : round;
        left_before = left;
        if (engine->turn.failed != BUS_OK || engine->turn.halted) {
            return false;
        }
        if (left == 0) {
            return true;
        }
        if (!fetch_needs(engine, note)) {
            return false;
        }
    }
}

/* --- ends of a turn --- */

/* The first abort is a normal event; a row of them must not spin. */
static void back_off(struct engine *engine)
{
    uint32_t row = engine->aborts_in_a_row++;
    int64_t wait_ms = row == 0 ? 0 : ABORT_WAIT_MS << (row < ABORT_DOUBLINGS ? row : ABORT_DOUBLINGS);
    engine->turn_retry_ms = engine->mono_ms + wait_ms;
}

static void turn_abort(struct engine *engine, enum bus_result result)
{
    if (engine->turn.begun) {
        enum bus_result aborted = result == BUS_RETIRE ? BUS_RETIRE : engine->bus->ops->abort(engine->bus);
        if (aborted != BUS_OK) {
            engine->retiring = true;
        }
        counts_transaction(engine, engine->retiring ? "retired" : "aborted");
        back_off(engine);
    }
    counts_turn(engine, false);
    turn_discard(engine);
    turn_rewind(engine);
}

static void turn_committed(struct engine *engine)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            struct partition *partition = &slot->partitions[p];
            if (partition->touched) {
                partition->next_input = partition->turn_next;
                partition->time_ms = partition->turn_time_ms;
            }
        }
    }
    for (struct item *item = engine->turn.dirty_first; item != NULL; item = item->next_dirty) {
        bool gone = !item->present && !item->head_owner;
        cache_put(engine->cache, item->partition->tenure, item->key, gone ? (struct text){ 0 } : item->written);
        if (item->due_ms > 0 && item->due_ms < item->partition->due_next_ms) {
            item->partition->due_next_ms = item->due_ms;
        }
    }
    engine->aborts_in_a_row = 0;
    counts_transaction(engine, "committed");
    counts_turn(engine, true);
}

static void turn_over(struct engine *engine)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; p < slot->count; p++) {
            slot->partitions[p].touched = false;
        }
    }
    turn_discard(engine);
}

static enum err turn_try(struct engine *engine, struct err_note *note)
{
    struct err_note trouble;
    int64_t since = engine->setup.now_us != NULL ? engine->setup.now_us() : 0, start = since;
    turn_clear(engine);
    decode_all(engine);
    counts_step(engine, STEP_DECODE, &since);
    enum view_result loaded = timers_load(engine, &trouble);
    if (engine->timers_alone && loaded == VIEW_OK) {
        due_drop_batch(engine);
    }
    for (uint32_t i = 0; i < engine->turn.count; i++) {
        if (engine->turn.messages[i].item != NULL) {
            item_ready(engine, engine->turn.messages[i].item);
        }
    }
    loaded = loaded == VIEW_OK ? load_wanted(engine, &trouble) : loaded;
    counts_step(engine, STEP_LOAD, &since);
    if (loaded != VIEW_OK || engine->turn.halted || engine->turn.touched_count == 0) {
        if (loaded != VIEW_OK && loaded != VIEW_LOST) {
            engine_view_trouble(engine, &trouble);
        }
        bool halted = engine->turn.halted;
        if (loaded != VIEW_OK || halted) {
            turn_abort(engine, BUS_OK);
        }
        return halted ? err_note(note, ERR_CONFIG, "%s", engine->turn.failed_note.text) : OK;
    }
    enum bus_result result = commit_begin(engine);
    if (result == BUS_OK && !run_rounds(engine, &trouble)) {
        result = engine->turn.failed != BUS_OK ? engine->turn.failed : BUS_ABORT;
    }
    counts_step(engine, STEP_DECIDE, &since);
    result = result == BUS_OK ? commit_states(engine) : result;
    counts_step(engine, STEP_ENCODE, &since);
    result = result == BUS_OK ? commit_end(engine) : result;
    counts_step(engine, STEP_COMMIT, &since);
    if (result != BUS_OK) {
        bool halted = engine->turn.halted;
        if (result == BUS_RETIRE || !engine->turn.begun) {
            engine->retiring = true;
        }
        turn_abort(engine, result);
        return halted ? err_note(note, ERR_CONFIG, "%s", engine->turn.failed_note.text) : OK;
    }
    engine->turn.begun = engine->exhausted_set = engine->arenas_fresh = false; /* it has happened */
    turn_committed(engine);
    enum err err = fold_turn(engine, note);
    counts_step(engine, STEP_FOLD, &since);
    counts_duration(engine, since - start);
    turn_over(engine);
    return err;
}

/* --- memory --- */

void turn_exhausted(struct engine *engine, enum shortage shortage)
{
    ENSURE(engine->exhausted_set);
    engine->shortage = shortage;
    longjmp(engine->exhausted, 1);
}

/* Not even one record or timer can be decided: no smaller turn would help. */
static enum err not_even_one(const struct engine *engine, struct err_note *note)
{
    static const char *const says[] = {
        [SHORT_OF_TURN] = "needs more memory than a turn may have, and no setting raises that: keep what "
                          "was sent and report it",
        [SHORT_OF_LOOKS] = "looks at more states of others than a turn may hold: report it",
        [SHORT_OF_MEMORY] = "cannot be decided, because the system gives no memory any more: let the "
                            "process have more, and start it again",
    };
    if (engine->turn.count == 0) {
        return err_note(note, ERR_INTERNAL, "a timer %s", says[engine->shortage]);
    }
    const struct message *message = &engine->turn.messages[0];
    return err_note(note, ERR_INTERNAL, "%s/%d offset %lld %s", message->partition->slot->worker->name,
                    message->partition->number, (long long)message->record.offset, says[engine->shortage]);
}

/* The turn needs more memory than it may have, or than there is: the next one is half as large. */
static enum err turn_too_big(struct engine *engine, struct err_note *note)
{
    bool smallest = engine->turn.count <= 1 && engine->timers_max <= 1;
    engine->exhausted_set = false;
    looks_clear(engine->looks); /* one may be half read */
    if (smallest && engine->arenas_fresh) {
        enum err err = not_even_one(engine, note);
        turn_abort(engine, BUS_OK);
        return err;
    }
    engine->records_max = engine->turn.count > 1 ? engine->turn.count / 2 : 1;
    engine->timers_max = engine->timers_max > 1 ? engine->timers_max / 2 : 1;
    arena_release(&engine->turn.arena); /* blocks of sizes that do not fit what comes next */
    arena_release(&engine->turn.run_arena);
    engine->arenas_fresh = true;
    log_warn("turn_halved", KEY_INT("records", engine->records_max),
             KEY_INT("timers", engine->timers_max));
    turn_abort(engine, BUS_OK);
    return OK;
}

enum err turn_run(struct engine *engine, struct err_note *note)
{
    if (setjmp(engine->exhausted) != 0) {
        return turn_too_big(engine, note);
    }
    engine->exhausted_set = true;
    enum err err = turn_try(engine, note);
    engine->exhausted_set = false;
    return err;
}
