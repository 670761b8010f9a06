/* Times on the command line: RFC 3339, @epoch_ms, or so long ago: -2h. */
#ifndef MAKEGOOD_MOMENT_H
#define MAKEGOOD_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#define MOMENT_FORMS "RFC 3339, @epoch_ms, or back from now like -2h (s, m, h, d, w)"

/* Milliseconds since 1970, within 1970..9999. False: none of the forms. */
bool moment_parse(const char *text, int64_t now_ms, int64_t *ms);

#endif
