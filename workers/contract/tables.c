/* The field tables of the contract family: messages, states, outcomes. */
#include "workers/contract/inside.h"

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SHAPE(shape_name, table, type)                                                             \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), SHAPE_NO_FAULTS                      \
    }
#define IN(type, member) offsetof(struct type, member)
enum { TRACKER_MAX = 2147483647 };

static const char *const statuses[] = { "ACTIVE", "PENDING", "DECLINED", NULL };
static const char *const kinds[] = { "SCHEDULED", "CAMPAIGN", "TEMPLATE", NULL };
static const char *const repeats[] = { "NONE", "WEEKLY", "MONTHLY", "YEARLY", NULL };
static const char *const levels[] = { "ORDER", "ITEM", NULL };
static const char *const periods[] = { "DAY", "MONTH", NULL };
static const char *const credit_policies[] = { "LAST_REFERRER", "FIRST_REFERRER", NULL };
static const char *const return_policies[] = { "ALWAYS_OK", "NO_RETURNS", NULL };
static const char *const variables[] = { "CUSTOMER_STATUS", "CUSTOMER_COUNTRY", "ITEM_SKU",
                                         "ITEM_CATEGORY", "ORDER_PROMO_CODE",
                                         "ORDER_PROMO_CODE_LIST", NULL };
static const char *const operators[] = { "IS", "IS_NOT", "CONTAINS", NULL };
static const char *const limit_types[] = { "VALUE", "ACTIONS", NULL };
static const char *const limit_bys[] = { "ALL", "ORDER", "CUSTOMER", "CLICK", NULL };
static const char *const limit_periods[] = { "CONTRACT", "DAY", "WEEK", "MONTH", "QUARTER", NULL };
static const char *const bonus_types[] = { "SUBSEQUENT_ACTIONS", "ALL_ACTIONS", NULL };
static const char *const bonus_bases[] = { "REVENUE", "ACTIONS", NULL };
static const char *const bonus_periods[] = { "CALENDAR_MONTH", "CALENDAR_YEAR", NULL };
static const char *const directions[] = { "INCREASE", "DECREASE", NULL };

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_offset(struct text text)
{
    const char *c = text.at;
    return text.size == 6 && (c[0] == '+' || c[0] == '-') && is_digit(c[1]) && is_digit(c[2]) &&
           c[3] == ':' && is_digit(c[4]) && is_digit(c[5]);
}

/* Words that begin with a letter, '/' between them. */
static bool is_zone_name(struct text text)
{
    bool begins = true;
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        if (!is_letter(c) && (begins || (!is_digit(c) && !memchr("_+-/", c, 4)))) {
            return false;
        }
        begins = c == '/';
    }
    return !begins;
}

/* How a zone is written; whether there is one of that name, contract_check() asks. */
static bool is_zone(struct text text)
{
    return is_offset(text) || is_zone_name(text);
}

static const struct field schedule_fields[] = {
    { "period", FIELD_ENUM, IN(schedule, period), .names = periods },
    { "monthOffset", FIELD_INT, IN(schedule, month_offset), .max = 24, .standard = "0" },
    { "dayOffset", FIELD_INT, IN(schedule, day_offset), .max = 366, .standard = "0" },
    { "openEnded", FIELD_BOOL, IN(schedule, open_ended) },
};
static const struct shape schedule_shape = SHAPE("schedule", schedule_fields, schedule);

static const struct field rule_fields[] = {
    { "variable", FIELD_ENUM, IN(contract_rule, variable), .required = true, .names = variables },
    { "operator", FIELD_ENUM, IN(contract_rule, operator), .required = true, .names = operators },
    { "values", FIELD_LIST, IN(contract_rule, values), .required = true, .min = 1, .max = 500,
      .element = FIELD_TEXT, .element_max = 255 },
};
static const struct shape rule_shape = SHAPE("rule", rule_fields, contract_rule);

