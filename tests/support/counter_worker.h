/*
 * Two small workers for the engine's tests, so that a test shows one idea of the engine and no rule of
 * a domain: `counter` counts, forwards, tells, waits, asks for a rate, keeps boxes (parts) and has
 * timers; `rate` is what it looks at.
 */
#ifndef MAKEGOOD_TESTS_COUNTER_WORKER_H
#define MAKEGOOD_TESTS_COUNTER_WORKER_H

#include "support/counter_asks.h"

/* --- counter's rules --- */

/* Adds; with inMs the counter is emptied by a timer so much later, and `to` is told. Wakes what waits. */
static inline void counter_add(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = counter_now(decision);
    state.total += command->amount;
    if (command->in_ms > 0) {
        state.due_ms = decision_time(decision) + command->in_ms;
    }
    state.tells = command->to.at != NULL ? command->to : state.tells;
    counter_put(decision, &state);
    decision_applied(decision, "counter.added", &counter_total_shape, &state);
    decision_wake(decision);
}

static inline void counter_check(struct decision *decision, const void *message)
{
    (void)message;
    if (counter_now(decision).total > 0) {
        decision_unchanged(decision);
    } else {
        decision_rejected(decision, "EMPTY", "/amount", "there is nothing in it");
    }
}

/* A rejection that counts as a change and has a second outcome. */
static inline void counter_fine(struct decision *decision, const void *message)
{
    (void)message;
    struct counter_state state = counter_now(decision);
    state.total--;
    counter_put(decision, &state);
    decision_count_change(decision);
    decision_rejected(decision, "FINED", "", "one is taken");
    decision_outcome(decision, "counter.fined", &counter_total_shape, &state);
}

/* A rejection whose put is dropped. */
static inline void counter_refuse(struct decision *decision, const void *message)
{
    (void)message;
    struct counter_state state = counter_now(decision);
    state.total = 999;
    counter_put(decision, &state);
    decision_rejected(decision, "NO", "", "never");
}

static inline void counter_tell_often(struct decision *decision, const struct counter_command *command,
                                      int64_t times)
{
    struct counter_command told = counter_message(command->to, (struct text){ 0 }, command->amount);
    for (int64_t i = 0; i < times; i++) {
        decision_send(decision, counter_name(decision, command->to), "internal.counter.told",
                      &counter_command_shape, &told);
    }
}

/* At any counter but `to`: passed on there, and told `times` - 1 times besides; at `to`: counted. */
static inline void counter_pass(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct text target = counter_name(decision, command->to);
    if (text_equal(target, decision_entity(decision))) {
        counter_add(decision, message);
    } else {
        decision_forwarded(decision, target);
        counter_tell_often(decision, command, command->times - 1);
    }
}

static inline void counter_tell(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = counter_now(decision);
    counter_put(decision, &state);
    decision_applied(decision, "counter.told", &counter_total_shape, &state);
    counter_tell_often(decision, command, command->times);
}

/* Waits for something to be in it, at most an hour, or inMs; what is in the box helps. */
static inline void counter_take(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = counter_now(decision);
    const struct counter_state *box =
        command->box.at != NULL ? decision_part(decision, counter_box_key(decision, command->box)) : NULL;
    if (state.total + (box != NULL ? box->total : 0) < command->amount) {
        decision_deferred(decision, "AWAITING_MORE", "waits for more",
                          decision_time(decision) + (command->in_ms > 0 ? command->in_ms : COUNTER_WAIT_MS));
        return;
    }
    state.total -= command->amount;
    counter_put(decision, &state);
    decision_applied(decision, "counter.taken", &counter_total_shape, &state);
}

/* Waits for nothing in particular. */
static inline void counter_hold(struct decision *decision, const void *message)
{
    (void)message;
    decision_deferred(decision, "HELD", "is held", decision_time(decision) + COUNTER_WAIT_MS);
}

