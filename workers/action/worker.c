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

#define NEVER_CAME                                                                                 \
    .wait_over_code = "ACTION_REF_NOT_FOUND",                                                      \
    .wait_over_detail = "no such action was tracked within an hour"

static const struct message_type messages[] = {
    { .name = "action.track",
      .shape = &track_shape,
      .entity = track_entity,
      .handlers = { { "oid", oid_track }, { "action", action_track } } },
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
    { .name = "internal.oid.forget",
      .shape = &forget_shape,
      .entity = forget_entity,
      .handlers = { { "oid", oid_forget } } },
};

static const struct state_type states[] = {
    { .entity_type = "action", .shape = &action_shape, .version = 1, .advance = action_advance },
    { .entity_type = "oid", .shape = &oid_shape, .version = 1 },
};

const struct worker action_worker = {
    .name = "action",
    .messages = messages,
    .message_count = sizeof(messages) / sizeof(*messages),
    .states = states,
    .state_count = sizeof(states) / sizeof(*states),
};
