/* event.put: what holds for an event's orders (O26, O28, O33, O34, O37). */
#include "workers/order/inside.h"

/* Without event.put: nothing hidden, nobody notified, e-mail addresses once each. */
static const struct order_event unset = { .invite_only = 0,
                                          .restrict_duplicates = 1,
                                          .gateway_result = GATEWAY_AWAITED };

const struct order_event *look_event(struct decision *decision, struct text event_id)
{
    const struct order_event *event =
        decision_look(decision, entity_name(decision_arena(decision), "event", event_id));
    return event ? event : &unset;
}

bool event_accepts_account(const struct order_event *event, struct text account_id)
{
    return event == &unset || !account_id.at ||
           (event->connected_account_id.at && text_equal(event->connected_account_id, account_id));
}

const struct ticket_type *event_ticket_type(const struct order_event *event, struct text type_id)
{
    const struct ticket_type *types = event->ticket_types.items;
    for (uint32_t i = 0; i < event->ticket_types.count; i++) {
        if (text_equal(types[i].type_id, type_id)) {
            return &types[i];
        }
    }
    return NULL;
}

void event_put(struct decision *decision, const void *message)
{
    const struct order_event *event = message;
    decision_put(decision, event, 0);
    decision_applied(decision, "event.stored", &event_stored_shape, event);
}