/* Adds what the rate `to` says. */
static inline void counter_price(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct text key = entity_name(decision_arena(decision), "rate", command->to);
    const struct counter_state *rate = decision_look(decision, key);
    if (rate == NULL) {
        decision_rejected(decision, "RATE_NOT_FOUND", "/to", "no such rate");
        return;
    }
    struct counter_state state = counter_now(decision);
    state.total += rate->total;
    counter_put(decision, &state);
    decision_terms(decision, command->to, rate->total, TEXT("default"));
    decision_applied(decision, "counter.priced", &counter_total_shape, &state);
}

/* Counts in a box, which carries its own name. */
static inline void counter_box(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct text key = counter_box_key(decision, command->box);
    const struct counter_state *box = decision_part(decision, key);
    struct counter_state next = { .total = command->amount + (box != NULL ? box->total : 0) };
    next.due_ms = command->in_ms > 0 ? decision_time(decision) + command->in_ms : FIELD_ABSENT;
    next.filler = command->box;
    decision_put_part(decision, key, &next, counter_due(&next));
    decision_applied(decision, "counter.boxed", &counter_total_shape, &next);
}

/* Says how many of the boxes b0.. are closed; those that are due by now are opened first. */
static inline void counter_ripe(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state closed = { .total = 0 };
    closed.due_ms = FIELD_ABSENT;
    for (int64_t i = 0; i < command->times; i++) {
        struct text key = arena_printf(decision_arena(decision), "box:b%lld", (long long)i);
        const struct counter_state *box = decision_part(decision, key);
        closed.total += box != NULL && box->total > 0;
        if (box != NULL && box->due_ms != FIELD_ABSENT && box->due_ms <= decision_time(decision)) {
            decision_advance_first(decision, key, box->due_ms);
        }
    }
    decision_applied(decision, "counter.ripened", &counter_total_shape, &closed);
}

static inline void counter_drop(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = counter_now(decision);
    decision_remove_part(decision, counter_box_key(decision, command->box));
    decision_applied(decision, "counter.dropped", &counter_total_shape, &state);
}

/* A text of `size` bytes. */
static inline struct text counter_filler(struct decision *decision, int64_t size)
{
    char *filler = arena_bytes(decision_arena(decision), (size_t)size + 1);
    memset(filler, 'x', (size_t)size + 1);
    return (struct text){ filler, (uint32_t)size };
}

static inline void counter_grow(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = counter_now(decision);
    state.filler = counter_filler(decision, command->size);
    counter_put(decision, &state);
    decision_applied(decision, "counter.grown", &counter_total_shape, &state);
}

static inline void counter_told(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = counter_now(decision);
    state.total += command->amount;
    counter_put(decision, &state);
    decision_applied(decision, "internal.counter.heard", &counter_total_shape, &state);
    decision_wake(decision);
}

/* What was in it goes to the counter that is to be told, and what is in the box "tips". */
static inline void counter_pass_on(struct decision *decision, const struct counter_state *state)
{
    const struct counter_state *tips = decision_part(decision, counter_box_key(decision, TEXT("tips")));
    struct counter_command command = counter_message((struct text){ 0 }, state->tells, state->total);
    command.amount += tips != NULL ? tips->total : 0;
    counter_tell_often(decision, &command, 1);
}

static inline void counter_advance(struct decision *decision, const void *now)
{
    struct counter_state state = *(const struct counter_state *)now;
    if (state.tells.at != NULL) {
        counter_pass_on(decision, &state);
    }
    state.total = 0;
    state.due_ms = FIELD_ABSENT;
    decision_timer(decision, "empty");
    counter_put(decision, &state);
    decision_outcome(decision, "counter.emptied", &counter_total_shape, &state);
    decision_wake(decision);
}

