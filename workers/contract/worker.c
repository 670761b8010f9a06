/* The row that the engine reads: messages, entities, states of the contract worker. */
#include "workers/contract/inside.h"

static struct text contract_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "contract", ((const struct contract *)message)->contract_id);
}

static struct text event_type_entity(const void *message, struct arena *arena)
{
    int64_t tracker_id = ((const struct event_type *)message)->tracker_id;
    return arena_join(arena, TEXT("event_type:"), arena_number(arena, tracker_id));
}

static struct text partner_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "partner", ((const struct partner *)message)->partner_id);
}

static struct text unit_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "unit", ((const struct unit *)message)->unit);
}

static struct text program_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "program", ((const struct program *)message)->program_id);
}

static struct text codes_entity(const void *message, struct arena *arena)
{
    return arena_printf(arena, "codes:%lld",
                        (long long)((const struct promo_code *)message)->campaign_id);
}

static struct text list_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "list", ((const struct exception_list *)message)->list_id);
}

static struct text listed_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "partner", ((const struct contract_listed *)message)->partner_id);
}

static const struct message_type messages[] = {
    { .name = "contract.put",
      .shape = &contract_shape,
      .entity = contract_entity,
      .handlers = { { "contract", contract_put } } },
    { .name = "event_type.put",
      .shape = &event_type_shape,
      .entity = event_type_entity,
      .handlers = { { "event_type", event_type_put } } },
    { .name = "partner.put",
      .shape = &partner_shape,
      .entity = partner_entity,
      .handlers = { { "partner", partner_put } } },
    { .name = "unit.put",
      .shape = &unit_shape,
      .entity = unit_entity,
      .handlers = { { "unit", unit_put } } },
    { .name = "program.put",
      .shape = &program_shape,
      .entity = program_entity,
      .handlers = { { "program", program_put } } },
    { .name = "promo_code.put",
      .shape = &promo_code_shape,
      .entity = codes_entity,
      .handlers = { { "codes", promo_code_put } } },
    { .name = "exception_list.put",
      .shape = &exception_list_shape,
      .entity = list_entity,
      .handlers = { { "list", exception_list_put } } },
    { .name = "internal.contract.listed",
      .shape = &contract_listed_shape,
      .entity = listed_entity,
      .handlers = { { "partner", contract_list } } },
};

static const struct state_type states[] = {
    { .entity_type = "contract",
      .shape = &contract_state_shape,
      .version = 1,
      .prepare = contract_prepare },
    { .entity_type = "event_type", .shape = &event_type_shape, .version = 1 },
    { .entity_type = "partner", .shape = &partner_shape, .version = 1 },
    { .entity_type = "unit", .shape = &unit_shape, .version = 1 },
    { .entity_type = "program", .shape = &program_state_shape, .version = 1 },
    { .entity_type = "codes",
      .shape = &promo_codes_shape,
      .version = 1,
      .prepare = promo_codes_prepare },
    { .entity_type = "codes/li", .shape = &promo_codes_shape, .version = 1 },
    { .entity_type = "codes/id", .shape = &promo_place_shape, .version = 1 },
    { .entity_type = "list",
      .shape = &exception_list_shape,
      .version = 1,
      .prepare = exception_list_prepare },
    { .entity_type = "partner/campaign", .shape = &contract_listing_shape, .version = 1 },
};

const struct worker contract_worker = {
    .name = "contract",
    .messages = messages,
    .message_count = sizeof(messages) / sizeof(*messages),
    .states = states,
    .state_count = sizeof(states) / sizeof(*states),
};
