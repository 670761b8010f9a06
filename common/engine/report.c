/*
 * Lines of batches: a command that carries batchId and line tells its job what became of it, once: with
 * its final verdict, in the same transaction, or when it became a dead letter (worker.h: line_reports).
 */
#include "engine/inside.h"

#include <string.h>

enum { LINE_MAX = 1000000 };

static const struct field batch_line_fields[] = {
    { "batchId", FIELD_BATCH_ID, offsetof(struct batch_line, batch_id) },
    { "line", FIELD_INT, offsetof(struct batch_line, line), .min = 1, .max = LINE_MAX },
};
const struct shape batch_line_shape = { "line", batch_line_fields, 2, sizeof(struct batch_line),
                                        SHAPE_NO_FAULTS };

struct report {
    struct text batch_id;
    int64_t line;
    struct text code, order_id;
};

#define AT(member) offsetof(struct report, member)
static const struct field report_fields[] = {
    { "batchId", FIELD_BATCH_ID, AT(batch_id), .required = true },
    { "line", FIELD_INT, AT(line), .required = true, .min = 1, .max = LINE_MAX },
    { "code", FIELD_TEXT, AT(code), .max = 64 },
    { "orderId", FIELD_OID, AT(order_id) },
};
static const struct shape report_shape = { "report", report_fields,
                                           sizeof(report_fields) / sizeof(*report_fields),
                                           sizeof(struct report), SHAPE_NO_FAULTS };

static bool is_line(const struct engine *engine, const struct message *message)
{
    return engine->line_reporter != NULL && message->batch_id.at != NULL &&
           message->line != FIELD_ABSENT;
}

/* What the worker that is told decides it knows already. */
static bool is_counted(const struct engine *engine, const struct message *message)
{
    return is_line(engine, message) && message->partition->slot->worker != engine->line_reporter;
}

static void send_report(struct decision *decision, struct text code)
{
    const struct message *message = decision->message;
    const struct line_reports *reports = decision->engine->line_reporter->line_reports;
    struct report report = { message->batch_id, message->line, code, message->order_id };
    decision_send(decision,
                  entity_name(&decision->engine->turn.run_arena, reports->entity_type,
                              message->batch_id),
                  reports->type, &report_shape, &report);
}

void report_verdict(struct decision *decision)
{
    enum verdict verdict = decision->verdict;
    bool good = verdict == VERDICT_APPLIED || verdict == VERDICT_UNCHANGED;
    if ((good || verdict == VERDICT_REJECTED) && is_counted(decision->engine, decision->message)) {
        send_report(decision, good ? (struct text){ 0 } : text_of(decision->said_first->code));
    }
}

/* "id-conflict" becomes ID_CONFLICT. */
static struct text code_of(struct arena *arena, enum dead_reason reason)
{
    struct text name = text_of(dead_reason_name(reason));
    char *bytes = arena_bytes(arena, name.size);
    for (uint32_t i = 0; i < name.size; i++) {
        bytes[i] = name.at[i] == '-' ? '_' : (char)(name.at[i] - 'a' + 'A');
    }
    return (struct text){ bytes, name.size };
}

/* No entity decided; the record itself stands in its place in the name of the message. */
void report_dead_letter(struct engine *engine, struct message *message, enum dead_reason reason)
{
    struct item item = { .partition = message->partition };
    struct decision decision = { .engine = engine, .message = message, .item = &item,
                                 .entity = message->input };
    if (!is_line(engine, message)) {
        return;
    }
    decision.sent_last = &decision.sent_first;
    send_report(&decision, code_of(&engine->turn.run_arena, reason));
    emit_sent(engine, &decision, decision.sent_first);
}

/* Of a record that will be a dead letter by rows 4 or 5: its batch and line, if they can be read. */
void report_read_line(struct engine *engine, struct message *message, const struct event *event)
{
    struct batch_line line;
    struct field_fault fault;
    bool row = message->dead == DEAD_UNKNOWN_TYPE || message->dead == DEAD_MISDIRECTED ||
               message->dead == DEAD_SCHEMA;
    if (row && shape_decode(&batch_line_shape, &event->json, event->data, &engine->turn.arena, "", &line,
                            &fault)) {
        message->batch_id = line.batch_id;
        message->line = line.line;
    }
}
