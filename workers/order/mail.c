/* E-mail requests: which, to whom, in which language, with which message (O33-O35, C58). */
#include <stddef.h>

#include "workers/order/inside.h"

struct mail {
    int32_t template;
    struct text to, locale, order_id;
    struct list ticket_ids;
    struct text message_key, refund_id;
    struct decimal amount;
    struct text currency, invoice_instructions;
};

static const char *const template_names[] = { "ORDER_CONFIRMATION",
                                              "ORDER_CONFIRMATION_INVOICE",
                                              "TICKET",
                                              "RECEIPT",
                                              "ORDER_CANCELLATION",
                                              "REFUND_CONFIRMATION",
                                              "REFUND_INITIATED",
                                              "TEAM_NEW_ORDER",
                                              NULL };

#define AT(member) offsetof(struct mail, member)
static const struct field mail_fields[] = {
    { "template", FIELD_ENUM, AT(template), .names = template_names },
    { "to", FIELD_EMAIL, AT(to) },
    { "locale", FIELD_TEXT, AT(locale) },
    { "orderId", FIELD_ID, AT(order_id) },
    { "ticketIds", FIELD_LIST, AT(ticket_ids), .element = FIELD_ID },
    { "customMessageKey", FIELD_TEXT, AT(message_key) },
    { "refundId", FIELD_ID, AT(refund_id) },
    { "amount", FIELD_MONEY, AT(amount) },
    { "currency", FIELD_CURRENCY, AT(currency) },
    { "invoiceInstructions", FIELD_TEXT, AT(invoice_instructions) },
};
static const struct shape mail_shape = { "email.requested", mail_fields,
                                         sizeof(mail_fields) / sizeof(*mail_fields),
                                         sizeof(struct mail), SHAPE_NO_FAULTS };

static struct mail mail_of(const struct order *order, enum mail_template template, struct text to)
{
    return (struct mail){ .template = (int32_t) template,
                          .to = to,
                          .locale = order->locale,
                          .order_id = order->order_id,
                          .amount = DECIMAL_ABSENT };
}

static void mail_out(struct decision *decision, const struct mail *mail)
{
    decision_outcome(decision, "email.requested", &mail_shape, mail);
}

/* --- the organiser's own message for a type of tickets --- */

static const size_t key_offsets[] = {
    [MAIL_ORDER_CONFIRMATION] = offsetof(struct message_keys, order_confirmation),
    [MAIL_ORDER_CONFIRMATION_INVOICE] = offsetof(struct message_keys, order_confirmation_invoice),
    [MAIL_TICKET] = offsetof(struct message_keys, ticket),
    [MAIL_RECEIPT] = offsetof(struct message_keys, receipt),
    [MAIL_ORDER_CANCELLATION] = offsetof(struct message_keys, order_cancellation),
    [MAIL_REFUND_CONFIRMATION] = offsetof(struct message_keys, refund_confirmation),
    [MAIL_REFUND_INITIATED] = offsetof(struct message_keys, refund_initiated),
};

static struct text message_key(const struct order_event *event, const struct ticket *ticket,
                               enum mail_template template)
{
    const struct ticket_type *type = event_ticket_type(event, ticket->type_id);
    const char *keys = type ? (const char *)type->message_keys : NULL;
    return keys ? *(const struct text *)(const void *)(keys + key_offsets[template])
                : (struct text){ NULL, 0 };
}

/* Tickets of `left` that have the key of its first one; they leave it. No key is a group too. */
static struct pick take_group(const struct order *order, const struct order_event *event,
                              enum mail_template template, struct pick *left, struct text *key)
{
    struct pick group = { 0 }, rest = { 0 };
    *key = message_key(event, &order_tickets(order)[left->at[0]], template);
    for (uint32_t i = 0; i < left->count; i++) {
        struct text other = message_key(event, &order_tickets(order)[left->at[i]], template);
        bool same = !other.at == !key->at && text_equal(other, *key);
        struct pick *into = same ? &group : &rest;
        into->at[into->count++] = left->at[i];
    }
    *left = rest;
    return group;
}

/* --- amounts, where the template speaks of money --- */

static int64_t sum_paid(const struct order *order, const struct pick *tickets)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < tickets->count; i++) {
        total += order_tickets(order)[tickets->at[i]].amount_paid.digits;
    }
    return total;
}

static void add_money(struct mail *mail, const struct order *order, const struct pick *tickets,
                      const struct refund *refund)
{
    bool invoice = mail->template == MAIL_ORDER_CONFIRMATION_INVOICE;
    if (refund) {
        mail->refund_id = refund->refund_id;
        mail->amount = refund->amount;
    } else if (invoice || mail->template == MAIL_RECEIPT) {
        mail->amount = order_money(order, sum_paid(order, tickets));
    }
    if (mail->amount.scale >= 0) {
        mail->currency = order->currency;
    }
    if (invoice) {
        mail->invoice_instructions = order->invoice_instructions;
    }
}

/* --- the requests --- */

void mail_buyer(struct decision *decision, const struct order *order, enum mail_template template,
                const struct pick *tickets, const struct refund *refund)
{
    const struct order_event *event = look_event(decision, order->event_id);
    struct pick left = *tickets;
    while (left.count) {
        struct text key;
        struct pick group = take_group(order, event, template, &left, &key);
        struct mail mail = mail_of(order, template, order->buyer->email);
        mail.ticket_ids = pick_ids(order, &group, decision_arena(decision));
        mail.message_key = key;
        add_money(&mail, order, tickets, refund);
        mail_out(decision, &mail);
    }
}

void mail_ticket(struct decision *decision, const struct order *order, uint32_t ticket)
{
    const struct ticket *one = &order_tickets(order)[ticket];
    struct text to =
        one->attendee && one->attendee->email.at ? one->attendee->email : order->buyer->email;
    struct mail mail = mail_of(order, MAIL_TICKET, to);
    struct pick pick = { .count = 1, .at = { ticket } };
    mail.ticket_ids = pick_ids(order, &pick, decision_arena(decision));
    mail.message_key = message_key(look_event(decision, order->event_id), one, MAIL_TICKET);
    mail_out(decision, &mail);
}

/* Tickets whose type notifies an address. */
static struct pick tickets_of_address(const struct order *order, const struct order_event *event,
                                      struct text address)
{
    struct pick pick = { 0 };
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        const struct ticket_type *type = event_ticket_type(event, order_tickets(order)[i].type_id);
        const struct text *notify = type ? type->notify.items : NULL;
        for (uint32_t j = 0; type && j < type->notify.count; j++) {
            if (text_equal_nocase(notify[j], address)) {
                pick.at[pick.count++] = i;
                break;
            }
        }
    }
    return pick;
}

void mail_team(struct decision *decision, const struct order *order)
{
    const struct order_event *event = look_event(decision, order->event_id);
    for (uint32_t i = 0; i < order->tickets.count; i++) {
        const struct ticket_type *type = event_ticket_type(event, order_tickets(order)[i].type_id);
        const struct text *notify = type ? type->notify.items : NULL;
        for (uint32_t j = 0; type && j < type->notify.count; j++) {
            struct pick told = tickets_of_address(order, event, notify[j]);
            bool again = told.at[0] < i;
            for (uint32_t k = 0; k < j && !again; k++) {
                again = text_equal_nocase(notify[k], notify[j]);
            }
            if (!again) {
                struct mail mail = mail_of(order, MAIL_TEAM_NEW_ORDER, notify[j]);
                mail.ticket_ids = pick_ids(order, &told, decision_arena(decision));
                mail_out(decision, &mail);
            }
        }
    }
}
