/*
 * The states of the contract worker, for whoever looks at them (the action worker): structs as their
 * field tables (tables.c) decode them. An absent member is as wire/field.h says.
 */
#ifndef MAKEGOOD_WORKERS_CONTRACT_H
#define MAKEGOOD_WORKERS_CONTRACT_H

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

/* {variable, operator, values}: one of the values, IS_NOT: none of them (A38). */
struct contract_rule {
    int32_t variable, operator;
    struct list values; /* struct text */
};

struct payout_limit {
    int32_t type;
    struct text value;
    int32_t limit_by, period;
    struct text weekend_override;
};

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
