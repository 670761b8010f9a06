/* Limits clip a payout to what other actions of the period have left of them (A42, C26). */
#include "base/money.h"
#include "workers/action/ask.h"

static bool in_limits(const struct line *line, const struct list *limits)
{
    return line->limits == limits; /* a restricted line has none */
}

static int64_t payout_of(const struct lines *lines, const struct list *limits)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < lines->count; i++) { /* 200 of at most 16 digits: no overflow */
        sum += in_limits(&lines->all[i], limits) ? lines->all[i].payout : 0;
    }
    return sum;
}

/* The limit's value on the day of tracking. */
static int64_t value_on(const struct asker *asker, const struct payout_limit *limit, int64_t day)
{
    struct text value = limit->weekend_override.at && is_weekend(day) ? limit->weekend_override
                                                                      : limit->value;
    int64_t out = 0;
    limit_value(limit->type, value, currency_exponent(asker->terms->contract->currency), &out);
    return out;
}

/* Does the limit count the action at all? By CUSTOMER or CLICK only where the action names one. */
static bool concerns(const struct asker *asker, const struct payout_limit *limit)
{
    return limit->limit_by == LIMIT_CUSTOMER ? asker->action->customer_id.at != NULL
           : limit->limit_by == LIMIT_CLICK  ? asker->action->click_id.at != NULL
                                             : true;
}

static struct text limit_tally(const struct asker *asker, const struct line *line, int32_t limit_by)
{
    return tally_name(asker, line->own_limits ? line->scope : TEXT(""), limit_by);
}

static enum rate_result ask_limits(const struct asker *asker, uint32_t pool, int32_t limit_by,
                                   int64_t intended)
{
    const struct line *line = &asker->lines->all[pool];
    const struct payout_limit *limits = line->limits->items;
    struct text tally = limit_tally(asker, line, limit_by);
    struct share_change change = change_from(asker, tally);
    struct ask_limit *asked = arena_alloc(decision_arena(asker->decision),
                                          line->limits->count * sizeof(*asked));
    uint32_t count = 0;
    for (uint32_t i = 0; i < line->limits->count; i++) {
        if (limits[i].limit_by == limit_by) {
            struct day_range range = limit_range(limits[i].period, change.day);
            asked[count++] = (struct ask_limit){ limits[i].type,
                                                 value_on(asker, &limits[i], change.day),
                                                 range.from, range.to };
        }
    }
    change.used = intended;
    return ask(asker, &(struct tally_ask){ .tally = tally,
                                           .kind = ASK_LIMITS,
                                           .pool = pool,
                                           .change = &change,
                                           .limits = { asked, count } });
}

/* What the tallies left, by index of the limit; asks the next tally that was not asked yet. */
static enum rate_result learn_lefts(const struct asker *asker, uint32_t pool, int64_t *lefts)
{
    static const int32_t kinds[] = { LIMIT_ALL, LIMIT_CUSTOMER, LIMIT_CLICK };
    const struct line *line = &asker->lines->all[pool];
    const struct payout_limit *limits = line->limits->items;
    int64_t intended = payout_of(asker->lines, line->limits);
    for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
        const struct tally_told *told = NULL;
        uint32_t at = 0;
        for (uint32_t i = 0; i < line->limits->count; i++) {
            if (limits[i].limit_by != kinds[k] || !concerns(asker, &limits[i])) {
                continue;
            }
            told = told ? told
                        : told_by(asker, limit_tally(asker, line, kinds[k]), ASK_LIMITS, pool);
            if (!told) {
                return ask_limits(asker, pool, kinds[k], intended);
            }
            lefts[i] = at < told->lefts.count ? ((const int64_t *)told->lefts.items)[at++] : 0;
        }
        intended = told && told->used < intended ? told->used : intended;
    }
    return RATE_DONE;
}

