/*
 * What a decision has in hand of its account: users, balances, pages of lists. Each is copied when first
 * asked for, changed in place, and written once, at the end; so however many rewards a decision touches,
 * a balance and a page are one write each, and one reward.balance.changed (R24).
 */
#include <stddef.h>

#include "workers/reward/inside.h"

struct book_user {
    const struct user *before;
    struct user user;
    struct book_user *next;
};

struct book_balance {
    const struct balance *before;
    struct balance balance;
    struct book_balance *next;
};

struct book_page {
    struct text part;
    struct index_page page;
    bool dropped;
    struct book_page *next;
};

static struct text reward_part(struct book *book, struct text reward_id)
{
    return entity_name(decision_arena(book->decision), "reward", reward_id);
}

void book_open_for_timer(struct book *book, struct decision *decision)
{
    const struct account *account = decision_state(decision);
    *book = (struct book){ .decision = decision, .account_exists = account != NULL };
    book->account.user_count = account ? account->user_count : 0;
    book->account.agenda =
        index_copy(decision_arena(decision), account ? account->agenda : NULL);
    book->account.units = account ? account->units : (struct list){ NULL, 0 };
}

void book_open(struct book *book, struct decision *decision)
{
    book_open_for_timer(book, decision);
    const struct index_entry *next = index_least(book->account.agenda);
    if (next && next->first <= decision_time(decision)) {
        decision_advance_first(decision, reward_part(book, next->id), next->first);
    }
}

/* --- users --- */

static struct book_user *find_user(const struct book *book, struct text user_id)
{
    struct book_user *user = book->users;
    while (user && !text_equal(user->user.user_id, user_id)) {
        user = user->next;
    }
    return user;
}

static struct text user_part(struct book *book, struct text user_id)
{
    return entity_name(decision_arena(book->decision), "user", user_id);
}

static struct user copy_user(struct arena *arena, const struct user *before)
{
    struct user user = *before;
    const struct given_list *given = before->given.items;
    struct given_list *copies = arena_alloc(arena, before->given.count * sizeof(*copies));
    for (uint32_t i = 0; i < before->given.count; i++) {
        copies[i] = (struct given_list){ given[i].unit, index_copy(arena, given[i].index) };
    }
    user.given = before->given.count ? (struct list){ copies, before->given.count }
                                     : (struct list){ NULL, 0 };
    user.held = before->held ? index_copy(arena, before->held) : NULL;
    return user;
}

static struct user *keep_user(struct book *book, const struct user *before, const struct user *user)
{
    struct book_user *kept = arena_alloc(decision_arena(book->decision), sizeof(*kept));
    *kept = (struct book_user){ before, *user, book->users };
    book->users = kept;
    return &kept->user;
}

struct user *book_user(struct book *book, struct text user_id)
{
    struct book_user *known = find_user(book, user_id);
    if (known) {
        return &known->user;
    }
    const struct user *before = decision_part(book->decision, user_part(book, user_id));
    if (!before) {
        return NULL;
    }
    struct user copy = copy_user(decision_arena(book->decision), before);
    return keep_user(book, before, &copy);
}

struct user *book_add_user(struct book *book, struct text user_id)
{
    struct user *user = book_user(book, user_id), fresh;
    if (user) {
        return user;
    }
    shape_init(&user_shape, &fresh);
    fresh.user_id = user_id;
    book->account.user_count++;
    book->account_changed = true;
    return keep_user(book, NULL, &fresh);
}

/* --- balances --- */

static struct text balance_part(struct book *book, struct text unit)
{
    return entity_name(decision_arena(book->decision), "balance", unit);
}

/* In the order of units, bytewise: that of reward.balance.changed. */
static struct balance *keep_balance(struct book *book, const struct balance *before,
                                    const struct balance *balance)
{
    struct book_balance *kept = arena_alloc(decision_arena(book->decision), sizeof(*kept));
    struct book_balance **at = &book->balances;
    while (*at && text_compare((*at)->balance.unit, balance->unit) < 0) {
        at = &(*at)->next;
    }
    *kept = (struct book_balance){ before, *balance, *at };
    *at = kept;
    return &kept->balance;
}

struct balance *book_balance(struct book *book, struct text unit)
{
    for (struct book_balance *known = book->balances; known; known = known->next) {
        if (text_equal(known->balance.unit, unit)) {
            return &known->balance;
        }
    }
    const struct balance *before = decision_part(book->decision, balance_part(book, unit));
    if (!before) {
        return NULL;
    }
    struct balance copy = *before;
    copy.spendable = index_copy(decision_arena(book->decision), before->spendable);
    return keep_balance(book, before, &copy);
}

static void add_unit(struct book *book, struct text unit)
{
    uint32_t count = book->account.units.count;
    struct text *units = arena_alloc(decision_arena(book->decision), (count + 1) * sizeof(*units));
    if (count) {
        memcpy(units, book->account.units.items, count * sizeof(*units));
    }
    units[count] = unit;
    book->account.units = (struct list){ units, count + 1 };
    book->account_changed = true;
}

