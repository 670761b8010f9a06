/* The field tables of the job family: messages, states. */
#include <stddef.h>

#include "workers/job/inside.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define IN(type, member) offsetof(struct type, member)
#define SHAPE(shape_name, table, type)                                                             \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), SHAPE_NO_FAULTS                      \
    }
#define AT(member) offsetof(struct job_command, member)
#define BATCH { "batchId", FIELD_BATCH_ID, AT(batch_id), .required = true }
#define LINE { "line", FIELD_INT, AT(line), .required = true, .min = 1, .max = RECORDS_MAX }

const char *const job_types[] = { "CONVERSION", "MODIFICATION", "REVERSAL", "APPROVAL",
                                  "POINTS",     "REDEMPTION",   "RESEND",   NULL };
static const char *const import_types[] = { "CONVERSION", "MODIFICATION", "REVERSAL",
                                            "APPROVAL",   "POINTS",       "REDEMPTION",
                                            NULL };
const char *const job_statuses[] = { "COMPLETE", "ABORTED", NULL };

/* --- messages --- */

static const struct field start_fields[] = {
    BATCH,
    { "type", FIELD_ENUM, AT(type), .required = true, .names = import_types },
    { "fileName", FIELD_TEXT, AT(file_name), .max = 255 },
    { "mailTo", FIELD_EMAIL, AT(mail_to) },
    { "locale", FIELD_TEXT, AT(locale), .max = 35 },
};
const struct shape import_start_shape = SHAPE("import.start", start_fields, job_command);

static const struct field report_line_fields[] = {
    BATCH, LINE,
    { "code", FIELD_TEXT, AT(code), .required = true, .max = 64 },
    { "detail", FIELD_TEXT, AT(detail), .max = 255 },
    { "orderId", FIELD_OID, AT(order_id) },
    { "sku", FIELD_TEXT, AT(sku), .max = 64 },
    { "category", FIELD_TEXT, AT(category), .max = 64 },
};
const struct shape report_line_shape = SHAPE("import.report_line", report_line_fields, job_command);

static const struct field finish_fields[] = {
    BATCH,
    { "totalRecords", FIELD_INT, AT(total), .required = true, .max = RECORDS_MAX },
};
const struct shape import_finish_shape = SHAPE("import.finish", finish_fields, job_command);

static const struct field abort_fields[] = { BATCH };
const struct shape import_abort_shape = SHAPE("import.abort", abort_fields, job_command);

static const struct field resend_many_fields[] = {
    BATCH,
    { "orderIds", FIELD_LIST, AT(order_ids), .required = true, .min = 1, .max = ORDERS_MAX,
      .element = FIELD_ID },
};
const struct shape resend_many_shape = SHAPE("order.resend_many", resend_many_fields, job_command);

/* What the engine sends of every command with batchId and line (engine/worker.h). */
static const struct field line_report_fields[] = {
    BATCH, LINE,
    { "code", FIELD_TEXT, AT(code), .max = 64 },
    { "orderId", FIELD_OID, AT(order_id) },
};
const struct shape line_report_shape =
    SHAPE("internal.line.report", line_report_fields, job_command);

/* --- states: a table only ever gains fields at its end (wire/field.h) --- */

static const struct field job_fields[] = {
    { "type", FIELD_ENUM, IN(job, type), .names = job_types },
    { "fileName", FIELD_TEXT, IN(job, file_name) },
    { "mailTo", FIELD_EMAIL, IN(job, mail_to) },
    { "locale", FIELD_TEXT, IN(job, locale) },
    { "status", FIELD_ENUM, IN(job, status), .names = job_statuses },
    { "submissionDate", FIELD_TIME, IN(job, submitted) },
    { "completionDate", FIELD_TIME, IN(job, completed) },
    { "totalRecords", FIELD_INT, IN(job, total) },
    { "recordsProcessed", FIELD_INT, IN(job, reported) },
    { "totalErrors", FIELD_INT, IN(job, errors) },
    { "abortAt", FIELD_TIME, IN(job, abort_at) },
};
const struct shape job_shape = SHAPE("job", job_fields, job);

static const char *const error_statuses[] = { "CONTRACT_ERROR", "VALIDATION_ERROR", NULL };
static const struct field error_fields[] = {
    { "line", FIELD_INT, IN(job_error, line) },
    { "orderId", FIELD_OID, IN(job_error, order_id) },
    { "sku", FIELD_TEXT, IN(job_error, sku) },
    { "category", FIELD_TEXT, IN(job_error, category) },
    { "status", FIELD_ENUM, IN(job_error, status), .names = error_statuses },
    { "reason", FIELD_TEXT, IN(job_error, reason) },
};
const struct shape job_error_shape = SHAPE("job.error", error_fields, job_error);
static const struct field errors_fields[] = {
    { "errors", FIELD_LIST, IN(job_errors, errors), .shape = &job_error_shape },
};
const struct shape job_errors_shape = SHAPE("job.errors", errors_fields, job_errors);

static const struct field range_fields[] = {
    { "first", FIELD_INT, IN(line_range, first) },
    { "last", FIELD_INT, IN(line_range, last) },
};
static const struct shape range_shape = SHAPE("range", range_fields, line_range);
static const struct field lines_fields[] = {
    { "ranges", FIELD_LIST, IN(job_lines, ranges), .shape = &range_shape },
};
const struct shape job_lines_shape = SHAPE("job.lines", lines_fields, job_lines);
