/* Promo codes: what they take off, for which tickets, and how many tickets hold one (O36, C62). The
 * code alone counts its uses, so that no race of orders takes it over its limit. */
#include <stddef.h>

#include "workers/order/inside.h"

struct uses_changed {
    struct text code;
    int64_t uses, max_uses, delta;
    struct text order_id;
};

#define AT(member) offsetof(struct uses_changed, member)
static const struct field uses_fields[] = {
    { "code", FIELD_TEXT, AT(code) },       { "uses", FIELD_INT, AT(uses) },
    { "maxUses", FIELD_INT, AT(max_uses) }, { "delta", FIELD_INT, AT(delta) },
    { "orderId", FIELD_ID, AT(order_id) },
};
static const struct shape uses_shape = { "promo.uses.changed", uses_fields,
                                         sizeof(uses_fields) / sizeof(*uses_fields),
                                         sizeof(struct uses_changed), SHAPE_NO_FAULTS };

struct text promo_code_upper(struct arena *arena, struct text code)
{
    char *upper = arena_bytes(arena, code.size);
    for (uint32_t i = 0; i < code.size; i++) {
        char c = code.at[i];
        upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return (struct text){ upper, code.size };
}

/* --- promo.put --- */

static bool invalid(struct decision *decision, const char *pointer, const char *detail)
{
    decision_rejected(decision, "INVALID_FIELD", pointer, "%s", detail);
    return false;
}

/* Percent without needless decimals. */
static void shorten(struct decimal *percent)
{
    while (percent->scale > 0 && percent->digits % 10 == 0) {
        percent->digits /= 10;
        percent->scale--;
    }
}

/* Also writes the value as it leaves: a percentage shortest, money with its currency's decimals. */
static bool check_value(struct decision *decision, struct promo *promo)
{
    int64_t number;
    if (promo->type == PROMO_ACCESS) {
        return promo->value.scale < 0 ||
               invalid(decision, "/value",
                       "an ACCESS code opens hidden tickets and takes nothing off");
    }
    if (promo->value.scale < 0) {
        return invalid(decision, "/value", "PERCENT and FIXED need a value");
    }
    if (promo->type == PROMO_PERCENT) {
        shorten(&promo->value);
        return (money_of_decimal(promo->value, 4, &number) &&
                number <= 100 * (int64_t)RATE_ONE_PERCENT) ||
               invalid(decision, "/value", "expected a percentage of at most 100");
    }
    if (!promo->currency.at) {
        return invalid(decision, "/currency", "FIXED needs the currency of its value");
    }
    if (!money_of_decimal(promo->value, currency_exponent(promo->currency), &number)) {
        decision_rejected(decision, "INVALID_AMOUNT", "/value",
                          "has more decimals than the currency");
        return false;
    }
    promo->value = (struct decimal){ number, currency_exponent(promo->currency) };
    return true;
}

static bool check_put(struct decision *decision, struct promo *promo)
{
    if (promo->currency.at && currency_exponent(promo->currency) < 0) {
        return invalid(decision, "/currency", "is not a currency of ISO 4217");
    }
    if (promo->start != FIELD_ABSENT && promo->end != FIELD_ABSENT && promo->end <= promo->start) {
        return invalid(decision, "/endDate", "is not after startDate");
    }
    return check_value(decision, promo);
}

void promo_put(struct decision *decision, const void *message)
{
    const struct promo *before = decision_state(decision);
    struct promo after = *(const struct promo *)message;
    if (!check_put(decision, &after)) {
        return;
    }
    after.code = promo_code_upper(decision_arena(decision), after.code);
    after.uses = before ? before->uses : 0;
    decision_put(decision, &after, 0);
    decision_applied(decision, "promo.stored", &promo_shape, &after);
}

/* --- an order asks --- */

static bool names_type(const struct promo *promo, struct text type_id)
{
    const struct text *ids = promo->ticket_type_ids.items;
    for (uint32_t i = 0; i < promo->ticket_type_ids.count; i++) {
        if (text_equal(ids[i], type_id)) {
            return true;
        }
    }
    return false;
}

/* NULL: it applies. */
static const char *why_not(const struct promo *promo, const struct promo_ask *ask, int64_t t)
{
    if (!promo) {
        return "there is no such promo code";
    }
    if (promo->paused == 1) {
        return "the promo code is paused";
    }
    if (promo->event_id.at && !text_equal(promo->event_id, ask->event_id)) {
        return "the promo code is for another event";
    }
    if (promo->currency.at && !text_equal(promo->currency, ask->currency)) {
        return "the promo code is in another currency";
    }
    if ((promo->start != FIELD_ABSENT && t < promo->start) ||
        (promo->end != FIELD_ABSENT && t >= promo->end)) {
        return "the promo code is not valid at this time";
    }
    const struct asked_type *types = ask->types.items;
    for (uint32_t i = 0; i < ask->types.count; i++) {
        bool opened = promo->type == PROMO_ACCESS && names_type(promo, types[i].type_id);
        if (types[i].hidden == 1 && !opened) {
            return "a hidden ticket type needs an access code that names it";
        }
    }
    return NULL;
}

/* Tickets of the order that the code is for; their types into *eligible. */
static int64_t count_eligible(struct decision *decision, const struct promo *promo,
                              const struct promo_ask *ask, struct list *eligible)
{
    int64_t count = 0;
    const struct asked_type *types = ask->types.items;
    struct text *ids = arena_alloc(decision_arena(decision), ask->types.count * sizeof(*ids));
    *eligible = (struct list){ ids, 0 };
    for (uint32_t i = 0; i < ask->types.count; i++) {
        if (names_type(promo, types[i].type_id)) {
            ids[eligible->count++] = types[i].type_id;
            count += types[i].count;
        }
    }
    return count;
}

static void answer(struct decision *decision, const struct promo_ask *ask,
                   const struct promo_answer *said)
{
    decision_send(decision, entity_name(decision_arena(decision), "order", ask->order_id),
                  "internal.promo.answered", &promo_answer_shape, said);
}

static void refuse(struct decision *decision, const struct promo_ask *ask, const char *code,
                   const char *detail)
{
    struct promo_answer said = { .order_id = ask->order_id,
                                 .code = text_of(code),
                                 .detail = text_of(detail),
                                 .value = DECIMAL_ABSENT };
    decision_rejected(decision, code, "", "%s", detail);
    answer(decision, ask, &said);
}

static void say_uses(struct decision *decision, const struct promo *promo, int64_t delta,
                     struct text order_id)
{
    struct uses_changed changed = { promo->code, promo->uses, promo->max_uses, delta, order_id };
    decision_outcome(decision, "promo.uses.changed", &uses_shape, &changed);
}

void promo_use(struct decision *decision, const void *message)
{
    const struct promo_ask *ask = message;
    const struct promo *before = decision_state(decision);
    const char *why = why_not(before, ask, decision_time(decision));
    struct list eligible;
    int64_t uses = why ? 0 : count_eligible(decision, before, ask, &eligible);
    if (why || uses == 0) {
        refuse(decision, ask, "PROMO_NOT_APPLICABLE",
               why ? why : "the promo code is for none of the tickets");
        return;
    }
    if (before->max_uses != FIELD_ABSENT && before->uses + uses > before->max_uses) {
        refuse(decision, ask, "PROMO_EXHAUSTED", "so many tickets would exceed the code's maxUses");
        return;
    }
    struct promo after = *before;
    after.uses += uses;
    decision_put(decision, &after, 0);
    decision_applied(decision, "internal.promo.use", NULL, NULL);
    say_uses(decision, &after, uses, ask->order_id);
    struct promo_answer said = {
        .order_id = ask->order_id, .type = after.type, .value = after.value, .eligible = eligible
    };
    answer(decision, ask, &said);
}

/* --- uses come back --- */

void promo_give_back(struct decision *decision, const void *message)
{
    const struct promo_release *release = message;
    const struct promo *before = decision_state(decision);
    ENSURE(before && before->uses >= release->count); /* it gave them, once */
    if (before->release_on_cancel != 1 && release->undo != 1) {
        decision_unchanged(decision);
        return;
    }
    struct promo after = *before;
    after.uses -= release->count;
    decision_put(decision, &after, 0);
    decision_applied(decision, "internal.promo.release", NULL, NULL);
    say_uses(decision, &after, -release->count, release->order_id);
}

void promo_send_release(struct decision *decision, struct text code, struct text order_id,
                        int64_t count, bool undo)
{
    struct promo_release release = { code, order_id, count, undo };
    decision_send(decision, entity_name(decision_arena(decision), "promo", code),
                  "internal.promo.release", &promo_release_shape, &release);
}
