/*
 * A broker in memory, and the bus of bus.h on it. It carries `exec`, the engine's tests and the
 * fault simulator, so it is one thread, reads no clock, rolls no dice: the same calls give the same
 * events.
 *
 * What Kafka promises is honoured as Kafka does it: transactions with control markers that occupy
 * an offset, last stable offsets, read_committed, epochs of transactional ids, generations of a
 * group, offsets that are pending until the transaction ends. Where Kafka leaves the moment open,
 * the harsher one is taken: a rebalance takes effect at once, whether the earlier owner has noticed
 * it or not.
 *
 * A call that a person could only get wrong in code (commit without begin) is an ENSURE.
 */
#ifndef MAKEGOOD_IO_BUS_MEMORY_H
#define MAKEGOOD_IO_BUS_MEMORY_H

#include "io/bus.h"

struct broker;

/* What a record of a log is to a reader. */
enum broker_state {
    BROKER_OPEN,      /* its transaction has not ended yet      */
    BROKER_COMMITTED, /* also what was sent without transaction */
    BROKER_ABORTED,
    BROKER_MARKER,    /* the end of a transaction, no record    */
    BROKER_COMPACTED  /* it was committed; a newer one of its key has replaced it */
};

/* Called for every record of a transaction, in the order in which they were appended, when it
 * commits. What is passed lives as long as the broker. */
typedef void broker_committed(void *context, const char *topic, int32_t partition, int64_t offset,
                              struct text key, struct text value, const struct header *headers,
                              size_t header_count, int64_t timestamp_ms);

struct broker *broker_new(void);
/* With everything in it, buses that were not closed too. */
void broker_free(struct broker *broker);

/* Index of a topic, the same that every bus has for the name. partitions > 0 makes the topic when
 * it is not there yet; 0 only looks. */
int32_t broker_topic(struct broker *broker, const char *name, int32_t partitions);
const char *broker_topic_name(const struct broker *broker, int32_t topic);
/* The broker's time: LogAppendTime of what is appended from now on. */
void broker_set_time(struct broker *broker, int64_t wall_ms);
/* The clock that engines are stepped with: `asked_ms` of seen_end(). */
void broker_set_mono(struct broker *broker, int64_t mono_ms);
/* False: records say that their timestamps are the producers' (CreateTime). */
void broker_set_append_time(struct broker *broker, bool append_time);
void broker_observe(struct broker *broker, broker_committed *committed, void *context);

/* A producer outside, without transaction. The offset, -1 = no such partition. */
int64_t broker_append(struct broker *broker, int32_t topic, int32_t partition, struct text key,
                      struct text value, const struct header *headers, size_t header_count);
/* What is at an offset, for tests: also what no reader sees. False: beyond the log's end. */
bool broker_read(const struct broker *broker, int32_t topic, int32_t partition, int64_t offset,
                 struct bus_record *record, enum broker_state *state);
/* Headers of a record of broker_read(): at most max, returns how many there are in all. */
size_t broker_headers(const struct bus_record *record, struct header *out, size_t max);
/* Retention: the log begins at `first` from now on. */
void broker_cut(struct broker *broker, int32_t topic, int32_t partition, int64_t first);
/* What a group has committed for a partition; -1 = nothing. The engine never asks. */
int64_t broker_offset(const struct broker *broker, const char *group, int32_t topic,
                      int32_t partition);

/* An operator sets what a group has committed for a partition. */
void broker_set_offset(struct broker *broker, const char *group, int32_t topic, int32_t partition,
                       int64_t offset);
/* Log compaction: of the committed records of a key before `before` (and the last stable offset), the
 * newest alone is left. How many are gone. */
size_t broker_compact(struct broker *broker, int32_t topic, int32_t partition, int64_t before);

/* transaction.timeout.ms has passed for every open transaction: aborted, its producer fenced.
 * How many there were. */
size_t broker_expire(struct broker *broker);
/* A rebalance of every group for no reason of its own. */
void broker_rebalance(struct broker *broker);

struct bus_memory_setup {
    const char *group;
    const char *transactional_id;
    const char *member; /* group.instance.id, "" = none: then members are sorted as they joined */
};

/* What is given is copied. */
struct bus *bus_memory_new(struct broker *broker, const struct bus_memory_setup *setup);

enum bus_memory_call {
    BUS_CALL_PARTITIONS, /* any result but OK: -1                    */
    BUS_CALL_JOIN,
    BUS_CALL_POLL, /* a BUS_FAILED with this result            */
    BUS_CALL_ENDS,
    BUS_CALL_SETTLED,
    BUS_CALL_PEEK,
    BUS_CALL_FENCE,
    BUS_CALL_BEGIN,
    BUS_CALL_PRODUCE,
    BUS_CALL_FLUSH,
    BUS_CALL_SEND_OFFSETS,
    BUS_CALL_COMMIT,
    BUS_CALL_ABORT,
    BUS_CALL_RETIRE,
    BUS_CALLS
};

/* The next such call answers `result`; `applied` says whether it took effect (the reply was lost)
 * or not (the request was lost). As with the real one, ABORT from a producer's call dooms the
 * transaction until it is aborted, and RETIRE leaves the producer unusable until retire(). */
void bus_memory_fail_next(struct bus *bus, enum bus_memory_call call, enum bus_result result,
                          bool applied);
/* The request by which the next commit or abort ends the transaction stays on its way: the call
 * answers RETIRE, and broker_land_end() decides when, or whether, the request arrives. */
void bus_memory_hold_end(struct bus *bus);
size_t broker_ends_in_flight(const struct broker *broker);
/* One of them arrives (0 = the oldest). As in Kafka before KIP-890 it ends whatever transaction is
 * open under its id and epoch, also a later one than it was sent for; a newer epoch refuses it.
 * True: it ended one. */
bool broker_land_end(struct broker *broker, size_t which);
/* True: an ended transaction gets its markers one by one, when broker_land_marker() says so, as a
 * coordinator writes them; the next transaction of the producer waits for them. Until then its records
 * are open in those partitions, and its offsets pending. */
void broker_set_slow_markers(struct broker *broker, bool slow);
size_t broker_markers_due(const struct broker *broker);
void broker_land_marker(struct broker *broker, size_t which);
/* The process is gone without a word: its place in the group goes to others, its transaction stays
 * open until it is fenced or expires. The bus is still to be closed, or left to broker_free(). */
void bus_memory_crash(struct bus *bus);
/* The group takes the member for dead, but it lives: until its next poll it believes that it owns
 * what others own already, then it sees BUS_REVOKED and joins again. */
void bus_memory_lapse(struct bus *bus);

#endif
