/* Finding an order and its tickets, and writing it down. */
#include "workers/order/inside.h"

struct order *order_of(struct decision *decision)
{
    const struct order *stored = decision_state(decision);
    if (!stored) {
        decision_rejected(decision, "ORDER_NOT_FOUND", "/orderId", "no such order was placed");
        return NULL;
    }
    struct arena *arena = decision_arena(decision);
    struct order *order = arena_alloc(arena, sizeof(*order));
    struct ticket *tickets = arena_alloc(arena, stored->tickets.count * sizeof(*tickets));
    /* Room for one refund more: no command adds two. */
    struct refund *refunds = arena_alloc(arena, (stored->refunds.count + 1) * sizeof(*refunds));
    memcpy(tickets, stored->tickets.items, stored->tickets.count * sizeof(*tickets));
    if (stored->refunds.count) {
        memcpy(refunds, stored->refunds.items, stored->refunds.count * sizeof(*refunds));
    }
    *order = *stored;
    order->tickets.items = tickets;
    order->refunds.items = refunds;
    return order;
}

void order_put(struct decision *decision, struct order *order)
{
    order->status = order_status(order);
    decision_put(decision, order, 0);
}

int order_find_ticket(const struct order *order, struct text ticket_id)
{
    const struct ticket *tickets = order_tickets(order);
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        if (text_equal(tickets[i].ticket_id, ticket_id)) {
            return (int)i;
        }
    }
    return -1;
}

/* --- amounts --- */

struct decimal order_money(const struct order *order, int64_t minor)
{
    return (struct decimal){ minor, order->sale_amount.scale };
}

int64_t order_sales(const struct order *order)
{
    int64_t sales = 0;
    const struct ticket *tickets = order_tickets(order);
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        sales += tickets[i].paid_for == 1 ? tickets[i].amount_paid.digits : 0;
    }
    return sales;
}

int64_t order_refunds(const struct order *order, enum refund_status status)
{
    int64_t total = 0; /* of INITIATED and SUCCEEDED never more than the sales */
    const struct refund *refunds = order->refunds.items;
    for (uint32_t i = 0; i < order->refunds.count; i++) {
        total += refunds[i].status == (int32_t)status ? refunds[i].amount.digits : 0;
    }
    return total;
}

/* --- the tickets that a command means --- */

static bool invalid(struct decision *decision, struct text pointer, const char *detail)
{
    decision_rejected(decision, "INVALID_FIELD", pointer.at, "%s", detail);
    return false;
}

static bool each_once(struct decision *decision, const struct text *ids, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(ids[i], ids[j])) {
                return invalid(decision, arena_printf(decision_arena(decision), "/tickets/%u", i),
                               "the ticket is listed twice");
            }
        }
    }
    return true;
}

static void keep_order(struct pick *pick)
{
    for (uint32_t i = 1; i < pick->count; i++) {
        for (uint32_t j = i; j > 0 && pick->at[j - 1] > pick->at[j]; j--) {
            uint32_t at = pick->at[j], place = pick->place[j];
            pick->at[j] = pick->at[j - 1];
            pick->place[j] = pick->place[j - 1];
            pick->at[j - 1] = at;
            pick->place[j - 1] = place;
        }
    }
}

static bool pick_listed(struct decision *decision, const struct order *order,
                        const struct list *listed, struct pick *pick)
{
    const struct text *ids = listed->items;
    if (!each_once(decision, ids, listed->count)) {
        return false;
    }
    for (uint32_t i = 0; i < listed->count; i++) {
        int at = order_find_ticket(order, ids[i]);
        if (at < 0) {
            struct text pointer = arena_printf(decision_arena(decision), "/tickets/%u", i);
            decision_rejected(decision, "TICKET_NOT_FOUND", pointer.at,
                              "the order has no such ticket");
            return false;
        }
        pick->at[pick->count] = (uint32_t)at;
        pick->place[pick->count++] = i;
    }
    keep_order(pick);
    return true;
}

struct pick pick_status(const struct order *order, int32_t status)
{
    struct pick pick = { 0 };
    const struct ticket *tickets = order_tickets(order);
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        if (!status || tickets[i].status == status) {
            pick.at[pick.count++] = i;
        }
    }
    return pick;
}

bool pick_tickets(struct decision *decision, const struct order *order,
                  const struct on_order *command, struct pick *pick)
{
    *pick = (struct pick){ 0 };
    if (command->all) {
        *pick = pick_status(order, 0);
        return true;
    }
    if (!command->ticket_ids.items) {
        return invalid(decision, TEXT("/tickets"),
                       "expected \"all\", or 1..100 ticket ids: none is not all");
    }
    return pick_listed(decision, order, &command->ticket_ids, pick);
}

struct pick pick_keep(const struct order *order, const struct pick *pick,
                      bool (*wanted)(const struct ticket *))
{
    struct pick kept = { 0 };
    for (uint32_t i = 0; i < pick->count; i++) {
        if (wanted(&order_tickets(order)[pick->at[i]])) {
            kept.at[kept.count++] = pick->at[i];
        }
    }
    return kept;
}

int pick_first_without(const struct order *order, const struct pick *pick,
                       bool (*wanted)(const struct ticket *))
{
    int found = -1;
    for (uint32_t i = 0; i < pick->count; i++) {
        if (!wanted(&order_tickets(order)[pick->at[i]]) &&
            (found < 0 || pick->place[i] < pick->place[found])) {
            found = (int)i;
        }
    }
    return found;
}

struct list pick_ids(const struct order *order, const struct pick *pick, struct arena *arena)
{
    struct text *ids = arena_alloc(arena, pick->count * sizeof(*ids));
    for (uint32_t i = 0; i < pick->count; i++) {
        ids[i] = order_tickets(order)[pick->at[i]].ticket_id;
    }
    return (struct list){ ids, pick->count };
}
