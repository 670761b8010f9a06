/*
 * Messages to other entities: a rule's own, a command passed on, and a record that came to the wrong
 * partition.
 */
#include "engine/emit_inside.h"

static void send_headers(struct builder *builder, const struct decision *decision, struct text to)
{
    builder_add(builder, "content-type", TEXT("application/json"));
    builder_add(builder, "makegood-from", decision->entity);
    builder_add(builder, "makegood-to", to);
}

static void passed_on_headers(struct builder *builder, const struct message *message)
{
    builder_add(builder, "ce_specversion", TEXT("1.0"));
    builder_add(builder, "ce_id", message->id);
    builder_add(builder, "ce_source", message->source);
    builder_add(builder, "ce_type",
               arena_join(builder->arena, TEXT("makegood."), text_of(message->type->name), TEXT(".v1")));
    builder_add(builder, "ce_correlationid", message->correlation);
    builder_add(builder, "ce_traceparent", message->traceparent);
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
    struct text name = arena_join(arena, emit_name_base(decision), TEXT("to|"), sent->to, TEXT("|"),
                                  arena_number(arena, n));
    builder_add(builder, "ce_specversion", TEXT("1.0"));
    builder_add(builder, "ce_id", emit_uuid(arena, name));
    builder_add(builder, "ce_source", decision->item->partition->slot->source);
    builder_add(builder, "ce_type",
               arena_join(arena, TEXT("makegood."), text_of(sent->type), TEXT(".v1")));
    builder_add(builder, "makegood-name", name);
    builder_add(builder, "makegood-origin", origin_text(arena, decision->message));
    builder_add_cause(builder, decision->message);
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
    struct worker_slot *slot = slot_of_entity(engine, sent->to);
    struct builder builder = { .engine = engine, .arena = &engine->turn.run_arena };
    if (slot->count == 0) {
        engine->turn.wants_slot = slot;
        engine->turn.missing = true;
        return;
    }
    struct text value = sent->data;
    if (sent->type == NULL) {
        passed_on_headers(&builder, decision->message);
        builder_add(&builder, "makegood-note", sent->data);
        value = decision->message->data_json;
    } else {
        own_headers(&builder, decision, sent, sent_before(decision, sent));
    }
    send_headers(&builder, decision, sent->to);
    builder_effect(engine, &builder,
               (struct bus_place){ slot->input, partition_of(sent->to, slot->count) }, sent->to, value);
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
    builder_add(&builder, "content-type", TEXT("application/json"));
    builder_add(&builder, "makegood-hop", TEXT("1"));
    if (message->origin == FROM_FORWARD) {
        builder_add(&builder, "makegood-to", message->entity);
        builder_add(&builder, "makegood-note", message->note);
    }
    builder_effect(engine, &builder, (struct bus_place){ slot->input, partition }, message->entity,
               message->data_json);
}
