/*
 * Messages that wait for what they need, each whole in a part "wait:<n>" of its entity with a due time
 * of its own. The head lists them in the order in which they came.
 */
#include "engine/inside.h"

#include <stdio.h>
#include <string.h>

struct waiting_state {
    struct text source, id, type, data;
    struct text cause_source, cause_id, cause_type;
    struct text correlation, traceparent, input, code;
    int64_t seen_number, next_ordinal;
    int32_t from_worker;
    struct list sent_counts;
    struct text note;
};

static const struct field sent_count_fields[] = {
    { .name = "to", .kind = FIELD_TEXT, .offset = offsetof(struct sent_count, to) },
    { .name = "count", .kind = FIELD_INT, .offset = offsetof(struct sent_count, count) },
};

static const struct shape sent_count_shape = {
    .name = "sentCount",
    .fields = sent_count_fields,
    .count = sizeof(sent_count_fields) / sizeof(sent_count_fields[0]),
    .size = sizeof(struct sent_count),
    .faults_offset = SHAPE_NO_FAULTS,
};

/* Stored: gains fields at its end only (wire/field.h). */
static const struct field waiting_fields[] = {
    { .name = "source", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, source) },
    { .name = "id", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, id) },
    { .name = "type", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, type) },
    { .name = "data", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, data) },
    { .name = "causeSource", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, cause_source) },
    { .name = "causeId", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, cause_id) },
    { .name = "causeType", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, cause_type) },
    { .name = "correlation", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, correlation) },
    { .name = "traceparent", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, traceparent) },
    { .name = "input", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, input) },
    { .name = "code", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, code) },
    { .name = "seenNumber", .kind = FIELD_INT, .offset = offsetof(struct waiting_state, seen_number) },
    { .name = "nextOrdinal", .kind = FIELD_INT, .offset = offsetof(struct waiting_state, next_ordinal) },
    { .name = "fromWorker", .kind = FIELD_BOOL, .offset = offsetof(struct waiting_state, from_worker) },
    { .name = "sentCounts", .kind = FIELD_LIST, .offset = offsetof(struct waiting_state, sent_counts),
      .shape = &sent_count_shape },
    { .name = "note", .kind = FIELD_TEXT, .offset = offsetof(struct waiting_state, note) },
};

static const struct shape waiting_shape = {
    .name = "waiting",
    .fields = waiting_fields,
    .count = sizeof(waiting_fields) / sizeof(waiting_fields[0]),
    .size = sizeof(struct waiting_state),
    .faults_offset = SHAPE_NO_FAULTS,
};

static struct item *waiting_item(struct engine *engine, struct item *entity, int64_t number)
{
    struct arena *arena = &engine->turn.run_arena;
    struct text key =
        arena_join(arena, entity->key, TEXT("/wait:"), arena_number(arena, number));
    return item_of(engine, entity->partition, key);
}

static void list_add(struct engine *engine, struct item *entity, struct waiting waiting)
{
    struct head *head = item_head_change(engine, entity);
    struct waiting *list =
        arena_alloc(&engine->turn.arena, (head->waiting_count + 1) * sizeof(struct waiting));
    if (head->waiting_count > 0) {
        memcpy(list, head->waiting, head->waiting_count * sizeof(struct waiting));
    }
    list[head->waiting_count++] = waiting;
    head->waiting = list;
    head->wait_next = waiting.number + 1;
}

/* How many messages of its own went to each target so far, those of the decision included. */
static struct list counts_after(struct engine *engine, const struct message *message,
                                const struct decision *decision)
{
    uint32_t sent_now = 0;
    for (const struct sent *sent = decision->sent_first; sent != NULL; sent = sent->next) {
        sent_now++;
    }
    struct list counts = { 0 };
    struct sent_count *all = arena_alloc(&engine->turn.run_arena,
                                         (message->sent_counts.count + sent_now) * sizeof(*all));
    if (message->sent_counts.count > 0) {
        memcpy(all, message->sent_counts.items, message->sent_counts.count * sizeof(*all));
    }
    counts = (struct list){ all, message->sent_counts.count };
    for (const struct sent *sent = decision->sent_first; sent != NULL; sent = sent->next) {
        uint32_t i = 0;
        while (i < counts.count && !text_equal(all[i].to, sent->to)) {
            i++;
        }
        counts.count += i == counts.count;
        all[i].to = sent->to;
        all[i].count++;
    }
    return counts;
}

void waiting_add(struct engine *engine, struct message *message, const struct decision *decision,
                 int64_t seen_number, uint32_t next_ordinal)
{
    struct item *entity = message->item;
    int64_t number = entity->head->wait_next;
    struct waiting_state state = {
        .source = message->source, .id = message->id,
        .type = text_of(message->type->name), .data = message->data_json,
        .cause_source = message->cause_source, .cause_id = message->cause_id,
        .cause_type = message->cause_type, .correlation = message->correlation,
        .traceparent = message->traceparent, .input = message->input, .note = message->note,
        .code = text_of(decision->defer_code), .seen_number = seen_number,
        .next_ordinal = next_ordinal, .from_worker = message->origin == FROM_WORKER,
        .sent_counts = counts_after(engine, message, decision),
    };
    struct item *item = waiting_item(engine, entity, number);
    item_change(engine, item);
    item->loaded = item->present = true;
    item->body = shape_pack(&waiting_shape, &state, &engine->turn.arena);
    item->body_version = 1;
    item->due_ms = decision->defer_until_ms;
    list_add(engine, entity, (struct waiting){ number, decision->defer_until_ms, decision->asked });
}