static const struct field limit_fields[] = {
    { "type", FIELD_ENUM, IN(payout_limit, type), .required = true, .names = limit_types },
    { "value", FIELD_DEC, IN(payout_limit, value), .required = true },
    { "limitBy", FIELD_ENUM, IN(payout_limit, limit_by), .names = limit_bys,
      .standard = "\"ALL\"" },
    { "period", FIELD_ENUM, IN(payout_limit, period), .names = limit_periods,
      .standard = "\"CONTRACT\"" },
    { "weekendOverrideValue", FIELD_DEC, IN(payout_limit, weekend_override) },
};
static const struct shape limit_shape = SHAPE("limit", limit_fields, payout_limit);

static const struct field tier_fields[] = {
    { "revenueThreshold", FIELD_MONEY, IN(bonus_tier, revenue_threshold) },
    { "actionThreshold", FIELD_INT, IN(bonus_tier, action_threshold), .max = INT64_MAX },
    { "payoutRate", FIELD_RATE, IN(bonus_tier, payout_rate), .required = true },
};
static const struct shape tier_shape = SHAPE("tier", tier_fields, bonus_tier);

static const struct field bonus_fields[] = {
    { "type", FIELD_ENUM, IN(performance_bonus, type), .required = true, .names = bonus_types },
    { "basis", FIELD_ENUM, IN(performance_bonus, basis), .required = true, .names = bonus_bases },
    { "period", FIELD_ENUM, IN(performance_bonus, period), .required = true,
      .names = bonus_periods },
    { "tiers", FIELD_LIST, IN(performance_bonus, tiers), .required = true, .min = 1, .max = 20,
      .shape = &tier_shape },
};
static const struct shape bonus_shape = SHAPE("bonus", bonus_fields, performance_bonus);

static const struct field group_fields[] = {
    { "rank", FIELD_INT, IN(payout_group, rank), .required = true, .min = 1, .max = 1000 },
    { "rules", FIELD_LIST, IN(payout_group, rules), .max = 20, .shape = &rule_shape },
    { "payout", FIELD_MONEY, IN(payout_group, payout) },
    { "payoutRate", FIELD_RATE, IN(payout_group, payout_rate) },
    { "limits", FIELD_LIST, IN(payout_group, limits), .max = 10, .shape = &limit_shape },
    { "tiers", FIELD_OBJECT, IN(payout_group, tiers), .shape = &bonus_shape },
};
static const struct shape group_shape = SHAPE("group", group_fields, payout_group);

static const struct field restriction_fields[] = {
    { "rules", FIELD_LIST, IN(payout_restriction, rules), .required = true, .min = 1, .max = 20,
      .shape = &rule_shape },
};
static const struct shape restriction_shape =
    SHAPE("restriction", restriction_fields, payout_restriction);

static const struct field adjustment_fields[] = {
    { "rules", FIELD_LIST, IN(payout_adjustment, rules), .max = 20, .shape = &rule_shape },
    { "direction", FIELD_ENUM, IN(payout_adjustment, direction), .required = true,
      .names = directions },
    { "rate", FIELD_RATE, IN(payout_adjustment, rate), .required = true },
};
static const struct shape adjustment_shape =
    SHAPE("adjustment", adjustment_fields, payout_adjustment);

static const struct field event_payout_fields[] = {
    { "actionTrackerId", FIELD_INT, IN(event_payout, tracker_id), .required = true, .min = 1,
      .max = TRACKER_MAX },
    { "payoutLevel", FIELD_ENUM, IN(event_payout, level), .names = levels,
      .standard = "\"ORDER\"" },
    { "defaultPayout", FIELD_MONEY, IN(event_payout, default_payout) },
    { "defaultPayoutRate", FIELD_RATE, IN(event_payout, default_payout_rate) },
    { "payoutGroups", FIELD_LIST, IN(event_payout, groups), .max = 50, .shape = &group_shape },
    { "payoutRestrictions", FIELD_LIST, IN(event_payout, restrictions), .max = 50,
      .shape = &restriction_shape },
    { "payoutAdjustments", FIELD_LIST, IN(event_payout, adjustments), .max = 20,
      .shape = &adjustment_shape },
    { "performanceBonus", FIELD_OBJECT, IN(event_payout, bonus), .shape = &bonus_shape },
    { "limits", FIELD_LIST, IN(event_payout, limits), .max = 10, .shape = &limit_shape },
    { "locking", FIELD_OBJECT, IN(event_payout, locking), .required = true,
      .shape = &schedule_shape },
    { "payoutScheduling", FIELD_OBJECT, IN(event_payout, scheduling), .shape = &schedule_shape },
};
static const struct shape event_payout_shape =
    SHAPE("eventPayout", event_payout_fields, event_payout);

