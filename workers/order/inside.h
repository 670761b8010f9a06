/* Shared by the files of the order worker alone. */
#ifndef MAKEGOOD_WORKERS_ORDER_INSIDE_H
#define MAKEGOOD_WORKERS_ORDER_INSIDE_H

#include "base/email.h"
#include "base/ensure.h"
#include "engine/decision.h"
#include "engine/worker.h"
#include "workers/order/order.h"

enum { TICKETS_MAX = 100 };

/* --- messages (tables_in.c) --- */

struct place_ticket {
    struct text ticket_id, type_id, name;
    struct decimal price, tax, fee;
    struct person *attendee;
};

struct place {
    struct text order_id, event_id;
    struct buyer *buyer;
    struct text locale, currency;
    int32_t payment_type;
    struct list tickets; /* struct place_ticket */
    struct decimal discount, tax, fee;
    struct text promo_code;
    struct decimal sale_amount, processing_fee;
    struct text gateway_account_id, charge_id, invoice_instructions;
};

/* order.mark_paid, cancel_tickets, refund_tickets, resend_confirmation, internal.order.resend */
struct on_order {
    struct text order_id;
    int32_t all;            /* tickets: "all" */
    struct list ticket_ids; /* or these: struct text */
    int32_t retain_fee;
    struct text note;
    struct text batch_id;
    int64_t line;
    uint64_t faults;
};

struct refund_result {
    struct text order_id, refund_id;
    int32_t result;
    struct text gateway_refund_id, failure_code;
};

struct update_buyer {
    struct text order_id;
    struct buyer *buyer;
};

/* attendee.activate, attendee.send_confirmation */
struct on_ticket {
    struct text order_id, ticket_id;
};

struct unblock {
    struct text event_id, email, email_hash;
};

/* internal.promo.use: an order asks for uses. */
struct promo_ask {
    struct text code, order_id, event_id, currency;
    struct list types; /* struct asked_type, each type once */
};
struct asked_type {
    struct text type_id;
    int64_t count;
    int32_t hidden;
};

/* internal.promo.answered: refused with a code, or what the order may take off. */
struct promo_answer {
    struct text order_id;
    struct text code, detail; /* absent: granted */
    int32_t type;
    struct decimal value;
    struct list eligible; /* struct text: of the types asked for */
};

/* internal.promo.release: tickets left; undo: the order was refused after all. */
struct promo_release {
    struct text code, order_id;
    int64_t count;
    int32_t undo;
};

/* internal.attendee.change: what an order did to the attendee of a ticket. */
struct attendee_change {
    struct text event_id, email_hash;
    int64_t tickets; /* +1: one more open ticket, -1: one less, 0 */
    int32_t blocked, email_blocked;
};

extern const struct shape place_shape, mark_paid_shape, cancel_shape, refund_tickets_shape;
extern const struct shape resend_shape, job_resend_shape, refund_result_shape, update_buyer_shape;
extern const struct shape on_ticket_shape, unblock_shape, promo_put_shape, event_shape,
    event_stored_shape;
extern const struct shape promo_ask_shape, promo_answer_shape, promo_release_shape;
extern const struct shape attendee_change_shape;

/* --- states (tables_state.c) --- */

extern const struct shape order_shape, promo_shape, attendee_shape;
extern const struct shape buyer_shape, buyer_put_shape, person_shape;
extern const char *const payment_types[], *const promo_types[], *const refund_statuses[];
extern const char *const ticket_statuses[], *const order_statuses[];

/* --- status.c: status and what may be done in it --- */

enum order_action {
    ACT_MARK_AS_PAID = 1,
    ACT_RESEND_CONFIRMATION,
    ACT_VIEW_TICKET,
    ACT_VIEW_RECEIPT,
    ACT_VIEW_INVOICE,
    ACT_REFUND,
    ACT_CANCEL,
    ACT_VIEW_PROFILE,
    ACT_SEND_CONFIRMATION
};

