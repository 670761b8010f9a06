/* order.refund_tickets: money goes back for some tickets or all (O23-O30, C49, C52-C57). A card is
 * paid back by the gateway, which answers later (refund_result.c); an invoice or check is settled
 * outside. */
#include "workers/order/inside.h"

static bool refuse(struct decision *decision, const char *code, const char *pointer,
                   const char *detail)
{
    decision_rejected(decision, code, pointer, "%s", detail);
    return false;
}

static const char *place_of(struct decision *decision, const struct pick *pick, uint32_t i)
{
    return arena_printf(decision_arena(decision), "/tickets/%u", pick->place[i]).at;
}

/* Was paid for, with an amount: at some time there is or was something to give back. */
static bool ever_refundable(const struct ticket *ticket)
{
    return ticket->paid_for == 1 && ticket->amount_paid.digits > 0;
}

/* No refund holds it: neither one under way nor one that succeeded. */
static bool is_free(const struct ticket *ticket)
{
    return !ticket->refund_id.at;
}

static bool check_listed(struct decision *decision, const struct order *order,
                         const struct pick *pick)
{
    int at = pick_first_without(order, pick, ever_refundable);
    if (at >= 0) {
        return refuse(decision, "NOTHING_TO_REFUND", place_of(decision, pick, (uint32_t)at),
                      "nothing was paid for the ticket");
    }
    at = pick_first_without(order, pick, is_free);
    return at < 0 || refuse(decision, "ALREADY_REFUNDED", place_of(decision, pick, (uint32_t)at),
                            "the ticket is refunded, or its refund is under way");
}

static bool check_all(struct decision *decision, const struct order *order, struct pick *pick)
{
    *pick = pick_keep(order, pick, ever_refundable);
    if (!pick->count) {
        return refuse(decision, "NOTHING_TO_REFUND", "/tickets",
                      "nothing was paid for the tickets");
    }
    *pick = pick_keep(order, pick, is_free);
    return pick->count || refuse(decision, "ALREADY_REFUNDED", "/tickets",
                                 "every ticket is refunded, or its refund is under way");
}

static bool check_tickets(struct decision *decision, const struct order *order,
                          const struct on_order *command, struct pick *pick)
{
    if (!pick_tickets(decision, order, command, pick)) {
        return false;
    }
    if (!order->paid) {
        return refuse(decision, "NOTHING_TO_REFUND", "/orderId", "the order is not paid");
    }
    return command->all ? check_all(decision, order, pick) : check_listed(decision, order, pick);
}

/* --- the amount (C52, C53) --- */

static void sum_up(const struct order *order, const struct pick *pick, bool retain,
                   struct refund *refund)
{
    int64_t amount = 0, lost_fee = 0;
    for (uint32_t i = 0; i < pick->count; i++) {
        const struct ticket *ticket = &order_tickets(order)[pick->at[i]];
        amount += ticket->amount_paid.digits;
        lost_fee += ticket->fee_share.digits;
    }
    refund->amount = order_money(order, retain ? amount - lost_fee : amount);
    refund->lost_fee = order_money(order, lost_fee);
    refund->retained = retain;
}

static bool check_amount(struct decision *decision, const struct order *order,
                         const struct refund *refund)
{
    if (refund->amount.digits <= 0) {
        return refuse(decision, "NOTHING_TO_REFUND", "/retainProcessingFee",
                      "the processing fee takes all of it");
    }
    int64_t so_far =
        order_refunds(order, REFUND_INITIATED) + order_refunds(order, REFUND_SUCCEEDED);
    return so_far + refund->amount.digits <= order_sales(order) ||
           refuse(decision, "REFUND_EXCEEDS_PAID", "/tickets",
                  "refunds would exceed what was paid for the order");
}

/* --- what follows --- */

static struct refund *add_refund(struct decision *decision, struct order *order,
                                 const struct pick *pick, const struct refund *made)
{
    struct refund *refund = (struct refund *)order->refunds.items + order->refunds.count++;
    *refund = *made; /* order_of() left room */
    refund->ticket_ids = pick_ids(order, pick, decision_arena(decision));
    refund->method = order->payment_type;
    refund->requested = decision_time(decision);
    return refund;
}

/* The refund is named by the outcome that announces it, so an adapter can tell a repetition. */
static void name_refund(struct decision *decision, struct order *order, const struct pick *pick,
                        struct refund *refund)
{
    refund->refund_id = decision_next_id(decision);
    for (uint32_t i = 0; i < pick->count; i++) {
        order_tickets(order)[pick->at[i]].refund_id = refund->refund_id;
    }
}

static void announce(struct decision *decision, const struct order *order, struct refund *refund,
                     bool at_once)
{
    bool card = refund->method == PAY_CARD;
    struct refund initiated = *refund;
    if (card) { /* the gateway is asked in any case; `assumed` only does not wait for it */
        initiated.status = REFUND_INITIATED;
    }
    refund_initiated(decision, order, &initiated);
    if (at_once && card) {
        refund_outcome(decision, "refund.succeeded", order, refund);
    }
}

static void notify(struct decision *decision, const struct order *order, const struct pick *pick,
                   const struct refund *refund, bool at_once)
{
    if (refund->method != PAY_CARD) {
        mail_buyer(decision, order, MAIL_REFUND_INITIATED, pick, refund);
    } else if (at_once) {
        mail_buyer(decision, order, MAIL_REFUND_CONFIRMATION, pick, refund);
    }
    metrics_outcome(decision, order);
}

static void carry_out(struct decision *decision, struct order *order, const struct pick *pick,
                      const struct refund *made, bool at_once)
{
    struct pick active = pick_keep(order, pick, ticket_active);
    struct refund *refund = add_refund(decision, order, pick, made);
    refund->status = at_once ? REFUND_SUCCEEDED : REFUND_INITIATED;
    refund->resolved = at_once ? decision_time(decision) : FIELD_ABSENT;
    tickets_leave(decision, order, pick, at_once ? TICKET_REFUNDED : TICKET_CANCELLED);
    order_applied(decision, "order.refund_requested", order, pick);
    name_refund(decision, order, pick, refund);
    order_put(decision, order);
    announce(decision, order, refund, at_once);
    for (uint32_t i = 0; i < active.count; i++) {
        attendee_revoked(decision, order, &order_tickets(order)[active.at[i]]);
    }
    notify(decision, order, pick, refund, at_once);
}

void order_refund(struct decision *decision, const void *message)
{
    const struct on_order *command = message;
    struct order *order = order_of(decision);
    struct pick pick;
    struct refund refund = { .requested = FIELD_ABSENT };
    if (!order || !check_tickets(decision, order, command, &pick)) {
        return;
    }
    const struct order_event *event = look_event(decision, order->event_id);
    bool card = order->payment_type == PAY_CARD;
    if (card && !event_accepts_account(event, order->gateway_account_id)) {
        refuse(decision, "GATEWAY_DISCONNECTED", "/orderId",
               "the gateway account that was charged is not connected; connect that account again");
        return;
    }
    sum_up(order, &pick, command->retain_fee == 1, &refund);
    if (check_amount(decision, order, &refund)) {
        bool at_once = !card || event->gateway_result == GATEWAY_ASSUMED;
        carry_out(decision, order, &pick, &refund, at_once);
    }
}
