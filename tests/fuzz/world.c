/* Every worker on a broker and a view in memory: what happens in it, and what is seen of it. */
#include "fuzz/world.h"

#include "engine/engine.h"
#include "fuzz/fuzz.h"
#include "io/bus_memory.h"
#include "io/log.h"
#include "io/view_memory.h"
#include "io/zoneinfo.h"
#include "workers/makegood/workers.h"

enum { WORKERS = 16, INPUTS_MAX = 8192, STEPS_MAX = 60000, MOVES_MAX = 500 };
#define START_MS INT64_C(1767225600000) /* 2026-01-01 */
#define HOUR_MS INT64_C(3600000)

struct answers {
    bool sent;
    int first, dead, final;
    bool deferred;
};

struct world {
    struct broker *broker;
    struct bus *bus;
    struct view *view;
    struct metrics *metrics;
    struct engine *engine;
    struct arena arena;
    const char *names[WORKERS + 1];
    int count;
    struct answers answers[WORKERS][INPUTS_MAX];
    int64_t time_ms, mono_ms;
    uint32_t records; /* of a turn */
    int steps, ends;
    int given_up; /* final verdicts by time alone: they cite no input */
};

static struct world world;
static struct zones *zones;
static bool may_end;

/* --- what is seen --- */

static struct answers *answers_of(int worker, int64_t offset)
{
    PROMISE(offset >= 0 && offset < INPUTS_MAX, "too many records for one input");
    return &world.answers[worker][offset];
}

static int worker_of(struct text topic)
{
    int worker = 0;
    while (worker < world.count && !text_is(topic, world.names[worker])) {
        worker++;
    }
    return worker;
}

static int64_t number_of(struct text digits)
{
    int64_t number = 0;
    for (uint32_t i = 0; i < digits.size && number < INT32_MAX; i++) {
        number = number * 10 + (digits.at[i] - '0');
    }
    return number;
}

/* Of "topic/0/offset". */
static struct answers *answers_at(struct text place)
{
    const char *slash = memchr(place.at, '/', place.size);
    PROMISE(slash != NULL, "an input is cited as %.*s", TEXT_ARGS(place));
    uint32_t size = (uint32_t)(slash - place.at);
    int worker = worker_of((struct text){ place.at, size });
    PROMISE(worker < world.count && place.size > size + 3, "%.*s", TEXT_ARGS(place));
    return answers_of(worker, number_of((struct text){ slash + 3, place.size - size - 3 }));
}

static void note_verdict(struct answers *answers, struct text verdict)
{
    if (answers->deferred) {
        answers->final++;
    } else {
        answers->first++;
        answers->deferred = text_is(verdict, "deferred");
    }
}

static void committed(void *context, const char *topic, int32_t partition, int64_t offset,
                      struct text key, struct text value, const struct header *headers,
                      size_t count, int64_t timestamp_ms)
{
    (void)context, (void)partition, (void)key, (void)value, (void)timestamp_ms;
    int worker = worker_of(text_of(topic));
    struct text verdict = header_value(headers, count, "makegood-verdict");
    struct text input = header_value(headers, count, "makegood-input");
    struct text dead = header_value(headers, count, "dlq-topic");
    if (worker < world.count) {
        answers_of(worker, offset)->sent = true;
    } else if (dead.at) {
        int of = worker_of(dead);
        PROMISE(of < world.count, "dead letter of %.*s", TEXT_ARGS(dead));
        answers_of(of, number_of(header_value(headers, count, "dlq-offset")))->dead++;
    } else if (verdict.at && input.at) {
        note_verdict(answers_at(input), verdict);
    } else if (verdict.at) {
        world.given_up++;
    }
}

void world_check(void)
{
    int waiting = 0;
    for (int worker = 0; worker < world.count; worker++) {
        for (int64_t offset = 0; offset < INPUTS_MAX; offset++) {
            const struct answers *answers = &world.answers[worker][offset];
            PROMISE(answers->first + answers->dead == answers->sent,
                    "%s/0/%lld: %d verdicts, %d dead letters", world.names[worker],
                    (long long)offset, answers->first, answers->dead);
            PROMISE(answers->final <= answers->deferred, "%s/0/%lld: %d final verdicts",
                    world.names[worker], (long long)offset, answers->final);
            waiting += answers->deferred - answers->final;
        }
    }
    PROMISE(waiting == world.given_up, "%d wait, %d were given up", waiting, world.given_up);
}

/* --- what happens --- */

static void open_topics(void)
{
    static const char *const ends[] = { "", "-state", "-outcome", "-dlq" };
    for (world.count = 0; makegood_workers[world.count]; world.count++) {
        PROMISE(world.count < WORKERS, "more workers");
        const char *name = world.names[world.count] = makegood_workers[world.count]->name;
        for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
            broker_topic(world.broker, arena_printf(&world.arena, "%s%s", name, ends[i]).at, 1);
        }
    }
    world.names[world.count] = NULL;
    broker_topic(world.broker, "email-request", 1);
    broker_topic(world.broker, "refund-initiated", 1);
}

