/* Puts a worker process together, and tells the outside how it is. */
#include "workers/makegood/process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "engine/engine.h"
#include "io/bus_kafka.h"
#include "io/bus_kafka_admin.h"
#include "io/clock.h"
#include "io/config.h"
#include "io/http.h"
#include "io/log.h"
#include "io/view_redis.h"
#include "io/zoneinfo.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/topics.h"
#include "workers/makegood/workers.h"

enum {
    BROKER_WAIT_MS = 2000, /* also how long a SIGTERM may have to wait */
    LAG_EVERY_MS = 1000,
    ALIVE_MS = 60000 /* a loop that has not turned for so long hangs */
};

struct process {
    struct config *config;
    const char *const *workers;
    const char *const *properties;
    bool mock;
    struct metrics *metrics;
    struct zones *zones;
    struct bus *bus;
    struct view *view;
    struct engine *engine;
    struct http *http;
    bool started;
    int64_t (*wall_ms)(void *context);
    void *wall_context;
    struct engine_status status;
    int64_t lag_ms; /* when the lag was last looked at */
    /* What the HTTP thread reads. */
    _Atomic int64_t turned_ms;
    pthread_mutex_t lock;
    bool ready;
    char why[ERR_NOTE_MAX];
};

static int64_t real_wall_ms(void *context)
{
    (void)context;
    return clock_wall_ms();
}

void process_set_clock(struct process *process, int64_t (*wall_ms)(void *context), void *context)
{
    process->wall_ms = wall_ms;
    process->wall_context = context;
    if (process->mock) {
        bus_kafka_set_clock(process->bus, wall_ms, context);
    }
}

/* --- for the HTTP thread --- */

static char *http_metrics(void *context, size_t *size)
{
    return metrics_text(((struct process *)context)->metrics, size);
}

static bool http_alive(void *context)
{
    struct process *process = context;
    return clock_monotonic_ms() - atomic_load(&process->turned_ms) < ALIVE_MS;
}

static bool http_ready(void *context, char *why, size_t size)
{
    struct process *process = context;
    pthread_mutex_lock(&process->lock);
    bool ready = process->ready;
    snprintf(why, size, "%s", process->why);
    pthread_mutex_unlock(&process->lock);
    return ready;
}

static void tell(struct process *process)
{
    const struct engine_status *status = &process->status;
    bool ready = process->started && status->view_ok && status->bus_ok &&
                 status->partitions_ready == status->partitions_assigned;
    pthread_mutex_lock(&process->lock);
    process->ready = ready;
    snprintf(process->why, sizeof(process->why), "%s",
             ready                     ? ""
             : status->waiting_for[0]  ? status->waiting_for
             : !process->started       ? "waits for the brokers"
             : !status->view_ok        ? "waits for Redis"
             : !status->bus_ok         ? "waits for the brokers"
                                       : "reconciling");
    pthread_mutex_unlock(&process->lock);
}

/* --- making it --- */

