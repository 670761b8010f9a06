/* Deciding one message, or what time alone brings: runs the rules and makes what they said happen. */
#include "engine/inside.h"

static const char *const too_large_detail =
    "its state would pass 262144 bytes; nothing was changed, start a new entity";

static void decision_start(struct engine *engine, struct decision *decision, struct item *item,
                           int64_t time_ms)
{
    *decision = (struct decision){ .engine = engine, .item = item, .time_ms = time_ms };
    decision->entity = entity_of_key(item->key);
    decision->said_last = &decision->said_first;
    decision->sent_last = &decision->sent_first;
    decision->put_last = &decision->put_first;
}

static bool too_large(const struct decision *decision)
{
    for (const struct put *put = decision->put_first; put != NULL; put = put->next) {
        if (put->body.size > STATE_BYTES_MAX) {
            return true;
        }
    }
    return false;
}

static void apply_puts(struct engine *engine, const struct decision *decision)
{
    for (const struct put *put = decision->put_first; put != NULL; put = put->next) {
        struct item *item = put->item;
        if (put->remove && !item_ready(engine, item)) {
            return;
        }
        item_change(engine, item);
        if (!item->loaded) { /* a part written without having been read */
            item->loaded = true;
        }
        item->present = !put->remove;
        /* What grew in the arena of the run is kept in just the bytes that it has. */
        item->body = put->remove ? put->body : arena_copy(&engine->turn.arena, put->body);
        item->body_version = put->version;
        item->due_ms = put->remove ? 0 : put->due_ms;
        item->decoded = NULL;
    }
}

static bool puts_hold(const struct decision *decision)
{
    return decision->timer || decision->change_counts || decision->verdict == VERDICT_APPLIED ||
           decision->verdict == VERDICT_FORWARDED || decision->verdict == VERDICT_DEFERRED;
}

/* The entity as it is after the decision: what the rules put, its version. */
static void take_effect(struct engine *engine, struct decision *decision, uint32_t *ordinal)
{
    struct item *entity = decision->item->head_owner
                              ? decision->item
                              : item_of(engine, decision->item->partition, decision->entity);
    if (decision->verdict == VERDICT_APPLIED || decision->change_counts || decision->timer) {
        item_head_change(engine, entity)->version++;
    }
    if (puts_hold(decision)) {
        apply_puts(engine, decision);
    }
    if (decision->verdict == VERDICT_REJECTED && decision->message->type->rejected != NULL) {
        decision->message->type->rejected(decision, decision->message->data);
    }
    emit_decision(engine, decision, ordinal, entity->head->version);
}

static void refuse_too_large(struct engine *engine, struct decision *decision)
{
    struct message *message = decision->message;
    decision_start(engine, decision, decision->item, decision->time_ms);
    decision->message = message;
    decision_rejected(decision, "STATE_TOO_LARGE", "", "%s", too_large_detail);
}

/* Runs the rule for a message at its entity. */
static void decide(struct engine *engine, struct message *message, struct decision *decision,
                   uint32_t *ordinal)
{
    const struct handler *handler = message_handler(message->type, message->entity);
    ENSURE(handler != NULL);
    decision_start(engine, decision, message->item, message->time_ms);
    decision->message = message;
    decision->first_ordinal = *ordinal;
    handler->decide(decision, message->data);
    if (engine->turn.missing) {
        return;
    }
    ENSURE(decision->verdict != VERDICT_NONE);
    if (too_large(decision)) {
        refuse_too_large(engine, decision);
    }
    if (decision->verdict == VERDICT_DEFERRED && message->waited) {
        waiting_keep(engine, message, decision);
        decision->said_first = NULL; /* it goes on waiting, nothing is said */
    }
    take_effect(engine, decision, ordinal);
}

/* --- time alone --- */

static void wake_all(struct engine *engine, struct item *entity, int64_t time_ms);

static void give_up(struct engine *engine, struct item *entity, struct waiting waiting)
{
    struct message message;
    struct decision decision;
    if (!waiting_read(engine, entity, waiting.number, &message)) {
        return;
    }
    message.time_ms = waiting.until_ms;
    message.input = (struct text){ 0 }; /* made by a timer */
    decision_start(engine, &decision, entity, waiting.until_ms);
    decision.message = &message;
    ENSURE(message.type->wait_over_code != NULL);
    decision_rejected(&decision, message.type->wait_over_code, "", "%s",
                      message.type->wait_over_detail);
    uint32_t ordinal = message.first_ordinal;
    take_effect(engine, &decision, &ordinal);
    if (message.origin != FROM_WORKER) {
        seen_update(engine, entity, message.seen_number, ordinal);
    }
    waiting_remove(engine, entity, waiting.number);
}

static void advance(struct engine *engine, struct item *item)
{
    struct decision decision;
    uint32_t ordinal = 0;
    int64_t due_ms = item->due_ms;
    const void *state = item_decoded(engine, item);
    if (engine->turn.missing) {
        return;
    }
    ENSURE(state != NULL && item->type->advance != NULL);
    decision_start(engine, &decision, item, due_ms);
    decision.timer = true;
    decision.timer_due_ms = due_ms;
    item->type->advance(&decision, state);
    if (engine->turn.missing) {
        return;
    }
    take_effect(engine, &decision, &ordinal);
    ENSURE(engine->turn.missing || item->due_ms == 0 || item->due_ms > due_ms);
    if (decision.wake) {
        wake_all(engine, item_of(engine, item->partition, decision.entity), due_ms);
    }
}

