/*
 * The states of the reward worker. An account is a head (struct account) and parts beside it: rewards,
 * users, a balance per unit, and pages of the ordered lists that balances and users keep. Values are
 * integers in the smallest step of their unit; times are as wire/field.h says.
 */
#ifndef MAKEGOOD_WORKERS_REWARD_H
#define MAKEGOOD_WORKERS_REWARD_H

#include "wire/field.h"

enum reward_type { REWARD_PCT_DISCOUNT = 1, REWARD_CREDIT, REWARD_FUELTANK, REWARD_INTEGRATION };

/* In the order in which the first that holds is the status (C37). */
enum reward_status {
    STATUS_CANCELLED = 1,
    STATUS_REDEEMED,
    STATUS_EXPIRED,
    STATUS_PENDING,
    STATUS_AVAILABLE
};

/* R21, and WAIT of points (P09). */
enum pending_reason {
    REASON_SCHEDULED = 1,
    REASON_UNHANDLED_ERROR,
    REASON_US_TAX,
    REASON_SUSPECTED_FRAUD,
    REASON_MISSING_PAYOUT,
    REASON_ERROR_SYNCING,
    REASON_CASH_HOLD,
    REASON_WAIT
};

enum cancel_reason {
    CANCEL_UNKNOWN = 1,
    CANCEL_GRAPH_MODERATION,
    CANCEL_SUSPECTED_FRAUD,
    CANCEL_REJECTED, /* points.reject      */
    CANCEL_REVERSED  /* conversion.reverse */
};

/* State of account:<accountId>/reward:<rewardId>. */
struct reward {
    struct text reward_id, user_id;
    int32_t type;
    int32_t status;            /* as totals and lists count it: that of its last change or timer  */
    struct text unit;          /* absent: a reward without a value                                */
    int64_t assigned, redeemed;
    struct list reasons;       /* int32_t, enum pending_reason, ascending                         */
    int32_t cancel_reason, source;
    struct text program_id, name, note;
    int64_t created, scheduled, given, expires, cancelled, fully_redeemed, processed, modified,
        triggered;             /* dates (R10)                                                     */
};

/* One member of an ordered list, by (first, second, id); an absent time is the last. */
struct index_entry {
    int64_t first, second; /* times */
    struct text id;
    int64_t value;
};

/* A page of a list: which part it is, its smallest entry, what it holds. */
struct index_page_note {
    int64_t number;
    struct index_entry *least;
    int64_t count, sum;
};

/* An ordered list of rewards. A short one lies in its owner; a long one in pages of bounded size, each a
 * part "page:<owner>:<number>", so that a change of a large account reads and writes one or two. */
struct index {
    struct list entries; /* struct index_entry, while short */
    struct list pages;   /* struct index_page_note          */
    int64_t next_page;
};

/* State of account:<accountId>/page:<owner>:<number>. */
struct index_page {
    struct list entries; /* struct index_entry */
};

/* State of account:<accountId>. */
struct account {
    int64_t user_count;
    struct index *agenda; /* rewards that time alone will change, by (when, id) */
    struct list units;    /* struct text: of its balances, for whoever looks    */
};

/* State of account:<accountId>/balance:<unit>: CREDIT rewards of the unit (R23). Assigned is the sum of
 * the five others. */
struct balance {
    struct text unit;
    int64_t assigned, available, pending, redeemed, expired, cancelled;
    int64_t count;            /* rewards with something available                         */
    struct index *spendable;  /* those, by (expires, given, id): the order of consumption (B08) */
};

/* Rewards of one unit that a user was given in the year at hand, by (given, id) (R16). */
struct given_list {
    struct text unit;
    struct index *index;
};

/* State of account:<accountId>/user:<userId>. */
struct user {
    struct text user_id, country, locale, email_hash, business_id;
    int32_t tax_form;        /* 1: on file (R17)                                            */
    int64_t tax_year;        /* UTC year that `given` is of                                 */
    struct list given;       /* struct given_list                                           */
    struct index *held;      /* rewards that wait for the form, by (created, id)            */
};

/* State of token:<token>. */
struct token {
    struct text token, account_id, user_id;
    int32_t active;
};

/* State of email:<hash> and business:<businessId>: whose it is; absent ids: nobody's any more. */
struct owner {
    struct text account_id, user_id;
};

#endif