/* A42: the payout that the limits leave, in their order; each that lowers it is named. */
static int64_t clip(const struct asker *asker, uint32_t pool, const int64_t *lefts, int64_t payout,
                    struct text *rule, int32_t *detail)
{
    const struct list *limits = asker->lines->all[pool].limits;
    const struct payout_limit *all = limits->items;
    for (uint32_t i = 0; i < limits->count; i++) {
        bool order = all[i].limit_by == LIMIT_ORDER;
        int64_t left = order ? value_on(asker, &all[i], asker->day) : lefts[i];
        int64_t most = all[i].type == LIMIT_VALUE ? left : left > 0 ? payout : 0;
        if (concerns(asker, &all[i]) && most < payout) {
            payout = most;
            *rule = arena_printf(decision_arena(asker->decision), "%.*s+limit:%u",
                                 TEXT_ARGS(*rule), i);
            *detail = all[i].type == LIMIT_VALUE ? DETAIL_OVERLIMIT_BUDGET
                                                 : DETAIL_OVERLIMIT_ACTIONCAP;
        }
    }
    return payout;
}

/* The clipped payout over the pool's lines, in proportion to what they would have. */
static void share_out(const struct asker *asker, uint32_t pool, int64_t payout, struct text rule)
{
    struct line *lines = asker->lines->all;
    const struct list *limits = lines[pool].limits;
    int64_t weights[200], parts[200];
    uint32_t count = 0, at = 0;
    for (uint32_t i = 0; i < asker->lines->count; i++) {
        if (in_limits(&lines[i], limits)) {
            weights[count++] = lines[i].payout;
        }
    }
    money_spread(payout, weights, count, parts);
    for (uint32_t i = 0; i < asker->lines->count; i++) {
        if (in_limits(&lines[i], limits)) {
            lines[i].payout = parts[at++];
            lines[i].rule = arena_printf(decision_arena(asker->decision), "%.*s%.*s",
                                         TEXT_ARGS(lines[i].rule), TEXT_ARGS(rule));
        }
    }
}

static void count_use(const struct asker *asker, uint32_t pool, int64_t payout)
{
    const struct line *line = &asker->lines->all[pool];
    const struct payout_limit *limits = line->limits->items;
    bool counted[LIMIT_CLICK + 1] = { false };
    for (uint32_t i = 0; i < line->limits->count; i++) {
        int32_t by = limits[i].limit_by;
        if (by != LIMIT_ORDER && concerns(asker, &limits[i]) && !counted[by]) {
            counted[by] = true;
            final_share(asker, limit_tally(asker, line, by))->used += payout;
        }
    }
}

static enum rate_result limit_pool(const struct asker *asker, struct action *action, uint32_t pool)
{
    int64_t lefts[10] = { 0 };
    const struct list *limits = asker->lines->all[pool].limits;
    enum rate_result result = learn_lefts(asker, pool, lefts);
    struct text rule = TEXT("");
    if (result != RATE_DONE) {
        return result;
    }
    int64_t payout = payout_of(asker->lines, limits);
    int64_t clipped = clip(asker, pool, lefts, payout, &rule, &action->overlimit);
    if (clipped != payout) {
        share_out(asker, pool, clipped, rule);
    }
    count_use(asker, pool, clipped);
    return RATE_DONE;
}

/* Is the line the first of its pool? */
static bool starts_limits(const struct lines *lines, uint32_t at)
{
    bool first = lines->all[at].limits && lines->all[at].limits->count > 0;
    for (uint32_t i = 0; first && i < at; i++) {
        first = !in_limits(&lines->all[i], lines->all[at].limits);
    }
    return first;
}

enum rate_result limits_apply(struct decision *decision, struct action *action,
                              const struct terms *terms, struct lines *lines,
                              struct rating *rating)
{
    struct asker asker = asker_of(decision, action, terms, lines, rating);
    enum rate_result result = RATE_DONE;
    action->overlimit = 0;
    for (uint32_t i = 0; i < lines->count && result == RATE_DONE; i++) {
        if (starts_limits(lines, i)) {
            result = limit_pool(&asker, action, i);
        }
    }
    return result;
}
