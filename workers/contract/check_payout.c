/* What an event type pays must make sense in itself: one amount or rate, rules that can be asked,
 * limits and tiers that can be counted (A36-A42). */
#include "base/money.h"
#include "workers/contract/inside.h"

struct checker {
    struct arena *arena;
    int exponent;
    struct contract_fault *fault;
};

#define FAULT(message, ...)                                                                        \
    note_fault(checker, arena_printf(checker->arena, __VA_ARGS__), message)

static bool note_fault(struct checker *checker, struct text pointer, const char *detail)
{
    checker->fault->pointer = pointer.at; /* arena_printf() ends in NUL */
    checker->fault->detail = detail;
    return false;
}

/* Exactly one of a flat amount and a rate; the amount fits the contract's currency. */
static bool check_amount(struct checker *checker, struct decimal flat, int64_t rate,
                         struct text at, const char *name)
{
    int64_t minor;
    if ((flat.scale >= 0) == (rate != FIELD_ABSENT)) {
        return FAULT("expected exactly one of the flat payout and the rate", "%.*s/%s",
                     TEXT_ARGS(at), name);
    }
    if (flat.scale >= 0 && !money_of_decimal(flat, checker->exponent, &minor)) {
        return FAULT("has more decimals than the contract's currency, or is too large", "%.*s/%s",
                     TEXT_ARGS(at), name);
    }
    return true;
}

static bool check_rules(struct checker *checker, struct list rules, struct text at)
{
    const struct contract_rule *all = rules.items;
    for (uint32_t i = 0; i < rules.count; i++) {
        if (all[i].variable == VARIABLE_PROMO_CODE_LIST && all[i].operator == OPERATOR_CONTAINS) {
            return FAULT("a list is asked with IS or IS_NOT", "%.*s/rules/%u/operator",
                         TEXT_ARGS(at), i);
        }
    }
    return true;
}

/* Of type VALUE an amount of the contract's currency, of type ACTIONS a whole number. */
static bool check_limit_value(struct checker *checker, int32_t type, struct text value,
                              struct text at, const char *name)
{
    int64_t unused;
    if (!value.at || limit_value(type, value, checker->exponent, &unused)) {
        return true;
    }
    return FAULT(type == LIMIT_ACTIONS ? "expected a whole number of actions"
                                       : "has more decimals than the contract's currency",
                 "%.*s/%s", TEXT_ARGS(at), name);
}

static bool check_limits(struct checker *checker, struct list limits, struct text at)
{
    const struct payout_limit *all = limits.items;
    for (uint32_t i = 0; i < limits.count; i++) {
        struct text here = arena_printf(checker->arena, "%.*s/limits/%u", TEXT_ARGS(at), i);
        if (!check_limit_value(checker, all[i].type, all[i].value, here, "value") ||
            !check_limit_value(checker, all[i].type, all[i].weekend_override, here,
                               "weekendOverrideValue")) {
            return false;
        }
    }
    return true;
}

static bool check_bonus(struct checker *checker, const struct performance_bonus *bonus,
                        struct text at)
{
    const struct bonus_tier *tiers = bonus ? bonus->tiers.items : NULL;
    for (uint32_t i = 0; bonus && i < bonus->tiers.count; i++) {
        bool by_revenue = bonus->basis == BONUS_BY_REVENUE;
        bool revenue = tiers[i].revenue_threshold.scale >= 0;
        bool actions = tiers[i].action_threshold != FIELD_ABSENT;
        int64_t minor;
        if (revenue == actions || revenue != by_revenue) {
            return FAULT(by_revenue ? "basis REVENUE needs revenueThreshold alone"
                                    : "basis ACTIONS needs actionThreshold alone",
                         "%.*s/tiers/%u", TEXT_ARGS(at), i);
        }
        if (revenue &&
            !money_of_decimal(tiers[i].revenue_threshold, checker->exponent, &minor)) {
            return FAULT("has more decimals than the contract's currency, or is too large",
                         "%.*s/tiers/%u/revenueThreshold", TEXT_ARGS(at), i);
        }
    }
    return true;
}

static bool check_group(struct checker *checker, const struct payout_group *group, struct text at)
{
    struct text tiers = arena_printf(checker->arena, "%.*s/tiers", TEXT_ARGS(at));
    return check_amount(checker, group->payout, group->payout_rate, at, "payout") &&
           check_rules(checker, group->rules, at) && check_limits(checker, group->limits, at) &&
           check_bonus(checker, group->tiers, tiers);
}

bool contract_check_payout(struct decision *decision, const struct event_payout *payout,
                           int exponent, struct text at, struct contract_fault *fault)
{
    struct checker checks = { decision_arena(decision), exponent, fault }, *checker = &checks;
    const struct payout_group *groups = payout->groups.items;
    const struct payout_restriction *restrictions = payout->restrictions.items;
    const struct payout_adjustment *adjustments = payout->adjustments.items;
    struct text bonus = arena_printf(checker->arena, "%.*s/performanceBonus", TEXT_ARGS(at));
    bool good = check_amount(checker, payout->default_payout, payout->default_payout_rate, at,
                             "defaultPayout") &&
                check_limits(checker, payout->limits, at) &&
                check_bonus(checker, payout->bonus, bonus);
    for (uint32_t i = 0; good && i < payout->groups.count; i++) {
        good = check_group(checker, &groups[i],
                           arena_printf(checker->arena, "%.*s/payoutGroups/%u", TEXT_ARGS(at), i));
    }
    for (uint32_t i = 0; good && i < payout->restrictions.count; i++) {
        good = check_rules(
            checker, restrictions[i].rules,
            arena_printf(checker->arena, "%.*s/payoutRestrictions/%u", TEXT_ARGS(at), i));
    }
    for (uint32_t i = 0; good && i < payout->adjustments.count; i++) {
        good = check_rules(
            checker, adjustments[i].rules,
            arena_printf(checker->arena, "%.*s/payoutAdjustments/%u", TEXT_ARGS(at), i));
    }
    return good;
}