static inline void counter_box_advance(struct decision *decision, const void *now)
{
    struct counter_state state = *(const struct counter_state *)now;
    state.due_ms = FIELD_ABSENT;
    state.total = 0;
    decision_timer(decision, "open");
    decision_put_part(decision, counter_box_key(decision, state.filler), &state, 0);
    decision_outcome(decision, "counter.opened", &counter_total_shape, &state);
}

/* --- rate's rule --- */

static inline void rate_put(struct decision *decision, const void *message)
{
    const struct counter_command *command = message;
    struct counter_state state = { .total = command->amount };
    state.due_ms = FIELD_ABSENT;
    if (command->size > 0) {
        state.filler = counter_filler(decision, command->size);
    }
    decision_put(decision, &state, 0);
    decision_applied(decision, "rate.stored", &counter_total_shape, &state);
}

/* --- rows --- */

static inline struct text counter_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "counter", ((const struct counter_command *)message)->id);
}

static inline struct text rate_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "rate", ((const struct counter_command *)message)->id);
}

#define COUNTER_MESSAGE(type, rule)                                                                \
    {                                                                                              \
        .name = type, .shape = &counter_command_shape, .entity = counter_entity,                   \
        .handlers = { { "counter", rule } }, .wait_over_code = "NEVER_CAME",                       \
        .wait_over_detail = "what it waited for has not come"                                      \
    }

static const struct message_type counter_messages[] = {
    COUNTER_MESSAGE("counter.add", counter_add),       COUNTER_MESSAGE("counter.check", counter_check),
    COUNTER_MESSAGE("counter.fine", counter_fine),     COUNTER_MESSAGE("counter.refuse", counter_refuse),
    COUNTER_MESSAGE("counter.pass", counter_pass),     COUNTER_MESSAGE("counter.tell", counter_tell),
    COUNTER_MESSAGE("counter.take", counter_take),     COUNTER_MESSAGE("counter.price", counter_price),
    COUNTER_MESSAGE("counter.box", counter_box),       COUNTER_MESSAGE("counter.drop", counter_drop),
    COUNTER_MESSAGE("counter.grow", counter_grow),     COUNTER_MESSAGE("counter.ripe", counter_ripe),
    COUNTER_MESSAGE("counter.ask", counter_ask),
    COUNTER_MESSAGE("counter.set", counter_set),       COUNTER_MESSAGE("counter.mirror", counter_mirror),
    COUNTER_MESSAGE("internal.counter.question", counter_question),
    { .name = "counter.hold", .shape = &counter_bare_shape, .entity = counter_entity,
      .handlers = { { "counter", counter_hold } }, .wait_over_code = "NEVER_CAME",
      .wait_over_detail = "nobody let it go" },
    { .name = "internal.counter.answer", .shape = &counter_command_shape, .entity = counter_entity,
      .handlers = { { "counter", counter_told } }, .answer = true },
    COUNTER_MESSAGE("internal.counter.told", counter_told),
};

static const struct state_type counter_states[] = {
    { .entity_type = "counter", .shape = &counter_state_shape, .version = 1, .advance = counter_advance },
    { .entity_type = "counter/box", .shape = &counter_state_shape, .version = 1,
      .advance = counter_box_advance },
};

static const struct worker counter_worker = {
    .name = "counter",
    .messages = counter_messages,
    .message_count = sizeof(counter_messages) / sizeof(counter_messages[0]),
    .states = counter_states,
    .state_count = sizeof(counter_states) / sizeof(counter_states[0]),
};

static const struct message_type rate_messages[] = {
    { .name = "rate.put", .shape = &counter_command_shape, .entity = rate_entity,
      .handlers = { { "rate", rate_put } } },
};

static const struct state_type rate_states[] = {
    { .entity_type = "rate", .shape = &counter_state_shape, .version = 1 },
};

static const struct worker rate_worker = {
    .name = "rate",
    .messages = rate_messages,
    .message_count = 1,
    .states = rate_states,
    .state_count = 1,
};

#endif
