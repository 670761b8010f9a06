/* Results for machines: `-o json` is one document, a list of objects; `-o jsonl` an object a line. */
#ifndef MAKEGOOD_OUTPUT_H
#define MAKEGOOD_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/json_write.h"

struct call;

struct output {
    bool json; /* either of the two; else the command prints its table */
    bool list;
    int64_t rows;
    struct arena arena; /* of one row */
    struct json_writer writer;
};

void output_open(struct output *output, const struct call *call);
/* An open object to write into, until output_row_end() prints it. */
struct json_writer *output_row(struct output *output);
void output_row_end(struct output *output);
/* Ends the document. */
void output_close(struct output *output);

/* A result that is one object, in any of the two formats; ended by output_row_end() and close. */
void output_open_single(struct output *output, const struct call *call);

#endif
