/* What a reward is at a time (R09, R10, R14, R21, C37). */
#include "workers/reward/inside.h"

bool reward_has_reason(const struct reward *reward, int32_t reason)
{
    const int32_t *reasons = reward->reasons.items;
    for (uint32_t i = 0; i < reward->reasons.count; i++) {
        if (reasons[i] == reason) {
            return true;
        }
    }
    return false;
}

static void set_reasons(struct decision *decision, struct reward *reward, uint32_t mask)
{
    int32_t *reasons = arena_alloc(decision_arena(decision), REASON_WAIT * sizeof(*reasons));
    uint32_t count = 0;
    for (int32_t reason = REASON_SCHEDULED; reason <= REASON_WAIT; reason++) {
        if (mask >> reason & 1) {
            reasons[count++] = reason;
        }
    }
    reward->reasons = count ? (struct list){ reasons, count } : (struct list){ NULL, 0 };
}

static uint32_t reason_mask(const struct reward *reward)
{
    const int32_t *reasons = reward->reasons.items;
    uint32_t mask = 0;
    for (uint32_t i = 0; i < reward->reasons.count; i++) {
        mask |= UINT32_C(1) << reasons[i];
    }
    return mask;
}

void reward_add_reason(struct decision *decision, struct reward *reward, int32_t reason)
{
    set_reasons(decision, reward, reason_mask(reward) | UINT32_C(1) << reason);
}

void reward_drop_reason(struct decision *decision, struct reward *reward, int32_t reason)
{
    set_reasons(decision, reward, reason_mask(reward) & ~(UINT32_C(1) << reason));
}

/* C30: at its expiry instant it is expired. */
static bool is_expired(const struct reward *reward, int64_t t)
{
    return reward->expires != FIELD_ABSENT && t >= reward->expires;
}

struct list reward_statuses_at(struct arena *arena, const struct reward *reward, int64_t t)
{
    int32_t *statuses = arena_alloc(arena, STATUS_AVAILABLE * sizeof(*statuses));
    uint32_t count = 0;
    const bool holds[] = {
        [STATUS_CANCELLED] = reward->cancelled != FIELD_ABSENT,
        [STATUS_REDEEMED] = reward->fully_redeemed != FIELD_ABSENT,
        [STATUS_EXPIRED] = is_expired(reward, t),
        [STATUS_PENDING] = reward->reasons.count > 0,
    };
    for (int32_t status = STATUS_CANCELLED; status <= STATUS_PENDING; status++) {
        if (holds[status]) {
            statuses[count++] = status;
        }
    }
    if (count == 0) {
        statuses[count++] = STATUS_AVAILABLE;
    }
    return (struct list){ statuses, count };
}

int32_t reward_status_at(const struct reward *reward, int64_t t)
{
    return reward->cancelled != FIELD_ABSENT        ? STATUS_CANCELLED
           : reward->fully_redeemed != FIELD_ABSENT ? STATUS_REDEEMED
           : is_expired(reward, t)                  ? STATUS_EXPIRED
           : reward->reasons.count > 0              ? STATUS_PENDING
                                                    : STATUS_AVAILABLE;
}

/* The end of a waiting period is silent from the expiry on. */
static bool wait_speaks(const struct reward *reward)
{
    return reward_has_reason(reward, REASON_SCHEDULED) &&
           (reward->expires == FIELD_ABSENT || reward->scheduled < reward->expires);
}

int64_t reward_due(const struct reward *reward)
{
    if (reward->status != STATUS_PENDING && reward->status != STATUS_AVAILABLE) {
        return 0;
    }
    if (reward->status == STATUS_PENDING && wait_speaks(reward)) {
        return reward->scheduled;
    }
    return reward->expires != FIELD_ABSENT ? reward->expires : 0;
}

bool reward_wait_ends_at(const struct reward *reward, int64_t t)
{
    return reward->status == STATUS_PENDING && wait_speaks(reward) && reward->scheduled == t;
}
