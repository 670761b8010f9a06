#ifndef MAKEGOOD_TESTS_FIDELITY_GENERATE_H
#define MAKEGOOD_TESTS_FIDELITY_GENERATE_H

#include <stdint.h>
#include <stdio.h>

#include "fidelity/words.h"

enum { LINE_MAX = 160 };

/* Makes the call and writes it with its answer, which it returns: borrowed until the next one. */
const char *call_written(FILE *file, struct cast *cast, const char *line);

void write_view_script(FILE *file, uint64_t seed);

#endif
