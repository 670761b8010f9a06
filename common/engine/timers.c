/* What is due in a turn: up to when, at which partitions, how many at most. */
#include "engine/inside.h"

enum { ENDS_RETRY_MS = 50 };

void turn_touch(struct engine *engine, struct partition *partition)
{
    if (!partition->touched) {
        partition->touched = true;
        partition->turn_next = partition->next_input;
        partition->turn_time_ms = partition->time_ms;
        engine->turn.touched_count++;
    }
}

/* Up to when timers of a partition without a batch may fire: its end was seen, and the clock is a second
 * past them, so that nothing older can still be on its way. */
static int64_t idle_limit(const struct engine *engine, const struct partition *partition)
{
    return partition->at_end ? engine->wall_ms - 1000 : INT64_MIN;
}

static int64_t timer_limit(const struct engine *engine, const struct partition *partition)
{
    if (partition->stage != TAKE_READY || partition->stale_log != NULL ||
        (!partition->touched && engine->mono_ms < partition->ends_retry_ms)) {
        return INT64_MIN;
    }
    int64_t limit = partition->touched ? partition->turn_due_ms : idle_limit(engine, partition);
    return partition->due_next_ms <= limit ? limit : INT64_MIN;
}

/* The end may have been seen long ago: it must still be the end now that the clock has passed. */
static bool still_at_end(struct engine *engine, struct partition *partition)
{
    struct bus_place place = { partition->slot->input, partition->number };
    int64_t first, stable, high;
    if (engine->bus->ops->ends(engine->bus, place, &first, &stable, &high) == BUS_OK &&
        stable <= partition->end_offset) {
        return true;
    }
    partition->ends_retry_ms = engine->mono_ms + ENDS_RETRY_MS;
    return false;
}

bool turn_timers_due(struct engine *engine)
{
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            if (timer_limit(engine, &slot->partitions[p]) != INT64_MIN) {
                return true;
            }
        }
    }
    return false;
}

/* With one timer at a time, the first of all partitions by (due, key). */
static void keep_first_only(struct turn *turn)
{
    struct timer_list *first = NULL;
    for (size_t i = 0; i < turn->timer_lists; i++) {
        struct timer_list *list = &turn->timers[i];
        if (list->count > 0 &&
            (first == NULL || list->due[0].due_ms < first->due[0].due_ms ||
             (list->due[0].due_ms == first->due[0].due_ms &&
              text_compare(list->due[0].key, first->due[0].key) < 0))) {
            first = list;
        }
    }
    for (size_t i = 0; i < turn->timer_lists; i++) {
        turn->timers[i].count = &turn->timers[i] == first ? 1 : 0;
    }
}

static size_t count_partitions(const struct engine *engine)
{
    size_t count = 0;
    for (size_t s = 0; s < engine->slot_count; s++) {
        count += engine->slots[s].run ? (size_t)engine->slots[s].count : 0;
    }
    return count;
}

/* With one timer at a time, what follows from one is decided before the next fires. */
static bool messages_first(const struct engine *engine)
{
    return engine->setup.turn_timers_max == 1 && engine->turn.count > 0 && !engine->timers_alone;
}

enum view_result timers_load(struct engine *engine, struct err_note *note)
{
    struct turn *turn = &engine->turn;
    if (messages_first(engine)) {
        return VIEW_OK;
    }
    size_t room = count_partitions(engine), count = 0;
    struct view_read *reads = arena_alloc(&turn->arena, (room + 1) * sizeof(*reads));
    turn->timers = arena_alloc(&turn->arena, (room + 1) * sizeof(*turn->timers));
    for (size_t s = 0; s < engine->slot_count; s++) {
        struct worker_slot *slot = &engine->slots[s];
        for (int32_t p = 0; slot->run && p < slot->count; p++) {
            int64_t limit = timer_limit(engine, &slot->partitions[p]);
            if (limit != INT64_MIN &&
                (slot->partitions[p].touched || still_at_end(engine, &slot->partitions[p]))) {
                turn->timers[count].partition = &slot->partitions[p];
                reads[count++] = (struct view_read){ .group = slot->logs[p].group, .due_limit_ms = limit,
                                                     .due_max = engine->timers_max };
            }
        }
    }
    enum view_result result = count == 0 ? VIEW_OK : engine->view->ops->read(engine->view, &turn->arena, reads, count, note);
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        struct partition *partition = turn->timers[i].partition;
        if (reads[i].index != partition->index) {
            engine_retake(engine, partition, "the view's index is not where it was left");
            return VIEW_LOST;
        }
        turn->timers[i].due = reads[i].due;
        turn->timers[i].count = reads[i].due_count;
        partition->due_next_ms = reads[i].due_next_ms;
    }
    turn->timer_lists = count;
    size_t due = 0;
    for (size_t i = 0; i < count; i++) {
        due += turn->timers[i].count;
    }
    counts_timers(engine, due);
    if (engine->setup.turn_timers_max == 1) {
        keep_first_only(turn);
    }
    for (size_t i = 0; i < count; i++) {
        struct timer_list *list = &turn->timers[i];
        if (list->count > 0) {
            turn_touch(engine, list->partition);
            int64_t last = list->due[list->count - 1].due_ms;
            list->partition->turn_time_ms = last > list->partition->turn_time_ms ? last : list->partition->turn_time_ms;
        }
    }
    return result;
}
