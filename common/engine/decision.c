/* What rules call. Everything said is only noted here; decide.c makes it happen, run.c throws it away when something was missing. */
#include "engine/inside.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int64_t decision_time(const struct decision *decision)
{
    return decision->time_ms;
}

struct text decision_entity(const struct decision *decision)
{
    return decision->entity;
}

struct arena *decision_arena(struct decision *decision)
{
    return &decision->engine->turn.run_arena;
}

static struct item *part_item(struct decision *decision, struct text part)
{
    struct text key =
        arena_join(&decision->engine->turn.run_arena, decision->entity, TEXT("/"), part);
    return item_of(decision->engine, decision->item->partition, key);
}

static struct item *entity_item(struct decision *decision)
{
    if (decision->item->head_owner) {
        return decision->item;
    }
    return item_of(decision->engine, decision->item->partition, decision->entity);
}

static const struct put *last_put(const struct decision *decision, const struct item *item)
{
    const struct put *found = NULL;
    for (const struct put *put = decision->put_first; put != NULL; put = put->next) {
        found = put->item == item ? put : found;
    }
    return found;
}

static const void *state_of(struct decision *decision, struct item *item)
{
    const struct put *put = last_put(decision, item);
    if (put == NULL) {
        const void *state = item_decoded(decision->engine, item);
        decision->missing |= decision->engine->turn.missing;
        return state;
    }
    if (put->remove) {
        return NULL;
    }
    void *state = arena_alloc(&decision->engine->turn.run_arena, item->type->shape->size);
    ENSURE(shape_unpack(item->type->shape, put->body, &decision->engine->turn.run_arena, state));
    return state;
}

const void *decision_state(struct decision *decision)
{
    return state_of(decision, entity_item(decision));
}

const void *decision_part(struct decision *decision, struct text part)
{
    return state_of(decision, part_item(decision, part));
}

void decision_advance_first(struct decision *decision, struct text part, int64_t due_ms)
{
    struct turn *turn = &decision->engine->turn;
    ENSURE(!decision->timer && due_ms <= decision->time_ms);
    if (!turn->missing) { /* else this run is for nothing already */
        turn->missing = turn->due_asked = true;
        turn->asked_due = (struct view_due){ part_item(decision, part)->key, due_ms };
    }
}

const void *decision_look(struct decision *decision, struct text entity)
{
    return look_at(decision->engine, entity);
}

const void *decision_look_part(struct decision *decision, struct text key)
{
    return look_at(decision->engine, key);
}

const struct zone *decision_zone(struct decision *decision, struct text name)
{
    const struct engine_setup *setup = &decision->engine->setup;
    return setup->zone(setup->zone_context, name);
}

int64_t decision_version(struct decision *decision)
{
    return entity_item(decision)->head->version + 1;
}

/* --- the state --- */

static struct put *add_put(struct decision *decision, struct item *item)
{
    struct put *put = arena_alloc(&decision->engine->turn.run_arena, sizeof(*put));
    put->item = item;
    *decision->put_last = put;
    decision->put_last = &put->next;
    return put;
}

static void put_state(struct decision *decision, struct item *item, const void *state,
                      int64_t due_ms)
{
    ENSURE(item->type != NULL);
    struct put *put = add_put(decision, item);
    put->body = shape_pack(item->type->shape, state, &decision->engine->turn.run_arena);
    put->version = item->type->version;
    put->due_ms = due_ms;
}

void decision_put(struct decision *decision, const void *state, int64_t due_ms)
{
    put_state(decision, entity_item(decision), state, due_ms);
}

void decision_put_part(struct decision *decision, struct text part, const void *state,
                       int64_t due_ms)
{
    put_state(decision, part_item(decision, part), state, due_ms);
}

void decision_remove_part(struct decision *decision, struct text part)
{
    add_put(decision, part_item(decision, part))->remove = true;
}

/* --- the verdict and what follows --- */

static struct said *say(struct decision *decision, const char *type, const struct shape *shape,
                        const void *data)
{
    struct arena *arena = &decision->engine->turn.run_arena;
    struct said *said = arena_alloc(arena, sizeof(*said));
    said->type = type;
    said->terms_contract = decision->terms_contract;
    said->terms_rule = decision->terms_rule;
    said->terms_version = decision->terms_version;
    if (shape != NULL) {
        struct json_writer writer;
        json_writer_init(&writer, arena, 1024);
        json_open_object(&writer, NULL);
        shape_encode(shape, data, &writer);
        struct text object = json_writer_text(&writer);
        said->members = (struct text){ object.at + 1, object.size - 1 };
    }
    *decision->said_last = said;
    decision->said_last = &said->next;
    return said;
}

static struct said *say_verdict(struct decision *decision, enum verdict verdict, const char *type,
                                const struct shape *shape, const void *data)
{
    ENSURE(decision->verdict == VERDICT_NONE && !decision->timer);
    decision->verdict = verdict;
    struct said *said = say(decision, type, shape, data);
    said->verdict = verdict;
    return said;
}

