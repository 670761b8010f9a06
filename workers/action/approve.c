/* action.approve, and the lock that approves by itself (A10, A27). */
#include "workers/action/inside.h"

void make_approved(struct decision *decision, struct action *action, int64_t from)
{
    action->state = ACTION_APPROVED;
    action->detail = DETAIL_PAYMENT_PENDING;
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
    make_approved(decision, &after, decision_time(decision));
    record_applied(decision, "action.approved", before, &after);
    decision_put(decision, &after, due_of(&after));
}

/* The lock has come: announced once, with the lock date as its effective time. */
void action_advance(struct decision *decision, const void *state)
{
    const struct action *before = state;
    struct action after = *before;
    decision_timer(decision, "lock");
    make_approved(decision, &after, lock_time(before));
    record_outcome(decision, "action.locked", before, &after);
    decision_put(decision, &after, due_of(&after));
}
