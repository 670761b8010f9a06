/* The field tables of the action family's states: a table only ever gains fields at its end
 * (wire/field.h). */
#include "workers/action/inside.h"
#include "workers/action/tables.h"

static const char *const states[] = { "PENDING", "APPROVED", "REVERSED", NULL };
static const char *const details[] = { "OPEN",            "OVERLIMIT_BUDGET", "OVERLIMIT_ACTIONCAP",
                                       "RETURN_REQUESTED", "PAYMENT_PENDING",  "PAID",
                                       "OVERDUE",          "DEFAULTED",        NULL };
static const char *const levels[] = { "ORDER", "ITEM", NULL };
static const char *const periods[] = { "DAY", "MONTH", NULL };

static const struct field item_fields[] = {
    { "sku", FIELD_TEXT, IN(action_item, sku) },
    { "category", FIELD_TEXT, IN(action_item, category) },
    { "quantity", FIELD_INT, IN(action_item, quantity) },
    { "amount", FIELD_INT, IN(action_item, amount) },
    { "baseQuantity", FIELD_INT, IN(action_item, base_quantity) },
    { "baseAmount", FIELD_INT, IN(action_item, base_amount) },
    { "payout", FIELD_INT, IN(action_item, payout) },
    { "intendedPayout", FIELD_INT, IN(action_item, intended) },
    { "keptQuantity", FIELD_INT, IN(action_item, kept_quantity) },
    { "keptAmount", FIELD_INT, IN(action_item, kept_amount) },
    { "rate", FIELD_INT, IN(action_item, by.rate) },
    { "flat", FIELD_INT, IN(action_item, by.flat) },
    { "rule", FIELD_TEXT, IN(action_item, by.rule) },
};
static const struct shape item_shape = SHAPE("action.item", item_fields, action_item);

static const struct field share_fields[] = {
    { "tally", FIELD_TEXT, IN(tally_share, tally) },
    { "day", FIELD_INT, IN(tally_share, day) },
    { "actions", FIELD_INT, IN(tally_share, actions) },
    { "revenue", FIELD_INT, IN(tally_share, revenue) },
    { "earned", FIELD_INT, IN(tally_share, earned) },
    { "used", FIELD_INT, IN(tally_share, used) },
    { "lifts", FIELD_INT, IN(tally_share, lifts) },
    { "fromDay", FIELD_INT, IN(tally_share, from_day) },
    { "toDay", FIELD_INT, IN(tally_share, to_day) },
};
static const struct shape share_shape = SHAPE("action.share", share_fields, tally_share);

