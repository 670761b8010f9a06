/*
 * The inside of the broker in memory, shared by bus_memory*.c and by nobody else.
 *
 *   bus_memory_log.c          topics, logs, offsets, last stable offsets
 *   bus_memory_transaction.c  transactional ids: epochs, transactions, pending offsets
 *   bus_memory_group.c        members, generations, the range assignor, committed offsets
 *   bus_memory_reader.c       what a bus reads: poll, fetch, follow
 *   bus_memory_producer.c     what a bus writes
 *   bus_memory.c              making a bus, and the table of its operations
 */
#ifndef MAKEGOOD_IO_BUS_MEMORY_INSIDE_H
#define MAKEGOOD_IO_BUS_MEMORY_INSIDE_H

#include "base/arena.h"
#include "io/bus_memory.h"

struct entry {
    struct bus_place place;
    int64_t offset;
    int64_t sequence; /* of all appends to the broker: the order in which poll gives records */
    int64_t timestamp_ms;
    struct text key, value;
    struct header *headers;
    size_t header_count;
    enum broker_state state;
};

struct broker_log {
    struct entry **entries; /* by offset */
    size_t count, room;
    int64_t first;  /* what retention has left                             */
    int64_t stable; /* nothing before it is open; moved on by memory_log_stable() */
};

struct broker_topic {
    char *name;
    struct broker_log *logs;
    int32_t partitions; /* 0 = a name that was asked for, no topic */
};

struct positions {
    struct bus_position *at;
    size_t count, room;
};

/* A transactional id, as its coordinator knows it. */
struct producer {
    char *id;
    int64_t epoch;          /* whoever has an older one is fenced */
    struct entry **entries; /* of the open transaction, in append order */
    size_t count, room;
    struct positions touched; /* its partitions, with the last offset written to each */
    struct positions pending; /* offsets of `group`, until the transaction ends */
    bool ending, committing;  /* it has ended; `touched` and `pending` still lack their markers */
    struct group *group;
    struct producer *next;
};

struct group {
    char *name;
    int64_t generation;
    struct bus_memory **members; /* sorted by id */
    size_t count, room;
    struct positions offsets;
    struct group *next;
};

/* A request to end a transaction that has not arrived yet. */
struct held_end {
    struct producer *producer;
    int64_t epoch;
    bool commit;
};

struct broker {
    struct arena arena; /* records, names; given back with the broker */
    struct broker_topic *topics;
    size_t topic_count, topic_room;
    struct producer *producers;
    struct group *groups;
    struct bus_memory *buses;
    struct held_end *held; /* in the order in which they were sent */
    size_t held_count, held_room;
    int64_t wall_ms, mono_ms, sequence;
    int32_t member_serial;
    bool append_time, slow_markers;
    broker_committed *committed;
    void *committed_context;
};

/* A partition that a bus reads. */
struct reading {
    struct bus_place place;
    int64_t position;
    int64_t ended_at; /* of the last BUS_END, -1 = none since it is read */
    bool paused;
};

struct readings {
    struct reading *at;
    size_t count, room;
};

struct written {
    struct bus_place place;
    int64_t first, last;
};

struct failure {
    bool armed, applied;
    enum bus_result result;
};

struct bus_memory {
    struct bus bus; /* first: a struct bus * is one of these */
    struct broker *broker;
    struct bus_memory *next;
    struct failure failures[BUS_CALLS];

    /* in the group */
    struct group *group;
    char *member;
    int32_t *topics;
    size_t topic_count;
    bool static_member, in_group, crashed;
    bool lapsed;    /* out of the group, and does not know        */
    bool displaced; /* another has joined with our static id      */
    bool owns;      /* BUS_ASSIGNED was seen and no REVOKED since */
    bool waiting;   /* `next_places` are to be told               */
    int64_t generation, next_generation;
    struct bus_place *places, *next_places;
    size_t place_count, place_room, next_count, next_room;

    /* reading */
    struct readings fetched, followed;

