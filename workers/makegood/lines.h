/* Lines of a file or of stdin, with a bound on their size, readable twice. */
#ifndef MAKEGOOD_LINES_H
#define MAKEGOOD_LINES_H

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

enum { LINE_BYTES_MAX = 65536 };

struct lines {
    FILE *file;
    char *bytes;      /* LINE_BYTES_MAX + 1 */
    struct text line; /* the line at hand; a longer one is cut to LINE_BYTES_MAX + 1 bytes */
    int64_t number;   /* its number, from 1 */
};

/* "-" = stdin. What cannot be rewound is copied to a temporary file first. NO_INPUT, IO and *note.
 * lines_close() also after a failure. */
enum err lines_open(struct lines *lines, const char *path, struct err_note *note);
/* From the first line again. */
enum err lines_rewind(struct lines *lines, struct err_note *note);
/* The next line, without white space at its ends; false at the end or on an error (see
 * lines_failed()). A file that holds nothing but one JSON value over several lines is one line. */
bool lines_next(struct lines *lines);
enum err lines_failed(const struct lines *lines, struct err_note *note);
void lines_close(struct lines *lines);

#endif
