/* What leaves about an order: its record, a refund (O01, O24, O31). */
#include <stddef.h>

#include "workers/order/inside.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SHAPE(shape_name, table, type)                                                             \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), SHAPE_NO_FAULTS                      \
    }

/* --- the order record: no e-mail address in it (C67) --- */

struct record_ticket {
    struct text ticket_id, type_id;
    int32_t status;
    struct decimal price, discount, tax, fee, amount_paid;
    struct list allowed; /* struct text */
};

struct record {
    struct text order_id, event_id;
    int32_t status;
    struct text status_text;
    int32_t paid;
    struct list allowed; /* struct text */
    int64_t quantity;
    struct decimal sale_amount;
    struct text currency;
    int32_t payment_type;
    struct text promo_code;
    int64_t order_date;
    struct text buyer_name, locale;
    struct decimal refunded, pending, net_sales;
    struct list tickets;  /* struct record_ticket */
    struct list acted_on; /* struct text          */
};

#define TICKET(member) offsetof(struct record_ticket, member)
static const struct field ticket_fields[] = {
    { "ticketId", FIELD_ID, TICKET(ticket_id) },
    { "ticketTypeId", FIELD_ID, TICKET(type_id) },
    { "status", FIELD_ENUM, TICKET(status), .names = ticket_statuses },
    { "price", FIELD_MONEY, TICKET(price) },
    { "discount", FIELD_MONEY, TICKET(discount) },
    { "tax", FIELD_MONEY, TICKET(tax) },
    { "fee", FIELD_MONEY, TICKET(fee) },
    { "amountPaid", FIELD_MONEY, TICKET(amount_paid) },
    { "allowedActions", FIELD_LIST, TICKET(allowed), .element = FIELD_TEXT },
};
static const struct shape ticket_shape = SHAPE("order.record.ticket", ticket_fields, record_ticket);

#define AT(member) offsetof(struct record, member)
static const struct field record_fields[] = {
    { "orderId", FIELD_ID, AT(order_id) },
    { "eventId", FIELD_ID, AT(event_id) },
    { "status", FIELD_ENUM, AT(status), .names = order_statuses },
    { "statusText", FIELD_TEXT, AT(status_text) },
    { "paid", FIELD_BOOL, AT(paid) },
    { "allowedActions", FIELD_LIST, AT(allowed), .element = FIELD_TEXT },
    { "quantity", FIELD_INT, AT(quantity) },
    { "saleAmount", FIELD_MONEY, AT(sale_amount) },
    { "currency", FIELD_CURRENCY, AT(currency) },
    { "paymentType", FIELD_ENUM, AT(payment_type), .names = payment_types },
    { "promoCode", FIELD_TEXT, AT(promo_code) },
    { "orderDate", FIELD_TIME, AT(order_date) },
    { "buyerName", FIELD_TEXT, AT(buyer_name) },
    { "locale", FIELD_TEXT, AT(locale) },
    { "refundedAmount", FIELD_MONEY, AT(refunded) },
    { "pendingRefundAmount", FIELD_MONEY, AT(pending) },
    { "netSales", FIELD_MONEY, AT(net_sales) },
    { "tickets", FIELD_LIST, AT(tickets), .shape = &ticket_shape },
    { "ticketIds", FIELD_LIST, AT(acted_on), .element = FIELD_ID },
};
static const struct shape record_shape = SHAPE("order.record", record_fields, record);

static struct list record_tickets(const struct order *order, struct arena *arena)
{
    const struct ticket *tickets = order_tickets(order);
    struct record_ticket *out = arena_alloc(arena, order->tickets.count * sizeof(*out));
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        out[i] = (struct record_ticket){
            .ticket_id = tickets[i].ticket_id,
            .type_id = tickets[i].type_id,
            .status = tickets[i].status,
            .price = tickets[i].price,
            .discount = tickets[i].discount,
            .tax = tickets[i].tax,
            .fee = tickets[i].fee,
            .amount_paid = tickets[i].amount_paid,
            .allowed = ticket_actions((enum ticket_status)tickets[i].status, arena),
        };
    }
    return (struct list){ out, order->tickets.count };
}

