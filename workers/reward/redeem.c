/* Redemption: of one reward, or of a balance, first to expire first (R01-R07, B01, B05-B10, P13). */
#include <stddef.h>

#include "workers/reward/inside.h"

struct redeemed_part {
    struct text reward_id;
    int64_t value;
};

struct redeemed {
    struct text account_id, redemption_id, unit, note;
    int64_t redeemed, available, date;
    struct list parts; /* struct redeemed_part */
    int32_t fulfilment;
};

enum { FULFILMENT_REDEEMED = 1, FULFILMENT_FULFILLED };
static const char *const fulfilments[] = { "REDEEMED", "FULFILLED", NULL };

static const struct field part_fields[] = {
    { "rewardId", FIELD_ID, offsetof(struct redeemed_part, reward_id) },
    { "value", FIELD_INT, offsetof(struct redeemed_part, value) },
};
static const struct shape part_shape = { "redeemed.part", part_fields, 2,
                                         sizeof(struct redeemed_part), SHAPE_NO_FAULTS };
#define AT(member) offsetof(struct redeemed, member)
static const struct field redeemed_fields[] = {
    { "accountId", FIELD_ID, AT(account_id) },
    { "redemptionId", FIELD_ID, AT(redemption_id) },
    { "unit", FIELD_UNIT, AT(unit) },
    { "creditRedeemed", FIELD_INT, AT(redeemed) },
    { "creditAvailable", FIELD_INT, AT(available) },
    { "redeemedRewards", FIELD_LIST, AT(parts), .shape = &part_shape },
    { "fulfilment", FIELD_ENUM, AT(fulfilment), .names = fulfilments },
    { "dateRedeemed", FIELD_TIME, AT(date) },
    { "note", FIELD_TEXT, AT(note) },
};
static const struct shape redeemed_shape = { "reward.redeemed", redeemed_fields,
                                             sizeof(redeemed_fields) / sizeof(*redeemed_fields),
                                             sizeof(struct redeemed), SHAPE_NO_FAULTS };

static bool refuse(struct book *book, const char *code, const char *pointer, const char *detail)
{
    decision_rejected(book->decision, code, pointer, "%s", detail);
    return false;
}

static bool refuse_amount(struct book *book, enum amount amount)
{
    if (amount == AMOUNT_INVALID) {
        return refuse(book, "INVALID_FIELD", "/valueToRedeem",
                      "expected a decimal above 0 as a string like \"10.55\", or an integer");
    }
    return refuse(book, "VALUE_TOO_SMALL", "/valueToRedeem",
                  "is less than the smallest step of the unit");
}

/* R04, R07: takes value from the reward; FIELD_ABSENT = all of one that has no value. */
static void take(struct book *book, const struct reward *before, int64_t value)
{
    struct reward after = *before;
    if (value != FIELD_ABSENT) {
        after.redeemed += value;
    }
    if (value == FIELD_ABSENT || after.redeemed == after.assigned) {
        after.fully_redeemed = decision_time(book->decision);
    }
    book_put_reward(book, before, &after);
}

static void close_redemption(struct book *book, const struct command *command, struct text unit,
                             int64_t value, struct list parts)
{
    const struct balance *balance = unit.at ? book_balance(book, unit) : NULL;
    struct redeemed redeemed = {
        .account_id = account_id_of(book->decision),
        .redemption_id = decision_next_id(book->decision),
        .unit = unit,
        .note = command->note,
        .redeemed = value,
        .available = balance ? balance->available : unit.at ? 0 : FIELD_ABSENT,
        .date = decision_time(book->decision),
        .parts = parts,
        .fulfilment = command->fulfil == 1 ? FULFILMENT_FULFILLED : FULFILMENT_REDEEMED,
    };
    decision_applied(book->decision, "reward.redeemed", &redeemed_shape, &redeemed);
    book_close(book);
}

/* --- one reward --- */

static bool is_redeemable(struct book *book, struct text name)
{
    struct unit unit;
    return !name.at || !unit_look(book->decision, name, &unit) || unit.redeemable == 1;
}

