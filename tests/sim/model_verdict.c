/* The model's driver: each committed outcome and dead letter against the input that it answers. */
#include "tests/sim/model.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/uuid5.h"

#define PRINTF(...) arena_printf(&sim->arena, __VA_ARGS__)

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
    struct text target = model_target(sim, input);
    if (++input->verdicts + input->dead_letters > 1) {
        return sim_fail(sim, "E1 uniqueness: input %d/%d/%lld has a second verdict", input->worker,
                        input->partition, (long long)input->offset);
    }
    if (command->dead != NULL || !text_equal(target, outcome->subject)) {
        return sim_fail(sim, "E1: input %lld is answered by %.*s", (long long)input->offset,
                        TEXT_ARGS(outcome->subject));
    }
    if (!model_in_place(sim, input)) {
        return false;
    }
    if (outcome->time_ms != model_time(sim, input)) {
        return sim_fail(sim, "E3 time: input %d/%d/%lld is decided at %lld, its time is %lld",
                        input->worker, input->partition, (long long)input->offset,
                        (long long)outcome->time_ms, (long long)model_time(sim, input));
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
    if (!model_nothing_overdue(sim, entity, outcome->time_ms) || !decide(sim, entity, outcome, false) ||
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
        return model_timer_in_time(sim, entity, outcome->time_ms) &&
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
    return model_locked(sim, entity, outcome) && model_timer_in_time(sim, entity, outcome->time_ms) &&
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
    if (!model_in_place(sim, input) || command->dead != NULL) {
        if (command->dead == NULL || !text_is(reason, command->dead) ||
            !text_equal(value, input->value)) {
            sim_fail(sim, "E1: %.*s is a dead letter %.*s", TEXT_ARGS(cited), TEXT_ARGS(reason));
        }
        return;
    }
    struct text target = model_target(sim, input);
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
