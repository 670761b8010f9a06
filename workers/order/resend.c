/* The confirmation again, to the buyer: for one order, or for one of a job's (O15, C50). */
#include "workers/order/inside.h"

static void send(struct decision *decision, bool unpaid_too)
{
    const struct order *order = order_of(decision);
    if (!order) {
        return;
    }
    enum order_status status = order_status(order);
    bool unpaid = status == ORDER_NOT_PAID;
    if (!order_allows(status, ACT_RESEND_CONFIRMATION) || (unpaid && !unpaid_too)) {
        decision_rejected(decision, "ACTION_NOT_ALLOWED", "/orderId",
                          "the order is %s: there is nothing to confirm",
                          FIELD_NAME(order_statuses, status));
        return;
    }
    struct pick pick = pick_status(order, unpaid ? TICKET_AWAITING_PAYMENT : TICKET_ACTIVE);
    order_applied(decision, "order.confirmation_resent", order, &pick);
    mail_buyer(decision, order, unpaid ? MAIL_ORDER_CONFIRMATION_INVOICE : MAIL_ORDER_CONFIRMATION,
               &pick, NULL);
}

void order_resend(struct decision *decision, const void *message)
{
    (void)message;
    send(decision, true);
}

void order_job_resend(struct decision *decision, const void *message)
{
    (void)message;
    send(decision, false);
}
