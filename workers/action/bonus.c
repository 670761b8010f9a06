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

/* What the pool pays by a tier, or without one (NULL); 0 for what is no amount: it is refused later. */
static int64_t payout_by(const struct asker *asker, const struct performance_bonus *bonus,
                         const struct bonus_tier *tier)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < asker->lines->count; i++) {
        struct line line = asker->lines->all[i];
        if (tier) {
            line.rate = tier->payout_rate;
            line.flat = FIELD_ABSENT;
        }
        struct line_rate by = line_rate_of(&line);
        int64_t payout;
        if (in_bonus(&line, bonus) &&
            line_payout(asker->action, &by, line.amount, line.quantity, &payout)) {
            sum += payout; /* 200 of at most 16 digits: no overflow */
        }
    }
    return sum;
}

/* The tiers as the tally compares them with its sums. */
static struct list tiers_of(const struct asker *asker, const struct performance_bonus *bonus)
{
    const struct bonus_tier *tiers = bonus->tiers.items;
    int exponent = currency_exponent(asker->terms->contract->currency);
    struct ask_tier *out =
        arena_alloc(decision_arena(asker->decision), bonus->tiers.count * sizeof(*out));
    for (uint32_t i = 0; i < bonus->tiers.count; i++) {
        out[i] = (struct ask_tier){ tiers[i].action_threshold, tiers[i].payout_rate,
                                    payout_by(asker, bonus, &tiers[i]) };
        if (bonus->basis == BONUS_BY_REVENUE) { /* the contract was checked: it fits its currency */
            money_of_decimal(tiers[i].revenue_threshold, exponent, &out[i].threshold);
        }
    }
    return (struct list){ out, bonus->tiers.count };
}

static enum rate_result ask_bonus(const struct asker *asker, uint32_t pool, struct text tally,
                                  int64_t revenue)
{
    const struct performance_bonus *bonus = asker->lines->all[pool].bonus;
    const struct tally_share *was = share_of(asker->action->shares, tally);
    struct share_change change = change_from(asker, tally);
    struct day_range range = bonus_range(bonus->period, change.day);
    struct ask_bonus asked = { .all = bonus->type == BONUS_ALL,
                               .by_revenue = bonus->basis == BONUS_BY_REVENUE,
                               .payout = payout_by(asker, bonus, NULL),
                               .tiers = tiers_of(asker, bonus) };
    struct share_change stored;
    if (was && was->actions > 0 && was->lifts != FIELD_ABSENT) {
        stored = change_between(was, was);
        asked.was = &stored;
    }
    change.actions = 1;
    change.revenue = revenue;
    return ask(asker, &(struct tally_ask){ .tally = tally,
                                           .kind = ASK_COUNT,
                                           .pool = pool,
                                           .change = &change,
                                           .from_day = range.from,
                                           .to_day = range.to,
                                           .bonus = &asked });
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
        return ask_bonus(asker, pool, tally, revenue);
    }
    struct tally_share *share = final_share(asker, tally);
    share->actions = 1;
    share->revenue = revenue;
    share->lifts = told->lifts;
    share->bonus = told->bonus;
    struct day_range range = bonus_range(bonus->period, share->day);
    share->from_day = range.from;
    share->to_day = range.to;
    if (told->tier >= 0 && told->tier < bonus->tiers.count) {
        pay_tier(asker, bonus, (int32_t)told->tier);
    }
    return told->tier != TIER_TOO_LARGE &&
                   money_in_bounds(told->bonus, currency_exponent(asker->terms->contract->currency))
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
