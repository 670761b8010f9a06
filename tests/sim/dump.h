#ifndef MAKEGOOD_TESTS_SIM_DUMP_H
#define MAKEGOOD_TESTS_SIM_DUMP_H

#include "tests/sim/sim.h"

/* Into the file that the plan names, for tests/oracle/audit.py. */
void dump_history(struct sim *sim);

#endif
