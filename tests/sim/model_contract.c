/* The rules of contracts, and which version of one may have decided (A14, C06; design 3: references are
 * at most about a second old). */
#include "base/uuid5.h"
#include "tests/sim/model.h"

#define PRINTF(...) arena_printf(&sim->arena, __VA_ARGS__)

#include "base/hash.h"

static int32_t partition_for(struct sim *sim, struct text entity)
{
    return partition_of(entity, sim->partitions[CONTRACT]);
}

static bool stored(struct sim *sim, struct entity *entity, const struct outcome *outcome,
                   const char *type)
{
    entity->version++;
    return model_expect(sim, outcome, "applied", type, NULL);
}

static void owe_listing(struct sim *sim, const struct entity *entity, const struct command *command)
{
    struct text to = PRINTF("partner:P%d", command->partner);
    struct text name = PRINTF("%.*s|%.*s|%.*s|to|%.*s|0", TEXT_ARGS(command->source),
                              TEXT_ARGS(command->id), TEXT_ARGS(entity->name), TEXT_ARGS(to));
    char *made = arena_bytes(&sim->arena, UUID_TEXT_SIZE);
    struct command *listed = arena_alloc(&sim->arena, sizeof(*listed));
    uuid5(name, made);
    *listed = (struct command){ .kind = KIND_LISTED, .source = TEXT("/makegood/contract"),
                                .id = text_of(made), .worker = CONTRACT, .action = NONE,
                                .order = NONE, .partner = command->partner };
    model_owe(sim, to, listed->source, listed->id, name, listed, false);
}

static bool put_contract(struct sim *sim, struct entity *entity, const struct command *command,
                         const struct outcome *outcome)
{
    int32_t count = entity->version_count;
    if (count > 0 && entity->versions[count - 1].rate == command->rate) {
        return model_expect(sim, outcome, "unchanged", "command.unchanged", NULL);
    }
    ENSURE(count < VERSIONS_MAX);
    entity->versions[count] = (struct version){
        command->rate, outcome->time_ms,
        watch_fact(sim, entity->name, partition_for(sim, entity->name))
    };
    entity->version_count++;
    if (count == 0) {
        owe_listing(sim, entity, command);
    }
    return stored(sim, entity, outcome, "contract.stored") &&
           (member_int(outcome->value, "contractVersion") == entity->version_count ||
            sim_fail(sim, "E3: %.*s has another contractVersion than %d", TEXT_ARGS(entity->name),
                     entity->version_count));
}

bool model_decide_contract(struct sim *sim, struct entity *entity, const struct command *command,
                           const struct outcome *outcome)
{
    switch (command->kind) {
    case KIND_CONTRACT:
        return put_contract(sim, entity, command, outcome);
    case KIND_LISTED:
        entity->listed = watch_fact(sim, PRINTF("%.*s/campaign:%d", TEXT_ARGS(entity->name), CAMPAIGN),
                                    partition_for(sim, entity->name));
        return stored(sim, entity, outcome, "internal.contract.listed");
    case KIND_EVENT_TYPE:
    case KIND_PARTNER:
        if (entity->put) {
            return model_expect(sim, outcome, "unchanged", "command.unchanged", NULL);
        }
        entity->put = true;
        entity->known = watch_fact(sim, entity->name, partition_for(sim, entity->name));
        return stored(sim, entity, outcome,
                      command->kind == KIND_PARTNER ? "partner.stored" : "event_type.stored");
    default:
        return sim_fail(sim, "E2 phantoms: a contract decides a sale");
    }
}

/* --- looking at them --- */

/* Number of the version in force at a time, of the first `known` ones; 0 = none. */
static int32_t in_force(const struct entity *contract, int32_t known, int64_t time_ms)
{
    int32_t number = known;
    while (number > 0 && contract->versions[number - 1].valid_from_ms > time_ms) {
        number--;
    }
    return number;
}

static int32_t number_of(struct text terms)
{
    int32_t number = 0;
    for (uint32_t i = 3; terms.at != NULL && i < terms.size; i++) { /* C0/12 */
        number = number * 10 + (terms.at[i] - '0');
    }
    return number;
}

/* The rate that decided, in percent; -1 when it cannot have been that one. *none: no contract was
 * found, and that may be. */
int64_t model_rate(struct sim *sim, int32_t partner, int64_t time_ms, const struct outcome *outcome,
                   bool *none)
{
    struct model *model = sim->model;
    const struct entity *contract = &model->entities[ENTITY_CONTRACT][partner];
    const struct fact *listed = model->entities[ENTITY_PARTNER][partner].listed;
    const struct fact *type = model->entities[ENTITY_EVENT_TYPE][0].known;
    int32_t least = 0, most = 0, number = number_of(outcome->terms);
    for (int32_t i = 0; i < contract->version_count; i++) {
        least += watch_must_know(sim, contract->versions[i].fact);
        most += contract->versions[i].fact->offset >= 0;
    }
    bool found = listed != NULL && watch_must_know(sim, listed) && type != NULL &&
                 watch_must_know(sim, type);
    *none = text_is(outcome->code, "CONTRACT_NOT_FOUND") &&
            (!found || in_force(contract, least, time_ms) == 0);
    if (*none) {
        return 0;
    }
    for (int32_t known = least; number > 0 && known <= most; known++) {
        if (in_force(contract, known, time_ms) == number) {
            return contract->versions[number - 1].rate;
        }
    }
    sim_fail(sim, "E3 references: %.*s was decided by version %d of C%d (%.*s); it had to know %d, could know %d",
             TEXT_ARGS(outcome->subject), number, partner, TEXT_ARGS(outcome->code), least, most);
    return -1;
}

bool model_contracts_known(const struct sim *sim)
{
    const struct fact *type = sim->model->entities[ENTITY_EVENT_TYPE][0].known;
    bool known = type != NULL && type->visible_ms >= 0 && type->visible_ms + 1000 < sim->mono_ms;
    for (int32_t p = 0; p < PARTNERS; p++) {
        const struct fact *listed = sim->model->entities[ENTITY_PARTNER][p].listed;
        known = known && listed != NULL && listed->visible_ms >= 0 &&
                listed->visible_ms + 1000 < sim->mono_ms;
    }
    return known;
}
