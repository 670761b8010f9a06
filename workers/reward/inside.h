/* Shared by the files of the reward worker alone. */
#ifndef MAKEGOOD_WORKERS_REWARD_INSIDE_H
#define MAKEGOOD_WORKERS_REWARD_INSIDE_H

#include "engine/decision.h"
#include "engine/worker.h"
#include "workers/contract/unit.h"
#include "workers/reward/reward.h"

enum {
    USERS_MAX = 1000,        /* R02: of an account                                              */
    EVENT_AGE_MONTHS = 24,   /* R12                                                             */
    ENTRIES_INLINE_MAX = 24, /* of a list, before it goes into pages                            */
    ENTRIES_PER_PAGE = 96,   /* of at most some 95 bytes each                                   */
    RELEASED_AT_ONCE_MAX = 500, /* by a tax form; the rest follows in steps                     */
    SPENT_AT_ONCE_MAX = 5000 /* rewards that one redemption may consume: its outcome names them */
};
#define VALUE_MAX INT64_C(1000000000000000) /* also of totals per account and unit */

/* --- messages: one struct, of which each type has the fields of its table (tables.c) --- */

struct command {
    struct text account_id, token, email, email_hash, business_id; /* who */
    struct text user_id, reward_id;
    struct text batch_id;
    int64_t line;
    struct text unit, value_to_redeem, note, program_id, name, country, locale, duration;
    int64_t value, triggered, scheduled, expires;
    struct list reasons; /* int32_t, enum pending_reason */
    int32_t type, source, cancel_reason, cancel_remainder, fulfil, active, points_state,
        empty_cell;
    uint64_t faults;
};

enum points_state { POINTS_ACTIVE = 1, POINTS_WAIT };

/* internal.address.own: a user puts (or gives up) an e-mail address or business id. */
struct own_address {
    struct text account_id, user_id, email_hash, business_id;
    int32_t give_up;
};

/* tables.c */
extern const struct shape user_put_shape, token_put_shape, reward_create_shape,
    reward_redeem_shape, balance_redeem_shape, import_row_shape, reward_cancel_shape,
    reward_only_shape, reward_release_shape, tax_form_shape, points_credit_shape,
    reward_noted_shape, own_address_shape;
/* states.c */
extern const struct shape account_shape, reward_shape, balance_shape, user_shape, index_page_shape,
    token_shape, owner_shape;
extern const char *const reward_types[], *const reward_statuses[], *const pending_reasons[],
    *const reward_cancel_reasons[], *const reward_sources[];

/* who.c: from an address to the account */
struct text account_entity(const void *message, struct arena *arena);
struct text who_entity(const void *message, struct arena *arena);
struct text account_id_of(struct decision *decision);
void who_by_token(struct decision *decision, const void *message);
void who_by_email(struct decision *decision, const void *message);
void who_by_business(struct decision *decision, const void *message);
/* Neither accountId nor forwarded from another address: rejected, false. */
bool who_known(struct decision *decision, const struct command *command);
/* email and emailHash disagree: rejected, false. */
bool emails_agree(struct decision *decision, const struct command *command);

/* settings.c */
/* False: there is no such unit. */
bool unit_look(struct decision *decision, struct text name, struct unit *out);
struct program program_look(struct decision *decision, struct text program_id);
enum amount { AMOUNT_GOOD, AMOUNT_INVALID, AMOUNT_TOO_SMALL };
/* valueToRedeem in smallest steps, truncated (C31); more than VALUE_MAX is VALUE_MAX + 1. */
enum amount amount_parse(struct text text, int64_t exponent, int64_t *out);

/* status.c */
bool reward_has_reason(const struct reward *reward, int32_t reason);
void reward_add_reason(struct decision *decision, struct reward *reward, int32_t reason);
void reward_drop_reason(struct decision *decision, struct reward *reward, int32_t reason);
int32_t reward_status_at(const struct reward *reward, int64_t t);
/* All that hold, in order (R09). */
struct list reward_statuses_at(struct arena *arena, const struct reward *reward, int64_t t);
/* When time alone changes it next, 0 = never; and is that the end of its waiting period? */
int64_t reward_due(const struct reward *reward);
bool reward_wait_ends_at(const struct reward *reward, int64_t t);

