/* The rules of actions and order ids, for what the feed sends (A02-A12, A17, A18, C19, C24, C25, C28). */
#include "base/uuid5.h"
#include "tests/sim/model.h"

#define PRINTF(...) arena_printf(&sim->arena, __VA_ARGS__)
enum { DAY = 24 * 3600 * 1000 };

/* Percent of an amount, half away from zero; amounts are not negative. */
static int64_t percent(int64_t amount, int64_t rate)
{
    return (amount * rate + 50) / 100;
}

static bool reject(struct sim *sim, const struct outcome *outcome, const char *code)
{
    return model_expect(sim, outcome, "rejected", "command.rejected", code);
}

static bool unchanged(struct sim *sim, const struct outcome *outcome)
{
    return model_expect(sim, outcome, "unchanged", "command.unchanged", NULL);
}

bool model_record(struct sim *sim, const struct entity *entity, const struct outcome *outcome,
                  int64_t amount_before, int64_t payout_before)
{
    static const char *const states[] = { "", "PENDING", "APPROVED", "REVERSED" };
    struct text value = outcome->value;
    if (member_int(value, "updateId") == entity->updates &&
        text_is(member(value, "state"), states[entity->state]) &&
        member_cents(value, "amount") == entity->amount &&
        member_cents(value, "deltaAmount") == entity->amount - amount_before &&
        member_cents(value, "payout") == entity->payout &&
        member_cents(value, "deltaPayout") == entity->payout - payout_before &&
        member_int(value, "modifications") == entity->modifications) {
        sim->model->payouts += entity->payout - payout_before;
        return true;
    }
    return sim_fail(sim, "E4 balances: %.*s: the model has update %lld, %s, %lld -> %lld, payout %lld -> %lld; the record is %.*s",
                    TEXT_ARGS(entity->name), (long long)entity->updates, states[entity->state],
                    (long long)amount_before, (long long)entity->amount, (long long)payout_before,
                    (long long)entity->payout, TEXT_ARGS(value));
}

static bool applied(struct sim *sim, struct entity *entity, const struct outcome *outcome,
                    const char *type, int64_t amount_before, int64_t payout_before)
{
    entity->version++;
    entity->updates++;
    return model_expect(sim, outcome, "applied", type, NULL) &&
           model_record(sim, entity, outcome, amount_before, payout_before);
}

bool model_locked(struct sim *sim, struct entity *entity, const struct outcome *outcome)
{
    if (entity->kind != ENTITY_ACTION || !entity->exists || entity->state != MODEL_PENDING ||
        outcome->time_ms != entity->lock_ms || !text_is(outcome->type, "action.locked") ||
        outcome->verdict.at != NULL) {
        return sim_fail(sim, "E2 phantoms: a timer of %.*s says %.*s at %lld",
                        TEXT_ARGS(entity->name), TEXT_ARGS(outcome->type),
                        (long long)outcome->time_ms);
    }
    entity->state = MODEL_APPROVED;
    entity->version++;
    entity->updates++;
    return (outcome->version == entity->version || sim_fail(sim, "E6 order: %.*s locks as version %lld",
                                                            TEXT_ARGS(entity->name),
                                                            (long long)outcome->version)) &&
           model_record(sim, entity, outcome, entity->amount, entity->payout);
}

/* --- track --- */

static void owe_forget(struct sim *sim, const struct entity *entity, const struct command *command)
{
    struct text to = PRINTF("oid:%d:X%d", TRACKER, command->order);
    struct text name = PRINTF("%.*s|%.*s|%.*s|to|%.*s|0", TEXT_ARGS(command->source),
                              TEXT_ARGS(command->id), TEXT_ARGS(entity->name), TEXT_ARGS(to));
    char *made = arena_bytes(&sim->arena, UUID_TEXT_SIZE);
    struct command *forget = arena_alloc(&sim->arena, sizeof(*forget));
    uuid5(name, made);
    *forget = (struct command){ .kind = KIND_FORGET, .source = TEXT("/makegood/action"),
                                .id = text_of(made), .worker = ACTION, .action = command->action,
                                .order = command->order, .partner = NONE };
    model_owe(sim, to, forget->source, forget->id, name, forget, false);
}

