/* What modify and modify_items share: checks in their documented order, and what a change brings about
 * (A02-A06, A11-A18, A27). */
#include "workers/action/inside.h"

/* A23: nothing can be added to an action but what the command lists. */
bool change_fields(struct decision *decision, const struct shape *shape, uint64_t faults,
                   const char *prefix)
{
    for (uint32_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        if ((faults >> i & 1) && strcmp(field->code, "FIELD_NOT_CHANGEABLE") == 0) {
            struct text pointer =
                arena_printf(decision_arena(decision), "%s/%s", prefix, field->name);
            decision_rejected(decision, field->code, pointer.at,
                              "a modification cannot change this; leave it out");
            return false;
        }
    }
    return true;
}

bool change_reason(struct decision *decision, struct change *change, bool fault)
{
    change->reason = fault ? REASON_UNKNOWN
                           : modify_reason(decision, change->before->tracker_id,
                                           change->reason_code);
    if (change->reason == REASON_UNKNOWN) {
        decision_rejected(decision, "INVALID_REASON", "/reason",
                          "expected a reason code for modifications, or one of the event type's");
        return false;
    }
    return true;
}

bool change_currency(struct decision *decision, const struct change *change, struct text currency)
{
    if (currency.at && !text_equal(currency, change->before->currency)) {
        decision_rejected(decision, "CURRENCY_MISMATCH", "/currency",
                          "the action's amounts are in %.*s", TEXT_ARGS(change->before->currency));
        return false;
    }
    return true;
}

/* A18: to 0 from something is a reversal, 0 on 0 is a modification; locked: as adjustments left it. */
static bool becomes_nothing(const struct change *change)
{
    const struct action *before = change->before;
    int64_t amount =
        before->adjusted_amount != FIELD_ABSENT ? before->adjusted_amount : before->amount;
    return change->after.amount == 0 && amount != 0;
}

static bool check_state(struct decision *decision, struct change *change)
{
    const struct action *before = change->before;
    if (before->state == ACTION_REVERSED) {
        decision_rejected(decision, "ACTION_REVERSED", "",
                          "the action is reversed; restore it first");
        return false;
    }
    if (is_locked(before, decision_time(decision))) {
        reject_locked(decision, before, &change->after, change->reversal, change->reason_code);
        return false;
    }
    if (!change->reversal && before->modifications >= MODIFICATIONS_MAX) {
        decision_rejected(decision, "MODIFICATION_LIMIT_REACHED", "",
                          "the action was modified %d times; it can still be reversed",
                          MODIFICATIONS_MAX);
        return false;
    }
    return return_allowed(decision, before, change->reason_code,
                          change->reversal ? 0 : change->after.amount);
}

/* A06, A27: some changes approve at once. */
static bool approves(const struct change *change)
{
    return change->reason == REASON_APPROVE ||
           (change->address->batch_id.at && change->orders_total &&
            change->before->open_ended == 1);
}

static bool modify_now(struct decision *decision, struct change *change)
{
    struct action *after = &change->after;
    struct terms terms;
    struct rating rating;
    if (!terms_of_action(decision, change->before, &terms)) {
        return false;
    }
    if (change->customer_status.at) {
        after->customer_status = change->customer_status;
    }
    switch (rate_action(decision, after, &terms, &rating)) {
    case RATE_ASKED:
        return true;
    case RATE_TOO_LARGE:
        decision_rejected(decision, "INVALID_AMOUNT", "",
                          "the payout would have more than 12 digits before the point");
        return false;
    case RATE_DONE:
        break;
    }
    after->disposition = change->reason_code;
    after->modifications++;
    decision_terms(decision, terms.contract_id, terms.version, rating.rule);
    record_applied(decision, "action.modified", change->before, after);
    rating_finish(decision, after, &rating);
    if (approves(change)) {
        struct action modified = *after;
        make_approved(decision, after, decision_time(decision), false);
        record_outcome(decision, "action.approved", &modified, after);
    }
    decision_put(decision, after, due_of(after));
    return true;
}

bool change_happens(struct decision *decision, struct change *change)
{
    change->reversal = change->reversal || change->reason == REASON_REVERSE ||
                       becomes_nothing(change);
    if (!check_state(decision, change)) {
        return false;
    }
    if (!change->reversal) {
        return modify_now(decision, change);
    }
    if (return_only_asks(decision, change->before, change->reason_code)) {
        request_return(decision, change->before, change->reason_code);
    } else {
        reverse_now(decision, change->before, change->reason_code);
    }
    return true;
}
