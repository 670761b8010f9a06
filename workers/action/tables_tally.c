/* The field tables of what actions and tallies say to each other. */
#include "workers/action/inside.h"
#include "workers/action/tables.h"

static const char *const kinds[] = { "COUNT", "LIMITS", NULL };
static const char *const limit_types[] = { "VALUE", "ACTIONS", NULL };

/* Sums may pass what one amount may be, and days lie on both sides of 1970. */
#define NUMBER(name, type, member)                                                                 \
    {                                                                                              \
        name, FIELD_INT, IN(type, member), .required = true, .min = INT64_MIN + 1,                 \
            .max = INT64_MAX                                                                       \
    }
/* Came later: a message that is under way at an update has none of them. */
#define LATER(name, type, member)                                                                  \
    {                                                                                              \
        name, FIELD_INT, IN(type, member), .standard = "0", .min = INT64_MIN + 1, .max = INT64_MAX \
    }

static const struct field share_change_fields[] = {
    NUMBER("day", share_change, day),
    NUMBER("oldActions", share_change, old_actions),
    NUMBER("oldRevenue", share_change, old_revenue),
    NUMBER("oldEarned", share_change, old_earned),
    NUMBER("oldUsed", share_change, old_used),
    NUMBER("actions", share_change, actions),
    NUMBER("revenue", share_change, revenue),
    NUMBER("earned", share_change, earned),
    NUMBER("used", share_change, used),
    LATER("oldLifts", share_change, old_lifts),
    LATER("oldBonus", share_change, old_bonus),
    LATER("lifts", share_change, lifts),
    LATER("bonus", share_change, bonus),
    LATER("oldFromDay", share_change, old_from_day),
    LATER("oldToDay", share_change, old_to_day),
};

static const struct shape share_change_shape = SHAPE("tally.change", share_change_fields, share_change);

static const struct field tier_fields[] = {
    NUMBER("threshold", ask_tier, threshold),
    NUMBER("rate", ask_tier, rate),
    NUMBER("payout", ask_tier, payout),
};
static const struct shape tier_shape = SHAPE("tally.tier", tier_fields, ask_tier);
static const struct field bonus_fields[] = {
    { "all", FIELD_BOOL, IN(ask_bonus, all), .required = true },
    { "byRevenue", FIELD_BOOL, IN(ask_bonus, by_revenue), .required = true },
    NUMBER("payout", ask_bonus, payout),
    { "tiers", FIELD_LIST, IN(ask_bonus, tiers), .max = 20, .shape = &tier_shape },
    { "was", FIELD_OBJECT, IN(ask_bonus, was), .shape = &share_change_shape },
};
static const struct shape bonus_shape = SHAPE("tally.bonus", bonus_fields, ask_bonus);

static const struct field limit_fields[] = {
    { "type", FIELD_ENUM, IN(ask_limit, type), .required = true, .names = limit_types },
    NUMBER("value", ask_limit, value),
    NUMBER("fromDay", ask_limit, from_day),
    NUMBER("toDay", ask_limit, to_day),
};
static const struct shape limit_shape = SHAPE("tally.limit", limit_fields, ask_limit);

static const struct field told_fields[] = {
    { "tally", FIELD_TEXT, IN(tally_told, tally), .required = true, .max = 1024 },
    { "kind", FIELD_ENUM, IN(tally_told, kind), .required = true, .names = kinds },
    NUMBER("pool", tally_told, pool),
    NUMBER("contractVersion", tally_told, contract_version),
    NUMBER("day", tally_told, day),
    NUMBER("actions", tally_told, actions),
    NUMBER("revenue", tally_told, revenue),
    NUMBER("earned", tally_told, earned),
    NUMBER("used", tally_told, used),
    { "lefts", FIELD_LIST, IN(tally_told, lefts), .max = 10, .element = FIELD_INT },
    LATER("lifts", tally_told, lifts),
    LATER("bonus", tally_told, bonus),
    LATER("fromDay", tally_told, from_day),
    LATER("toDay", tally_told, to_day),
    { "tier", FIELD_INT, IN(tally_told, tier), .standard = "-1", .min = TIER_TOO_LARGE, .max = 19 },
};
static const struct shape told_shape = SHAPE("tally.told", told_fields, tally_told);

enum { TOLD_MAX = 400 }; /* lines of one action in so many groups with limits of their own */
#define TOLD(type)                                                                                 \
    {                                                                                              \
        "told", FIELD_LIST, IN(type, told), .max = TOLD_MAX, .shape = &told_shape                  \
    }

static const struct field ask_fields[] = {
    { "tally", FIELD_TEXT, IN(tally_ask, tally), .required = true, .max = 1024 },
    { "actionId", FIELD_ID, IN(tally_ask, action_id), .required = true },
    NUMBER("contractVersion", tally_ask, contract_version),
    { "kind", FIELD_ENUM, IN(tally_ask, kind), .required = true, .names = kinds },
    NUMBER("pool", tally_ask, pool),
    { "change", FIELD_OBJECT, IN(tally_ask, change), .required = true, .shape = &share_change_shape },
    NUMBER("fromDay", tally_ask, from_day),
    NUMBER("toDay", tally_ask, to_day),
    { "limits", FIELD_LIST, IN(tally_ask, limits), .max = 10, .shape = &limit_shape },
    TOLD(tally_ask),
    { "bonus", FIELD_OBJECT, IN(tally_ask, bonus), .shape = &bonus_shape },
};
const struct shape tally_ask_shape = SHAPE("internal.tally.ask", ask_fields, tally_ask);

static const struct field answer_fields[] = {
    { "actionId", FIELD_ID, IN(tally_answer, action_id), .required = true },
    TOLD(tally_answer),
};
const struct shape tally_answer_shape =
    SHAPE("internal.tally.answer", answer_fields, tally_answer);

static const struct field set_fields[] = {
    { "tally", FIELD_TEXT, IN(tally_set, tally), .required = true, .max = 1024 },
    { "change", FIELD_OBJECT, IN(tally_set, change), .required = true, .shape = &share_change_shape },
    { "actionId", FIELD_ID, IN(tally_set, action_id) },
};
const struct shape tally_set_shape = SHAPE("internal.tally.set", set_fields, tally_set);

static const struct field taken_fields[] = {
    { "actionId", FIELD_ID, IN(bonus_taken, action_id), .required = true },
    NUMBER("amount", bonus_taken, amount),
};
const struct shape bonus_taken_shape = SHAPE("internal.bonus.taken", taken_fields, bonus_taken);
