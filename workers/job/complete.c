/* The end of a batch: one completion, one e-mail (B11, C35, A32). */
#include <stddef.h>

#include "workers/job/inside.h"

enum { STATUS_VALIDATION_ERROR = 2 };

struct completion {
    struct text batch_id; /* absent where the outcome has it from its command */
    struct job job;
    struct list errors;   /* struct job_error */
    int32_t truncated;
};

#define AT(member) offsetof(struct completion, member)
static const struct field completion_fields[] = {
    { "batchId", FIELD_BATCH_ID, AT(batch_id) },
    { "type", FIELD_ENUM, AT(job.type), .names = job_types },
    { "fileName", FIELD_TEXT, AT(job.file_name) },
    { "status", FIELD_ENUM, AT(job.status), .names = job_statuses },
    { "submissionDate", FIELD_TIME, AT(job.submitted) },
    { "completionDate", FIELD_TIME, AT(job.completed) },
    { "totalRecords", FIELD_INT, AT(job.total) },
    { "recordsProcessed", FIELD_INT, AT(job.reported) },
    { "totalErrors", FIELD_INT, AT(job.errors) },
    { "errors", FIELD_LIST, AT(errors), .shape = &job_error_shape },
    { "errorsTruncated", FIELD_BOOL, AT(truncated) },
};
static const struct shape completion_shape = { "completion", completion_fields,
                                               sizeof(completion_fields) /
                                                   sizeof(*completion_fields),
                                               sizeof(struct completion), SHAPE_NO_FAULTS };

struct email {
    int32_t template;
    struct completion completion;
};

#define IN_MAIL(member) offsetof(struct email, member)
static const char *const templates[] = { "IMPORT_COMPLETED", NULL };
static const struct field email_fields[] = {
    { "template", FIELD_ENUM, IN_MAIL(template), .names = templates },
    { "to", FIELD_EMAIL, IN_MAIL(completion.job.mail_to) },
    { "locale", FIELD_TEXT, IN_MAIL(completion.job.locale) },
    { "batchId", FIELD_BATCH_ID, IN_MAIL(completion.batch_id) },
    { "recordsProcessed", FIELD_INT, IN_MAIL(completion.job.reported) },
    { "errors", FIELD_INT, IN_MAIL(completion.job.errors) },
    { "errorList", FIELD_LIST, IN_MAIL(completion.errors), .shape = &job_error_shape },
};
static const struct shape email_shape = { "email.requested", email_fields,
                                          sizeof(email_fields) / sizeof(*email_fields),
                                          sizeof(struct email), SHAPE_NO_FAULTS };

/* The errors that are listed: the first by line, then one for each line that never reported. */
static struct list list_errors(struct decision *decision, int64_t missing)
{
    struct job_error *all =
        arena_alloc(decision_arena(decision), ERRORS_LISTED_MAX * sizeof(*all));
    const struct job_errors *noted = decision_part(decision, TEXT("errors:first"));
    uint32_t count = noted ? noted->errors.count : 0;
    if (count) {
        memcpy(all, noted->errors.items, count * sizeof(*all));
    }
    for (; missing > 0 && count < ERRORS_LISTED_MAX; missing--) {
        shape_init(&job_error_shape, &all[count]);
        all[count].status = STATUS_VALIDATION_ERROR;
        all[count++].reason = TEXT("NO_RESULT");
    }
    return (struct list){ all, count };
}

void job_complete(struct decision *decision, struct job *job, int32_t status, struct text batch_id)
{
    int64_t missing =
        job->total != FIELD_ABSENT && job->total > job->reported ? job->total - job->reported : 0;
    job->status = status;
    job->completed = decision_time(decision);
    job->errors += missing;
    job->abort_at = FIELD_ABSENT;
    struct email email = { .template = 1 };
    struct completion *completion = &email.completion;
    *completion = (struct completion){ .batch_id = batch_id,
                                       .job = *job,
                                       .errors = list_errors(decision, missing),
                                       .truncated = job->errors > ERRORS_LISTED_MAX };
    bool import = job->type == JOB_POINTS || job->type == JOB_REDEMPTION;
    decision_outcome(decision, import ? "import.completed" : "batch.completed", &completion_shape,
                     completion);
    if (job->mail_to.at) {
        decision_outcome(decision, "email.requested", &email_shape, &email);
    }
}

void job_complete_if_done(struct decision *decision, struct job *job)
{
    static const struct text from_command = { NULL, 0 };
    if (job->total != FIELD_ABSENT && job->reported >= job->total) {
        job_complete(decision, job, JOB_COMPLETE, from_command);
    }
}