static const struct field action_fields[] = {
    { "actionId", FIELD_ID, IN(action, action_id) },
    { "partnerId", FIELD_ID, IN(action, partner_id) },
    { "oid", FIELD_OID, IN(action, oid) },
    { "actionTrackerId", FIELD_INT, IN(action, tracker_id) },
    { "campaignId", FIELD_INT, IN(action, campaign_id) },
    { "state", FIELD_ENUM, IN(action, state), .names = states },
    { "finance", FIELD_ENUM, IN(action, finance), .names = details },
    { "overlimit", FIELD_ENUM, IN(action, overlimit), .names = details },
    { "returnCode", FIELD_TEXT, IN(action, return_code) },
    { "currency", FIELD_CURRENCY, IN(action, currency) },
    { "payoutCurrency", FIELD_CURRENCY, IN(action, payout_currency) },
    { "amount", FIELD_INT, IN(action, amount) },
    { "payout", FIELD_INT, IN(action, payout) },
    { "intendedPayout", FIELD_INT, IN(action, intended_payout) },
    { "intendedAmount", FIELD_INT, IN(action, intended_amount) },
    { "trackedAmount", FIELD_INT, IN(action, tracked_amount) },
    { "payoutLevel", FIELD_ENUM, IN(action, level), .names = levels },
    { "disposition", FIELD_TEXT, IN(action, disposition) },
    { "customerStatus", FIELD_TEXT, IN(action, customer_status) },
    { "modifications", FIELD_INT, IN(action, modifications) },
    { "updateId", FIELD_INT, IN(action, update_id) },
    { "eventDate", FIELD_TIME, IN(action, event_date) },
    { "creationDate", FIELD_TIME, IN(action, creation_date) },
    { "lockingDate", FIELD_TIME, IN(action, locking_date) },
    { "clearingDate", FIELD_TIME, IN(action, clearing_date) },
    { "clearedDate", FIELD_TIME, IN(action, cleared_date) },
    { "openEnded", FIELD_BOOL, IN(action, open_ended) },
    { "parentActionId", FIELD_ID, IN(action, parent_id) },
    { "parentMissing", FIELD_BOOL, IN(action, parent_missing) },
    { "fxRate", FIELD_DEC, IN(action, fx_rate) },
    { "contractId", FIELD_ID, IN(action, contract_id) },
    { "contractVersion", FIELD_INT, IN(action, contract_version) },
    { "rate", FIELD_INT, IN(action, by.rate) },
    { "flat", FIELD_INT, IN(action, by.flat) },
    { "rule", FIELD_TEXT, IN(action, by.rule) },
    { "timeZone", FIELD_TEXT, IN(action, time_zone) },
    { "clearingPeriod", FIELD_ENUM, IN(action, clearing_period), .names = periods },
    { "clearingMonths", FIELD_INT, IN(action, clearing_months) },
    { "clearingDays", FIELD_INT, IN(action, clearing_days) },
    { "customerId", FIELD_ID, IN(action, customer_id) },
    { "customerCountry", FIELD_COUNTRY, IN(action, customer_country) },
    { "clickId", FIELD_ID, IN(action, click_id) },
    { "promoCode", FIELD_TEXT, IN(action, promo_code) },
    { "items", FIELD_LIST, IN(action, items), .shape = &item_shape },
    { "shares", FIELD_LIST, IN(action, shares), .shape = &share_shape },
    { "children", FIELD_LIST, IN(action, children), .element = FIELD_ID },
    { "adjustedAmount", FIELD_INT, IN(action, adjusted_amount) },
    { "adjustedPayout", FIELD_INT, IN(action, adjusted_payout) },
    { "adjustedItems", FIELD_LIST, IN(action, adjusted_items), .shape = &item_shape },
};
const struct shape action_shape = SHAPE("action", action_fields, action);

static const struct field note_fields[] = {
    { "actionId", FIELD_ID, IN(oid_note, action_id) },
    { "creationDate", FIELD_TIME, IN(oid_note, creation_date) },
    { "tracks", FIELD_INT, IN(oid_note, tracks) },
};
static const struct shape note_shape = SHAPE("oid.note", note_fields, oid_note);
static const struct field oid_fields[] = {
    { "notes", FIELD_LIST, IN(oid_state, notes), .shape = &note_shape },
};
const struct shape oid_shape = SHAPE("oid", oid_fields, oid_state);

static const struct field day_fields[] = {
    { "day", FIELD_INT, IN(tally_day, day) },
    { "actions", FIELD_INT, IN(tally_day, actions) },
    { "revenue", FIELD_INT, IN(tally_day, revenue) },
    { "earned", FIELD_INT, IN(tally_day, earned) },
    { "bonus", FIELD_INT, IN(tally_day, bonus) },
    { "used", FIELD_INT, IN(tally_day, used) },
    { "places", FIELD_INT, IN(tally_day, places) },
};
static const struct shape day_shape = SHAPE("tally.day", day_fields, tally_day);
static const struct field lift_fields[] = {
    { "fromDay", FIELD_INT, IN(tally_lift, from_day) },
    { "toDay", FIELD_INT, IN(tally_lift, to_day) },
    { "count", FIELD_INT, IN(tally_lift, count) },
    { "rate", FIELD_INT, IN(tally_lift, rate) },
    { "rateBefore", FIELD_INT, IN(tally_lift, rate_before) },
};
static const struct shape lift_shape = SHAPE("tally.lift", lift_fields, tally_lift);
static const struct field tally_fields[] = {
    { "days", FIELD_LIST, IN(tally_state, days), .shape = &day_shape },
    { "lifts", FIELD_LIST, IN(tally_state, lifts), .shape = &lift_shape },
};
const struct shape tally_shape = SHAPE("tally", tally_fields, tally_state);
