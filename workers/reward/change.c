/*
 * A change of a reward and what follows from it in the same decision: its status, the totals of its unit,
 * and the lists that it belongs to or leaves.
 */
#include "workers/reward/inside.h"

static bool is_counted(const struct reward *reward)
{
    return reward && reward->type == REWARD_CREDIT;
}

static int64_t *total_of(struct balance *balance, int32_t status)
{
    switch (status) {
    case STATUS_CANCELLED:
        return &balance->cancelled;
    case STATUS_EXPIRED:
        return &balance->expired;
    case STATUS_PENDING:
        return &balance->pending;
    case STATUS_AVAILABLE:
        return &balance->available;
    default:
        return &balance->redeemed; /* nothing is left of it */
    }
}

static void count_in(struct balance *balance, const struct reward *reward, int64_t sign)
{
    balance->assigned += sign * reward->assigned;
    balance->redeemed += sign * reward->redeemed;
    *total_of(balance, reward->status) += sign * (reward->assigned - reward->redeemed);
    balance->count += reward->status == STATUS_AVAILABLE ? sign : 0;
}

/* C30: by expiry, those that never expire last, then by when they were given, then by id. */
static struct index_entry spendable_entry(const struct reward *reward)
{
    return (struct index_entry){ reward->expires, reward->given, reward->reward_id,
                                 reward->assigned - reward->redeemed };
}

static void follow_balance(struct book *book, const struct reward *before,
                           const struct reward *after)
{
    if (!is_counted(after)) {
        return;
    }
    struct balance *balance = book_add_balance(book, after->unit);
    struct text owner = entity_name(decision_arena(book->decision), "b", after->unit);
    if (before) {
        count_in(balance, before, -1);
    }
    count_in(balance, after, 1);
    bool was = before && before->status == STATUS_AVAILABLE;
    bool is = after->status == STATUS_AVAILABLE;
    if (was && is && before->redeemed == after->redeemed) {
        return; /* its place and value are the same */
    }
    if (was) {
        index_remove(book, balance->spendable, owner, spendable_entry(before));
    }
    if (is) {
        index_insert(book, balance->spendable, owner, spendable_entry(after));
    }
}

static bool waits_for_form(const struct reward *reward)
{
    return reward && reward->status == STATUS_PENDING && reward_has_reason(reward, REASON_US_TAX);
}

static void follow_held(struct book *book, const struct reward *before, const struct reward *after)
{
    struct arena *arena = decision_arena(book->decision);
    bool was = waits_for_form(before), is = waits_for_form(after);
    if (was == is) {
        return;
    }
    struct user *user = book_add_user(book, after->user_id);
    struct text owner = entity_name(arena, "h", after->user_id);
    struct index_entry entry = { after->created, FIELD_ABSENT, after->reward_id, 0 };
    if (was) {
        if (user->held) { /* else the user is not loaded yet: it is decided again then */
            index_remove(book, user->held, owner, entry);
        }
        return;
    }
    user->held = user->held ? user->held : index_copy(arena, NULL);
    index_insert(book, user->held, owner, entry);
}

static void follow_agenda(struct book *book, const struct reward *before,
                          const struct reward *after)
{
    int64_t was = before ? reward_due(before) : 0, is = reward_due(after);
    struct index_entry entry = { was, FIELD_ABSENT, after->reward_id, 0 };
    if (was == is) {
        return;
    }
    if (was) {
        index_remove(book, book->account.agenda, TEXT("a"), entry);
    }
    entry.first = is;
    if (is) {
        index_insert(book, book->account.agenda, TEXT("a"), entry);
    }
    book->account_changed = true;
}

void book_put_reward(struct book *book, const struct reward *before, struct reward *after)
{
    int64_t now = decision_time(book->decision);
    after->modified = now;
    after->status = reward_status_at(after, now);
    if (after->status == STATUS_AVAILABLE && (!before || before->status != STATUS_AVAILABLE)) {
        if (tax_withholds(book, after)) {
            reward_add_reason(book->decision, after, REASON_US_TAX);
            after->status = STATUS_PENDING;
        } else if (after->given == FIELD_ABSENT) {
            after->given = now;
        }
    }
    follow_agenda(book, before, after);
    follow_balance(book, before, after);
    follow_held(book, before, after);
    tax_follow(book, before, after);
    book_store(book, after);
}