static struct record record_of(const struct order *order, const struct pick *acted_on,
                               struct arena *arena)
{
    enum order_status status = order_status(order);
    int64_t refunded = order_refunds(order, REFUND_SUCCEEDED);
    return (struct record){
        .order_id = order->order_id,
        .event_id = order->event_id,
        .status = (int32_t)status,
        .status_text = order_status_text(order, arena),
        .paid = order->paid,
        .allowed = order_actions(status, arena),
        .quantity = order->tickets.count,
        .sale_amount = order->sale_amount,
        .currency = order->currency,
        .payment_type = order->payment_type,
        .promo_code = order->promo_code,
        .order_date = order->order_date,
        .buyer_name = arena_printf(arena, "%.*s %.*s", TEXT_ARGS(order->buyer->first_name),
                                   TEXT_ARGS(order->buyer->last_name)),
        .locale = order->locale,
        .refunded = order_money(order, refunded),
        .pending = order_money(order, order_refunds(order, REFUND_INITIATED)),
        .net_sales = order_money(order, order_sales(order) - refunded),
        .tickets = record_tickets(order, arena),
        .acted_on = acted_on ? pick_ids(order, acted_on, arena) : (struct list){ NULL, 0 },
    };
}

void order_applied(struct decision *decision, const char *type, const struct order *order,
                   const struct pick *acted_on)
{
    struct record record = record_of(order, acted_on, decision_arena(decision));
    decision_applied(decision, type, &record_shape, &record);
}

void order_outcome(struct decision *decision, const char *type, const struct order *order,
                   const struct pick *acted_on)
{
    struct record record = record_of(order, acted_on, decision_arena(decision));
    decision_outcome(decision, type, &record_shape, &record);
}

/* --- a refund: all that a payment adapter needs, refundId being its idempotency key --- */

struct refund_record {
    struct text order_id, refund_id;
    struct list ticket_ids;
    struct decimal amount;
    struct text currency;
    int32_t method, status;
    struct decimal lost_fee;
    struct text gateway_account_id, charge_id, gateway_refund_id, failure_code;
};

#define REFUND(member) offsetof(struct refund_record, member)
static const struct field refund_fields[] = {
    { "orderId", FIELD_ID, REFUND(order_id) },
    { "refundId", FIELD_ID, REFUND(refund_id) },
    { "ticketIds", FIELD_LIST, REFUND(ticket_ids), .element = FIELD_ID },
    { "amount", FIELD_MONEY, REFUND(amount) },
    { "currency", FIELD_CURRENCY, REFUND(currency) },
    { "method", FIELD_ENUM, REFUND(method), .names = payment_types },
    { "status", FIELD_ENUM, REFUND(status), .names = refund_statuses },
    { "nonRefundableFee", FIELD_MONEY, REFUND(lost_fee) },
    { "gatewayAccountId", FIELD_ID, REFUND(gateway_account_id) },
    { "chargeId", FIELD_TEXT, REFUND(charge_id) },
    { "gatewayRefundId", FIELD_TEXT, REFUND(gateway_refund_id) },
    { "failureCode", FIELD_TEXT, REFUND(failure_code) },
};
static const struct shape refund_shape = SHAPE("refund.record", refund_fields, refund_record);

static struct refund_record refund_record_of(const struct order *order, const struct refund *refund)
{
    return (struct refund_record){
        .order_id = order->order_id,
        .refund_id = refund->refund_id,
        .ticket_ids = refund->ticket_ids,
        .amount = refund->amount,
        .currency = order->currency,
        .method = refund->method,
        .status = refund->status,
        .lost_fee = refund->lost_fee,
        .gateway_account_id = order->gateway_account_id,
        .charge_id = order->charge_id,
        .gateway_refund_id = refund->gateway_refund_id,
        .failure_code = refund->failure_code,
    };
}

void refund_applied(struct decision *decision, const char *type, const struct order *order,
                    const struct refund *refund)
{
    struct refund_record record = refund_record_of(order, refund);
    decision_applied(decision, type, &refund_shape, &record);
}

void refund_outcome(struct decision *decision, const char *type, const struct order *order,
                    const struct refund *refund)
{
    struct refund_record record = refund_record_of(order, refund);
    decision_outcome(decision, type, &refund_shape, &record);
}

void refund_initiated(struct decision *decision, const struct order *order,
                      const struct refund *refund)
{
    struct refund_record record = refund_record_of(order, refund);
    if (refund->method == PAY_CARD) { /* the payment adapter sees only what it must pay */
        decision_outcome_on(decision, "refund-initiated", "refund.initiated", &refund_shape,
                            &record);
    } else {
        decision_outcome(decision, "refund.initiated", &refund_shape, &record);
    }
}
