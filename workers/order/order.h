/*
 * The states of the order worker, for whoever looks at them: a registration order with its tickets
 * and refunds, a promo code that counts its uses, what is set for an event, what is known of an
 * attendee. Every amount has the scale of the order's currency.
 */
#ifndef MAKEGOOD_WORKERS_ORDER_H
#define MAKEGOOD_WORKERS_ORDER_H

#include "wire/field.h"

enum payment_type { PAY_CARD = 1, PAY_INVOICE, PAY_CHECK, PAY_FREE };
enum ticket_status {
    TICKET_ACTIVE = 1,
    TICKET_AWAITING_PAYMENT,
    TICKET_CANCELLED,
    TICKET_REFUNDED
};
enum order_status {
    ORDER_NOT_PAID = 1,
    ORDER_COMPLETE,
    ORDER_PARTIALLY_COMPLETE,
    ORDER_REFUNDED,
    ORDER_CANCELLED,
    ORDER_REFUNDED_CANCELLED
};
enum refund_status { REFUND_INITIATED = 1, REFUND_SUCCEEDED, REFUND_FAILED, REFUND_CANCELED };

struct buyer {
    struct text first_name, last_name, email;
    struct list billing_address; /* struct named_text */
};

struct person {
    struct text first_name, last_name, email;
};

struct ticket {
    struct text ticket_id, type_id, name;
    struct person *attendee;
    int32_t status;
    struct decimal price, discount, tax, fee, amount_paid;
    struct decimal fee_share; /* of the order's processing fee */
    int32_t paid_for;         /* was, at some time, paid for: only then it can be refunded */
    int32_t uses_promo;       /* counts as a use of the promo code while it is open */
    int32_t in_app;           /* its attendee uses the app */
    struct text refund_id;    /* the refund that holds it: under way, or done */
};

struct refund {
    struct text refund_id;
    struct list ticket_ids; /* struct text; of one that failed none */
    struct decimal amount;
    struct decimal lost_fee; /* processing fee of its tickets, which no gateway gives back */
    int32_t retained;        /* the buyer bears lost_fee: it is not in amount */
    int32_t method, status;  /* enum payment_type, enum refund_status */
    struct text gateway_refund_id, failure_code;
    int64_t requested, resolved;
};

/* State of order:<orderId>. */
struct order {
    struct text order_id, event_id;
    int32_t status; /* what order_status() said when it was written, for readers */
    int32_t payment_type, paid;
    struct buyer *buyer;
    struct text locale, currency;
    int64_t order_date;
    struct text promo_code;
    struct decimal sale_amount, processing_fee;
    struct text gateway_account_id, charge_id, invoice_instructions;
    struct list tickets; /* struct ticket */
    struct list refunds; /* struct refund, oldest first */
};

enum promo_type { PROMO_PERCENT = 1, PROMO_FIXED, PROMO_ACCESS };

/* State of promo:<CODE>. */
struct promo {
    struct text code;
    int32_t type;
    struct decimal value; /* PERCENT: percent; FIXED: money in `currency` */
    struct text currency, event_id;
    struct list ticket_type_ids; /* struct text */
    int64_t max_uses;            /* absent: without limit */
    int32_t paused;
    int64_t start, end;
    int32_t release_on_cancel;
    int64_t uses; /* open tickets that hold the code */
};

/* Which key an e-mail carries for tickets of a type; by template, absent = none. */
struct message_keys {
    struct text order_confirmation, order_confirmation_invoice, ticket, receipt, order_cancellation,
        refund_confirmation, refund_initiated;
};

struct ticket_type {
    struct text type_id;
    int32_t hidden;
    struct list notify; /* struct text: addresses of the team */
    struct message_keys *message_keys;
};

enum gateway_result { GATEWAY_AWAITED = 1, GATEWAY_ASSUMED };

/* State of event:<eventId>. */
struct order_event {
    struct text event_id, connected_account_id;
    int32_t invite_only, restrict_duplicates, gateway_result;
    struct list ticket_types; /* struct ticket_type */
};

/* State of attendee:<eventId>:<hash>. */
struct attendee {
    struct text event_id, email_hash;
    int64_t tickets;       /* open ones, that is active or awaiting payment */
    int32_t blocked;       /* out of the app until an admin lifts it */
    int32_t email_blocked; /* may not be on a new order either */
};

#endif