/* C47: a pure function of the tickets, the way of paying and whether that was done. */
enum order_status order_status(const struct order *order);
/* "Complete", "1/3 Complete", ... */
struct text order_status_text(const struct order *order, struct arena *arena);
/* The matrices of O11 and O13. */
bool order_allows(enum order_status status, enum order_action action);
bool ticket_allows(enum ticket_status status, enum order_action action);
/* Their rows as lists of struct text. */
struct list order_actions(enum order_status status, struct arena *arena);
struct list ticket_actions(enum ticket_status status, struct arena *arena);

static inline bool ticket_open(const struct ticket *ticket)
{
    return ticket->status == TICKET_ACTIVE || ticket->status == TICKET_AWAITING_PAYMENT;
}

static inline bool ticket_active(const struct ticket *ticket)
{
    return ticket->status == TICKET_ACTIVE;
}

static inline bool pays_offline(int32_t payment_type)
{
    return payment_type == PAY_INVOICE || payment_type == PAY_CHECK;
}

/* --- price.c: what each ticket costs (C52, C63, O36) --- */

struct price {
    uint32_t count;
    int64_t price[TICKETS_MAX], off[TICKETS_MAX]; /* off: promo, then with the discount       */
    int64_t tax[TICKETS_MAX], fee[TICKETS_MAX], paid[TICKETS_MAX], fee_share[TICKETS_MAX];
    bool eligible[TICKETS_MAX];
    int64_t discount, order_tax, order_fee, processing_fee; /* of the order, to be spread     */
    int64_t gross, sale;
};

/* Takes a granted code off the eligible tickets. */
void price_promo(struct price *price, int32_t type, struct decimal value, int exponent);
/* Spreads the rest; `sale` is what the order costs. False: the discount exceeds what is left. */
bool price_total(struct price *price);
/* Spreads the processing fee; it is at most `sale`. */
void price_fee_shares(struct price *price);

/* --- order.c: finding and writing an order --- */

/* The order that a command names, copied so that it can be changed; NULL after ORDER_NOT_FOUND. */
struct order *order_of(struct decision *decision);
void order_put(struct decision *decision, struct order *order);
static inline struct ticket *order_tickets(const struct order *order)
{
    return order->tickets.items;
}
/* Index of a ticket id, -1 = none. */
int order_find_ticket(const struct order *order, struct text ticket_id);
/* Sum of amountPaid of the tickets that were paid for; of refunds in a status. */
int64_t order_sales(const struct order *order);
int64_t order_refunds(const struct order *order, enum refund_status status);
struct decimal order_money(const struct order *order, int64_t minor);

/* Some tickets of an order, by index, in the order of the order. */
struct pick {
    uint32_t count;
    uint32_t at[TICKETS_MAX];
    uint32_t place[TICKETS_MAX]; /* where the command lists it: /tickets/<place> */
};
/* Those that a command lists; of "all" every one. False after INVALID_FIELD, TICKET_NOT_FOUND. */
bool pick_tickets(struct decision *decision, const struct order *order,
                  const struct on_order *command, struct pick *pick);
/* Those of them that are wanted; where the command lists them is forgotten. */
struct pick pick_keep(const struct order *order, const struct pick *pick,
                      bool (*wanted)(const struct ticket *));
/* The first that is not, in the order of the command; -1 = none. */
int pick_first_without(const struct order *order, const struct pick *pick,
                       bool (*wanted)(const struct ticket *));
/* The ids of the tickets picked. */
struct list pick_ids(const struct order *order, const struct pick *pick, struct arena *arena);
/* Every ticket with a status; 0 = any. */
struct pick pick_status(const struct order *order, int32_t status);

/* --- record.c: what everybody sees of an order --- */

void order_applied(struct decision *decision, const char *type, const struct order *order,
                   const struct pick *acted_on);
void order_outcome(struct decision *decision, const char *type, const struct order *order,
                   const struct pick *acted_on);
void metrics_outcome(struct decision *decision, const struct order *order);
/* refund.succeeded, refund.failed */
void refund_applied(struct decision *decision, const char *type, const struct order *order,
                    const struct refund *refund);
void refund_outcome(struct decision *decision, const char *type, const struct order *order,
                    const struct refund *refund);
/* refund.initiated; of a card, on the topic that the payment adapter reads. */
void refund_initiated(struct decision *decision, const struct order *order,
                      const struct refund *refund);

/* --- event.c --- */

