/* An order is paid: at once, or when an invoice or check is marked as paid (O16, O17, O35, C60). */
#include "workers/order/inside.h"

void order_completed(struct decision *decision, const struct order *order,
                     const struct pick *tickets)
{
    order_outcome(decision, "order.completed", order, tickets);
    for (uint32_t i = 0; i < tickets->count; i++) {
        attendee_added(decision, order, &order_tickets(order)[tickets->at[i]]);
    }
    mail_buyer(decision, order, MAIL_ORDER_CONFIRMATION, tickets, NULL);
    if (order->payment_type == PAY_CARD && order->sale_amount.digits > 0) {
        mail_buyer(decision, order, MAIL_RECEIPT, tickets, NULL);
    }
    for (uint32_t i = 0; i < tickets->count; i++) {
        mail_ticket(decision, order, tickets->at[i]);
    }
}

void order_mark_paid(struct decision *decision, const void *message)
{
    (void)message;
    struct order *order = order_of(decision);
    if (!order) {
        return;
    }
    if (!pays_offline(order->payment_type) || order->sale_amount.digits == 0) {
        decision_rejected(decision, "NOT_OFFLINE", "/orderId",
                          "only an invoice or check with something to pay is marked as paid");
        return;
    }
    if (order->paid) {
        decision_unchanged(decision);
        return;
    }
    struct pick paid = pick_status(order, TICKET_AWAITING_PAYMENT);
    if (!paid.count) {
        decision_rejected(decision, "ACTION_NOT_ALLOWED", "/orderId",
                          "no ticket of the order awaits payment");
        return;
    }
    order->paid = 1;
    for (uint32_t i = 0; i < paid.count; i++) {
        struct ticket *ticket = &order_tickets(order)[paid.at[i]];
        ticket->status = TICKET_ACTIVE;
        ticket->paid_for = 1;
    }
    order_put(decision, order);
    order_applied(decision, "order.marked_as_paid", order, &paid);
    order_completed(decision, order, &paid);
    metrics_outcome(decision, order);
}
