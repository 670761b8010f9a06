/*
 * A contract as it is kept and told: money with exactly the decimals of its currency ("10" of USD is
 * 10.00), so that the same contract is the same however its amounts were written.
 */
#include "base/ensure.h"
#include "base/money.h"
#include "workers/contract/inside.h"

struct copying {
    struct arena *arena;
    int exponent;
};

static void make_exact(const struct copying *copying, struct decimal *money)
{
    int64_t minor;
    if (money->scale >= 0) {
        ENSURE(money_of_decimal(*money, copying->exponent, &minor)); /* contract_check() saw to it */
        *money = (struct decimal){ minor, copying->exponent };
    }
}

/* The items of a list, to be changed. */
static void *own_items(const struct copying *copying, struct list *list, size_t size)
{
    if (list->count == 0) {
        return NULL;
    }
    void *items = arena_alloc(copying->arena, list->count * size);
    memcpy(items, list->items, list->count * size);
    list->items = items;
    return items;
}

static void exact_bonus(const struct copying *copying, struct performance_bonus **bonus)
{
    if (!*bonus) {
        return;
    }
    struct performance_bonus *own = arena_alloc(copying->arena, sizeof(*own));
    *own = **bonus;
    *bonus = own;
    struct bonus_tier *tiers = own_items(copying, &own->tiers, sizeof(*tiers));
    for (uint32_t i = 0; i < own->tiers.count; i++) {
        make_exact(copying, &tiers[i].revenue_threshold);
    }
}

static void exact_payout(const struct copying *copying, struct event_payout *payout)
{
    make_exact(copying, &payout->default_payout);
    exact_bonus(copying, &payout->bonus);
    struct payout_group *groups = own_items(copying, &payout->groups, sizeof(*groups));
    for (uint32_t i = 0; i < payout->groups.count; i++) {
        make_exact(copying, &groups[i].payout);
        exact_bonus(copying, &groups[i].tiers);
    }
}

struct contract contract_exact(struct arena *arena, const struct contract *contract)
{
    struct copying copying = { arena, currency_exponent(contract->currency) };
    struct contract exact = *contract;
    struct term *terms = own_items(&copying, &exact.terms, sizeof(*terms));
    for (uint32_t i = 0; i < exact.terms.count; i++) {
        struct list *list = &terms[i].event_payouts;
        struct event_payout *payouts = own_items(&copying, list, sizeof(*payouts));
        for (uint32_t p = 0; p < list->count; p++) {
            exact_payout(&copying, &payouts[p]);
        }
    }
    return exact;
}
