/* The embedded broker and the real workers on it; the clock is the sample day's. */
#include <string.h>

#include "base/ensure.h"
#include "engine/worker.h"
#include "io/bus_kafka.h"
#include "io/clock.h"
#include "io/config.h"
#include "io/signals.h"
#include "workers/makegood/demo_inside.h"
#include "workers/makegood/process.h"
#include "workers/makegood/topics.h"
#include "workers/makegood/workers.h"

enum { STEP_MS = 20, READY_MS = 30000, SEND_MS = 10000, WORKERS_ROOM = 64 };

static int64_t present(void *context)
{
    const struct demo_world *world = context;
    int64_t now = world->real_clock ? clock_wall_ms() : 0;
    return now > world->clock_ms ? now : world->clock_ms;
}

const char *demo_world_servers(const struct demo_world *world)
{
    return kafka_mock_servers(world->mock);
}

static enum err open_mock(struct demo_world *world, struct err_note *note)
{
    struct topic topics[TOPICS_MAX];
    struct kafka_mock_topic plans[TOPICS_MAX];
    size_t count = topics_of(NULL, topics);
    for (size_t i = 0; i < count; i++) {
        /* One partition: records are decided in the order of the story. */
        plans[i] = (struct kafka_mock_topic){ topics[i].name, 1 };
    }
    world->mock = kafka_mock_new(plans, count, note);
    return world->mock ? OK : ERR_INTERNAL;
}

/* Nothing of the caller's configuration: the demo touches no server but its own. */
static enum err open_config(struct demo_world *world, int http_port, struct err_note *note)
{
    char listen[64] = "http.listen=", servers[512], url[128];
    world->config = config_new(bus_kafka_fixed);
    ENSURE(world->config != NULL);
    if (http_port != DEMO_NO_HTTP) {
        snprintf(listen, sizeof(listen), "http.listen=127.0.0.1:%d", http_port);
    }
    snprintf(servers, sizeof(servers), "kafka.bootstrap.servers=%s", demo_world_servers(world));
    snprintf(url, sizeof(url), "redis.url=%s", world->redis.url);
    enum err err = config_set(world->config, listen, note);
    err = err == OK ? config_set(world->config, servers, note) : err;
    err = err == OK ? config_set(world->config, url, note) : err;
    return err == OK ? config_finish(world->config, note) : err;
}

static enum err open_process(struct demo_world *world, struct err_note *note)
{
    static const char *names[WORKERS_ROOM];
    enum err err = OK;
    size_t count = 0;
    for (; makegood_workers[count]; count++) {
        ENSURE(count + 1 < WORKERS_ROOM);
        names[count] = makegood_workers[count]->name;
    }
    world->process = process_new(&(struct process_setup){ .config = world->config,
                                                          .workers = names,
                                                          .properties = world->properties,
                                                          .mock = true },
                                 &err, note);
    if (!world->process) {
        return err;
    }
    process_set_clock(world->process, present, world);
    err = process_start(world->process, note);
    int64_t deadline = clock_monotonic_ms() + READY_MS;
    while (err == OK && !process_ready(world->process) && !signals_stop_wanted()) {
        err = clock_monotonic_ms() > deadline
                  ? err_note(note, ERR_INTERNAL, "the workers took no partition in %d s",
                             READY_MS / 1000)
                  : process_step(world->process, STEP_MS, note);
    }
    return err;
}

enum err demo_world_open(struct demo_world *world, int http_port, struct err_note *note)
{
    for (int i = 0; i < DEMO_INPUTS_MAX; i++) {
        world->offsets[i] = -1;
    }
    world->clock_ms = demo_time(&demo_day[0]);
    enum err err = demo_redis_start(&world->redis, note);
    err = err == OK ? open_mock(world, note) : err;
    if (err != OK) {
        return err;
    }
    world->properties[0] = "bootstrap.servers";
    world->properties[1] = demo_world_servers(world);
    err = open_config(world, http_port, note);
    if (err == OK) {
        world->admin = kafka_admin_new(world->properties, "", &err, note);
    }
    return err == OK && !signals_stop_wanted() ? open_process(world, note) : err;
}

void demo_world_close(struct demo_world *world)
{
    process_free(world->process);
    if (world->admin) {
        kafka_admin_free(world->admin);
    }
    if (world->mock) {
        kafka_mock_free(world->mock);
    }
    config_free(world->config);
    demo_redis_stop(&world->redis);
}

enum err demo_world_send(struct demo_world *world, int input, struct arena *arena,
                         struct err_note *note)
{
    const struct demo_input *sent = &demo_day[input];
    int32_t partition;
    struct kafka_message message = { .topic = sent->topic,
                                     .partition = 0,
                                     .value = demo_record(sent, arena),
                                     .timestamp_ms = demo_time(sent) };
    ENSURE(input < DEMO_INPUTS_MAX);
    return kafka_admin_produce(world->admin, &message, &partition, &world->offsets[input], SEND_MS,
                               note);
}

enum err demo_world_work(struct demo_world *world, int ms, struct err_note *note)
{
    int64_t until = clock_monotonic_ms() + ms;
    enum err err = OK;
    while (err == OK && clock_monotonic_ms() < until && !signals_stop_wanted()) {
        err = process_step(world->process, STEP_MS, note);
    }
    return err;
}