static void open_engine(void)
{
    struct err_note note = { "" };
    world.bus = bus_memory_new(world.broker,
                               &(struct bus_memory_setup){ "makegood", "makegood-fuzz", "" });
    world.engine = engine_new(&(struct engine_setup){ .workers = makegood_workers,
                                                      .run = world.names,
                                                      .bus = world.bus,
                                                      .view = world.view,
                                                      .metrics = world.metrics,
                                                      .zone = zones_find,
                                                      .zone_context = zones,
                                                      .turn_records_max = world.records,
                                                      .turn_timers_max = world.records,
                                                      .cache_bytes = 65536 },
                              &note);
    PROMISE(world.engine && engine_start(world.engine, &note) == OK, "%s", note.text);
}

static void close_engine(void)
{
    engine_stop(world.engine);
    engine_free(world.engine);
    world.bus->ops->close(world.bus);
}

void world_open(uint32_t records)
{
    world.records = records;
    world.broker = broker_new();
    world.view = view_memory_new();
    world.metrics = metrics_new();
    zones = zones ? zones : zones_new();
    PROMISE(world.broker && world.view && world.metrics && zones, "out of memory");
    open_topics();
    world.time_ms = START_MS;
    broker_set_time(world.broker, START_MS);
    open_engine();
    broker_observe(world.broker, committed, NULL);
}

void world_close(void)
{
    close_engine();
    broker_free(world.broker);
    world.view->ops->close(world.view);
    metrics_free(world.metrics);
    arena_release(&world.arena); /* so that the next world begins like the first */
    memset(world.answers, 0, sizeof(world.answers));
    world.mono_ms = world.steps = world.ends = world.given_up = 0;
}

void world_restart(void)
{
    close_engine();
    open_engine();
}

void world_settle(void)
{
    struct err_note note = { "" };
    struct engine_status status = { 0 };
    do {
        PROMISE(++world.steps < STEPS_MAX, "it does not come to an end: %s", status.waiting_for);
        broker_set_mono(world.broker, ++world.mono_ms);
        enum err err = engine_step(world.engine, world.time_ms + 1000, world.mono_ms, 0, &note);
        if (err != OK) {
            PROMISE(may_end && strstr(note.text, "the system gives no memory"), "%s", note.text);
            PROMISE(broker_expire(world.broker) == 0, "it left a transaction open");
            world.ends++;
            world_restart();
        }
        engine_status(world.engine, &status);
    } while (!status.idle || !status.partitions_ready || status.next_due_ms <= world.time_ms);
}

void world_pass(int64_t ms)
{
    struct engine_status status;
    int64_t until = world.time_ms + ms;
    engine_status(world.engine, &status);
    for (int moves = 0; status.next_due_ms <= until && moves < MOVES_MAX; moves++) {
        world.time_ms = status.next_due_ms > world.time_ms ? status.next_due_ms : world.time_ms;
        broker_set_time(world.broker, world.time_ms);
        world_settle();
        engine_status(world.engine, &status);
    }
    world.time_ms = until;
    broker_set_time(world.broker, until);
    world_settle();
}

/* --- what is sent --- */

static struct text word(struct text *line)
{
    const char *space = memchr(line->at, ' ', line->size);
    uint32_t size = space ? (uint32_t)(space - line->at) : line->size;
    struct text first = { line->at, size };
    line->at += space ? size + 1 : size;
    line->size -= space ? size + 1 : size;
    return first;
}

static int topic_of(struct text type)
{
    for (int worker = 0; worker < world.count; worker++) {
        if (worker_message(makegood_workers[worker], type)) {
            return worker;
        }
    }
    return type.size ? (unsigned char)type.at[0] % world.count : 0;
}

void world_send(struct text line)
{
    struct text whole = line, type = word(&line), id = word(&line), hours = word(&line);
    bool event = line.size && line.at[0] == '{' && hours.size <= 4;
    for (uint32_t i = 0; event && i < hours.size; i++) {
        event = hours.at[i] >= '0' && hours.at[i] <= '9';
    }
    int worker = topic_of(type);
    struct text value = !event ? whole
                               : arena_join(&world.arena,
                                            TEXT("{\"specversion\":\"1.0\",\"source\":\"/fuzz\",\"id\":\""),
                                            id, TEXT("\",\"type\":\"makegood."), type,
                                            TEXT(".v1\",\"data\":"), line, TEXT("}"));
    if (event && hours.size) {
        world_pass(number_of(hours) * HOUR_MS);
    }
    int64_t offset = broker_append(world.broker, broker_topic(world.broker, world.names[worker], 0),
                                   0, (struct text){ NULL, 0 }, value, NULL, 0);
    answers_of(worker, offset)->sent = true;
}

void world_let_end(bool may)
{
    may_end = may;
}

int world_ends(void)
{
    return world.ends;
}

struct broker *world_broker(void)
{
    return world.broker;
}

struct view *world_view(void)
{
    return world.view;
}

const char *world_worker(int number)
{
    return world.names[number];
}
