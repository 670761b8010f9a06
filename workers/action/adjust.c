/*
 * A locked action is never edited. What a change would have made, at the rates stored with the action,
 * is asked for as a make-good, counted from what earlier ones left (A12, C28).
 */
#include <stddef.h>

#include "base/money.h"
#include "workers/action/inside.h"

enum { TRANSFER_MAKE_GOOD = 1, TRANSFER_BONUS };
enum { PAY_PARTNER = 1, COLLECT_FROM_PARTNER };
static const char *const transfer_types[] = { "MAKE_GOOD", "BONUS", NULL };
static const char *const directions[] = { "PAY_PARTNER", "COLLECT_FROM_PARTNER", NULL };

struct adjustment {
    struct text action_id, partner_id, oid, currency, reason_code;
    int64_t campaign_id, tracker_id;
    int32_t transfer_type, direction;
    struct decimal amount;
};

#define AT(member) offsetof(struct adjustment, member)
static const struct field adjustment_fields[] = {
    { "actionId", FIELD_ID, AT(action_id) },
    { "partnerId", FIELD_ID, AT(partner_id) },
    { "campaignId", FIELD_INT, AT(campaign_id) },
    { "actionTrackerId", FIELD_INT, AT(tracker_id) },
    { "oid", FIELD_OID, AT(oid) },
    { "transferType", FIELD_ENUM, AT(transfer_type), .names = transfer_types },
    { "direction", FIELD_ENUM, AT(direction), .names = directions },
    { "amount", FIELD_MONEY, AT(amount) },
    { "currency", FIELD_CURRENCY, AT(currency) },
    { "reasonCode", FIELD_TEXT, AT(reason_code) },
};
const struct shape adjustment_shape = { "adjustment.required", adjustment_fields,
                                        sizeof(adjustment_fields) / sizeof(*adjustment_fields),
                                        sizeof(struct adjustment), SHAPE_NO_FAULTS };

struct action adjusted_action(struct decision *decision, const struct action *action)
{
    struct action left = *action;
    if (action->adjusted_amount != FIELD_ABSENT) {
        left.amount = action->adjusted_amount;
        left.items = action->adjusted_items;
    }
    items_copy(decision, &left);
    return left;
}

static void announce(struct decision *decision, const struct action *action, int32_t transfer_type,
                     int64_t delta, struct text reason)
{
    struct adjustment adjustment = {
        .action_id = action->action_id,
        .partner_id = action->partner_id,
        .oid = action->oid,
        .currency = action->payout_currency,
        .reason_code = reason,
        .campaign_id = action->campaign_id,
        .tracker_id = action->tracker_id,
        .transfer_type = transfer_type,
        .direction = delta > 0 ? PAY_PARTNER : COLLECT_FROM_PARTNER,
        .amount = { delta > 0 ? delta : -delta, currency_exponent(action->payout_currency) },
    };
    decision_outcome(decision, "adjustment.required", &adjustment_shape, &adjustment);
}

void announce_bonus(struct decision *decision, const struct action *action, int64_t amount)
{
    announce(decision, action, TRANSFER_BONUS, amount, TEXT("BONUS"));
}

void reject_locked(struct decision *decision, const struct action *action, struct action *changed,
                   bool reversal, struct text reason)
{
    int64_t left =
        action->adjusted_payout != FIELD_ABSENT ? action->adjusted_payout : action->payout;
    if (reversal) {
        make_nothing(changed);
    } else if (!rate_as_stored(changed)) {
        decision_rejected(decision, "INVALID_AMOUNT", "",
                          "the payout would have more than 12 digits before the point");
        return;
    }
    if (action->overlimit && changed->payout > action->payout) {
        changed->payout = action->payout; /* it locked at what the limit had left */
    }
    decision_rejected(decision, "ACTION_LOCKED", "",
                      "the action is approved, or its locking date has come");
    if (changed->payout != left) {
        struct action after = *action;
        after.adjusted_amount = changed->amount;
        after.adjusted_payout = changed->payout;
        after.adjusted_items = changed->items;
        decision_count_change(decision);
        announce(decision, action, TRANSFER_MAKE_GOOD, changed->payout - left, reason);
        decision_put(decision, &after, due_of(&after));
    }
}
