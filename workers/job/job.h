/*
 * The states of the job worker: a batch of lines, counted to its end (B11, A32). The lines that have
 * reported are ranges in parts of LINES_PER_PART, so a batch of a million writes little per line.
 */
#ifndef MAKEGOOD_WORKERS_JOB_H
#define MAKEGOOD_WORKERS_JOB_H

#include "wire/field.h"

enum job_type {
    JOB_CONVERSION = 1,
    JOB_MODIFICATION,
    JOB_REVERSAL,
    JOB_APPROVAL,
    JOB_POINTS,
    JOB_REDEMPTION,
    JOB_RESEND /* of order.resend_many; the others are of import.start */
};
enum job_status { JOB_COMPLETE = 1, JOB_ABORTED };

/* State of job:<batchId>. */
struct job {
    int32_t type;               /* absent until import.start                                  */
    struct text file_name, mail_to, locale;
    int32_t status;             /* absent while it runs                                       */
    int64_t submitted, completed;
    int64_t total;              /* lines, absent until import.finish                          */
    int64_t reported, errors;
    int64_t abort_at;           /* when missing lines end it                                  */
};

/* A line with an error, or without `line` one that never reported (NO_RESULT). */
struct job_error {
    int64_t line;
    struct text order_id, sku, category;
    int32_t status;
    struct text reason;
};

/* State of job:<batchId>/errors:first: the first by line. */
struct job_errors {
    struct list errors; /* struct job_error */
};

struct line_range {
    int64_t first, last;
};

/* State of job:<batchId>/lines:<n>: which of n * LINES_PER_PART + 1.. have reported. */
struct job_lines {
    struct list ranges; /* struct line_range, ascending, apart by at least one */
};

#endif
