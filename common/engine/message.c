/* One input record becomes a message: envelope, type, data, entity; or the reason why it cannot. */
#include "engine/inside.h"

#include <stdio.h>
#include <string.h>

#include "base/uuid5.h"

/* Texts of the event borrow the record or the scratch arena; the turn needs them longer. */
static struct text keep(struct engine *engine, const struct message *message, struct text text)
{
    const char *from = message->record.value.at, *to = from + message->record.value.size;
    if (text.at == NULL || (text.at >= from && text.at + text.size <= to)) {
        return text;
    }
    return arena_copy(&engine->turn.arena, text);
}

static void dead(struct engine *engine, struct message *message, enum dead_reason reason,
                 const char *detail)
{
    message->dead = reason;
    message->dead_detail = arena_copy(&engine->turn.arena, text_of(detail));
}

static bool other_worker_knows(const struct engine *engine, const struct worker *not_this,
                               struct text name)
{
    for (size_t i = 0; i < engine->slot_count; i++) {
        const struct worker *worker = engine->slots[i].worker;
        if (worker != not_this && worker_message(worker, name) != NULL) {
            return true;
        }
    }
    return false;
}

/* Row 4. Internal messages come from workers alone. */
static bool resolve_type(struct engine *engine, struct message *message, const struct event *event)
{
    struct text name = event_short_type(event->type);
    const struct worker *worker = message->partition->slot->worker;
    bool internal = name.at != NULL && text_starts(name, TEXT("internal."));
    message->type = name.at == NULL || (internal && !event->from_worker) ? NULL
                                                                       : worker_message(worker, name);
    if (message->type != NULL) {
        return true;
    }
    char detail[256];
    if (name.at != NULL && !internal && other_worker_knows(engine, worker, name)) {
        snprintf(detail, sizeof(detail), "%.*s does not belong on topic %s", TEXT_ARGS(name),
                 worker->name);
        dead(engine, message, DEAD_MISDIRECTED, detail);
    } else {
        snprintf(detail, sizeof(detail), "type %.*s is not an input of this release",
                 (int)(event->type.size > 128 ? 128 : event->type.size), event->type.at);
        dead(engine, message, DEAD_UNKNOWN_TYPE, detail);
    }
    return false;
}

/* A worker's message carries the name that its id was made from; it must end in "|to|<target>|<n>". */
static bool sender_valid(struct text name, struct text to, struct text id)
{
    char made[UUID_TEXT_SIZE];
    if (name.at == NULL || to.at == NULL) {
        return false;
    }
    uuid5(name, made);
    if (!text_is(id, made)) {
        return false;
    }
    uint32_t end = name.size;
    while (end > 0 && name.at[end - 1] >= '0' && name.at[end - 1] <= '9') {
        end--;
    }
    uint32_t tail = 4 + to.size + 1; /* "|to|" target "|" */
    return end < name.size && end >= tail && memcmp(name.at + end - tail, "|to|", 4) == 0 &&
           memcmp(name.at + end - 1 - to.size, to.at, to.size) == 0 && name.at[end - 1] == '|';
}

/* "source|id|type" of the first cause. */
static void read_origin(struct message *message, struct text origin)
{
    const char *first = memchr(origin.at, '|', origin.size);
    if (first == NULL) {
        return;
    }
    const char *end = origin.at + origin.size;
    const char *second = memchr(first + 1, '|', (size_t)(end - first - 1));
    if (second == NULL) {
        return;
    }
    message->cause_source = (struct text){ origin.at, (uint32_t)(first - origin.at) };
    message->cause_id = (struct text){ first + 1, (uint32_t)(second - first - 1) };
    message->cause_type = (struct text){ second + 1, (uint32_t)(end - second - 1) };
}

static bool resolve_origin(struct engine *engine, struct message *message,
                           const struct event *event, const struct header *headers, size_t count)
{
    struct text to = keep(engine, message, header_value(headers, count, "makegood-to"));
    message->hopped = header_value(headers, count, "makegood-hop").at != NULL;
    message->source = keep(engine, message, event->source);
    message->id = keep(engine, message, event->id);
    message->correlation = keep(engine, message, event->correlation);
    message->traceparent = keep(engine, message, event->traceparent);
    message->entity = to;
    message->note = keep(engine, message, header_value(headers, count, "makegood-note"));
    if (!event->from_worker) {
        message->origin = to.at != NULL ? FROM_FORWARD : FROM_OUTSIDE;
        message->cause_source = message->source;
        message->cause_id = message->id;
        message->cause_type = keep(engine, message, event->type);
        return true;
    }
    message->origin = FROM_WORKER;
    struct text origin = keep(engine, message, header_value(headers, count, "makegood-origin"));
    if (origin.at != NULL) {
        read_origin(message, origin);
    }
    if (!sender_valid(header_value(headers, count, "makegood-name"), to, event->id)) {
        dead(engine, message, DEAD_MALFORMED,
             "source begins with /makegood/, which only workers may use; take another source");
        return false;
    }
    return true;
}

