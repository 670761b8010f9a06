/*
 * Timers of parts that come before a message. An entity advances by itself (decide.c); which of its parts
 * are due its rule must know, and asks for them by decision_advance_first(). A turn has room for as many of
 * them as for timers that nobody asks for, so that a burst of those holds no message up. What does not
 * fit waits for a batch of its own; when even that is not enough for one message, timers alone are turned
 * until none is left behind.
 */
#include "engine/inside.h"

#include "io/log.h"

enum { ROOMS_OF_ONE = 16 }; /* a message that is alone in its batch may ask for so many times as much */

static uint32_t room(const struct engine *engine)
{
    bool one_at_a_time = engine->timers_max == 1;
    return engine->turn.count == 1 && !one_at_a_time ? ROOMS_OF_ONE * engine->timers_max : engine->timers_max;
}

/* The turn is done again: with the messages before this one, else with it alone, else without messages. */
static void no_room(struct engine *engine, const struct message *message)
{
    uint32_t before = (uint32_t)(message - engine->turn.messages);
    engine->timers_alone = engine->turn.count == 1 || engine->timers_max == 1;
    engine->records_max = before > 0 && !engine->timers_alone ? before : 1;
    engine->turn.failed = BUS_ABORT;
    log_info("timers_first", KEY_TEXT("entity", message->entity), KEY_INT("records", engine->records_max));
}

/* Fires what the rule asked for. False: that needs something first, or there is no room for it. */
bool due_fire_asked(struct engine *engine, const struct message *message)
{
    struct turn *turn = &engine->turn;
    struct view_due due = turn->asked_due;
    due.key = arena_copy(&turn->arena, due.key); /* it lies in the arena of the run */
    if (turn->asked_fired >= room(engine)) {
        no_room(engine, message);
        return false;
    }
    if (!run_timer(engine, message->partition, due)) {
        return false;
    }
    turn->asked_fired++;
    return true;
}

/* A turn for timers alone: its records will be polled again. Over once every list was read to its end. */
void due_drop_batch(struct engine *engine)
{
    struct turn *turn = &engine->turn;
    bool behind = false;
    for (size_t i = 0; i < turn->timer_lists; i++) {
        behind = behind || turn->timers[i].count >= engine->timers_max;
    }
    engine->timers_alone = behind;
    if (!engine->timers_alone) {
        return;
    }
    for (uint32_t i = 0; i < turn->count; i++) {
        struct partition *partition = turn->messages[i].partition;
        partition->turn_next = partition->poll_next = partition->next_input;
        partition->turn_time_ms = partition->time_ms;
        partition->at_end = false;
    }
    for (size_t i = 0; i < turn->timer_lists; i++) {
        const struct timer_list *list = &turn->timers[i];
        int64_t last = list->count > 0 ? list->due[list->count - 1].due_ms : INT64_MIN;
        struct partition *partition = list->partition;
        partition->turn_time_ms = last > partition->turn_time_ms ? last : partition->turn_time_ms;
    }
    turn_discard(engine);
    engine->fetch_changed = true;
}
