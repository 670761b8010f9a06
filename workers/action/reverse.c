/* action.reverse: the commission becomes 0 (A02, A05, A21, A22). Needs no contract (C06). */
#include "workers/action/inside.h"

void make_reversed(struct decision *decision, struct action *action, struct text reason)
{
    struct action_item *items = items_copy(decision, action);
    action->intended_amount = action->amount;
    action->state = ACTION_REVERSED;
    action->detail = 0;
    action->amount = action->payout = 0;
    action->disposition = reason;
    for (uint32_t i = 0; i < action->items.count; i++) {
        items[i].kept_amount = items[i].amount;
        items[i].kept_quantity = items[i].quantity;
        items[i].amount = items[i].quantity = items[i].payout = 0;
    }
}

void action_reverse(struct decision *decision, const void *message)
{
    const struct reverse *reverse = message;
    const struct action *before = address_action(decision, &reverse->address);
    if (!before) {
        return;
    }
    enum reason_kind kind =
        reverse->faults ? REASON_UNKNOWN
                        : disposition_reason(decision, before->tracker_id, reverse->disposition_code);
    if (kind != REASON_BUILT_IN && kind != REASON_REVERSE) {
        decision_rejected(decision, "INVALID_REASON", "/dispositionCode",
                          "expected a disposition code for reversals, or one of the event type's "
                          "whose actionChange is REVERSE");
        return;
    }
    if (before->state == ACTION_REVERSED) {
        decision_unchanged(decision);
        return;
    }
    if (is_locked(before, decision_time(decision))) {
        reject_locked(decision, before, 0, true, reverse->disposition_code);
        return;
    }
    struct action after = *before;
    make_reversed(decision, &after, reverse->disposition_code);
    record_applied(decision, "action.reversed", before, &after);
    decision_put(decision, &after, due_of(&after));
}
