/* An action's shares in tallies: what they hold of it, and bringing them to what it is. */
#include "workers/action/inside.h"

struct tally_share *share_of(struct list shares, struct text tally)
{
    struct tally_share *all = shares.items;
    for (uint32_t i = 0; i < shares.count; i++) {
        if (text_equal(all[i].tally, tally)) {
            return &all[i];
        }
    }
    return NULL;
}

struct tally_share *share_add(struct decision *decision, struct list *shares, struct text tally,
                              int64_t day)
{
    struct tally_share *known = share_of(*shares, tally);
    if (known) {
        return known;
    }
    struct tally_share *all =
        arena_alloc(decision_arena(decision), (shares->count + 1) * sizeof(*all));
    if (shares->count) {
        memcpy(all, shares->items, shares->count * sizeof(*all));
    }
    all[shares->count] = (struct tally_share){ .tally = tally, .day = day };
    *shares = (struct list){ all, shares->count + 1 };
    return &all[shares->count - 1];
}

struct list shares_counted(struct decision *decision, const struct action *action)
{
    const struct tally_answer *answer = decision_answer(decision);
    const struct tally_told *told = answer ? answer->told.items : NULL;
    const struct tally_share *stored = action ? action->shares.items : NULL;
    struct list shares = { NULL, 0 };
    for (uint32_t i = 0; action && i < action->shares.count; i++) {
        *share_add(decision, &shares, stored[i].tally, stored[i].day) = stored[i];
    }
    for (uint32_t i = 0; answer && i < answer->told.count; i++) { /* later ones count */
        *share_add(decision, &shares, told[i].tally, told[i].day) =
            (struct tally_share){ told[i].tally,   told[i].day,    told[i].actions,
                                  told[i].revenue, told[i].earned, told[i].used };
    }
    return shares;
}

static int64_t bonus_of(struct list bonuses, struct text tally)
{
    const struct tally_bonus *all = bonuses.items;
    int64_t sum = 0;
    for (uint32_t i = 0; i < bonuses.count; i++) {
        sum += text_equal(all[i].tally, tally) ? all[i].amount : 0;
    }
    return sum;
}

static void send_set(struct decision *decision, const struct tally_share *old,
                     const struct tally_share *now, int64_t bonus)
{
    struct share_change change = {
        .day = old->day,
        .old_actions = old->actions,
        .old_revenue = old->revenue,
        .old_earned = old->earned,
        .old_used = old->used,
        .actions = now->actions,
        .revenue = now->revenue,
        .earned = now->earned,
        .used = now->used,
    };
    bool same = old->actions == now->actions && old->revenue == now->revenue &&
                old->earned == now->earned && old->used == now->used;
    if (!same || bonus != 0) {
        struct tally_set set = { old->tally, &change, bonus };
        decision_send(decision, old->tally, "internal.tally.set", &tally_set_shape, &set);
    }
}

void shares_set(struct decision *decision, const struct action *before, struct list shares,
                struct list bonuses)
{
    const struct list counted = shares_counted(decision, before);
    const struct tally_share *old = counted.items; /* also of all that is in `shares`: it was asked */
    for (uint32_t i = 0; i < counted.count; i++) {
        struct tally_share none = { .tally = old[i].tally, .day = old[i].day };
        const struct tally_share *next = share_of(shares, old[i].tally);
        send_set(decision, &old[i], next ? next : &none, bonus_of(bonuses, old[i].tally));
    }
}

void shares_restore(struct decision *decision)
{
    const struct action *before = decision_state(decision);
    struct list none = { NULL, 0 };
    shares_set(decision, before, before ? before->shares : none, none);
}