struct balance *book_add_balance(struct book *book, struct text unit)
{
    struct balance *balance = book_balance(book, unit);
    if (balance) {
        return balance;
    }
    struct balance fresh = { .unit = unit };
    add_unit(book, unit);
    fresh.spendable = index_copy(decision_arena(book->decision), NULL);
    return keep_balance(book, NULL, &fresh);
}

/* --- pages --- */

static struct text page_part(struct book *book, struct text owner, int64_t number)
{
    return arena_printf(decision_arena(book->decision), "page:%.*s:%lld", TEXT_ARGS(owner),
                        (long long)number);
}

static struct book_page *find_page(struct book *book, struct text part)
{
    struct book_page *page = book->pages;
    while (page && !text_equal(page->part, part)) {
        page = page->next;
    }
    return page;
}

struct index_page *book_page(struct book *book, struct text owner, int64_t number, bool fresh)
{
    struct arena *arena = decision_arena(book->decision);
    struct text part = page_part(book, owner, number);
    struct book_page *page = find_page(book, part);
    if (!page) {
        const struct index_page *before = fresh ? NULL : decision_part(book->decision, part);
        page = arena_alloc(arena, sizeof(*page));
        page->part = part;
        page->next = book->pages;
        book->pages = page;
        if (before) {
            struct index whole = { .entries = before->entries };
            page->page.entries = index_copy(arena, &whole)->entries;
        }
    }
    return &page->page;
}

void book_drop_page(struct book *book, struct text owner, int64_t number)
{
    book_page(book, owner, number, false);
    find_page(book, page_part(book, owner, number))->dropped = true;
}

/* --- rewards --- */

const struct reward *book_reward(struct book *book, struct text reward_id)
{
    return decision_part(book->decision, reward_part(book, reward_id));
}

void book_store(struct book *book, const struct reward *reward)
{
    decision_put_part(book->decision, reward_part(book, reward->reward_id), reward,
                      reward_due(reward));
}

/* --- the end --- */

struct balance_changed {
    struct text account_id;
    struct balance balance;
    int64_t resource_version;
};

#define AT(member) offsetof(struct balance_changed, member)
static const struct field changed_fields[] = {
    { "accountId", FIELD_ID, AT(account_id) },
    { "unit", FIELD_UNIT, AT(balance.unit) },
    { "availableValue", FIELD_INT, AT(balance.available) },
    { "totalAssignedCredit", FIELD_INT, AT(balance.assigned) },
    { "totalPendingCredit", FIELD_INT, AT(balance.pending) },
    { "totalRedeemedCredit", FIELD_INT, AT(balance.redeemed) },
    { "totalExpiredCredit", FIELD_INT, AT(balance.expired) },
    { "totalCancelledCredit", FIELD_INT, AT(balance.cancelled) },
    { "count", FIELD_INT, AT(balance.count) },
    { "resourceVersion", FIELD_INT, AT(resource_version) },
};
static const struct shape changed_shape = { "reward.balance.changed", changed_fields,
                                            sizeof(changed_fields) / sizeof(*changed_fields),
                                            sizeof(struct balance_changed), SHAPE_NO_FAULTS };

static bool totals_equal(const struct balance *a, const struct balance *b)
{
    return a->assigned == b->assigned && a->available == b->available &&
           a->pending == b->pending && a->redeemed == b->redeemed && a->expired == b->expired &&
           a->cancelled == b->cancelled;
}

static void close_balances(struct book *book)
{
    struct decision *decision = book->decision;
    for (struct book_balance *kept = book->balances; kept; kept = kept->next) {
        const struct balance *before = kept->before;
        kept->balance.spendable = index_stored(kept->balance.spendable);
        if (!before || !shape_equal(&balance_shape, before, &kept->balance)) {
            decision_put_part(decision, balance_part(book, kept->balance.unit), &kept->balance, 0);
        }
        if (!before || !totals_equal(before, &kept->balance)) {
            struct balance_changed changed = { account_id_of(decision), kept->balance,
                                               decision_version(decision) };
            decision_outcome(decision, "reward.balance.changed", &changed_shape, &changed);
        }
    }
}

void book_close(struct book *book)
{
    struct decision *decision = book->decision;
    if (!book->account_exists || book->account_changed) {
        book->account.agenda = index_stored(book->account.agenda);
        decision_put(decision, &book->account, 0);
    }
    for (struct book_user *kept = book->users; kept; kept = kept->next) {
        kept->user.held = index_stored(kept->user.held);
        if (!kept->before || !shape_equal(&user_shape, kept->before, &kept->user)) {
            decision_put_part(decision, user_part(book, kept->user.user_id), &kept->user, 0);
        }
    }
    for (struct book_page *page = book->pages; page; page = page->next) {
        if (page->dropped) {
            decision_remove_part(decision, page->part);
        } else {
            decision_put_part(decision, page->part, &page->page, 0);
        }
    }
    close_balances(book);
}
