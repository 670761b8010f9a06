/* The row that the engine reads: messages, entities, states of the reward worker. */
#include "workers/reward/inside.h"

static struct text token_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "token", ((const struct command *)message)->token);
}

static struct text own_entity(const void *message, struct arena *arena)
{
    const struct own_address *own = message;
    return own->email_hash.at ? entity_name(arena, "email", own->email_hash)
                              : entity_name(arena, "business", own->business_id);
}

#define AT_ACCOUNT(type_name, type_shape, function)                                                \
    {                                                                                              \
        .name = type_name, .shape = &type_shape, .entity = account_entity,                         \
        .handlers = { { "account", function } }                                                    \
    }
#define BY_WHO(type_name, type_shape, function)                                                    \
    {                                                                                              \
        .name = type_name, .shape = &type_shape, .entity = who_entity, .handlers = {               \
            { "account", function },                                                               \
            { "token", who_by_token },                                                             \
            { "email", who_by_email },                                                             \
            { "business", who_by_business }                                                        \
        }                                                                                          \
    }

static const struct message_type messages[] = {
    AT_ACCOUNT("user.put", user_put_shape, user_put),
    { .name = "token.put",
      .shape = &token_put_shape,
      .entity = token_entity,
      .handlers = { { "token", token_put } } },
    AT_ACCOUNT("reward.create", reward_create_shape, reward_create),
    AT_ACCOUNT("reward.redeem", reward_redeem_shape, reward_redeem),
    BY_WHO("balance.redeem", balance_redeem_shape, balance_redeem),
    AT_ACCOUNT("import.row", import_row_shape, import_row),
    AT_ACCOUNT("reward.cancel", reward_cancel_shape, reward_cancel),
    AT_ACCOUNT("reward.uncancel", reward_only_shape, reward_uncancel),
    AT_ACCOUNT("reward.release", reward_release_shape, reward_release),
    AT_ACCOUNT("reward.process", reward_only_shape, reward_process),
    AT_ACCOUNT("tax_form.collect", tax_form_shape, tax_form_collect),
    AT_ACCOUNT("tax_form.revoke", tax_form_shape, tax_form_revoke),
    BY_WHO("points.credit", points_credit_shape, points_credit),
    AT_ACCOUNT("points.activate", reward_only_shape, points_activate),
    AT_ACCOUNT("points.reject", reward_noted_shape, points_reject),
    AT_ACCOUNT("conversion.reverse", reward_noted_shape, conversion_reverse),
    AT_ACCOUNT("internal.tax_form.release", tax_form_shape, tax_form_release),
    { .name = "internal.address.own",
      .shape = &own_address_shape,
      .entity = own_entity,
      .handlers = { { "email", address_own }, { "business", address_own } } },
};

static const struct state_type states[] = {
    { .entity_type = "account", .shape = &account_shape, .version = 1 },
    { .entity_type = "account/reward",
      .shape = &reward_shape,
      .version = 1,
      .advance = reward_advance },
    { .entity_type = "account/balance", .shape = &balance_shape, .version = 1 },
    { .entity_type = "account/user", .shape = &user_shape, .version = 1 },
    { .entity_type = "account/page", .shape = &index_page_shape, .version = 1 },
    { .entity_type = "token", .shape = &token_shape, .version = 1 },
    { .entity_type = "email", .shape = &owner_shape, .version = 1 },
    { .entity_type = "business", .shape = &owner_shape, .version = 1 },
};

const struct worker reward_worker = {
    .name = "reward",
    .messages = messages,
    .message_count = sizeof(messages) / sizeof(*messages),
    .states = states,
    .state_count = sizeof(states) / sizeof(*states),
};
