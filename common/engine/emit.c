/*
 * Outcomes as records: ids, headers, the members common to all of them.
 * CloudEvents binary mode, key = entity. Everything lies in the run's arena until it is produced.
 */
#include "engine/emit_inside.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/uuid5.h"

static const char *const verdict_names[] = { "",         "applied",   "unchanged", "rejected",
                                             "duplicate", "deferred", "forwarded" };

const char *verdict_name(enum verdict verdict)
{
    return verdict_names[verdict];
}

/* --- kinds of outcomes --- */

static const char *topic_name(struct engine *engine, struct worker_slot *slot, const char *type,
                              const char *topic)
{
    const struct engine_setup *setup = &engine->setup;
    const char *name = setup->route != NULL ? setup->route(setup->route_context, type) : NULL;
    if (name != NULL || topic != NULL) {
        return name != NULL ? name : topic;
    }
    if (strcmp(type, "email.requested") == 0) {
        return "email-request";
    }
    return arena_printf(&engine->permanent, "%s-outcome%c", slot->worker->name, 0).at;
}

static struct outcome_kind *kind_of(struct engine *engine, struct worker_slot *slot,
                                    const char *type, const char *topic)
{
    for (size_t i = 0; i < engine->kind_count; i++) {
        struct outcome_kind *kind = &engine->kinds[i];
        if (kind->slot == slot && kind->topic_asked == topic &&
            (kind->type == type || strcmp(kind->type, type) == 0)) {
            return kind;
        }
    }
    ENSURE(engine->kind_count < OUTCOME_KINDS_MAX); /* types are constants of the workers */
    struct outcome_kind *kind = &engine->kinds[engine->kind_count];
    kind->type = type;
    kind->topic_asked = topic;
    kind->slot = slot;
    kind->topic_name = topic_name(engine, slot, type, topic);
    kind->topic = engine->bus->ops->topic(engine->bus, kind->topic_name);
    kind->ce_type = arena_join(&engine->permanent, TEXT("makegood."), text_of(type), TEXT(".v1"));
    kind->schema = arena_join(&engine->permanent, TEXT("urn:makegood:schema:"), kind->ce_type);
    engine->kind_count++; /* last: memory may run out before */
    return kind;
}

/* --- records --- */

struct effect *builder_effect(struct engine *engine, struct builder *builder,
                                 struct bus_place place, struct text key, struct text value)
{
    struct turn *turn = &engine->turn;
    struct effect *effect = arena_alloc(&turn->run_arena, sizeof(*effect));
    struct header *headers =
        (struct header *)(void *)arena_alloc(&turn->run_arena, builder->count * sizeof(struct header));
    memcpy(headers, builder->headers, builder->count * sizeof(struct header));
    effect->message = (struct bus_message){ place, key, value, headers, builder->count };
    *turn->effects_last = effect;
    turn->effects_last = &effect->next;
    return effect;
}

struct text emit_uuid(struct arena *arena, struct text name)
{
    char *made = arena_bytes(arena, UUID_TEXT_SIZE);
    uuid5(name, made);
    return (struct text){ made, UUID_TEXT_SIZE - 1 };
}

struct text emit_time(struct arena *arena, int64_t ms)
{
    char *text = arena_bytes(arena, TIME_TEXT_SIZE);
    time_format(ms, text);
    return (struct text){ text, TIME_TEXT_SIZE - 1 };
}

struct text emit_name_base(const struct decision *decision)
{
    struct arena *arena = &decision->engine->turn.run_arena;
    if (decision->timer) {
        ENSURE(decision->timer_kind != NULL);
        return arena_printf(arena, "%.*s|timer|%s|%lld|", TEXT_ARGS(decision->item->key),
                            decision->timer_kind, (long long)decision->timer_due_ms);
    }
    const struct message *message = decision->message;
    return arena_join(arena, message->source, TEXT("|"), message->id, TEXT("|"), decision->entity,
                      TEXT("|"));
}

