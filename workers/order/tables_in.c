/* The field tables of what comes in: on orders, tickets, promo codes, events, attendees. */
#include <stddef.h>

#include "workers/order/inside.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define IN(type, member) offsetof(struct type, member)
#define SHAPE(shape_name, table, type)                                                             \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), SHAPE_NO_FAULTS                      \
    }
enum { LINE_MAX = 1000000, USES_MAX = 10000000, PROMO_TYPES_MAX = 100, EVENT_TYPES_MAX = 100 };

/* --- order.place --- */

static const struct field place_ticket_fields[] = {
    { "ticketId", FIELD_ID, IN(place_ticket, ticket_id), .required = true },
    { "ticketTypeId", FIELD_ID, IN(place_ticket, type_id), .required = true },
    { "ticketName", FIELD_TEXT, IN(place_ticket, name), .max = 128 },
    { "price", FIELD_MONEY, IN(place_ticket, price), .required = true },
    { "tax", FIELD_MONEY, IN(place_ticket, tax) },
    { "fee", FIELD_MONEY, IN(place_ticket, fee) },
    { "attendee", FIELD_OBJECT, IN(place_ticket, attendee), .shape = &person_shape },
};
static const struct shape place_ticket_shape =
    SHAPE("order.place.ticket", place_ticket_fields, place_ticket);

static const struct field place_fields[] = {
    { "orderId", FIELD_ID, IN(place, order_id), .required = true },
    { "eventId", FIELD_ID, IN(place, event_id), .required = true },
    { "buyer", FIELD_OBJECT, IN(place, buyer), .required = true, .shape = &buyer_put_shape },
    { "locale", FIELD_TEXT, IN(place, locale), .max = 35, .standard = "\"en\"" },
    { "currency", FIELD_CURRENCY, IN(place, currency), .required = true },
    { "paymentType", FIELD_ENUM, IN(place, payment_type), .required = true,
      .names = payment_types },
    { "tickets", FIELD_LIST, IN(place, tickets), .required = true, .min = 1, .max = TICKETS_MAX,
      .shape = &place_ticket_shape },
    { "discount", FIELD_MONEY, IN(place, discount) },
    { "tax", FIELD_MONEY, IN(place, tax) },
    { "fee", FIELD_MONEY, IN(place, fee) },
    { "promoCode", FIELD_TEXT, IN(place, promo_code), .max = 64 },
    { "saleAmount", FIELD_MONEY, IN(place, sale_amount) },
    { "processingFee", FIELD_MONEY, IN(place, processing_fee), .standard = "0" },
    { "gatewayAccountId", FIELD_ID, IN(place, gateway_account_id) },
    { "chargeId", FIELD_TEXT, IN(place, charge_id), .max = 128 },
    { "invoiceInstructions", FIELD_TEXT, IN(place, invoice_instructions), .max = 200 },
};
const struct shape place_shape = SHAPE("order.place", place_fields, place);

/* --- commands on an order --- */

#define ORDER_ID                                                                                   \
    {                                                                                              \
        "orderId", FIELD_ID, IN(on_order, order_id), .required = true                              \
    }
#define NOTE                                                                                       \
    {                                                                                              \
        "note", FIELD_TEXT, IN(on_order, note), .max = 255                                         \
    }
static const char *const all_names[] = { "all", NULL };
/* "all" or ids: two rows for one member, of which one must take it (order.c: pick_tickets). */
#define TICKETS                                                                                    \
    { "tickets",        FIELD_ENUM,         IN(on_order, all),                                     \
      .required = true, .names = all_names, .code = "INVALID_FIELD" },                             \
    {                                                                                              \
        "tickets", FIELD_LIST, IN(on_order, ticket_ids), .required = true, .min = 1,               \
                                                         .max = TICKETS_MAX, .element = FIELD_ID,  \
                                                         .code = "INVALID_FIELD"                   \
    }
#define ON_ORDER(shape_name, table)                                                                \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct on_order), IN(on_order, faults)             \
    }

static const struct field mark_paid_fields[] = { ORDER_ID, NOTE };
const struct shape mark_paid_shape = ON_ORDER("order.mark_paid", mark_paid_fields);

static const struct field cancel_fields[] = { ORDER_ID, TICKETS, NOTE };
const struct shape cancel_shape = ON_ORDER("order.cancel_tickets", cancel_fields);

static const struct field refund_tickets_fields[] = {
    ORDER_ID,
    TICKETS,
    NOTE,
    { "retainProcessingFee", FIELD_BOOL, IN(on_order, retain_fee), .standard = "false" },
};
const struct shape refund_tickets_shape = ON_ORDER("order.refund_tickets", refund_tickets_fields);

static const struct field resend_fields[] = { ORDER_ID };
const struct shape resend_shape = ON_ORDER("order.resend_confirmation", resend_fields);

