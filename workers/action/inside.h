/* Shared by the files of the action worker alone. */
#ifndef MAKEGOOD_WORKERS_ACTION_INSIDE_H
#define MAKEGOOD_WORKERS_ACTION_INSIDE_H

#include "engine/decision.h"
#include "engine/worker.h"
#include "workers/action/action.h"
#include "workers/action/messages.h"
#include "workers/contract/contract.h"

enum {
    MODIFICATIONS_MAX = 1000, /* A13 */
    OID_NOTES_MAX = 100,
    OPEN_ENDED_DAYS = 730     /* A27 */
};
#define WAIT_MS INT64_C(3600000) /* C25: how long an update waits for its action */

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
    const struct contract *contract;    /* NULL: none is active                              */
    const struct term *term;
    const struct event_payout *payout;  /* NULL: none that is active names the event type    */
};
/* Without a payout: the active contract that started last, if there is one. */
struct terms terms_find(struct decision *decision, struct text partner_id, int64_t campaign_id,
                        int64_t tracker_id, int64_t t);
/* The same within one version, active or not. */
struct terms terms_of_version(const struct contract_version *version, const struct zone *zone,
                              int64_t tracker_id, int64_t t);
/* For a re-rate: found, and in the action's payout currency; else a rejection (TERMS). */
bool terms_of_action(struct decision *decision, const struct action *action, struct terms *terms);

/* match.c: do the rules of a contract hold? */
struct facts;
const struct facts *facts_of(struct decision *decision, const struct action *action);
/* Rules that no item can change the answer of, and those that one can: both must hold (A38). */
bool rules_hold_for_order(struct list rules, const struct facts *facts);
bool rules_hold_for_line(struct list rules, const struct facts *facts, int32_t line);

/* lines.c: what each line is paid by, before bonuses and limits (A36-A40) */
struct line {
    int64_t amount, quantity;
    int64_t rate, flat;                    /* of group or default; one is absent */
    int64_t points;                        /* of all adjustments that match      */
    struct text rule;
    const struct performance_bonus *bonus; /* the group's own, else the outer    */
    const struct list *limits;
    struct text scope;                     /* "group:<rank>:" of the group       */
    bool own_bonus, own_limits;            /* so they count under `scope`        */
    int64_t payout;
};
struct lines {
    struct line *all;
    uint32_t count;
    bool by_item;
};
struct lines lines_of(struct decision *decision, const struct action *action,
                      const struct terms *terms);
/* What it is paid by, adjustments and all. */
struct line_rate line_rate_of(const struct line *line);
/* One payout, rounded once (C14). False: more than 12 digits before the point. */
bool line_payout(const struct action *action, const struct line_rate *by, int64_t amount,
                 int64_t quantity, int64_t *out);

/* rate.c: payouts of an action under terms */
enum rate_result {
    RATE_DONE,
    RATE_ASKED,    /* a tally was asked, the message waits: nothing more is to be said */
    RATE_TOO_LARGE /* a payout would have more than 12 digits before the point         */
};
struct rating {
    struct list shares;        /* struct tally_share: what the action counts for         */
    struct text rule;
    const struct terms *terms;
};
/* Sets what the action is rated with and its payouts. items must be a copy. */
enum rate_result rate_action(struct decision *decision, struct action *action,
                             const struct terms *terms, struct rating *rating);
/* After the verdict: tells the tallies, announces bonuses. */
void rating_finish(struct decision *decision, struct action *after, const struct rating *rating);
/* Payout of the action with what it was rated with, for adjustments after the lock (C28). */
bool rate_as_stored(struct action *action);
struct action_item *items_copy(struct decision *decision, struct action *action);
/* A new total over the lines; each becomes the base of its line. items must be a copy. */
void spread_amount(struct action *action, int64_t amount);

/* share.c: an action's shares in tallies */
/* What the tallies hold of the action now: its stored shares, and what they have counted since the
 * command at hand began to ask. */
struct list shares_counted(struct decision *decision, const struct action *action);
/* From one share of a tally to another. */
struct share_change change_between(const struct tally_share *old, const struct tally_share *now);
/* Brings the tallies from what they hold to `shares`. */
void shares_set(struct decision *decision, const struct action *before, struct list shares);
/* A command that asked tallies and then came to nothing: they count as before. */
void shares_restore(struct decision *decision);
/* NULL: none in that tally. */
struct tally_share *share_of(struct list shares, struct text tally);
/* The shares with one replaced or added; the list may move. */
struct tally_share *share_add(struct decision *decision, struct list *shares, struct text tally,
                              int64_t day);

/* bonus.c: gives lines in a performance bonus the rate of their tier (A41) */
enum rate_result bonus_apply(struct decision *decision, const struct action *action,
                             const struct terms *terms, struct lines *lines,
                             struct rating *rating);
/* What the lines earn before limits counts for the next bonus. */
void bonus_earned(struct decision *decision, const struct action *action,
                  const struct terms *terms, struct lines *lines, struct rating *rating);
/* limit.c: clips payouts to what limits leave (A42, C26) */
enum rate_result limits_apply(struct decision *decision, struct action *action,
                              const struct terms *terms, struct lines *lines,
                              struct rating *rating);

