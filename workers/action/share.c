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
        struct tally_share *share = share_add(decision, &shares, stored[i].tally, stored[i].day);
        *share = stored[i];
        share->bonus = 0;
        if (share->lifts == FIELD_ABSENT) { /* of an older state */
            share->lifts = share->from_day = share->to_day = 0;
        }
    }
    for (uint32_t i = 0; answer && i < answer->told.count; i++) { /* later ones count */
        *share_add(decision, &shares, told[i].tally, told[i].day) =
            (struct tally_share){ told[i].tally,    told[i].day,    told[i].actions,
                                  told[i].revenue,  told[i].earned, told[i].used,
                                  told[i].lifts,    told[i].from_day, told[i].to_day,
                                  told[i].bonus };
    }
    return shares;
}

struct share_change change_between(const struct tally_share *old, const struct tally_share *now)
{
    return (struct share_change){
        .day = old->day,
        .old_actions = old->actions,
        .old_revenue = old->revenue,
        .old_earned = old->earned,
        .old_used = old->used,
        .old_lifts = old->lifts,
        .old_bonus = old->bonus,
        .old_from_day = old->from_day,
        .old_to_day = old->to_day,
        .actions = now->actions,
        .revenue = now->revenue,
        .earned = now->earned,
        .used = now->used,
        .lifts = now->lifts,
        .bonus = now->bonus,
    };
}

static void send_set(struct decision *decision, const struct action *before,
                     const struct tally_share *old, const struct tally_share *now)
{
    struct share_change change = change_between(old, now);
    bool same = old->actions == now->actions && old->revenue == now->revenue &&
                old->earned == now->earned && old->used == now->used && old->bonus == now->bonus;
    if (!same) {
        struct text none = { NULL, 0 };
        struct tally_set set = { old->tally, before ? before->action_id : none, &change };
        decision_send(decision, old->tally, "internal.tally.set", &tally_set_shape, &set);
    }
}

void shares_set(struct decision *decision, const struct action *before, struct list shares)
{
    const struct list counted = shares_counted(decision, before);
    const struct tally_share *old = counted.items; /* also of all that is in `shares`: it was asked */
    for (uint32_t i = 0; i < counted.count; i++) {
        struct tally_share none = { .tally = old[i].tally, .day = old[i].day };
        const struct tally_share *next = share_of(shares, old[i].tally);
        send_set(decision, before, &old[i], next ? next : &none);
    }
}

void shares_restore(struct decision *decision)
{
    const struct action *before = decision_state(decision);
    struct list none = { NULL, 0 };
    shares_set(decision, before, before ? before->shares : none);
}