static const struct field job_resend_fields[] = {
    ORDER_ID,
    { "batchId", FIELD_BATCH_ID, IN(on_order, batch_id), .required = true },
    { "line", FIELD_INT, IN(on_order, line), .required = true, .min = 1, .max = LINE_MAX },
};
const struct shape job_resend_shape = ON_ORDER("internal.order.resend", job_resend_fields);

static const char *const results[] = { "SUCCEEDED", "FAILED", "CANCELED", NULL };
static const struct field refund_result_fields[] = {
    { "orderId", FIELD_ID, IN(refund_result, order_id), .required = true },
    { "refundId", FIELD_ID, IN(refund_result, refund_id), .required = true },
    { "result", FIELD_ENUM, IN(refund_result, result), .required = true, .names = results },
    { "gatewayRefundId", FIELD_TEXT, IN(refund_result, gateway_refund_id), .max = 128 },
    { "failureCode", FIELD_TEXT, IN(refund_result, failure_code), .max = 128 },
};
const struct shape refund_result_shape =
    SHAPE("refund.result", refund_result_fields, refund_result);

static const struct field update_buyer_fields[] = {
    { "orderId", FIELD_ID, IN(update_buyer, order_id), .required = true },
    { "buyer", FIELD_OBJECT, IN(update_buyer, buyer), .required = true, .shape = &buyer_shape },
};
const struct shape update_buyer_shape =
    SHAPE("order.update_buyer", update_buyer_fields, update_buyer);

static const struct field on_ticket_fields[] = {
    { "orderId", FIELD_ID, IN(on_ticket, order_id), .required = true },
    { "ticketId", FIELD_ID, IN(on_ticket, ticket_id), .required = true },
};
const struct shape on_ticket_shape = SHAPE("attendee.activate", on_ticket_fields, on_ticket);

static const struct field unblock_fields[] = {
    { "eventId", FIELD_ID, IN(unblock, event_id), .required = true },
    { "email", FIELD_EMAIL, IN(unblock, email) },
    { "emailHash", FIELD_HEX, IN(unblock, email_hash), .max = EMAIL_HASH_SIZE },
};
const struct shape unblock_shape = SHAPE("attendee.unblock", unblock_fields, unblock);

/* --- what is set --- */

static const struct field promo_put_fields[] = {
    { "code", FIELD_TEXT, IN(promo, code), .required = true, .max = 64 },
    { "type", FIELD_ENUM, IN(promo, type), .required = true, .names = promo_types },
    { "value", FIELD_MONEY, IN(promo, value) },
    { "currency", FIELD_CURRENCY, IN(promo, currency) },
    { "eventId", FIELD_ID, IN(promo, event_id) },
    { "ticketTypeIds", FIELD_LIST, IN(promo, ticket_type_ids), .required = true, .min = 1,
      .max = PROMO_TYPES_MAX, .element = FIELD_ID },
    { "maxUses", FIELD_INT, IN(promo, max_uses), .min = 1, .max = USES_MAX },
    { "paused", FIELD_BOOL, IN(promo, paused), .standard = "false" },
    { "startDate", FIELD_TIME, IN(promo, start) },
    { "endDate", FIELD_TIME, IN(promo, end) },
    { "releaseOnCancel", FIELD_BOOL, IN(promo, release_on_cancel), .standard = "true" },
};
const struct shape promo_put_shape = SHAPE("promo.put", promo_put_fields, promo);

static const struct field message_keys_fields[] = {
    { "ORDER_CONFIRMATION", FIELD_TEXT, IN(message_keys, order_confirmation), .max = 64 },
    { "ORDER_CONFIRMATION_INVOICE", FIELD_TEXT, IN(message_keys, order_confirmation_invoice),
      .max = 64 },
    { "TICKET", FIELD_TEXT, IN(message_keys, ticket), .max = 64 },
    { "RECEIPT", FIELD_TEXT, IN(message_keys, receipt), .max = 64 },
    { "ORDER_CANCELLATION", FIELD_TEXT, IN(message_keys, order_cancellation), .max = 64 },
    { "REFUND_CONFIRMATION", FIELD_TEXT, IN(message_keys, refund_confirmation), .max = 64 },
    { "REFUND_INITIATED", FIELD_TEXT, IN(message_keys, refund_initiated), .max = 64 },
};
static const struct shape message_keys_shape =
    SHAPE("customMessageKeys", message_keys_fields, message_keys);

#define TICKET_TYPE_FIELDS                                                                         \
    { "ticketTypeId", FIELD_ID, IN(ticket_type, type_id), .required = true },                      \
        { "hidden", FIELD_BOOL, IN(ticket_type, hidden), .standard = "false" },                    \
    {                                                                                              \
        "customMessageKeys", FIELD_OBJECT, IN(ticket_type, message_keys),                          \
            .shape = &message_keys_shape                                                           \
    }
