/*
 * The consumer group: eager rebalances, the range assignor, generations. A rebalance takes effect
 * at once for the group; each member learns of it at its own next poll, and until then believes
 * what it believed: so the older generation's offsets are refused, and nothing else stops it.
 */
#include "io/bus_memory_inside.h"

#include "base/ensure.h"

struct group *memory_group_named(struct broker *broker, const char *name)
{
    struct group **link = &broker->groups;
    for (; *link != NULL; link = &(*link)->next) {
        if (strcmp((*link)->name, name) == 0) {
            return *link;
        }
    }
    struct group *group = arena_alloc(&broker->arena, sizeof(*group));
    group->name = memory_name(broker, name);
    *link = group;
    return group;
}

int64_t broker_offset(const struct broker *broker, const char *name, int32_t topic,
                      int32_t partition)
{
    for (const struct group *group = broker->groups; group != NULL; group = group->next) {
        for (size_t i = 0; strcmp(group->name, name) == 0 && i < group->offsets.count; i++) {
            const struct bus_position *position = &group->offsets.at[i];
            if (position->place.topic == topic && position->place.partition == partition) {
                return position->offset;
            }
        }
    }
    return -1;
}

void broker_set_offset(struct broker *broker, const char *name, int32_t topic, int32_t partition,
                       int64_t offset)
{
    memory_positions_put(&memory_group_named(broker, name)->offsets,
                         (struct bus_place){ topic, partition }, offset);
}

/* --- the assignor --- */

static bool subscribes(const struct bus_memory *memory, int32_t topic)
{
    for (size_t i = 0; i < memory->topic_count; i++) {
        if (memory->topics[i] == topic) {
            return true;
        }
    }
    return false;
}

static void give(struct bus_memory *memory, int32_t topic, int32_t first, int32_t count)
{
    for (int32_t p = first; p < first + count; p++) {
        memory->next_places = memory_room(memory->next_places, memory->next_count,
                                          &memory->next_room, sizeof(*memory->next_places));
        memory->next_places[memory->next_count++] = (struct bus_place){ topic, p };
    }
}

/* Consecutive partitions to each subscriber in the order of ids; the first ones get one more. */
static void assign_topic(struct broker *broker, struct group *group, int32_t topic)
{
    int32_t subscribers = 0, nth = 0, first = 0;
    int32_t partitions = broker->topics[topic].partitions;
    for (size_t i = 0; i < group->count; i++) {
        subscribers += subscribes(group->members[i], topic);
    }
    for (size_t i = 0; i < group->count; i++) {
        if (subscribes(group->members[i], topic)) {
            int32_t count = partitions / subscribers + (nth < partitions % subscribers);
            give(group->members[i], topic, first, count);
            first += count;
            nth++;
        }
    }
}

static void rebalance(struct broker *broker, struct group *group)
{
    group->generation++;
    for (size_t i = 0; i < group->count; i++) {
        struct bus_memory *member = group->members[i];
        member->next_count = 0;
        member->next_generation = group->generation;
        member->waiting = true;
    }
    for (size_t t = 0; t < broker->topic_count; t++) {
        assign_topic(broker, group, (int32_t)t);
    }
}

void broker_rebalance(struct broker *broker)
{
    for (struct group *group = broker->groups; group != NULL; group = group->next) {
        if (group->count > 0) {
            rebalance(broker, group);
        }
    }
}

/* --- members --- */

static void insert(struct group *group, struct bus_memory *memory)
{
    group->members =
        memory_room(group->members, group->count, &group->room, sizeof(struct bus_memory *));
    size_t at = group->count++;
    for (; at > 0 && strcmp(group->members[at - 1]->member, memory->member) > 0; at--) {
        group->members[at] = group->members[at - 1];
    }
    group->members[at] = memory;
    memory->in_group = true;
}

static void remove_member(struct group *group, struct bus_memory *memory)
{
    size_t kept = 0;
    for (size_t i = 0; i < group->count; i++) {
        if (group->members[i] != memory) {
            group->members[kept++] = group->members[i];
        }
    }
    ENSURE(kept + 1 == group->count);
    group->count = kept;
    memory->in_group = false;
    memory->waiting = false;
}

static struct bus_memory *static_namesake(const struct group *group,
                                          const struct bus_memory *memory)
{
    for (size_t i = 0; memory->static_member && i < group->count; i++) {
        if (group->members[i] != memory && group->members[i]->static_member &&
            strcmp(group->members[i]->member, memory->member) == 0) {
            return group->members[i];
        }
    }
    return NULL;
}

static bool same_topics(const struct bus_memory *a, const struct bus_memory *b)
{
    return a->topic_count == b->topic_count &&
           (a->topic_count == 0 ||
            memcmp(a->topics, b->topics, a->topic_count * sizeof(*a->topics)) == 0);
}

/* A static member comes back: it gets what its earlier self had, within the generation, and the
 * others notice nothing (KIP-345). The earlier self, if it lives, gets FENCED_INSTANCE_ID. */
static void replace(struct bus_memory *memory, struct bus_memory *earlier)
{
    struct group *group = memory->group;
    const struct bus_place *places = earlier->waiting ? earlier->next_places : earlier->places;
    size_t count = earlier->waiting ? earlier->next_count : earlier->place_count;
    memory->next_count = 0;
    for (size_t i = 0; i < count; i++) {
        give(memory, places[i].topic, places[i].partition, 1);
    }
    memory->next_generation = group->generation;
    earlier->displaced = true;
    remove_member(group, earlier);
    insert(group, memory);
    memory->waiting = true;
    if (!same_topics(memory, earlier)) {
        rebalance(memory->broker, group);
    }
}

void memory_group_rejoin(struct bus_memory *memory)
{
    struct bus_memory *earlier = static_namesake(memory->group, memory);
    memory->lapsed = false;
    if (earlier != NULL) {
        replace(memory, earlier);
        return;
    }
    if (!memory->in_group) {
        insert(memory->group, memory);
    }
    rebalance(memory->broker, memory->group);
}

enum bus_result memory_group_join(struct bus_memory *memory, const int32_t *topics, size_t count)
{
    const struct broker *broker = memory->broker;
    for (size_t i = 0; i < count; i++) {
        if (memory_log_at(broker, (struct bus_place){ topics[i], 0 }) == NULL) {
            return BUS_CONFIG;
        }
    }
    memory->topics = arena_alloc(&memory->broker->arena, (count + 1) * sizeof(*topics));
    memcpy(memory->topics, topics, count * sizeof(*topics));
    memory->topic_count = count;
    memory_group_rejoin(memory);
    return BUS_OK;
}

void memory_group_leave(struct bus_memory *memory)
{
    if (memory->in_group) {
        remove_member(memory->group, memory);
        rebalance(memory->broker, memory->group);
    }
}
