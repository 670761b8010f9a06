/*
 * tally:<contractId>:<actionTrackerId>:<scope>: what several actions add up to, by the local day of
 * their tracking. It has one writer, so what a limit leaves is exact (A41, A42, C26). It keeps no list
 * of actions: each says which share of its own is to be replaced.
 */
#include "workers/action/inside.h"

/* Ten years. An action locks at most 24 months, 366 days and a month after its event, or after 730 days. */
enum { DAYS_APART_MAX = 3653 };

struct text tally_ask_entity(const void *message, struct arena *arena)
{
    (void)arena;
    return ((const struct tally_ask *)message)->tally;
}

struct text tally_set_entity(const void *message, struct arena *arena)
{
    (void)arena;
    return ((const struct tally_set *)message)->tally;
}

struct text tally_answer_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "action", ((const struct tally_answer *)message)->action_id);
}

/* A copy of the days with room for one more. */
static struct tally_state copy_days(struct decision *decision)
{
    const struct tally_state *before = decision_state(decision);
    uint32_t count = before ? before->days.count : 0;
    struct tally_day *days = arena_alloc(decision_arena(decision), (count + 1) * sizeof(*days));
    if (count) {
        memcpy(days, before->days.items, count * sizeof(*days));
    }
    struct list none = { NULL, 0 };
    return (struct tally_state){ { days, count }, before ? before->lifts : none };
}

/* The day's row; made where there is none. */
static struct tally_day *row_of(struct tally_state *tally, int64_t day)
{
    struct tally_day *days = tally->days.items;
    uint32_t at = tally->days.count;
    while (at > 0 && days[at - 1].day >= day) {
        at--;
    }
    if (at == tally->days.count || days[at].day != day) {
        memmove(days + at + 1, days + at, (tally->days.count - at) * sizeof(*days));
        days[at] = (struct tally_day){ .day = day };
        tally->days.count++;
    }
    return &days[at];
}

static void add_share(struct tally_state *tally, const struct share_change *change, bool old)
{
    struct tally_day *row = row_of(tally, change->day);
    int64_t used = old ? change->old_used : change->used;
    int64_t sign = old ? -1 : 1;
    row->actions += sign * (old ? change->old_actions : change->actions);
    row->revenue += sign * (old ? change->old_revenue : change->revenue);
    row->earned += sign * (old ? change->old_earned : change->earned);
    row->used += sign * used;
    row->places += sign * (used > 0);
    row->bonus += sign * (old ? change->old_bonus : change->bonus);
}

static void add_day(struct tally_day *sum, const struct tally_day *day)
{
    sum->actions += day->actions;
    sum->revenue += day->revenue;
    sum->earned += day->earned;
    sum->bonus += day->bonus;
    sum->used += day->used;
    sum->places += day->places;
}

/* Days long before the newest become one: all of their actions are locked, so none is asked about or
 * changed any more; they still count for what a contract allows in all. So the state has a bound. */
static void join_old_days(struct tally_state *tally)
{
    struct tally_day *days = tally->days.items;
    uint32_t count = tally->days.count, old = 0;
    while (old < count && days[old].day < days[count - 1].day - DAYS_APART_MAX) {
        old++;
    }
    if (old > 1) {
        for (uint32_t i = 0; i + 1 < old; i++) {
            add_day(&days[old - 1], &days[i]);
        }
        memmove(days, days + old - 1, (count - old + 1) * sizeof(*days));
        tally->days.count = count - old + 1;
    }
}

/* Days on which nothing is left are forgotten. */
static void put_tally(struct decision *decision, struct tally_state *tally)
{
    struct tally_day *days = tally->days.items;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tally->days.count; i++) {
        const struct tally_day none = { .day = days[i].day };
        if (memcmp(&days[i], &none, sizeof(none)) != 0) {
            days[kept++] = days[i];
        }
    }
    tally->days.count = kept;
    join_old_days(tally);
    decision_put(decision, tally, 0);
}

