/* The bus that a process sees: the one in memory, with every call an effect at which the process may
 * die or be paused, and with what may happen to a call on the way. */
#include "tests/sim/sim.h"

#include <string.h>

#include "tests/sim/watch.h"

static struct process *of(struct bus *bus)
{
    return ((struct sim_bus *)(void *)bus)->process;
}

#define INNER(process) ((process)->bus.inner)
#define CALL(process, call, ...) INNER(process)->ops->call(INNER(process), __VA_ARGS__)

const char *identity_name(int32_t identity)
{
    static const char *const names[IDENTITIES] = { "pool-0", "pool-1", "pool-2" };
    return names[identity];
}

int32_t identity_of(struct text transactional_id)
{
    int32_t identity = 0;
    while (identity < IDENTITIES && !text_is(transactional_id, identity_name(identity))) {
        identity++;
    }
    return identity;
}

static enum bus_result done(struct process *process, const char *call, enum bus_result result)
{
    struct sim *sim = process->sim;
    static const char *const results[] = { "",        " PENDING", " ABORT",  " RETIRE",
                                           " UNAVAILABLE", " REFUSED", " CONFIG", " ABSENT" };
    sim_mix(sim, (uint64_t)process->slot << 32 | (uint64_t)(unsigned char)call[0] << 8 |
                     (uint64_t)result);
    sim_note(sim, "p%d %s%s", process->slot, call, results[result]);
    return result;
}

/* Nobody answers while the coordinators move. */
static bool nobody(struct process *process)
{
    struct sim *sim = process->sim;
    return sim->step < sim->coordinator_until && dice_one_in(&sim->dice[FAULT_COORDINATOR], 2);
}

/* --- asking --- */

static int32_t topic(struct bus *bus, const char *name)
{
    return CALL(of(bus), topic, name);
}

static int32_t partitions(struct bus *bus, int32_t index)
{
    struct process *process = of(bus);
    process_effect(process, false);
    return nobody(process) ? -1 : CALL(process, partitions, index);
}

static enum bus_result join(struct bus *bus, const int32_t *topics, size_t count)
{
    struct process *process = of(bus);
    process_effect(process, false);
    return done(process, "join",
                nobody(process) ? BUS_UNAVAILABLE : CALL(process, join, topics, count));
}

static void trace_event(struct process *process, const struct bus_event *event)
{
    static const char *const kinds[] = { "nothing",  "record",  "end",
                                         "assigned", "revoked", "failed" };
    const struct bus_record *record = &event->record;
    sim_mix(process->sim, (uint64_t)event->kind << 32 | (uint64_t)record->place.topic << 16 |
                              (uint64_t)record->offset);
    if (event->kind == BUS_RECORD || event->kind == BUS_END) {
        sim_note(process->sim, "p%d poll: %s %s/%d %lld %.*s", process->slot, kinds[event->kind],
                 broker_topic_name(process->sim->broker, record->place.topic),
                 record->place.partition, (long long)record->offset, TEXT_ARGS(record->key));
    } else if (event->kind != BUS_NOTHING) {
        sim_note(process->sim, "p%d poll: %s", process->slot, kinds[event->kind]);
    }
}

static void poll(struct bus *bus, int timeout_ms, struct bus_event *event)
{
    struct process *process = of(bus);
    process_effect(process, true);
    *event = (struct bus_event){ .kind = BUS_NOTHING };
    if (process->effects > 1 && fault_strikes(process->sim, FAULT_SHORT_POLL)) {
        return;
    }
    if (nobody(process)) {
        event->kind = BUS_FAILED;
        event->result = BUS_UNAVAILABLE;
        err_note(&event->note, OK, "the coordinators move");
        return;
    }
    CALL(process, poll, timeout_ms, event);
    if (event->kind == BUS_ASSIGNED) {
        memset(process->settled, 0, sizeof(process->settled));
    }
    trace_event(process, event);
}

static void release(struct bus *bus, struct bus_record *record)
{
    CALL(of(bus), release, record);
}

static size_t headers(struct bus *bus, const struct bus_record *record, struct header *out,
                      size_t max)
{
    return CALL(of(bus), headers, record, out, max);
}

