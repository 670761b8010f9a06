/* action.modify: a new total for the order, as an absolute amount or a difference (A02, A14-A18). */
#include "base/money.h"
#include "workers/action/inside.h"

static bool has_amount(const struct modify *modify)
{
    return modify->amount.scale >= 0 || message_fault(&modify_shape, modify, "amount");
}

static bool has_delta(const struct modify *modify)
{
    return modify->delta.scale >= 0 || message_fault(&modify_shape, modify, "itemSubTotalDelta");
}

static bool check_values(struct decision *decision, const struct change *change,
                         const struct modify *modify)
{
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
    return change_currency(decision, change, modify->currency);
}

static bool read_amount(struct decision *decision, struct change *change,
                        const struct modify *modify)
{
    bool delta = has_delta(modify);
    const char *pointer = delta ? "/itemSubTotalDelta" : "/amount";
    int exponent = currency_exponent(change->before->currency);
    struct decimal decimal = delta ? modify->delta : modify->amount;
    int64_t given = 0;
    if (message_fault(&modify_shape, modify, pointer + 1)) {
        decision_rejected(decision, "INVALID_AMOUNT", pointer,
                          "expected an amount as a string like \"10.50\", or an integer");
        return false;
    }
    if (decimal.scale < 0) {
        return true;
    }
    if (!money_of_decimal(decimal, exponent, &given)) {
        decision_rejected(decision, "INVALID_AMOUNT", pointer,
                          "expected at most %d decimals and 12 digits before the point", exponent);
        return false;
    }
    if (delta && (!money_add(change->after.amount, given, &given) || given < 0 ||
                  !money_in_bounds(given, exponent))) {
        decision_rejected(decision, "INVALID_AMOUNT", pointer,
                          "the total would be below 0 or have more than 12 digits");
        return false;
    }
    spread_amount(&change->after, given);
    return true;
}

static bool modify_action(struct decision *decision, const struct modify *modify)
{
    struct change change = { .address = &modify->address,
                             .reason_code = modify->reason,
                             .customer_status = modify->customer_status,
                             .orders_total = true };
    change.before = address_action(decision, &modify->address);
    if (!change.before) {
        return true;
    }
    change.after = adjusted_action(decision, change.before);
    return change_fields(decision, &modify_shape, modify->faults, "") &&
           change_reason(decision, &change, message_fault(&modify_shape, modify, "reason")) &&
           check_values(decision, &change, modify) && read_amount(decision, &change, modify) &&
           change_happens(decision, &change);
}

void action_modify(struct decision *decision, const void *message)
{
    if (!modify_action(decision, message)) {
        shares_restore(decision);
    }
}