static const struct field ticket_type_fields[] = {
    TICKET_TYPE_FIELDS,
    { "notify", FIELD_LIST, IN(ticket_type, notify), .max = 20, .element = FIELD_EMAIL },
};
static const struct shape ticket_type_shape = SHAPE("ticketType", ticket_type_fields, ticket_type);

/* Outcomes hold no addresses (C67). */
static const struct field shown_type_fields[] = { TICKET_TYPE_FIELDS };
static const struct shape shown_type_shape = SHAPE("ticketType", shown_type_fields, ticket_type);

static const char *const gateway_results[] = { "awaited", "assumed", NULL };
#define EVENT_FIELDS(type_shape)                                                                   \
    { "eventId", FIELD_ID, IN(order_event, event_id), .required = true },                          \
        { "connectedGatewayAccountId", FIELD_ID, IN(order_event, connected_account_id) },          \
        { "inviteOnly", FIELD_BOOL, IN(order_event, invite_only), .standard = "false" },           \
        { "restrictDuplicateEmails", FIELD_BOOL, IN(order_event, restrict_duplicates),             \
          .standard = "true" },                                                                    \
        { "gatewayResult", FIELD_ENUM, IN(order_event, gateway_result), .names = gateway_results,  \
          .standard = "\"awaited\"" },                                                             \
    {                                                                                              \
        "ticketTypes", FIELD_LIST, IN(order_event, ticket_types), .max = EVENT_TYPES_MAX,          \
                                                                  .shape = &(type_shape)           \
    }
/* Stored as it is put: it only ever gains fields at its end. */
static const struct field event_fields[] = { EVENT_FIELDS(ticket_type_shape) };
const struct shape event_shape = SHAPE("event.put", event_fields, order_event);
static const struct field event_stored_fields[] = { EVENT_FIELDS(shown_type_shape) };
const struct shape event_stored_shape = SHAPE("event.stored", event_stored_fields, order_event);

/* --- between an order, a promo code and an attendee --- */

static const struct field asked_type_fields[] = {
    { "ticketTypeId", FIELD_ID, IN(asked_type, type_id), .required = true },
    { "count", FIELD_INT, IN(asked_type, count), .required = true, .min = 1, .max = TICKETS_MAX },
    { "hidden", FIELD_BOOL, IN(asked_type, hidden), .required = true },
};
static const struct shape asked_type_shape = SHAPE("askedType", asked_type_fields, asked_type);

static const struct field promo_ask_fields[] = {
    { "code", FIELD_TEXT, IN(promo_ask, code), .required = true, .max = 64 },
    { "orderId", FIELD_ID, IN(promo_ask, order_id), .required = true },
    { "eventId", FIELD_ID, IN(promo_ask, event_id), .required = true },
    { "currency", FIELD_CURRENCY, IN(promo_ask, currency), .required = true },
    { "types", FIELD_LIST, IN(promo_ask, types), .required = true, .min = 1, .max = TICKETS_MAX,
      .shape = &asked_type_shape },
};
const struct shape promo_ask_shape = SHAPE("internal.promo.use", promo_ask_fields, promo_ask);

static const struct field promo_answer_fields[] = {
    { "orderId", FIELD_ID, IN(promo_answer, order_id), .required = true },
    { "code", FIELD_TEXT, IN(promo_answer, code), .max = 64 },
    { "detail", FIELD_TEXT, IN(promo_answer, detail), .max = 200 },
    { "type", FIELD_ENUM, IN(promo_answer, type), .names = promo_types },
    { "value", FIELD_MONEY, IN(promo_answer, value) },
    { "eligible", FIELD_LIST, IN(promo_answer, eligible), .max = TICKETS_MAX, .element = FIELD_ID },
};
const struct shape promo_answer_shape =
    SHAPE("internal.promo.answered", promo_answer_fields, promo_answer);

static const struct field promo_release_fields[] = {
    { "code", FIELD_TEXT, IN(promo_release, code), .required = true, .max = 64 },
    { "orderId", FIELD_ID, IN(promo_release, order_id), .required = true },
    { "count", FIELD_INT, IN(promo_release, count), .required = true, .min = 1,
      .max = TICKETS_MAX },
    { "undo", FIELD_BOOL, IN(promo_release, undo), .required = true },
};
const struct shape promo_release_shape =
    SHAPE("internal.promo.release", promo_release_fields, promo_release);

static const struct field attendee_change_fields[] = {
    { "eventId", FIELD_ID, IN(attendee_change, event_id), .required = true },
    { "emailHash", FIELD_HEX, IN(attendee_change, email_hash), .required = true,
      .max = EMAIL_HASH_SIZE },
    { "tickets", FIELD_INT, IN(attendee_change, tickets), .required = true, .min = -1, .max = 1 },
    { "blocked", FIELD_BOOL, IN(attendee_change, blocked), .required = true },
    { "emailBlocked", FIELD_BOOL, IN(attendee_change, email_blocked), .required = true },
};
const struct shape attendee_change_shape =
    SHAPE("internal.attendee.change", attendee_change_fields, attendee_change);
