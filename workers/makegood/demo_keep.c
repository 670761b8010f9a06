/* Lines to play with while the demo is kept: whole, to be copied into another terminal. */
#include <string.h>
#include <unistd.h>

#include "workers/makegood/demo_inside.h"
#include "workers/makegood/process.h"

enum { PATH_SIZE = 4096 };

/* This very program: it need not be installed. */
static void own_path(char path[PATH_SIZE])
{
    ssize_t size = readlink("/proc/self/exe", path, PATH_SIZE - 1);
    snprintf(path + (size > 0 ? size : 0), (size_t)(PATH_SIZE - (size > 0 ? size : 0)), "%s",
             size > 0 ? "" : "makegood");
}

void demo_print_keep(const struct demo_world *world, FILE *out)
{
    char makegood[PATH_SIZE];
    const char *servers = demo_world_servers(world);
    own_path(makegood);
    fprintf(out,
            "\nIt goes on running: play with it from another terminal. Ctrl-C ends it.\n"
            "\n# A sale of your own, and every outcome so far\n"
            "echo '{\"specversion\":\"1.0\",\"id\":\"mine-1\",\"source\":\"/me\","
            "\"type\":\"makegood.action.track.v1\",\"data\":{\"actionId\":\"A9\","
            "\"actionTrackerId\":7,\"oid\":\"1009\",\"partnerId\":\"coffee-blog\","
            "\"currency\":\"USD\",\"amount\":\"200.00\"}}' | kcat -P -b %s -t action\n"
            "kcat -C -b %s -t action-outcome -e -q -f '%%k %%s\\n'\n",
            servers, servers);
    fprintf(out,
            "\n# The same by makegood: an update, the state, all outcomes and those to come\n"
            "echo '{\"specversion\":\"1.0\",\"id\":\"mine-2\",\"source\":\"/me\","
            "\"type\":\"makegood.action.modify.v1\",\"data\":{\"actionId\":\"A9\","
            "\"reason\":\"ORDER_UPDATE\",\"amount\":\"150.00\"}}' | "
            "%s send --set kafka.bootstrap.servers=%s\n"
            "%s show action:A9 --set kafka.bootstrap.servers=%s --set redis.url=%s\n"
            "%s tail action-outcome --from start --set kafka.bootstrap.servers=%s\n",
            makegood, servers, makegood, servers, world->redis.url, makegood, servers);
    fprintf(out, "\n# How it does\ncurl http://127.0.0.1:%d/metrics\n",
            process_port(world->process));
    fflush(out);
}
