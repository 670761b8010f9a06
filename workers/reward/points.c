/* Points: credited at once or in waiting, activated, rejected, reversed (P01-P11, C43-C45). */
#include "workers/reward/inside.h"

static bool refuse(struct decision *decision, const char *code, const char *pointer,
                   const char *detail)
{
    decision_rejected(decision, code, pointer, "%s", detail);
    return false;
}

static struct reward new_credit(struct decision *decision, const struct command *command)
{
    enum { SOURCE_MANUAL = 3 };
    struct reward reward;
    shape_init(&reward_shape, &reward);
    reward.reward_id =
        command->reward_id.at ? command->reward_id : decision_own_id(decision, "reward");
    reward.user_id = command->account_id.at ? command->user_id : decision_note(decision);
    reward.type = REWARD_CREDIT;
    reward.unit = command->unit;
    reward.assigned = command->value;
    reward.redeemed = 0;
    reward.source = SOURCE_MANUAL;
    reward.program_id = command->program_id;
    reward.note = command->note;
    reward.created = decision_time(decision);
    reward.expires = command->expires;
    reward.triggered = command->triggered;
    if (command->points_state == POINTS_WAIT) {
        reward_add_reason(decision, &reward, REASON_WAIT);
    }
    return reward;
}

void points_credit(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct unit unit;
    struct book book;
    book_open(&book, decision);
    if (!who_known(decision, command)) {
        return;
    }
    struct reward reward = new_credit(decision, command);
    if (book_reward(&book, reward.reward_id)) {
        refuse(decision, "REWARD_EXISTS", "/rewardId", "the account has this reward already");
        return;
    }
    if (!unit_look(decision, command->unit, &unit)) {
        refuse(decision, "UNIT_UNKNOWN", "/unit", "no such unit; put it (unit.put) first");
        return;
    }
    if (!emails_agree(decision, command)) {
        return;
    }
    if (!reward.user_id.at) {
        refuse(decision, "INVALID_FIELD", "/userId", "accountId needs the userId beside it");
        return;
    }
    if (!check_new_reward(&book, &reward)) {
        return;
    }
    book_add_user(&book, reward.user_id);
    book_put_reward(&book, NULL, &reward);
    reward_applied(decision, "points.credited", &reward);
    reward_announce(decision, &reward);
    book_close(&book);
}

/* Rejected points and reversed conversions never come back. */
static bool is_final(const struct reward *reward)
{
    return reward->cancelled != FIELD_ABSENT && (reward->cancel_reason == CANCEL_REJECTED ||
                                                 reward->cancel_reason == CANCEL_REVERSED);
}

static bool is_waiting(struct decision *decision, const struct reward *reward)
{
    return reward_status_at(reward, decision_time(decision)) == STATUS_PENDING &&
           reward_has_reason(reward, REASON_WAIT);
}

void points_activate(struct decision *decision, const void *message)
{
    struct book book;
    book_open(&book, decision);
    const struct reward *before = named_reward(&book, message);
    if (!before) {
        return;
    }
    int32_t status = reward_status_at(before, decision_time(decision));
    if (is_final(before)) {
        refuse(decision, "REWARD_FINAL", "", "the points were rejected or reversed");
        return;
    }
    if (status == STATUS_CANCELLED || status == STATUS_EXPIRED) {
        refuse(decision, "ACTION_NOT_ALLOWED", "", "the reward is cancelled or expired");
        return;
    }
    if (!is_waiting(decision, before)) {
        decision_unchanged(decision);
        return;
    }
    struct reward after = *before;
    reward_drop_reason(decision, &after, REASON_WAIT);
    book_put_reward(&book, before, &after);
    reward_applied(decision, "points.activated", &after);
    reward_announce(decision, &after);
    book_close(&book);
}

/* Cancelled for good, with reward.cancelled after the verdict. */
static void cancel_finally(struct book *book, const struct reward *before,
                           const struct command *command, int32_t reason, const char *verdict)
{
    struct reward after = *before;
    after.cancelled = decision_time(book->decision);
    after.cancel_reason = reason;
    after.note = command->note.at ? command->note : before->note;
    book_put_reward(book, before, &after);
    reward_applied(book->decision, verdict, &after);
    reward_said(book->decision, "reward.cancelled", &after);
    book_close(book);
}

void points_reject(struct decision *decision, const void *message)
{
    struct book book;
    book_open(&book, decision);
    const struct reward *before = named_reward(&book, message);
    if (!before) {
        return;
    }
    if (is_final(before) && before->cancel_reason == CANCEL_REJECTED) {
        decision_unchanged(decision);
        return;
    }
    if (!is_waiting(decision, before)) {
        refuse(decision, "ACTION_NOT_ALLOWED", "", "the points do not wait");
        return;
    }
    cancel_finally(&book, before, message, CANCEL_REJECTED, "points.rejected");
}

/* C44: by the window of the reward's program; exactly as old as the window is fine. */
static bool window_passed(struct decision *decision, const struct reward *reward)
{
    struct program program = program_look(decision, reward->program_id);
    return program.reversal_window_days > 0 &&
           decision_time(decision) - reward->created > program.reversal_window_days * DAY_MS;
}

static bool may_reverse(struct decision *decision, const struct reward *reward)
{
    if (reward_status_at(reward, decision_time(decision)) == STATUS_EXPIRED) {
        return refuse(decision, "REWARD_NOT_CANCELLABLE", "", "the reward is expired");
    }
    if (window_passed(decision, reward)) {
        return refuse(decision, "REVERSAL_WINDOW_PASSED", "",
                      "the conversion is older than the program's reversalWindowDays");
    }
    if (reward->processed != FIELD_ABSENT) {
        return refuse(decision, "ALREADY_PROCESSED", "", "the reward was processed");
    }
    return (reward->fully_redeemed == FIELD_ABSENT &&
            (reward->redeemed == FIELD_ABSENT || reward->redeemed == 0)) ||
           refuse(decision, "REWARD_PARTIALLY_REDEEMED", "", "a part of it was redeemed");
}

void conversion_reverse(struct decision *decision, const void *message)
{
    struct book book;
    book_open(&book, decision);
    const struct reward *before = named_reward(&book, message);
    if (!before) {
        return;
    }
    if (before->cancelled != FIELD_ABSENT) {
        decision_unchanged(decision);
    } else if (may_reverse(decision, before)) {
        cancel_finally(&book, before, message, CANCEL_REVERSED, "conversion.reversed");
    }
}
