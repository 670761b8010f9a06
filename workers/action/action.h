/*
 * The states of the action worker: a partner's commission for one sale, the order id that leads to its
 * newest action, and the tallies that limits and bonuses are counted by. Amounts are minor units of
 * `currency`, payouts of `payout_currency`.
 */
#ifndef MAKEGOOD_WORKERS_ACTION_H
#define MAKEGOOD_WORKERS_ACTION_H

#include "wire/field.h"

enum action_status { ACTION_PENDING = 1, ACTION_APPROVED, ACTION_REVERSED };

/* What stateDetail says. Of a pending action it follows from other members (record.c). */
enum action_detail {
    DETAIL_OPEN = 1,
    DETAIL_OVERLIMIT_BUDGET,
    DETAIL_OVERLIMIT_ACTIONCAP,
    DETAIL_RETURN_REQUESTED,
    DETAIL_PAYMENT_PENDING,
    DETAIL_PAID,
    DETAIL_OVERDUE,
    DETAIL_DEFAULTED
};

/* What a line is paid by: the rate, or flat minor units times the rate (which then is 100 % and what
 * adjustments changed). Kept, because a locked action is adjusted at it (C28). */
struct line_rate {
    int64_t rate, flat;
    struct text rule; /* "group:1+adjustment:0" */
};

struct action_item {
    struct text sku, category;
    int64_t quantity, amount;           /* as things stand; 0 when reversed                  */
    int64_t base_quantity, base_amount; /* the last pair in which the amount was given (C17) */
    int64_t payout;                     /* at payout level ITEM, else 0                      */
    int64_t intended;                   /* before a limit clipped it; absent: none did       */
    int64_t kept_quantity, kept_amount; /* before a reversal; absent otherwise               */
    struct line_rate by;                /* at payout level ITEM                              */
};

/* What an action counts for in a tally. */
struct tally_share {
    struct text tally;        /* entity                                                      */
    int64_t day;              /* local day number of its tracking                            */
    int64_t actions, revenue; /* of a bonus: 1, commissionable amount in payout currency     */
    int64_t earned;           /* of a bonus: payouts of these lines, before limits           */
    int64_t used;             /* of limits: payouts after clipping                           */
    int64_t lifts;            /* of a bonus: how many times its period was lifted before it  */
    int64_t from_day, to_day; /* of a bonus: the period                                      */
    int64_t bonus;            /* given to this command and not announced yet; never stored   */
};

/* State of action:<actionId>. */
struct action {
    struct text action_id, partner_id, oid;
    int64_t tracker_id, campaign_id;
    int32_t state;
    int32_t finance;                    /* enum action_detail from PAYMENT_PENDING on, 0     */
    int32_t overlimit;                  /* OVERLIMIT_BUDGET or _ACTIONCAP, 0: nothing clipped */
    struct text return_code;            /* of an open return request; absent: none           */
    struct text currency, payout_currency;
    int64_t amount, payout;
    int64_t intended_payout;            /* before a limit clipped it; absent otherwise       */
    int64_t intended_amount;            /* before a reversal; absent otherwise               */
    int64_t tracked_amount;
    int32_t level;
    struct text disposition, customer_status;
    int64_t modifications, update_id;
    int64_t event_date, creation_date, locking_date, clearing_date, cleared_date;
    int32_t open_ended;
    struct text parent_id;
    int32_t parent_missing;
    struct text fx_rate;                /* payout currency per unit of currency, fixed (A48) */
    /* What it was last rated with; `by` of the order's line where lines are no items. */
    struct text contract_id;
    int64_t contract_version;
    struct line_rate by;
    /* When it clears: counted from locking_date or from an approval, in the zone. */
    struct text time_zone;
    int32_t clearing_period;
    int64_t clearing_months, clearing_days;
    struct text customer_id, customer_country, click_id, promo_code;
    struct list items;                  /* struct action_item                                */
    struct list shares;                 /* struct tally_share                                */
    struct list children;               /* struct text: direct children, as they were tracked */
    /* What adjustments after the lock left; absent before the first. Items in the same order. */
    int64_t adjusted_amount, adjusted_payout;
    struct list adjusted_items;         /* struct action_item                                */
};

/* One action that tracked under an order id. `tracks`: tracks forwarded and not refused. */
struct oid_note {
    struct text action_id;
    int64_t creation_date;
    int64_t tracks;
};

/* State of oid:<actionTrackerId>:<oid>. */
struct oid_state {
    struct list notes; /* struct oid_note, in the order of their first track */
};

/* Sums over the actions that were tracked on one local day. */
struct tally_day {
    int64_t day;
    int64_t actions, revenue, earned; /* of bonuses                                  */
    int64_t bonus;                    /* given for earlier actions, less what was taken back */
    int64_t used, places;             /* of limits: payouts, and how many are above 0 */
};

/* ALL_ACTIONS: a crossing lifts what was counted in the period to its tier's rate, by a bonus. */
struct tally_lift {
    int64_t from_day, to_day; /* the period */
    int64_t count;            /* crossings so far: a share that counted fewer was lifted */
    int64_t rate, rate_before; /* of the last one, of the one before it */
};

/* State of tally:<contractId>:<actionTrackerId>:<scope>. */
struct tally_state {
    struct list days;  /* struct tally_day, ascending */
    struct list lifts; /* struct tally_lift           */
};

#endif
