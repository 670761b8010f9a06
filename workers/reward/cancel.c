/* Cancelling and un-cancelling (R11-R13, R19, R20, R22, C38-C40). */
#include "base/time.h"
#include "workers/reward/inside.h"

static bool refuse(struct decision *decision, const char *code, const char *pointer,
                   const char *detail)
{
    decision_rejected(decision, code, pointer, "%s", detail);
    return false;
}

static bool is_cancellable(struct decision *decision, const struct reward *reward)
{
    struct unit unit;
    int32_t status = reward_status_at(reward, decision_time(decision));
    bool by_unit = !reward->unit.at || !unit_look(decision, reward->unit, &unit) ||
                   unit.cancellable == 1;
    return reward->type != REWARD_INTEGRATION && by_unit && status != STATUS_REDEEMED &&
           status != STATUS_EXPIRED;
}

/* R12, C40: less than two calendar years since the source event. */
static bool is_recent(struct decision *decision, const struct reward *reward)
{
    return reward->triggered == FIELD_ABSENT ||
           ms_of_civil(civil_add_months(civil_of_ms(reward->triggered), EVENT_AGE_MONTHS)) >
               decision_time(decision);
}

static bool may_cancel(struct decision *decision, const struct command *command,
                       const struct reward *reward)
{
    if (!is_cancellable(decision, reward)) {
        return refuse(decision, "REWARD_NOT_CANCELLABLE", "/rewardId",
                      "the reward is redeemed or expired, or its type or unit excludes it");
    }
    if (!is_recent(decision, reward)) {
        return refuse(decision, "SOURCE_EVENT_TOO_OLD", "/rewardId",
                      "its source event is two years old or older");
    }
    return reward->redeemed == FIELD_ABSENT || reward->redeemed == 0 ||
           command->cancel_remainder == 1 ||
           refuse(decision, "REWARD_PARTIALLY_REDEEMED", "/cancelRemainder",
                  "a part of it is redeemed; cancelRemainder cancels the rest");
}

void reward_cancel(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct book book;
    book_open(&book, decision);
    const struct reward *before = named_reward(&book, command);
    if (!before) {
        return;
    }
    if (before->cancelled != FIELD_ABSENT) {
        decision_unchanged(decision);
        return;
    }
    if (!may_cancel(decision, command, before)) {
        return;
    }
    struct reward after = *before;
    after.cancelled = decision_time(decision);
    after.cancel_reason = command->cancel_reason;
    book_put_reward(&book, before, &after);
    reward_applied(decision, "reward.cancelled", &after);
    book_close(&book);
}

/* C39: the waiting period is over with it; a tax hold stays until the form is on file. */
static struct reward without_cancellation(struct book *book, const struct reward *before)
{
    struct reward after = *before;
    after.cancelled = FIELD_ABSENT;
    after.cancel_reason = 0;
    reward_drop_reason(book->decision, &after, REASON_SCHEDULED);
    if (reward_has_reason(before, REASON_US_TAX)) {
        const struct user *user = book_user(book, before->user_id);
        if (user && user->tax_form == 1) {
            reward_drop_reason(book->decision, &after, REASON_US_TAX);
        }
    }
    return after;
}

void reward_uncancel(struct decision *decision, const void *message)
{
    struct book book;
    book_open(&book, decision);
    const struct reward *before = named_reward(&book, message);
    if (!before) {
        return;
    }
    if (before->cancelled == FIELD_ABSENT) {
        refuse(decision, "REWARD_NOT_CANCELLED", "/rewardId", "the reward is not cancelled");
        return;
    }
    if (before->cancel_reason == CANCEL_REJECTED || before->cancel_reason == CANCEL_REVERSED) {
        refuse(decision, "REWARD_FINAL", "/rewardId", "the points were rejected or reversed");
        return;
    }
    struct reward after = without_cancellation(&book, before);
    book_put_reward(&book, before, &after);
    reward_applied(decision, "reward.uncancelled", &after);
    reward_announce(decision, &after);
    book_close(&book);
}
