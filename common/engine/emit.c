/*
 * Outcomes, follow-ups and dead letters as records: ids, headers, the members common to all outcomes.
 * CloudEvents binary mode, key = entity. Everything lies in the run's arena until it is produced.
 */
#include "engine/inside.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/uuid5.h"

enum { HEADERS_MAX = 20, DLQ_HEADERS = 9, DEAD_PREFIX_BYTES = 65536 };

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
    struct outcome_kind *kind = &engine->kinds[engine->kind_count++];
    kind->type = type;
    kind->topic_asked = topic;
    kind->slot = slot;
    kind->topic_name = topic_name(engine, slot, type, topic);
    kind->topic = engine->bus->ops->topic(engine->bus, kind->topic_name);
    kind->ce_type = arena_join(&engine->permanent, TEXT("makegood."), text_of(type), TEXT(".v1"));
    kind->schema = arena_join(&engine->permanent, TEXT("urn:makegood:schema:"), kind->ce_type);
    return kind;
}

/* --- records --- */

struct builder {
    struct engine *engine;
    struct arena *arena;
    struct header headers[HEADERS_MAX];
    size_t count;
};

static void add_header(struct builder *builder, const char *name, struct text value)
{
    if (value.at != NULL) {
        ENSURE(builder->count < HEADERS_MAX);
        builder->headers[builder->count++] = (struct header){ text_of(name), value };
    }
}

static struct effect *add_effect(struct engine *engine, struct builder *builder,
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

static struct text uuid_text(struct arena *arena, struct text name)
{
    char *made = arena_bytes(arena, UUID_TEXT_SIZE);
    uuid5(name, made);
    return (struct text){ made, UUID_TEXT_SIZE - 1 };
}

static struct text time_text(struct arena *arena, int64_t ms)
{
    char *text = arena_bytes(arena, TIME_TEXT_SIZE);
    time_format(ms, text);
    return (struct text){ text, TIME_TEXT_SIZE - 1 };
}

/* "source|id|entity|" of a message, or "entity|timer|kind|due|". */
static struct text name_base(const struct decision *decision)
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
    return uuid_text(arena, arena_join(arena, name_base(decision), arena_number(arena, ordinal)));
}

