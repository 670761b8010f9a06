/*
 * promo_code.put: whose sale it is when a customer types a code (A46, A47).
 *
 * A campaign may have any number of literal codes: each lies in a part named by what it reads, so that
 * an action finds it. Patterns lie together in the campaign's own state. A part per promoCodeId says
 * where the code lies.
 */
#include <stddef.h>

#include "workers/contract/inside.h"

enum { TRACKER_MAX = 2147483647, SAME_CODE_MAX = 200 };

static const char *const types[] = { "LI", "RE", NULL };
static const char *const states[] = { "ACTIVE", "INACTIVE", NULL };
static const char *const policies[] = { "INVOLVED", "ALWAYS", "WINNER", NULL };

#define AT(member) offsetof(struct promo_code, member)
static const struct field fields[] = {
    { "campaignId", FIELD_INT, AT(campaign_id), .required = true, .min = 1, .max = TRACKER_MAX },
    { "promoCodeId", FIELD_ID, AT(promo_code_id), .required = true },
    { "code", FIELD_TEXT, AT(code), .required = true, .max = 64 },
    { "type", FIELD_ENUM, AT(type), .names = types, .standard = "\"LI\"" },
    { "partnerId", FIELD_ID, AT(partner_id), .required = true },
    { "state", FIELD_ENUM, AT(state), .names = states, .standard = "\"ACTIVE\"" },
    { "startDate", FIELD_TIME, AT(start) },
    { "endDate", FIELD_TIME, AT(end) },
    { "creditPolicy", FIELD_ENUM, AT(credit), .names = policies, .standard = "\"INVOLVED\"" },
};
const struct shape promo_code_shape = { "promo_code.put", fields, sizeof(fields) / sizeof(*fields),
                                        sizeof(struct promo_code), SHAPE_NO_FAULTS };

static const struct field codes_fields[] = {
    { "codes", FIELD_LIST, offsetof(struct promo_codes, codes), .shape = &promo_code_shape },
};
const struct shape promo_codes_shape = { "codes", codes_fields, 1, sizeof(struct promo_codes),
                                         SHAPE_NO_FAULTS };

/* Where a promoCodeId lies. */
struct promo_place {
    int32_t type;
    struct text code;
};
static const struct field place_fields[] = {
    { "type", FIELD_ENUM, offsetof(struct promo_place, type), .names = types },
    { "code", FIELD_TEXT, offsetof(struct promo_place, code) },
};
const struct shape promo_place_shape = { "codes.id", place_fields, 2, sizeof(struct promo_place),
                                         SHAPE_NO_FAULTS };

static bool check(struct decision *decision, const struct promo_code *code)
{
    const char *why;
    int groups = 0;
    if (code->start != FIELD_ABSENT && code->end != FIELD_ABSENT && code->end <= code->start) {
        decision_rejected(decision, "INVALID_FIELD", "/endDate", "ends before it starts");
        return false;
    }
    bool bad = code->type == PROMO_PATTERN &&
               !pattern_compile(decision_arena(decision), code->code, false, &groups, &why);
    if (bad || groups > 1) {
        decision_rejected(decision, "INVALID_FIELD", "/code",
                          "is not a regular expression that this takes: %s",
                          bad ? why : "more than one capture group");
        return false;
    }
    return true;
}

static struct text literal_part(struct decision *decision, struct text code)
{
    struct arena *arena = decision_arena(decision);
    return entity_name(arena, "li", words_fold(arena, code));
}

/* The codes that lie where this one does. */
static const struct promo_codes *codes_at(struct decision *decision,
                                          const struct promo_place *place)
{
    return place->type == PROMO_PATTERN ? decision_state(decision)
                                        : decision_part(decision, literal_part(decision, place->code));
}

static void put_codes(struct decision *decision, const struct promo_place *place,
                      const struct promo_codes *codes)
{
    if (place->type == PROMO_PATTERN) {
        decision_put(decision, codes, 0);
    } else if (codes->codes.count == 0) {
        decision_remove_part(decision, literal_part(decision, place->code));
    } else {
        decision_put_part(decision, literal_part(decision, place->code), codes, 0);
    }
}

static const struct promo_code *find(const struct promo_codes *codes, struct text promo_code_id)
{
    const struct promo_code *all = codes ? codes->codes.items : NULL;
    for (uint32_t i = 0; codes && i < codes->codes.count; i++) {
        if (text_equal(all[i].promo_code_id, promo_code_id)) {
            return &all[i];
        }
    }
    return NULL;
}

/* The codes without one, or with it as given: in the order of their ids. */
static struct promo_codes replaced(struct decision *decision, const struct promo_codes *before,
                                   struct text promo_code_id, const struct promo_code *with)
{
    const struct promo_code *all = before ? before->codes.items : NULL;
    uint32_t count = before ? before->codes.count : 0, kept = 0;
    struct promo_code *out = arena_alloc(decision_arena(decision), (count + 1) * sizeof(*out));
    for (uint32_t i = 0; i < count; i++) {
        if (with && text_compare(promo_code_id, all[i].promo_code_id) < 0) {
            out[kept++] = *with;
            with = NULL;
        }
        if (!text_equal(all[i].promo_code_id, promo_code_id)) {
            out[kept++] = all[i];
        }
    }
    if (with) {
        out[kept++] = *with;
    }
    return (struct promo_codes){ { out, kept } };
}

static bool same_place(const struct promo_place *a, const struct promo_place *b)
{
    return a->type == b->type &&
           (a->type == PROMO_PATTERN || text_equal_nocase(a->code, b->code));
}

void promo_code_put(struct decision *decision, const void *message)
{
    const struct promo_code *code = message;
    struct text id_part = entity_name(decision_arena(decision), "id", code->promo_code_id);
    const struct promo_place *old = decision_part(decision, id_part);
    struct promo_place place = { code->type, code->code };
    const struct promo_codes *there = codes_at(decision, &place);
    const struct promo_codes *before = old ? codes_at(decision, old) : NULL;
    const struct promo_code *stored = find(before, code->promo_code_id);
    if (!check(decision, code)) {
        return;
    }
    if (stored && shape_equal(&promo_code_shape, code, stored)) {
        decision_unchanged(decision);
        return;
    }
    bool stays = old && same_place(old, &place);
    int most = code->type == PROMO_PATTERN ? PROMO_PATTERNS_MAX : SAME_CODE_MAX;
    if (!stays && there && there->codes.count >= (uint32_t)most) {
        decision_rejected(decision, "INVALID_FIELD", "/code",
                          "the campaign has %d of these already, the most that are looked at", most);
        return;
    }
    if (old && !stays) {
        struct promo_codes left = replaced(decision, before, code->promo_code_id, NULL);
        put_codes(decision, old, &left);
    }
    struct promo_codes codes = replaced(decision, there, code->promo_code_id, code);
    put_codes(decision, &place, &codes);
    decision_put_part(decision, id_part, &place, 0);
    decision_applied(decision, "promo_code.stored", &promo_code_shape, code);
}
