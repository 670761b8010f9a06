/* Shared by the files of the action worker alone. */
#ifndef MAKEGOOD_WORKERS_ACTION_INSIDE_H
#define MAKEGOOD_WORKERS_ACTION_INSIDE_H

#include "engine/decision.h"
#include "engine/worker.h"
#include "workers/action/action.h"
#include "workers/contract/contract.h"

enum {
    MODIFICATIONS_MAX = 1000,  /* A13 */
    OID_NOTES_MAX = 100,
    OPEN_ENDED_DAYS = 730      /* A27 */
};
#define WAIT_MS INT64_C(3600000) /* C25: how long an update waits for its action */

/* --- messages; the address comes first in each (address.c) --- */

struct address {
    struct text action_id, oid;
    int64_t tracker_id;
    struct text batch_id;
    int64_t line;
};

struct track_item {
    struct text sku, category;
    int64_t quantity;
    struct decimal amount, discount;
    uint64_t faults;
};

struct track {
    struct address address;
    int64_t campaign_id;
    struct text partner_id;
    int64_t event_date;
    struct text currency;
    struct decimal amount;
    struct list items; /* struct track_item */
    struct decimal order_discount, order_tax, order_shipping;
    struct text customer_status, customer_id, customer_country, click_id, promo_code;
    struct list referrers; /* struct text */
    struct text parent_id, fx_rate;
    uint64_t faults;
};

struct modify {
    struct address address;
    struct text reason;
    struct decimal amount, delta;
    struct text currency, customer_status;
    int32_t not_changeable; /* never set: where all fields of a track that it may not carry lie */
    uint64_t faults;
};

struct reverse {
    struct address address;
    struct text disposition_code;
    uint64_t faults;
};

/* internal.oid.forget: an action refused a track that its order id had noted. */
struct forget {
    struct text oid, action_id;
    int64_t tracker_id;
};

/* tables.c */
extern const struct shape track_shape, modify_shape, reverse_shape, approve_shape, forget_shape;
extern const struct shape action_shape, oid_shape, record_shape, adjustment_shape;

/* address.c */
struct text address_entity(const void *message, struct arena *arena);
/* The action that a command means. NULL: a verdict was given (ADDR: IDENTIFIER_MISSING, waiting for
 * the action, ACTION_REF_NOT_FOUND). */
const struct action *address_action(struct decision *decision, const struct address *address);
/* A command at its order id: on to the newest action (A09), or it waits (C25). */
void address_forward(struct decision *decision, const void *message);

/* oid.c */
void oid_track(struct decision *decision, const void *message);
void oid_forget(struct decision *decision, const void *message);
const struct oid_note *oid_newest(const struct oid_state *state);

/* terms.c: which contract pays (A35, C06, C07) */
struct terms {
    struct text contract_id;
    int64_t version;
    const struct contract *contract;
    const struct event_payout *payout;
};
enum terms_result { TERMS_FOUND, TERMS_NO_CONTRACT, TERMS_NO_PAYOUT };
enum terms_result terms_find(struct decision *decision, struct text partner_id, int64_t campaign_id,
                             int64_t tracker_id, int64_t t, struct terms *out);

/* rate.c: payouts of an action's amounts */
struct action_item *items_copy(struct decision *decision, struct action *action);
/* Sets what the action is rated with from terms. */
void rate_by(struct action *action, const struct terms *terms);
/* Payout of the action, and of its items at level ITEM, with what it is rated with; lines round once
 * each (C14). False: a payout has more than 12 digits before the point. */
bool rate_amounts(struct action *action);
/* A new total over the lines; each becomes the base of its line. items must be a copy. */
void spread_amount(struct action *action, int64_t amount);

/* dates.c: when it locks and clears (A44, A45, C04) */
int64_t schedule_date(const struct zone *zone, int64_t from, int32_t period, int64_t months,
                      int64_t days);
/* The lock of an action, also of an open-ended one (A27). */
int64_t lock_time(const struct action *action);
bool is_locked(const struct action *action, int64_t t);
/* Clearing date counted from a time; absent without a payment schedule. */
void set_clearing(struct decision *decision, struct action *action, int64_t from);
/* When the state is to advance by itself, 0 = never. */
int64_t due_of(const struct action *action);

/* reason.c: A04, A05, A06 */
enum reason_kind { REASON_UNKNOWN, REASON_BUILT_IN, REASON_MODIFY, REASON_APPROVE, REASON_REVERSE };
enum reason_kind modify_reason(struct decision *decision, int64_t tracker_id, struct text reason);
enum reason_kind disposition_reason(struct decision *decision, int64_t tracker_id, struct text code);
const struct event_type *look_event_type(struct decision *decision, int64_t tracker_id);
bool status_known(const struct event_type *event_type, struct text status);

/* record.c: the update record that partners see (A24) */
void record_applied(struct decision *decision, const char *type, const struct action *before,
                    struct action *after);
void record_outcome(struct decision *decision, const char *type, const struct action *before,
                    struct action *after);

/* adjust.c: a locked action is corrected by a make-good (A12, C28) */
void reject_locked(struct decision *decision, const struct action *action, int64_t amount,
                   bool reversal, struct text reason);

/* track.c, modify.c, reverse.c, approve.c */
void action_track(struct decision *decision, const void *message);
void action_modify(struct decision *decision, const void *message);
void action_reverse(struct decision *decision, const void *message);
void action_approve(struct decision *decision, const void *message);
void action_advance(struct decision *decision, const void *state);
/* state REVERSED, amounts 0, values kept for a restore; not yet put or announced. */
void make_reversed(struct decision *decision, struct action *action, struct text reason);
void make_approved(struct decision *decision, struct action *action, int64_t from);

#endif
