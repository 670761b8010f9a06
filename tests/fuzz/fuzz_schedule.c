/*
 * The simulator (tests/sim) under a schedule that the input chooses: who acts, which fault strikes when
 * and how, in which order what is on its way arrives. Two bytes are the seed of what producers send,
 * five the classes of faults that are on; the rest are choices, and where they end, faults end.
 *
 * The promise is the simulator's: its model of the rules, its invariants and the equations at the end.
 */
#include "fuzz/fuzz.h"
#include "io/log.h"
#include "tests/sim/sim.h"

enum { SEED_BYTES = 2, CLASS_BYTES = 5 };

static uint64_t number(const uint8_t **at, size_t *left, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size && *left > 0; i++, (*left)--) {
        number = number << 8 | *(*at)++;
    }
    return number;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct choices choices = { .at = bytes, .left = size };
    struct tally tally = { 0 };
    uint64_t hash;
    char failure[FAILURE_MAX];
    struct plan plan = { .seed = number(&choices.at, &choices.left, SEED_BYTES),
                         .classes = number(&choices.at, &choices.left, CLASS_BYTES),
                         .choices = &choices };
    log_configure(LOG_OFF, false);
    bool good = history_run(&plan, &tally, &hash, failure);
    PROMISE(good, "%s", failure);
    return 0;
}
