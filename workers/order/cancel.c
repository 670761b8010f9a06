/* order.cancel_tickets: some or all, for good; no money moves (O12, O19-O22, C59, C62). */
#include "workers/order/inside.h"

/* Of "all" those that are open; of a list every one must be. */
static bool check_open(struct decision *decision, const struct order *order,
                       const struct on_order *command, struct pick *pick)
{
    int at = command->all ? -1 : pick_first_without(order, pick, ticket_open);
    if (at < 0) {
        *pick = pick_keep(order, pick, ticket_open);
        return true;
    }
    struct text pointer = arena_printf(decision_arena(decision), "/tickets/%u", pick->place[at]);
    decision_rejected(decision, "ACTION_NOT_ALLOWED", pointer.at, "the ticket is %s already",
                      FIELD_NAME(ticket_statuses, order_tickets(order)[pick->at[at]].status));
    return false;
}

void tickets_leave(struct decision *decision, struct order *order, const struct pick *pick,
                   enum ticket_status status)
{
    int64_t uses = 0;
    for (uint32_t i = 0; i < pick->count; i++) {
        struct ticket *ticket = &order_tickets(order)[pick->at[i]];
        bool open = ticket_open(ticket);
        ticket->status = (int32_t)status;
        uses += open && ticket->uses_promo == 1;
        attendee_tell(decision, order, ticket, open ? -1 : 0);
    }
    if (uses) {
        promo_send_release(decision, order->promo_code, order->order_id, uses, false);
    }
}

void order_cancel(struct decision *decision, const void *message)
{
    const struct on_order *command = message;
    struct order *order = order_of(decision);
    struct pick pick;
    if (!order || !pick_tickets(decision, order, command, &pick)) {
        return;
    }
    enum order_status status = order_status(order);
    if (!order_allows(status, ACT_CANCEL)) {
        decision_rejected(decision, "ACTION_NOT_ALLOWED", "/tickets",
                          "the order is %s: nothing is left to cancel",
                          FIELD_NAME(order_statuses, status));
        return;
    }
    if (!check_open(decision, order, command, &pick)) {
        return;
    }
    struct pick active = pick_keep(order, &pick, ticket_active);
    tickets_leave(decision, order, &pick, TICKET_CANCELLED);
    order_put(decision, order);
    order_applied(decision, "order.cancelled", order, &pick);
    for (uint32_t i = 0; i < active.count; i++) {
        attendee_revoked(decision, order, &order_tickets(order)[active.at[i]]);
    }
    mail_buyer(decision, order, MAIL_ORDER_CANCELLATION, &pick, NULL);
    metrics_outcome(decision, order);
}
