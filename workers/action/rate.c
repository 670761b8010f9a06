/* Payouts of an action: per line, the order or its items, each rounded once (A36, C14). */
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

/* The rate, or what share of the flat payout, after adjustments: never below 0 (A40). */
struct line_rate line_rate_of(const struct line *line)
{
    int64_t rate = (line->flat == FIELD_ABSENT ? line->rate : RATE_WHOLE) + line->points;
    return (struct line_rate){ rate < 0 ? 0 : rate, line->flat, line->rule };
}

static bool pay_lines(const struct action *action, struct lines *lines)
{
    for (uint32_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->all[i];
        struct line_rate by = line_rate_of(line);
        if (!line_payout(action, &by, line->amount, line->quantity, &line->payout)) {
            return false;
        }
    }
    return true;
}

static int64_t sum_of(const struct lines *lines)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < lines->count; i++) { /* 200 of at most 16 digits: no overflow */
        sum += lines->all[i].payout;
    }
    return sum;
}

/* Results into the action; `intended` are the payouts before limits. */
static void keep(struct action *action, const struct lines *lines, const int64_t *intended,
                 int64_t intended_sum)
{
    struct action_item *items = action->items.items;
    bool clipped = action->overlimit != 0;
    action->payout = sum_of(lines);
    action->intended_payout = clipped ? intended_sum : FIELD_ABSENT;
    action->by = (struct line_rate){ FIELD_ABSENT, FIELD_ABSENT, { NULL, 0 } };
    if (!lines->by_item) {
        action->by = line_rate_of(&lines->all[0]);
    }
    for (uint32_t i = 0; i < action->items.count; i++) {
        const struct line *line = lines->by_item ? &lines->all[i] : NULL;
        items[i].payout = line ? line->payout : 0;
        items[i].intended = line && clipped ? intended[i] : FIELD_ABSENT;
        items[i].by = line ? line_rate_of(line) : (struct line_rate){ FIELD_ABSENT, FIELD_ABSENT, { NULL, 0 } };
    }
}

/* One name for all lines, or that they differ. */
static struct text rule_of(const struct lines *lines)
{
    for (uint32_t i = 1; i < lines->count; i++) {
        if (!text_equal(lines->all[i].rule, lines->all[0].rule)) {
            return TEXT("lines");
        }
    }
    return lines->all[0].rule;
}

enum rate_result rate_action(struct decision *decision, struct action *action,
                             const struct terms *terms, struct rating *rating)
{
    struct lines lines = lines_of(decision, action, terms);
    int64_t intended[200];
    *rating = (struct rating){ .terms = terms };
    enum rate_result result = bonus_apply(decision, action, terms, &lines, rating);
    if (result != RATE_DONE) {
        return result;
    }
    if (!pay_lines(action, &lines)) {
        return RATE_TOO_LARGE;
    }
    ENSURE(lines.count <= sizeof(intended) / sizeof(*intended));
    for (uint32_t i = 0; i < lines.count; i++) {
        intended[i] = lines.all[i].payout;
    }
    int64_t intended_sum = sum_of(&lines);
    if (!money_in_bounds(intended_sum, currency_exponent(action->payout_currency))) {
        return RATE_TOO_LARGE;
    }
    bonus_earned(decision, action, terms, &lines, rating);
    result = limits_apply(decision, action, terms, &lines, rating);
    if (result != RATE_DONE) {
        return result;
    }
    action->contract_id = terms->contract_id;
    action->contract_version = terms->version;
    action->level = terms->payout->level;
    keep(action, &lines, intended, intended_sum);
    rating->rule = rule_of(&lines);
    return RATE_DONE;
}

void rating_finish(struct decision *decision, struct action *after, const struct rating *rating)
{
    const struct tally_share *shares = rating->shares.items;
    shares_set(decision, after, rating->shares);
    after->shares = rating->shares;
    for (uint32_t i = 0; i < rating->shares.count; i++) {
        if (shares[i].bonus != 0) {
            announce_bonus(decision, after, shares[i].bonus);
        }
    }
}

bool rate_as_stored(struct action *action)
{
    struct action_item *items = action->items.items;
    bool by_item = action->level == LEVEL_ITEM && action->items.count > 0;
    int64_t sum = 0;
    if (!by_item) {
        return line_payout(action, &action->by, action->amount, 1, &action->payout);
    }
    for (uint32_t i = 0; i < action->items.count; i++) {
        if (!line_payout(action, &items[i].by, items[i].amount, items[i].quantity,
                         &items[i].payout) ||
            !money_add(sum, items[i].payout, &sum)) {
            return false;
        }
    }
    action->payout = sum;
    return money_in_bounds(sum, currency_exponent(action->payout_currency));
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
