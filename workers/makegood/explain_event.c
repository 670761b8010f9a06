/*
 * `explain --event FILE`: the event is decided by the engine and the workers on a broker in memory. The
 * view is one in memory too, over what Redis has: what is not there is looked up, nothing is written.
 */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "engine/engine.h"
#include "io/bus_memory.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/view_memory.h"
#include "io/zoneinfo.h"
#include "workers/makegood/command.h"
#include "workers/makegood/explain_inside.h"
#include "workers/makegood/input.h"
#include "workers/makegood/lines.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/workers.h"

enum { STEPS_MAX = 100000, OUTCOMES_MAX = 64 };

/* --- a view over another --- */

struct over {
    struct view view;
    struct view *memory;
    struct lookup *below;
};

static enum view_result over_read(struct view *view, struct arena *arena, struct view_read *reads,
                                  size_t count, struct err_note *note)
{
    struct over *over = (struct over *)view;
    enum view_result result = over->memory->ops->read(over->memory, arena, reads, count, note);
    for (size_t i = 0; result == VIEW_OK && i < count; i++) {
        for (size_t k = 0; k < reads[i].key_count; k++) {
            if (!reads[i].values[k].at) {
                reads[i].values[k] = lookup_value(over->below, reads[i].keys[k], arena);
            }
        }
    }
    if (over->below->err != OK) {
        *note = over->below->note;
        return VIEW_DOWN;
    }
    return result;
}

static enum view_result over_fold(struct view *view, struct text group, int64_t before,
                                  int64_t after, const struct view_entry *entries, size_t count,
                                  int64_t *index, struct err_note *note)
{
    struct over *over = (struct over *)view;
    return over->memory->ops->fold(over->memory, group, before, after, entries, count, index, note);
}

static enum view_result over_check(struct view *view, struct err_note *note)
{
    struct over *over = (struct over *)view;
    return over->memory->ops->check(over->memory, note);
}

static void over_close(struct view *view)
{
    struct over *over = (struct over *)view;
    over->memory->ops->close(over->memory);
}

static const struct view_ops over_ops = { .read = over_read, .fold = over_fold, .check = over_check, .close = over_close };

/* --- the world of one event --- */

struct trial {
    const struct call *call;
    struct lookup lookup;
    struct over over;
    struct broker *broker;
    struct bus *bus;
    struct metrics *metrics;
    struct zones *zones;
    struct engine *engine;
    struct arena arena;
    int64_t time_ms;
    struct explained said[OUTCOMES_MAX];
    struct text keys[OUTCOMES_MAX];
    size_t count;
};

static void note_outcome(void *context, const char *topic, int32_t partition, int64_t offset,
                         struct text key, struct text value, const struct header *headers,
                         size_t count, int64_t timestamp_ms)
{
    struct trial *trial = context;
    struct text type = header_value(headers, count, "ce_type");
    struct text dead = header_value(headers, count, "dlq-reason");
    (void)partition;
    (void)offset;
    (void)timestamp_ms;
    bool outcome = type.at && header_value(headers, count, "makegood-to").at == NULL &&
                   !text_starts(type, TEXT("makegood.internal.")) &&
                   !text_is(header_value(headers, count, "ce_source"), "");
    if ((!outcome && !dead.at) || trial->count == OUTCOMES_MAX) {
        return;
    }
    struct explained *said = &trial->said[trial->count];
    *said = (struct explained){ .id = header_value(headers, count, "ce_id"),
                                .type = type,
                                .verdict = header_value(headers, count, "makegood-verdict"),
                                .topic = text_of(topic),
                                .offset = -1,
                                .data = value };
    if (dead.at) {
        said->type = arena_printf(&trial->arena, "dead letter: %.*s, %.*s", TEXT_ARGS(dead),
                                  TEXT_ARGS(header_value(headers, count, "dlq-detail")));
    }
    trial->keys[trial->count++] = key;
}

static void make_topics(struct trial *trial)
{
    static const char *const ends[] = { "", "-state", "-outcome", "-dlq" };
    for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
        for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
            broker_topic(trial->broker,
                         arena_printf(&trial->arena, "%s%s", (*worker)->name, ends[i]).at, 1);
        }
    }
    broker_topic(trial->broker, "email-request", 1);
    broker_topic(trial->broker, "refund-initiated", 1);
}

static enum err open_trial(struct trial *trial, struct err_note *note)
{
    const char *run[LOOKUP_WORKERS_MAX + 1];
    size_t count = 0;
    for (; makegood_workers[count] && count < LOOKUP_WORKERS_MAX; count++) {
        run[count] = makegood_workers[count]->name;
    }
    run[count] = NULL;
    trial->broker = broker_new();
    trial->metrics = metrics_new();
    trial->zones = zones_new();
    trial->over = (struct over){ { &over_ops }, view_memory_new(), &trial->lookup };
    if (!trial->broker || !trial->metrics || !trial->zones || !trial->over.memory) {
        return err_note(note, ERR_INTERNAL, "out of memory");
    }
    make_topics(trial);
    broker_set_time(trial->broker, trial->time_ms);
    trial->bus = bus_memory_new(trial->broker,
                                &(struct bus_memory_setup){ .group = "explain",
                                                            .transactional_id = "explain",
                                                            .member = "" });
    trial->engine = engine_new(&(struct engine_setup){ .workers = makegood_workers,
                                                       .run = run,
                                                       .bus = trial->bus,
                                                       .view = &trial->over.view,
                                                       .metrics = trial->metrics,
                                                       .zone = zones_find,
                                                       .zone_context = trial->zones,
                                                       .turn_records_max = 1,
                                                       .turn_timers_max = 1 },
                               note);
    if (!trial->engine) {
        return ERR_INTERNAL;
    }
    broker_observe(trial->broker, note_outcome, trial);
    return engine_start(trial->engine, note);
}

