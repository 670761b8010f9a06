/* Users of accounts, and to whom tokens, e-mail addresses and business ids lead (R02, P05). */
#include <stddef.h>

#include "base/email.h"
#include "workers/reward/inside.h"

struct user_stored {
    struct text account_id;
    struct user user;
};

#define AT(member) offsetof(struct user_stored, member)
static const struct field stored_fields[] = {
    { "accountId", FIELD_ID, AT(account_id) },
    { "userId", FIELD_ID, AT(user.user_id) },
    { "countryCode", FIELD_COUNTRY, AT(user.country) },
    { "locale", FIELD_TEXT, AT(user.locale) },
    { "emailHash", FIELD_HEX, AT(user.email_hash) },
    { "businessId", FIELD_ID, AT(user.business_id) },
};
static const struct shape stored_shape = { "user.stored", stored_fields,
                                           sizeof(stored_fields) / sizeof(*stored_fields),
                                           sizeof(struct user_stored), SHAPE_NO_FAULTS };

/* One of emailHash and businessId; what is absent is nobody's. */
static void tell_owner(struct decision *decision, const struct command *command,
                       struct text email_hash, struct text business_id, bool give_up)
{
    struct arena *arena = decision_arena(decision);
    struct own_address own = { command->account_id, command->user_id, email_hash, business_id,
                               give_up };
    if (email_hash.at || business_id.at) {
        decision_send(decision,
                      email_hash.at ? entity_name(arena, "email", email_hash)
                                    : entity_name(arena, "business", business_id),
                      "internal.address.own", &own_address_shape, &own);
    }
}

/* An address belongs to whoever put it last; one that the user no longer names is given up. */
static void tell_owners(struct decision *decision, const struct command *command,
                        const struct user *before, const struct user *after)
{
    static const struct text none = { NULL, 0 };
    if (before && !text_equal(before->email_hash, after->email_hash)) {
        tell_owner(decision, command, before->email_hash, none, true);
    }
    if (before && !text_equal(before->business_id, after->business_id)) {
        tell_owner(decision, command, none, before->business_id, true);
    }
    tell_owner(decision, command, after->email_hash, none, false);
    tell_owner(decision, command, none, after->business_id, false);
}

void user_put(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct book book;
    book_open(&book, decision);
    if (!emails_agree(decision, command)) {
        return;
    }
    const struct user *known = book_user(&book, command->user_id);
    if (!known && book.account.user_count >= USERS_MAX) {
        decision_rejected(decision, "TOO_MANY_USERS", "/userId",
                          "the account has %d users; nobody can be added", USERS_MAX);
        return;
    }
    struct user before = { .tax_form = -1 };
    if (known) {
        before = *known;
    }
    struct user *user = book_add_user(&book, command->user_id);
    user->country = command->country;
    user->locale = command->locale;
    user->business_id = command->business_id;
    user->email_hash = command->email_hash.at ? command->email_hash
                       : command->email.at
                           ? email_hash(decision_arena(decision), command->email)
                           : (struct text){ NULL, 0 };
    tell_owners(decision, command, known ? &before : NULL, user);
    struct user_stored stored = { command->account_id, *user };
    decision_applied(decision, "user.stored", &stored_shape, &stored);
    book_close(&book);
}

void token_put(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct token token = { command->token, command->account_id, command->user_id,
                           command->active };
    decision_put(decision, &token, 0);
    decision_applied(decision, "token.stored", &token_shape, &token);
}

/* At an address: whose it is from now on. */
void address_own(struct decision *decision, const void *message)
{
    const struct own_address *own = message;
    const struct owner *before = decision_state(decision);
    struct owner after = { { NULL, 0 }, { NULL, 0 } };
    if (!own->give_up) {
        after = (struct owner){ own->account_id, own->user_id };
    } else if (!before || !text_equal(before->account_id, own->account_id) ||
               !text_equal(before->user_id, own->user_id)) {
        decision_unchanged(decision); /* somebody else has it by now */
        return;
    }
    decision_put(decision, &after, 0);
    decision_applied(decision, "internal.address.owned", NULL, NULL);
}
