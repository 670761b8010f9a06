/* action.track: a sale becomes an action, commissionable after discounts, rated and dated once
 * (A24, A25, A48, A49). */
#include "base/money.h"
#include "workers/action/inside.h"

static bool refuse(struct decision *decision, const char *code, struct text pointer,
                   const char *detail)
{
    decision_rejected(decision, code, pointer.at, "%s", detail);
    return false;
}

/* Whatever the action refused it for, its order id has noted it already. */
void action_track_rejected(struct decision *decision, const void *message)
{
    const struct track *track = message;
    struct arena *arena = decision_arena(decision);
    if (!track->address.oid.at || text_starts(decision_entity(decision), TEXT("oid:"))) {
        return;
    }
    struct text tracker = arena_number(arena, track->address.tracker_id);
    struct forget forget = { track->address.oid, track->address.action_id,
                             track->address.tracker_id };
    decision_send(decision, entity_name_two(arena, "oid", tracker, track->address.oid),
                  "internal.oid.forget", &forget_shape, &forget);
}

#define REFUSE(code, pointer, detail) refuse(decision, code, TEXT(pointer), detail)

static bool check_skus(struct decision *decision, const struct track *track)
{
    const struct track_item *items = track->items.items;
    for (uint32_t i = 0; i < track->items.count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(items[i].sku, items[j].sku)) {
                return refuse(decision, "INVALID_FIELD",
                              arena_printf(decision_arena(decision), "/items/%u/sku", i),
                              "the sku appears twice");
            }
        }
    }
    return true;
}

static bool check_values(struct decision *decision, const struct track *track,
                         const struct event_type *event_type)
{
    if (currency_exponent(track->currency) < 0) {
        return REFUSE("INVALID_FIELD", "/currency", "is not a currency of ISO 4217");
    }
    if (track->event_date != FIELD_ABSENT && track->event_date > decision_time(decision)) {
        return REFUSE("INVALID_FIELD", "/eventDate", "lies in the future");
    }
    if (!check_skus(decision, track)) {
        return false;
    }
    if (track->customer_status.at && !status_known(event_type, track->customer_status)) {
        return REFUSE("INVALID_FIELD", "/customerStatus",
                      "is not one of the event type's customerStatuses");
    }
    return true;
}

/* Minor units of an amount that has its form; false after a refusal. */
static bool read_amount(struct decision *decision, const struct track *track,
                        struct decimal decimal, bool fault, struct text pointer, int64_t *out)
{
    int exponent = currency_exponent(track->currency);
    if (fault || decimal.scale < 0) {
        return refuse(decision, "INVALID_AMOUNT", pointer,
                      "expected an amount as a string like \"10.50\", or an integer");
    }
    return money_of_decimal(decimal, exponent, out) ||
           refuse(decision, "INVALID_AMOUNT", pointer,
                  "has more decimals than the currency, or more than 12 digits before the point");
}

/* Taxes and shipping are never commissionable, but must be amounts (A49). */
static bool check_uncommissioned(struct decision *decision, const struct track *track)
{
    int64_t unused;
    return (track->order_tax.scale < 0 || read_amount(decision, track, track->order_tax, false,
                                                      TEXT("/orderTax"), &unused)) &&
           (track->order_shipping.scale < 0 ||
            read_amount(decision, track, track->order_shipping, false, TEXT("/orderShipping"),
                        &unused));
}

/* Lines before the order's discount: amount less the line's own discount. */
static bool read_items(struct decision *decision, const struct track *track,
                       struct action_item *items, int64_t *gross, int64_t *net)
{
    struct arena *arena = decision_arena(decision);
    const struct track_item *given = track->items.items;
    *gross = *net = 0;
    for (uint32_t i = 0; i < track->items.count; i++) {
        int64_t amount, discount;
        if (!read_amount(decision, track, given[i].amount, given[i].faults != 0,
                         arena_printf(arena, "/items/%u/amount", i), &amount) ||
            !read_amount(decision, track, given[i].discount, false,
                         arena_printf(arena, "/items/%u/itemTotalDiscount", i), &discount)) {
            return false;
        }
        if (discount > amount) {
            return refuse(decision, "INVALID_AMOUNT",
                          arena_printf(arena, "/items/%u/itemTotalDiscount", i),
                          "the discount is larger than the amount");
        }
        items[i] = (struct action_item){ .sku = given[i].sku,
                                         .category = given[i].category,
                                         .quantity = given[i].quantity,
                                         .amount = amount - discount,
                                         .kept_quantity = FIELD_ABSENT,
                                         .kept_amount = FIELD_ABSENT };
        if (given[i].quantity == 0 && amount > 0) {
            return refuse(decision, "INVALID_AMOUNT",
                          arena_printf(arena, "/items/%u/amount", i),
                          "an amount on quantity 0");
        }
        *gross += amount; /* 200 amounts of at most 16 digits: far from overflow */
        *net += amount - discount;
    }
    return true;
}

