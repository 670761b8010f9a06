/* The reward record: what outcomes say of a reward (R09, R10, R21). */
#include <stddef.h>

#include "workers/reward/inside.h"

struct record {
    struct text account_id;
    struct reward reward;
    int64_t available;
    int32_t status;
    struct list statuses;
};

#define AT(member) offsetof(struct record, member)
static const struct field record_fields[] = {
    { "accountId", FIELD_ID, AT(account_id) },
    { "userId", FIELD_ID, AT(reward.user_id) },
    { "rewardId", FIELD_ID, AT(reward.reward_id) },
    { "type", FIELD_ENUM, AT(reward.type), .names = reward_types },
    { "unit", FIELD_UNIT, AT(reward.unit) },
    { "assignedCredit", FIELD_INT, AT(reward.assigned) },
    { "redeemedCredit", FIELD_INT, AT(reward.redeemed) },
    { "availableValue", FIELD_INT, AT(available) },
    { "status", FIELD_ENUM, AT(status), .names = reward_statuses },
    { "statuses", FIELD_LIST, AT(statuses), .element = FIELD_ENUM, .names = reward_statuses },
    { "pendingReasons", FIELD_LIST, AT(reward.reasons), .element = FIELD_ENUM,
      .names = pending_reasons },
    { "cancelReason", FIELD_ENUM, AT(reward.cancel_reason), .names = reward_cancel_reasons },
    { "rewardSource", FIELD_ENUM, AT(reward.source), .names = reward_sources },
    { "programId", FIELD_ID, AT(reward.program_id) },
    { "note", FIELD_TEXT, AT(reward.note) },
    { "dateCreated", FIELD_TIME, AT(reward.created) },
    { "dateScheduledFor", FIELD_TIME, AT(reward.scheduled) },
    { "dateGiven", FIELD_TIME, AT(reward.given) },
    { "dateExpires", FIELD_TIME, AT(reward.expires) },
    { "dateCancelled", FIELD_TIME, AT(reward.cancelled) },
    { "dateRedeemed", FIELD_TIME, AT(reward.fully_redeemed) },
    { "dateProcessed", FIELD_TIME, AT(reward.processed) },
    { "dateModified", FIELD_TIME, AT(reward.modified) },
    { "dateTriggered", FIELD_TIME, AT(reward.triggered) },
};
const struct shape reward_record_shape = { "reward.record", record_fields,
                                           sizeof(record_fields) / sizeof(*record_fields),
                                           sizeof(struct record), SHAPE_NO_FAULTS };

static struct record record_of(struct decision *decision, const struct reward *reward)
{
    int64_t now = decision_time(decision);
    struct record record = { .account_id = account_id_of(decision),
                             .reward = *reward,
                             .status = reward_status_at(reward, now),
                             .statuses = reward_statuses_at(decision_arena(decision), reward, now) };
    bool available = record.status == STATUS_AVAILABLE;
    record.available = reward->assigned == FIELD_ABSENT ? FIELD_ABSENT
                       : available                      ? reward->assigned - reward->redeemed
                                                        : 0;
    return record;
}

void reward_applied(struct decision *decision, const char *type, const struct reward *reward)
{
    struct record record = record_of(decision, reward);
    decision_applied(decision, type, &reward_record_shape, &record);
}

void reward_said(struct decision *decision, const char *type, const struct reward *reward)
{
    struct record record = record_of(decision, reward);
    decision_outcome(decision, type, &reward_record_shape, &record);
}

void reward_announce(struct decision *decision, const struct reward *reward)
{
    reward_said(decision,
                   reward->status == STATUS_AVAILABLE ? "reward.available"
                   : reward->status == STATUS_PENDING ? "reward.pending"
                                                      : "reward.expired",
                   reward);
}
