/* Holds that are released, the fulfilment list, and what time brings (R14, R21, P12). */
#include "workers/reward/inside.h"

static bool is_released_otherwise(int32_t reason)
{
    return reason == REASON_US_TAX || reason == REASON_SCHEDULED || reason == REASON_WAIT;
}

static bool may_release(struct decision *decision, const struct command *command,
                        const struct reward *reward)
{
    const int32_t *reasons = command->reasons.items;
    if (reward_status_at(reward, decision_time(decision)) != STATUS_PENDING) {
        decision_rejected(decision, "ACTION_NOT_ALLOWED", "/rewardId", "the reward is not pending");
        return false;
    }
    for (uint32_t i = 0; i < command->reasons.count; i++) {
        if (is_released_otherwise(reasons[i])) {
            decision_rejected(decision, "ACTION_NOT_ALLOWED", "/pendingReasons",
                              "US_TAX ends by the form, SCHEDULED by its time, WAIT by "
                              "points.activate");
            return false;
        }
    }
    return true;
}

void reward_release(struct decision *decision, const void *message)
{
    const struct command *command = message;
    const int32_t *reasons = command->reasons.items;
    struct book book;
    book_open(&book, decision);
    const struct reward *before = named_reward(&book, command);
    if (!before || !may_release(decision, command, before)) {
        return;
    }
    struct reward after = *before;
    for (uint32_t i = 0; i < command->reasons.count; i++) {
        reward_drop_reason(decision, &after, reasons[i]);
    }
    if (after.reasons.count == before->reasons.count) {
        decision_unchanged(decision);
        return;
    }
    book_put_reward(&book, before, &after);
    reward_applied(decision, "reward.released", &after);
    reward_announce(decision, &after);
    book_close(&book);
}

void reward_process(struct decision *decision, const void *message)
{
    struct book book;
    book_open(&book, decision);
    const struct reward *before = named_reward(&book, message);
    if (!before) {
        return;
    }
    int32_t status = reward_status_at(before, decision_time(decision));
    if (before->processed != FIELD_ABSENT) {
        decision_unchanged(decision);
        return;
    }
    if (status != STATUS_AVAILABLE && status != STATUS_REDEEMED) {
        decision_rejected(decision, "REWARD_NOT_AVAILABLE", "/rewardId",
                          "the reward is pending, cancelled or expired");
        return;
    }
    struct reward after = *before;
    after.processed = decision_time(decision);
    book_put_reward(&book, before, &after);
    reward_applied(decision, "reward.processed", &after);
    book_close(&book);
}

/* The end of the waiting period, or the expiry (C03: announced once, at its time). */
void reward_advance(struct decision *decision, const void *state)
{
    const struct reward *before = state;
    struct reward after = *before;
    struct book book;
    bool wait_ends = reward_wait_ends_at(before, decision_time(decision));
    book_open_for_timer(&book, decision);
    decision_timer(decision, wait_ends ? "available" : "expire");
    if (wait_ends) {
        reward_drop_reason(decision, &after, REASON_SCHEDULED);
    }
    book_put_reward(&book, before, &after);
    reward_announce(decision, &after);
    book_close(&book);
}
