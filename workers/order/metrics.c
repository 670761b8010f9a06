/* metrics.updated: what one order contributes, whole each time, so that a reader replaces and never
 * adds (O30). */
#include <stddef.h>

#include "workers/order/inside.h"

struct metrics {
    struct text order_id, event_id, currency;
    struct decimal gross, discounts, fees, taxes, sales, refunds, pending, lost_fees, net;
    int64_t active;
};

#define AT(member) offsetof(struct metrics, member)
static const struct field metrics_fields[] = {
    { "orderId", FIELD_ID, AT(order_id) },
    { "eventId", FIELD_ID, AT(event_id) },
    { "currency", FIELD_CURRENCY, AT(currency) },
    { "grossSales", FIELD_MONEY, AT(gross) },
    { "discounts", FIELD_MONEY, AT(discounts) },
    { "fees", FIELD_MONEY, AT(fees) },
    { "taxes", FIELD_MONEY, AT(taxes) },
    { "sales", FIELD_MONEY, AT(sales) },
    { "refunds", FIELD_MONEY, AT(refunds) },
    { "pendingRefunds", FIELD_MONEY, AT(pending) },
    { "nonRefundableFees", FIELD_MONEY, AT(lost_fees) },
    { "netSales", FIELD_MONEY, AT(net) },
    { "activeTickets", FIELD_INT, AT(active) },
};
static const struct shape metrics_shape = { "metrics.updated", metrics_fields,
                                            sizeof(metrics_fields) / sizeof(*metrics_fields),
                                            sizeof(struct metrics), SHAPE_NO_FAULTS };

/* What the gateway kept, and not the buyer bore. */
static int64_t lost_fees(const struct order *order)
{
    int64_t total = 0;
    const struct refund *refunds = order->refunds.items;
    for (uint32_t i = 0; i < order->refunds.count; i++) {
        bool counts = refunds[i].status == REFUND_SUCCEEDED && refunds[i].retained != 1;
        total += counts ? refunds[i].lost_fee.digits : 0;
    }
    return total;
}

void metrics_outcome(struct decision *decision, const struct order *order)
{
    int64_t gross = 0, discounts = 0, fees = 0, taxes = 0, active = 0;
    const struct ticket *tickets = order_tickets(order);
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        gross += tickets[i].price.digits;
        discounts += tickets[i].discount.digits;
        fees += tickets[i].fee.digits;
        taxes += tickets[i].tax.digits;
        active += tickets[i].status == TICKET_ACTIVE;
    }
    int64_t sales = order_sales(order), refunds = order_refunds(order, REFUND_SUCCEEDED);
    struct metrics metrics = {
        .order_id = order->order_id,
        .event_id = order->event_id,
        .currency = order->currency,
        .gross = order_money(order, gross),
        .discounts = order_money(order, discounts),
        .fees = order_money(order, fees),
        .taxes = order_money(order, taxes),
        .sales = order_money(order, sales),
        .refunds = order_money(order, refunds),
        .pending = order_money(order, order_refunds(order, REFUND_INITIATED)),
        .lost_fees = order_money(order, lost_fees(order)),
        .net = order_money(order, sales - refunds),
        .active = active,
    };
    decision_outcome(decision, "metrics.updated", &metrics_shape, &metrics);
}
