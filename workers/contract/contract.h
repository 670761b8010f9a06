/*
 * The states of the contract worker, for whoever looks at them (the action worker): structs as their
 * field tables (tables.c) decode them. An absent member is as wire/field.h says.
 */
#ifndef MAKEGOOD_WORKERS_CONTRACT_H
#define MAKEGOOD_WORKERS_CONTRACT_H

#include "base/pattern.h"
#include "base/words.h"
#include "wire/field.h"

enum contract_status { CONTRACT_ACTIVE = 1, CONTRACT_PENDING, CONTRACT_DECLINED };
enum term_kind { TERM_SCHEDULED = 1, TERM_CAMPAIGN, TERM_TEMPLATE };
enum term_repeat { REPEAT_NONE = 1, REPEAT_WEEKLY, REPEAT_MONTHLY, REPEAT_YEARLY };
enum payout_level { LEVEL_ORDER = 1, LEVEL_ITEM };
enum schedule_period { PERIOD_DAY = 1, PERIOD_MONTH };
enum return_policy { RETURNS_ALWAYS_OK = 1, RETURNS_NONE };

/* `locking` and `payoutScheduling`: the start of the day or month after, then months, then days
 * (A44); or locked only by an approval (A27). */
struct schedule {
    int32_t period;
    int64_t month_offset, day_offset;
    int32_t open_ended;
};

enum rule_variable {
    VARIABLE_CUSTOMER_STATUS = 1,
    VARIABLE_CUSTOMER_COUNTRY,
    VARIABLE_ITEM_SKU,
    VARIABLE_ITEM_CATEGORY,
    VARIABLE_PROMO_CODE,
    VARIABLE_PROMO_CODE_LIST
};
enum rule_operator { OPERATOR_IS = 1, OPERATOR_IS_NOT, OPERATOR_CONTAINS };

/* {variable, operator, values}: one of the values, IS_NOT: none of them (A38). */
struct contract_rule {
    int32_t variable, operator;
    struct list values;        /* struct text                                  */
    const struct words *words; /* of values, made once (compile.c); not stored */
};

enum limit_type { LIMIT_VALUE = 1, LIMIT_ACTIONS };
enum limit_by { LIMIT_ALL = 1, LIMIT_ORDER, LIMIT_CUSTOMER, LIMIT_CLICK };
enum limit_period { LIMIT_CONTRACT = 1, LIMIT_DAY, LIMIT_WEEK, LIMIT_MONTH, LIMIT_QUARTER };

struct payout_limit {
    int32_t type;
    struct text value;
    int32_t limit_by, period;
    struct text weekend_override;
};

enum bonus_type { BONUS_SUBSEQUENT = 1, BONUS_ALL };
enum bonus_basis { BONUS_BY_REVENUE = 1, BONUS_BY_ACTIONS };
enum bonus_period { BONUS_MONTH = 1, BONUS_YEAR };

struct bonus_tier {
    struct decimal revenue_threshold;
    int64_t action_threshold, payout_rate;
};

struct performance_bonus {
    int32_t type, basis, period;
    struct list tiers; /* struct bonus_tier */
};

struct payout_group {
    int64_t rank;
    struct list rules; /* struct contract_rule */
    struct decimal payout;
    int64_t payout_rate;
    struct list limits; /* struct payout_limit */
    struct performance_bonus *tiers;
};

struct payout_restriction {
    struct list rules;
};

enum adjustment_direction { ADJUST_INCREASE = 1, ADJUST_DECREASE };

struct payout_adjustment {
    struct list rules;
    int32_t direction;
    int64_t rate;
};

/* What one event type (actionTrackerId) pays. Flat money is in the contract's currency (A36). */
struct event_payout {
    int64_t tracker_id;
    int32_t level;
    struct decimal default_payout;
    int64_t default_payout_rate;
    struct list groups, restrictions, adjustments, limits;
    struct performance_bonus *bonus;
    struct schedule *locking, *scheduling;
    /* Groups by ascending rank, then array order; made once (compile.c), not stored. */
    const struct payout_group **by_rank;
};

struct term {
    int32_t kind;
    struct text term_id;
    int64_t start, end;
    int32_t repeat;
    struct list event_payouts; /* struct event_payout */
};

/* Data of contract.put. */
struct contract {
    struct text contract_id, partner_id;
    int64_t campaign_id;
    int32_t status;
    int64_t start, end;
    struct text currency, time_zone;
    int64_t valid_from;
    struct list terms; /* struct term */
    int32_t reverse_children, credit_policy, return_policy;
    int64_t max_return_percentage;
    int32_t require_return_acceptance;
};

