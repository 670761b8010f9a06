/* The field tables of the messages. All decode into struct command; a type has what it lists. */
#include <stddef.h>

#include "workers/reward/inside.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define AT(member) offsetof(struct command, member)
#define SHAPE(shape_name, table)                                                                   \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct command), SHAPE_NO_FAULTS                   \
    }
#define SHAPE_FAULTS(shape_name, table)                                                            \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct command), AT(faults)                        \
    }
enum { LINE_MAX = 1000000, NOTE_MAX = 255, HASH_SIZE = 64, REASONS_MAX = 6 };

#define BATCH                                                                                      \
    { "batchId", FIELD_BATCH_ID, AT(batch_id) },                                                   \
    {                                                                                              \
        "line", FIELD_INT, AT(line), .min = 1, .max = LINE_MAX                                     \
    }
#define ACCOUNT { "accountId", FIELD_ID, AT(account_id), .required = true }
#define USER { "userId", FIELD_ID, AT(user_id), .required = true }
#define REWARD { "rewardId", FIELD_ID, AT(reward_id), .required = true }
#define NOTE { "note", FIELD_TEXT, AT(note), .max = NOTE_MAX }
#define EMAIL                                                                                      \
    { "email", FIELD_EMAIL, AT(email) },                                                           \
        { "emailHash", FIELD_HEX, AT(email_hash), .max = HASH_SIZE },                              \
    {                                                                                              \
        "businessId", FIELD_ID, AT(business_id)                                                    \
    }
#define WHO                                                                                        \
    { "accountId", FIELD_ID, AT(account_id) }, { "token", FIELD_ID, AT(token) }, EMAIL
#define AMOUNT_AND_NOTE                                                                            \
    NOTE, { "fulfil", FIELD_BOOL, AT(fulfil), .standard = "false" }

static const struct field user_put_fields[] = {
    ACCOUNT, USER, EMAIL,
    { "countryCode", FIELD_COUNTRY, AT(country) },
    { "locale", FIELD_TEXT, AT(locale), .max = 35 },
    BATCH,
};
const struct shape user_put_shape = SHAPE("user.put", user_put_fields);

static const struct field token_put_fields[] = {
    { "token", FIELD_ID, AT(token), .required = true },
    ACCOUNT, USER,
    { "active", FIELD_BOOL, AT(active), .standard = "true" },
    BATCH,
};
const struct shape token_put_shape = SHAPE("token.put", token_put_fields);

/* R21 without SCHEDULED and US_TAX, which only makegood itself sets. create.c knows the order. */
static const char *const holds[] = { "UNHANDLED_ERROR", "SUSPECTED_FRAUD",
                                     "MISSING_PAYOUT_CONFIGURATION", "ERROR_SYNCING_FUEL_TANK_CODE",
                                     "CASH_HOLD", NULL };

static const struct field create_fields[] = {
    ACCOUNT, USER, REWARD,
    { "type", FIELD_ENUM, AT(type), .names = reward_types, .standard = "\"CREDIT\"" },
    { "unit", FIELD_UNIT, AT(unit) },
    { "value", FIELD_INT, AT(value), .min = 1, .max = VALUE_MAX },
    { "rewardSource", FIELD_ENUM, AT(source), .names = reward_sources, .standard = "\"MANUAL\"" },
    { "programId", FIELD_ID, AT(program_id) },
    { "name", FIELD_TEXT, AT(name), .max = 128 },
    { "dateTriggered", FIELD_TIME_OR_MS, AT(triggered) },
    { "dateScheduledFor", FIELD_TIME_OR_MS, AT(scheduled) },
    { "pendingDuration", FIELD_DURATION, AT(duration) },
    { "dateExpires", FIELD_TIME_OR_MS, AT(expires) },
    { "pendingReasons", FIELD_LIST, AT(reasons), .max = REASONS_MAX, .element = FIELD_ENUM,
      .names = holds },
    BATCH,
};
const struct shape reward_create_shape = SHAPE("reward.create", create_fields);

static const struct field redeem_fields[] = {
    ACCOUNT, REWARD,
    { "unit", FIELD_UNIT, AT(unit) },
    { "valueToRedeem", FIELD_DEC, AT(value_to_redeem), .code = "INVALID_FIELD" },
    AMOUNT_AND_NOTE, BATCH,
};
const struct shape reward_redeem_shape = SHAPE_FAULTS("reward.redeem", redeem_fields);

