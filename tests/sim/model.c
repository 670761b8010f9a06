/* The model's driver: each committed outcome and dead letter against the input that it answers. */
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

static struct given *given_find(struct entity *entity, const struct command *command)
{
    for (int32_t i = 0; i < entity->given_count; i++) {
        if (text_equal(entity->given[i].source, command->source) &&
            text_equal(entity->given[i].id, command->id)) {
            return &entity->given[i];
        }
    }
    return NULL;
}

static int32_t given_add(struct sim *sim, struct entity *entity, const struct command *command)
{
    if (entity->given_count == entity->given_room) {
        int32_t room = entity->given_room > 0 ? entity->given_room * 2 : 8;
        struct given *given = arena_alloc(&sim->arena, (size_t)room * sizeof(*given));
        if (entity->given_count > 0) {
            memcpy(given, entity->given, (size_t)entity->given_count * sizeof(*given));
        }
        entity->given = given;
        entity->given_room = room;
    }
    entity->given[entity->given_count] =
        (struct given){ command->source, command->id, command->serial, 1 };
    return entity->given_count++;
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

/* --- reading outcomes --- */

static struct input *input_cited(struct sim *sim, struct text cited)
{
    int32_t worker = text_starts(cited, TEXT("contract/")) ? CONTRACT : ACTION;
    uint32_t at = worker == CONTRACT ? 9 : 7;
    int64_t offset = 0;
    if (cited.size < at + 3) {
        return NULL;
    }
    int32_t partition = cited.at[at] - '0';
    for (uint32_t i = at + 2; i < cited.size; i++) {
        offset = offset * 10 + (cited.at[i] - '0');
    }
    return partition >= 0 && partition < sim->partitions[worker]
               ? watch_input(sim, worker, partition, offset)
               : NULL;
}

static bool read_outcome(struct sim *sim, int32_t worker, struct text value,
                         const struct header *headers, size_t count, struct outcome *out)
{
    struct text type = watch_header(headers, count, "ce_type");
    struct text cited = watch_header(headers, count, "makegood-input");
    *out = (struct outcome){ .worker = worker, .value = value };
    out->type = (struct text){ type.at + 9, type.size - 12 }; /* makegood.<type>.v1 */
    out->verdict = watch_header(headers, count, "makegood-verdict");
    out->subject = watch_header(headers, count, "ce_subject");
    out->id = watch_header(headers, count, "ce_id");
    out->causation = watch_header(headers, count, "ce_causationid");
    out->terms = watch_header(headers, count, "makegood-terms");
    out->version = member_int(value, "version");
    out->time_ms = text_time(member(value, "effectiveTime"));
    out->code = member(value, "code");
    out->input = cited.at != NULL ? input_cited(sim, cited) : NULL;
    if (cited.at != NULL && out->input == NULL) {
        return sim_fail(sim, "E2 phantoms: %.*s cites %.*s, where there is no input",
                        TEXT_ARGS(out->type), TEXT_ARGS(cited));
    }
    return text_equal(out->subject, member(value, "entity")) ||
           sim_fail(sim, "%.*s: subject and entity differ", TEXT_ARGS(out->type));
}

/* --- time and place --- */

/* Effective time of an input: its own, but never before what the partition has seen. */
static int64_t effective_time(struct sim *sim, const struct input *input)
{
    const struct progress_of *progress = &sim->watch->progress[input->worker][input->partition];
    int64_t time_ms = progress->time_ms;
    for (int64_t at = progress->next; at <= input->offset; at++) {
        const struct input *earlier = watch_input(sim, input->worker, input->partition, at);
        if (earlier != NULL && earlier->timestamp_ms > time_ms) {
            time_ms = earlier->timestamp_ms;
        }
    }
    return time_ms;
}

/* Cited by a transaction that moves @progress past it, and not before it. */
static bool in_place(struct sim *sim, const struct input *input)
{
    const struct progress_of *progress = &sim->watch->progress[input->worker][input->partition];
    return (progress->in_transaction && input->offset >= progress->next &&
            input->offset < progress->next_after) ||
           sim_fail(sim, "E1 completeness: input %d/%d/%lld is answered outside of its turn",
                    input->worker, input->partition, (long long)input->offset);
}

static struct text target_of(struct sim *sim, const struct input *input)
{
    return input->to.at != NULL ? input->to : model_address(input->command, &sim->arena);
}

/* A timer due at D fires after everything before D has been decided (design 4). Within a batch the
 * messages of one entity may be decided before those of another that had to be loaded: there the
 * entity's own count. */
static bool timer_in_time(struct sim *sim, const struct entity *entity, int64_t due_ms)
{
    int32_t partition = partition_of(entity->name, sim->partitions[ACTION]);
    const struct progress_of *progress = &sim->watch->progress[ACTION][partition];
    int64_t time_ms = progress->time_ms;
    bool alone = progress->next_after == progress->next;
    if (!progress->in_transaction || progress->time_after < due_ms) {
        return sim_fail(sim, "E3 time: partition time lags behind a timer of %.*s",
                        TEXT_ARGS(entity->name));
    }
    for (int64_t at = progress->next; at < sim->watch->now.stable_at_step[ACTION][partition]; at++) {
        const struct input *input = watch_input(sim, ACTION, partition, at);
        if (input == NULL) {
            continue;
        }
        time_ms = input->timestamp_ms > time_ms ? input->timestamp_ms : time_ms;
        if (time_ms >= due_ms) {
            return true;
        }
        if (alone || (at > entity->last_offset && text_equal(target_of(sim, input), entity->name))) {
            return sim_fail(sim, "E3 time: a timer of %.*s due %lld fires before input %lld of %lld",
                            TEXT_ARGS(entity->name), (long long)due_ms, (long long)at,
                            (long long)time_ms);
        }
    }
    return true;
}

/* What was due by then has happened; whoever was woken has spoken. */
static bool nothing_overdue(struct sim *sim, const struct entity *entity, int64_t time_ms)
{
    bool woken = entity->exists || entity->note_count > 0;
    if (entity->exists && entity->state == MODEL_PENDING && entity->lock_ms <= time_ms) {
        return sim_fail(sim, "E3 time: %.*s decides at %lld and has not locked at %lld",
                        TEXT_ARGS(entity->name), (long long)time_ms, (long long)entity->lock_ms);
    }
    for (int32_t i = 0; i < entity->waits_count; i++) {
        if (entity->waits[i].until_ms <= time_ms || woken) {
            return sim_fail(sim, "E3 time: %.*s decides at %lld and input %lld still waits",
                            TEXT_ARGS(entity->name), (long long)time_ms,
                            (long long)entity->waits[i].input->offset);
        }
    }
    return true;
}

/* --- verdicts --- */

static struct text base_of(struct sim *sim, const struct command *command, struct text entity)
{
    return PRINTF("%.*s|%.*s|%.*s|", TEXT_ARGS(command->source), TEXT_ARGS(command->id),
                  TEXT_ARGS(entity));
}

static bool misrouted(struct sim *sim, const struct outcome *outcome, struct text target)
{
    const struct input *input = outcome->input;
    const struct command *command = input->command;
    struct text name =
        PRINTF("%.*s|%.*s|forwarded|%s/%d/%lld", TEXT_ARGS(command->source), TEXT_ARGS(command->id),
               input->worker == CONTRACT ? "contract" : "action", input->partition,
               (long long)input->offset);
    if (input->hopped || input->from_worker) {
        return sim_fail(sim, "input %lld hops twice", (long long)input->offset);
    }
    model_owe(sim, target, command->source, command->id, (struct text){ NULL, 0 }, command, true);
    return model_expect(sim, outcome, "forwarded", "command.forwarded", NULL) &&
           model_ids(sim, outcome, name);
}

static bool duplicate(struct sim *sim, const struct outcome *outcome, struct entity *entity,
                      const struct given *given)
{
    const struct input *input = outcome->input;
    const struct command *command = input->command;
    struct text name =
        PRINTF("%.*s|%.*s|duplicate|%s/%d/%lld", TEXT_ARGS(command->source), TEXT_ARGS(command->id),
               input->worker == CONTRACT ? "contract" : "action", input->partition,
               (long long)input->offset);
    struct text base = base_of(sim, command, entity->name), ids = TEXT("[");
    if (given->serial != command->serial) {
        return sim_fail(sim, "E1: input %lld conflicts with an earlier one of its id and is not a dead letter",
                        (long long)input->offset);
    }
    for (int32_t i = 0; i < given->outcomes; i++) {
        char made[UUID_TEXT_SIZE];
        uuid5(PRINTF("%.*s%d", TEXT_ARGS(base), i), made);
        ids = PRINTF("%.*s%s\"%s\"", TEXT_ARGS(ids), i > 0 ? "," : "", made);
    }
    struct text written = member(outcome->value, "originalOutcomeIds");
    struct text until_end = { written.at, ids.size + 1 };
    ids = PRINTF("%.*s]", TEXT_ARGS(ids));
    if (written.at == NULL || written.at + ids.size > outcome->value.at + outcome->value.size ||
        !text_equal(ids, until_end)) {
        return sim_fail(sim, "E1: a duplicate of %.*s names other outcomes than its %d",
                        TEXT_ARGS(base), given->outcomes);
    }
    return model_expect(sim, outcome, "duplicate", "command.duplicate", NULL) &&
           model_ids(sim, outcome, name);
}

static bool decide(struct sim *sim, struct entity *entity, const struct outcome *outcome, bool waited)
{
    const struct command *command = outcome->input->command;
    bool good;
    if (outcome->worker == CONTRACT) {
        good = model_decide_contract(sim, entity, command, outcome);
    } else if (entity->kind == ENTITY_ORDER) {
        good = model_decide_order(sim, entity, command, outcome, waited);
    } else {
        good = model_decide_action(sim, entity, command, outcome, waited);
    }
    if (good && outcome->version != entity->version) {
        return sim_fail(sim, "E6 order: %.*s speaks as version %lld; it is %lld",
                        TEXT_ARGS(entity->name), (long long)outcome->version,
                        (long long)entity->version);
    }
    return good;
}

/* What follows the verdict is counted on from it. */
static void await_further(struct sim *sim, struct entity *entity, const struct outcome *outcome,
                          struct text base, int32_t ordinal, int32_t given)
{
    struct model *model = sim->model;
    if (model->further.type != NULL) {
        model->further_of = entity;
        model->further_base = base;
        model->further_ordinal = ordinal;
        model->further_input = outcome->input;
        model->further_given = given;
    }
}

static void wait_for_it(struct sim *sim, struct entity *entity, const struct outcome *outcome,
                        int32_t given)
{
    enum { HOUR_MS = 3600000 };
    ENSURE(entity->waits_count < WAITS_MAX);
    entity->waits[entity->waits_count++] =
        (struct waits){ outcome->input, outcome->time_ms + HOUR_MS, given };
    outcome->input->deferred = true;
    (void)sim;
}

static bool first_verdict(struct sim *sim, const struct outcome *outcome)
{
    struct input *input = outcome->input;
    const struct command *command = input->command;
    struct text target = target_of(sim, input);
    if (++input->verdicts + input->dead_letters > 1) {
        return sim_fail(sim, "E1 uniqueness: input %d/%d/%lld has a second verdict", input->worker,
                        input->partition, (long long)input->offset);
    }
    if (command->dead != NULL || !text_equal(target, outcome->subject)) {
        return sim_fail(sim, "E1: input %lld is answered by %.*s", (long long)input->offset,
                        TEXT_ARGS(outcome->subject));
    }
    if (!in_place(sim, input)) {
        return false;
    }
    if (outcome->time_ms != effective_time(sim, input)) {
        return sim_fail(sim, "E3 time: input %d/%d/%lld is decided at %lld, its time is %lld",
                        input->worker, input->partition, (long long)input->offset,
                        (long long)outcome->time_ms, (long long)effective_time(sim, input));
    }
    if (partition_of(target, sim->partitions[input->worker]) != input->partition) {
        return misrouted(sim, outcome, target);
    }
    struct entity *entity = model_entity(sim, target);
    if (entity == NULL || input->offset <= entity->last_offset) {
        return sim_fail(sim, "E6 order: %.*s decides input %lld late", TEXT_ARGS(target),
                        (long long)input->offset);
    }
    entity->last_offset = input->offset;
    entity->last_time_ms = outcome->time_ms;
    struct given *given = input->from_worker ? NULL : given_find(entity, command);
    if (given != NULL) {
        return duplicate(sim, outcome, entity, given);
    }
    struct text base = base_of(sim, command, entity->name);
    if (!nothing_overdue(sim, entity, outcome->time_ms) || !decide(sim, entity, outcome, false) ||
        !model_ids(sim, outcome, PRINTF("%.*s0", TEXT_ARGS(base)))) {
        return false;
    }
    int32_t remembered = input->from_worker ? -1 : given_add(sim, entity, command);
    if (text_is(outcome->verdict, "deferred")) {
        wait_for_it(sim, entity, outcome, remembered);
    }
    await_further(sim, entity, outcome, base, 1, remembered);
    return true;
}

/* --- verdicts that were waited for --- */

static void waits_remove(struct entity *entity, int32_t at)
{
    entity->waits_count--;
    for (int32_t i = at; i < entity->waits_count; i++) {
        entity->waits[i] = entity->waits[i + 1];
    }
}

static bool final_verdict(struct sim *sim, struct entity *entity, const struct outcome *outcome)
{
    struct waits waits = entity->waits[0];
    struct given *given = &entity->given[waits.given];
    struct text base = base_of(sim, waits.input->command, entity->name);
    if (waits.input != outcome->input || outcome->time_ms != entity->last_time_ms) {
        return sim_fail(sim, "E6 order: %.*s decides a waiting message out of its turn",
                        TEXT_ARGS(entity->name));
    }
    waits_remove(entity, 0);
    waits.input->finals++;
    int32_t ordinal = given->outcomes++;
    if (!decide(sim, entity, outcome, true) ||
        !model_ids(sim, outcome, PRINTF("%.*s%d", TEXT_ARGS(base), ordinal))) {
        return false;
    }
    await_further(sim, entity, outcome, base, ordinal + 1, waits.given);
    return true;
}

static bool gave_up(struct sim *sim, struct entity *entity, const struct outcome *outcome)
{
    for (int32_t i = 0; i < entity->waits_count; i++) {
        struct waits waits = entity->waits[i];
        struct given *given = &entity->given[waits.given];
        if (waits.until_ms != outcome->time_ms ||
            !text_equal(waits.input->command->id, outcome->causation)) {
            continue;
        }
        struct text base = base_of(sim, waits.input->command, entity->name);
        waits_remove(entity, i);
        waits.input->finals++;
        return timer_in_time(sim, entity, outcome->time_ms) &&
               model_expect(sim, outcome, "rejected", "command.rejected", "ACTION_REF_NOT_FOUND") &&
               model_ids(sim, outcome, PRINTF("%.*s%d", TEXT_ARGS(base), given->outcomes++));
    }
    return sim_fail(sim, "E2 phantoms: %.*s gives up what does not wait", TEXT_ARGS(entity->name));
}

static bool by_timer(struct sim *sim, struct entity *entity, const struct outcome *outcome)
{
    if (text_is(outcome->verdict, "rejected")) {
        return gave_up(sim, entity, outcome);
    }
    struct text name = PRINTF("%.*s|timer|lock|%lld|0", TEXT_ARGS(entity->name),
                              (long long)outcome->time_ms);
    return model_locked(sim, entity, outcome) && timer_in_time(sim, entity, outcome->time_ms) &&
           model_ids(sim, outcome, name);
}

/* --- what follows a verdict --- */

static bool further(struct sim *sim, const struct outcome *outcome)
{
    struct model *model = sim->model;
    struct further further = model->further;
    struct entity *entity = model->further_of;
    model->further.type = NULL;
    if (!text_is(outcome->type, further.type) || outcome->verdict.at != NULL ||
        outcome->input != model->further_input || !text_equal(outcome->subject, entity->name)) {
        return sim_fail(sim, "E1 completeness: %s of %.*s does not follow its verdict", further.type,
                        TEXT_ARGS(entity->name));
    }
    if (member_cents(outcome->value, "amount") != further.amount ||
        !text_is(member(outcome->value, "direction"),
                 further.collect ? "COLLECT_FROM_PARTNER" : "PAY_PARTNER")) {
        return sim_fail(sim, "E4 balances: %.*s asks for another amount than %lld",
                        TEXT_ARGS(entity->name), (long long)further.amount);
    }
    if (model->further_given >= 0) {
        entity->given[model->further_given].outcomes++;
    }
    return model_ids(sim, outcome, PRINTF("%.*s%d", TEXT_ARGS(model->further_base),
                                          model->further_ordinal));
}

void model_transaction(struct sim *sim)
{
    if (sim->model->further.type != NULL) {
        sim_fail(sim, "E1 completeness: no %s follows a verdict of %.*s", sim->model->further.type,
                 TEXT_ARGS(sim->model->further_of->name));
    }
}

void model_outcome(struct sim *sim, int32_t worker, struct text value, const struct header *headers,
                   size_t count)
{
    struct outcome outcome;
    if (!read_outcome(sim, worker, value, headers, count, &outcome)) {
        return;
    }
    if (sim->model->further.type != NULL) {
        further(sim, &outcome);
        return;
    }
    struct entity *entity = model_entity(sim, outcome.subject);
    if (entity == NULL) {
        sim_fail(sim, "E2 phantoms: %.*s speaks", TEXT_ARGS(outcome.subject));
    } else if (outcome.input == NULL) {
        by_timer(sim, entity, &outcome);
    } else if (outcome.verdict.at == NULL) {
        sim_fail(sim, "E2 phantoms: %.*s without a verdict before it", TEXT_ARGS(outcome.type));
    } else if (outcome.input->deferred && outcome.input->finals == 0 && entity->waits_count > 0) {
        final_verdict(sim, entity, &outcome);
    } else {
        first_verdict(sim, &outcome);
    }
}

/* --- dead letters --- */

void model_dead_letter(struct sim *sim, int32_t worker, struct text value,
                       const struct header *headers, size_t count)
{
    struct text reason = watch_header(headers, count, "dlq-reason");
    struct text cited = PRINTF("%.*s/%.*s/%.*s", TEXT_ARGS(watch_header(headers, count, "dlq-topic")),
                               TEXT_ARGS(watch_header(headers, count, "dlq-partition")),
                               TEXT_ARGS(watch_header(headers, count, "dlq-offset")));
    struct input *input = input_cited(sim, cited);
    if (input == NULL || input->worker != worker) {
        sim_fail(sim, "E2 phantoms: a dead letter cites %.*s", TEXT_ARGS(cited));
        return;
    }
    const struct command *command = input->command;
    if (++input->dead_letters + input->verdicts > 1) {
        sim_fail(sim, "E1 uniqueness: a second dead letter or verdict for %.*s", TEXT_ARGS(cited));
        return;
    }
    if (!in_place(sim, input) || command->dead != NULL) {
        if (command->dead == NULL || !text_is(reason, command->dead) ||
            !text_equal(value, input->value)) {
            sim_fail(sim, "E1: %.*s is a dead letter %.*s", TEXT_ARGS(cited), TEXT_ARGS(reason));
        }
        return;
    }
    struct text target = target_of(sim, input);
    struct entity *entity = model_entity(sim, target);
    const struct given *given = entity != NULL ? given_find(entity, command) : NULL;
    if (!text_is(reason, "id-conflict") || given == NULL || given->serial == command->serial ||
        input->from_worker || !text_equal(value, input->value)) {
        sim_fail(sim, "E1: %.*s is a dead letter %.*s, and nothing is wrong with it",
                 TEXT_ARGS(cited), TEXT_ARGS(reason));
    } else {
        entity->last_offset = input->offset;
    }
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
