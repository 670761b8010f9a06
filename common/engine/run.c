/*
 * Deciding one message, or what time alone brings. A run either happens as a whole, or, when something
 * it asked for is not at hand, leaves no trace and is run again once that has been fetched.
 */
#include "engine/inside.h"

#include "io/crash.h"

static void run_begin(struct engine *engine)
{
    struct turn *turn = &engine->turn;
    arena_reset(&turn->run_arena);
    turn->missing = turn->due_asked = false;
    turn->undo = NULL;
    turn->effects_first = NULL;
    turn->effects_last = &turn->effects_first;
}

static void run_undo(struct turn *turn)
{
    for (struct undo *undo = turn->undo; undo != NULL; undo = undo->next) {
        bool wanted = undo->item->wanted;
        *undo->item = undo->before;
        undo->item->wanted = wanted;
    }
}

/* A message to a partition of ours: its end, if it was seen, is no longer the end. */
static void expect_input(struct engine *engine, struct bus_place place)
{
    struct partition *partition = engine_partition(engine, place);
    if (partition != NULL) {
        partition->at_end = false;
    }
}

static void run_keep(struct engine *engine)
{
    struct turn *turn = &engine->turn;
    for (struct undo *undo = turn->undo; undo != NULL; undo = undo->next) {
        if (!undo->item->dirty) {
            undo->item->dirty = true;
            undo->item->next_dirty = turn->dirty_first;
            turn->dirty_first = undo->item;
        }
    }
    for (struct effect *effect = turn->effects_first; effect != NULL; effect = effect->next) {
        enum bus_result result = commit_produce(engine, &effect->message);
        if (result != BUS_OK) {
            turn->failed = result;
            return;
        }
        if (effect->dead != DEAD_NONE) {
            CRASH_POINT("dead-letter");
        } else if (effect->kind == NULL) {
            expect_input(engine, effect->message.place);
        }
        counts_effect(engine, effect);
    }
}

static bool run_end(struct engine *engine)
{
    if (engine->turn.missing) {
        run_undo(&engine->turn);
        return false;
    }
    run_keep(engine);
    return true;
}

void run_probe(struct engine *engine, struct message *message)
{
    run_begin(engine);
    decide_message(engine, message);
    run_undo(&engine->turn);
}

bool run_message(struct engine *engine, struct message *message)
{
    bool done;
    do {
        run_begin(engine);
        decide_message(engine, message);
        done = run_end(engine);
    } while (engine->turn.due_asked && due_fire_asked(engine, message));
    return done;
}

/* The view lists a due time that the item does not have. It is written again, so that the fold corrects
 * the view: under compare-and-set and with the turn, or not at all. */
static void mend_due(struct engine *engine, struct item *item, int64_t listed_ms)
{
    item_change(engine, item);
    item->stored_due_ms = listed_ms;
}

bool run_timer(struct engine *engine, struct partition *partition, struct view_due due)
{
    run_begin(engine);
    struct text entity_key = entity_of_key(due.key);
    struct item *entity = item_of(engine, partition, entity_key);
    struct item *item = item_of(engine, partition, due.key);
    bool ready = item_ready(engine, entity);
    ready = item_ready(engine, item) && ready;
    if (ready && item->due_ms != due.due_ms) {
        mend_due(engine, item, due.due_ms);
    } else if (ready) {
        decide_due(engine, item->type != NULL ? item : entity, due.due_ms);
    }
    return run_end(engine);
}
