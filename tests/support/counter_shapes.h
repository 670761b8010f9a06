/* What the messages and states of the two small workers look like, and words for their rules. */
#ifndef MAKEGOOD_TESTS_COUNTER_SHAPES_H
#define MAKEGOOD_TESTS_COUNTER_SHAPES_H

#include <stdlib.h>

#include "engine/decision.h"
#include "engine/worker.h"

enum { COUNTER_WAIT_MS = 3600 * 1000 };

/* Every message of both workers has these members. */
struct counter_command {
    struct text id, to, box, batch_id;
    int64_t amount, times, in_ms, size, line;
};

static const struct field counter_command_fields[] = {
    { .name = "id", .kind = FIELD_ID, .offset = offsetof(struct counter_command, id), .required = true },
    { .name = "to", .kind = FIELD_ID, .offset = offsetof(struct counter_command, to) },
    { .name = "box", .kind = FIELD_ID, .offset = offsetof(struct counter_command, box) },
    { .name = "batchId", .kind = FIELD_ID, .offset = offsetof(struct counter_command, batch_id) },
    { .name = "amount", .kind = FIELD_INT, .offset = offsetof(struct counter_command, amount),
      .min = -1000000, .max = 1000000, .standard = "1" },
    { .name = "times", .kind = FIELD_INT, .offset = offsetof(struct counter_command, times),
      .max = 5000, .standard = "1" },
    { .name = "inMs", .kind = FIELD_INT, .offset = offsetof(struct counter_command, in_ms),
      .max = INT64_MAX, .standard = "0" },
    { .name = "size", .kind = FIELD_INT, .offset = offsetof(struct counter_command, size),
      .max = 100000000, .standard = "0" },
    { .name = "line", .kind = FIELD_INT, .offset = offsetof(struct counter_command, line),
      .max = 1000000 },
};

static const struct shape counter_command_shape = {
    .name = "command",
    .fields = counter_command_fields,
    .count = sizeof(counter_command_fields) / sizeof(counter_command_fields[0]),
    .size = sizeof(struct counter_command),
    .faults_offset = SHAPE_NO_FAULTS,
};

/* Without what a line of a batch has: that is the engine's to read then. */
static const struct shape counter_bare_shape = {
    .name = "bare",
    .fields = counter_command_fields,
    .count = 3,
    .size = sizeof(struct counter_command),
    .faults_offset = SHAPE_NO_FAULTS,
};

/* State of a counter, of a box and of a rate; also what their outcomes say. */
struct counter_state {
    int64_t total, due_ms;
    struct text filler;
    struct text tells; /* a counter that is told when this one is emptied */
};

static const struct field counter_state_fields[] = {
    { .name = "total", .kind = FIELD_INT, .offset = offsetof(struct counter_state, total) },
    { .name = "due", .kind = FIELD_INT, .offset = offsetof(struct counter_state, due_ms) },
    { .name = "filler", .kind = FIELD_TEXT, .offset = offsetof(struct counter_state, filler) },
    { .name = "tells", .kind = FIELD_TEXT, .offset = offsetof(struct counter_state, tells) },
};

static const struct shape counter_state_shape = {
    .name = "counter",
    .fields = counter_state_fields,
    .count = sizeof(counter_state_fields) / sizeof(counter_state_fields[0]),
    .size = sizeof(struct counter_state),
    .faults_offset = SHAPE_NO_FAULTS,
};

static const struct shape counter_total_shape = {
    .name = "total",
    .fields = counter_state_fields,
    .count = 1,
    .size = sizeof(struct counter_state),
    .faults_offset = SHAPE_NO_FAULTS,
};

static inline struct counter_state counter_now(struct decision *decision)
{
    const struct counter_state *state = decision_state(decision);
    struct counter_state none = { 0 };
    none.due_ms = FIELD_ABSENT;
    return state != NULL ? *state : none;
}

static inline int64_t counter_due(const struct counter_state *state)
{
    return state->due_ms != FIELD_ABSENT ? state->due_ms : 0;
}

static inline void counter_put(struct decision *decision, const struct counter_state *state)
{
    decision_put(decision, state, counter_due(state));
}

static inline struct text counter_name(struct decision *decision, struct text id)
{
    return entity_name(decision_arena(decision), "counter", id);
}

static inline struct text counter_box_key(struct decision *decision, struct text box)
{
    return arena_printf(decision_arena(decision), "box:%.*s", TEXT_ARGS(box));
}

#endif
