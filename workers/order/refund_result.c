/* refund.result: the gateway answers, perhaps late, perhaps twice (C55, C56). */
#include "workers/order/inside.h"

static struct refund *find_refund(const struct order *order, struct text refund_id)
{
    struct refund *refunds = order->refunds.items;
    for (uint32_t i = 0; i < order->refunds.count; i++) {
        if (text_equal(refunds[i].refund_id, refund_id)) {
            return &refunds[i];
        }
    }
    return NULL;
}

static struct pick tickets_of(const struct order *order, const struct refund *refund)
{
    struct pick pick = { 0 };
    const struct text *ids = refund->ticket_ids.items;
    for (uint32_t i = 0; i < refund->ticket_ids.count; i++) {
        int at = order_find_ticket(order, ids[i]);
        ENSURE(at >= 0);
        pick.at[pick.count++] = (uint32_t)at;
    }
    return pick;
}

static void succeed(struct decision *decision, struct order *order, const struct refund *refund)
{
    struct pick pick = tickets_of(order, refund);
    tickets_leave(decision, order, &pick, TICKET_REFUNDED);
    order_put(decision, order);
    refund_applied(decision, "refund.succeeded", order, refund);
    mail_buyer(decision, order, MAIL_REFUND_CONFIRMATION, &pick, refund);
}

/* The tickets stay cancelled, and may be refunded by a new command. Which they were is kept no
 * longer: a gateway that fails again and again must not fill the state. */
static void fail(struct decision *decision, struct order *order, struct refund *refund)
{
    struct pick pick = tickets_of(order, refund);
    for (uint32_t i = 0; i < pick.count; i++) {
        order_tickets(order)[pick.at[i]].refund_id = (struct text){ NULL, 0 };
    }
    refund_applied(decision, "refund.failed", order, refund);
    refund->ticket_ids = (struct list){ NULL, 0 };
    order_put(decision, order);
}

void order_refund_result(struct decision *decision, const void *message)
{
    const struct refund_result *command = message;
    static const enum refund_status statuses[] = { 0, REFUND_SUCCEEDED, REFUND_FAILED,
                                                   REFUND_CANCELED }; /* by result */
    struct order *order = order_of(decision);
    if (!order) {
        return;
    }
    struct refund *refund = find_refund(order, command->refund_id);
    if (!refund) {
        decision_rejected(decision, "REFUND_NOT_FOUND", "/refundId",
                          "the order has no such refund");
        return;
    }
    int32_t status = (int32_t)statuses[command->result];
    if (refund->status == status) {
        decision_unchanged(decision);
        return;
    }
    if (refund->status != REFUND_INITIATED) {
        decision_rejected(decision, "REFUND_FINAL", "/result", "the refund is %s already",
                          FIELD_NAME(refund_statuses, refund->status));
        return;
    }
    refund->status = status;
    refund->resolved = decision_time(decision);
    refund->gateway_refund_id = command->gateway_refund_id;
    refund->failure_code = command->failure_code;
    if (status == REFUND_SUCCEEDED) {
        succeed(decision, order, refund);
    } else {
        fail(decision, order, refund);
    }
    metrics_outcome(decision, order);
}
