/* The status of an order, and what may be done in each: O05-O11, O13, C47, C48. */
#include "workers/order/inside.h"

/* --- the matrices; a row ends where nothing more is allowed --- */

static const enum order_action order_matrix[][6] = {
    [ORDER_NOT_PAID] = { ACT_MARK_AS_PAID, ACT_RESEND_CONFIRMATION, ACT_VIEW_INVOICE, ACT_CANCEL },
    [ORDER_COMPLETE] = { ACT_RESEND_CONFIRMATION, ACT_VIEW_TICKET, ACT_VIEW_RECEIPT, ACT_REFUND,
                         ACT_CANCEL },
    [ORDER_PARTIALLY_COMPLETE] = { ACT_RESEND_CONFIRMATION, ACT_VIEW_TICKET, ACT_VIEW_RECEIPT,
                                   ACT_REFUND, ACT_CANCEL },
    [ORDER_REFUNDED] = { ACT_VIEW_TICKET, ACT_VIEW_RECEIPT, ACT_VIEW_INVOICE },
    [ORDER_CANCELLED] = { ACT_VIEW_TICKET, ACT_VIEW_RECEIPT, ACT_REFUND },
    [ORDER_REFUNDED_CANCELLED] = { ACT_VIEW_TICKET, ACT_VIEW_RECEIPT, ACT_REFUND },
};

static const enum order_action ticket_matrix[][4] = {
    [TICKET_ACTIVE] = { ACT_VIEW_PROFILE, ACT_VIEW_TICKET, ACT_SEND_CONFIRMATION },
    [TICKET_AWAITING_PAYMENT] = { ACT_VIEW_PROFILE },
    [TICKET_CANCELLED] = { ACT_VIEW_PROFILE, ACT_VIEW_TICKET },
    [TICKET_REFUNDED] = { ACT_VIEW_PROFILE, ACT_VIEW_TICKET },
};

static const char *const action_names[] = {
    [ACT_MARK_AS_PAID] = "MARK_AS_PAID",
    [ACT_RESEND_CONFIRMATION] = "RESEND_CONFIRMATION",
    [ACT_VIEW_TICKET] = "VIEW_TICKET",
    [ACT_VIEW_RECEIPT] = "VIEW_RECEIPT",
    [ACT_VIEW_INVOICE] = "VIEW_INVOICE",
    [ACT_REFUND] = "REFUND",
    [ACT_CANCEL] = "CANCEL",
    [ACT_VIEW_PROFILE] = "VIEW_PROFILE",
    [ACT_SEND_CONFIRMATION] = "SEND_CONFIRMATION",
};

static bool allows(const enum order_action *row, enum order_action action)
{
    for (; *row; row++) {
        if (*row == action) {
            return true;
        }
    }
    return false;
}

static struct list names_of(const enum order_action *row, struct arena *arena)
{
    uint32_t count = 0;
    while (row[count]) {
        count++;
    }
    struct text *names = arena_alloc(arena, count * sizeof(*names));
    for (uint32_t i = 0; i < count; i++) {
        names[i] = text_of(action_names[row[i]]);
    }
    return (struct list){ names, count };
}

bool order_allows(enum order_status status, enum order_action action)
{
    return allows(order_matrix[status], action);
}

bool ticket_allows(enum ticket_status status, enum order_action action)
{
    return allows(ticket_matrix[status], action);
}

struct list order_actions(enum order_status status, struct arena *arena)
{
    return names_of(order_matrix[status], arena);
}

struct list ticket_actions(enum ticket_status status, struct arena *arena)
{
    return names_of(ticket_matrix[status], arena);
}

/* --- the status --- */

struct counts {
    uint32_t open, cancelled, refunded;
};

static struct counts count_tickets(const struct order *order)
{
    struct counts counts = { 0, 0, 0 };
    const struct ticket *tickets = order_tickets(order);
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        counts.open += ticket_open(&tickets[i]);
        counts.cancelled += tickets[i].status == TICKET_CANCELLED;
        counts.refunded += tickets[i].status == TICKET_REFUNDED;
    }
    return counts;
}

enum order_status order_status(const struct order *order)
{
    struct counts counts = count_tickets(order);
    uint32_t all = order->tickets.count;
    if (counts.open > 0 && order->paid != 1) {
        return ORDER_NOT_PAID;
    }
    if (counts.open > 0) {
        return counts.open == all ? ORDER_COMPLETE : ORDER_PARTIALLY_COMPLETE;
    }
    return counts.refunded == all    ? ORDER_REFUNDED
           : counts.cancelled == all ? ORDER_CANCELLED
                                     : ORDER_REFUNDED_CANCELLED;
}

struct text order_status_text(const struct order *order, struct arena *arena)
{
    static const char *const texts[] = { [ORDER_NOT_PAID] = "Not Paid",
                                         [ORDER_COMPLETE] = "Complete",
                                         [ORDER_REFUNDED] = "Refunded",
                                         [ORDER_CANCELLED] = "Cancelled",
                                         [ORDER_REFUNDED_CANCELLED] = "Refunded/Cancelled" };
    enum order_status status = order_status(order);
    if (status == ORDER_PARTIALLY_COMPLETE) {
        return arena_printf(arena, "%u/%u Complete", count_tickets(order).open,
                            order->tickets.count);
    }
    return text_of(texts[status]);
}
