/* The field tables of the states. A table only ever gains fields at its end (wire/field.h). */
#include <stddef.h>

#include "workers/reward/inside.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define IN(type, member) offsetof(struct type, member)
#define SHAPE(shape_name, table, type)                                                             \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), SHAPE_NO_FAULTS                      \
    }

const char *const reward_types[] = { "PCT_DISCOUNT", "CREDIT", "FUELTANK", "INTEGRATION", NULL };
const char *const reward_statuses[] = { "CANCELLED", "REDEEMED",  "EXPIRED",
                                        "PENDING",   "AVAILABLE", NULL };
const char *const pending_reasons[] = { "SCHEDULED",
                                    "UNHANDLED_ERROR",
                                    "US_TAX",
                                    "SUSPECTED_FRAUD",
                                    "MISSING_PAYOUT_CONFIGURATION",
                                    "ERROR_SYNCING_FUEL_TANK_CODE",
                                    "CASH_HOLD",
                                    "WAIT",
                                    NULL };
const char *const reward_cancel_reasons[] = { "UNKNOWN", "PROGRAM_GRAPH_MODERATION",
                                              "SUSPECTED_FRAUD", "REJECTED", "REVERSED", NULL };
const char *const reward_sources[] = { "FRIEND_SIGNUP", "REFERRED",   "MANUAL",    "PROGRAM",
                                       "ACTIVATION",    "ACQUISITION", "RETENTION", "REACTIVATION",
                                       "AUTOMATED",     NULL };

static const struct field reward_fields[] = {
    { "rewardId", FIELD_ID, IN(reward, reward_id) },
    { "userId", FIELD_ID, IN(reward, user_id) },
    { "type", FIELD_ENUM, IN(reward, type), .names = reward_types },
    { "status", FIELD_ENUM, IN(reward, status), .names = reward_statuses },
    { "unit", FIELD_UNIT, IN(reward, unit) },
    { "assignedCredit", FIELD_INT, IN(reward, assigned) },
    { "redeemedCredit", FIELD_INT, IN(reward, redeemed) },
    { "pendingReasons", FIELD_LIST, IN(reward, reasons), .element = FIELD_ENUM,
      .names = pending_reasons },
    { "cancelReason", FIELD_ENUM, IN(reward, cancel_reason), .names = reward_cancel_reasons },
    { "rewardSource", FIELD_ENUM, IN(reward, source), .names = reward_sources },
    { "programId", FIELD_ID, IN(reward, program_id) },
    { "name", FIELD_TEXT, IN(reward, name) },
    { "note", FIELD_TEXT, IN(reward, note) },
    { "dateCreated", FIELD_TIME, IN(reward, created) },
    { "dateScheduledFor", FIELD_TIME, IN(reward, scheduled) },
    { "dateGiven", FIELD_TIME, IN(reward, given) },
    { "dateExpires", FIELD_TIME, IN(reward, expires) },
    { "dateCancelled", FIELD_TIME, IN(reward, cancelled) },
    { "dateRedeemed", FIELD_TIME, IN(reward, fully_redeemed) },
    { "dateProcessed", FIELD_TIME, IN(reward, processed) },
    { "dateModified", FIELD_TIME, IN(reward, modified) },
    { "dateTriggered", FIELD_TIME, IN(reward, triggered) },
};
const struct shape reward_shape = SHAPE("reward", reward_fields, reward);

static const struct field entry_fields[] = {
    { "first", FIELD_TIME, IN(index_entry, first) },
    { "second", FIELD_TIME, IN(index_entry, second) },
    { "rewardId", FIELD_ID, IN(index_entry, id) },
    { "value", FIELD_INT, IN(index_entry, value) },
};
static const struct shape entry_shape = SHAPE("entry", entry_fields, index_entry);
static const struct field note_fields[] = {
    { "page", FIELD_INT, IN(index_page_note, number) },
    { "least", FIELD_OBJECT, IN(index_page_note, least), .shape = &entry_shape },
    { "count", FIELD_INT, IN(index_page_note, count) },
    { "sum", FIELD_INT, IN(index_page_note, sum) },
};
static const struct shape note_shape = SHAPE("pageNote", note_fields, index_page_note);
static const struct field index_fields[] = {
    { "entries", FIELD_LIST, IN(index, entries), .shape = &entry_shape },
    { "pages", FIELD_LIST, IN(index, pages), .shape = &note_shape },
    { "nextPage", FIELD_INT, IN(index, next_page) },
};
static const struct shape index_shape = SHAPE("index", index_fields, index);
static const struct field page_fields[] = {
    { "entries", FIELD_LIST, IN(index_page, entries), .shape = &entry_shape },
};
const struct shape index_page_shape = SHAPE("page", page_fields, index_page);

static const struct field account_fields[] = {
    { "userCount", FIELD_INT, IN(account, user_count) },
    { "agenda", FIELD_OBJECT, IN(account, agenda), .shape = &index_shape },
    { "units", FIELD_LIST, IN(account, units), .element = FIELD_TEXT },
};
const struct shape account_shape = SHAPE("account", account_fields, account);

static const struct field balance_fields[] = {
    { "unit", FIELD_UNIT, IN(balance, unit) },
    { "totalAssignedCredit", FIELD_INT, IN(balance, assigned) },
    { "availableValue", FIELD_INT, IN(balance, available) },
    { "totalPendingCredit", FIELD_INT, IN(balance, pending) },
    { "totalRedeemedCredit", FIELD_INT, IN(balance, redeemed) },
    { "totalExpiredCredit", FIELD_INT, IN(balance, expired) },
    { "totalCancelledCredit", FIELD_INT, IN(balance, cancelled) },
    { "count", FIELD_INT, IN(balance, count) },
    { "spendable", FIELD_OBJECT, IN(balance, spendable), .shape = &index_shape },
};
const struct shape balance_shape = SHAPE("balance", balance_fields, balance);

static const struct field given_fields[] = {
    { "unit", FIELD_UNIT, IN(given_list, unit) },
    { "rewards", FIELD_OBJECT, IN(given_list, index), .shape = &index_shape },
};
static const struct shape given_shape = SHAPE("given", given_fields, given_list);
static const struct field user_fields[] = {
    { "userId", FIELD_ID, IN(user, user_id) },
    { "countryCode", FIELD_COUNTRY, IN(user, country) },
    { "locale", FIELD_TEXT, IN(user, locale) },
    { "emailHash", FIELD_HEX, IN(user, email_hash) },
    { "businessId", FIELD_ID, IN(user, business_id) },
    { "taxForm", FIELD_BOOL, IN(user, tax_form) },
    { "taxYear", FIELD_INT, IN(user, tax_year) },
    { "given", FIELD_LIST, IN(user, given), .shape = &given_shape },
    { "heldForTaxForm", FIELD_OBJECT, IN(user, held), .shape = &index_shape },
};
const struct shape user_shape = SHAPE("user", user_fields, user);

static const struct field token_fields[] = {
    { "token", FIELD_ID, IN(token, token) },
    { "accountId", FIELD_ID, IN(token, account_id) },
    { "userId", FIELD_ID, IN(token, user_id) },
    { "active", FIELD_BOOL, IN(token, active) },
};
const struct shape token_shape = SHAPE("token", token_fields, token);

static const struct field owner_fields[] = {
    { "accountId", FIELD_ID, IN(owner, account_id) },
    { "userId", FIELD_ID, IN(owner, user_id) },
};
const struct shape owner_shape = SHAPE("owner", owner_fields, owner);