struct text decision_next_id(struct decision *decision)
{
    struct arena *arena = &decision->engine->turn.run_arena;
    uint32_t ordinal = decision->first_ordinal;
    for (const struct said *said = decision->said_first; said != NULL; said = said->next) {
        ordinal++;
    }
    return emit_uuid(arena, arena_join(arena, emit_name_base(decision), arena_number(arena, ordinal)));
}

struct text decision_own_id(struct decision *decision, const char *word)
{
    struct arena *arena = &decision->engine->turn.run_arena;
    const struct message *message = decision->message;
    return emit_uuid(arena, arena_join(arena, message->source, TEXT("|"), message->id, TEXT("|"),
                                       text_of(word)));
}

static void put_command(struct json_writer *writer, const struct message *message)
{
    if (message == NULL || message->cause_source.at == NULL) {
        return;
    }
    json_open_object(writer, "command");
    json_put_text(writer, "source", message->cause_source);
    json_put_text(writer, "id", message->cause_id);
    json_put_text(writer, "type", message->cause_type);
    json_close_object(writer);
}

static void put_batch(struct json_writer *writer, const struct message *message)
{
    if (message != NULL && message->batch_id.at != NULL) {
        json_put_text(writer, "batchId", message->batch_id);
    }
    if (message != NULL && message->line != FIELD_ABSENT) {
        json_put_int(writer, "line", message->line);
    }
}

static void put_reason(struct json_writer *writer, const struct said *said)
{
    if (said->code == NULL) {
        return;
    }
    json_open_object(writer, "reason");
    json_put_text(writer, "code", text_of(said->code));
    json_put_text(writer, "detail", said->detail);
    json_put_text(writer, "pointer", said->pointer);
    json_close_object(writer);
}

static void put_terms(struct json_writer *writer, const struct said *said)
{
    if (said->terms_contract.at == NULL) {
        return;
    }
    json_open_object(writer, "terms");
    json_put_text(writer, "contractId", said->terms_contract);
    json_put_int(writer, "version", said->terms_version);
    json_put_text(writer, "rule", said->terms_rule);
    json_close_object(writer);
}

static struct text outcome_value(const struct message *message, struct arena *arena,
                                 struct text entity, int64_t version, struct text time,
                                 const struct said *said)
{
    struct json_writer writer;
    json_writer_init(&writer, arena, 640 + said->members.size);
    json_open_object(&writer, NULL);
    json_put_text(&writer, "entity", entity);
    json_put_int(&writer, "version", version);
    json_put_text(&writer, "effectiveTime", time);
    put_command(&writer, message);
    put_terms(&writer, said);
    put_reason(&writer, said);
    put_batch(&writer, message);
    struct text common = json_writer_text(&writer);
    return arena_join(arena, common, said->members.size > 0 ? TEXT(",") : TEXT(""), said->members,
                      TEXT("}"));
}

/* What an outcome is about, apart from what was said. */
struct about {
    struct worker_slot *slot;
    const struct message *message; /* NULL: a timer */
    struct text entity, name;
    int64_t version, time_ms;
};

static struct text correlation_of(const struct message *message)
{
    return message->correlation.at != NULL ? message->correlation
           : message->batch_id.at != NULL  ? message->batch_id
                                           : message->cause_id;
}

void builder_add_cause(struct builder *builder, const struct message *message)
{
    if (message != NULL) {
        builder_add(builder, "ce_causationid", message->cause_id);
        builder_add(builder, "ce_correlationid", correlation_of(message));
        builder_add(builder, "ce_traceparent", message->traceparent);
    }
}