static enum err check_workers(const char *const *workers, struct err_note *note)
{
    const char *names[64];
    size_t count = 0;
    for (; makegood_workers[count]; count++) {
        names[count] = makegood_workers[count]->name;
    }
    names[count] = NULL;
    for (; *workers; workers++) {
        bool known = false;
        for (const char *const *name = names; *name; name++) {
            known = known || strcmp(*name, *workers) == 0;
        }
        if (!known) {
            const char *near = nearest(*workers, names);
            return err_note(note, ERR_USAGE, "there is no worker %s%s%s%s", *workers,
                            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        }
    }
    return OK;
}

static const char *const *properties_of(const struct process *process)
{
    return process->properties ? process->properties : config_kafka(process->config);
}

static enum err open_bus(struct process *process, struct err_note *note)
{
    enum err err = OK;
    process->bus = bus_kafka_new(
        &(struct bus_kafka_setup){ .properties = properties_of(process),
                                   .prefix = config_get(process->config, "topics.prefix"),
                                   .group = config_get(process->config, "group"),
                                   .instance = config_get(process->config, "instance"),
                                   .with_group = true,
                                   .mock = process->mock },
        &err, note);
    return process->bus ? OK : err;
}

static enum err open_http(struct process *process, struct err_note *note)
{
    const char *listen = config_get(process->config, "http.listen");
    enum err err = OK;
    if (!*listen) {
        return OK;
    }
    process->http = http_start(&(struct http_setup){ .listen = listen,
                                                     .metrics = http_metrics,
                                                     .alive = http_alive,
                                                     .ready = http_ready,
                                                     .context = process },
                               &err, note);
    return process->http ? OK : err;
}

struct process *process_new(const struct process_setup *setup, enum err *err, struct err_note *note)
{
    *err = check_workers(setup->workers, note);
    struct process *process = *err == OK ? calloc(1, sizeof(*process)) : NULL;
    if (!process) {
        *err = *err == OK ? err_note(note, ERR_INTERNAL, "out of memory") : *err;
        return NULL;
    }
    process->config = setup->config;
    process->workers = setup->workers;
    process->properties = setup->properties;
    process->mock = setup->mock;
    process->wall_ms = real_wall_ms;
    pthread_mutex_init(&process->lock, NULL);
    process->metrics = metrics_new();
    process->zones = zones_new();
    atomic_store(&process->turned_ms, clock_monotonic_ms());
    tell(process);
    *err = !process->metrics || !process->zones ? err_note(note, ERR_INTERNAL, "out of memory")
                                                : open_bus(process, note);
    if (*err == OK) {
        *err = open_http(process, note);
    }
    if (*err != OK) {
        process_free(process);
        return NULL;
    }
    return process;
}

void process_free(struct process *process)
{
    if (!process) {
        return;
    }
    if (process->http) {
        http_stop(process->http);
    }
    if (process->engine) {
        engine_stop(process->engine);
        engine_free(process->engine);
    }
    if (process->bus) {
        process->bus->ops->close(process->bus);
    }
    if (process->view) {
        process->view->ops->close(process->view);
    }
    zones_free(process->zones);
    metrics_free(process->metrics);
    pthread_mutex_destroy(&process->lock);
    free(process);
}

/* --- starting --- */

/* A view belongs to one cluster, prefix, group and format; another one's is refused. */
static enum err identity_of(const struct process *process, char identity[VIEW_IDENTITY_SIZE],
                            struct err_note *note)
{
    char cluster[KAFKA_CLUSTER_ID_MAX];
    enum err err = OK;
    struct kafka_admin *admin = kafka_admin_new(
        properties_of(process), config_get(process->config, "topics.prefix"), &err, note);
    if (!admin) {
        return err;
    }
    err = kafka_admin_cluster_id(admin, cluster, BROKER_WAIT_MS, note);
    kafka_admin_free(admin);
    if (err != OK) {
        return err;
    }
    view_identity(process->config, cluster, identity);
    return err;
}

static enum err open_view(struct process *process, struct err_note *note)
{
    char identity[VIEW_IDENTITY_SIZE];
    enum err err = identity_of(process, identity, note);
    if (err != OK) {
        return err;
    }
    process->view = view_redis_new(
        &(struct view_redis_setup){ .url = config_get(process->config, "redis.url"),
                                    .password = config_get(process->config, "redis.password"),
                                    .identity = identity,
                                    .metrics = process->metrics },
        &err, note);
    return process->view ? OK : err;
}

static const char *route(void *context, const char *outcome_type)
{
    return config_route(context, outcome_type);
}

static enum err open_engine(struct process *process, struct err_note *note)
{
    process->engine = engine_new(
        &(struct engine_setup){
            .workers = makegood_workers,
            .run = process->workers,
            .bus = process->bus,
            .view = process->view,
            .metrics = process->metrics,
            .zone = zones_find,
            .zone_context = process->zones,
            .route = route,
            .route_context = process->config,
            .turn_records_max = (uint32_t)config_int(process->config, "turn.records.max"),
            .cache_bytes = (size_t)config_int(process->config, "cache.kilobytes") * 1024,
            .any_timestamps = process->mock,
            .now_us = clock_monotonic_us,
        },
        note);
    return process->engine ? OK : ERR_INTERNAL;
}

/* An unsafe or foreign Redis is refused at once; one that does not answer is waited for. */
static enum err check_view(struct process *process, struct err_note *note)
{
    return view_error(process->view->ops->check(process->view, note));
}

static bool is_run(const struct process *process, const char *worker)
{
    for (const char *const *name = process->workers; *name; name++) {
        if (!worker || strcmp(*name, worker) == 0) {
            return true;
        }
    }
    return false;
}

/* Before anything is decided: an outcome that has nowhere to go would stop a turn in its middle. */
static enum err check_topics(struct process *process, struct err_note *note)
{
    struct topic topics[TOPICS_MAX];
    size_t count = topics_of_config(process->config, topics);
    const struct bus_ops *ops = process->bus->ops;
    for (size_t i = 0; i < count; i++) {
        int32_t partitions =
            is_run(process, topics[i].worker)
                ? ops->partitions(process->bus, ops->topic(process->bus, topics[i].name))
                : 1;
        if (partitions == 0) {
            return err_note(note, ERR_CONFIG, "topic %s does not exist: run `makegood topics create`",
                            topics[i].name);
        }
        if (partitions < 0) {
            return err_note(note, ERR_UNAVAILABLE, "the brokers do not answer");
        }
    }
    return OK;
}

enum err process_start(struct process *process, struct err_note *note)
{
    enum err err = process->view ? OK : open_view(process, note);
    err = err == OK ? check_view(process, note) : err;
    err = err == OK ? check_topics(process, note) : err;
    err = err == OK && !process->engine ? open_engine(process, note) : err;
    err = err == OK ? engine_start(process->engine, note) : err;
    process->started = err == OK;
    atomic_store(&process->turned_ms, clock_monotonic_ms());
    return err;
}

/* Of every input partition that is ours or was: records behind, and how old the last one decided is. */
static void measure_partition(struct process *process, const char *topic, int32_t partition)
{
    char labels[160];
    struct bus_place place = { process->bus->ops->topic(process->bus, topic), partition };
    int64_t lag = bus_kafka_lag(process->bus, place);
    int64_t time_ms = engine_partition_time(process->engine, place);
    int64_t age_ms = process->wall_ms(process->wall_context) - time_ms;
    snprintf(labels, sizeof(labels), "topic=\"%s\",partition=\"%d\"", topic, (int)partition);
    metric_set(metrics_gauge(process->metrics, "consumer_lag", labels, "Offsets to the end of the partition"),
               lag > 0 ? lag : 0);
    metric_set_ms(metrics_gauge(process->metrics, "consumer_lag_seconds", labels,
                                "Age of the last record decided, 0 at the end of the partition"),
                  lag > 0 && time_ms > 0 && age_ms > 0 ? age_ms : 0);
}

static void measure_lag(struct process *process)
{
    int64_t now = clock_monotonic_ms();
    if (!process->started || now - process->lag_ms < LAG_EVERY_MS) {
        return;
    }
    process->lag_ms = now;
    for (const char *const *worker = process->workers; *worker; worker++) {
        int32_t count = engine_partition_count(process->engine, *worker);
        for (int32_t p = 0; p < count; p++) {
            measure_partition(process, *worker, p);
        }
    }
}

enum err process_step(struct process *process, int timeout_ms, struct err_note *note)
{
    enum err err = engine_step(process->engine, process->wall_ms(process->wall_context),
                               clock_monotonic_ms(), timeout_ms, note);
    engine_status(process->engine, &process->status);
    measure_lag(process);
    atomic_store(&process->turned_ms, clock_monotonic_ms());
    tell(process);
    return err;
}

bool process_ready(const struct process *process)
{
    return process->ready && process->status.partitions_ready > 0;
}

bool process_idle(const struct process *process)
{
    return process_ready(process) && process->status.idle;
}

const char *process_waiting(const struct process *process)
{
    return process->status.waiting_for[0] ? process->status.waiting_for : process->why;
}

int process_port(const struct process *process)
{
    return process->http ? http_port(process->http) : 0;
}
