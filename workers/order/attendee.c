/* Who comes: added, turned away, blocked, let in again (O13, O21, O22, O28, O29, O37). An order
 * decides about its tickets; attendee:<eventId>:<hash> counts over all orders, remembers blocks. */
#include <stddef.h>

#include "workers/order/inside.h"

struct attendee_record {
    struct text order_id, event_id, ticket_id, email_hash;
    int32_t blocked, may_check_in, app_access, may_join_app;
};

#define AT(member) offsetof(struct attendee_record, member)
static const struct field record_fields[] = {
    { "orderId", FIELD_ID, AT(order_id) },       { "eventId", FIELD_ID, AT(event_id) },
    { "ticketId", FIELD_ID, AT(ticket_id) },     { "emailHash", FIELD_HEX, AT(email_hash) },
    { "blocked", FIELD_BOOL, AT(blocked) },      { "mayCheckIn", FIELD_BOOL, AT(may_check_in) },
    { "appAccess", FIELD_BOOL, AT(app_access) }, { "mayJoinApp", FIELD_BOOL, AT(may_join_app) },
};
static const struct shape record_shape = { "attendee.record", record_fields,
                                           sizeof(record_fields) / sizeof(*record_fields),
                                           sizeof(struct attendee_record), SHAPE_NO_FAULTS };

struct text ticket_hash(const struct ticket *ticket, struct arena *arena)
{
    return ticket->attendee && ticket->attendee->email.at
               ? email_hash(arena, ticket->attendee->email)
               : (struct text){ NULL, 0 };
}

const struct attendee *look_attendee(struct decision *decision, struct text event_id,
                                     struct text hash)
{
    return hash.at ? decision_look(decision, entity_name_two(decision_arena(decision), "attendee",
                                                             event_id, hash))
                   : NULL;
}

static bool is_blocked(const struct attendee *attendee)
{
    return attendee && (attendee->blocked == 1 || attendee->email_blocked == 1);
}

static struct attendee_record record_of(struct decision *decision, const struct order *order,
                                        const struct ticket *ticket)
{
    return (struct attendee_record){ .order_id = order->order_id,
                                     .event_id = order->event_id,
                                     .ticket_id = ticket->ticket_id,
                                     .email_hash = ticket_hash(ticket, decision_arena(decision)),
                                     .blocked = -1,
                                     .may_check_in = -1,
                                     .app_access = -1,
                                     .may_join_app = -1 };
}

/* --- what an order says about a ticket's attendee --- */

void attendee_added(struct decision *decision, const struct order *order,
                    const struct ticket *ticket)
{
    struct attendee_record record = record_of(decision, order, ticket);
    record.blocked = is_blocked(look_attendee(decision, order->event_id, record.email_hash));
    decision_outcome(decision, "attendee.added", &record_shape, &record);
}

/* Only somebody with an address can be kept out. */
static bool gets_blocked(const struct ticket *ticket, struct text hash)
{
    return ticket->in_app == 1 && hash.at;
}

void attendee_revoked(struct decision *decision, const struct order *order,
                      const struct ticket *ticket)
{
    struct attendee_record record = record_of(decision, order, ticket);
    bool blocks = gets_blocked(ticket, record.email_hash);
    bool blocked =
        blocks || is_blocked(look_attendee(decision, order->event_id, record.email_hash));
    record.may_check_in = record.app_access = 0;
    record.may_join_app = look_event(decision, order->event_id)->invite_only != 1 && !blocked;
    decision_outcome(decision, "attendee.access_revoked", &record_shape, &record);
    if (blocks) {
        record = record_of(decision, order, ticket);
        decision_outcome(decision, "attendee.blocked", &record_shape, &record);
    }
}

void attendee_tell(struct decision *decision, const struct order *order,
                   const struct ticket *ticket, int change)
{
    struct arena *arena = decision_arena(decision);
    struct text hash = ticket_hash(ticket, arena);
    bool refunded = ticket->status == TICKET_REFUNDED;
    bool blocks = gets_blocked(ticket, hash) && (change < 0 || refunded);
    if (!hash.at || (!change && !blocks)) {
        return;
    }
    struct attendee_change message = { .event_id = order->event_id,
                                       .email_hash = hash,
                                       .tickets = change,
                                       .blocked = blocks,
                                       .email_blocked = blocks && refunded };
    decision_send(decision, entity_name_two(arena, "attendee", order->event_id, hash),
                  "internal.attendee.change", &attendee_change_shape, &message);
}

