/* A registration order: who bought, what it cost, ticket by ticket, and what was given back. */
#include <stdio.h>

#include "workers/makegood/show.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/table.h"
#include "workers/order/order.h"

static struct text word(const struct shape *shape, const char *field, int32_t value)
{
    return value > 0 ? text_of(FIELD_NAME(shape_field(shape, field)->names, value)) : TEXT("");
}

static void put_money(struct table *table, struct decimal amount)
{
    table_put_value(table, amount.digits, amount.scale);
}

static struct text money_of(const struct shown *shown, const struct order *order, int64_t digits)
{
    char amount[MONEY_TEXT_MAX];
    money_format(digits, order->sale_amount.scale, amount);
    return arena_join(shown->arena, text_of(amount), TEXT(" "), order->currency);
}

/* "Ada Byron <ada@example.org>" of what is there. */
static struct text person(struct arena *arena, struct text first, struct text last, struct text email)
{
    struct text name = first.at && last.at ? arena_join(arena, first, TEXT(" "), last) : first.at ? first : last;
    return !email.at    ? name
           : name.size > 0 ? arena_join(arena, name, TEXT(" <"), email, TEXT(">"))
                           : email;
}

static int64_t refunded(const struct order *order, int32_t status)
{
    const struct refund *refunds = order->refunds.items;
    int64_t sum = 0;
    for (uint32_t i = 0; i < order->refunds.count; i++) {
        sum += refunds[i].status == status ? refunds[i].amount.digits : 0;
    }
    return sum;
}

static void show_sums(const struct shown *shown, const struct order *order)
{
    int64_t back = refunded(order, REFUND_SUCCEEDED), under_way = refunded(order, REFUND_INITIATED);
    show_line("sale amount", money_of(shown, order, order->sale_amount.digits));
    if (order->processing_fee.digits > 0) {
        show_line("processing fee", money_of(shown, order, order->processing_fee.digits));
    }
    if (back > 0) {
        show_line("refunded", money_of(shown, order, back));
    }
    if (under_way > 0) {
        show_line("being refunded", money_of(shown, order, under_way));
    }
}

static void show_buyer(const struct shown *shown, const struct order *order)
{
    const struct buyer *buyer = order->buyer;
    const struct named_text *address = buyer->billing_address.items;
    struct text whole = TEXT("");
    show_line("buyer", person(shown->arena, buyer->first_name, buyer->last_name, buyer->email));
    for (uint32_t i = 0; i < buyer->billing_address.count; i++) {
        whole = arena_join(shown->arena, whole, i > 0 ? TEXT(", ") : TEXT(""), address[i].value);
    }
    show_line("address", whole);
}

static const char *const ticket_heads[] = { "TICKET", "TYPE",      "NAME",  "ATTENDEE", "STATUS", ">PRICE",
                                            ">DISCOUNT", ">TAX",   ">FEE",  ">PAID",    "IN APP", "REFUND",
                                            NULL };

static void show_tickets(const struct shown *shown, const struct order *order, const struct shape *shape)
{
    const struct ticket *tickets = order->tickets.items;
    struct table table;
    table_open(&table, ticket_heads);
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        const struct ticket *ticket = &tickets[i];
        const struct person *who = ticket->attendee;
        table_put(&table, ticket->ticket_id);
        table_put(&table, ticket->type_id);
        table_put(&table, ticket->name);
        table_put(&table, who ? person(shown->arena, who->first_name, who->last_name, who->email) : TEXT(""));
        table_put(&table, word(shape, "status", ticket->status));
        put_money(&table, ticket->price);
        put_money(&table, ticket->discount);
        put_money(&table, ticket->tax);
        put_money(&table, ticket->fee);
        put_money(&table, ticket->amount_paid);
        table_put(&table, ticket->in_app == 1 ? TEXT("yes") : TEXT(""));
        table_put(&table, ticket->refund_id);
    }
    putchar('\n');
    table_print(&table);
}

static const char *const refund_heads[] = { "REFUND",    "STATUS",   "METHOD",  ">AMOUNT", "TICKETS",
                                            "REQUESTED", "RESOLVED", "GATEWAY", "FAILURE", NULL };

static void show_refunds(const struct shown *shown, const struct order *order, const struct shape *shape)
{
    const struct refund *refunds = order->refunds.items;
    struct table table;
    table_open(&table, refund_heads);
    for (uint32_t i = 0; i < order->refunds.count; i++) {
        const struct text *ids = refunds[i].ticket_ids.items;
        struct text tickets = TEXT("");
        for (uint32_t k = 0; k < refunds[i].ticket_ids.count; k++) {
            tickets = arena_join(shown->arena, tickets, k > 0 ? TEXT(" ") : TEXT(""), ids[k]);
        }
        table_put(&table, refunds[i].refund_id);
        table_put(&table, word(shape, "status", refunds[i].status));
        table_put(&table, word(shape, "method", refunds[i].method));
        put_money(&table, refunds[i].amount);
        table_put(&table, tickets);
        table_put_time(&table, refunds[i].requested);
        table_put_time(&table, refunds[i].resolved);
        table_put(&table, refunds[i].gateway_refund_id);
        table_put(&table, refunds[i].failure_code);
    }
    if (order->refunds.count > 0) {
        putchar('\n');
    }
    table_print(&table);
}

void show_order(const struct shown *shown)
{
    const struct order *order = shown->state;
    const struct shape *shape = state_type_of_key(shown->key, shown->arena)->shape;
    show_head(shown);
    show_line("status", word(shape, "status", order->status));
    show_line("event", order->event_id);
    show_line_time("ordered", order->order_date);
    show_buyer(shown, order);
    show_line("locale", order->locale);
    show_line("payment", arena_join(shown->arena, word(shape, "paymentType", order->payment_type),
                                    order->paid == 1 ? TEXT(", paid") : TEXT(", not paid")));
    show_line("charge", order->charge_id);
    show_line("promo code", order->promo_code);
    show_sums(shown, order);
    show_tickets(shown, order, shape_field(shape, "tickets")->shape);
    show_refunds(shown, order, shape_field(shape, "refunds")->shape);
}