    /* writing */
    struct producer *producer;
    int64_t epoch; /* -1 = not initialised */
    bool begun;
    bool asked; /* the brokers know of the transaction */
    bool hold_end; /* the next end stays on its way */
    bool doomed; /* only abort() helps  */
    bool dead;   /* only retire() helps */
    struct written *written;
    size_t written_count, written_room;
};

static inline struct bus_memory *memory_of(struct bus *bus)
{
    return (struct bus_memory *)(void *)bus;
}

/* Room for one more; aborts the process when memory is out, as the arena does. */
void *memory_room(void *array, size_t count, size_t *room, size_t size);
char *memory_name(struct broker *broker, const char *name);
void memory_positions_put(struct positions *positions, struct bus_place place, int64_t offset);

/* NULL: no such partition. */
struct broker_log *memory_log_at(const struct broker *broker, struct bus_place place);
int64_t memory_log_stable(struct broker_log *log);
struct entry *memory_log_append(struct broker *broker, struct bus_place place,
                                enum broker_state state);
/* Where a message goes: its partition, found by the key when BUS_BY_KEY. False: nowhere. */
bool memory_log_place(const struct broker *broker, struct bus_place *place, struct text key);
void memory_entry_fill(struct broker *broker, struct entry *entry, struct text key,
                       struct text value, const struct header *headers, size_t header_count);
void memory_entry_record(const struct broker *broker, const struct entry *entry,
                         struct bus_record *record);

struct producer *memory_producer_named(struct broker *broker, const char *id, size_t size);
/* A new epoch; what was open is aborted. */
void memory_producer_init(struct broker *broker, struct producer *producer);
void memory_producer_wrote(struct producer *producer, struct entry *entry);
void memory_producer_end(struct broker *broker, struct producer *producer, bool commit);
/* Whatever markers its last transaction lacks are written. */
void memory_producer_settle(struct broker *broker, struct producer *producer);
bool memory_producer_open(const struct producer *producer);
/* The request to end the transaction is sent, and does not arrive yet. */
void memory_producer_hold(struct broker *broker, struct producer *producer, bool commit);
bool memory_producer_pending(const struct broker *broker, const struct group *group,
                             struct bus_place place);

struct group *memory_group_named(struct broker *broker, const char *name);
enum bus_result memory_group_join(struct bus_memory *memory, const int32_t *topics, size_t count);
/* Into the group again, or for the first time; `topics` are known. */
void memory_group_rejoin(struct bus_memory *memory);
void memory_group_leave(struct bus_memory *memory);

/* Takes the planned failure of a call. */
bool memory_failure(struct bus_memory *memory, enum bus_memory_call call, struct failure *failure);

void memory_poll(struct bus *bus, int timeout_ms, struct bus_event *event);
void memory_fetch(struct bus *bus, const struct bus_position *positions, size_t count);
void memory_pause(struct bus *bus, struct bus_place place, bool paused);
void memory_follow(struct bus *bus, const struct bus_position *positions, size_t count);
enum bus_result memory_ends(struct bus *bus, struct bus_place place, int64_t *first,
                            int64_t *stable, int64_t *high);
bool memory_seen_end(struct bus *bus, struct bus_place place, int64_t *stable, int64_t *asked_ms);
enum bus_result memory_peek(struct bus *bus, struct bus_place place, int64_t offset,
                            struct bus_record *record);

enum bus_result memory_begin(struct bus *bus);
enum bus_result memory_produce(struct bus *bus, const struct bus_message *message);
enum bus_result memory_flush(struct bus *bus, int timeout_ms);
bool memory_written(struct bus *bus, struct bus_place place, int64_t *first, int64_t *last);
enum bus_result memory_send_offsets(struct bus *bus, const struct bus_position *offsets,
                                    size_t count);
enum bus_result memory_commit(struct bus *bus);
enum bus_result memory_abort(struct bus *bus);
enum bus_result memory_retire(struct bus *bus);
enum bus_result memory_fence(struct bus *bus, struct text transactional_id);
struct text memory_id(struct bus *bus);

#endif
