/* On a real Kafka and a real Redis: those of MAKEGOOD_TEST_KAFKA and MAKEGOOD_TEST_REDIS. The line of
 * `far` is a listener of the broker's own, whose address leads through cut.c. */
#define _GNU_SOURCE /* memmem() */
#include <stdlib.h>

#include "base/ensure.h"
#include "fidelity/stage.h"
#include "io/view_redis.h"
#include "support/kafka_world.h"

enum { PATIENCE_MS = 20000, LAPSE_MS = 2500, EXPIRE_MS = 25000, VIEW_MS = 2000, END_TXN = 26 };
/* Where a reply to EndTxn (version 1) has its error: after its size, its number, the throttle time. */
enum { ERROR_AT = 12 };

static void *world;
static int worlds;
static struct cut_line *kafka_line, *redis_line;
static int line_port, behind_port;

static bool is_end(const char *request, size_t size)
{
    return size > 6 && request[4] == 0 && request[5] == END_TXN;
}

static bool is_exec(const char *request, size_t size)
{
    return memmem(request, size, "EXEC", 4) != NULL;
}

static int redis_port(void)
{
    int port = 0;
    ENSURE(sscanf(getenv("MAKEGOOD_TEST_REDIS"), "redis://127.0.0.1:%d", &port) == 1);
    return port;
}

bool stage_ready(void)
{
    const char *ports = getenv("MAKEGOOD_TEST_KAFKA_LINE");
    return world_servers() != NULL && getenv("MAKEGOOD_TEST_REDIS") != NULL && ports != NULL &&
           sscanf(ports, "%d %d", &line_port, &behind_port) == 2;
}

void stage_open(void)
{
    worlds++;
    ENSURE(world_setup(&world) == 0);
}

void stage_close(void)
{
    world_teardown(&world);
    if (kafka_line != NULL) {
        cut_free(kafka_line);
    }
    if (redis_line != NULL) {
        cut_free(redis_line);
    }
    kafka_line = redis_line = NULL;
}

static const char *far_servers(void)
{
    static char servers[64];
    struct cut_setup setup = {
        .port = line_port, .server_port = behind_port, .framed = true, .is_it = is_end
    };
    kafka_line = cut_new(&setup);
    ENSURE(kafka_line != NULL);
    snprintf(servers, sizeof(servers), "127.0.0.1:%d", line_port);
    return servers;
}

struct bus *stage_bus(const char *actor)
{
    struct world *kafka = world;
    bool sleeper = strcmp(actor, "sleeper") == 0;
    const char *properties[] = { "bootstrap.servers",
                                 strcmp(actor, "far") == 0 ? far_servers() : world_servers(),
                                 sleeper ? "session.timeout.ms" : NULL,
                                 "1000",
                                 "max.poll.interval.ms",
                                 "1000",
                                 NULL };
    struct bus_kafka_setup setup = { .properties = properties,
                                     .prefix = kafka->prefix,
                                     .group = kafka->group,
                                     .instance = sleeper ? "" : actor,
                                     .with_group = true };
    struct err_note note = { "" };
    enum err err;
    struct bus *bus = bus_kafka_new(&setup, &err, &note);
    ENSURE(bus != NULL && bus->ops->topic(bus, "order") == STAGE_ORDER &&
           bus->ops->topic(bus, "order-state") == STAGE_ORDER_STATE);
    return bus;
}

struct view *stage_view(const char *actor)
{
    char url[64];
    enum err err;
    struct err_note note = { "" };
    struct cut_setup line = { .server_port = redis_port(), .is_it = is_exec };
    int port = line.server_port;
    if (strcmp(actor, "far") == 0) {
        redis_line = cut_new(&line);
        ENSURE(redis_line != NULL);
        port = cut_port(redis_line);
    }
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d/0", port);
    struct view_redis_setup setup = { .url = url, .timeout_ms = VIEW_MS };
    struct view *view = view_redis_new(&setup, &err, &note);
    ENSURE(view != NULL);
    return view;
}

struct text stage_group(const char *name)
{
    static char group[96];
    snprintf(group, sizeof(group), "%s%s", ((struct world *)world)->prefix, name);
    return text_of(group);
}

int stage_patience_ms(void)
{
    return PATIENCE_MS;
}

void stage_pause(int ms)
{
    usleep((useconds_t)ms * 1000);
}

bool stage_send(struct bus_place place, struct text key, struct text value)
{
    struct kafka_message message = { "order", place.partition, key, value, NULL, 0 };
    struct err_note note;
    int64_t offset;
    int32_t at;
    return kafka_admin_produce(((struct world *)world)->admin, &message, &at, &offset, 10000,
                               &note) == OK;
}

/* Nobody polls, so that the group's coordinator and the client itself give the member up. */
void stage_lapse(struct bus *bus)
{
    (void)bus;
    stage_pause(LAPSE_MS);
}

static struct cut_line *line(void)
{
    struct cut_line *one = kafka_line != NULL ? kafka_line : redis_line;
    ENSURE(one != NULL);
    return one;
}

void stage_cut(enum cut cut)
{
    cut_arm(line(), cut);
}

void stage_heal(void)
{
    cut_heal(line());
}

bool stage_land(void)
{
    char reply[64];
    return cut_land(line(), reply, sizeof(reply)) >= ERROR_AT + 2 && reply[ERROR_AT] == 0 &&
           reply[ERROR_AT + 1] == 0;
}

void stage_expire(void)
{
    stage_pause(EXPIRE_MS);
}