void decision_applied(struct decision *decision, const char *type, const struct shape *shape,
                      const void *data)
{
    say_verdict(decision, VERDICT_APPLIED, type, shape, data);
}

void decision_unchanged(struct decision *decision)
{
    say_verdict(decision, VERDICT_UNCHANGED, "command.unchanged", NULL, NULL);
}

void decision_rejected(struct decision *decision, const char *code, const char *pointer,
                       const char *detail, ...)
{
    char text[512];
    va_list args;
    va_start(args, detail);
    vsnprintf(text, sizeof(text), detail, args);
    va_end(args);
    struct said *said = say_verdict(decision, VERDICT_REJECTED, "command.rejected", NULL, NULL);
    said->code = code;
    said->pointer = text_of(pointer);
    said->detail = arena_copy(&decision->engine->turn.run_arena, text_of(text));
}

static void send_to(struct decision *decision, struct text to, const char *type, struct text data)
{
    struct arena *arena = &decision->engine->turn.run_arena;
    struct sent *sent = arena_alloc(arena, sizeof(*sent));
    sent->to = arena_copy(arena, to);
    sent->type = type;
    sent->data = data;
    *decision->sent_last = sent;
    decision->sent_last = &sent->next;
}

void decision_forwarded_with(struct decision *decision, struct text entity, struct text note)
{
    struct arena *arena = &decision->engine->turn.run_arena;
    struct json_writer writer;
    json_writer_init(&writer, arena, 128);
    json_open_object(&writer, NULL);
    json_put_text(&writer, "to", entity);
    struct text object = json_writer_text(&writer);
    struct said *said = say_verdict(decision, VERDICT_FORWARDED, "command.forwarded", NULL, NULL);
    said->members = (struct text){ object.at + 1, object.size - 1 };
    send_to(decision, entity, NULL, note);
}

void decision_forwarded(struct decision *decision, struct text entity)
{
    decision_forwarded_with(decision, entity, (struct text){ 0 });
}

struct text decision_note(const struct decision *decision)
{
    return decision->message->note;
}

void decision_deferred(struct decision *decision, const char *code, const char *detail,
                       int64_t until_ms)
{
    const struct item *entity = entity_item(decision);
    uint32_t room = decision->message->origin == FROM_WORKER ? WAITING_OWN_MAX : WAITING_MAX;
    if (entity->head->waiting_count >= room && !decision->message->waited) {
        decision_rejected(decision, "TOO_MANY_WAITING", "",
                          "%u messages wait here already; send it again later", room);
        return;
    }
    struct said *said = say_verdict(decision, VERDICT_DEFERRED, "command.deferred", NULL, NULL);
    said->code = code;
    said->pointer = TEXT("");
    said->detail = text_of(detail);
    decision->defer_until_ms = until_ms;
    decision->defer_code = code;
}

void decision_asked(struct decision *decision, const char *code, const char *detail,
                    struct text entity, const char *type, const struct shape *shape,
                    const void *data)
{
    decision_deferred(decision, code, detail, 0);
    if (decision->verdict == VERDICT_DEFERRED) {
        decision->asked = true;
        decision_send(decision, entity, type, shape, data);
    }
}

const void *decision_answer(const struct decision *decision)
{
    return decision->message->answer;
}

void decision_terms(struct decision *decision, struct text contract_id, int64_t version,
                    struct text rule)
{
    struct arena *arena = &decision->engine->turn.run_arena;
    decision->terms_contract = arena_copy(arena, contract_id);
    decision->terms_rule = arena_copy(arena, rule);
    decision->terms_version = version;
}

void decision_timer(struct decision *decision, const char *kind)
{
    ENSURE(decision->timer);
    decision->timer_kind = kind;
}

void decision_outcome(struct decision *decision, const char *type, const struct shape *shape,
                      const void *data)
{
    ENSURE(decision->verdict != VERDICT_NONE || decision->timer);
    say(decision, type, shape, data);
}

void decision_outcome_on(struct decision *decision, const char *topic, const char *type,
                         const struct shape *shape, const void *data)
{
    ENSURE(decision->verdict != VERDICT_NONE || decision->timer);
    say(decision, type, shape, data)->topic = topic;
}

void decision_send(struct decision *decision, struct text entity, const char *type,
                   const struct shape *shape, const void *data)
{
    struct json_writer writer;
    json_writer_init(&writer, &decision->engine->turn.run_arena, 512);
    json_open_object(&writer, NULL);
    shape_encode(shape, data, &writer);
    json_close_object(&writer);
    send_to(decision, entity, type, json_writer_text(&writer));
}

void decision_wake(struct decision *decision)
{
    decision->wake = true;
}

void decision_count_change(struct decision *decision)
{
    decision->change_counts = true;
}

bool message_fault(const struct shape *shape, const void *message, const char *name)
{
    uint64_t faults;
    ENSURE(shape->faults_offset != SHAPE_NO_FAULTS);
    memcpy(&faults, (const char *)message + shape->faults_offset, sizeof(faults));
    const struct field *field = shape_field(shape, name);
    ENSURE(field != NULL);
    return (faults >> (field - shape->fields)) & 1;
}
