/* The row that the engine reads: messages, entities, states of the order worker. */
#include <stddef.h>

#include "workers/order/inside.h"

static struct text order_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "order", *(const struct text *)message);
}

static struct text event_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "event", ((const struct order_event *)message)->event_id);
}

static struct text promo_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "promo", promo_code_upper(arena, *(const struct text *)message));
}

static struct text attendee_entity(const void *message, struct arena *arena)
{
    const struct attendee_change *change = message;
    return entity_name_two(arena, "attendee", change->event_id, change->email_hash);
}

static struct text unblock_entity(const void *message, struct arena *arena)
{
    const struct unblock *command = message;
    struct text hash = command->email_hash.at ? command->email_hash
                       : command->email.at    ? email_hash(arena, command->email)
                                              : TEXT("-");
    return entity_name_two(arena, "attendee", command->event_id, hash);
}

/* The id that names the entity comes first in each of these. */
_Static_assert(offsetof(struct place, order_id) == 0 && offsetof(struct on_order, order_id) == 0 &&
                   offsetof(struct refund_result, order_id) == 0 &&
                   offsetof(struct update_buyer, order_id) == 0 &&
                   offsetof(struct on_ticket, order_id) == 0 &&
                   offsetof(struct promo_answer, order_id) == 0,
               "order_entity reads the order id of any message");
_Static_assert(offsetof(struct promo, code) == 0 && offsetof(struct promo_ask, code) == 0 &&
                   offsetof(struct promo_release, code) == 0,
               "promo_entity reads the code of any message");

#define ON_ORDER(type_name, type_shape, function)                                                  \
    {                                                                                              \
        .name = type_name, .shape = &(type_shape), .entity = order_entity, .handlers = {           \
            { "order", function }                                                                  \
        }                                                                                          \
    }
#define ON_PROMO(type_name, type_shape, function)                                                  \
    {                                                                                              \
        .name = type_name, .shape = &(type_shape), .entity = promo_entity, .handlers = {           \
            { "promo", function }                                                                  \
        }                                                                                          \
    }

static const struct message_type messages[] = {
    ON_ORDER("order.place", place_shape, order_place),
    ON_ORDER("order.mark_paid", mark_paid_shape, order_mark_paid),
    ON_ORDER("order.cancel_tickets", cancel_shape, order_cancel),
    ON_ORDER("order.refund_tickets", refund_tickets_shape, order_refund),
    ON_ORDER("refund.result", refund_result_shape, order_refund_result),
    ON_ORDER("order.resend_confirmation", resend_shape, order_resend),
    ON_ORDER("order.update_buyer", update_buyer_shape, order_update_buyer),
    ON_ORDER("attendee.activate", on_ticket_shape, attendee_activate),
    ON_ORDER("attendee.send_confirmation", on_ticket_shape, attendee_send_confirmation),
    { .name = "attendee.unblock",
      .shape = &unblock_shape,
      .entity = unblock_entity,
      .handlers = { { "attendee", attendee_unblock } } },
    ON_PROMO("promo.put", promo_put_shape, promo_put),
    { .name = "event.put",
      .shape = &event_shape,
      .entity = event_entity,
      .handlers = { { "event", event_put } } },
    ON_ORDER("internal.order.resend", job_resend_shape, order_job_resend),
    ON_PROMO("internal.promo.use", promo_ask_shape, promo_use),
    ON_PROMO("internal.promo.release", promo_release_shape, promo_give_back),
    { .name = "internal.promo.answered",
      .shape = &promo_answer_shape,
      .entity = order_entity,
      .handlers = { { .entity_type = "order" } },
      .answer = true },
    { .name = "internal.attendee.change",
      .shape = &attendee_change_shape,
      .entity = attendee_entity,
      .handlers = { { "attendee", attendee_change } } },
};

static const struct state_type states[] = {
    { .entity_type = "order", .shape = &order_shape, .version = 1 },
    { .entity_type = "promo", .shape = &promo_shape, .version = 1 },
    { .entity_type = "event", .shape = &event_shape, .version = 1 },
    { .entity_type = "attendee", .shape = &attendee_shape, .version = 1 },
};

const struct worker order_worker = {
    .name = "order",
    .messages = messages,
    .message_count = sizeof(messages) / sizeof(*messages),
    .states = states,
    .state_count = sizeof(states) / sizeof(*states),
};
