/*
 * What a bus writes. Every call is first met by a planned failure, if there is one; then by the
 * fence: a producer whose epoch is not the newest of its id gets BUS_RETIRE whatever it asks the broker.
 */
#include "io/bus_memory_inside.h"

#include "base/ensure.h"

typedef enum bus_result act(struct bus_memory *memory, const void *argument);

bool memory_failure(struct bus_memory *memory, enum bus_memory_call call, struct failure *failure)
{
    *failure = memory->failures[call];
    memory->failures[call].armed = false;
    return failure->armed;
}

/* What an answer leaves behind in the client. */
static enum bus_result answer(struct bus_memory *memory, enum bus_result result)
{
    memory->dead = memory->dead || result == BUS_RETIRE;
    memory->doomed = memory->doomed || (result == BUS_ABORT && memory->begun);
    return result;
}

static enum bus_result call(struct bus_memory *memory, enum bus_memory_call which, act *acts,
                            const void *argument)
{
    struct failure failure;
    bool planned = memory_failure(memory, which, &failure);
    enum bus_result result = planned ? failure.result : BUS_OK;
    if (!planned || failure.applied) {
        enum bus_result real = acts(memory, argument);
        result = planned ? result : real;
    }
    return answer(memory, result);
}

static bool fenced(const struct bus_memory *memory)
{
    return memory->dead || (memory->epoch >= 0 && memory->epoch != memory->producer->epoch);
}

/* A transaction that has asked nothing of the broker is the client's alone. */
static enum bus_result standing(const struct bus_memory *memory)
{
    if (memory->dead || (memory->asked && fenced(memory))) {
        return BUS_RETIRE;
    }
    ENSURE(memory->begun);
    return memory->doomed ? BUS_ABORT : BUS_OK;
}

/* --- begin and retire --- */

static void init(struct bus_memory *memory)
{
    ENSURE(memory->producer != NULL);
    memory_producer_init(memory->broker, memory->producer);
    memory->epoch = memory->producer->epoch;
    memory->begun = memory->hold_end = memory->doomed = memory->dead = false;
}

/* A transaction begins in the client alone: that it was fenced meanwhile is what its first request
 * is told. */
static enum bus_result begin_now(struct bus_memory *memory, const void *argument)
{
    (void)argument;
    if (memory->dead) {
        return BUS_RETIRE;
    }
    if (memory->epoch < 0) {
        init(memory);
    }
    ENSURE(!memory->begun);
    if (!fenced(memory)) {
        memory_producer_settle(memory->broker, memory->producer);
    }
    memory->begun = true;
    memory->asked = false;
    memory->written_count = 0;
    return BUS_OK;
}

enum bus_result memory_begin(struct bus *bus)
{
    return call(memory_of(bus), BUS_CALL_BEGIN, begin_now, NULL);
}

static enum bus_result retire_now(struct bus_memory *memory, const void *argument)
{
    (void)argument;
    init(memory);
    return BUS_OK;
}

enum bus_result memory_retire(struct bus *bus)
{
    struct bus_memory *memory = memory_of(bus);
    enum bus_result result = call(memory, BUS_CALL_RETIRE, retire_now, NULL);
    memory->dead = result != BUS_OK; /* whatever reached the broker: this one has no epoch to use */
    return result;
}

struct text memory_id(struct bus *bus)
{
    const struct bus_memory *memory = memory_of(bus);
    return memory->producer != NULL ? text_of(memory->producer->id) : (struct text){ 0 };
}

/* --- records --- */

static void note_written(struct bus_memory *memory, const struct entry *entry)
{
    for (size_t i = 0; i < memory->written_count; i++) {
        struct written *written = &memory->written[i];
        if (written->place.topic == entry->place.topic &&
            written->place.partition == entry->place.partition) {
            written->last = entry->offset;
            return;
        }
    }
    memory->written = memory_room(memory->written, memory->written_count, &memory->written_room,
                                  sizeof(*memory->written));
    memory->written[memory->written_count++] =
        (struct written){ entry->place, entry->offset, entry->offset };
}