static const struct field term_fields[] = {
    { "kind", FIELD_ENUM, IN(term, kind), .required = true, .names = kinds },
    { "termId", FIELD_ID, IN(term, term_id) },
    { "startDate", FIELD_TIME, IN(term, start) },
    { "endDate", FIELD_TIME, IN(term, end) },
    { "repeat", FIELD_ENUM, IN(term, repeat), .names = repeats, .standard = "\"NONE\"" },
    { "eventPayouts", FIELD_LIST, IN(term, event_payouts), .required = true, .min = 1, .max = 20,
      .shape = &event_payout_shape },
};
static const struct shape term_shape = SHAPE("term", term_fields, term);

#define CONTRACT_FIELDS                                                                            \
    { "contractId", FIELD_ID, IN(contract, contract_id), .required = true },                       \
        { "partnerId", FIELD_ID, IN(contract, partner_id), .required = true },                     \
        { "campaignId", FIELD_INT, IN(contract, campaign_id), .required = true, .min = 1,          \
          .max = TRACKER_MAX },                                                                    \
        { "status", FIELD_ENUM, IN(contract, status), .required = true, .names = statuses },       \
        { "startDate", FIELD_TIME, IN(contract, start), .required = true },                        \
        { "endDate", FIELD_TIME, IN(contract, end) },                                              \
        { "currency", FIELD_CURRENCY, IN(contract, currency), .required = true },                  \
        { "timeZone", FIELD_TEXT, IN(contract, time_zone), .max = 64, .standard = "\"UTC\"",       \
          .form = is_zone,                                                                         \
          .form_words = "a time zone like \"America/Los_Angeles\", or an offset like \"+02:00\"" }, \
        { "validFrom", FIELD_TIME, IN(contract, valid_from) },                                     \
        { "terms", FIELD_LIST, IN(contract, terms), .required = true, .min = 1, .max = 20,         \
          .shape = &term_shape },                                                                  \
        { "reverseChildActions", FIELD_BOOL, IN(contract, reverse_children),                       \
          .standard = "false" },                                                                   \
        { "creditPolicy", FIELD_ENUM, IN(contract, credit_policy), .names = credit_policies },     \
        { "returnPolicy", FIELD_ENUM, IN(contract, return_policy), .names = return_policies,       \
          .standard = "\"ALWAYS_OK\"" },                                                           \
        { "maxReturnPercentage", FIELD_RATE, IN(contract, max_return_percentage),                  \
          .standard = "100" },                                                                     \
    {                                                                                              \
        "requireReturnAcceptance", FIELD_BOOL, IN(contract, require_return_acceptance),            \
            .standard = "false"                                                                    \
    }

static const struct field contract_fields[] = { CONTRACT_FIELDS };
const struct shape contract_shape = SHAPE("contract.put", contract_fields, contract);

static const char *const shown_statuses[] = { "ACTIVE",   "PENDING", "DECLINED",
                                              "UPCOMING", "EXPIRED", NULL };
/* `contract` is the first member, so the offsets of its fields hold here too. */
_Static_assert(offsetof(struct contract_stored, contract) == 0, "contract comes first");
static const struct field stored_fields[] = {
    CONTRACT_FIELDS,
    { "contractVersion", FIELD_INT, IN(contract_stored, contract_version) },
    { "shownStatus", FIELD_ENUM, IN(contract_stored, shown_status), .names = shown_statuses },
};
const struct shape contract_stored_shape =
    SHAPE("contract.stored", stored_fields, contract_stored);

