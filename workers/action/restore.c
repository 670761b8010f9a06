/* action.restore: a reversal is lifted, what it had is rated by the contract of now (A26, C20). */
#include "workers/action/inside.h"

static void bring_back(struct decision *decision, struct action *action)
{
    struct action_item *items = items_copy(decision, action);
    action->state = ACTION_PENDING;
    action->disposition = (struct text){ NULL, 0 };
    action->amount = action->intended_amount;
    action->intended_amount = FIELD_ABSENT;
    for (uint32_t i = 0; i < action->items.count; i++) {
        items[i].amount = items[i].kept_amount;
        items[i].quantity = items[i].kept_quantity;
        items[i].kept_amount = items[i].kept_quantity = FIELD_ABSENT;
    }
}

/* False: rejected. */
static bool restore(struct decision *decision, const struct address *address)
{
    const struct action *before = address_action(decision, address);
    struct terms terms;
    struct rating rating;
    if (!before) {
        return true;
    }
    if (is_locked(before, decision_time(decision))) {
        decision_rejected(decision, "ACTION_LOCKED", "", "the action is locked");
        return false;
    }
    if (before->state != ACTION_REVERSED) {
        decision_unchanged(decision);
        return false; /* nothing was asked for it */
    }
    if (!terms_of_action(decision, before, &terms)) {
        return false;
    }
    struct action after = *before;
    bring_back(decision, &after);
    switch (rate_action(decision, &after, &terms, &rating)) {
    case RATE_ASKED:
        return true;
    case RATE_TOO_LARGE:
        decision_rejected(decision, "INVALID_AMOUNT", "",
                          "the payout would have more than 12 digits before the point");
        return false;
    case RATE_DONE:
        break;
    }
    decision_terms(decision, terms.contract_id, terms.version, rating.rule);
    record_applied(decision, "action.restored", before, &after);
    rating_finish(decision, &after, &rating);
    decision_put(decision, &after, due_of(&after));
    return true;
}

void action_restore(struct decision *decision, const void *message)
{
    if (!restore(decision, message)) {
        shares_restore(decision);
    }
}
