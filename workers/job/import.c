/* A batch from its start, or its first line, to its end. */
#include <stddef.h>

#include "workers/job/inside.h"

enum { STATUS_CONTRACT_ERROR = 1, STATUS_VALIDATION_ERROR };

/* The job as it is, or as it begins with this message. */
static struct job open_job(struct decision *decision)
{
    const struct job *before = decision_state(decision);
    struct job job;
    if (before) {
        return *before;
    }
    shape_init(&job_shape, &job);
    job.submitted = decision_time(decision);
    job.reported = job.errors = 0;
    return job;
}

static void put_job(struct decision *decision, const struct job *job)
{
    decision_put(decision, job, job->abort_at != FIELD_ABSENT ? job->abort_at : 0);
}

static bool is_over(const struct job *job)
{
    return job->status != 0;
}

static bool refuse_finished(struct decision *decision, const struct job *job)
{
    if (is_over(job)) {
        decision_rejected(decision, "JOB_FINISHED", "/batchId", "the batch is complete");
    }
    return is_over(job);
}

/* --- start --- */

static const struct field started_fields[] = {
    { "type", FIELD_ENUM, offsetof(struct job, type), .names = job_types },
    { "fileName", FIELD_TEXT, offsetof(struct job, file_name) },
    { "locale", FIELD_TEXT, offsetof(struct job, locale) },
    { "submissionDate", FIELD_TIME, offsetof(struct job, submitted) },
};
static const struct shape started_shape = { "import.started", started_fields,
                                            sizeof(started_fields) / sizeof(*started_fields),
                                            sizeof(struct job), SHAPE_NO_FAULTS };

void import_start(struct decision *decision, const void *message)
{
    const struct job_command *command = message;
    struct job job = open_job(decision);
    if (job.type || is_over(&job)) {
        decision_rejected(decision, "JOB_EXISTS", "/batchId", "a batch of this id was started");
        return;
    }
    job.type = command->type;
    job.file_name = command->file_name;
    job.mail_to = command->mail_to;
    job.locale = command->locale;
    job.submitted = decision_time(decision);
    decision_applied(decision, "import.started", &started_shape, &job);
    put_job(decision, &job);
}

/* --- lines --- */

static bool is_contract_error(struct text code)
{
    return text_is(code, "CONTRACT_NOT_FOUND") || text_is(code, "ACTIONTERMS_NOT_FOUND") ||
           text_is(code, "RESTRICTED_PROMOCODE");
}

static struct job_error error_of(const struct job_command *command)
{
    return (struct job_error){ command->line, command->order_id, command->sku, command->category,
                               is_contract_error(command->code) ? STATUS_CONTRACT_ERROR
                                                                : STATUS_VALIDATION_ERROR,
                               command->code };
}

/* The line counts, once. False: it has reported before. */
static bool count_line(struct decision *decision, struct job *job,
                       const struct job_command *command)
{
    if (!line_note(decision, command->line)) {
        return false;
    }
    job->reported++;
    if (command->code.at) {
        struct job_error error = error_of(command);
        job->errors++;
        error_note(decision, &error);
    }
    return true;
}

static const struct field reported_fields[] = {
    { "code", FIELD_TEXT, offsetof(struct job_command, code) },
    { "detail", FIELD_TEXT, offsetof(struct job_command, detail) },
    { "orderId", FIELD_OID, offsetof(struct job_command, order_id) },
    { "sku", FIELD_TEXT, offsetof(struct job_command, sku) },
    { "category", FIELD_TEXT, offsetof(struct job_command, category) },
};
static const struct shape reported_shape = { "import.line_reported", reported_fields,
                                             sizeof(reported_fields) / sizeof(*reported_fields),
                                             sizeof(struct job_command), SHAPE_NO_FAULTS };

void import_report_line(struct decision *decision, const void *message)
{
    struct job job = open_job(decision);
    if (refuse_finished(decision, &job)) {
        return;
    }
    if (!count_line(decision, &job, message)) {
        decision_unchanged(decision);
        return;
    }
    decision_applied(decision, "import.line_reported", &reported_shape, message);
    job_complete_if_done(decision, &job);
    put_job(decision, &job);
}

/* What a command of the batch came to. Too late, or again, it changes nothing. */
void line_report(struct decision *decision, const void *message)
{
    struct job job = open_job(decision);
    if (is_over(&job) || !count_line(decision, &job, message)) {
        decision_unchanged(decision);
        return;
    }
    decision_applied(decision, "internal.line.reported", NULL, NULL);
    job_complete_if_done(decision, &job);
    put_job(decision, &job);
}

/* --- end --- */

static const struct field finished_fields[] = {
    { "totalRecords", FIELD_INT, offsetof(struct job, total) },
    { "recordsProcessed", FIELD_INT, offsetof(struct job, reported) },
};
static const struct shape finished_shape = { "import.finished", finished_fields, 2,
                                             sizeof(struct job), SHAPE_NO_FAULTS };

void import_finish(struct decision *decision, const void *message)
{
    const struct job_command *command = message;
    struct job job = open_job(decision);
    if (refuse_finished(decision, &job)) {
        return;
    }
    if (job.total == command->total) {
        decision_unchanged(decision);
        return;
    }
    job.total = command->total;
    job.abort_at = decision_time(decision) + ABORT_AFTER_MS;
    decision_applied(decision, "import.finished", &finished_shape, &job);
    job_complete_if_done(decision, &job);
    put_job(decision, &job);
}

void import_abort(struct decision *decision, const void *message)
{
    static const struct text from_command = { NULL, 0 };
    struct job job = open_job(decision);
    (void)message;
    if (!decision_state(decision)) {
        decision_rejected(decision, "JOB_NOT_FOUND", "/batchId", "there is no such batch");
        return;
    }
    if (refuse_finished(decision, &job)) {
        return;
    }
    decision_applied(decision, "import.aborted", &finished_shape, &job);
    job_complete(decision, &job, JOB_ABORTED, from_command);
    put_job(decision, &job);
}

/* A day after import.finish lines are still missing. */
void job_advance(struct decision *decision, const void *state)
{
    static const uint32_t prefix = sizeof("job:") - 1;
    struct text entity = decision_entity(decision);
    struct text batch_id = { entity.at + prefix, entity.size - prefix }; /* nothing to unescape */
    struct job job = *(const struct job *)state;
    decision_timer(decision, "abort");
    job_complete(decision, &job, JOB_ABORTED, batch_id);
    put_job(decision, &job);
}
