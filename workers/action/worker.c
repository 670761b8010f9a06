/* The row that the engine reads: messages, entities, states of the action worker. */
#include "workers/action/inside.h"

/* A track passes through its order id; one without is refused by the action. */
static struct text track_entity(const void *message, struct arena *arena)
{
    const struct track *track = message;
    if (!track->address.oid.at) {
        return entity_name(arena, "action", track->address.action_id);
    }
    struct text tracker = arena_number(arena, track->address.tracker_id);
    return entity_name_two(arena, "oid", tracker, track->address.oid);
}

static struct text forget_entity(const void *message, struct arena *arena)
{
    const struct forget *forget = message;
    struct text tracker = arena_number(arena, forget->tracker_id);
    return entity_name_two(arena, "oid", tracker, forget->oid);
}

static struct text adopt_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "action", ((const struct adopt *)message)->parent_id);
}

static struct text reverse_child_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "action", ((const struct reverse_child *)message)->action_id);
}

static struct text bonus_taken_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "action", ((const struct bonus_taken *)message)->action_id);
}

#define NEVER_CAME                                                                                 \
    .wait_over_code = "ACTION_REF_NOT_FOUND",                                                      \
    .wait_over_detail = "no such action was tracked within an hour"

static const struct message_type messages[] = {
    { .name = "action.track",
      .shape = &track_shape,
      .entity = track_entity,
      .handlers = { { "oid", oid_track }, { "action", action_track } },
      .rejected = action_track_rejected },
    { .name = "action.modify",
      .shape = &modify_shape,
      .entity = address_entity,
      .handlers = { { "oid", address_forward }, { "action", action_modify } },
      NEVER_CAME },
    { .name = "action.reverse",
      .shape = &reverse_shape,
      .entity = address_entity,
      .handlers = { { "oid", address_forward }, { "action", action_reverse } },
      NEVER_CAME },
    { .name = "action.approve",
      .shape = &approve_shape,
      .entity = address_entity,
      .handlers = { { "oid", address_forward }, { "action", action_approve } },
      NEVER_CAME },
    { .name = "action.modify_items",
      .shape = &modify_items_shape,
      .entity = address_entity,
      .handlers = { { "oid", address_forward }, { "action", action_modify_items } },
      NEVER_CAME },
    { .name = "action.restore",
      .shape = &restore_shape,
      .entity = address_entity,
      .handlers = { { "oid", address_forward }, { "action", action_restore } },
      NEVER_CAME },
    { .name = "action.answer_return",
      .shape = &answer_return_shape,
      .entity = address_entity,
      .handlers = { { "oid", address_forward }, { "action", action_answer_return } },
      NEVER_CAME },
    { .name = "action.settle",
      .shape = &settle_shape,
      .entity = address_entity,
      .handlers = { { "oid", address_forward }, { "action", action_settle } },
      NEVER_CAME },
    { .name = "internal.action.adopt",
      .shape = &adopt_shape,
      .entity = adopt_entity,
      .handlers = { { "action", action_adopt } } },
    { .name = "internal.action.reverse",
      .shape = &reverse_child_shape,
      .entity = reverse_child_entity,
      .handlers = { { "action", action_reverse_child } } },
    { .name = "internal.tally.ask",
      .shape = &tally_ask_shape,
      .entity = tally_ask_entity,
      .handlers = { { "tally", tally_count } } },
    { .name = "internal.tally.answer",
      .shape = &tally_answer_shape,
      .entity = tally_answer_entity,
      .handlers = { { "action", NULL } },
      .answer = true },
    { .name = "internal.tally.set",
      .shape = &tally_set_shape,
      .entity = tally_set_entity,
      .handlers = { { "tally", tally_set } } },
    { .name = "internal.bonus.taken",
      .shape = &bonus_taken_shape,
      .entity = bonus_taken_entity,
      .handlers = { { "action", action_bonus_taken } } },
    { .name = "internal.oid.forget",
      .shape = &forget_shape,
      .entity = forget_entity,
      .handlers = { { "oid", oid_forget } } },
};

static const struct state_type states[] = {
    { .entity_type = "action", .shape = &action_shape, .version = 1, .advance = action_advance },
    { .entity_type = "oid", .shape = &oid_shape, .version = 1 },
    { .entity_type = "tally", .shape = &tally_shape, .version = 1 },
};

const struct worker action_worker = {
    .name = "action",
    .messages = messages,
    .message_count = sizeof(messages) / sizeof(*messages),
    .states = states,
    .state_count = sizeof(states) / sizeof(*states),
};
