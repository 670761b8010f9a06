/* partner.put, and the list of a partner's contracts by campaign. */
#include "workers/contract/inside.h"

void partner_put(struct decision *decision, const void *message)
{
    const struct partner *partner = message, *before = decision_state(decision);
    if (before && shape_equal(&partner_shape, partner, before)) {
        decision_unchanged(decision);
        return;
    }
    decision_put(decision, partner, 0);
    decision_applied(decision, "partner.stored", &partner_shape, partner);
}

void contract_list(struct decision *decision, const void *message)
{
    const struct contract_listed *listed = message;
    struct arena *arena = decision_arena(decision);
    struct text part = arena_printf(arena, "campaign:%lld", (long long)listed->campaign_id);
    const struct contract_listing *before = decision_part(decision, part);
    struct contract_listing listing;
    uint32_t count = before ? before->contract_ids.count : 0;
    if (count == CONTRACTS_PER_PLACE_MAX) {
        decision_rejected(decision, "TOO_MANY_CONTRACTS", "",
                          "a partner has %d contracts in this campaign, the most that are looked at",
                          CONTRACTS_PER_PLACE_MAX);
        return;
    }
    struct text *ids = arena_alloc(arena, (count + 1) * sizeof(*ids));
    if (count) {
        memcpy(ids, before->contract_ids.items, count * sizeof(*ids));
    }
    ids[count] = listed->contract_id;
    shape_init(&contract_listing_shape, &listing);
    listing.contract_ids = (struct list){ ids, count + 1 };
    decision_put_part(decision, part, &listing, 0);
    decision_applied(decision, "internal.contract.listed", NULL, NULL);
}
