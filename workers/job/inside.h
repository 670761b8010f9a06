/* Shared by the files of the job worker alone. */
#ifndef MAKEGOOD_WORKERS_JOB_INSIDE_H
#define MAKEGOOD_WORKERS_JOB_INSIDE_H

#include "engine/decision.h"
#include "engine/worker.h"
#include "workers/job/job.h"

enum { ERRORS_LISTED_MAX = 100, LINES_PER_PART = 4096, RECORDS_MAX = 1000000 };
enum { RESEND_MAX = 100, ORDERS_MAX = 10000 }; /* C51; a longer list is no list of orders */
#define ABORT_AFTER_MS (INT64_C(24) * 3600 * 1000)

/* One struct for all messages; a type has the fields of its table. */
struct job_command {
    struct text batch_id;
    int64_t line, total;
    int32_t type;
    struct text file_name, mail_to, locale;
    struct text code, detail, order_id, sku, category;
    struct list order_ids; /* struct text */
};

/* tables.c */
extern const struct shape import_start_shape, report_line_shape, import_finish_shape,
    import_abort_shape, resend_many_shape, line_report_shape;
extern const struct shape job_shape, job_errors_shape, job_lines_shape, job_error_shape;
extern const char *const job_types[], *const job_statuses[];

/* lines.c: notes the line; false: it has reported before. */
bool line_note(struct decision *decision, int64_t line);
/* Keeps the error if it is among the first by line. */
void error_note(struct decision *decision, const struct job_error *error);

/* complete.c: says the completion and asks for its e-mail; *job is then complete. */
void job_complete(struct decision *decision, struct job *job, int32_t status,
                  struct text batch_id);
/* When all lines have reported; else nothing. */
void job_complete_if_done(struct decision *decision, struct job *job);

/* resend.c */
void order_resend_many(struct decision *decision, const void *message);

/* import.c */
void import_start(struct decision *decision, const void *message);
void import_report_line(struct decision *decision, const void *message);
void import_finish(struct decision *decision, const void *message);
void import_abort(struct decision *decision, const void *message);
void line_report(struct decision *decision, const void *message);
void job_advance(struct decision *decision, const void *state);

#endif
