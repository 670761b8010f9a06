/* event_type.put: what an actionTrackerId means. */
#include "workers/contract/inside.h"

/* A code leads to the state that its change brings about (A06). */
static bool agrees(const struct disposition *code)
{
    switch (code->change) {
    case CHANGE_APPROVE:
        return code->state == DISPOSITION_APPROVED;
    case CHANGE_REVERSE:
        return code->state == DISPOSITION_REVERSED;
    default:
        return code->state == DISPOSITION_PENDING;
    }
}

static bool check_codes(struct decision *decision, const struct event_type *event_type)
{
    const struct disposition *codes = event_type->dispositions.items;
    for (uint32_t i = 0; i < event_type->dispositions.count; i++) {
        struct text pointer =
            arena_printf(decision_arena(decision), "/dispositionCodes/%u", i);
        if (!agrees(&codes[i])) {
            decision_rejected(decision, "INVALID_FIELD", pointer.at,
                              "state contradicts actionChange: MODIFY leads to PENDING, APPROVE to "
                              "APPROVED, REVERSE to REVERSED");
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(codes[i].code, codes[j].code)) {
                decision_rejected(decision, "INVALID_FIELD", pointer.at, "the code appears twice");
                return false;
            }
        }
    }
    return true;
}

void event_type_put(struct decision *decision, const void *message)
{
    const struct event_type *event_type = message, *before = decision_state(decision);
    if (!check_codes(decision, event_type)) {
        return;
    }
    if (before && shape_equal(&event_type_shape, event_type, before)) {
        decision_unchanged(decision);
        return;
    }
    decision_put(decision, event_type, 0);
    decision_applied(decision, "event_type.stored", &event_type_shape, event_type);
}
