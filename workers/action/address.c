/* How a command finds its action: by its id, or by order id and event type (A08, A09). */
#include "workers/action/inside.h"

struct text address_entity(const void *message, struct arena *arena)
{
    const struct address *address = message;
    if (address->action_id.at) {
        return entity_name(arena, "action", address->action_id);
    }
    if (!address->oid.at || address->tracker_id == FIELD_ABSENT) {
        return TEXT("action:-"); /* who refuses a command without a complete address */
    }
    struct text tracker = arena_number(arena, address->tracker_id);
    return entity_name_two(arena, "oid", tracker, address->oid);
}

static void wait_for_action(struct decision *decision)
{
    decision_deferred(decision, "AWAITING_ACTION",
                      "the action is not tracked yet; the command waits for it, an hour at most",
                      decision_time(decision) + WAIT_MS);
}

const struct action *address_action(struct decision *decision, const struct address *address)
{
    if (!address->action_id.at && (!address->oid.at || address->tracker_id == FIELD_ABSENT)) {
        decision_rejected(decision, "IDENTIFIER_MISSING", "",
                          "expected actionId, or oid and actionTrackerId");
        return NULL;
    }
    const struct action *action = decision_state(decision);
    if (!action) {
        wait_for_action(decision);
        return NULL;
    }
    bool other_oid = address->oid.at && !text_equal(address->oid, action->oid);
    bool other_tracker =
        address->tracker_id != FIELD_ABSENT && address->tracker_id != action->tracker_id;
    if (other_oid || other_tracker) {
        decision_rejected(decision, "ACTION_REF_NOT_FOUND", other_oid ? "/oid" : "/actionTrackerId",
                          "action %.*s has another %s; send actionId alone, or what belongs to it",
                          TEXT_ARGS(action->action_id), other_oid ? "oid" : "actionTrackerId");
        return NULL;
    }
    return action;
}

void address_forward(struct decision *decision, const void *message)
{
    (void)message;
    const struct oid_state *state = decision_state(decision);
    const struct oid_note *newest = state ? oid_newest(state) : NULL;
    if (!newest) {
        wait_for_action(decision);
        return;
    }
    decision_forwarded(decision,
                       entity_name(decision_arena(decision), "action", newest->action_id));
}
