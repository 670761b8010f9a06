/* The model's entities, the ids of what they say, and the messages that they owe each other. */
#include "tests/sim/model.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/uuid5.h"

#define PRINTF(...) arena_printf(&sim->arena, __VA_ARGS__)

/* --- entities --- */

static const char *const prefixes[ENTITY_KINDS] = { "action:A", "oid:70:X",      "contract:C",
                                                    "partner:P", "event_type:7", "action:-" };

void model_open(struct sim *sim)
{
    struct model *model = sim->model = arena_alloc(&sim->arena, sizeof(*model));
    model->owed_last = &model->owed_first;
    for (int kind = 0; kind < ENTITY_KINDS; kind++) {
        for (int32_t i = 0; i < ENTITIES_MAX; i++) {
            struct entity *entity = &model->entities[kind][i];
            entity->kind = (enum entity_kind)kind;
            entity->number = i;
            entity->name = kind == ENTITY_NOBODY ? text_of(prefixes[kind])
                                                 : PRINTF("%s%d", prefixes[kind], i);
            entity->last_offset = -1;
        }
    }
}

struct entity *model_entity(struct sim *sim, struct text name)
{
    for (int kind = 0; kind < ENTITY_KINDS; kind++) {
        struct text prefix = text_of(prefixes[kind]);
        int32_t number = kind == ENTITY_NOBODY ? 0 : name.at[name.size - 1] - '0';
        if (text_starts(name, prefix) && number >= 0 && number < ENTITIES_MAX &&
            text_equal(sim->model->entities[kind][number].name, name)) {
            return &sim->model->entities[kind][number];
        }
    }
    return NULL;
}

struct text model_address(const struct command *command, struct arena *arena)
{
    switch (command->kind) {
    case KIND_TRACK:
    case KIND_FORGET:
        return arena_printf(arena, "oid:%d:X%d", TRACKER, command->order);
    case KIND_MODIFY:
    case KIND_REVERSE:
    case KIND_APPROVE:
        return command->action != NONE  ? arena_printf(arena, "action:A%d", command->action)
               : command->order != NONE ? arena_printf(arena, "oid:%d:X%d", TRACKER, command->order)
                                        : TEXT("action:-");
    case KIND_CONTRACT:
        return arena_printf(arena, "contract:C%d", command->partner);
    case KIND_EVENT_TYPE:
        return arena_printf(arena, "event_type:%d", TRACKER);
    case KIND_PARTNER:
    case KIND_LISTED:
        return arena_printf(arena, "partner:P%d", command->partner);
    case KIND_POISON:
        break;
    }
    return (struct text){ NULL, 0 };
}

/* --- ids --- */

static bool id_new(struct sim *sim, struct text id)
{
    struct model *model = sim->model;
    if ((model->id_count + 1) * 2 > model->id_slots) {
        struct text *old = model->ids;
        uint32_t slots = model->id_slots;
        model->id_slots = slots > 0 ? slots * 2 : 256;
        model->ids = arena_alloc(&sim->arena, model->id_slots * sizeof(*model->ids));
        model->id_count = 0;
        for (uint32_t i = 0; i < slots; i++) {
            if (old[i].at != NULL) {
                id_new(sim, old[i]);
            }
        }
    }
    uint32_t at = (uint32_t)hash64(id) & (model->id_slots - 1);
    for (; model->ids[at].at != NULL; at = (at + 1) & (model->id_slots - 1)) {
        if (text_equal(model->ids[at], id)) {
            return false;
        }
    }
    model->ids[at] = id;
    model->id_count++;
    return true;
}

bool model_ids(struct sim *sim, const struct outcome *outcome, struct text name)
{
    char made[UUID_TEXT_SIZE];
    uuid5(name, made);
    if (!text_is(outcome->id, made)) {
        return sim_fail(sim, "E2 ids: %.*s of %.*s is not the id of \"%.*s\"", TEXT_ARGS(outcome->id),
                        TEXT_ARGS(outcome->type), TEXT_ARGS(name));
    }
    if (!id_new(sim, outcome->id)) {
        return sim_fail(sim, "E1 uniqueness: outcome \"%.*s\" is there twice", TEXT_ARGS(name));
    }
    return true;
}

bool model_expect(struct sim *sim, const struct outcome *outcome, const char *verdict,
                  const char *type, const char *code)
{
    struct text wanted = text_of(code != NULL ? code : "");
    if (text_is(outcome->verdict, verdict) && text_is(outcome->type, type) &&
        (code == NULL ? outcome->code.at == NULL : text_equal(outcome->code, wanted))) {
        return true;
    }
    return sim_fail(sim, "E3 decisions: %.*s says %.*s %.*s %.*s; the model says %s %s %s",
                    TEXT_ARGS(outcome->subject), TEXT_ARGS(outcome->verdict),
                    TEXT_ARGS(outcome->type), TEXT_ARGS(outcome->code), verdict, type,
                    wanted.at);
}

/* --- messages that are owed --- */

void model_owe(struct sim *sim, struct text to, struct text source, struct text id, struct text name,
               const struct command *command, bool hop)
{
    struct owed *owed = arena_alloc(&sim->arena, sizeof(*owed));
    *owed = (struct owed){ .to = to, .source = source, .id = id, .name = name, .command = command,
                           .hop = hop };
    *sim->model->owed_last = owed;
    sim->model->owed_last = &owed->next;
}

void model_follow_up(struct sim *sim, struct input *input, struct text key,
                     const struct header *headers, size_t count)
{
    struct text source = watch_header(headers, count, "ce_source");
    struct text id = watch_header(headers, count, "ce_id");
    bool hop = watch_header(headers, count, "makegood-hop").at != NULL;
    struct owed *owed = sim->model->owed_first;
    while (owed != NULL && (owed->paid || owed->hop != hop || !text_equal(owed->to, key) ||
                            !text_equal(owed->source, source) || !text_equal(owed->id, id))) {
        owed = owed->next;
    }
    if (owed == NULL) {
        sim_fail(sim, "E2 phantoms: nobody owes %.*s the message %.*s|%.*s", TEXT_ARGS(key),
                 TEXT_ARGS(source), TEXT_ARGS(id));
        return;
    }
    struct text name = watch_header(headers, count, "makegood-name");
    if (partition_of(key, sim->partitions[input->worker]) != input->partition ||
        (owed->name.at != NULL && !text_equal(name, owed->name)) ||
        (owed->name.at == NULL && !text_equal(input->value, owed->command->data))) {
        sim_fail(sim, "E2 phantoms: the message %.*s|%.*s to %.*s is not the one that is owed",
                 TEXT_ARGS(source), TEXT_ARGS(id), TEXT_ARGS(key));
    }
    owed->paid = true;
    input->command = owed->command;
    input->hopped = hop;
    input->from_worker = owed->name.at != NULL;
    input->to = watch_header(headers, count, "makegood-to");
}

/* --- versions of state records --- */

bool model_state_written(struct sim *sim, int32_t worker, struct text key, int32_t version)
{
    struct state_version *known = sim->model->state_versions[worker];
    while (known != NULL && !text_equal(known->key, key)) {
        known = known->next;
    }
    if (known == NULL) {
        known = arena_alloc(&sim->arena, sizeof(*known));
        *known = (struct state_version){ key, version, sim->model->state_versions[worker] };
        sim->model->state_versions[worker] = known;
    }
    if (version < known->version) {
        return sim_fail(sim, "E4: %.*s goes back from body version %d to %d", TEXT_ARGS(key),
                        known->version, version);
    }
    known->version = version;
    return true;
}
