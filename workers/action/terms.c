/*
 * Which contract pays for an event type at a time (A35, C06, C07): of all terms that hold, by kind
 * SCHEDULED > CAMPAIGN > TEMPLATE, then the latest start, then the greatest contract id.
 */
#include "workers/action/inside.h"

/* The k-th later occurrence of a local date. */
static int64_t occurrence(const struct zone *zone, int64_t first, int32_t repeat, int32_t k)
{
    struct civil local = civil_of_ms(first + zone_offset_ms(zone, first));
    if (repeat == REPEAT_WEEKLY) {
        return zone_to_utc(zone, ms_of_civil(local) + k * 7 * DAY_MS);
    }
    int32_t months = repeat == REPEAT_YEARLY ? 12 : 1;
    return zone_to_utc(zone, ms_of_civil(civil_add_months(local, k * months)));
}

/* The last occurrence that starts by t. */
static int32_t last_started(const struct zone *zone, const struct term *term, int64_t t)
{
    struct civil from = civil_of_ms(term->start), to = civil_of_ms(t);
    int32_t months = (to.year - from.year) * 12 + to.month - from.month;
    int32_t k = term->repeat == REPEAT_WEEKLY ? (int32_t)((t - term->start) / (7 * DAY_MS))
                : term->repeat == REPEAT_YEARLY ? months / 12
                                                : months;
    for (k += 2; k > 0 && occurrence(zone, term->start, term->repeat, k) > t; k--) {
    }
    return k;
}

static bool term_holds(const struct zone *zone, const struct term *term, int64_t t)
{
    if (term->start != FIELD_ABSENT && t < term->start) {
        return false;
    }
    if (term->repeat == REPEAT_NONE || term->start == FIELD_ABSENT) {
        return term->end == FIELD_ABSENT || t < term->end;
    }
    int32_t k = last_started(zone, term, t);
    return t < occurrence(zone, term->end, term->repeat, k);
}

static const struct event_payout *payout_for(const struct term *term, int64_t tracker_id)
{
    const struct event_payout *payouts = term->event_payouts.items;
    for (uint32_t i = 0; i < term->event_payouts.count; i++) {
        if (payouts[i].tracker_id == tracker_id) {
            return &payouts[i];
        }
    }
    return NULL;
}

/* The best so far, and what it is compared by. */
struct search {
    struct terms *out;
    bool found;
    int32_t kind;
    int64_t start;
};

static bool is_better(const struct search *search, int32_t kind, int64_t start,
                      struct text contract_id)
{
    if (!search->found || kind != search->kind) {
        return !search->found || kind < search->kind; /* the enum is in order of precedence */
    }
    if (start != search->start) {
        return start > search->start;
    }
    return text_compare(contract_id, search->out->contract_id) > 0;
}

static void search_contract(struct search *search, const struct contract_version *version,
                            const struct zone *zone, int64_t tracker_id, int64_t t)
{
    const struct contract *contract = version->contract;
    const struct term *terms = contract->terms.items;
    for (uint32_t i = 0; i < contract->terms.count; i++) {
        const struct event_payout *payout = payout_for(&terms[i], tracker_id);
        int64_t start = terms[i].start != FIELD_ABSENT ? terms[i].start : contract->start;
        if (payout && term_holds(zone, &terms[i], t) &&
            is_better(search, terms[i].kind, start, contract->contract_id)) {
            search->found = true;
            search->kind = terms[i].kind;
            search->start = start;
            *search->out = (struct terms){ contract->contract_id, version->number, contract, &terms[i],
                                            payout };
        }
    }
}

static bool is_active(const struct contract *contract, int64_t t)
{
    return contract->status == CONTRACT_ACTIVE && contract->start <= t &&
           (contract->end == FIELD_ABSENT || t < contract->end);
}

/* The contract that started last, for what a contract says whatever the event type. */
static void note_contract(struct search *search, const struct contract_version *version)
{
    const struct contract *contract = version->contract, *before = search->out->contract;
    if (search->found || (before && (contract->start < before->start ||
                                     (contract->start == before->start &&
                                      text_compare(contract->contract_id, before->contract_id) <
                                          0)))) {
        return;
    }
    *search->out = (struct terms){ contract->contract_id, version->number, contract, NULL, NULL };
}

struct terms terms_find(struct decision *decision, struct text partner_id, int64_t campaign_id,
                        int64_t tracker_id, int64_t t)
{
    struct arena *arena = decision_arena(decision);
    struct text partner = entity_name(arena, "partner", partner_id);
    struct text key =
        arena_join(arena, partner, TEXT("/campaign:"), arena_number(arena, campaign_id));
    const struct contract_listing *listing = decision_look_part(decision, key);
    const struct text *ids = listing ? listing->contract_ids.items : NULL;
    struct terms terms = { .contract = NULL };
    struct search search = { .out = &terms };
    for (uint32_t i = 0; listing && i < listing->contract_ids.count; i++) {
        const struct contract_state *state =
            decision_look(decision, entity_name(arena, "contract", ids[i]));
        const struct contract_version *version = state ? contract_version_at(state, t) : NULL;
        if (version && text_equal(version->contract->partner_id, partner_id) &&
            version->contract->campaign_id == campaign_id && is_active(version->contract, t)) {
            const struct zone *zone = decision_zone(decision, version->contract->time_zone);
            note_contract(&search, version);
            if (zone) {
                search_contract(&search, version, zone, tracker_id, t);
            }
        }
    }
    return terms;
}

struct terms terms_of_version(const struct contract_version *version, const struct zone *zone,
                              int64_t tracker_id, int64_t t)
{
    struct terms terms = { .contract = NULL };
    struct search search = { .out = &terms };
    search_contract(&search, version, zone, tracker_id, t);
    return terms;
}

bool terms_of_action(struct decision *decision, const struct action *action, struct terms *terms)
{
    *terms = terms_find(decision, action->partner_id, action->campaign_id, action->tracker_id,
                        decision_time(decision));
    if (!terms->payout) {
        decision_rejected(decision,
                          terms->contract ? "ACTIONTERMS_NOT_FOUND" : "CONTRACT_NOT_FOUND", "",
                          terms->contract
                              ? "no active contract of partner %.*s in campaign %lld names the "
                                "event type now"
                              : "no contract of partner %.*s in campaign %lld is active",
                          TEXT_ARGS(action->partner_id), (long long)action->campaign_id);
        return false;
    }
    if (!text_equal(terms->contract->currency, action->payout_currency)) {
        decision_rejected(decision, "CURRENCY_MISMATCH", "",
                          "contract %.*s pays in another currency than the one at tracking",
                          TEXT_ARGS(terms->contract_id));
        return false;
    }
    return true;
}