static bool read_total(struct decision *decision, const struct track *track, bool with_items,
                       int64_t gross, int64_t *net)
{
    bool fault = message_fault(&track_shape, track, "amount");
    int64_t amount = 0, discount;
    if ((!with_items || fault || track->amount.scale >= 0) &&
        !read_amount(decision, track, track->amount, fault, TEXT("/amount"), &amount)) {
        return false;
    }
    if (with_items && track->amount.scale >= 0 && amount != gross) {
        return REFUSE("INVALID_AMOUNT", "/amount", "differs from the sum of the items' amounts");
    }
    if (!read_amount(decision, track, track->order_discount, false, TEXT("/orderDiscount"),
                     &discount)) {
        return false;
    }
    *net = with_items ? *net : amount;
    if (discount > *net) {
        return REFUSE("INVALID_AMOUNT", "/orderDiscount",
                      "the discount is larger than what it is taken from");
    }
    *net -= discount;
    return money_in_bounds(*net, currency_exponent(track->currency)) ||
           REFUSE("INVALID_AMOUNT", "/items", "the sum has more than 12 digits before the point");
}

/* A49: what commission is paid on, per line and in sum. */
static bool read_amounts(struct decision *decision, const struct track *track,
                         struct action *action)
{
    uint32_t count = track->items.count;
    struct action_item *items =
        count ? arena_alloc(decision_arena(decision), count * sizeof(*items)) : NULL;
    int64_t gross = 0, net = 0;
    if (!read_items(decision, track, items, &gross, &net) ||
        !read_total(decision, track, count > 0, gross, &net) ||
        !check_uncommissioned(decision, track)) {
        return false;
    }
    action->items = (struct list){ items, count };
    int64_t weights[200], shares[200], before = 0;
    for (uint32_t i = 0; i < count; i++) {
        weights[i] = items[i].amount;
        before += items[i].amount;
    }
    if (count) {
        money_spread(before - net, weights, count, shares);
    }
    for (uint32_t i = 0; i < count; i++) {
        items[i].amount -= shares[i];
        items[i].base_amount = items[i].amount;
        items[i].base_quantity = items[i].quantity;
    }
    action->amount = action->tracked_amount = net;
    return true;
}

/* A30, C23: an unknown parent is noted, unless the event type insists. */
static bool check_parent(struct decision *decision, const struct track *track,
                         const struct event_type *event_type, struct action *action)
{
    const struct action *parent = NULL;
    if (track->parent_id.at) {
        parent = decision_look(decision, entity_name(decision_arena(decision), "action",
                                                     track->parent_id));
        action->parent_id = track->parent_id;
        action->parent_missing = !parent;
    }
    if (parent && parent->children.count >= CHILDREN_MAX) {
        return REFUSE("TOO_MANY_CHILDREN", "/parentActionId",
                      "the parent has as many children as a reversal of it can reverse; track "
                      "without a parent");
    }
    bool wanted_tracker = event_type && event_type->parent_tracker_id != FIELD_ABSENT && parent &&
                          parent->tracker_id != event_type->parent_tracker_id;
    if (event_type && event_type->require_parent == 1 && (!parent || wanted_tracker)) {
        return REFUSE("ACTION_REF_NOT_FOUND", "/parentActionId",
                      "this event type requires a parent action that is tracked");
    }
    return true;
}

/* A46, A47: whose sale it is. */
static bool check_credit(struct decision *decision, const struct track *track,
                         struct action *action, bool *by_code)
{
    if (!credit_by_promo_code(decision, track, action->campaign_id, &action->partner_id, by_code)) {
        return REFUSE("RESTRICTED_PROMOCODE", "/promoCode",
                      "the promo code belongs to another partner");
    }
    const struct partner *partner = decision_look(
        decision, entity_name(decision_arena(decision), "partner", action->partner_id));
    return !partner || partner->state == PARTNER_ACTIVE ||
           REFUSE("PARTNER_NOT_ACTIVE", "/partnerId", "the partner is inactive");
}

