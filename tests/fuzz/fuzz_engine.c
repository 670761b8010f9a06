/*
 * The whole way from input records to their verdicts: lines as world.h has them, and at the end so many
 * days that nothing waits any more. The size of the input says how many records a turn has, and whether
 * each line finds a process that has loaded nothing yet.
 */
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "io/log.h"

enum { LINES_MAX = 40, TURN_MAX = 8 };
#define LONG_MS (INT64_C(1000) * 24 * 3600000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text rest = { (const char *)bytes, (uint32_t)size };
    bool cold = size / TURN_MAX % 2 == 1;
    log_configure(LOG_OFF, false);
    world_open(1 + size % TURN_MAX);
    for (int lines = 0; rest.size && lines < LINES_MAX; lines++) {
        world_send(fuzz_line(&rest));
        if (cold) {
            world_settle();
            world_restart();
        }
    }
    world_settle();
    world_pass(LONG_MS);
    world_check();
    world_close();
    return 0;
}
