/* Payouts of an action's amounts: flat or a percentage, for the order or per item (A36). */
#include "base/ensure.h"
#include "base/money.h"
#include "workers/action/inside.h"

struct action_item *items_copy(struct decision *decision, struct action *action)
{
    uint32_t count = action->items.count;
    if (!action->items.items) {
        return NULL;
    }
    struct action_item *items =
        arena_alloc(decision_arena(decision), count * sizeof(*items));
    memcpy(items, action->items.items, count * sizeof(*items));
    action->items.items = items;
    return items;
}

void rate_by(struct action *action, const struct terms *terms)
{
    const struct event_payout *payout = terms->payout;
    action->contract_id = terms->contract_id;
    action->contract_version = terms->version;
    action->level = payout->level;
    action->rate = payout->default_payout_rate;
    action->flat = FIELD_ABSENT;
    if (action->rate == FIELD_ABSENT) {
        /* The contract was checked: its flat payout fits its currency. */
        ENSURE(money_of_decimal(payout->default_payout,
                                currency_exponent(terms->contract->currency), &action->flat));
    }
}

/* One payout line. Flat counts per unit where lines are items. */
static bool rate_line(const struct action *action, int64_t amount, int64_t quantity, int64_t *out)
{
    int to = currency_exponent(action->payout_currency);
    bool good = action->flat != FIELD_ABSENT
                    ? !__builtin_mul_overflow(action->flat, quantity, out)
                    : money_payout(amount, currency_exponent(action->currency), action->rate,
                                   action->fx_rate, to, out);
    return good && money_in_bounds(*out, to);
}

bool rate_amounts(struct action *action)
{
    struct action_item *items = action->items.items;
    bool by_item = action->level == LEVEL_ITEM && action->items.count;
    if (!by_item && !rate_line(action, action->amount, 1, &action->payout)) {
        return false;
    }
    int64_t sum = 0;
    for (uint32_t i = 0; i < action->items.count; i++) {
        items[i].payout = 0;
        if (by_item && (!rate_line(action, items[i].amount, items[i].quantity, &items[i].payout) ||
                        !money_add(sum, items[i].payout, &sum))) {
            return false;
        }
    }
    action->payout = by_item ? sum : action->payout;
    return money_in_bounds(action->payout, currency_exponent(action->payout_currency));
}

void spread_amount(struct action *action, int64_t amount)
{
    struct action_item *items = action->items.items;
    uint32_t count = action->items.count;
    int64_t weights[200], parts[200];
    ENSURE(count <= sizeof(parts) / sizeof(*parts));
    action->amount = amount;
    for (uint32_t i = 0; i < count; i++) {
        weights[i] = items[i].amount;
    }
    if (count) {
        money_spread(amount, weights, count, parts);
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i].amount = items[i].base_amount = parts[i];
        items[i].base_quantity = items[i].quantity;
    }
}
