/* Rules of `counter` that talk to others and to themselves: questions and answers, messages to another
 * worker, reading back what was just put. */
#ifndef MAKEGOOD_TESTS_COUNTER_ASKS_H
#define MAKEGOOD_TESTS_COUNTER_ASKS_H

#include "support/counter_shapes.h"

static inline struct counter_command counter_message(struct text id, struct text to, int64_t amount)
{
    struct counter_command command = { .id = id, .to = to, .amount = amount, .times = 1 };
    command.line = FIELD_ABSENT;
    return command;
}

/* Asks the counter `to` how much it has, `times` times; adds the last answer. */
static inline void counter_ask(struct decision *decision, const void *message)
{
    const struct counter_command *command = message, *answer = decision_answer(decision);
    struct counter_state state = counter_now(decision);
    struct counter_command question = counter_message(command->to, command->id, 0);
    if (answer == NULL || answer->times < command->times) {
        question.times = answer == NULL ? 1 : answer->times + 1;
        decision_asked(decision, "AWAITING_ANSWER", "has asked", counter_name(decision, command->to),
                       "internal.counter.question", &counter_command_shape, &question);
        return;
    }
    state.total += answer->amount;
    counter_put(decision, &state);
    decision_applied(decision, "counter.answered", &counter_total_shape, &state);
}

static inline void counter_question(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = counter_now(decision);
    struct counter_command answer = counter_message(command->to, command->id, state.total);
    answer.times = command->times;
    decision_unchanged(decision);
    decision_send(decision, counter_name(decision, command->to), "internal.counter.answer",
                  &counter_command_shape, &answer);
}

/* Tells another worker: the rate `to` is `amount` from now on. */
static inline void counter_set(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = counter_now(decision);
    struct counter_command put = counter_message(command->to, (struct text){ 0 }, command->amount);
    decision_applied(decision, "counter.set", &counter_total_shape, &state);
    decision_send(decision, entity_name(decision_arena(decision), "rate", command->to), "rate.put",
                  &counter_command_shape, &put);
}

/* Reads back what it has just put; rejects when that is not what it sees. */
static inline void counter_mirror(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct text key = counter_box_key(decision, command->box);
    struct counter_state state = counter_now(decision), box = { .total = 3 };
    struct text own_id = decision_own_id(decision, "first");
    box.due_ms = FIELD_ABSENT;
    state.total = command->amount;
    counter_put(decision, &state);
    decision_put_part(decision, key, &box, 0);
    const struct counter_state *seen = decision_state(decision), *part = decision_part(decision, key);
    bool good = seen != NULL && seen->total == command->amount && part != NULL && part->total == 3;
    decision_remove_part(decision, key);
    good = good && decision_part(decision, key) == NULL &&
           decision_look_part(decision, TEXT("rate:A3")) == NULL &&
           decision_zone(decision, TEXT("UTC")) != NULL && own_id.size == 36;
    if (!good) {
        decision_rejected(decision, "MIRROR_BROKEN", "", "what was put is not what is read");
        return;
    }
    state.total = decision_version(decision);
    decision_applied(decision, "counter.mirrored", &counter_total_shape, &state);
    state.filler = decision_next_id(decision);
    decision_outcome_on(decision, "mirrors", "counter.named", &counter_state_shape, &state);
    decision_outcome(decision, "email.requested", &counter_total_shape, &state);
}

#endif