struct text decision_own_id(struct decision *decision, const char *word)
{
    struct arena *arena = &decision->engine->turn.run_arena;
    const struct message *message = decision->message;
    return uuid_text(arena, arena_join(arena, message->source, TEXT("|"), message->id, TEXT("|"),
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
    if (message != NULL && message->data != NULL && message->line != FIELD_ABSENT) {
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

static void cause_headers(struct builder *builder, const struct message *message)
{
    if (message != NULL) {
        add_header(builder, "ce_causationid", message->cause_id);
        add_header(builder, "ce_correlationid", correlation_of(message));
        add_header(builder, "ce_traceparent", message->traceparent);
    }
}

static void emit_outcome(struct engine *engine, const struct about *about, const struct said *said)
{
    struct arena *arena = &engine->turn.run_arena;
    struct outcome_kind *kind = kind_of(engine, about->slot, said->type, said->topic);
    struct builder builder = { .engine = engine, .arena = arena };
    struct text time = time_text(arena, about->time_ms);
    add_header(&builder, "ce_specversion", TEXT("1.0"));
    add_header(&builder, "ce_id", uuid_text(arena, about->name));
    add_header(&builder, "ce_source", about->slot->source);
    add_header(&builder, "ce_type", kind->ce_type);
    add_header(&builder, "ce_subject", about->entity);
    add_header(&builder, "ce_time", time);
    add_header(&builder, "content-type", TEXT("application/json"));
    add_header(&builder, "ce_dataschema", kind->schema);
    cause_headers(&builder, about->message);
    if (said->verdict != VERDICT_NONE) {
        add_header(&builder, "makegood-verdict", text_of(verdict_names[said->verdict]));
    }
    if (about->message != NULL) {
        add_header(&builder, "makegood-input", about->message->input);
    }
    if (said->terms_contract.at != NULL) {
        add_header(&builder, "makegood-terms",
                   arena_join(arena, said->terms_contract, TEXT("/"),
                              arena_number(arena, said->terms_version)));
    }
    struct text value =
        outcome_value(about->message, arena, about->entity, about->version, time, said);
    struct effect *effect = add_effect(
        engine, &builder, (struct bus_place){ kind->topic, BUS_BY_KEY }, about->entity, value);
    effect->kind = kind;
    effect->verdict = (int32_t)said->verdict;
}

/* --- messages to other entities --- */

static struct worker_slot *target_slot(struct engine *engine, struct text to)
{
    struct worker_slot *slot = slot_of_entity(engine, to);
    ENSURE(slot != NULL);
    return slot;
}

static void send_headers(struct builder *builder, const struct decision *decision, struct text to)
{
    add_header(builder, "content-type", TEXT("application/json"));
    add_header(builder, "makegood-from", decision->entity);
    add_header(builder, "makegood-to", to);
}

static void passed_on_headers(struct builder *builder, const struct message *message)
{
    add_header(builder, "ce_specversion", TEXT("1.0"));
    add_header(builder, "ce_id", message->id);
    add_header(builder, "ce_source", message->source);
    add_header(builder, "ce_type",
               arena_join(builder->arena, TEXT("makegood."), text_of(message->type->name), TEXT(".v1")));
    add_header(builder, "ce_correlationid", message->correlation);
    add_header(builder, "ce_traceparent", message->traceparent);
}

static struct text origin_text(struct arena *arena, const struct message *message)
{
    if (message == NULL || message->cause_source.at == NULL) {
        return (struct text){ 0 };
    }
    return arena_join(arena, message->cause_source, TEXT("|"), message->cause_id, TEXT("|"),
                      message->cause_type);
}

static void own_headers(struct builder *builder, const struct decision *decision,
                        const struct sent *sent, uint32_t n)
{
    struct arena *arena = builder->arena;
    struct text name = arena_join(arena, name_base(decision), TEXT("to|"), sent->to, TEXT("|"),
                                  arena_number(arena, n));
    add_header(builder, "ce_specversion", TEXT("1.0"));
    add_header(builder, "ce_id", uuid_text(arena, name));
    add_header(builder, "ce_source", decision->item->partition->slot->source);
    add_header(builder, "ce_type",
               arena_join(arena, TEXT("makegood."), text_of(sent->type), TEXT(".v1")));
    add_header(builder, "makegood-name", name);
    add_header(builder, "makegood-origin", origin_text(arena, decision->message));
    cause_headers(builder, decision->message);
}

static uint32_t sent_while_waiting(const struct message *message, struct text to)
{
    const struct sent_count *counts = message != NULL ? message->sent_counts.items : NULL;
    for (uint32_t i = 0; counts != NULL && i < message->sent_counts.count; i++) {
        if (text_equal(counts[i].to, to)) {
            return (uint32_t)counts[i].count;
        }
    }
    return 0;
}

static uint32_t sent_before(const struct decision *decision, const struct sent *sent)
{
    uint32_t n = sent_while_waiting(decision->message, sent->to);
    for (const struct sent *earlier = decision->sent_first; earlier != sent; earlier = earlier->next) {
        n += earlier->type != NULL && text_equal(earlier->to, sent->to);
    }
    return n;
}

void emit_sent(struct engine *engine, const struct decision *decision, const struct sent *sent)
{
    struct worker_slot *slot = target_slot(engine, sent->to);
    struct builder builder = { .engine = engine, .arena = &engine->turn.run_arena };
    if (!slot->open) {
        engine->turn.wants_slot = slot;
        engine->turn.missing = true;
        return;
    }
    struct text value = sent->data;
    if (sent->type == NULL) {
        passed_on_headers(&builder, decision->message);
        add_header(&builder, "makegood-note", sent->data);
        value = decision->message->data_json;
    } else {
        own_headers(&builder, decision, sent, sent_before(decision, sent));
    }
    send_headers(&builder, decision, sent->to);
    add_effect(engine, &builder,
               (struct bus_place){ slot->input, partition_of(sent->to, slot->count) }, sent->to, value);
}

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
        struct text base = name_base(decision);
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

static void emit_by_engine(struct engine *engine, struct message *message, enum verdict verdict,
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
    struct text base = name_base(&decision);
    struct json_writer writer;
    json_writer_init(&writer, arena, 64 + outcomes * 40);
    json_open_object(&writer, NULL);
    json_open_array(&writer, "originalOutcomeIds");
    for (uint32_t i = 0; i < outcomes; i++) {
        json_put_text(&writer, NULL, uuid_text(arena, arena_join(arena, base, arena_number(arena, i))));
    }
    json_close_array(&writer);
    struct text object = json_writer_text(&writer);
    emit_by_engine(engine, message, VERDICT_DUPLICATE, "command.duplicate", "duplicate",
                   message->item->head->version, (struct text){ object.at + 1, object.size - 1 });
}

/* On the wrong partition: passed on to the right one, once. A copy that is still wrong means that
 * partition counts disagree, which no loop would mend. */
void emit_misrouted(struct engine *engine, struct message *message)
{
    struct arena *arena = &engine->turn.run_arena;
    struct worker_slot *slot = message->partition->slot;
    int32_t partition = partition_of(message->entity, slot->count);
    if (message->hopped || message->origin == FROM_WORKER) {
        engine->turn.halted = engine->turn.missing = true;
        err_note(&engine->turn.failed_note, ERR_CONFIG,
                 "%s was forwarded to the partition of its entity and is still on the wrong one: "
                 "producers and workers disagree about the partition count of topic %s",
                 message->input.at, slot->worker->name);
        return;
    }
    struct json_writer writer;
    json_writer_init(&writer, arena, 128);
    json_open_object(&writer, NULL);
    json_put_text(&writer, "to", message->entity);
    struct text object = json_writer_text(&writer);
    emit_by_engine(engine, message, VERDICT_FORWARDED, "command.forwarded", "forwarded", 0,
                   (struct text){ object.at + 1, object.size - 1 });
    struct builder builder = { .engine = engine, .arena = arena };
    passed_on_headers(&builder, message);
    add_header(&builder, "content-type", TEXT("application/json"));
    add_header(&builder, "makegood-hop", TEXT("1"));
    if (message->origin == FROM_FORWARD) {
        add_header(&builder, "makegood-to", message->entity);
        add_header(&builder, "makegood-note", message->note);
    }
    add_effect(engine, &builder, (struct bus_place){ slot->input, partition }, message->entity,
               message->data_json);
}

/* --- dead letters --- */

static size_t header_bytes(const struct header *headers, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += headers[i].name.size + headers[i].value.size + 16;
    }
    return bytes;
}

/* Too big for the broker even there: hash, length and the beginning stand for the value, and a key or
 * headers that are as large are left out. */
static void by_reference(struct builder *builder, struct text *key, struct text *value,
                         const struct header *headers, size_t *header_count)
{
    struct arena *arena = builder->arena;
    struct hash128 hash = hash128(*value);
    uint32_t size = value->size;
    value->size = size < DEAD_PREFIX_BYTES ? size : DEAD_PREFIX_BYTES;
    struct text says =
        arena_printf(arena, "xxh3-128 %016llx%016llx, %u bytes, value holds the first %u",
                     (unsigned long long)hash.high, (unsigned long long)hash.low, size, value->size);
    if (key->size > DEAD_PREFIX_BYTES) {
        says = arena_printf(arena, "%.*s; left out: key of %u bytes", TEXT_ARGS(says), key->size);
        *key = (struct text){ 0 };
    }
    if (header_bytes(headers, *header_count) > DEAD_PREFIX_BYTES) {
        says = arena_printf(arena, "%.*s; left out: %zu headers", TEXT_ARGS(says), *header_count);
        *header_count = 0;
    }
    add_header(builder, "dlq-by-reference", says);
}

void emit_dead_letter(struct engine *engine, struct message *message, enum dead_reason reason,
                      struct text detail)
{
    struct arena *arena = &engine->turn.run_arena;
    struct worker_slot *slot = message->partition->slot;
    struct builder builder = { .engine = engine, .arena = arena };
    size_t count = engine->bus->ops->headers(engine->bus, &message->record, NULL, 0);
    struct header *original = arena_alloc(arena, (count + DLQ_HEADERS + 1) * sizeof(struct header));
    engine->bus->ops->headers(engine->bus, &message->record, original, count);
    add_header(&builder, "dlq-reason", text_of(dead_reason_name(reason)));
    add_header(&builder, "dlq-detail", detail);
    add_header(&builder, "dlq-topic", text_of(slot->worker->name));
    add_header(&builder, "dlq-partition", arena_number(arena, message->record.place.partition));
    add_header(&builder, "dlq-offset", arena_number(arena, message->record.offset));
    add_header(&builder, "dlq-timestamp-ms", arena_number(arena, message->record.timestamp_ms));
    add_header(&builder, "dlq-worker", slot->source);
    add_header(&builder, "dlq-first-failed-at", time_text(arena, message->time_ms));
    add_header(&builder, "dlq-redrives", TEXT("0"));
    struct text key = message->record.key, value = message->record.value;
    if (value.size + key.size + header_bytes(original, count) > DEAD_LETTER_BYTES_MAX) {
        by_reference(&builder, &key, &value, original, &count);
    }
    ENSURE(builder.count <= DLQ_HEADERS + 1);
    memcpy(original + count, builder.headers, builder.count * sizeof(struct header));
    struct effect *effect = add_effect(engine, &builder, (struct bus_place){ slot->dlq, BUS_BY_KEY },
                                       key, value);
    effect->message.headers = original;
    effect->message.header_count = count + builder.count;
    effect->dead = reason;
    report_dead_letter(engine, message, reason);
}
