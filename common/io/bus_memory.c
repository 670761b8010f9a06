/* The bus on the broker in memory: making one, its table of operations, and the hooks of tests. */
#include "io/bus_memory_inside.h"

#include <stdlib.h>

#include "base/ensure.h"

/* --- topics --- */

static int32_t topic(struct bus *bus, const char *name)
{
    return broker_topic(memory_of(bus)->broker, name, 0);
}

static int32_t partitions(struct bus *bus, int32_t index)
{
    struct bus_memory *memory = memory_of(bus);
    struct failure failure;
    if (memory_failure(memory, BUS_CALL_PARTITIONS, &failure) && failure.result != BUS_OK) {
        return -1;
    }
    ENSURE(index >= 0 && (size_t)index < memory->broker->topic_count);
    return memory->broker->topics[index].partitions;
}

/* --- the group --- */

static enum bus_result join(struct bus *bus, const int32_t *topics, size_t count)
{
    struct bus_memory *memory = memory_of(bus);
    struct failure failure;
    bool planned = memory_failure(memory, BUS_CALL_JOIN, &failure);
    ENSURE(memory->group != NULL);
    if (planned && !failure.applied) {
        return failure.result;
    }
    enum bus_result result = memory_group_join(memory, topics, count);
    return planned ? failure.result : result;
}

static enum bus_result settled(struct bus *bus, struct bus_place place)
{
    const struct bus_memory *memory = memory_of(bus);
    struct failure failure;
    if (memory_failure(memory_of(bus), BUS_CALL_SETTLED, &failure)) {
        return failure.result;
    }
    return memory_producer_pending(memory->broker, memory->group, place) ? BUS_PENDING : BUS_OK;
}

/* Nothing is ours from now on, and no event says so: whoever leaves knows. */
static void leave(struct bus *bus)
{
    struct bus_memory *memory = memory_of(bus);
    memory_group_leave(memory);
    memory->owns = memory->lapsed = false;
    memory->fetched.count = 0;
}

/* --- records --- */

/* They are the broker's and stay. */
static void release(struct bus *bus, struct bus_record *record)
{
    (void)bus;
    record->held = NULL;
}

static size_t headers(struct bus *bus, const struct bus_record *record, struct header *out,
                      size_t max)
{
    (void)bus;
    return broker_headers(record, out, max);
}

/* --- life --- */

static void unlink_bus(struct bus_memory *memory)
{
    struct bus_memory **link = &memory->broker->buses;
    while (*link != memory) {
        ENSURE(*link != NULL);
        link = &(*link)->next;
    }
    *link = memory->next;
}

/* An open transaction stays open: a process that ends without abort leaves it so. */
static void close_bus(struct bus *bus)
{
    struct bus_memory *memory = memory_of(bus);
    leave(bus);
    unlink_bus(memory);
    free(memory->places);
    free(memory->next_places);
    free(memory->fetched.at);
    free(memory->followed.at);
    free(memory->written);
    free(memory);
}

static const struct bus_ops memory_ops = {
    .topic = topic,
    .partitions = partitions,
    .join = join,
    .poll = memory_poll,
    .release = release,
    .headers = headers,
    .fetch = memory_fetch,
    .pause = memory_pause,
    .follow = memory_follow,
    .ends = memory_ends,
    .seen_end = memory_seen_end,
    .settled = settled,
    .peek = memory_peek,
    .fence = memory_fence,
    .begin = memory_begin,
    .produce = memory_produce,
    .flush = memory_flush,
    .written = memory_written,
    .send_offsets = memory_send_offsets,
    .commit = memory_commit,
    .abort = memory_abort,
    .retire = memory_retire,
    .transactional_id = memory_id,
    .leave = leave,
    .close = close_bus,
};

/* A member without an id of its own is named by the order of joining, as wide as sorting needs. */
static char *member_name(struct broker *broker, const char *member)
{
    if (member != NULL && member[0] != 0) {
        return memory_name(broker, member);
    }
    broker->member_serial++;
    struct text name = arena_printf(&broker->arena, "member-%010d", broker->member_serial);
    return (char *)(uintptr_t)name.at;
}

struct bus *bus_memory_new(struct broker *broker, const struct bus_memory_setup *setup)
{
    struct bus_memory *memory = calloc(1, sizeof(*memory));
    ENSURE(memory != NULL);
    memory->bus.ops = &memory_ops;
    memory->broker = broker;
    memory->epoch = -1;
    memory->static_member = setup->member != NULL && setup->member[0] != 0;
    memory->member = member_name(broker, setup->member);
    if (setup->group != NULL) {
        memory->group = memory_group_named(broker, setup->group);
    }
    if (setup->transactional_id != NULL) {
        memory->producer =
            memory_producer_named(broker, setup->transactional_id, strlen(setup->transactional_id));
    }
    memory->next = broker->buses;
    broker->buses = memory;
    return &memory->bus;
}

/* --- hooks --- */

void bus_memory_fail_next(struct bus *bus, enum bus_memory_call call, enum bus_result result,
                          bool applied)
{
    /* bus.h: a commit whose result is unknown is RETIRE, nothing else. */
    ENSURE(call < BUS_CALLS && (call != BUS_CALL_COMMIT || !applied || result == BUS_RETIRE));
    memory_of(bus)->failures[call] =
        (struct failure){ .armed = true, .applied = applied, .result = result };
}

void bus_memory_hold_end(struct bus *bus)
{
    memory_of(bus)->hold_end = true;
}

void bus_memory_crash(struct bus *bus)
{
    struct bus_memory *memory = memory_of(bus);
    memory_group_leave(memory);
    memory->crashed = true;
}

void bus_memory_lapse(struct bus *bus)
{
    struct bus_memory *memory = memory_of(bus);
    if (memory->in_group) {
        memory_group_leave(memory);
        memory->lapsed = true;
    }
}
