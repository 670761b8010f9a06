/* Whose sale it is: by promo code, or by the contract's credit policy (A46, A47). */
#include "workers/action/inside.h"

static bool is_in_force(const struct promo_code *code, int64_t t)
{
    return code->state == PROMO_ACTIVE && (code->start == FIELD_ABSENT || code->start <= t) &&
           (code->end == FIELD_ABSENT || t < code->end);
}

static bool reads(const struct promo_code *code, struct text given)
{
    return code->type == PROMO_LITERAL ||
           (code->pattern && pattern_matches(code->pattern, given));
}

/* Of codes that read so: the partner's own before another's, then by promoCodeId. */
static const struct promo_code *first_of(const struct promo_codes *codes, struct text given,
                                         struct text partner_id, int64_t t,
                                         const struct promo_code *found)
{
    const struct promo_code *all = codes ? codes->codes.items : NULL;
    for (uint32_t i = 0; codes && i < codes->codes.count; i++) {
        if (is_in_force(&all[i], t) && reads(&all[i], given) &&
            (!found || (text_equal(all[i].partner_id, partner_id) &&
                        !text_equal(found->partner_id, partner_id)))) {
            found = &all[i];
        }
    }
    return found;
}

/* The code that a sale came with; NULL: none, or one without effect. */
static const struct promo_code *promo_code_of(struct decision *decision, const struct track *track,
                                              int64_t campaign_id)
{
    struct arena *arena = decision_arena(decision);
    struct text given = track->promo_code;
    if (!given.at) {
        return NULL;
    }
    struct text codes = arena_printf(arena, "codes:%lld", (long long)campaign_id);
    struct text part = entity_name(arena, "li", words_fold(arena, given));
    struct text literal = arena_printf(arena, "%.*s/%.*s", TEXT_ARGS(codes), TEXT_ARGS(part));
    int64_t t = decision_time(decision);
    const struct promo_code *found = first_of(decision_look_part(decision, literal), given,
                                              track->partner_id, t, NULL);
    return first_of(decision_look(decision, codes), given, track->partner_id, t, found);
}

static bool is_referrer(const struct track *track, struct text partner_id)
{
    const struct text *referrers = track->referrers.items;
    for (uint32_t i = 0; i < track->referrers.count; i++) {
        if (text_equal(referrers[i], partner_id)) {
            return true;
        }
    }
    return false;
}

bool credit_by_promo_code(struct decision *decision, const struct track *track,
                          int64_t campaign_id, struct text *partner_id, bool *by_code)
{
    const struct promo_code *code = promo_code_of(decision, track, campaign_id);
    *partner_id = track->partner_id;
    *by_code = code && (code->credit == PROMO_ALWAYS ||
                        (code->credit == PROMO_INVOLVED && is_referrer(track, code->partner_id)));
    if (*by_code) {
        *partner_id = code->partner_id;
    }
    return !code || *by_code || text_equal(code->partner_id, track->partner_id);
}

bool credited_by_policy(const struct contract *contract, const struct track *track,
                        struct text partner_id)
{
    const struct text *referrers = track->referrers.items;
    uint32_t count = track->referrers.count;
    if (!contract->credit_policy || count == 0) {
        return true;
    }
    bool last = contract->credit_policy == CREDIT_LAST_REFERRER;
    return text_equal(referrers[last ? count - 1 : 0], partner_id);
}
