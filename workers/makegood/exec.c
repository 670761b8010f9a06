/*
 * `exec`: the engine and the workers on a broker and a view in memory. One partition everywhere, one
 * record a turn, the clock is what the lines say; so the same lines give the same bytes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/time.h"
#include "io/log.h"
#include "wire/json.h"
#include "wire/json_write.h"
#include "workers/makegood/command.h"
#include "workers/makegood/exec_inside.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/workers.h"

enum { STEPS_MAX = 1000000 }; /* far more than one line can need */

/* --- the world --- */

static void make_topics(struct exec *exec)
{
    static const char *const ends[] = { "", "-state", "-outcome", "-dlq" };
    for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
        for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
            struct text name = arena_printf(&exec->arena, "%s%s", (*worker)->name, ends[i]);
            broker_topic(exec->broker, name.at, 1);
        }
    }
    broker_topic(exec->broker, "email-request", 1);
    broker_topic(exec->broker, "refund-initiated", 1);
}

static enum err open_world(struct exec *exec, struct err_note *note)
{
    static const char *run[64];
    size_t count = 0;
    for (; makegood_workers[count]; count++) {
        run[count] = makegood_workers[count]->name;
    }
    run[count] = NULL;
    exec->broker = broker_new();
    exec->view = view_memory_new();
    exec->metrics = metrics_new();
    exec->zones = zones_new();
    exec->causes = calloc(count + 1, sizeof(*exec->causes));
    if (!exec->broker || !exec->view || !exec->metrics || !exec->zones || !exec->causes) {
        return err_note(note, ERR_INTERNAL, "out of memory");
    }
    make_topics(exec);
    broker_set_time(exec->broker, 0);
    exec->bus = bus_memory_new(exec->broker, &(struct bus_memory_setup){ .group = "makegood",
                                                                         .transactional_id =
                                                                             "makegood-exec",
                                                                         .member = "" });
    exec->engine = engine_new(&(struct engine_setup){ .workers = makegood_workers,
                                                      .run = run,
                                                      .bus = exec->bus,
                                                      .view = exec->view,
                                                      .metrics = exec->metrics,
                                                      .zone = zones_find,
                                                      .zone_context = exec->zones,
                                                      .turn_records_max = 1,
                                                      .turn_timers_max = 1 },
                              note);
    if (!exec->engine) {
        return ERR_INTERNAL;
    }
    broker_observe(exec->broker, exec_committed, exec);
    return engine_start(exec->engine, note);
}

static void close_world(struct exec *exec)
{
    if (exec->engine) {
        engine_stop(exec->engine);
        engine_free(exec->engine);
    }
    if (exec->bus) {
        exec->bus->ops->close(exec->bus);
    }
    broker_free(exec->broker);
    if (exec->view) {
        exec->view->ops->close(exec->view);
    }
    metrics_free(exec->metrics);
    zones_free(exec->zones);
    for (int i = 0; exec->causes && makegood_workers[i]; i++) {
        free(exec->causes[i].rows);
    }
    free(exec->causes);
    free(exec->origins);
    arena_release(&exec->arena);
}

/* Steps until nothing is left to decide by the present time. */
static enum err settle(struct exec *exec, struct err_note *note)
{
    struct engine_status status;
    for (int i = 0; i < STEPS_MAX; i++) {
        broker_set_mono(exec->broker, ++exec->mono_ms);
        enum err err = engine_step(exec->engine, exec->time_ms + 1000, exec->mono_ms, 0, note);
        if (err != OK) {
            return err;
        }
        engine_status(exec->engine, &status);
        if (status.idle && status.partitions_ready && status.next_due_ms > exec->time_ms) {
            return OK;
        }
    }
    return err_note(note, ERR_INTERNAL, "line %lld does not come to an end: %s",
                    (long long)exec->line + 1, status.waiting_for);
}

/* Everything that is due by then happens, each at its time. */
static enum err move_clock(struct exec *exec, int64_t until, struct err_note *note)
{
    enum err err = OK;
    struct engine_status status;
    for (engine_status(exec->engine, &status); err == OK && status.next_due_ms <= until;
         engine_status(exec->engine, &status)) {
        exec->time_ms = status.next_due_ms > exec->time_ms ? status.next_due_ms : exec->time_ms;
        broker_set_time(exec->broker, exec->time_ms);
        err = settle(exec, note);
    }
    exec->time_ms = until;
    broker_set_time(exec->broker, until);
    return err;
}

/* --- one line --- */

struct line {
    struct text bytes;
    struct text type, source, id; /* as far as they can be read */
    bool has_time, bad_time;
    int64_t time_ms;
};

static struct text member_text(struct arena *arena, const struct json *json, const char *name)
{
    uint32_t token = json_member(json, 0, name);
    bool string = token != JSON_NONE && json->tokens[token].type == JSON_KIND_STRING;
    return string ? json_text(json, arena, token) : (struct text){ NULL, 0 };
}