/* What is set for an event; what holds when nothing was. */
const struct order_event *look_event(struct decision *decision, struct text event_id);
const struct ticket_type *event_ticket_type(const struct order_event *event, struct text type_id);
/* C57: refunds go through the account that was charged, or not at all. */
bool event_accepts_account(const struct order_event *event, struct text account_id);
void event_put(struct decision *decision, const void *message);

/* --- mail.c: e-mail requests (O34, O35, C58) --- */

enum mail_template {
    MAIL_ORDER_CONFIRMATION = 1,
    MAIL_ORDER_CONFIRMATION_INVOICE,
    MAIL_TICKET,
    MAIL_RECEIPT,
    MAIL_ORDER_CANCELLATION,
    MAIL_REFUND_CONFIRMATION,
    MAIL_REFUND_INITIATED,
    MAIL_TEAM_NEW_ORDER
};
/* One to the buyer for each message key among the tickets; refund NULL = not about one. */
void mail_buyer(struct decision *decision, const struct order *order, enum mail_template template,
                const struct pick *tickets, const struct refund *refund);
/* TICKET, to the attendee or else the buyer. */
void mail_ticket(struct decision *decision, const struct order *order, uint32_t ticket);
/* TEAM_NEW_ORDER: each address of the types bought, once. */
void mail_team(struct decision *decision, const struct order *order);

/* --- attendee.c --- */

/* Hash of the attendee's address, absent without one. */
struct text ticket_hash(const struct ticket *ticket, struct arena *arena);
const struct attendee *look_attendee(struct decision *decision, struct text event_id,
                                     struct text email_hash);
void attendee_added(struct decision *decision, const struct order *order,
                    const struct ticket *ticket);
/* access_revoked, and blocked if the attendee is in the app (O21, O22). */
void attendee_revoked(struct decision *decision, const struct order *order,
                      const struct ticket *ticket);
/* Tells the attendee: entity of one open ticket more (+1), one less (-1), or of a refund of one
 * that was cancelled before (0). The ticket is as it has become. */
void attendee_tell(struct decision *decision, const struct order *order,
                   const struct ticket *ticket, int change);
void attendee_activate(struct decision *decision, const void *message);
void attendee_send_confirmation(struct decision *decision, const void *message);
void attendee_change(struct decision *decision, const void *message);
void attendee_unblock(struct decision *decision, const void *message);

/* --- promo.c --- */

struct text promo_code_upper(struct arena *arena, struct text code);
void promo_put(struct decision *decision, const void *message);
void promo_use(struct decision *decision, const void *message);
void promo_give_back(struct decision *decision, const void *message);
/* The order's side: so many uses go back. undo: the order was refused after all. */
void promo_send_release(struct decision *decision, struct text code, struct text order_id,
                        int64_t count, bool undo);

/* --- commands on an order: place.c, pay.c, cancel.c, refund.c, resend.c, buyer.c --- */

/* place_check.c: an order as it came, in minor units; control: its saleAmount. False: refused. */
bool place_read(struct decision *decision, const struct place *place, struct price *price,
                int64_t *control);
bool place_check_emails(struct decision *decision, const struct place *place);
/* Everything taken off and spread; and what can be said only then. */
bool place_total(struct decision *decision, const struct place *place, const struct price *given,
                 struct price *price);
bool place_check_sale(struct decision *decision, const struct place *place,
                      const struct price *price, int64_t control);
void order_place(struct decision *decision, const void *message);
/* Everything that follows when the order is paid, from order.completed to the tickets' e-mails. */
void order_completed(struct decision *decision, const struct order *order,
                     const struct pick *tickets);
void order_mark_paid(struct decision *decision, const void *message);
/* They get a status that is not open: their attendees and the promo code are told. */
void tickets_leave(struct decision *decision, struct order *order, const struct pick *pick,
                   enum ticket_status status);
void order_cancel(struct decision *decision, const void *message);
void order_refund(struct decision *decision, const void *message);
void order_refund_result(struct decision *decision, const void *message);
void order_resend(struct decision *decision, const void *message);
void order_job_resend(struct decision *decision, const void *message);
void order_update_buyer(struct decision *decision, const void *message);

#endif