/* --- commands on a ticket --- */

static struct ticket *ticket_of(struct decision *decision, struct order *order,
                                struct text ticket_id)
{
    int at = order_find_ticket(order, ticket_id);
    if (at < 0) {
        decision_rejected(decision, "TICKET_NOT_FOUND", "/ticketId",
                          "the order has no such ticket");
        return NULL;
    }
    return &order_tickets(order)[at];
}

void attendee_activate(struct decision *decision, const void *message)
{
    const struct on_ticket *command = message;
    struct order *order = order_of(decision);
    struct ticket *ticket = order ? ticket_of(decision, order, command->ticket_id) : NULL;
    if (!ticket) {
        return;
    }
    if (ticket->status != TICKET_ACTIVE) {
        decision_rejected(decision, "ACTION_NOT_ALLOWED", "/ticketId",
                          "the ticket is %s; only an ACTIVE one lets into the app",
                          FIELD_NAME(ticket_statuses, ticket->status));
        return;
    }
    if (ticket->in_app == 1) {
        decision_unchanged(decision);
        return;
    }
    ticket->in_app = 1;
    struct attendee_record record = record_of(decision, order, ticket);
    order_put(decision, order);
    decision_applied(decision, "attendee.activated", &record_shape, &record);
}

void attendee_send_confirmation(struct decision *decision, const void *message)
{
    const struct on_ticket *command = message;
    struct order *order = order_of(decision);
    struct ticket *ticket = order ? ticket_of(decision, order, command->ticket_id) : NULL;
    if (!ticket) {
        return;
    }
    if (!ticket_allows((enum ticket_status)ticket->status, ACT_SEND_CONFIRMATION)) {
        decision_rejected(decision, "ACTION_NOT_ALLOWED", "/ticketId",
                          "the ticket is %s; a confirmation goes to an ACTIVE one alone",
                          FIELD_NAME(ticket_statuses, ticket->status));
        return;
    }
    struct attendee_record record = record_of(decision, order, ticket);
    decision_applied(decision, "attendee.confirmation_sent", &record_shape, &record);
    mail_ticket(decision, order, (uint32_t)(ticket - order_tickets(order)));
}

/* --- the attendee of an event --- */

void attendee_change(struct decision *decision, const void *message)
{
    const struct attendee_change *change = message;
    const struct attendee *before = decision_state(decision);
    struct attendee after = { .event_id = change->event_id, .email_hash = change->email_hash };
    if (before) {
        after = *before;
    }
    after.tickets += change->tickets;
    ENSURE(after.tickets >= 0); /* each ticket opens once and leaves once */
    after.blocked = after.blocked == 1 || change->blocked == 1;
    after.email_blocked = after.email_blocked == 1 || change->email_blocked == 1;
    decision_put(decision, &after, 0);
    decision_applied(decision, "internal.attendee.change", NULL, NULL);
}

void attendee_unblock(struct decision *decision, const void *message)
{
    const struct unblock *command = message;
    const struct attendee *before = decision_state(decision);
    if (!command->email.at && !command->email_hash.at) {
        decision_rejected(decision, "IDENTIFIER_MISSING", "", "expected email or emailHash");
        return;
    }
    if (command->email.at && command->email_hash.at &&
        !text_equal(email_hash(decision_arena(decision), command->email), command->email_hash)) {
        decision_rejected(decision, "INVALID_FIELD", "/emailHash",
                          "is not the hash of email; send one of the two");
        return;
    }
    if (!is_blocked(before)) {
        decision_unchanged(decision);
        return;
    }
    struct attendee after = *before;
    after.blocked = after.email_blocked = 0;
    struct attendee_record record = { .event_id = after.event_id,
                                      .email_hash = after.email_hash,
                                      .blocked = -1,
                                      .may_check_in = -1,
                                      .app_access = -1,
                                      .may_join_app = -1 };
    decision_put(decision, &after, 0);
    decision_applied(decision, "attendee.unblocked", &record_shape, &record);
}
