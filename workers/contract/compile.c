/*
 * What is computed once per stored state and not per message: sets of a rule's values, groups in the
 * order in which they are tried, patterns. The engine keeps it beside the decoded state.
 */
#include "workers/contract/inside.h"

static void prepare_rules(struct list rules, struct arena *arena)
{
    struct contract_rule *all = rules.items;
    for (uint32_t i = 0; i < rules.count; i++) {
        all[i].words = words_new(arena, all[i].values.items, all[i].values.count);
    }
}

/* Ascending rank, then array order (A37). At most 50. */
static void prepare_groups(struct event_payout *payout, struct arena *arena)
{
    struct payout_group *groups = payout->groups.items;
    uint32_t count = payout->groups.count;
    const struct payout_group **by_rank = arena_alloc(arena, (count + 1) * sizeof(*by_rank));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = i;
        for (; at > 0 && by_rank[at - 1]->rank > groups[i].rank; at--) {
            by_rank[at] = by_rank[at - 1];
        }
        by_rank[at] = &groups[i];
        prepare_rules(groups[i].rules, arena);
    }
    payout->by_rank = by_rank;
}

static void prepare_payout(struct event_payout *payout, struct arena *arena)
{
    struct payout_restriction *restrictions = payout->restrictions.items;
    struct payout_adjustment *adjustments = payout->adjustments.items;
    prepare_groups(payout, arena);
    for (uint32_t i = 0; i < payout->restrictions.count; i++) {
        prepare_rules(restrictions[i].rules, arena);
    }
    for (uint32_t i = 0; i < payout->adjustments.count; i++) {
        prepare_rules(adjustments[i].rules, arena);
    }
}

void contract_prepare(void *state, struct arena *arena)
{
    struct contract_state *contract = state;
    struct contract_version *versions = contract->versions.items;
    for (uint32_t v = 0; v < contract->versions.count; v++) {
        struct term *terms = versions[v].contract->terms.items;
        for (uint32_t t = 0; t < versions[v].contract->terms.count; t++) {
            struct event_payout *payouts = terms[t].event_payouts.items;
            for (uint32_t p = 0; p < terms[t].event_payouts.count; p++) {
                prepare_payout(&payouts[p], arena);
            }
        }
    }
}

void promo_codes_prepare(void *state, struct arena *arena)
{
    struct promo_codes *codes = state;
    struct promo_code *all = codes->codes.items;
    for (uint32_t i = 0; i < codes->codes.count; i++) {
        const char *why;
        all[i].pattern = pattern_compile(arena, all[i].code, false, NULL, &why);
    }
}

void exception_list_prepare(void *state, struct arena *arena)
{
    struct exception_list *list = state;
    const struct exception_item *items = list->items.items;
    struct text *plain = arena_alloc(arena, list->items.count * sizeof(*plain));
    uint32_t plain_count = 0;
    list->patterns = arena_alloc(arena, list->items.count * sizeof(*list->patterns));
    for (uint32_t i = 0; i < list->items.count; i++) {
        const char *why;
        if (items[i].regex == 1) {
            list->patterns[list->pattern_count++] =
                pattern_compile(arena, items[i].value, true, NULL, &why);
        } else {
            plain[plain_count++] = items[i].value;
        }
    }
    list->words = words_new(arena, plain, plain_count);
}
