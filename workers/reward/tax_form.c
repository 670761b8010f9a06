/* The W-9 form: once it is on file, all that waited for it is given; taking it off pulls nothing back
 * (R15, R17). */
#include <stddef.h>

#include "workers/reward/inside.h"

struct form {
    struct text account_id, user_id;
    struct list released; /* struct text */
};

#define AT(member) offsetof(struct form, member)
static const struct field form_fields[] = {
    { "accountId", FIELD_ID, AT(account_id) },
    { "userId", FIELD_ID, AT(user_id) },
    { "released", FIELD_LIST, AT(released), .element = FIELD_ID },
};
static const struct shape form_outcome_shape = { "tax_form", form_fields, 3, sizeof(struct form),
                                                 SHAPE_NO_FAULTS };

/* Each waiting reward without its hold. False: one of them has to be fetched. */
static void release(struct book *book, const struct list *held, struct reward *after,
                    struct text *ids)
{
    const struct index_entry *entry = held->items;
    struct arena *arena = decision_arena(book->decision);
    const struct reward **before = arena_alloc(arena, (held->count + 1) * sizeof(*before));
    for (uint32_t i = 0; i < held->count; i++) {
        before[i] = book_reward(book, entry[i].id); /* all are asked for at once */
    }
    for (uint32_t i = 0; i < held->count; i++) {
        ids[i] = entry[i].id;
        if (before[i]) { /* else it has to be fetched, and this run is for nothing */
            after[i] = *before[i];
            reward_drop_reason(book->decision, &after[i], REASON_US_TAX);
            book_put_reward(book, before[i], &after[i]);
        }
    }
}

static void apply(struct book *book, const struct command *command, const char *type,
                  struct text *ids, uint32_t count)
{
    struct form form = { account_id_of(book->decision), command->user_id, { ids, count } };
    decision_applied(book->decision, type, &form_outcome_shape, &form);
}

/* Gives what waits, so much at a time; a message to ourselves goes on with the rest. `type`: the
 * verdict. */
static void give_waiting(struct book *book, const struct command *command, struct user *user,
                         const char *type)
{
    struct decision *decision = book->decision;
    struct arena *arena = decision_arena(decision);
    struct list held = { NULL, 0 };
    if (user->held) {
        held = index_front(book, user->held, entity_name(arena, "h", command->user_id),
                           RELEASED_AT_ONCE_MAX);
    }
    struct reward *after = arena_alloc(arena, (held.count + 1) * sizeof(*after));
    struct text *ids = arena_alloc(arena, (held.count + 1) * sizeof(*ids));
    release(book, &held, after, ids);
    apply(book, command, type, ids, held.count);
    for (uint32_t i = 0; i < held.count; i++) {
        if (after[i].reward_id.at) {
            reward_announce(decision, &after[i]);
        }
    }
    if (held.count == RELEASED_AT_ONCE_MAX) {
        struct form rest = { command->account_id, command->user_id, { NULL, 0 } };
        decision_send(decision, decision_entity(decision), "internal.tax_form.release",
                      &form_outcome_shape, &rest);
    }
    book_close(book);
}

void tax_form_collect(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct book book;
    book_open(&book, decision);
    struct user *user = book_add_user(&book, command->user_id);
    if (user->tax_form == 1) {
        decision_unchanged(decision);
        return;
    }
    user->tax_form = 1;
    give_waiting(&book, command, user, "tax_form.collected");
}

void tax_form_release(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct book book;
    book_open(&book, decision);
    struct user *user = book_user(&book, command->user_id);
    if (!user || user->tax_form != 1) { /* revoked meanwhile: nobody else is released */
        decision_unchanged(decision);
        return;
    }
    give_waiting(&book, command, user, "internal.tax_form.released");
}

void tax_form_revoke(struct decision *decision, const void *message)
{
    const struct command *command = message;
    struct book book;
    struct text none;
    book_open(&book, decision);
    struct user *user = book_user(&book, command->user_id);
    if (!user || user->tax_form != 1) {
        decision_unchanged(decision);
        return;
    }
    user->tax_form = -1;
    apply(&book, command, "tax_form.revoked", &none, 0);
    book_close(&book);
}
