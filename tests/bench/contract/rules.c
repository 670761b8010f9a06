/*
 * What a decision by a contract costs: rating an action of 1, 10 or 200 items by 0, 1, 10 or 50 payout
 * groups of up to 500 values, each item falling to the last group (or to none), and what making a version
 * ready costs, once. CPU time of this thread, the best of several rounds.
 *
 *   bench_contract           a table; exit 1 when a cost grows faster than groups, items or values do
 *
 * The rules are the worker's own. In the place of the engine stand the few functions that they call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/ensure.h"
#include "base/money.h"
#include "workers/action/inside.h"
#include "workers/contract/inside.h"

enum { GROUPS_MOST = 50, VALUES_MOST = 500, ITEMS_MOST = 200, ROUNDS = 7 };
/* More than proportional growth, beyond what caches explain. */
static const double growth_allowed = 1.8;

/* --- in the place of the engine --- */

struct decision {
    struct arena arena;
    const struct zone *zone;
};

struct arena *decision_arena(struct decision *decision)
{
    return &decision->arena;
}

int64_t decision_time(const struct decision *decision)
{
    (void)decision;
    return INT64_C(1770000000000);
}

const struct zone *decision_zone(struct decision *decision, struct text name)
{
    (void)name;
    return decision->zone;
}

const void *decision_answer(const struct decision *decision)
{
    (void)decision;
    return NULL;
}

