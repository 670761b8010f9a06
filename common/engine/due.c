/*
 * Timers of parts that come before a message. An entity advances by itself (decide.c); which of its parts
 * are due its rule must know, and asks for them by decision_advance_first(). They count as timers of the
 * turn. When more are due than a turn may fire, timers alone are turned until none is left behind.
 */
#include "engine/inside.h"

#include "io/log.h"

/* Fires what the rule asked for. False: that needs something first, or there is no room for it. */
bool due_fire_asked(struct engine *engine, const struct message *message)
{
    struct turn *turn = &engine->turn;
    struct view_due due = turn->asked_due;
    due.key = arena_copy(&turn->arena, due.key); /* it lies in the arena of the run */
    if (turn->timers_fired >= engine->timers_max) {
        log_info("timers_first", KEY_TEXT("entity", message->entity));
        engine->timers_alone = true;
        engine->records_max = 1; /* so that the message is the first of a batch some time */
        turn->failed = BUS_ABORT;
        return false;
    }
    if (!run_timer(engine, message->partition, due)) {
        return false;
    }
    turn->timers_fired++;
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
