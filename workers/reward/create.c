/* reward.create: an account is granted a reward (R07-R10, R14, R16, R21). */
#include "base/time.h"
#include "workers/reward/inside.h"

const struct reward *named_reward(struct book *book, const struct command *command)
{
    const struct reward *reward = book_reward(book, command->reward_id);
    if (!reward) {
        decision_rejected(book->decision, "REWARD_NOT_FOUND", "/rewardId",
                          "the account has no such reward");
    }
    return reward;
}

static bool refuse(struct book *book, const char *code, const char *pointer, const char *detail)
{
    decision_rejected(book->decision, code, pointer, "%s", detail);
    return false;
}

static bool check_expiry(struct book *book, const struct reward *reward, const struct unit *unit)
{
    if (reward->expires == FIELD_ABSENT) {
        return true;
    }
    if (reward->expires <= decision_time(book->decision)) {
        return refuse(book, "INVALID_FIELD", "/dateExpires", "does not lie in the future");
    }
    return !unit || unit->expirable == 1 ||
           refuse(book, "INVALID_FIELD", "/dateExpires", "rewards of this unit do not expire");
}

bool check_new_reward(struct book *book, const struct reward *reward)
{
    struct unit unit;
    bool has_unit = reward->unit.at && unit_look(book->decision, reward->unit, &unit);
    if (!check_expiry(book, reward, has_unit ? &unit : NULL)) {
        return false;
    }
    if (!book_user(book, reward->user_id) && book->account.user_count >= USERS_MAX) {
        return refuse(book, "TOO_MANY_USERS", "/userId",
                      "the account has 1000 users; nobody can be added");
    }
    const struct balance *balance =
        reward->type == REWARD_CREDIT ? book_balance(book, reward->unit) : NULL;
    return !balance || balance->assigned <= VALUE_MAX - reward->assigned ||
           refuse(book, "INVALID_FIELD", "/value",
                  "the account's total of this unit would pass 10^15");
}

static bool check_unit(struct book *book, const struct command *command)
{
    struct unit unit;
    if (command->unit.at && !unit_look(book->decision, command->unit, &unit)) {
        return refuse(book, "UNIT_UNKNOWN", "/unit",
                      "no such unit; put it (unit.put) first, or take USD, CASH/USD, CENTS, POINTS");
    }
    if (command->type == REWARD_CREDIT && !command->unit.at) {
        return refuse(book, "INVALID_FIELD", "/unit", "a reward of type CREDIT needs a unit");
    }
    if (command->type == REWARD_CREDIT && command->value == FIELD_ABSENT) {
        return refuse(book, "INVALID_FIELD", "/value", "a reward of type CREDIT needs a value");
    }
    return command->value == FIELD_ABSENT || command->unit.at ||
           refuse(book, "INVALID_FIELD", "/unit", "a value needs a unit");
}

/* R14: the end of the waiting period, absent if there is none. */
static bool read_wait(struct book *book, const struct command *command, int64_t *until)
{
    struct duration duration;
    *until = command->scheduled;
    if (!command->duration.at) {
        return true;
    }
    if (command->scheduled != FIELD_ABSENT) {
        return refuse(book, "INVALID_FIELD", "/pendingDuration",
                      "give dateScheduledFor or pendingDuration, not both");
    }
    return (duration_parse(command->duration, &duration) &&
            duration_add(decision_time(book->decision), duration, until)) ||
           refuse(book, "INVALID_FIELD", "/pendingDuration", "ends after the year 9999");
}

static struct reward new_reward(struct book *book, const struct command *command, int64_t until)
{
    static const int32_t holds[] = { REASON_UNHANDLED_ERROR, REASON_SUSPECTED_FRAUD,
                                     REASON_MISSING_PAYOUT, REASON_ERROR_SYNCING,
                                     REASON_CASH_HOLD };
    const int32_t *given = command->reasons.items;
    struct reward reward;
    shape_init(&reward_shape, &reward);
    reward.reward_id = command->reward_id;
    reward.user_id = command->user_id;
    reward.type = command->type;
    reward.unit = command->unit;
    reward.assigned = command->value;
    reward.redeemed = command->value != FIELD_ABSENT ? 0 : FIELD_ABSENT;
    reward.source = command->source;
    reward.program_id = command->program_id;
    reward.name = command->name;
    reward.created = decision_time(book->decision);
    reward.scheduled = until;
    reward.expires = command->expires;
    reward.triggered = command->triggered;
    for (uint32_t i = 0; i < command->reasons.count; i++) {
        reward_add_reason(book->decision, &reward, holds[given[i] - 1]);
    }
    if (until != FIELD_ABSENT && until > reward.created) {
        reward_add_reason(book->decision, &reward, REASON_SCHEDULED);
    }
    return reward;
}

void reward_create(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct book book;
    int64_t until;
    book_open(&book, decision);
    if (book_reward(&book, command->reward_id)) {
        refuse(&book, "REWARD_EXISTS", "/rewardId", "the account has this reward already");
        return;
    }
    if (!check_unit(&book, command) || !read_wait(&book, command, &until)) {
        return;
    }
    struct reward reward = new_reward(&book, command, until);
    if (!check_new_reward(&book, &reward)) {
        return;
    }
    book_add_user(&book, command->user_id);
    book_put_reward(&book, NULL, &reward);
    reward_applied(decision, "reward.created", &reward);
    reward_announce(decision, &reward);
    book_close(&book);
}
