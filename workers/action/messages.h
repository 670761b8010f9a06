/* The action family's messages as their field tables (tables.c) decode them. */
#ifndef MAKEGOOD_WORKERS_ACTION_MESSAGES_H
#define MAKEGOOD_WORKERS_ACTION_MESSAGES_H

#include "wire/field.h"

/* First in each command (address.c). */
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

struct modify_item {
    struct text sku, category;
    int64_t quantity;
    struct decimal amount;
    int32_t not_changeable;
    uint64_t faults;
};

struct modify_items {
    struct address address;
    struct text reason, currency;
    struct list items; /* struct modify_item */
    int32_t not_changeable;
    uint64_t faults;
};

struct reverse {
    struct address address;
    struct text disposition_code;
    uint64_t faults;
};

struct answer_return {
    struct address address;
    int32_t accepted;
};

struct settle {
    struct address address;
    int32_t detail; /* 1 + index in PAID OVERDUE DEFAULTED */
};

/* internal.oid.forget: an action refused a track that its order id had noted. */
struct forget {
    struct text oid, action_id;
    int64_t tracker_id;
};

/* internal.action.adopt, internal.action.reverse: between a parent and its child. */
struct adopt {
    struct text parent_id, child_id;
};
struct reverse_child {
    struct text action_id, code;
};

/* --- between actions and tallies --- */

enum ask_kind { ASK_COUNT = 1, ASK_LIMITS }; /* for a bonus; for limits */

/* A share as it travels: what the tally holds of the action, and what it is to hold. */
struct share_change {
    int64_t day;
    int64_t old_actions, old_revenue, old_earned, old_used, old_lifts, old_bonus;
    int64_t actions, revenue, earned, used, lifts, bonus;
    int64_t old_from_day, old_to_day; /* the period of a bonus that it was counted in */
};

/* What the lines of a bonus pay by a tier. */
struct ask_tier {
    int64_t threshold, rate, payout;
};
/* A bonus, so that the tally can say at once what comes of it: others may ask before the set arrives. */
struct ask_bonus {
    int32_t all, by_revenue;
    int64_t payout;                              /* without any tier                          */
    struct list tiers;                           /* struct ask_tier                           */
    struct share_change *was;                    /* the share before the command, as `old`; or none */
};

struct ask_limit {
    int32_t type; /* enum limit_type */
    int64_t value, from_day, to_day;
};

/* The tier that holds; or none; or what is owed for the earlier actions is no amount of money. */
enum { TIER_NONE = -1, TIER_TOO_LARGE = -2 };

/* What a tally said: the tier that holds and what bonus is owed, or what each limit leaves. */
struct tally_told {
    struct text tally;
    int32_t kind;
    int64_t pool;                             /* of lines that are counted together (limit.c)   */
    int64_t contract_version;                 /* whose limits were asked about                  */
    int64_t day, actions, revenue, earned, used; /* the share that it counts since              */
    int64_t lifts, bonus, from_day, to_day;   /* of that share                                  */
    int64_t tier;                             /* index, or TIER_NONE, TIER_TOO_LARGE            */
    struct list lefts;                        /* int64_t, in the order of the limits asked      */
};

/* internal.tally.ask. `told` comes back with the answer: what was said to this command before. */
struct tally_ask {
    struct text tally, action_id;
    int64_t contract_version;
    int32_t kind;
    int64_t pool;
    struct share_change *change;
    int64_t from_day, to_day; /* ASK_COUNT      */
    struct ask_bonus *bonus;  /* ASK_COUNT      */
    struct list limits;       /* ASK_LIMITS: struct ask_limit */
    struct list told;         /* struct tally_told */
};

/* internal.tally.answer: what was told, this tally's word last. */
struct tally_answer {
    struct text action_id;
    struct list told; /* struct tally_told */
};

/* internal.tally.set: no answer is needed. */
struct tally_set {
    struct text tally, action_id;
    struct share_change *change;
};

/* internal.bonus.taken: a lifted action counts no more; what it was given by a bonus is asked back. */
struct bonus_taken {
    struct text action_id;
    int64_t amount;
};

/* tables.c, tables_tally.c */
extern const struct shape track_shape, modify_shape, modify_items_shape, modify_item_shape;
extern const struct shape reverse_shape, approve_shape, restore_shape, answer_return_shape;
extern const struct shape settle_shape, forget_shape, adopt_shape, reverse_child_shape;
extern const struct shape tally_ask_shape, tally_answer_shape, tally_set_shape, bonus_taken_shape;
extern const struct shape action_shape, oid_shape, tally_shape, record_shape, adjustment_shape;

#endif