/* period.c: local days and the periods that they make up */
struct day_range {
    int64_t from, to; /* to is excluded */
};
int64_t local_day(const struct zone *zone, int64_t t);
bool is_weekend(int64_t day);
struct day_range limit_range(int32_t period, int64_t day); /* enum limit_period */
struct day_range bonus_range(int32_t period, int64_t day); /* enum bonus_period */

/* tally.c: the entity that counts */
void tally_count(struct decision *decision, const void *message);
void tally_set(struct decision *decision, const void *message);
struct text tally_ask_entity(const void *message, struct arena *arena);
struct text tally_set_entity(const void *message, struct arena *arena);
struct text tally_answer_entity(const void *message, struct arena *arena);

/* The sums of some days. */
struct tally_day tally_sum(const struct tally_state *tally, int64_t from, int64_t to);
/* tally_bonus.c: what a tally says of a bonus; what it counts from now on is in `change`. -> the tier */
int64_t tally_tell_bonus(struct decision *decision, struct tally_state *tally,
                         const struct tally_ask *ask, struct share_change *change);
/* What bonuses gave for the old share of the change, at most what is left of them. */
int64_t tally_lifted(const struct tally_state *tally, const struct share_change *change);
/* The bonus of a crossing that came to nothing is given back: the rate before it holds again. */
void tally_unlift(struct decision *decision, struct tally_state *tally,
                  const struct share_change *change);
void action_bonus_taken(struct decision *decision, const void *message);

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
struct cascade {
    struct list requested, skipped; /* struct text: ids of children */
};
void record_applied(struct decision *decision, const char *type, const struct action *before,
                    struct action *after);
void record_reversed(struct decision *decision, const struct action *before, struct action *after,
                     const struct cascade *cascade);
void record_outcome(struct decision *decision, const char *type, const struct action *before,
                    struct action *after);

/* adjust.c: a locked action is corrected by a make-good (A12, C28) */
/* The action as adjustments left it, with a copy of its items: what a change to it is counted from. */
struct action adjusted_action(struct decision *decision, const struct action *action);
/* Rejects ACTION_LOCKED; asks for the difference to what `changed` would pay. */
void reject_locked(struct decision *decision, const struct action *action,
                   struct action *changed, bool reversal, struct text reason);
void announce_bonus(struct decision *decision, const struct action *action, int64_t amount);

/* returns.c: the contract's return policy (A43, A51) */
bool is_return(struct text reason);
/* False after RETURN_NOT_ALLOWED. `amount` is the new total. */
bool return_allowed(struct decision *decision, const struct action *action, struct text reason,
                    int64_t amount);
/* The partner must accept the return first: asks it, instead of reversing. */
bool return_only_asks(struct decision *decision, const struct action *action, struct text reason);
void request_return(struct decision *decision, const struct action *before, struct text reason);
void action_answer_return(struct decision *decision, const void *message);

/* credit.c: whose sale it is (A46, A47) */
/* The partner that is credited, and whether a promo code did it. False: RESTRICTED_PROMOCODE. */
bool credit_by_promo_code(struct decision *decision, const struct track *track,
                          int64_t campaign_id, struct text *partner_id, bool *by_code);
bool credited_by_policy(const struct contract *contract, const struct track *track,
                        struct text partner_id);

/* family.c: parents and children (A29, A30, C22, C23) */
enum { CHILDREN_MAX = 1000 };
void send_adoption(struct decision *decision, const struct action *child);
void action_adopt(struct decision *decision, const void *message);
/* The children that a reversal concerns, and messages to those that are not locked. */
struct cascade cascade_of(struct decision *decision, const struct action *parent);
void send_cascade(struct decision *decision, const struct cascade *cascade, struct text code);
void action_reverse_child(struct decision *decision, const void *message);

/* change.c: what modify and modify_items share */
struct change {
    const struct address *address;
    struct text reason_code;
    const struct action *before;
    struct action after;       /* amounts and items as they would be; counted from what adjustments
                                  left once it is locked; items are a copy */
    enum reason_kind reason;
    bool reversal;             /* on entry: all quantities are 0 */
    bool orders_total;         /* the order's amount, not its items */
    struct text customer_status;
};
bool change_fields(struct decision *decision, const struct shape *shape, uint64_t faults,
                   const char *prefix);
bool change_reason(struct decision *decision, struct change *change, bool fault);
bool change_currency(struct decision *decision, const struct change *change, struct text currency);
/* After the type's own checks: state, lock, limit, returns, terms; then it happens. False: rejected. */
bool change_happens(struct decision *decision, struct change *change);

/* track.c, modify.c, modify_items.c, reverse.c, approve.c, restore.c, settle.c */
void action_track(struct decision *decision, const void *message);
void action_track_rejected(struct decision *decision, const void *message);
void action_modify(struct decision *decision, const void *message);
void action_modify_items(struct decision *decision, const void *message);
void action_reverse(struct decision *decision, const void *message);
void action_approve(struct decision *decision, const void *message);
void action_restore(struct decision *decision, const void *message);
void action_settle(struct decision *decision, const void *message);
void action_advance(struct decision *decision, const void *state);
/* Amounts, quantities and payouts become 0. items must be a copy. */
void make_nothing(struct action *action);
/* The whole of a reversal: record, children, tallies, state. */
void reverse_now(struct decision *decision, const struct action *before, struct text reason);
/* By somebody (`at_clipped` false: an over-limit action then earns the whole), or by its lock. */
void make_approved(struct decision *decision, struct action *action, int64_t from, bool at_clipped);

#endif