/* book.c: what a decision has in hand of its account, written back at once */
struct book {
    struct decision *decision;
    struct account account;
    bool account_exists, account_changed;
    struct book_user *users;
    struct book_balance *balances;
    struct book_page *pages;
};
/* For a command: what was due by now comes first. For a timer: what is due is at hand. */
void book_open(struct book *book, struct decision *decision);
void book_open_for_timer(struct book *book, struct decision *decision);
struct user *book_user(struct book *book, struct text user_id);    /* to be changed; NULL = none  */
struct user *book_add_user(struct book *book, struct text user_id); /* made if there is none       */
/* NULL = no CREDIT reward ever in that unit. */
struct balance *book_balance(struct book *book, struct text unit);
struct balance *book_add_balance(struct book *book, struct text unit);
const struct reward *book_reward(struct book *book, struct text reward_id);
void book_store(struct book *book, const struct reward *reward); /* as it is, with its timer */
/* Puts what changed and says reward.balance.changed per unit; after it nothing may be said. */
void book_close(struct book *book);
/* A page of a list; `fresh`: it does not exist yet. Entries have room for one more. */
struct index_page *book_page(struct book *book, struct text owner, int64_t number, bool fresh);
void book_drop_page(struct book *book, struct text owner, int64_t number);

/* index.c: ordered lists. `owner` names the list among those of the account. */
struct index *index_copy(struct arena *arena, const struct index *index); /* NULL: an empty one */
struct index *index_stored(struct index *index);
void index_insert(struct book *book, struct index *index, struct text owner,
                  struct index_entry entry);
void index_remove(struct book *book, struct index *index, struct text owner,
                  struct index_entry entry);
/* The first entry, NULL = none. */
const struct index_entry *index_least(const struct index *index);
void index_clear(struct book *book, struct index *index, struct text owner);
/* Entries with first >= from: how many, and the sum of their values. */
void index_sum(struct book *book, const struct index *index, struct text owner, int64_t from,
               int64_t *count, int64_t *sum);
/* The first entries whose values reach `value`; those of pages not at hand are left out. */
struct list index_first(struct book *book, const struct index *index, struct text owner,
                        int64_t value);
/* At most the first `count`; those of pages not at hand are left out. */
struct list index_front(struct book *book, const struct index *index, struct text owner,
                        uint32_t count);

/* change.c: the status is decided anew, totals and lists follow, it is put. before NULL = new. */
void book_put_reward(struct book *book, const struct reward *before, struct reward *after);

/* tax.c: W-9 (R15-R18) */
bool tax_withholds(struct book *book, const struct reward *reward);
/* Keeps the user's list of what was given in step with a change of the reward. */
void tax_follow(struct book *book, const struct reward *before, const struct reward *after);

/* record.c */
void reward_applied(struct decision *decision, const char *type, const struct reward *reward);
void reward_said(struct decision *decision, const char *type, const struct reward *reward);
/* reward.available, reward.pending or reward.expired, by its status. */
void reward_announce(struct decision *decision, const struct reward *reward);
extern const struct shape reward_record_shape;

/* The reward that a command names; NULL: REWARD_NOT_FOUND was said. */
const struct reward *named_reward(struct book *book, const struct command *command);

/* user.c, create.c, points.c, redeem.c, cancel.c, release.c, tax_form.c, advance.c */
void user_put(struct decision *decision, const void *message);
void token_put(struct decision *decision, const void *message);
void address_own(struct decision *decision, const void *message);
void reward_create(struct decision *decision, const void *message);
void points_credit(struct decision *decision, const void *message);
void points_activate(struct decision *decision, const void *message);
void points_reject(struct decision *decision, const void *message);
void conversion_reverse(struct decision *decision, const void *message);
void reward_redeem(struct decision *decision, const void *message);
void balance_redeem(struct decision *decision, const void *message);
void import_row(struct decision *decision, const void *message);
void reward_cancel(struct decision *decision, const void *message);
void reward_uncancel(struct decision *decision, const void *message);
void reward_release(struct decision *decision, const void *message);
void reward_process(struct decision *decision, const void *message);
void tax_form_collect(struct decision *decision, const void *message);
void tax_form_revoke(struct decision *decision, const void *message);
void tax_form_release(struct decision *decision, const void *message);
void reward_advance(struct decision *decision, const void *state);

/* Expiry, number of users, total of the unit: the last checks of a new reward. False: refused. */
bool check_new_reward(struct book *book, const struct reward *reward);

#endif