static const struct waiting *first_to_give_up(const struct head *head)
{
    const struct waiting *first = NULL;
    for (uint32_t i = 0; i < head->waiting_count; i++) {
        if (head->waiting[i].until_ms != 0 &&
            (first == NULL || head->waiting[i].until_ms < first->until_ms)) {
            first = &head->waiting[i];
        }
    }
    return first;
}

void decide_due(struct engine *engine, struct item *item, int64_t until_ms)
{
    while (!engine->turn.missing) {
        const struct waiting *waiting = item->head != NULL ? first_to_give_up(item->head) : NULL;
        bool wait_due = waiting != NULL && waiting->until_ms <= until_ms;
        bool state_due = item->due_ms > 0 && item->due_ms <= until_ms;
        if (state_due && (!wait_due || item->due_ms <= waiting->until_ms)) {
            advance(engine, item);
        } else if (wait_due) {
            give_up(engine, item, *waiting);
        } else {
            return;
        }
    }
}

/* --- messages that waited --- */

/* True: others that wait may go on now. */
static bool decide_waiting(struct engine *engine, struct item *entity, int64_t number,
                           int64_t time_ms, const void *answer)
{
    struct message message;
    struct decision decision;
    if (!waiting_read(engine, entity, number, &message)) {
        return false;
    }
    message.time_ms = time_ms;
    message.answer = answer;
    uint32_t ordinal = message.first_ordinal;
    decide(engine, &message, &decision, &ordinal);
    if (engine->turn.missing || decision.verdict == VERDICT_DEFERRED) {
        return false;
    }
    if (message.origin != FROM_WORKER) {
        seen_update(engine, entity, message.seen_number, ordinal);
    }
    waiting_remove(engine, entity, number);
    decide_due(engine, entity, time_ms);
    return decision.wake;
}

/* In the order of arrival; one that brings about what earlier ones wait for starts it again. When one
 * asks another entity, the rest stays in the queue behind it. */
static void wake_all(struct engine *engine, struct item *entity, int64_t time_ms)
{
    for (bool again = true; again && !engine->turn.missing;) {
        const struct head *head = entity->head; /* as it is now: later changes copy it */
        again = false;
        for (uint32_t i = 0; i < head->waiting_count && !again && !engine->turn.missing &&
                             waiting_asking(entity->head) == NULL; i++) {
            again = decide_waiting(engine, entity, head->waiting[i].number, time_ms, NULL);
        }
    }
}

/* The answer to what a message asked: that one is decided again, then those that queue behind it. */
static void take_answer(struct engine *engine, struct message *message)
{
    struct decision decision;
    uint32_t ordinal = 0;
    struct item *entity = message->item;
    const struct waiting *asking = waiting_asking(entity->head);
    decision_start(engine, &decision, entity, message->time_ms);
    decision.message = message;
    decision_unchanged(&decision);
    take_effect(engine, &decision, &ordinal);
    if (asking != NULL) {
        decide_waiting(engine, entity, asking->number, message->time_ms, message->data);
        wake_all(engine, entity, message->time_ms);
    }
}

/* While another message of the entity waits for an answer. */
static void queue(struct engine *engine, struct message *message, struct decision *decision,
                  uint32_t *ordinal)
{
    decision_start(engine, decision, message->item, message->time_ms);
    decision->message = message;
    decision_deferred(decision, "AWAITING_TURN", "an earlier message waits for an answer", 0);
    take_effect(engine, decision, ordinal);
}

/* --- a message --- */

static bool known_already(struct engine *engine, struct message *message)
{
    uint32_t outcomes = 0;
    bool conflict = false;
    enum verdict verdict = seen_check(engine, message, &outcomes, &conflict);
    if (engine->turn.missing || verdict == VERDICT_NONE) {
        return false;
    }
    if (conflict) {
        emit_dead_letter(engine, message, DEAD_ID_CONFLICT,
                         TEXT("this source and id was given before with another payload; a new "
                              "message needs a new id"));
    } else {
        emit_duplicate(engine, message, outcomes);
    }
    return true;
}

void decide_message(struct engine *engine, struct message *message)
{
    struct decision decision;
    uint32_t ordinal = 0;
    if (message->dead != DEAD_NONE) {
        emit_dead_letter(engine, message, message->dead, message->dead_detail);
        return;
    }
    if (message->misrouted) {
        emit_misrouted(engine, message);
        return;
    }
    ENSURE(message->item->loaded); /* before the first round */
    if ((message->origin != FROM_WORKER && known_already(engine, message)) || engine->turn.missing) {
        return;
    }
    decide_due(engine, message->item, message->time_ms);
    if (engine->turn.missing) {
        return;
    }
    if (message->type->answer) {
        take_answer(engine, message);
        return;
    }
    if (waiting_asking(message->item->head) != NULL) {
        queue(engine, message, &decision, &ordinal);
    } else {
        decide(engine, message, &decision, &ordinal);
    }
    if (engine->turn.missing) {
        return;
    }
    int64_t number = message->origin != FROM_WORKER ? seen_add(engine, message, ordinal) : 0;
    if (decision.verdict == VERDICT_DEFERRED) {
        waiting_add(engine, message, &decision, number, ordinal);
    }
    decide_due(engine, message->item, message->time_ms);
    if (decision.wake) {
        wake_all(engine, message->item, message->time_ms);
    }
}