struct contract_version {
    int64_t number, valid_from;
    struct contract *contract;
};

/* State of contract:<contractId>. Versions ascend by valid_from and number. */
struct contract_state {
    int64_t last_number;
    struct list versions; /* struct contract_version */
    struct list places;   /* struct contract_place: where it was ever listed */
};

struct contract_place {
    struct text partner_id;
    int64_t campaign_id;
};

/* State of partner:<partnerId>/campaign:<campaignId>: the contracts that name both. */
struct contract_listing {
    struct list contract_ids; /* struct text */
};

enum credit_policy { CREDIT_LAST_REFERRER = 1, CREDIT_FIRST_REFERRER };

enum partner_status { PARTNER_ACTIVE = 1, PARTNER_INACTIVE };

/* State of partner:<partnerId>; one that was never put is active. */
struct partner {
    struct text partner_id;
    int32_t state;
};

enum event_type_status { EVENT_TYPE_ACTIVE = 1, EVENT_TYPE_INACTIVE };
enum disposition_state { DISPOSITION_PENDING = 1, DISPOSITION_APPROVED, DISPOSITION_REVERSED };
enum disposition_change { CHANGE_MODIFY = 1, CHANGE_APPROVE, CHANGE_REVERSE };

/* A custom disposition code: what it does and the state that it leads to (A06). */
struct disposition {
    struct text code;
    int32_t state, change;
};

/* State of event_type:<actionTrackerId>: data of event_type.put. */
struct event_type {
    int64_t tracker_id, campaign_id;
    struct text name;
    int32_t state;
    struct text dedup_window;
    struct list customer_statuses; /* struct text        */
    struct list dispositions;      /* struct disposition */
    int64_t parent_tracker_id;
    int32_t require_parent;
};

enum promo_type { PROMO_LITERAL = 1, PROMO_PATTERN };
enum promo_status { PROMO_ACTIVE = 1, PROMO_INACTIVE };
enum promo_credit { PROMO_INVOLVED = 1, PROMO_ALWAYS, PROMO_WINNER };

/* Data of promo_code.put (A46, A47). */
struct promo_code {
    int64_t campaign_id;
    struct text promo_code_id, code;
    int32_t type;
    struct text partner_id;
    int32_t state;
    int64_t start, end;
    int32_t credit;
    const struct pattern *pattern; /* of a PROMO_PATTERN's code, made once; not stored */
};

/* State of codes:<campaignId>: its patterns by promoCodeId; and of its parts li:<code in lower case>:
 * the literal codes that read so. */
struct promo_codes {
    struct list codes; /* struct promo_code */
};

enum list_status { LIST_ACTIVE = 1, LIST_CLOSED, LIST_DEACTIVATED };

struct exception_item {
    struct text value;
    int32_t regex;
};

/* State of list:<listId>: data of exception_list.put (A15, A46). */
struct exception_list {
    struct text list_id, name;
    int32_t state;
    int64_t deactivation;
    struct list items;                /* struct exception_item                */
    const struct words *words;        /* of the plain items; made, not stored */
    const struct pattern **patterns;  /* of the others                        */
    uint32_t pattern_count;
};

/* A limit's value: minor units of the contract's currency (VALUE), or a number of actions. False: it
 * has more decimals than that, or does not fit. */
static inline bool limit_value(int32_t type, struct text value, int exponent, int64_t *out)
{
    __int128 digits;
    int scale, places = type == LIMIT_ACTIONS ? 0 : exponent;
    if (!dec_parse(value, &digits, &scale)) {
        return false;
    }
    for (; scale < places; scale++) {
        digits *= 10;
    }
    for (; scale > places; scale--) {
        if (digits % 10 != 0) {
            return false;
        }
        digits /= 10;
    }
    *out = digits > INT64_MAX ? 0 : (int64_t)digits;
    return digits <= INT64_MAX;
}

/* The version in force at t (the latest that is valid by then), NULL = none. */
static inline const struct contract_version *contract_version_at(const struct contract_state *state,
                                                                 int64_t t)
{
    const struct contract_version *versions = state->versions.items;
    for (uint32_t i = state->versions.count; i > 0; i--) {
        if (versions[i - 1].valid_from <= t) {
            return &versions[i - 1];
        }
    }
    return NULL;
}

#endif
