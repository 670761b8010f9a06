/* order.resend_many: the confirmations of at most 100 orders again, each order a line (O15, C50, C51). */
#include <stddef.h>

#include "workers/job/inside.h"

struct resend_line {
    struct text order_id, batch_id;
    int64_t line;
};

#define AT(member) offsetof(struct resend_line, member)
static const struct field line_fields[] = {
    { "orderId", FIELD_ID, AT(order_id) },
    { "batchId", FIELD_BATCH_ID, AT(batch_id) },
    { "line", FIELD_INT, AT(line) },
};
static const struct shape line_shape = { "internal.order.resend", line_fields,
                                         sizeof(line_fields) / sizeof(*line_fields),
                                         sizeof(struct resend_line), SHAPE_NO_FAULTS };

#define OF_JOB(member) offsetof(struct job, member)
static const struct field accepted_fields[] = {
    { "type", FIELD_ENUM, OF_JOB(type), .names = job_types },
    { "submissionDate", FIELD_TIME, OF_JOB(submitted) },
    { "totalRecords", FIELD_INT, OF_JOB(total) },
};
static const struct shape accepted_shape = { "order.resend_accepted", accepted_fields,
                                             sizeof(accepted_fields) / sizeof(*accepted_fields),
                                             sizeof(struct job), SHAPE_NO_FAULTS };

/* The orders, each once, in the order of the command; at most RESEND_MAX + 1 of them. */
static uint32_t distinct(const struct list *given, struct text ids[RESEND_MAX + 1])
{
    const struct text *all = given->items;
    uint32_t count = 0;
    for (uint32_t i = 0; i < given->count && count <= RESEND_MAX; i++) {
        uint32_t at = 0;
        while (at < count && !text_equal(ids[at], all[i])) {
            at++;
        }
        if (at == count) {
            ids[count++] = all[i];
        }
    }
    return count;
}

/* Each answers by the report of its verdict, as any line does (engine/report.c). */
static void send_lines(struct decision *decision, struct text batch_id, const struct text *ids,
                       uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct resend_line line = { ids[i], batch_id, i + 1 };
        decision_send(decision, entity_name(decision_arena(decision), "order", ids[i]),
                      "internal.order.resend", &line_shape, &line);
    }
}

void order_resend_many(struct decision *decision, const void *message)
{
    const struct job_command *command = message;
    struct text ids[RESEND_MAX + 1];
    struct job job;
    uint32_t count = distinct(&command->order_ids, ids);
    if (count > RESEND_MAX) {
        decision_rejected(decision, "TOO_MANY_ORDERS", "/orderIds",
                          "at most %d orders in one request; send several", RESEND_MAX);
        return;
    }
    if (decision_state(decision)) {
        decision_rejected(decision, "JOB_EXISTS", "/batchId", "a batch of this id exists already");
        return;
    }
    shape_init(&job_shape, &job);
    job.type = JOB_RESEND;
    job.submitted = decision_time(decision);
    job.total = count;
    job.reported = job.errors = 0;
    decision_put(decision, &job, 0);
    decision_applied(decision, "order.resend_accepted", &accepted_shape, &job);
    send_lines(decision, command->batch_id, ids, count);
}