struct tally_day tally_sum(const struct tally_state *tally, int64_t from, int64_t to)
{
    const struct tally_day *days = tally->days.items;
    struct tally_day sum = { .day = from };
    for (uint32_t i = 0; i < tally->days.count; i++) {
        if (days[i].day >= from && days[i].day < to) {
            add_day(&sum, &days[i]);
        }
    }
    return sum;
}

/* What each limit leaves for the action, and what it may use: no more than all of them leave. */
static struct list leave(struct decision *decision, const struct tally_state *tally,
                         const struct tally_ask *ask, int64_t *used)
{
    const struct ask_limit *limits = ask->limits.items;
    int64_t *lefts = arena_alloc(decision_arena(decision), ask->limits.count * sizeof(*lefts));
    for (uint32_t i = 0; i < ask->limits.count; i++) {
        struct tally_day sum = tally_sum(tally, limits[i].from_day, limits[i].to_day);
        bool value = limits[i].type == LIMIT_VALUE;
        int64_t left = limits[i].value - (value ? sum.used : sum.places);
        lefts[i] = left > 0 ? left : 0;
        int64_t most = value || lefts[i] == 0 ? lefts[i] : *used;
        *used = most < *used ? most : *used;
    }
    return (struct list){ lefts, ask->limits.count };
}

static struct list told_with(struct decision *decision, const struct tally_ask *ask,
                             const struct tally_told *now)
{
    struct tally_told *all =
        arena_alloc(decision_arena(decision), (ask->told.count + 1) * sizeof(*all));
    if (ask->told.count) {
        memcpy(all, ask->told.items, ask->told.count * sizeof(*all));
    }
    all[ask->told.count] = *now;
    return (struct list){ all, ask->told.count + 1 };
}

void tally_count(struct decision *decision, const void *message)
{
    const struct tally_ask *ask = message;
    struct share_change change = *ask->change;
    struct tally_state tally = copy_days(decision);
    add_share(&tally, &change, true);
    int64_t tier = ask->bonus ? tally_tell_bonus(decision, &tally, ask, &change) : TIER_NONE;
    struct list lefts = leave(decision, &tally, ask, &change.used);
    add_share(&tally, &change, false);
    struct tally_told now = { .tally = ask->tally,
                              .kind = ask->kind,
                              .pool = ask->pool,
                              .contract_version = ask->contract_version,
                              .day = change.day,
                              .actions = change.actions,
                              .revenue = change.revenue,
                              .earned = change.earned,
                              .used = change.used,
                              .lifts = change.lifts,
                              .bonus = change.bonus,
                              .from_day = ask->bonus ? ask->from_day : change.old_from_day,
                              .to_day = ask->bonus ? ask->to_day : change.old_to_day,
                              .tier = tier,
                              .lefts = lefts };
    struct tally_answer answer = { ask->action_id, told_with(decision, ask, &now) };
    put_tally(decision, &tally);
    decision_applied(decision, "internal.tally.counted", NULL, NULL);
    decision_send(decision, tally_answer_entity(&answer, decision_arena(decision)),
                  "internal.tally.answer", &tally_answer_shape, &answer);
}

/* The action counts no more: what bonuses gave for it is asked back (A41). */
static void take_back(struct decision *decision, struct tally_state *tally,
                      const struct tally_set *set)
{
    const struct share_change *change = set->change;
    if (!set->action_id.at || change->old_actions == 0 || change->actions > 0) {
        return;
    }
    struct bonus_taken taken = { set->action_id, tally_lifted(tally, change) };
    if (taken.amount > 0) {
        row_of(tally, change->day)->bonus -= taken.amount;
        decision_send(decision, entity_name(decision_arena(decision), "action", set->action_id),
                      "internal.bonus.taken", &bonus_taken_shape, &taken);
    }
}

void tally_set(struct decision *decision, const void *message)
{
    const struct tally_set *set = message;
    struct tally_state tally = copy_days(decision);
    add_share(&tally, set->change, true);
    add_share(&tally, set->change, false);
    if (set->change->bonus != set->change->old_bonus) {
        tally_unlift(decision, &tally, set->change);
    }
    take_back(decision, &tally, set);
    put_tally(decision, &tally);
    decision_applied(decision, "internal.tally.counted", NULL, NULL);
}
