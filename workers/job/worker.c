/* The row that the engine reads: messages, entities, states of the job worker. */
#include "workers/job/inside.h"

static struct text job_entity(const void *message, struct arena *arena)
{
    return entity_name(arena, "job", ((const struct job_command *)message)->batch_id);
}

#define AT_JOB(type_name, type_shape, function)                                                    \
    {                                                                                              \
        .name = type_name, .shape = &type_shape, .entity = job_entity,                             \
        .handlers = { { "job", function } }                                                        \
    }

static const struct message_type messages[] = {
    AT_JOB("import.start", import_start_shape, import_start),
    AT_JOB("import.report_line", report_line_shape, import_report_line),
    AT_JOB("import.finish", import_finish_shape, import_finish),
    AT_JOB("import.abort", import_abort_shape, import_abort),
    AT_JOB("order.resend_many", resend_many_shape, order_resend_many),
    AT_JOB("internal.line.report", line_report_shape, line_report),
};

static const struct state_type states[] = {
    { .entity_type = "job", .shape = &job_shape, .version = 1, .advance = job_advance },
    { .entity_type = "job/errors", .shape = &job_errors_shape, .version = 1 },
    { .entity_type = "job/lines", .shape = &job_lines_shape, .version = 1 },
};

static const struct line_reports line_reports = { "internal.line.report", "job" };

const struct worker job_worker = {
    .name = "job",
    .messages = messages,
    .message_count = sizeof(messages) / sizeof(*messages),
    .states = states,
    .state_count = sizeof(states) / sizeof(*states),
    .line_reports = &line_reports,
};
