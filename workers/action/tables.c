/* The field tables of the action family's messages. */
#include "workers/action/inside.h"
#include "workers/action/tables.h"

enum { TRACKER_MAX = 2147483647, LINE_MAX = 1000000, ITEMS_MAX = 200, REFERRERS_MAX = 50 };

_Static_assert(offsetof(struct track, address) == 0 && offsetof(struct modify, address) == 0 &&
                   offsetof(struct reverse, address) == 0,
               "address.c reads the address of any message");
_Static_assert(offsetof(struct modify_items, address) == 0 &&
                   offsetof(struct answer_return, address) == 0 &&
                   offsetof(struct settle, address) == 0,
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

/* A23: a field of track that a change does not list. Whatever it holds, it is noted by its code. */
#define NOT_CHANGEABLE(type, field_name)                                                           \
    {                                                                                              \
        field_name, FIELD_ENUM, IN(type, not_changeable), .names = no_names,                       \
            .code = "FIELD_NOT_CHANGEABLE"                                                         \
    }
#define NEVER_CHANGEABLE(type)                                                                     \
    NOT_CHANGEABLE(type, "campaignId"), NOT_CHANGEABLE(type, "partnerId"),                         \
        NOT_CHANGEABLE(type, "eventDate"), NOT_CHANGEABLE(type, "orderDiscount"),                  \
        NOT_CHANGEABLE(type, "orderTax"), NOT_CHANGEABLE(type, "orderShipping"),                   \
        NOT_CHANGEABLE(type, "customerId"), NOT_CHANGEABLE(type, "customerCountry"),               \
        NOT_CHANGEABLE(type, "clickId"), NOT_CHANGEABLE(type, "promoCode"),                        \
        NOT_CHANGEABLE(type, "referrers"), NOT_CHANGEABLE(type, "parentActionId"),                 \
        NOT_CHANGEABLE(type, "fxRate")
static const char *const no_names[] = { NULL };
static const struct field modify_fields[] = {
    ADDRESS_FIELDS,
    { "reason", FIELD_TEXT, IN(modify, reason), .required = true, .max = 64,
      .code = "INVALID_REASON" },
    { "amount", FIELD_MONEY, IN(modify, amount), .code = "INVALID_AMOUNT" },
    { "itemSubTotalDelta", FIELD_MONEY_SIGNED, IN(modify, delta), .code = "INVALID_AMOUNT" },
    { "currency", FIELD_CURRENCY, IN(modify, currency) },
    { "customerStatus", FIELD_TEXT, IN(modify, customer_status), .max = 40 },
    NEVER_CHANGEABLE(modify),
    NOT_CHANGEABLE(modify, "items"),
};
const struct shape modify_shape = SHAPE_FAULTS("action.modify", modify_fields, modify);

static const struct field modify_item_fields[] = {
    { "sku", FIELD_TEXT, IN(modify_item, sku), .required = true, .max = 64 },
    { "quantity", FIELD_INT, IN(modify_item, quantity), .max = 1000000 },
    { "amount", FIELD_MONEY, IN(modify_item, amount), .code = "INVALID_AMOUNT" },
    { "category", FIELD_TEXT, IN(modify_item, category), .max = 64 },
    NOT_CHANGEABLE(modify_item, "itemTotalDiscount"),
};
const struct shape modify_item_shape =
    SHAPE_FAULTS("modify.item", modify_item_fields, modify_item);

static const struct field modify_items_fields[] = {
    ADDRESS_FIELDS,
    { "reason", FIELD_TEXT, IN(modify_items, reason), .required = true, .max = 64,
      .code = "INVALID_REASON" },
    { "items", FIELD_LIST, IN(modify_items, items), .required = true, .min = 1, .max = ITEMS_MAX,
      .shape = &modify_item_shape },
    { "currency", FIELD_CURRENCY, IN(modify_items, currency) },
    NEVER_CHANGEABLE(modify_items),
    NOT_CHANGEABLE(modify_items, "amount"),
    NOT_CHANGEABLE(modify_items, "customerStatus"),
};
const struct shape modify_items_shape =
    SHAPE_FAULTS("action.modify_items", modify_items_fields, modify_items);

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

static const struct field restore_fields[] = { ADDRESS_FIELDS };
const struct shape restore_shape = SHAPE("action.restore", restore_fields, address);

static const struct field answer_return_fields[] = {
    ADDRESS_FIELDS,
    { "accepted", FIELD_BOOL, IN(answer_return, accepted), .required = true },
};
const struct shape answer_return_shape =
    SHAPE("action.answer_return", answer_return_fields, answer_return);

static const char *const settlements[] = { "PAID", "OVERDUE", "DEFAULTED", NULL };
static const struct field settle_fields[] = {
    ADDRESS_FIELDS,
    { "stateDetail", FIELD_ENUM, IN(settle, detail), .required = true, .names = settlements },
};
const struct shape settle_shape = SHAPE("action.settle", settle_fields, settle);

static const struct field adopt_fields[] = {
    { "parentActionId", FIELD_ID, IN(adopt, parent_id), .required = true },
    { "actionId", FIELD_ID, IN(adopt, child_id), .required = true },
};
const struct shape adopt_shape = SHAPE("internal.action.adopt", adopt_fields, adopt);

static const struct field reverse_child_fields[] = {
    { "actionId", FIELD_ID, IN(reverse_child, action_id), .required = true },
    { "dispositionCode", FIELD_TEXT, IN(reverse_child, code), .required = true, .max = 64 },
};
const struct shape reverse_child_shape =
    SHAPE("internal.action.reverse", reverse_child_fields, reverse_child);

static const struct field forget_fields[] = {
    { "oid", FIELD_OID, IN(forget, oid), .required = true },
    { "actionTrackerId", FIELD_INT, IN(forget, tracker_id), .required = true, .min = 1,
      .max = TRACKER_MAX },
    { "actionId", FIELD_ID, IN(forget, action_id), .required = true },
};
const struct shape forget_shape = SHAPE("internal.oid.forget", forget_fields, forget);