static bool track(struct sim *sim, struct entity *entity, const struct command *command,
                  const struct outcome *outcome)
{
    bool none;
    if (entity->exists || command->amount_kind == AMOUNT_BAD) {
        owe_forget(sim, entity, command);
        return reject(sim, outcome, entity->exists ? "CONV_DUPLICATE" : "INVALID_AMOUNT");
    }
    int64_t rate = model_rate(sim, command->partner, outcome->time_ms, outcome, &none);
    if (none) {
        owe_forget(sim, entity, command);
        return reject(sim, outcome, "CONTRACT_NOT_FOUND");
    }
    if (rate < 0) {
        return false;
    }
    entity->exists = true;
    entity->state = MODEL_PENDING;
    entity->order = command->order;
    entity->partner = command->partner;
    entity->amount = command->amount;
    entity->rate = rate;
    entity->payout = percent(command->amount, rate);
    entity->lock_ms = (outcome->time_ms / DAY + 1) * DAY;
    return applied(sim, entity, outcome, "action.tracked", 0, 0);
}

/* --- changes --- */

static bool reversed(struct sim *sim, struct entity *entity, const struct outcome *outcome)
{
    int64_t amount = entity->amount, payout = entity->payout;
    entity->state = MODEL_REVERSED;
    entity->amount = entity->payout = 0;
    return applied(sim, entity, outcome, "action.reversed", amount, payout);
}

/* A locked action stays as it is; the difference is asked for (A12, C28). */
static bool locked(struct sim *sim, struct entity *entity, const struct outcome *outcome,
                   int64_t amount, bool reversal)
{
    int64_t payout = reversal ? 0 : percent(amount, entity->rate);
    int64_t left = entity->adjusted ? entity->adjusted_payout : entity->payout;
    if (payout != left) {
        entity->version++;
        entity->adjusted = true;
        entity->adjusted_amount = reversal ? 0 : amount;
        entity->adjusted_payout = payout;
        sim->model->further = (struct further){ "adjustment.required",
                                                payout > left ? payout - left : left - payout,
                                                payout < left };
    }
    return reject(sim, outcome, "ACTION_LOCKED");
}

static bool modified(struct sim *sim, struct entity *entity, const struct outcome *outcome,
                     int64_t amount)
{
    bool none;
    int64_t amount_before = entity->amount, payout_before = entity->payout;
    int64_t rate = model_rate(sim, entity->partner, outcome->time_ms, outcome, &none);
    if (none) {
        return reject(sim, outcome, "CONTRACT_NOT_FOUND");
    }
    if (rate < 0) {
        return false;
    }
    entity->rate = rate;
    entity->amount = amount;
    entity->payout = percent(amount, rate);
    entity->modifications++;
    return applied(sim, entity, outcome, "action.modified", amount_before, payout_before);
}

static bool modify(struct sim *sim, struct entity *entity, const struct command *command,
                   const struct outcome *outcome)
{
    int64_t now = entity->adjusted ? entity->adjusted_amount : entity->amount;
    int64_t amount = command->amount_kind == AMOUNT_TOTAL   ? command->amount
                     : command->amount_kind == AMOUNT_DELTA ? now + command->amount
                                                            : now;
    if (!command->reason) {
        return reject(sim, outcome, "INVALID_REASON");
    }
    if (command->other_currency) {
        return reject(sim, outcome, "CURRENCY_MISMATCH");
    }
    if (command->amount_kind == AMOUNT_BAD || amount < 0) {
        return reject(sim, outcome, "INVALID_AMOUNT");
    }
    bool reversal = amount == 0 && now != 0;
    if (entity->state == MODEL_REVERSED) {
        return reject(sim, outcome, "ACTION_REVERSED");
    }
    if (entity->state == MODEL_APPROVED) {
        return locked(sim, entity, outcome, amount, reversal);
    }
    return reversal ? reversed(sim, entity, outcome) : modified(sim, entity, outcome, amount);
}

static bool reverse(struct sim *sim, struct entity *entity, const struct command *command,
                    const struct outcome *outcome)
{
    if (!command->reason) {
        return reject(sim, outcome, "INVALID_REASON");
    }
    if (entity->state == MODEL_REVERSED) {
        return unchanged(sim, outcome);
    }
    return entity->state == MODEL_APPROVED ? locked(sim, entity, outcome, 0, true)
                                           : reversed(sim, entity, outcome);
}

static bool approve(struct sim *sim, struct entity *entity, const struct outcome *outcome)
{
    if (entity->state == MODEL_REVERSED) {
        return reject(sim, outcome, "ACTION_REVERSED");
    }
    if (entity->state == MODEL_APPROVED) {
        return unchanged(sim, outcome);
    }
    entity->state = MODEL_APPROVED;
    return applied(sim, entity, outcome, "action.approved", entity->amount, entity->payout);
}