static void fingerprint(struct engine *engine, struct message *message, const struct event *event)
{
    struct hash128 data = json_fingerprint(&event->json, &engine->scratch, event->data);
    struct text bytes = { (const char *)&data, sizeof(data) };
    message->id_hash = hash128_two(message->source, message->id);
    message->payload_hash = hash128_two(event_short_type(event->type), bytes);
}

bool message_batch(struct message *message, const struct json *json, uint32_t token,
                   struct arena *arena, struct field_fault *fault)
{
    const struct worker_slot *slot = message->partition->slot;
    size_t index = (size_t)(message->type - slot->worker->messages);
    const char *data = message->data;
    struct batch_line line = { .line = FIELD_ABSENT };
    if (slot->batch_offsets[index] < 0 &&
        !shape_decode(&batch_line_shape, json, token, arena, "/data", &line, fault)) {
        return false;
    }
    message->batch_id = line.batch_id;
    message->line = line.line;
    if (slot->batch_offsets[index] >= 0) {
        memcpy(&message->batch_id, data + slot->batch_offsets[index], sizeof(struct text));
    }
    if (slot->line_offsets[index] >= 0) {
        memcpy(&message->line, data + slot->line_offsets[index], sizeof(int64_t));
    }
    if (slot->order_offsets[index] >= 0) {
        memcpy(&message->order_id, data + slot->order_offsets[index], sizeof(struct text));
    }
    return true;
}

static bool decode_data(struct engine *engine, struct message *message, const struct event *event)
{
    struct field_fault fault;
    struct arena *arena = &engine->turn.arena;
    void *data = arena_alloc(arena, message->type->shape->size);
    message->data = data;
    if (!shape_decode(message->type->shape, &event->json, event->data, arena, "/data", data, &fault) ||
        !message_batch(message, &event->json, event->data, arena, &fault)) {
        message->data = NULL;
        char detail[sizeof(fault.pointer) + sizeof(fault.expected) + 2];
        snprintf(detail, sizeof(detail), "%s %s", fault.pointer, fault.expected);
        dead(engine, message, DEAD_SCHEMA, detail);
        return false;
    }
    message->data_json = json_raw(&event->json, event->data);
    return true;
}

static void cite(struct engine *engine, struct message *message)
{
    struct arena *arena = &engine->turn.arena;
    message->input = arena_join(arena, text_of(message->partition->slot->worker->name), TEXT("/"),
                                arena_number(arena, message->record.place.partition), TEXT("/"),
                                arena_number(arena, message->record.offset));
}

void message_decode(struct engine *engine, struct message *message)
{
    struct header headers[BUS_HEADERS_MAX];
    size_t count = engine->bus->ops->headers(engine->bus, &message->record, headers, BUS_HEADERS_MAX);
    count = count > BUS_HEADERS_MAX ? BUS_HEADERS_MAX : count;
    struct event event;
    struct event_fault fault;
    arena_reset(&engine->scratch);
    cite(engine, message);
    if (!event_read(&engine->scratch, message->record.value, headers, count, &event, &fault)) {
        dead(engine, message, fault.reason, fault.detail);
        return;
    }
    if (!resolve_origin(engine, message, &event, headers, count) ||
        !resolve_type(engine, message, &event) || !decode_data(engine, message, &event)) {
        report_read_line(engine, message, &event);
        return;
    }
    if (message->entity.at == NULL) {
        message->entity = message->type->entity(message->data, &engine->turn.arena);
    } else if (message_handler(message->type, message->entity) == NULL) {
        dead(engine, message, DEAD_MALFORMED, "header makegood-to names an entity that cannot "
                                              "decide this type; only workers set it");
        return;
    }
    if (message->origin != FROM_WORKER) {
        fingerprint(engine, message, &event);
    }
    const struct partition *partition = message->partition;
    message->misrouted =
        partition_of(message->entity, partition->slot->count) != partition->number;
    if (!message->misrouted) {
        message->item = item_of(engine, message->partition, message->entity);
    }
}
