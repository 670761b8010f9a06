/* action.modify: a new total for the order, as an absolute amount or a difference (A02, A14-A18). */
#include "base/money.h"
#include "workers/action/inside.h"


/* What the checks find out on the way. */
struct change {
    const struct modify *modify;
    const struct action *before;
    enum reason_kind reason;
    int64_t amount; /* the new total */
    bool reversal;
};

/* A23: nothing can be added to an action but what modify lists. */
static bool check_fields(struct decision *decision, const struct modify *modify)
{
    for (uint32_t i = 0; i < modify_shape.count; i++) {
        const struct field *field = &modify_shape.fields[i];
        if ((modify->faults >> i & 1) && strcmp(field->code, "FIELD_NOT_CHANGEABLE") == 0) {
            struct text pointer = arena_printf(decision_arena(decision), "/%s", field->name);
            decision_rejected(decision, field->code, pointer.at,
                              "a modification cannot change this; leave it out");
            return false;
        }
    }
    return true;
}

static bool check_reason(struct decision *decision, struct change *change)
{
    const struct modify *modify = change->modify;
    change->reason = message_fault(&modify_shape, modify, "reason")
                         ? REASON_UNKNOWN
                         : modify_reason(decision, change->before->tracker_id, modify->reason);
    if (change->reason == REASON_UNKNOWN) {
        decision_rejected(decision, "INVALID_REASON", "/reason",
                          "expected a reason code for modifications, or one of the event type's");
        return false;
    }
    return true;
}

static bool has_amount(const struct modify *modify)
{
    return modify->amount.scale >= 0 || message_fault(&modify_shape, modify, "amount");
}

static bool has_delta(const struct modify *modify)
{
    return modify->delta.scale >= 0 || message_fault(&modify_shape, modify, "itemSubTotalDelta");
}

static bool check_values(struct decision *decision, const struct change *change)
{
    const struct modify *modify = change->modify;
    if (has_amount(modify) && has_delta(modify)) {
        decision_rejected(decision, "INVALID_FIELD", "/itemSubTotalDelta",
                          "expected amount or itemSubTotalDelta, not both");
        return false;
    }
    if (modify->currency.at && currency_exponent(modify->currency) < 0) {
        decision_rejected(decision, "INVALID_FIELD", "/currency",
                          "is not a currency of ISO 4217");
        return false;
    }
    if (modify->customer_status.at &&
        !status_known(look_event_type(decision, change->before->tracker_id),
                      modify->customer_status)) {
        decision_rejected(decision, "INVALID_FIELD", "/customerStatus",
                          "is not one of the event type's customerStatuses");
        return false;
    }
    if (modify->currency.at && !text_equal(modify->currency, change->before->currency)) {
        decision_rejected(decision, "CURRENCY_MISMATCH", "/currency",
                          "the action's amounts are in %.*s", TEXT_ARGS(change->before->currency));
        return false;
    }
    return true;
}

/* A locked action counts from what adjustments left. */
static int64_t amount_now(const struct action *action)
{
    return action->adjusted_amount != FIELD_ABSENT ? action->adjusted_amount : action->amount;
}

static bool check_amount(struct decision *decision, struct change *change)
{
    const struct modify *modify = change->modify;
    const char *pointer = has_delta(modify) ? "/itemSubTotalDelta" : "/amount";
    int exponent = currency_exponent(change->before->currency);
    int64_t given = 0;
    change->amount = amount_now(change->before);
    if (message_fault(&modify_shape, modify, pointer + 1)) {
        decision_rejected(decision, "INVALID_AMOUNT", pointer,
                          "expected an amount as a string like \"10.50\", or an integer");
        return false;
    }
    bool delta = has_delta(modify);
    struct decimal decimal = delta ? modify->delta : modify->amount;
    if (decimal.scale >= 0 && !money_of_decimal(decimal, exponent, &given)) {
        decision_rejected(decision, "INVALID_AMOUNT", pointer,
                          "expected at most %d decimals and 12 digits before the point", exponent);
        return false;
    }
    if (delta && (!money_add(change->amount, given, &given) || given < 0 ||
                  !money_in_bounds(given, exponent))) {
        decision_rejected(decision, "INVALID_AMOUNT", pointer,
                          "the total would be below 0 or have more than 12 digits");
        return false;
    }
    if (decimal.scale >= 0) {
        change->amount = given;
    }
    /* A18: to 0 from something is a reversal; 0 on 0 is a modification. */
    change->reversal = change->reason == REASON_REVERSE ||
                       (change->amount == 0 && amount_now(change->before) != 0);
    return true;
}

