/* Returns: what a contract allows of them, and the partner's word where it needs that (A43, A51). */
#include "base/money.h"
#include "workers/action/inside.h"

bool is_return(struct text reason)
{
    return text_is(reason, "ITEM_RETURNED");
}

/* The contract in force now; NULL = none, so nothing is forbidden. */
static const struct contract *contract_now(struct decision *decision, const struct action *action)
{
    return terms_find(decision, action->partner_id, action->campaign_id, action->tracker_id,
                      decision_time(decision))
        .contract;
}

bool return_allowed(struct decision *decision, const struct action *action, struct text reason,
                    int64_t amount)
{
    const struct contract *contract = is_return(reason) ? contract_now(decision, action) : NULL;
    if (!contract) {
        return true;
    }
    if (contract->return_policy == RETURNS_NONE) {
        decision_rejected(decision, "RETURN_NOT_ALLOWED", "", "contract %.*s takes no returns",
                          TEXT_ARGS(contract->contract_id));
        return false;
    }
    __int128 returned = (__int128)(action->tracked_amount - amount) * RATE_WHOLE;
    if (returned > (__int128)action->tracked_amount * contract->max_return_percentage) {
        char most[MONEY_TEXT_MAX];
        rate_format(contract->max_return_percentage, most);
        decision_rejected(decision, "RETURN_NOT_ALLOWED", "",
                          "contract %.*s takes back at most %s %% of an action",
                          TEXT_ARGS(contract->contract_id), most);
        return false;
    }
    return true;
}

bool return_only_asks(struct decision *decision, const struct action *action, struct text reason)
{
    const struct contract *contract = is_return(reason) ? contract_now(decision, action) : NULL;
    return contract && contract->require_return_acceptance == 1;
}

void request_return(struct decision *decision, const struct action *before, struct text reason)
{
    struct action after = *before;
    after.return_code = after.disposition = reason; /* the partner sees what it is asked about */
    shares_restore(decision);
    record_applied(decision, "action.return_requested", before, &after);
    decision_put(decision, &after, due_of(&after));
}

void action_answer_return(struct decision *decision, const void *message)
{
    const struct answer_return *answer = message;
    const struct action *before = address_action(decision, &answer->address);
    if (!before) {
        return;
    }
    if (is_locked(before, decision_time(decision))) {
        decision_rejected(decision, "ACTION_LOCKED", "", "the action is locked");
        return;
    }
    if (!before->return_code.at) {
        decision_rejected(decision, "ACTION_NOT_ALLOWED", "", "no return is asked for");
        return;
    }
    if (answer->accepted == 1) {
        reverse_now(decision, before, before->return_code);
        return;
    }
    struct action after = *before;
    after.return_code = (struct text){ NULL, 0 };
    record_applied(decision, "action.return_declined", before, &after);
    decision_put(decision, &after, due_of(&after));
}
