/* The field tables of the states. They are stored: a table only ever gains fields at its end
 * (wire/field.h). */
#include <stddef.h>

#include "workers/order/inside.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define IN(type, member) offsetof(struct type, member)
#define SHAPE(shape_name, table, type)                                                             \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), SHAPE_NO_FAULTS                      \
    }

const char *const payment_types[] = { "CARD", "INVOICE", "CHECK", "FREE", NULL };
const char *const promo_types[] = { "PERCENT", "FIXED", "ACCESS", NULL };
const char *const refund_statuses[] = { "INITIATED", "SUCCEEDED", "FAILED", "CANCELED", NULL };
const char *const ticket_statuses[] = { "ACTIVE", "AWAITING_PAYMENT", "CANCELLED", "REFUNDED",
                                        NULL };
const char *const order_statuses[] = { "NOT_PAID", "COMPLETE",  "PARTIALLY_COMPLETE",
                                       "REFUNDED", "CANCELLED", "REFUNDED_CANCELLED",
                                       NULL };

#define BUYER_FIELDS(must)                                                                         \
    { "firstName", FIELD_TEXT, IN(buyer, first_name), .required = must, .max = 100 },              \
        { "lastName", FIELD_TEXT, IN(buyer, last_name), .required = must, .max = 100 },            \
        { "email", FIELD_EMAIL, IN(buyer, email), .required = must },                              \
    {                                                                                              \
        "billingAddress", FIELD_MAP, IN(buyer, billing_address), .max = 10, .element_max = 200     \
    }
static const struct field buyer_put_fields[] = { BUYER_FIELDS(true) };
static const struct field buyer_fields[] = { BUYER_FIELDS(false) };
const struct shape buyer_put_shape = SHAPE("buyer", buyer_put_fields, buyer);
const struct shape buyer_shape = SHAPE("buyer", buyer_fields, buyer);

static const struct field person_fields[] = {
    { "firstName", FIELD_TEXT, IN(person, first_name), .max = 100 },
    { "lastName", FIELD_TEXT, IN(person, last_name), .max = 100 },
    { "email", FIELD_EMAIL, IN(person, email) },
};
const struct shape person_shape = SHAPE("person", person_fields, person);

static const struct field ticket_fields[] = {
    { "ticketId", FIELD_ID, IN(ticket, ticket_id) },
    { "ticketTypeId", FIELD_ID, IN(ticket, type_id) },
    { "ticketName", FIELD_TEXT, IN(ticket, name) },
    { "status", FIELD_ENUM, IN(ticket, status), .names = ticket_statuses },
    { "attendee", FIELD_OBJECT, IN(ticket, attendee), .shape = &person_shape },
    { "price", FIELD_MONEY, IN(ticket, price) },
    { "discount", FIELD_MONEY, IN(ticket, discount) },
    { "tax", FIELD_MONEY, IN(ticket, tax) },
    { "fee", FIELD_MONEY, IN(ticket, fee) },
    { "amountPaid", FIELD_MONEY, IN(ticket, amount_paid) },
    { "processingFee", FIELD_MONEY, IN(ticket, fee_share) },
    { "paidFor", FIELD_BOOL, IN(ticket, paid_for) },
    { "usesPromoCode", FIELD_BOOL, IN(ticket, uses_promo) },
    { "inApp", FIELD_BOOL, IN(ticket, in_app) },
    { "refundId", FIELD_ID, IN(ticket, refund_id) },
};
static const struct shape ticket_shape = SHAPE("ticket", ticket_fields, ticket);

static const struct field refund_fields[] = {
    { "refundId", FIELD_ID, IN(refund, refund_id) },
    { "status", FIELD_ENUM, IN(refund, status), .names = refund_statuses },
    { "ticketIds", FIELD_LIST, IN(refund, ticket_ids), .element = FIELD_ID },
    { "amount", FIELD_MONEY, IN(refund, amount) },
    { "nonRefundableFee", FIELD_MONEY, IN(refund, lost_fee) },
    { "feeRetained", FIELD_BOOL, IN(refund, retained) },
    { "method", FIELD_ENUM, IN(refund, method), .names = payment_types },
    { "gatewayRefundId", FIELD_TEXT, IN(refund, gateway_refund_id) },
    { "failureCode", FIELD_TEXT, IN(refund, failure_code) },
    { "requestedDate", FIELD_TIME, IN(refund, requested) },
    { "resolvedDate", FIELD_TIME, IN(refund, resolved) },
};
static const struct shape refund_shape = SHAPE("refund", refund_fields, refund);

static const struct field order_fields[] = {
    { "orderId", FIELD_ID, IN(order, order_id) },
    { "eventId", FIELD_ID, IN(order, event_id) },
    { "status", FIELD_ENUM, IN(order, status), .names = order_statuses },
    { "paymentType", FIELD_ENUM, IN(order, payment_type), .names = payment_types },
    { "paid", FIELD_BOOL, IN(order, paid) },
    { "buyer", FIELD_OBJECT, IN(order, buyer), .shape = &buyer_shape },
    { "locale", FIELD_TEXT, IN(order, locale) },
    { "currency", FIELD_CURRENCY, IN(order, currency) },
    { "orderDate", FIELD_TIME, IN(order, order_date) },
    { "promoCode", FIELD_TEXT, IN(order, promo_code) },
    { "saleAmount", FIELD_MONEY, IN(order, sale_amount) },
    { "processingFee", FIELD_MONEY, IN(order, processing_fee) },
    { "gatewayAccountId", FIELD_ID, IN(order, gateway_account_id) },
    { "chargeId", FIELD_TEXT, IN(order, charge_id) },
    { "invoiceInstructions", FIELD_TEXT, IN(order, invoice_instructions) },
    { "tickets", FIELD_LIST, IN(order, tickets), .shape = &ticket_shape },
    { "refunds", FIELD_LIST, IN(order, refunds), .shape = &refund_shape },
};
const struct shape order_shape = SHAPE("order", order_fields, order);

static const struct field promo_fields[] = {
    { "code", FIELD_TEXT, IN(promo, code) },
    { "type", FIELD_ENUM, IN(promo, type), .names = promo_types },
    { "value", FIELD_MONEY, IN(promo, value) },
    { "currency", FIELD_CURRENCY, IN(promo, currency) },
    { "eventId", FIELD_ID, IN(promo, event_id) },
    { "ticketTypeIds", FIELD_LIST, IN(promo, ticket_type_ids), .element = FIELD_ID },
    { "maxUses", FIELD_INT, IN(promo, max_uses) },
    { "paused", FIELD_BOOL, IN(promo, paused) },
    { "startDate", FIELD_TIME, IN(promo, start) },
    { "endDate", FIELD_TIME, IN(promo, end) },
    { "releaseOnCancel", FIELD_BOOL, IN(promo, release_on_cancel) },
    { "uses", FIELD_INT, IN(promo, uses) },
};
const struct shape promo_shape = SHAPE("promo", promo_fields, promo);

static const struct field attendee_fields[] = {
    { "eventId", FIELD_ID, IN(attendee, event_id) },
    { "emailHash", FIELD_HEX, IN(attendee, email_hash) },
    { "tickets", FIELD_INT, IN(attendee, tickets) },
    { "blocked", FIELD_BOOL, IN(attendee, blocked) },
    { "emailBlocked", FIELD_BOOL, IN(attendee, email_blocked) },
};
const struct shape attendee_shape = SHAPE("attendee", attendee_fields, attendee);