static bool check_state(struct decision *decision, const struct change *change)
{
    const struct action *before = change->before;
    if (before->state == ACTION_REVERSED) {
        decision_rejected(decision, "ACTION_REVERSED", "",
                          "the action is reversed; restore it first");
        return false;
    }
    if (is_locked(before, decision_time(decision))) {
        reject_locked(decision, before, change->amount, change->reversal, change->modify->reason);
        return false;
    }
    if (!change->reversal && before->modifications >= MODIFICATIONS_MAX) {
        decision_rejected(decision, "MODIFICATION_LIMIT_REACHED", "",
                          "the action was modified %d times; it can still be reversed",
                          MODIFICATIONS_MAX);
        return false;
    }
    return true;
}

static bool find_terms(struct decision *decision, const struct action *before, struct terms *terms)
{
    enum terms_result result =
        terms_find(decision, before->partner_id, before->campaign_id, before->tracker_id,
                   decision_time(decision), terms);
    if (result != TERMS_FOUND) {
        decision_rejected(decision,
                          result == TERMS_NO_CONTRACT ? "CONTRACT_NOT_FOUND"
                                                      : "ACTIONTERMS_NOT_FOUND",
                          "", "no contract %s is active for partner %.*s in campaign %lld",
                          result == TERMS_NO_CONTRACT ? "" : "with this event type",
                          TEXT_ARGS(before->partner_id), (long long)before->campaign_id);
        return false;
    }
    if (!text_equal(terms->contract->currency, before->payout_currency)) {
        decision_rejected(decision, "CURRENCY_MISMATCH", "",
                          "contract %.*s pays in another currency than the one at tracking",
                          TEXT_ARGS(terms->contract_id));
        return false;
    }
    return true;
}

/* A06, A27: some changes approve at once. */
static bool approves(const struct change *change)
{
    return change->reason == REASON_APPROVE ||
           (change->modify->address.batch_id.at && change->before->open_ended == 1);
}

static void apply_modification(struct decision *decision, const struct change *change)
{
    const struct modify *modify = change->modify;
    struct terms terms;
    struct action after = *change->before;
    if (!find_terms(decision, change->before, &terms)) {
        return;
    }
    items_copy(decision, &after);
    if (change->amount != after.amount || modify->amount.scale >= 0) {
        spread_amount(&after, change->amount);
    }
    rate_by(&after, &terms);
    if (!rate_amounts(&after)) {
        decision_rejected(decision, "INVALID_AMOUNT", "/amount",
                          "the payout would have more than 12 digits before the point");
        return;
    }
    after.disposition = modify->reason;
    after.modifications++;
    if (modify->customer_status.at) {
        after.customer_status = modify->customer_status;
    }
    decision_terms(decision, terms.contract_id, terms.version, TEXT("default"));
    record_applied(decision, "action.modified", change->before, &after);
    if (approves(change)) {
        struct action modified = after;
        make_approved(decision, &after, decision_time(decision));
        record_outcome(decision, "action.approved", &modified, &after);
    }
    decision_put(decision, &after, due_of(&after));
}

void action_modify(struct decision *decision, const void *message)
{
    struct change change = { .modify = message };
    change.before = address_action(decision, &change.modify->address);
    if (!change.before || !check_fields(decision, change.modify) ||
        !check_reason(decision, &change) || !check_values(decision, &change) ||
        !check_amount(decision, &change) || !check_state(decision, &change)) {
        return;
    }
    if (!change.reversal) {
        apply_modification(decision, &change);
        return;
    }
    struct action after = *change.before;
    make_reversed(decision, &after, change.modify->reason);
    record_applied(decision, "action.reversed", change.before, &after);
    decision_put(decision, &after, due_of(&after));
}