static const struct field balance_redeem_fields[] = {
    WHO,
    { "unit", FIELD_UNIT, AT(unit), .required = true },
    { "valueToRedeem", FIELD_DEC, AT(value_to_redeem), .required = true, .code = "INVALID_FIELD" },
    AMOUNT_AND_NOTE, BATCH,
};
const struct shape balance_redeem_shape = SHAPE_FAULTS("balance.redeem", balance_redeem_fields);

/* A cell without a value asks for nothing (C33). */
static const char *const nothing[] = { "", NULL };
static const struct field row_fields[] = {
    { "batchId", FIELD_BATCH_ID, AT(batch_id), .required = true },
    { "line", FIELD_INT, AT(line), .required = true, .min = 1, .max = LINE_MAX },
    ACCOUNT,
    { "unit", FIELD_UNIT, AT(unit), .required = true },
    { "valueToRedeem", FIELD_DEC, AT(value_to_redeem), .code = "INVALID_FIELD" },
    { "valueToRedeem", FIELD_ENUM, AT(empty_cell), .names = nothing, .code = "INVALID_FIELD" },
};
const struct shape import_row_shape = SHAPE_FAULTS("import.row", row_fields);

/* R22: what a command may give. */
static const char *const given_reasons[] = { "UNKNOWN", "PROGRAM_GRAPH_MODERATION",
                                             "SUSPECTED_FRAUD", NULL };
static const struct field cancel_fields[] = {
    ACCOUNT, REWARD,
    { "cancelReason", FIELD_ENUM, AT(cancel_reason), .names = given_reasons,
      .standard = "\"UNKNOWN\"" },
    { "cancelRemainder", FIELD_BOOL, AT(cancel_remainder), .standard = "false" },
    BATCH,
};
const struct shape reward_cancel_shape = SHAPE("reward.cancel", cancel_fields);

static const struct field reward_only_fields[] = { ACCOUNT, REWARD, BATCH };
const struct shape reward_only_shape = SHAPE("reward", reward_only_fields);

static const struct field release_fields[] = {
    ACCOUNT, REWARD,
    { "pendingReasons", FIELD_LIST, AT(reasons), .required = true, .min = 1, .max = REASONS_MAX,
      .element = FIELD_ENUM, .names = pending_reasons },
    BATCH,
};
const struct shape reward_release_shape = SHAPE("reward.release", release_fields);

static const struct field form_fields[] = { ACCOUNT, USER, BATCH };
const struct shape tax_form_shape = SHAPE("tax_form", form_fields);

static const char *const points_states[] = { "active", "wait", NULL };
static const struct field credit_fields[] = {
    WHO,
    { "userId", FIELD_ID, AT(user_id) },
    { "value", FIELD_INT, AT(value), .required = true, .min = 1, .max = VALUE_MAX },
    { "unit", FIELD_UNIT, AT(unit), .standard = "\"POINTS\"" },
    { "state", FIELD_ENUM, AT(points_state), .names = points_states, .standard = "\"active\"" },
    { "rewardId", FIELD_ID, AT(reward_id) },
    { "programId", FIELD_ID, AT(program_id) },
    { "dateTriggered", FIELD_TIME_OR_MS, AT(triggered) },
    { "dateExpires", FIELD_TIME_OR_MS, AT(expires) },
    NOTE, BATCH,
};
const struct shape points_credit_shape = SHAPE("points.credit", credit_fields);

static const struct field noted_fields[] = { ACCOUNT, REWARD, NOTE, BATCH };
const struct shape reward_noted_shape = SHAPE("reward.noted", noted_fields);

#define OWN(member) offsetof(struct own_address, member)
static const struct field own_fields[] = {
    { "accountId", FIELD_ID, OWN(account_id), .required = true },
    { "userId", FIELD_ID, OWN(user_id), .required = true },
    { "emailHash", FIELD_HEX, OWN(email_hash), .max = HASH_SIZE },
    { "businessId", FIELD_ID, OWN(business_id) },
    { "giveUp", FIELD_BOOL, OWN(give_up), .standard = "false" },
};
const struct shape own_address_shape = { "internal.address.own", own_fields, COUNT(own_fields),
                                         sizeof(struct own_address), SHAPE_NO_FAULTS };
