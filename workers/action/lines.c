/*
 * What each line is paid by (A36-A40): a restriction pays nothing; else the first group by rank whose
 * rules hold, or the default; then every adjustment that matches.
 */
#include "base/money.h"
#include "workers/action/facts.h"
#include "workers/action/inside.h"

/* What holds whatever the line is asked once for the action; at most 50 + 50 + 20 sets of rules. */
struct chances {
    const struct event_payout *payout;
    const struct facts *facts;
    bool *restrictions, *groups, *adjustments;
};

static struct chances chances_of(struct decision *decision, const struct event_payout *payout,
                                 const struct facts *facts)
{
    struct arena *arena = decision_arena(decision);
    const struct payout_restriction *restrictions = payout->restrictions.items;
    const struct payout_adjustment *adjustments = payout->adjustments.items;
    struct chances chances = { payout, facts,
                               arena_alloc(arena, payout->restrictions.count),
                               arena_alloc(arena, payout->groups.count),
                               arena_alloc(arena, payout->adjustments.count) };
    for (uint32_t i = 0; i < payout->restrictions.count; i++) {
        chances.restrictions[i] = rules_hold_for_order(restrictions[i].rules, facts);
    }
    for (uint32_t i = 0; i < payout->groups.count; i++) {
        chances.groups[i] = rules_hold_for_order(payout->by_rank[i]->rules, facts);
    }
    for (uint32_t i = 0; i < payout->adjustments.count; i++) {
        chances.adjustments[i] = rules_hold_for_order(adjustments[i].rules, facts);
    }
    return chances;
}

/* Index of the restriction that applies, -1 = none (A39). */
static int32_t restriction_of(const struct chances *chances, int32_t at)
{
    const struct payout_restriction *all = chances->payout->restrictions.items;
    for (uint32_t i = 0; i < chances->payout->restrictions.count; i++) {
        if (chances->restrictions[i] && rules_hold_for_line(all[i].rules, chances->facts, at)) {
            return (int32_t)i;
        }
    }
    return -1;
}

static const struct payout_group *group_of(const struct chances *chances, int32_t at)
{
    for (uint32_t i = 0; i < chances->payout->groups.count; i++) {
        const struct payout_group *group = chances->payout->by_rank[i];
        if (chances->groups[i] && rules_hold_for_line(group->rules, chances->facts, at)) {
            return group;
        }
    }
    return NULL;
}

/* A40: percentage points; of a flat payout, that percent of it. */
static void adjust(struct arena *arena, const struct chances *chances, int32_t at,
                   struct line *line)
{
    const struct payout_adjustment *all = chances->payout->adjustments.items;
    for (uint32_t i = 0; i < chances->payout->adjustments.count; i++) {
        if (chances->adjustments[i] && rules_hold_for_line(all[i].rules, chances->facts, at)) {
            line->points += all[i].direction == ADJUST_INCREASE ? all[i].rate : -all[i].rate;
            line->rule =
                arena_printf(arena, "%.*s+adjustment:%u", TEXT_ARGS(line->rule), i);
        }
    }
}

static void pay_by(struct arena *arena, const struct terms *terms, const struct payout_group *group,
                   struct line *line)
{
    const struct event_payout *payout = terms->payout;
    struct decimal flat = group ? group->payout : payout->default_payout;
    line->rate = group ? group->payout_rate : payout->default_payout_rate;
    line->flat = FIELD_ABSENT;
    if (flat.scale >= 0) { /* the contract was checked: it fits its currency */
        money_of_decimal(flat, currency_exponent(terms->contract->currency), &line->flat);
    }
    line->own_bonus = group && group->tiers;
    line->own_limits = group && group->limits.items;
    line->bonus = line->own_bonus ? group->tiers : payout->bonus;
    line->limits = line->own_limits ? &group->limits : &payout->limits;
    line->rule = TEXT("default");
    if (group) {
        line->rule = arena_printf(arena, "group:%lld", (long long)group->rank);
        line->scope = arena_printf(arena, "group:%lld:", (long long)group->rank);
    }
}

static void fill_line(struct arena *arena, const struct chances *chances,
                      const struct terms *terms, int32_t at, struct line *line)
{
    int32_t restriction = restriction_of(chances, at);
    if (restriction >= 0) {
        line->flat = FIELD_ABSENT; /* and the rate is 0 */
        line->rule = arena_printf(arena, "restriction:%d", restriction);
        return;
    }
    pay_by(arena, terms, group_of(chances, at), line);
    adjust(arena, chances, at, line);
}

struct lines lines_of(struct decision *decision, const struct action *action,
                      const struct terms *terms)
{
    struct arena *arena = decision_arena(decision);
    const struct action_item *items = action->items.items;
    bool by_item = terms->payout->level == LEVEL_ITEM && action->items.count > 0;
    struct lines lines = { .count = by_item ? action->items.count : 1, .by_item = by_item };
    struct chances chances = chances_of(decision, terms->payout, facts_of(decision, action));
    lines.all = arena_alloc(arena, lines.count * sizeof(*lines.all));
    for (uint32_t i = 0; i < lines.count; i++) {
        lines.all[i].amount = by_item ? items[i].amount : action->amount;
        lines.all[i].quantity = by_item ? items[i].quantity : 1;
        fill_line(arena, &chances, terms, by_item ? (int32_t)i : LINE_ORDER, &lines.all[i]);
    }
    return lines;
}

bool line_payout(const struct action *action, const struct line_rate *by, int64_t amount,
                 int64_t quantity, int64_t *out)
{
    int to = currency_exponent(action->payout_currency);
    if (by->flat == FIELD_ABSENT) {
        return money_payout(amount, currency_exponent(action->currency), by->rate, action->fx_rate,
                            to, out) &&
               money_in_bounds(*out, to);
    }
    int64_t whole;
    return !__builtin_mul_overflow(by->flat, quantity, &whole) &&
           money_scale(whole, by->rate, RATE_WHOLE, out) && money_in_bounds(*out, to);
}
