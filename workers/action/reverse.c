/* action.reverse: the commission becomes 0 (A02, A05, A21, A22). Needs no contract (C06). */
#include "workers/action/inside.h"

void make_nothing(struct action *action)
{
    struct action_item *items = action->items.items;
    action->amount = action->payout = 0;
    for (uint32_t i = 0; i < action->items.count; i++) {
        items[i].amount = items[i].quantity = items[i].payout = 0;
    }
}

/* State REVERSED, values kept for a restore. */
static void make_reversed(struct decision *decision, struct action *action, struct text reason)
{
    struct action_item *items = items_copy(decision, action);
    action->intended_amount = action->amount;
    action->intended_payout = FIELD_ABSENT;
    action->overlimit = 0;
    action->return_code = (struct text){ NULL, 0 };
    action->state = ACTION_REVERSED;
    action->disposition = reason;
    for (uint32_t i = 0; i < action->items.count; i++) {
        items[i].kept_amount = items[i].amount;
        items[i].kept_quantity = items[i].quantity;
        items[i].intended = FIELD_ABSENT;
    }
    make_nothing(action);
}

void reverse_now(struct decision *decision, const struct action *before, struct text reason)
{
    struct action after = *before;
    struct list none = { NULL, 0 };
    struct cascade cascade = cascade_of(decision, before);
    make_reversed(decision, &after, reason);
    record_reversed(decision, before, &after,
                    cascade.requested.count || cascade.skipped.count ? &cascade : NULL);
    shares_set(decision, before, none);
    after.shares = none;
    send_cascade(decision, &cascade, reason);
    decision_put(decision, &after, due_of(&after));
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
        struct action nothing = adjusted_action(decision, before);
        reject_locked(decision, before, &nothing, true, reverse->disposition_code);
        return;
    }
    if (!return_allowed(decision, before, reverse->disposition_code, 0)) {
        return;
    }
    if (return_only_asks(decision, before, reverse->disposition_code)) {
        request_return(decision, before, reverse->disposition_code);
    } else {
        reverse_now(decision, before, reverse->disposition_code);
    }
}
