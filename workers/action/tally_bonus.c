/*
 * What a tally says of a bonus: the tier that holds, and what is owed for earlier actions (A41). It says so
 * when it is asked, not when the action has been decided: others ask in between, and each must find what
 * was earned and given so far.
 *
 * ALL_ACTIONS: a crossing lifts the actions that were counted in the period before it to its tier's rate,
 * by one bonus. A lifted action that is rated anew is paid by its tier itself; so what the bonus gave for
 * it is taken back, else it would be paid twice.
 */
#include "base/money.h"
#include "workers/action/inside.h"

/* Index of the period's lift, -1 = none yet. */
static int64_t find_lift(const struct tally_state *tally, int64_t from_day, int64_t to_day)
{
    const struct tally_lift *lifts = tally->lifts.items;
    for (uint32_t i = 0; i < tally->lifts.count; i++) {
        if (lifts[i].from_day == from_day && lifts[i].to_day == to_day) {
            return i;
        }
    }
    return -1;
}

static struct tally_lift lift_of(const struct tally_state *tally, int64_t from_day, int64_t to_day)
{
    int64_t at = find_lift(tally, from_day, to_day);
    return at < 0 ? (struct tally_lift){ .from_day = from_day, .to_day = to_day }
                  : ((const struct tally_lift *)tally->lifts.items)[at];
}

static void put_lift(struct decision *decision, struct tally_state *tally,
                     const struct tally_lift *lift)
{
    uint32_t count = tally->lifts.count;
    struct tally_lift *lifts = arena_alloc(decision_arena(decision), (count + 1) * sizeof(*lifts));
    int64_t at = find_lift(tally, lift->from_day, lift->to_day);
    if (count) {
        memcpy(lifts, tally->lifts.items, count * sizeof(*lifts));
    }
    lifts[at < 0 ? count : (uint32_t)at] = *lift;
    tally->lifts = (struct list){ lifts, at < 0 ? count + 1 : count };
}

int64_t tally_lifted(const struct tally_state *tally, const struct share_change *change)
{
    struct tally_lift lift = lift_of(tally, change->old_from_day, change->old_to_day);
    int64_t left = tally_sum(tally, lift.from_day, lift.to_day).bonus, whole, given;
    if (change->old_lifts >= lift.count ||
        !money_scale(change->old_revenue, lift.rate, RATE_WHOLE, &whole)) {
        return 0;
    }
    given = whole - change->old_earned;
    given = given < left ? given : left;
    return given < 0 ? 0 : given;
}

void tally_unlift(struct decision *decision, struct tally_state *tally,
                  const struct share_change *change)
{
    struct tally_lift lift = lift_of(tally, change->old_from_day, change->old_to_day);
    if (change->old_bonus > 0 && change->old_lifts == lift.count && lift.count > 0) {
        lift.rate = lift.rate_before;
        put_lift(decision, tally, &lift);
    }
}

/* The highest tier that the sums reach. */
static int64_t tier_at(const struct ask_bonus *bonus, int64_t revenue, int64_t actions)
{
    const struct ask_tier *tiers = bonus->tiers.items;
    int64_t found = TIER_NONE;
    for (uint32_t i = 0; i < bonus->tiers.count; i++) {
        int64_t reached = bonus->by_revenue == 1 ? revenue : actions;
        if (tiers[i].threshold <= reached &&
            (found == TIER_NONE || tiers[i].threshold > tiers[found].threshold)) {
            found = i;
        }
    }
    return found;
}

/* What the earlier ones earn by the rate beyond what they earned and were given. False: no amount. */
static bool owed(const struct tally_day *sum, int64_t own, int64_t rate, int64_t *due)
{
    return money_scale(sum->revenue, rate, RATE_WHOLE, due) &&
           money_subtract(*due, sum->earned, due) && money_subtract(*due, sum->bonus - own, due);
}

int64_t tally_tell_bonus(struct decision *decision, struct tally_state *tally,
                         const struct tally_ask *ask, struct share_change *change)
{
    const struct ask_bonus *bonus = ask->bonus;
    const struct ask_tier *tiers = bonus->tiers.items;
    tally_unlift(decision, tally, change); /* asked before by this command: it is asked anew */
    struct tally_day sum = tally_sum(tally, ask->from_day, ask->to_day);
    struct tally_lift lift = lift_of(tally, ask->from_day, ask->to_day);
    int64_t own = bonus->was ? tally_lifted(tally, bonus->was) : 0, due = 0;
    int64_t before = tier_at(bonus, sum.revenue, sum.actions);
    int64_t with = tier_at(bonus, sum.revenue + change->revenue, sum.actions + 1);
    int64_t tier = bonus->all == 1 ? with : before;
    change->earned = tier == TIER_NONE ? bonus->payout : tiers[tier].payout;
    change->bonus = -own;
    change->lifts = lift.count;
    if (bonus->all == 1 && with != before) {
        if (!owed(&sum, own, tiers[with].rate, &due)) {
            return TIER_TOO_LARGE;
        }
        if (due > 0) {
            lift = (struct tally_lift){ lift.from_day, lift.to_day, lift.count + 1,
                                        tiers[with].rate, lift.rate };
            put_lift(decision, tally, &lift);
            change->bonus += due;
            change->lifts = lift.count;
        }
    }
    return tier;
}

/* At the action: nothing of it changes, it says whom the bonus is asked back from. */
void action_bonus_taken(struct decision *decision, const void *message)
{
    const struct bonus_taken *taken = message;
    const struct action *action = decision_state(decision);
    if (!action) { /* its track was refused: nothing was announced for it */
        decision_unchanged(decision);
        return;
    }
    struct action after = *action;
    decision_applied(decision, "internal.bonus.taken", NULL, NULL);
    announce_bonus(decision, &after, -taken->amount);
    decision_put(decision, &after, due_of(&after));
}
