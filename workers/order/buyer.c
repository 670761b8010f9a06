/* order.update_buyer: name, address, e-mail of whoever bought; what is not sent stays (O20, O32). */
#include "workers/order/inside.h"

static void take_text(struct text *into, struct text from)
{
    if (from.at) {
        *into = from;
    }
}

void order_update_buyer(struct decision *decision, const void *message)
{
    const struct buyer *change = ((const struct update_buyer *)message)->buyer;
    struct order *order = order_of(decision);
    if (!order) {
        return;
    }
    struct buyer buyer = *order->buyer;
    take_text(&buyer.first_name, change->first_name);
    take_text(&buyer.last_name, change->last_name);
    take_text(&buyer.email, change->email);
    if (change->billing_address.items) {
        buyer.billing_address = change->billing_address;
    }
    if (shape_equal(&buyer_shape, &buyer, order->buyer)) {
        decision_unchanged(decision);
        return;
    }
    order->buyer = &buyer;
    order_put(decision, order);
    order_applied(decision, "order.buyer_updated", order, NULL);
}