/* What rating alone never calls: it says nothing, stores nothing and looks at nothing here. */
#define NEVER(result, name, ...)                                                                   \
    result name(__VA_ARGS__)                                                                       \
    {                                                                                              \
        ENSURE(!"rating does not call " #name);                                                    \
        abort();                                                                                   \
    }
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define DATA const char *type, const struct shape *shape, const void *data
NEVER(const void *, decision_state, struct decision *decision)
NEVER(const void *, decision_part, struct decision *decision, struct text part)
NEVER(const void *, decision_look, struct decision *decision, struct text entity)
NEVER(const void *, decision_look_part, struct decision *decision, struct text key)
NEVER(struct text, decision_entity, const struct decision *decision)
NEVER(void, decision_put, struct decision *decision, const void *state, int64_t due_ms)
NEVER(void, decision_put_part, struct decision *decision, struct text part, const void *state,
      int64_t due_ms)
NEVER(void, decision_remove_part, struct decision *decision, struct text part)
NEVER(void, decision_applied, struct decision *decision, DATA)
NEVER(void, decision_outcome, struct decision *decision, DATA)
NEVER(void, decision_unchanged, struct decision *decision)
NEVER(void, decision_rejected, struct decision *decision, const char *code, const char *pointer,
      const char *detail, ...)
NEVER(void, decision_send, struct decision *decision, struct text entity, DATA)
NEVER(void, decision_asked, struct decision *decision, const char *code, const char *detail,
      struct text entity, DATA)
NEVER(void, decision_terms, struct decision *decision, struct text contract_id, int64_t version,
      struct text rule)
NEVER(void, decision_count_change, struct decision *decision)
NEVER(void, decision_timer, struct decision *decision, const char *kind)
NEVER(void, decision_wake, struct decision *decision)
NEVER(void, decision_forwarded, struct decision *decision, struct text entity)
NEVER(void, decision_deferred, struct decision *decision, const char *code, const char *detail,
      int64_t until_ms)
NEVER(bool, message_fault, const struct shape *shape, const void *message, const char *name)

/* --- a contract and an action --- */

static struct text *values_of(struct arena *arena, int group, int count)
{
    struct text *values = arena_alloc(arena, (size_t)count * sizeof(*values));
    for (int i = 0; i < count; i++) {
        values[i] = arena_printf(arena, "SKU-%d-%d", group, i);
    }
    return values;
}

/* Each group asks for a sku of its own values; none is asked twice. */
static struct contract_state *make_contract(struct arena *arena, int groups, int values,
                                            int32_t operator)
{
    struct payout_group *all = arena_alloc(arena, (size_t)(groups + 1) * sizeof(*all));
    for (int g = 0; g < groups; g++) {
        struct contract_rule *rule = arena_alloc(arena, sizeof(*rule));
        *rule = (struct contract_rule){ .variable = VARIABLE_ITEM_SKU,
                                        .operator = operator,
                                        .values = { values_of(arena, g, values),
                                                    (uint32_t)values } };
        all[g] = (struct payout_group){ .rank = g + 1,
                                        .rules = { rule, 1 },
                                        .payout = DECIMAL_ABSENT,
                                        .payout_rate = 5 * RATE_ONE_PERCENT };
    }
    struct event_payout *payout = arena_alloc(arena, sizeof(*payout));
    *payout = (struct event_payout){ .tracker_id = 70,
                                     .level = LEVEL_ITEM,
                                     .default_payout = DECIMAL_ABSENT,
                                     .default_payout_rate = 4 * RATE_ONE_PERCENT,
                                     .groups = { all, (uint32_t)groups } };
    struct term *term = arena_alloc(arena, sizeof(*term));
    *term = (struct term){ .kind = TERM_CAMPAIGN,
                           .start = FIELD_ABSENT,
                           .end = FIELD_ABSENT,
                           .repeat = REPEAT_NONE,
                           .event_payouts = { payout, 1 } };
    struct contract *contract = arena_alloc(arena, sizeof(*contract));
    *contract = (struct contract){ .contract_id = TEXT("C1"),
                                   .currency = TEXT("USD"),
                                   .time_zone = TEXT("UTC"),
                                   .terms = { term, 1 } };
    struct contract_version *version = arena_alloc(arena, sizeof(*version));
    *version = (struct contract_version){ .number = 1, .contract = contract };
    struct contract_state *state = arena_alloc(arena, sizeof(*state));
    state->versions = (struct list){ version, 1 };
    return state;
}

/* Items whose sku is the last value of the last group, so that everything is tried. */
static struct action make_action(struct arena *arena, int groups, int values, int items)
{
    struct action action;
    struct action_item *all = arena_alloc(arena, (size_t)items * sizeof(*all));
    shape_init(&action_shape, &action);
    for (int i = 0; i < items; i++) {
        all[i].sku = arena_printf(arena, "sku-%d-%d", groups - 1, values - 1);
        all[i].quantity = 1;
        all[i].amount = 1000 + i;
        action.amount += 1000 + i;
    }
    action.action_id = TEXT("A1");
    action.tracker_id = 70;
    action.currency = action.payout_currency = TEXT("USD");
    action.creation_date = INT64_C(1770000000000);
    action.items = (struct list){ all, (uint32_t)items };
    return action;
}

/* --- measuring --- */

static double now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

struct shape_of_work {
    int groups, values, items;
    int32_t operator;
};

struct cost {
    double prepare_us, decide_us;
};

static double decide_once(struct decision *decision, const struct contract_state *state,
                          const struct action *action, int times)
{
    const struct contract_version *version = state->versions.items;
    struct arena_mark mark = arena_mark(&decision->arena);
    double since = now_us();
    for (int i = 0; i < times; i++) {
        struct action rated = *action;
        struct rating rating;
        struct terms terms = terms_of_version(version, decision->zone, 70, decision_time(decision));
        items_copy(decision, &rated);
        ENSURE(rate_action(decision, &rated, &terms, &rating) == RATE_DONE && rated.payout > 0);
        arena_rewind(&decision->arena, mark);
    }
    return (now_us() - since) / times;
}

static struct cost measure(struct shape_of_work work)
{
    struct cost cost = { 1e9, 1e9 };
    struct arena arena, made;
    struct decision decision = { .zone = NULL };
    arena_init(&arena, 0);
    arena_init(&decision.arena, 0);
    decision.zone = zone_fixed(&arena, TEXT("UTC"));
    struct contract_state *state = make_contract(&arena, work.groups, work.values, work.operator);
    struct action action = make_action(&arena, work.groups, work.values, work.items);
    int times = 20000 / (work.groups * work.items + 20) + 1;
    arena_init(&made, 0);
    for (int round = 0; round < ROUNDS; round++) {
        arena_reset(&made);
        double since = now_us();
        contract_prepare(state, &made);
        double prepared = now_us() - since;
        double decided = decide_once(&decision, state, &action, times);
        cost.prepare_us = prepared < cost.prepare_us ? prepared : cost.prepare_us;
        cost.decide_us = decided < cost.decide_us ? decided : cost.decide_us;
    }
    arena_release(&made);
    arena_release(&decision.arena);
    arena_release(&arena);
    return cost;
}

/* --- the table --- */

static bool grows_too_fast(const char *what, double from, double to, double factor)
{
    if (to <= from * factor * growth_allowed) {
        return false;
    }
    printf("GROWS TOO FAST by %s: %.2f us to %.2f us, %.0f times as many\n", what, from, to, factor);
    return true;
}

static bool table(const char *name, int32_t operator, const int *values)
{
    static const int groups[] = { 1, 10, 50 }, items[] = { 1, 10, 200 };
    double cost[3][3][3];
    bool bad = false;
    printf("\n%s\n%8s %8s %8s %14s %14s %14s\n", name, "groups", "values", "items", "us/decision",
           "ns/item,group", "us to prepare");
    for (int g = 0; g < 3; g++) {
        for (int v = 0; v < 3; v++) {
            for (int i = 0; i < 3; i++) {
                struct cost c = measure(
                    (struct shape_of_work){ groups[g], values[v], items[i], operator });
                cost[g][v][i] = c.decide_us;
                printf("%8d %8d %8d %14.2f %14.1f %14.1f\n", groups[g], values[v], items[i],
                       c.decide_us, c.decide_us * 1000 / (groups[g] * items[i]), c.prepare_us);
            }
            bad |= grows_too_fast("items", cost[g][v][1], cost[g][v][2], 20);
        }
    }
    for (int v = 0; v < 3; v++) {
        bad |= grows_too_fast("groups", cost[1][v][2], cost[2][v][2], 5);
        bad |= grows_too_fast("values", cost[2][0][2], cost[2][v][2],
                              (double)values[v] / values[0]);
    }
    return bad;
}

int main(void)
{
    static const int values[] = { 1, 50, VALUES_MOST };
    _Static_assert(GROUPS_MOST == 50 && ITEMS_MOST == 200, "the table goes to the bounds");
    bool bad = table("ITEM_SKU IS, every group is tried, the last one matches", OPERATOR_IS, values);
    bad |= table("ITEM_SKU CONTAINS, the same", OPERATOR_CONTAINS, values);
    return bad ? 1 : 0;
}
