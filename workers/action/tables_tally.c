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
};

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
    NUMBER("sumActions", tally_told, sum_actions),
    NUMBER("sumRevenue", tally_told, sum_revenue),
    NUMBER("sumEarned", tally_told, sum_earned),
    { "lefts", FIELD_LIST, IN(tally_told, lefts), .max = 10, .element = FIELD_INT },
};
static const struct shape told_shape = SHAPE("tally.told", told_fields, tally_told);

enum { TOLD_MAX = 400 }; /* lines of one action in so many groups with limits of their own */
#define TOLD(type)                                                                                 \
    {                                                                                              \
        "told", FIELD_LIST, IN(type, told), .max = TOLD_MAX, .shape = &told_shape                  \
    }

static const struct shape share_change_shape = SHAPE("tally.change", share_change_fields, share_change);
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
    NUMBER("bonus", tally_set, bonus),
};
const struct shape tally_set_shape = SHAPE("internal.tally.set", set_fields, tally_set);