static enum bus_result produce_now(struct bus_memory *memory, const void *argument)
{
    const struct bus_message *message = argument;
    struct bus_place place = message->place;
    memory->asked = true;
    enum bus_result result = standing(memory);
    if (result != BUS_OK) {
        return result;
    }
    if (!memory_log_place(memory->broker, &place, message->key)) {
        return BUS_CONFIG;
    }
    struct entry *entry = memory_log_append(memory->broker, place, BROKER_OPEN);
    memory_entry_fill(memory->broker, entry, message->key, message->value, message->headers,
                      message->header_count);
    memory_producer_wrote(memory->producer, entry);
    note_written(memory, entry);
    return BUS_OK;
}

enum bus_result memory_produce(struct bus *bus, const struct bus_message *message)
{
    return call(memory_of(bus), BUS_CALL_PRODUCE, produce_now, message);
}

static enum bus_result flush_now(struct bus_memory *memory, const void *argument)
{
    (void)argument;
    return standing(memory);
}

enum bus_result memory_flush(struct bus *bus, int timeout_ms)
{
    (void)timeout_ms;
    return call(memory_of(bus), BUS_CALL_FLUSH, flush_now, NULL);
}

bool memory_written(struct bus *bus, struct bus_place place, int64_t *first, int64_t *last)
{
    const struct bus_memory *memory = memory_of(bus);
    for (size_t i = 0; i < memory->written_count; i++) {
        const struct written *written = &memory->written[i];
        if (written->place.topic == place.topic && written->place.partition == place.partition) {
            *first = written->first;
            *last = written->last;
            return true;
        }
    }
    return false;
}

/* --- offsets and ends --- */

/* The group checks the generation in which the member was told its assignment (KIP-447). */
static enum bus_result send_offsets_now(struct bus_memory *memory, const void *argument)
{
    const struct positions *offsets = argument;
    memory->asked = true;
    enum bus_result result = standing(memory);
    if (result != BUS_OK) {
        return result;
    }
    if (!memory->in_group || memory->generation != memory->group->generation) {
        return BUS_ABORT;
    }
    memory->producer->group = memory->group;
    for (size_t i = 0; i < offsets->count; i++) {
        ENSURE(offsets->at[i].offset >= 0);
        memory_positions_put(&memory->producer->pending, offsets->at[i].place,
                             offsets->at[i].offset);
    }
    return BUS_OK;
}

enum bus_result memory_send_offsets(struct bus *bus, const struct bus_position *offsets,
                                    size_t count)
{
    ENSURE(count > 0);
    struct positions positions = { (struct bus_position *)(uintptr_t)offsets, count, count };
    return call(memory_of(bus), BUS_CALL_SEND_OFFSETS, send_offsets_now, &positions);
}

static enum bus_result hold(struct bus_memory *memory, bool commit)
{
    memory->hold_end = memory->begun = false;
    memory_producer_hold(memory->broker, memory->producer, commit);
    return BUS_RETIRE;
}

static void end(struct bus_memory *memory, bool commit)
{
    memory->begun = memory->doomed = false;
    if (memory->asked) {
        memory_producer_end(memory->broker, memory->producer, commit);
    }
}

static enum bus_result commit_now(struct bus_memory *memory, const void *argument)
{
    (void)argument;
    enum bus_result result = standing(memory);
    if (result == BUS_OK && memory->hold_end && memory->asked) {
        return hold(memory, true);
    }
    if (result == BUS_OK) {
        end(memory, true);
    }
    return result;
}

enum bus_result memory_commit(struct bus *bus)
{
    return call(memory_of(bus), BUS_CALL_COMMIT, commit_now, NULL);
}

static enum bus_result abort_now(struct bus_memory *memory, const void *argument)
{
    (void)argument;
    if (standing(memory) == BUS_RETIRE) {
        return BUS_RETIRE;
    }
    if (memory->hold_end && memory->asked) {
        return hold(memory, false);
    }
    end(memory, false);
    return BUS_OK;
}

enum bus_result memory_abort(struct bus *bus)
{
    return call(memory_of(bus), BUS_CALL_ABORT, abort_now, NULL);
}

/* Another client does it, so what it answers says nothing about our producer. */
enum bus_result memory_fence(struct bus *bus, struct text transactional_id)
{
    struct bus_memory *memory = memory_of(bus);
    struct failure failure;
    bool planned = memory_failure(memory, BUS_CALL_FENCE, &failure);
    if (!planned || failure.applied) {
        memory_producer_init(
            memory->broker,
            memory_producer_named(memory->broker, transactional_id.at, transactional_id.size));
    }
    return planned ? failure.result : BUS_OK;
}