/* What is to be taken from it; false after a refusal. */
static bool check_redeem(struct book *book, const struct command *command,
                         const struct reward *reward, int64_t *value)
{
    struct unit unit = { .exponent = 0 };
    bool given = command->value_to_redeem.at != NULL || command->faults;
    enum amount amount = AMOUNT_GOOD;
    *value = reward->assigned == FIELD_ABSENT ? FIELD_ABSENT : reward->assigned - reward->redeemed;
    int64_t rest = *value;
    if (reward->unit.at) {
        unit_look(book->decision, reward->unit, &unit);
    }
    if (given) {
        amount = command->faults ? AMOUNT_INVALID
                                 : amount_parse(command->value_to_redeem, unit.exponent, value);
    }
    if (amount == AMOUNT_INVALID) {
        return refuse_amount(book, amount);
    }
    if (command->unit.at && !text_equal(command->unit, reward->unit)) {
        return refuse(book, "UNIT_MISMATCH", "/unit", "the reward has another unit");
    }
    if (amount == AMOUNT_TOO_SMALL) {
        return refuse_amount(book, amount);
    }
    if (reward_status_at(reward, decision_time(book->decision)) != STATUS_AVAILABLE ||
        !is_redeemable(book, reward->unit)) {
        return refuse(book, "REWARD_NOT_AVAILABLE", "/rewardId",
                      "the reward is not available, or its unit cannot be redeemed");
    }
    if (given && reward->type != REWARD_CREDIT) {
        return refuse(book, "PARTIAL_NOT_ALLOWED", "/valueToRedeem",
                      "only rewards of type CREDIT are redeemed in part; leave it out");
    }
    return *value <= rest || refuse(book, "INSUFFICIENT_BALANCE", "/valueToRedeem",
                                    "is more than is left of the reward");
}

void reward_redeem(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct book book;
    int64_t value;
    book_open(&book, decision);
    const struct reward *reward = named_reward(&book, command);
    if (!reward || !check_redeem(&book, command, reward, &value)) {
        return;
    }
    take(&book, reward, value);
    struct redeemed_part part = { reward->reward_id, value };
    close_redemption(&book, command, reward->unit, value, (struct list){ &part, 1 });
}

/* --- a balance --- */

static bool check_balance(struct book *book, const struct command *command,
                          const struct shape *shape, int64_t *value)
{
    struct unit unit = { .redeemable = 1 };
    bool known = unit_look(book->decision, command->unit, &unit);
    bool fault = message_fault(shape, command, "valueToRedeem");
    enum amount amount =
        fault ? AMOUNT_INVALID : amount_parse(command->value_to_redeem, unit.exponent, value);
    if (!book->account_exists) {
        return refuse(book, "ACCOUNT_NOT_FOUND", "/accountId", "there is no such account");
    }
    if (amount == AMOUNT_INVALID) {
        return refuse_amount(book, amount);
    }
    if (!emails_agree(book->decision, command)) {
        return false;
    }
    if (!known || !book_balance(book, command->unit)) {
        return refuse(book, "UNIT_MISMATCH", "/unit",
                      "the account never had a reward of this unit; units are not converted");
    }
    if (unit.redeemable != 1) {
        return refuse(book, "REWARD_NOT_AVAILABLE", "/unit", "this unit cannot be redeemed");
    }
    if (amount == AMOUNT_TOO_SMALL) {
        return refuse_amount(book, amount);
    }
    return *value <= book_balance(book, command->unit)->available ||
           refuse(book, "INSUFFICIENT_BALANCE", "/valueToRedeem",
                  "is more than is available in this unit");
}

/* B08: the rewards that the value is taken from, each whole but the last. */
static void consume(struct book *book, const struct command *command, int64_t value)
{
    struct arena *arena = decision_arena(book->decision);
    struct balance *balance = book_balance(book, command->unit);
    struct list entries = index_first(book, balance->spendable,
                                      entity_name(arena, "b", command->unit), value);
    const struct index_entry *entry = entries.items;
    if (entries.count > SPENT_AT_ONCE_MAX) {
        refuse(book, "STATE_TOO_LARGE", "/valueToRedeem",
               "more than 5000 rewards would be consumed; redeem a smaller value at a time");
        return;
    }
    struct redeemed_part *parts = arena_alloc(arena, (entries.count + 1) * sizeof(*parts));
    const struct reward **rewards = arena_alloc(arena, (entries.count + 1) * sizeof(*rewards));
    uint32_t count = 0;
    for (uint32_t i = 0; i < entries.count; i++) {
        rewards[i] = book_reward(book, entry[i].id); /* all are asked for at once */
    }
    for (int64_t left = value; count < entries.count && left > 0; count++) {
        parts[count].reward_id = entry[count].id;
        parts[count].value = entry[count].value < left ? entry[count].value : left;
        left -= parts[count].value;
        if (rewards[count]) { /* else it has to be fetched, and this run is for nothing */
            take(book, rewards[count], parts[count].value);
        }
    }
    close_redemption(book, command, command->unit, value, (struct list){ parts, count });
}

static void redeem_from(struct book *book, const struct command *command, const struct shape *shape)
{
    int64_t value;
    if (check_balance(book, command, shape, &value)) {
        consume(book, command, value);
    }
}

void balance_redeem(struct decision *decision, const void *message)
{
    struct book book;
    book_open(&book, decision);
    if (who_known(decision, message)) {
        redeem_from(&book, message, &balance_redeem_shape);
    }
}

/* B01, B05: a row of a redemption file; one without a value asks for nothing. */
void import_row(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct book book;
    bool empty = command->empty_cell || (!command->value_to_redeem.at && !command->faults);
    book_open(&book, decision);
    if (empty) {
        decision_unchanged(decision);
    } else {
        redeem_from(&book, command, &import_row_shape);
    }
}