static void close_trial(struct trial *trial)
{
    if (trial->engine) {
        engine_stop(trial->engine);
        engine_free(trial->engine);
    }
    if (trial->bus) {
        trial->bus->ops->close(trial->bus);
    }
    broker_free(trial->broker);
    if (trial->over.memory) {
        trial->over.view.ops->close(&trial->over.view);
    }
    metrics_free(trial->metrics);
    zones_free(trial->zones);
    lookup_close(&trial->lookup);
    arena_release(&trial->arena);
}

/* Until the event and what follows from it are decided. */
static enum err settle(struct trial *trial, struct err_note *note)
{
    struct engine_status status;
    for (int i = 1; i < STEPS_MAX; i++) {
        broker_set_mono(trial->broker, i);
        enum err err = engine_step(trial->engine, trial->time_ms, i, 0, note);
        engine_status(trial->engine, &status);
        if (err != OK || trial->lookup.err != OK) {
            *note = trial->lookup.err != OK ? trial->lookup.note : *note;
            return trial->lookup.err != OK ? trial->lookup.err : err;
        }
        if (status.idle && status.partitions_ready) {
            return OK;
        }
    }
    return err_note(note, ERR_INTERNAL, "the event is not decided: %s", status.waiting_for);
}

/* --- what came of it --- */

static struct text trial_value(void *context, struct text key, struct arena *arena)
{
    struct trial *trial = context;
    struct text group =
        arena_printf(arena, "%s-0", worker_of_key(key, arena) ? worker_of_key(key, arena)->name : "");
    struct view_read read = { .group = group, .keys = &key, .key_count = 1 };
    struct err_note note;
    bool good = over_read(&trial->over.view, arena, &read, 1, &note) == VIEW_OK;
    return good ? read.values[0] : (struct text){ NULL, 0 };
}

static struct text as_json(struct trial *trial, struct text key, struct text value)
{
    struct json_writer writer;
    const char *why;
    json_writer_init(&writer, &trial->arena, 1024);
    json_open_object(&writer, NULL);
    if (!value.at || !state_json(key, value, &trial->arena, &writer, &why)) {
        return (struct text){ NULL, 0 };
    }
    json_close_object(&writer);
    return json_writer_text(&writer);
}

static void print_all(struct trial *trial)
{
    struct explain_states states = { trial_value, trial };
    for (size_t i = 0; i < trial->count; i++) {
        struct explained *said = &trial->said[i];
        struct text key = trial->keys[i];
        if (key.at) {
            said->before = as_json(trial, key, lookup_value(&trial->lookup, key, &trial->arena));
            said->after = as_json(trial, key, trial_value(trial, key, &trial->arena));
        }
        explain_print(trial->call, &trial->arena, said, &states);
    }
}

static enum err decide(struct trial *trial, struct text event, struct err_note *note)
{
    struct input input;
    struct input_fault fault;
    struct text none = { NULL, 0 };
    enum err err = settle(trial, note);
    if (err != OK) {
        return err;
    }
    if (!input_read(&trial->arena, event, NULL, 0, &input, &fault)) {
        return err_note(note, ERR_DATA, "it would be a dead letter: %s, %s",
                        dead_reason_name(fault.reason), fault.detail);
    }
    broker_append(trial->broker, broker_topic(trial->broker, input.worker->name, 0), 0, none, event,
                  NULL, 0);
    err = settle(trial, note);
    if (err == OK) {
        print_all(trial);
    }
    return err;
}

static enum err read_event(const char *path, struct arena *arena, struct text *event,
                           struct err_note *note)
{
    struct lines lines;
    enum err err = lines_open(&lines, path, note);
    if (err == OK) {
        bool read = lines_next(&lines);
        err = lines_failed(&lines, note);
        if (err == OK && !read) {
            err = err_note(note, ERR_DATA, "%s holds no event", path);
        }
        *event = err == OK ? arena_copy(arena, lines.line) : *event;
    }
    lines_close(&lines);
    return err;
}

int explain_event(const struct call *call, const char *path)
{
    static struct trial trial;
    struct err_note note = { "" };
    struct text event = { NULL, 0 };
    trial = (struct trial){ .call = call, .time_ms = clock_wall_ms() };
    arena_init(&trial.arena, 0);
    enum err err = read_event(path, &trial.arena, &event, &note);
    bool servers = false;
    if (err == OK) {
        servers = true;
        err = lookup_open(&trial.lookup, call->config);
        note = err == OK ? note : trial.lookup.note;
    }
    log_configure(LOG_WARN, false); /* what the engine does is of no interest here */
    err = err == OK ? open_trial(&trial, &note) : err;
    err = err == OK ? decide(&trial, event, &note) : err;
    servers = servers && (trial.lookup.err != OK);
    close_trial(&trial);
    if (err == OK) {
        return OK;
    }
    return servers ? servers_failed(call->config, err, &note) : fail_with(err, "%s", note.text);
}
