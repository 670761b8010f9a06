/*
 * The states of the action worker: a partner's commission for one sale, and the order id that leads
 * to its newest action. Amounts are minor units of `currency`, payouts of `payout_currency`.
 */
#ifndef MAKEGOOD_WORKERS_ACTION_H
#define MAKEGOOD_WORKERS_ACTION_H

#include "wire/field.h"

enum action_status { ACTION_PENDING = 1, ACTION_APPROVED, ACTION_REVERSED };
enum action_detail { DETAIL_OPEN = 1, DETAIL_PAYMENT_PENDING };

struct action_item {
    struct text sku, category;
    int64_t quantity, amount;           /* as things stand; 0 when reversed                  */
    int64_t base_quantity, base_amount; /* the last pair in which the amount was given (C17) */
    int64_t payout;                     /* at payout level ITEM, else 0                      */
    int64_t kept_quantity, kept_amount; /* before a reversal; absent otherwise               */
};

/* State of action:<actionId>. */
struct action {
    struct text action_id, partner_id, oid;
    int64_t tracker_id, campaign_id;
    int32_t state, detail;
    struct text currency, payout_currency;
    int64_t amount, payout;
    int64_t intended_amount;            /* before a reversal; absent otherwise               */
    int64_t tracked_amount;
    int32_t level;
    struct text disposition, customer_status;
    int64_t modifications, update_id;
    int64_t event_date, creation_date, locking_date, clearing_date;
    int32_t open_ended;
    struct text parent_id;
    int32_t parent_missing;
    struct text fx_rate;                /* payout currency per unit of currency, fixed (A48) */
    /* What it was last rated with; a locked action is adjusted by it (C28). */
    struct text contract_id;
    int64_t contract_version;
    int64_t rate, flat;                 /* one of them                                       */
    /* When it clears: counted from locking_date or from an approval, in the zone. */
    struct text time_zone;
    int32_t clearing_period;
    int64_t clearing_months, clearing_days;
    /* What adjustments after the lock left; absent before the first. */
    int64_t adjusted_amount, adjusted_payout;
    struct text customer_id, customer_country, click_id, promo_code;
    struct list items;                  /* struct action_item                                */
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

#endif