static bool defer(struct sim *sim, const struct outcome *outcome, bool waited)
{
    return !waited ? model_expect(sim, outcome, "deferred", "command.deferred", "AWAITING_ACTION")
                   : sim_fail(sim, "E3: %.*s is deferred twice", TEXT_ARGS(outcome->subject));
}

bool model_decide_action(struct sim *sim, struct entity *entity, const struct command *command,
                         const struct outcome *outcome, bool waited)
{
    if (command->kind == KIND_TRACK) {
        return track(sim, entity, command, outcome);
    }
    if (command->action == NONE && command->order == NONE) {
        return reject(sim, outcome, "IDENTIFIER_MISSING");
    }
    if (!entity->exists) {
        return defer(sim, outcome, waited);
    }
    if (command->order != NONE && command->order != entity->order) {
        return reject(sim, outcome, "ACTION_REF_NOT_FOUND");
    }
    return command->kind == KIND_MODIFY    ? modify(sim, entity, command, outcome)
           : command->kind == KIND_REVERSE ? reverse(sim, entity, command, outcome)
                                           : approve(sim, entity, outcome);
}

/* --- order ids --- */

static struct note *note_of(struct entity *entity, int32_t action)
{
    for (int32_t i = 0; i < entity->note_count; i++) {
        if (entity->notes[i].action == action) {
            return &entity->notes[i];
        }
    }
    return NULL;
}

static int32_t newest(const struct entity *entity)
{
    const struct note *newest = NULL;
    for (int32_t i = 0; i < entity->note_count; i++) {
        const struct note *note = &entity->notes[i];
        if (newest == NULL || note->created_ms > newest->created_ms ||
            (note->created_ms == newest->created_ms && note->action > newest->action)) {
            newest = note;
        }
    }
    return newest != NULL ? newest->action : NONE;
}

static bool forward(struct sim *sim, const struct command *command, const struct outcome *outcome,
                    int32_t action)
{
    struct text to = PRINTF("action:A%d", action);
    model_owe(sim, to, command->source, command->id, (struct text){ NULL, 0 }, command, false);
    return model_expect(sim, outcome, "forwarded", "command.forwarded", NULL) &&
           (text_equal(member(outcome->value, "to"), to) ||
            sim_fail(sim, "E3: %.*s forwards to %.*s, the newest is %.*s", TEXT_ARGS(outcome->subject),
                     TEXT_ARGS(member(outcome->value, "to")), TEXT_ARGS(to)));
}

static bool track_order(struct sim *sim, struct entity *entity, const struct command *command,
                        const struct outcome *outcome)
{
    const struct fact *known = sim->model->entities[ENTITY_EVENT_TYPE][0].known;
    if (text_is(outcome->code, "ACTIONTRACKER_NOT_FOUND") && (known == NULL || !watch_must_know(sim, known))) {
        return reject(sim, outcome, "ACTIONTRACKER_NOT_FOUND");
    }
    struct note *note = note_of(entity, command->action);
    if (note == NULL) {
        ENSURE(entity->note_count < NOTES_MAX);
        note = &entity->notes[entity->note_count++];
        *note = (struct note){ command->action, outcome->time_ms, 0 };
    }
    note->tracks++;
    return forward(sim, command, outcome, command->action);
}

static bool forget(struct sim *sim, struct entity *entity, const struct command *command,
                   const struct outcome *outcome)
{
    struct note *note = note_of(entity, command->action);
    if (note == NULL) {
        return unchanged(sim, outcome);
    }
    if (--note->tracks == 0) {
        int32_t at = (int32_t)(note - entity->notes);
        entity->note_count--;
        for (int32_t i = at; i < entity->note_count; i++) {
            entity->notes[i] = entity->notes[i + 1];
        }
    }
    entity->version++;
    return model_expect(sim, outcome, "applied", "internal.oid.forgotten", NULL);
}

bool model_decide_order(struct sim *sim, struct entity *entity, const struct command *command,
                        const struct outcome *outcome, bool waited)
{
    if (command->kind == KIND_TRACK) {
        return track_order(sim, entity, command, outcome);
    }
    if (command->kind == KIND_FORGET) {
        return forget(sim, entity, command, outcome);
    }
    return entity->note_count == 0 ? defer(sim, outcome, waited)
                                   : forward(sim, command, outcome, newest(entity));
}
