/* action.settle: what became of the payment after the lock (A50). */
#include "workers/action/inside.h"

void action_settle(struct decision *decision, const void *message)
{
    const struct settle *settle = message;
    const struct action *before = address_action(decision, &settle->address);
    if (!before) {
        return;
    }
    int32_t detail = DETAIL_PAID + settle->detail - 1;
    if (before->state == ACTION_APPROVED && before->finance == detail) {
        decision_unchanged(decision);
        return;
    }
    if (before->state != ACTION_APPROVED || before->finance == DETAIL_PAID) {
        decision_rejected(decision, "ACTION_NOT_ALLOWED", "",
                          before->state == ACTION_APPROVED
                              ? "the action is paid; nothing follows"
                              : "only an approved action has a payment to speak of");
        return;
    }
    struct action after = *before;
    after.finance = detail;
    if (detail == DETAIL_PAID) {
        after.cleared_date = decision_time(decision);
    }
    record_applied(decision, "action.settled", before, &after);
    decision_put(decision, &after, due_of(&after));
}
