/* The equations at the end of a history (reliability E1-E9), once everything has come to rest. */
#ifndef MAKEGOOD_TESTS_SIM_CHECK_H
#define MAKEGOOD_TESTS_SIM_CHECK_H

#include "tests/sim/sim.h"

/* Is there anything left to do? */
bool check_at_rest(struct sim *sim);
void check_end(struct sim *sim);

#endif