static void read_line_members(struct arena *arena, struct line *line)
{
    struct json json;
    struct json_fault fault;
    if (line->bytes.size > EVENT_BYTES_MAX || !json_parse(arena, line->bytes, &json, &fault) ||
        json.tokens[0].type != JSON_KIND_OBJECT) {
        return;
    }
    line->type = member_text(arena, &json, "type");
    line->source = member_text(arena, &json, "source");
    line->id = member_text(arena, &json, "id");
    uint32_t token = json_member(&json, 0, "time");
    if (token != JSON_NONE && json.tokens[token].type != JSON_KIND_NULL) {
        struct text text = member_text(arena, &json, "time");
        line->has_time = text.at && time_parse(text, &line->time_ms);
        line->bad_time = !line->has_time;
    }
}

static const char *topic_of_type(struct text type)
{
    struct text name = type.at ? event_short_type(type) : type;
    for (const struct worker *const *worker = makegood_workers; name.at && *worker; worker++) {
        if (worker_message(*worker, name)) {
            return (*worker)->name;
        }
    }
    return NULL;
}

static enum err decide_line(struct exec *exec, struct line *line, struct err_note *note)
{
    const char *topic = exec->topic;
    if (!topic) {
        topic = topic_of_type(line->type);
        topic = topic ? topic : "action";
    }
    if (line->bad_time) {
        exec_print_bad_time(exec, topic, line->bytes);
        return OK;
    }
    if (line->has_time && line->time_ms < exec->time_ms) {
        char now[TIME_TEXT_SIZE];
        time_format(exec->time_ms, now);
        return err_note(note, ERR_DATA,
                        "line %lld: its time is before %s, that of an earlier line; sort the lines",
                        (long long)exec->line + 1, now);
    }
    enum err err = move_clock(exec, line->has_time ? line->time_ms : exec->time_ms, note);
    if (err != OK) {
        return err;
    }
    int64_t offset = broker_append(exec->broker, broker_topic(exec->broker, topic, 0), 0,
                                   (struct text){ NULL, 0 }, line->bytes, NULL, 0);
    exec_note_line(exec, exec_input(topic), offset, line->source, line->id);
    return settle(exec, note);
}

static bool is_blank(const char *bytes, size_t size)
{
    return strspn(bytes, " \t\r") >= size;
}

static enum err decide_all(struct exec *exec, struct err_note *note)
{
    char *bytes = NULL;
    size_t room = 0;
    ssize_t size;
    struct arena arena;
    enum err err = OK;
    arena_init(&arena, 0);
    for (; err == OK && (size = getline(&bytes, &room, stdin)) >= 0; exec->line++) {
        if (size && bytes[size - 1] == '\n') {
            bytes[--size] = 0;
        }
        if (is_blank(bytes, (size_t)size)) {
            continue;
        }
        arena_reset(&arena);
        struct line line = { .bytes = { bytes, (uint32_t)size } };
        read_line_members(&arena, &line);
        err = decide_line(exec, &line, note);
        if (err == OK && ferror(stdout)) {
            err = err_note(note, ERR_IO, "cannot write to stdout");
        }
    }
    if (err == OK && ferror(stdin)) {
        err = err_note(note, ERR_IO, "cannot read stdin: %s", strerror(errno));
    }
    free(bytes);
    arena_release(&arena);
    return err;
}

/* --- states --- */

static void print_state(void *context, struct text key, struct text value, int64_t due_ms)
{
    struct arena *arena = context;
    struct json_writer writer;
    const char *why;
    (void)due_ms;
    arena_reset(arena);
    json_writer_init(&writer, arena, 1024);
    json_open_object(&writer, NULL);
    if (worker_of_key(key, arena) && state_json(key, value, arena, &writer, &why)) {
        json_close_object(&writer);
        struct text text = json_writer_text(&writer);
        printf("%.*s\n", TEXT_ARGS(text));
    }
}

static void print_states(struct exec *exec)
{
    for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
        char group[128];
        snprintf(group, sizeof(group), "%s-0", (*worker)->name);
        view_memory_each(exec->view, text_of(group), print_state, &exec->arena);
    }
}

static bool read_flags(const struct call *call, struct exec *exec, int64_t *until)
{
    const char *text = call_flag(call, "until");
    *until = -1;
    if (text && !time_parse(text_of(text), until)) {
        fail_with(ERR_USAGE, "--until: expected a time like 2026-03-01T00:00:00Z, got %s", text);
        return false;
    }
    exec->topic = call_flag(call, "topic");
    if (exec->topic && exec_input(exec->topic) < 0) {
        fail_with(ERR_USAGE, "--topic: %s is not an input topic", exec->topic);
        return false;
    }
    exec->internal = call_flag(call, "internal") != NULL;
    return true;
}

int run_exec(const struct call *call)
{
    struct exec exec = { .dead = { .line = -1 } };
    struct err_note note = { "" };
    int64_t until;
    if (!read_flags(call, &exec, &until)) {
        return ERR_USAGE;
    }
    log_configure(LOG_WARN, false); /* what the engine does is of no interest here */
    enum err err = open_world(&exec, &note);
    err = err == OK ? settle(&exec, &note) : err;
    err = err == OK ? decide_all(&exec, &note) : err;
    if (err == OK && until >= 0) {
        err = until < exec.time_ms
                  ? err_note(&note, ERR_USAGE, "--until lies before the last line's time")
                  : move_clock(&exec, until, &note);
    }
    if (err == OK && call_flag(call, "states")) {
        print_states(&exec);
    }
    close_world(&exec);
    return err == OK ? OK : fail_with(err, "%s", note.text);
}
