/* Performance bonuses: the rate of the tier that the partner's actions of a period have reached (A41). */
#include "base/money.h"
#include "workers/action/ask.h"

static bool in_bonus(const struct line *line, const struct performance_bonus *bonus)
{
    return line->bonus == bonus; /* a restricted line has none */
}

/* The pool's commissionable amount in the contract's currency. */
static bool revenue_of(const struct asker *asker, const struct performance_bonus *bonus,
                       int64_t *revenue)
{
    const struct line *lines = asker->lines->all;
    const struct line_rate whole = { .rate = RATE_WHOLE, .flat = FIELD_ABSENT };
    *revenue = 0;
    for (uint32_t i = 0; i < asker->lines->count; i++) {
        int64_t amount = 0;
        if (in_bonus(&lines[i], bonus) &&
            (!line_payout(asker->action, &whole, lines[i].amount, 1, &amount) ||
             !money_add(*revenue, amount, revenue))) {
            return false;
        }
    }
    return true;
}

/* The highest tier that the sums reach, -1 = none. */
static int32_t tier_at(const struct asker *asker, const struct performance_bonus *bonus,
                       int64_t revenue, int64_t actions)
{
    const struct bonus_tier *tiers = bonus->tiers.items;
    int exponent = currency_exponent(asker->terms->contract->currency);
    int64_t highest = 0, threshold;
    int32_t found = -1;
    for (uint32_t i = 0; i < bonus->tiers.count; i++) {
        bool by_revenue = bonus->basis == BONUS_BY_REVENUE;
        threshold = tiers[i].action_threshold;
        if (by_revenue && !money_of_decimal(tiers[i].revenue_threshold, exponent, &threshold)) {
            continue; /* the contract was checked */
        }
        if (threshold <= (by_revenue ? revenue : actions) && (found < 0 || threshold > highest)) {
            highest = threshold;
            found = (int32_t)i;
        }
    }
    return found;
}

static void pay_tier(const struct asker *asker, const struct performance_bonus *bonus, int32_t tier)
{
    const struct bonus_tier *tiers = bonus->tiers.items;
    struct line *lines = asker->lines->all;
    for (uint32_t i = 0; i < asker->lines->count; i++) {
        if (in_bonus(&lines[i], bonus)) {
            lines[i].rate = tiers[tier].payout_rate;
            lines[i].flat = FIELD_ABSENT;
            lines[i].rule = arena_printf(decision_arena(asker->decision), "%.*s+bonus:%d",
                                         TEXT_ARGS(lines[i].rule), tier);
        }
    }
}

/* ALL_ACTIONS: the action that crosses a tier lifts the earlier ones of the period to its rate. */
static bool owe_for_earlier(const struct asker *asker, const struct tally_told *told, int64_t rate)
{
    struct arena *arena = decision_arena(asker->decision);
    int exponent = currency_exponent(asker->terms->contract->currency);
    struct text no_fx = { NULL, 0 };
    int64_t due;
    if (!money_payout(told->sum_revenue, exponent, rate, no_fx, exponent, &due) ||
        !money_subtract(due, told->sum_earned, &due) || !money_in_bounds(due, exponent)) {
        return false;
    }
    if (due > 0) {
        struct list *bonuses = &asker->rating->bonuses;
        struct tally_bonus *all = arena_alloc(arena, (bonuses->count + 1) * sizeof(*all));
        if (bonuses->count) {
            memcpy(all, bonuses->items, bonuses->count * sizeof(*all));
        }
        all[bonuses->count] = (struct tally_bonus){ told->tally, due };
        *bonuses = (struct list){ all, bonuses->count + 1 };
    }
    return true;
}

static enum rate_result bonus_of_pool(const struct asker *asker, uint32_t pool)
{
    const struct line *line = &asker->lines->all[pool];
    const struct performance_bonus *bonus = line->bonus;
    struct text tally = tally_name(asker, line->own_bonus ? line->scope : TEXT(""), LIMIT_ALL);
    const struct tally_told *told = told_by(asker, tally, ASK_COUNT, pool);
    int64_t revenue;
    if (!revenue_of(asker, bonus, &revenue)) {
        return RATE_TOO_LARGE;
    }
    if (!told) {
        struct share_change change = change_from(asker, tally);
        struct day_range range = bonus_range(bonus->period, change.day);
        change.actions = 1;
        change.revenue = revenue;
        return ask(asker, &(struct tally_ask){ .tally = tally,
                                               .kind = ASK_COUNT,
                                               .pool = pool,
                                               .change = &change,
                                               .from_day = range.from,
                                               .to_day = range.to });
    }
    const struct bonus_tier *tiers = bonus->tiers.items;
    int32_t before = tier_at(asker, bonus, told->sum_revenue, told->sum_actions);
    int32_t with = tier_at(asker, bonus, told->sum_revenue + revenue, told->sum_actions + 1);
    int32_t tier = bonus->type == BONUS_ALL ? with : before;
    struct tally_share *share = final_share(asker, tally);
    share->actions = 1;
    share->revenue = revenue;
    if (tier >= 0) {
        pay_tier(asker, bonus, tier);
    }
    return bonus->type != BONUS_ALL || with == before ||
                   owe_for_earlier(asker, told, tiers[with].payout_rate)
               ? RATE_DONE
               : RATE_TOO_LARGE;
}

/* Is the line the first of its pool? */
static bool starts_bonus(const struct lines *lines, uint32_t at)
{
    bool first = lines->all[at].bonus != NULL;
    for (uint32_t i = 0; first && i < at; i++) {
        first = !in_bonus(&lines->all[i], lines->all[at].bonus);
    }
    return first;
}

enum rate_result bonus_apply(struct decision *decision, const struct action *action,
                             const struct terms *terms, struct lines *lines, struct rating *rating)
{
    struct asker asker = asker_of(decision, action, terms, lines, rating);
    enum rate_result result = RATE_DONE;
    for (uint32_t i = 0; i < lines->count && result == RATE_DONE; i++) {
        if (starts_bonus(lines, i)) {
            result = bonus_of_pool(&asker, i);
        }
    }
    return result;
}

void bonus_earned(struct decision *decision, const struct action *action,
                  const struct terms *terms, struct lines *lines, struct rating *rating)
{
    struct asker asker = asker_of(decision, action, terms, lines, rating);
    for (uint32_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->all[i];
        if (line->bonus) {
            struct text scope = line->own_bonus ? line->scope : TEXT("");
            final_share(&asker, tally_name(&asker, scope, LIMIT_ALL))->earned += line->payout;
        }
    }
}