/* A second line of defence, and so looked at here: without it nothing else would show. */
static void fetch(struct bus *bus, const struct bus_position *positions, size_t count)
{
    struct process *process = of(bus);
    for (size_t i = 0; i < count; i++) {
        if (!process->settled[positions[i].place.topic][positions[i].place.partition]) {
            sim_fail(process->sim, "the protocol: a partition is read whose pending offsets were not "
                                   "waited for (design 2)");
        }
    }
    CALL(process, fetch, positions, count);
}

static void pause_place(struct bus *bus, struct bus_place place, bool paused)
{
    CALL(of(bus), pause, place, paused);
}

static void follow(struct bus *bus, const struct bus_position *positions, size_t count)
{
    CALL(of(bus), follow, positions, count);
}

static enum bus_result ends(struct bus *bus, struct bus_place place, int64_t *first,
                            int64_t *stable, int64_t *high)
{
    struct process *process = of(bus);
    process_effect(process, false);
    return done(process, "ends",
                nobody(process) ? BUS_UNAVAILABLE
                                : CALL(process, ends, place, first, stable, high));
}

/* The watcher asks again now and then; between, it knows what it knew. */
static bool seen_end(struct bus *bus, struct bus_place place, int64_t *stable, int64_t *asked_ms)
{
    struct process *process = of(bus);
    struct seen_end *seen = &process->ends[place.topic][place.partition];
    int64_t now;
    if (!CALL(process, seen_end, place, stable, &now)) {
        seen->known = false;
        return false;
    }
    if (!seen->known || !fault_strikes(process->sim, FAULT_SLOW_WATCH)) {
        *seen = (struct seen_end){ true, *stable, now };
    }
    *stable = seen->stable;
    *asked_ms = seen->asked_ms;
    return true;
}

static enum bus_result settled(struct bus *bus, struct bus_place place)
{
    struct process *process = of(bus);
    process_effect(process, false);
    enum bus_result result = nobody(process) ? BUS_PENDING : CALL(process, settled, place);
    process->settled[place.topic][place.partition] |= result == BUS_OK;
    return done(process, "settled", result);
}

static enum bus_result peek(struct bus *bus, struct bus_place place, int64_t offset,
                            struct bus_record *record)
{
    struct process *process = of(bus);
    process_effect(process, false);
    return done(process, "peek",
                nobody(process) ? BUS_UNAVAILABLE : CALL(process, peek, place, offset, record));
}

static enum bus_result fence(struct bus *bus, struct text id)
{
    struct process *process = of(bus);
    process_effect(process, false);
    sim_note(process->sim, "p%d fences %.*s", process->slot, TEXT_ARGS(id));
    return done(process, "fence", nobody(process) ? BUS_UNAVAILABLE : CALL(process, fence, id));
}

/* --- transactions --- */

/* Plans what happens to a producer's call. */
static void endanger(struct process *process, enum bus_memory_call call)
{
    struct sim *sim = process->sim;
    bool end = call == BUS_CALL_COMMIT || call == BUS_CALL_ABORT;
    process_effect(process, false);
    if (nobody(process)) {
        bus_memory_fail_next(INNER(process), call, BUS_RETIRE, false);
    } else if (end && fault_strikes(sim, FAULT_LATE_END)) {
        bus_memory_hold_end(INNER(process));
    } else if (call == BUS_CALL_COMMIT && fault_strikes(sim, FAULT_LOST_COMMIT)) {
        bus_memory_fail_next(INNER(process), call, BUS_RETIRE, true);
    } else if (fault_strikes(sim, FAULT_LOST_REQUEST)) {
        bus_memory_fail_next(INNER(process), call, BUS_RETIRE, false);
    } else if (call != BUS_CALL_ABORT && call != BUS_CALL_RETIRE && call != BUS_CALL_BEGIN &&
               fault_strikes(sim, FAULT_ABORTABLE)) {
        bus_memory_fail_next(INNER(process), call, BUS_ABORT, false);
    }
}

static enum bus_result begin(struct bus *bus)
{
    struct process *process = of(bus);
    endanger(process, BUS_CALL_BEGIN);
    queue_clear(process);
    enum bus_result result = INNER(process)->ops->begin(INNER(process));
    if (result == BUS_OK) {
        watch_begin(process);
    }
    return done(process, "begin", result);
}

static enum bus_result send_one(struct process *process)
{
    endanger(process, BUS_CALL_PRODUCE);
    return queue_send(process);
}

