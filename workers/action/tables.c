/* The field tables of the action family: messages, states, outcomes. */
#include "workers/action/inside.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define IN(type, member) offsetof(struct type, member)
#define SHAPE(shape_name, table, type)                                                             \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), SHAPE_NO_FAULTS                      \
    }
#define SHAPE_FAULTS(shape_name, table, type)                                                      \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), IN(type, faults)                     \
    }
enum { TRACKER_MAX = 2147483647, LINE_MAX = 1000000, ITEMS_MAX = 200, REFERRERS_MAX = 50 };

_Static_assert(offsetof(struct track, address) == 0 && offsetof(struct modify, address) == 0 &&
                   offsetof(struct reverse, address) == 0,
               "address.c reads the address of any message");

#define BATCH_FIELDS                                                                               \
    { "batchId", FIELD_BATCH_ID, IN(address, batch_id) },                                          \
    {                                                                                              \
        "line", FIELD_INT, IN(address, line), .min = 1, .max = LINE_MAX                            \
    }
#define ADDRESS_FIELDS                                                                             \
    { "actionId", FIELD_ID, IN(address, action_id) },                                              \
        { "oid", FIELD_OID, IN(address, oid) },                                                    \
        { "actionTrackerId", FIELD_INT, IN(address, tracker_id), .min = 1, .max = TRACKER_MAX },   \
        BATCH_FIELDS

/* --- messages --- */

static const struct field track_item_fields[] = {
    { "sku", FIELD_TEXT, IN(track_item, sku), .required = true, .max = 64 },
    { "category", FIELD_TEXT, IN(track_item, category), .max = 64 },
    { "quantity", FIELD_INT, IN(track_item, quantity), .required = true, .max = 1000000 },
    { "amount", FIELD_MONEY, IN(track_item, amount), .required = true, .code = "INVALID_AMOUNT" },
    { "itemTotalDiscount", FIELD_MONEY, IN(track_item, discount), .standard = "0" },
};
static const struct shape track_item_shape =
    SHAPE_FAULTS("track.item", track_item_fields, track_item);

static const struct field track_fields[] = {
    { "actionId", FIELD_ID, IN(address, action_id), .required = true },
    { "actionTrackerId", FIELD_INT, IN(address, tracker_id), .required = true, .min = 1,
      .max = TRACKER_MAX },
    { "oid", FIELD_OID, IN(address, oid), .required = true, .code = "OID_MISSING" },
    BATCH_FIELDS,
    { "campaignId", FIELD_INT, IN(track, campaign_id), .min = 1, .max = TRACKER_MAX },
    { "partnerId", FIELD_ID, IN(track, partner_id), .required = true },
    { "eventDate", FIELD_TIME, IN(track, event_date) },
    { "currency", FIELD_CURRENCY, IN(track, currency), .required = true },
    { "amount", FIELD_MONEY, IN(track, amount), .code = "INVALID_AMOUNT" },
    { "items", FIELD_LIST, IN(track, items), .min = 1, .max = ITEMS_MAX,
      .shape = &track_item_shape },
    { "orderDiscount", FIELD_MONEY, IN(track, order_discount), .standard = "0" },
    { "orderTax", FIELD_MONEY, IN(track, order_tax) },
    { "orderShipping", FIELD_MONEY, IN(track, order_shipping) },
    { "customerStatus", FIELD_TEXT, IN(track, customer_status), .max = 40 },
    { "customerId", FIELD_ID, IN(track, customer_id) },
    { "customerCountry", FIELD_COUNTRY, IN(track, customer_country) },
    { "clickId", FIELD_ID, IN(track, click_id) },
    { "promoCode", FIELD_TEXT, IN(track, promo_code), .max = 64 },
    { "referrers", FIELD_LIST, IN(track, referrers), .max = REFERRERS_MAX, .element = FIELD_ID },
    { "parentActionId", FIELD_ID, IN(track, parent_id) },
    { "fxRate", FIELD_DEC, IN(track, fx_rate) },
};
const struct shape track_shape = SHAPE_FAULTS("action.track", track_fields, track);

/* A23: a field of track that modify does not list. Whatever it holds, it is noted by its code. */
#define NOT_CHANGEABLE(field_name)                                                                 \
    {                                                                                              \
        field_name, FIELD_ENUM, IN(modify, not_changeable), .names = no_names,                     \
            .code = "FIELD_NOT_CHANGEABLE"                                                         \
    }
