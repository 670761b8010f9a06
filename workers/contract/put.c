/* contract.put: versions of a contract, each in force from its validFrom until the next one's. */
#include "workers/contract/inside.h"

static bool is_listed(const struct contract_state *state, const struct contract *contract)
{
    const struct contract_place *places = state->places.items;
    for (uint32_t i = 0; i < state->places.count; i++) {
        if (text_equal(places[i].partner_id, contract->partner_id) &&
            places[i].campaign_id == contract->campaign_id) {
            return true;
        }
    }
    return false;
}

/* Would the partner have to forget a contract, or never find this one? */
static bool partner_is_full(struct decision *decision, const struct contract *contract)
{
    struct arena *arena = decision_arena(decision);
    struct text partner = entity_name(arena, "partner", contract->partner_id);
    struct text campaign = arena_number(arena, contract->campaign_id);
    const struct contract_listing *listing =
        decision_look_part(decision, arena_join(arena, partner, TEXT("/campaign:"), campaign));
    return listing && listing->contract_ids.count >= CONTRACTS_PER_PLACE_MAX;
}

/* The partner keeps the ids of its contracts by campaign, so that an action finds them. */
static void list_at_partner(struct decision *decision, struct contract_state *state,
                            const struct contract *contract)
{
    struct arena *arena = decision_arena(decision);
    struct contract_place *places = arena_alloc(arena, (state->places.count + 1) * sizeof(*places));
    if (state->places.count) {
        memcpy(places, state->places.items, state->places.count * sizeof(*places));
    }
    places[state->places.count] =
        (struct contract_place){ contract->partner_id, contract->campaign_id };
    state->places = (struct list){ places, state->places.count + 1 };
    struct contract_listed listed = { contract->partner_id, contract->campaign_id,
                                      contract->contract_id };
    decision_send(decision, entity_name(arena, "partner", contract->partner_id),
                  "internal.contract.listed", &contract_listed_shape, &listed);
}

/* Versions that begin before the new one, and room for it. */
static struct contract_version *earlier_versions(struct decision *decision,
                                                 const struct contract_state *state, int64_t from,
                                                 uint32_t *count)
{
    struct contract_version *versions =
        arena_alloc(decision_arena(decision), (state->versions.count + 1) * sizeof(*versions));
    const struct contract_version *all = state->versions.items;
    *count = 0;
    while (*count < state->versions.count && all[*count].valid_from < from) {
        versions[*count] = all[*count];
        (*count)++;
    }
    return versions;
}

/* UPCOMING before startDate, EXPIRED from endDate on; else what was put. */
static int32_t shown_status(const struct contract *contract, int64_t t)
{
    enum { UPCOMING = CONTRACT_DECLINED + 1, EXPIRED };
    if (contract->status != CONTRACT_ACTIVE) {
        return contract->status;
    }
    if (t < contract->start) {
        return UPCOMING;
    }
    return contract->end != FIELD_ABSENT && t >= contract->end ? EXPIRED : CONTRACT_ACTIVE;
}

static void announce(struct decision *decision, const struct contract *contract, int64_t number,
                     int64_t valid_from)
{
    struct contract_stored stored = { .contract = *contract,
                                      .contract_version = number,
                                      .shown_status =
                                          shown_status(contract, decision_time(decision)) };
    stored.contract.valid_from = valid_from;
    decision_applied(decision, "contract.stored", &contract_stored_shape, &stored);
}

void contract_put(struct decision *decision, const void *message)
{
    const struct contract_state *before = decision_state(decision);
    struct contract_state state;
    struct contract_fault fault;
    if (!contract_check(decision, message, &fault)) {
        decision_rejected(decision, "INVALID_FIELD", fault.pointer, "%s", fault.detail);
        return;
    }
    struct contract exact = contract_exact(decision_arena(decision), message);
    const struct contract *contract = &exact;
    shape_init(&contract_state_shape, &state);
    state.last_number = 0;
    if (before) {
        state = *before;
        const struct contract_version *last =
            (const struct contract_version *)state.versions.items + state.versions.count - 1;
        if (shape_equal(&contract_shape, contract, last->contract)) {
            decision_unchanged(decision);
            return;
        }
    }
    int64_t now = decision_time(decision);
    int64_t valid_from = contract->valid_from == FIELD_ABSENT || contract->valid_from < now
                             ? now
                             : contract->valid_from;
    uint32_t count;
    struct contract_version *versions = earlier_versions(decision, &state, valid_from, &count);
    if (count == CONTRACT_VERSIONS_MAX) {
        decision_rejected(decision, "INVALID_FIELD", "/contractId",
                          "the contract has %d versions, the most that are kept; put a new contract",
                          CONTRACT_VERSIONS_MAX);
        return;
    }
    if (!is_listed(&state, contract) && partner_is_full(decision, contract)) {
        decision_rejected(decision, "TOO_MANY_CONTRACTS", "/partnerId",
                          "the partner has %d contracts in this campaign, the most that are looked "
                          "at; put a new version of one",
                          CONTRACTS_PER_PLACE_MAX);
        return;
    }
    versions[count] = (struct contract_version){ ++state.last_number, valid_from, &exact };
    state.versions = (struct list){ versions, count + 1 };
    announce(decision, contract, state.last_number, valid_from);
    if (!is_listed(&state, contract)) {
        list_at_partner(decision, &state, contract);
    }
    decision_put(decision, &state, 0);
}