/* Into the queue; the client may begin to send at once. What goes wrong there dooms the transaction,
 * and a later call says so. */
static enum bus_result produce(struct bus *bus, const struct bus_message *message)
{
    struct process *process = of(bus);
    if (fault_strikes(process->sim, FAULT_QUEUE_FULL)) {
        return done(process, "produce", BUS_PENDING);
    }
    queue_put(process, message);
    return dice_one_in(&process->sim->choice, 8) ? done(process, "produce", send_one(process))
                                                 : BUS_OK;
}

static enum bus_result flush(struct bus *bus, int timeout_ms)
{
    struct process *process = of(bus);
    enum bus_result result = BUS_OK;
    while (result == BUS_OK && process->queue.unsent > 0) {
        result = send_one(process);
    }
    if (result == BUS_OK) {
        endanger(process, BUS_CALL_FLUSH);
        result = CALL(process, flush, timeout_ms);
    }
    return done(process, "flush", result);
}

static bool written(struct bus *bus, struct bus_place place, int64_t *first, int64_t *last)
{
    return CALL(of(bus), written, place, first, last);
}

static enum bus_result send_offsets(struct bus *bus, const struct bus_position *offsets,
                                    size_t count)
{
    struct process *process = of(bus);
    endanger(process, BUS_CALL_SEND_OFFSETS);
    if (process->queue.unsent > 0) {
        sim_fail(process->sim, "the protocol: offsets are sent before every record is safe (design 2)");
    }
    return done(process, "send_offsets", CALL(process, send_offsets, offsets, count));
}

static enum bus_result commit(struct bus *bus)
{
    struct process *process = of(bus);
    enum bus_result result = BUS_OK;
    while (result == BUS_OK && process->queue.unsent > 0) {
        result = send_one(process); /* the client does it by itself */
    }
    endanger(process, BUS_CALL_COMMIT);
    result = result == BUS_OK ? INNER(process)->ops->commit(INNER(process)) : result;
    watch_committed(process->sim);
    return done(process, "commit", result);
}

static enum bus_result abort_it(struct bus *bus)
{
    struct process *process = of(bus);
    endanger(process, BUS_CALL_ABORT);
    queue_clear(process);
    return done(process, "abort", INNER(process)->ops->abort(INNER(process)));
}

static enum bus_result retire(struct bus *bus)
{
    struct process *process = of(bus);
    endanger(process, BUS_CALL_RETIRE);
    queue_clear(process);
    return done(process, "retire", INNER(process)->ops->retire(INNER(process)));
}

static struct text transactional_id(struct bus *bus)
{
    return INNER(of(bus))->ops->transactional_id(INNER(of(bus)));
}

static void leave(struct bus *bus)
{
    struct process *process = of(bus);
    process_effect(process, false);
    INNER(process)->ops->leave(INNER(process));
}

static void close_bus(struct bus *bus)
{
    (void)bus; /* process_release() does */
}

static const struct bus_ops sim_ops = {
    .topic = topic,
    .partitions = partitions,
    .join = join,
    .poll = poll,
    .release = release,
    .headers = headers,
    .fetch = fetch,
    .pause = pause_place,
    .follow = follow,
    .ends = ends,
    .seen_end = seen_end,
    .settled = settled,
    .peek = peek,
    .fence = fence,
    .begin = begin,
    .produce = produce,
    .flush = flush,
    .written = written,
    .send_offsets = send_offsets,
    .commit = commit,
    .abort = abort_it,
    .retire = retire,
    .transactional_id = transactional_id,
    .leave = leave,
    .close = close_bus,
};

/* What the group has committed, for a planted bug: the bus does not tell, and the engine never asks. */
int64_t sim_group_offset(struct bus *bus, int32_t topic_index, int32_t partition)
{
    return broker_offset(of(bus)->sim->broker, "makegood", topic_index, partition);
}

void sim_bus_open(struct process *process)
{
    struct sim *sim = process->sim;
    const char *name = identity_name(process->identity);
    struct bus_memory_setup setup = { .group = "makegood", .transactional_id = name,
                                      .member = sim->static_members ? name : "" };
    process->bus.bus.ops = &sim_ops;
    process->bus.process = process;
    process->bus.inner = bus_memory_new(sim->broker, &setup);
}