void waiting_keep(struct engine *engine, const struct message *message,
                  const struct decision *decision)
{
    struct item *entity = message->item;
    struct item *item = waiting_item(engine, entity, message->wait_number);
    struct head *head = item_head_change(engine, entity);
    struct waiting *list = arena_alloc(&engine->turn.arena, head->waiting_count * sizeof(*list));
    struct waiting_state state;
    memcpy(list, head->waiting, head->waiting_count * sizeof(*list));
    head->waiting = list;
    while (list->number != message->wait_number) {
        list++;
    }
    ENSURE(shape_unpack(&waiting_shape, item->body, &engine->turn.run_arena, &state));
    state.code = text_of(decision->defer_code);
    state.sent_counts = counts_after(engine, message, decision);
    item_change(engine, item);
    item->body = shape_pack(&waiting_shape, &state, &engine->turn.arena);
    if (decision->asked || list->until_ms == 0) { /* an end once set stays */
        list->until_ms = item->due_ms = decision->defer_until_ms;
    }
    list->asking = decision->asked;
}

const struct waiting *waiting_asking(const struct head *head)
{
    for (uint32_t i = 0; i < head->waiting_count; i++) {
        if (head->waiting[i].asking) {
            return &head->waiting[i];
        }
    }
    return NULL;
}

void waiting_remove(struct engine *engine, struct item *entity, int64_t number)
{
    struct head *head = item_head_change(engine, entity);
    struct waiting *list =
        arena_alloc(&engine->turn.arena, head->waiting_count * sizeof(struct waiting));
    uint32_t count = 0;
    for (uint32_t i = 0; i < head->waiting_count; i++) {
        if (head->waiting[i].number != number) {
            list[count++] = head->waiting[i];
        }
    }
    head->waiting = list;
    head->waiting_count = count;
    struct item *item = waiting_item(engine, entity, number);
    item_change(engine, item);
    item->present = false;
    item->body = (struct text){ 0 };
    item->due_ms = 0;
}

static const struct message_type *type_by_name(const struct worker *worker, struct text name)
{
    for (size_t i = 0; i < worker->message_count; i++) {
        if (text_is(name, worker->messages[i].name)) {
            return &worker->messages[i];
        }
    }
    return NULL;
}

static bool rebuild(struct engine *engine, const struct waiting_state *state, struct message *message)
{
    struct arena *arena = &engine->turn.run_arena;
    struct json json;
    struct json_fault json_fault;
    struct field_fault field_fault;
    void *data;
    message->type = type_by_name(message->partition->slot->worker, state->type);
    if (message->type == NULL || !json_parse(arena, state->data, &json, &json_fault)) {
        return false;
    }
    data = arena_alloc(arena, message->type->shape->size);
    message->data = data;
    message->data_json = state->data;
    return shape_decode(message->type->shape, &json, 0, arena, "/data", data, &field_fault) &&
           message_batch(message, &json, 0, arena, &field_fault);
}

/* All that wait at the entity, in one round trip: when one is read, the others mostly follow. */
static void want_all(struct engine *engine, struct item *entity)
{
    const struct head *head = entity->head;
    for (uint32_t i = 0; i < head->waiting_count; i++) {
        item_ready(engine, waiting_item(engine, entity, head->waiting[i].number));
    }
}

/* The waiting message as it was, ready to be decided. False while it has to be fetched. */
bool waiting_read(struct engine *engine, struct item *entity, int64_t number,
                  struct message *message)
{
    struct item *item = waiting_item(engine, entity, number);
    struct waiting_state state;
    if (!item_ready(engine, item)) {
        want_all(engine, entity);
        return false;
    }
    if (item->body.at == NULL ||
        !shape_unpack(&waiting_shape, item->body, &engine->turn.run_arena, &state)) {
        return item_halt(engine, item, RECORD_BROKEN);
    }
    *message = (struct message){
        .partition = entity->partition, .item = entity, .entity = entity->key,
        .source = state.source, .id = state.id, .cause_source = state.cause_source,
        .cause_id = state.cause_id, .cause_type = state.cause_type,
        .correlation = state.correlation, .traceparent = state.traceparent, .note = state.note,
        .input = state.input, .origin = state.from_worker == 1 ? FROM_WORKER : FROM_FORWARD,
        .waited = true, .wait_number = number, .seen_number = state.seen_number,
        .first_ordinal = (uint32_t)state.next_ordinal, .line = FIELD_ABSENT,
        .sent_counts = state.sent_counts,
    };
    if (!rebuild(engine, &state, message)) {
        return item_halt(engine, item, RECORD_NEWER);
    }
    return true;
}