static const struct field version_fields[] = {
    { "number", FIELD_INT, IN(contract_version, number) },
    { "validFrom", FIELD_TIME, IN(contract_version, valid_from) },
    { "contract", FIELD_OBJECT, IN(contract_version, contract), .shape = &contract_shape },
};
static const struct shape version_shape = SHAPE("version", version_fields, contract_version);

static const struct field place_fields[] = {
    { "partnerId", FIELD_ID, IN(contract_place, partner_id) },
    { "campaignId", FIELD_INT, IN(contract_place, campaign_id) },
};
static const struct shape place_shape = SHAPE("place", place_fields, contract_place);

static const struct field contract_state_fields[] = {
    { "lastNumber", FIELD_INT, IN(contract_state, last_number) },
    { "versions", FIELD_LIST, IN(contract_state, versions), .shape = &version_shape },
    { "places", FIELD_LIST, IN(contract_state, places), .shape = &place_shape },
};
const struct shape contract_state_shape =
    SHAPE("contract", contract_state_fields, contract_state);

static const struct field listed_fields[] = {
    { "partnerId", FIELD_ID, IN(contract_listed, partner_id), .required = true },
    { "campaignId", FIELD_INT, IN(contract_listed, campaign_id), .required = true, .min = 1,
      .max = TRACKER_MAX },
    { "contractId", FIELD_ID, IN(contract_listed, contract_id), .required = true },
};
const struct shape contract_listed_shape =
    SHAPE("internal.contract.listed", listed_fields, contract_listed);

static const struct field listing_fields[] = {
    { "contractIds", FIELD_LIST, IN(contract_listing, contract_ids), .element = FIELD_ID },
};
const struct shape contract_listing_shape = SHAPE("listing", listing_fields, contract_listing);

static const char *const partner_states[] = { "ACTIVE", "INACTIVE", NULL };
static const struct field partner_fields[] = {
    { "partnerId", FIELD_ID, IN(partner, partner_id), .required = true },
    { "state", FIELD_ENUM, IN(partner, state), .required = true, .names = partner_states },
};
const struct shape partner_shape = SHAPE("partner.put", partner_fields, partner);

static const char *const event_type_states[] = { "ACTIVE", "INACTIVE", NULL };
static const char *const disposition_states[] = { "PENDING", "APPROVED", "REVERSED", NULL };
static const char *const changes[] = { "MODIFY", "APPROVE", "REVERSE", NULL };
static const struct field disposition_fields[] = {
    { "code", FIELD_TEXT, IN(disposition, code), .required = true, .max = 64 },
    { "state", FIELD_ENUM, IN(disposition, state), .required = true, .names = disposition_states },
    { "actionChange", FIELD_ENUM, IN(disposition, change), .required = true, .names = changes },
};
static const struct shape disposition_shape =
    SHAPE("disposition", disposition_fields, disposition);

static const struct field event_type_fields[] = {
    { "actionTrackerId", FIELD_INT, IN(event_type, tracker_id), .required = true, .min = 1,
      .max = TRACKER_MAX },
    { "campaignId", FIELD_INT, IN(event_type, campaign_id), .required = true, .min = 1,
      .max = TRACKER_MAX },
    { "name", FIELD_TEXT, IN(event_type, name), .max = 128 },
    { "state", FIELD_ENUM, IN(event_type, state), .names = event_type_states,
      .standard = "\"ACTIVE\"" },
    { "dedupWindow", FIELD_DURATION, IN(event_type, dedup_window) },
    { "customerStatuses", FIELD_LIST, IN(event_type, customer_statuses), .max = 20,
      .element = FIELD_TEXT, .element_max = 40, .standard = "[\"NEW\",\"EXISTING\"]" },
    { "dispositionCodes", FIELD_LIST, IN(event_type, dispositions), .max = 200,
      .shape = &disposition_shape },
    { "parentActionTrackerId", FIELD_INT, IN(event_type, parent_tracker_id), .min = 1,
      .max = TRACKER_MAX },
    { "requireParent", FIELD_BOOL, IN(event_type, require_parent), .standard = "false" },
};
const struct shape event_type_shape = SHAPE("event_type.put", event_type_fields, event_type);
