/* action.approve, and the lock that approves by itself (A10, A27). */
#include "workers/action/inside.h"

/* What a limit held back is paid after all; the limit's tallies go on counting what it allowed. */
static void pay_intended(struct decision *decision, struct action *action)
{
    struct action_item *items = items_copy(decision, action);
    action->payout = action->intended_payout;
    action->intended_payout = FIELD_ABSENT;
    action->overlimit = 0;
    for (uint32_t i = 0; i < action->items.count; i++) {
        if (items[i].intended != FIELD_ABSENT) {
            items[i].payout = items[i].intended;
        }
    }
}

void make_approved(struct decision *decision, struct action *action, int64_t from, bool at_clipped)
{
    if (action->overlimit && !at_clipped) {
        pay_intended(decision, action);
    }
    action->state = ACTION_APPROVED;
    action->finance = DETAIL_PAYMENT_PENDING;
    action->return_code = (struct text){ NULL, 0 };
    set_clearing(decision, action, from);
}

void action_approve(struct decision *decision, const void *message)
{
    const struct reverse *approve = message;
    const struct action *before = address_action(decision, &approve->address);
    if (!before) {
        return;
    }
    bool given = approve->disposition_code.at || approve->faults;
    if (given && (approve->faults || disposition_reason(decision, before->tracker_id,
                                                        approve->disposition_code) !=
                                         REASON_APPROVE)) {
        decision_rejected(decision, "INVALID_REASON", "/dispositionCode",
                          "expected one of the event type's codes whose actionChange is APPROVE, or "
                          "none");
        return;
    }
    if (before->state == ACTION_REVERSED) {
        decision_rejected(decision, "ACTION_REVERSED", "",
                          "the action is reversed; only restore lifts a reversal");
        return;
    }
    if (before->state == ACTION_APPROVED) {
        decision_unchanged(decision);
        return;
    }
    struct action after = *before;
    if (given) {
        after.disposition = approve->disposition_code;
    }
    make_approved(decision, &after, decision_time(decision), false);
    record_applied(decision, "action.approved", before, &after);
    decision_put(decision, &after, due_of(&after));
}

/* The lock has come: announced once, with the lock date as its effective time. */
void action_advance(struct decision *decision, const void *state)
{
    const struct action *before = state;
    struct action after = *before;
    decision_timer(decision, "lock");
    make_approved(decision, &after, lock_time(before), true);
    record_outcome(decision, "action.locked", before, &after);
    decision_put(decision, &after, due_of(&after));
}