static const char *const no_names[] = { NULL };
static const struct field modify_fields[] = {
    ADDRESS_FIELDS,
    { "reason", FIELD_TEXT, IN(modify, reason), .required = true, .max = 64,
      .code = "INVALID_REASON" },
    { "amount", FIELD_MONEY, IN(modify, amount), .code = "INVALID_AMOUNT" },
    { "itemSubTotalDelta", FIELD_MONEY_SIGNED, IN(modify, delta), .code = "INVALID_AMOUNT" },
    { "currency", FIELD_CURRENCY, IN(modify, currency) },
    { "customerStatus", FIELD_TEXT, IN(modify, customer_status), .max = 40 },
    NOT_CHANGEABLE("campaignId"),
    NOT_CHANGEABLE("partnerId"),
    NOT_CHANGEABLE("eventDate"),
    NOT_CHANGEABLE("items"),
    NOT_CHANGEABLE("orderDiscount"),
    NOT_CHANGEABLE("orderTax"),
    NOT_CHANGEABLE("orderShipping"),
    NOT_CHANGEABLE("customerId"),
    NOT_CHANGEABLE("customerCountry"),
    NOT_CHANGEABLE("clickId"),
    NOT_CHANGEABLE("promoCode"),
    NOT_CHANGEABLE("referrers"),
    NOT_CHANGEABLE("parentActionId"),
    NOT_CHANGEABLE("fxRate"),
};
const struct shape modify_shape = SHAPE_FAULTS("action.modify", modify_fields, modify);

static const struct field reverse_fields[] = {
    ADDRESS_FIELDS,
    { "dispositionCode", FIELD_TEXT, IN(reverse, disposition_code), .required = true, .max = 64,
      .code = "INVALID_REASON" },
};
const struct shape reverse_shape = SHAPE_FAULTS("action.reverse", reverse_fields, reverse);

static const struct field approve_fields[] = {
    ADDRESS_FIELDS,
    { "dispositionCode", FIELD_TEXT, IN(reverse, disposition_code), .max = 64,
      .code = "INVALID_REASON" },
};
const struct shape approve_shape = SHAPE_FAULTS("action.approve", approve_fields, reverse);

static const struct field forget_fields[] = {
    { "oid", FIELD_OID, IN(forget, oid), .required = true },
    { "actionTrackerId", FIELD_INT, IN(forget, tracker_id), .required = true, .min = 1,
      .max = TRACKER_MAX },
    { "actionId", FIELD_ID, IN(forget, action_id), .required = true },
};
const struct shape forget_shape = SHAPE("internal.oid.forget", forget_fields, forget);

/* --- states: a table only ever gains fields at its end (wire/field.h) --- */

static const char *const states[] = { "PENDING", "APPROVED", "REVERSED", NULL };
static const char *const details[] = { "OPEN", "PAYMENT_PENDING", NULL };
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
    { "keptQuantity", FIELD_INT, IN(action_item, kept_quantity) },
    { "keptAmount", FIELD_INT, IN(action_item, kept_amount) },
};
static const struct shape item_shape = SHAPE("action.item", item_fields, action_item);

static const struct field action_fields[] = {
    { "actionId", FIELD_ID, IN(action, action_id) },
    { "partnerId", FIELD_ID, IN(action, partner_id) },
    { "oid", FIELD_OID, IN(action, oid) },
    { "actionTrackerId", FIELD_INT, IN(action, tracker_id) },
    { "campaignId", FIELD_INT, IN(action, campaign_id) },
    { "state", FIELD_ENUM, IN(action, state), .names = states },
    { "stateDetail", FIELD_ENUM, IN(action, detail), .names = details },
    { "currency", FIELD_CURRENCY, IN(action, currency) },
    { "payoutCurrency", FIELD_CURRENCY, IN(action, payout_currency) },
    { "amount", FIELD_INT, IN(action, amount) },
    { "payout", FIELD_INT, IN(action, payout) },
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
    { "openEnded", FIELD_BOOL, IN(action, open_ended) },
    { "parentActionId", FIELD_ID, IN(action, parent_id) },
    { "parentMissing", FIELD_BOOL, IN(action, parent_missing) },
    { "fxRate", FIELD_DEC, IN(action, fx_rate) },
    { "contractId", FIELD_ID, IN(action, contract_id) },
    { "contractVersion", FIELD_INT, IN(action, contract_version) },
    { "rate", FIELD_RATE, IN(action, rate) },
    { "flat", FIELD_INT, IN(action, flat) },
    { "timeZone", FIELD_TEXT, IN(action, time_zone) },
    { "clearingPeriod", FIELD_ENUM, IN(action, clearing_period), .names = periods },
    { "clearingMonths", FIELD_INT, IN(action, clearing_months) },
    { "clearingDays", FIELD_INT, IN(action, clearing_days) },
    { "adjustedAmount", FIELD_INT, IN(action, adjusted_amount) },
    { "adjustedPayout", FIELD_INT, IN(action, adjusted_payout) },
    { "customerId", FIELD_ID, IN(action, customer_id) },
    { "customerCountry", FIELD_COUNTRY, IN(action, customer_country) },
    { "clickId", FIELD_ID, IN(action, click_id) },
    { "promoCode", FIELD_TEXT, IN(action, promo_code) },
    { "items", FIELD_LIST, IN(action, items), .shape = &item_shape },
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