static bool check_terms(struct decision *decision, const struct track *track,
                        const struct action *action, bool by_code, struct terms *terms)
{
    *terms = terms_find(decision, action->partner_id, action->campaign_id, action->tracker_id,
                        decision_time(decision));
    if (terms->contract && !by_code &&
        !credited_by_policy(terms->contract, track, action->partner_id)) {
        return REFUSE("NOT_CREDITED", "/partnerId",
                      "the contract credits another of the referrers");
    }
    if (!terms->contract) {
        return REFUSE("CONTRACT_NOT_FOUND", "/partnerId",
                      "no contract of this partner is active in the campaign");
    }
    if (!terms->payout) {
        return REFUSE("ACTIONTERMS_NOT_FOUND", "/actionTrackerId",
                      "no active contract of this partner names the event type");
    }
    if (!track->fx_rate.at && !text_equal(terms->contract->currency, track->currency)) {
        return REFUSE("FX_RATE_MISSING", "/fxRate",
                      "the contract pays in another currency; send fxRate, its units per unit of "
                      "the action's currency");
    }
    return true;
}

/* Set at tracking and never moved. */
static void set_dates(struct decision *decision, const struct track *track,
                      const struct terms *terms, struct action *action)
{
    const struct zone *zone = decision_zone(decision, terms->contract->time_zone);
    const struct schedule *locking = terms->payout->locking, *clearing = terms->payout->scheduling;
    action->creation_date = decision_time(decision);
    action->event_date =
        track->event_date != FIELD_ABSENT ? track->event_date : decision_time(decision);
    action->time_zone = terms->contract->time_zone;
    action->open_ended = locking->open_ended == 1;
    if (!action->open_ended && zone) {
        action->locking_date = schedule_date(zone, action->event_date, locking->period,
                                             locking->month_offset, locking->day_offset);
    }
    if (clearing) {
        action->clearing_period = clearing->period;
        action->clearing_months = clearing->month_offset;
        action->clearing_days = clearing->day_offset;
        if (!action->open_ended) {
            set_clearing(decision, action, action->locking_date);
        }
    }
}

static void set_identity(const struct track *track, const struct event_type *event_type,
                         struct action *action)
{
    action->action_id = track->address.action_id;
    action->tracker_id = track->address.tracker_id;
    action->oid = track->address.oid;
    action->campaign_id = event_type                           ? event_type->campaign_id
                          : track->campaign_id != FIELD_ABSENT ? track->campaign_id
                                                               : 0;
    action->state = ACTION_PENDING;
    action->currency = track->currency;
    action->customer_status = track->customer_status;
    action->customer_id = track->customer_id;
    action->customer_country = track->customer_country;
    action->click_id = track->click_id;
    action->promo_code = track->promo_code;
    action->modifications = action->update_id = 0;
}

/* A48: fixed from here on. */
static void set_currencies(const struct track *track, const struct terms *terms,
                           struct action *action)
{
    action->payout_currency = terms->contract->currency;
    if (!text_equal(action->currency, action->payout_currency)) {
        action->fx_rate = track->fx_rate;
    }
}

/* False: refused. */
static bool rate_new(struct decision *decision, const struct terms *terms, struct action *action)
{
    struct rating rating;
    switch (rate_action(decision, action, terms, &rating)) {
    case RATE_ASKED:
        return true;
    case RATE_TOO_LARGE:
        return REFUSE("INVALID_AMOUNT", "/amount",
                      "the payout would have more than 12 digits before the point");
    case RATE_DONE:
        break;
    }
    decision_terms(decision, terms->contract_id, terms->version, rating.rule);
    record_applied(decision, "action.tracked", NULL, action);
    rating_finish(decision, action, &rating);
    send_adoption(decision, action);
    decision_put(decision, action, due_of(action));
    decision_wake(decision);
    return true;
}

/* False: refused. */
static bool track_action(struct decision *decision, const struct track *track)
{
    const struct event_type *event_type = look_event_type(decision, track->address.tracker_id);
    struct action action;
    struct terms terms;
    bool by_code;
    shape_init(&action_shape, &action);
    if (!track->address.oid.at) {
        return REFUSE("OID_MISSING", "/oid", "expected the order id: 1..64 bytes");
    }
    if (decision_state(decision)) {
        return REFUSE("CONV_DUPLICATE", "/actionId", "an action of this id is tracked already");
    }
    set_identity(track, event_type, &action);
    if (!check_values(decision, track, event_type) || !read_amounts(decision, track, &action) ||
        !check_parent(decision, track, event_type, &action) ||
        !check_credit(decision, track, &action, &by_code) ||
        !check_terms(decision, track, &action, by_code, &terms)) {
        return false;
    }
    set_currencies(track, &terms, &action);
    set_dates(decision, track, &terms, &action);
    return rate_new(decision, &terms, &action);
}

void action_track(struct decision *decision, const void *message)
{
    if (!track_action(decision, message)) {
        shares_restore(decision);
    }
}