static void emit_outcome(struct engine *engine, const struct about *about, const struct said *said)
{
    struct arena *arena = &engine->turn.run_arena;
    struct outcome_kind *kind = kind_of(engine, about->slot, said->type, said->topic);
    struct builder builder = { .engine = engine, .arena = arena };
    struct text time = emit_time(arena, about->time_ms);
    builder_add(&builder, "ce_specversion", TEXT("1.0"));
    builder_add(&builder, "ce_id", emit_uuid(arena, about->name));
    builder_add(&builder, "ce_source", about->slot->source);
    builder_add(&builder, "ce_type", kind->ce_type);
    builder_add(&builder, "ce_subject", about->entity);
    builder_add(&builder, "ce_time", time);
    builder_add(&builder, "content-type", TEXT("application/json"));
    builder_add(&builder, "ce_dataschema", kind->schema);
    builder_add_cause(&builder, about->message);
    if (said->verdict != VERDICT_NONE) {
        builder_add(&builder, "makegood-verdict", text_of(verdict_names[said->verdict]));
    }
    if (about->message != NULL) {
        builder_add(&builder, "makegood-input", about->message->input);
    }
    if (said->terms_contract.at != NULL) {
        builder_add(&builder, "makegood-terms",
                   arena_join(arena, said->terms_contract, TEXT("/"),
                              arena_number(arena, said->terms_version)));
    }
    struct text value =
        outcome_value(about->message, arena, about->entity, about->version, time, said);
    struct effect *effect = builder_effect(
        engine, &builder, (struct bus_place){ kind->topic, BUS_BY_KEY }, about->entity, value);
    effect->kind = kind;
    effect->verdict = (int32_t)said->verdict;
}

/* --- a decision --- */

void emit_decision(struct engine *engine, struct decision *decision, uint32_t *ordinal,
                   int64_t version)
{
    struct arena *arena = &engine->turn.run_arena;
    struct about about = { .slot = decision->item->partition->slot,
                           .message = decision->message,
                           .entity = decision->entity,
                           .version = version,
                           .time_ms = decision->time_ms };
    if (decision->said_first != NULL) {
        struct text base = emit_name_base(decision);
        for (const struct said *said = decision->said_first; said != NULL; said = said->next) {
            about.name = arena_join(arena, base, arena_number(arena, (*ordinal)++));
            emit_outcome(engine, &about, said);
        }
    }
    report_verdict(decision);
    for (const struct sent *sent = decision->sent_first; sent != NULL; sent = sent->next) {
        emit_sent(engine, decision, sent);
    }
}

/* --- verdicts that no rule gives --- */

void emit_by_engine(struct engine *engine, struct message *message, enum verdict verdict,
                           const char *type, const char *word, int64_t version, struct text members)
{
    struct arena *arena = &engine->turn.run_arena;
    struct said said = { .type = type, .verdict = verdict, .members = members };
    struct about about = {
        .slot = message->partition->slot, .message = message, .entity = message->entity,
        .version = version, .time_ms = message->time_ms,
        .name = arena_printf(arena, "%.*s|%.*s|%s|%.*s", TEXT_ARGS(message->source),
                             TEXT_ARGS(message->id), word, TEXT_ARGS(message->input)),
    };
    emit_outcome(engine, &about, &said);
}

void emit_duplicate(struct engine *engine, struct message *message, uint32_t outcomes)
{
    struct arena *arena = &engine->turn.run_arena;
    struct decision decision = { .engine = engine, .item = message->item, .message = message,
                                 .entity = message->entity };
    struct text base = emit_name_base(&decision);
    struct json_writer writer;
    json_writer_init(&writer, arena, 64 + outcomes * 40);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "originalOutcomeIds");
    for (uint32_t i = 0; i < outcomes; i++) {
        json_put_text(&writer, NULL, emit_uuid(arena, arena_join(arena, base, arena_number(arena, i))));
    }
    json_close_array(&writer);
    struct text object = json_writer_text(&writer);
    emit_by_engine(engine, message, VERDICT_DUPLICATE, "command.duplicate", "duplicate",
                   message->item->head->version, (struct text){ object.at + 1, object.size - 1 });
}
