/*
 * The message bus as the engine sees it: one table of operations, implemented by bus_kafka.c and by
 * bus_memory.c (which honours transactions, read_committed, generations and fencing alike, and
 * carries `exec` and the simulator). No type of a client library passes through here.
 *
 * All calls come from one thread. What is returned by poll is borrowed until bus_release().
 */
#ifndef MAKEGOOD_IO_BUS_H
#define MAKEGOOD_IO_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/event.h"

enum { BUS_TOPICS_MAX = 128, BUS_HEADERS_MAX = 64, BUS_BY_KEY = -1 };

/* What became of a call. Whoever gets anything but BUS_OK from a transaction call acts on the class:
 * ABORT: abort the transaction, rewind and go on; RETIRE: the result is unknown or the producer is
 * unusable (also fenced): retire it and take the partitions again. */
enum bus_result {
    BUS_OK = 0,
    BUS_PENDING,     /* not yet; ask again later                                              */
    BUS_ABORT,       /* refused for this transaction (a stale generation among others)        */
    BUS_RETIRE,      /* indefinite, fatal or fenced: destroy the producer, make a new one     */
    BUS_UNAVAILABLE, /* the brokers do not answer                                             */
    BUS_REFUSED,     /* authentication, authorization                                         */
    BUS_CONFIG,      /* will not get better by waiting: FENCED_INSTANCE_ID, no such topic ... */
    BUS_ABSENT       /* asked for a record that is not there                                  */
};

struct bus_place {
    int32_t topic; /* index given by bus_topic() */
    int32_t partition;
};

struct bus_position {
    struct bus_place place;
    int64_t offset;
};

struct bus_record {
    struct bus_place place;
    int64_t offset;
    int64_t timestamp_ms;
    bool append_time; /* the timestamp is the broker's (LogAppendTime) */
    struct text key, value; /* at == NULL: null */
    void *held; /* the implementation's, for bus_release() */
};

enum bus_event_kind {
    BUS_NOTHING = 0, /* the time was up                                                        */
    BUS_RECORD,      /* of a fetched input partition or of a followed state log                */
    BUS_END,         /* a partition's end was reached: place, and offset = the end (it is past
                        transaction markers). Again after each further record                  */
    BUS_ASSIGNED,    /* `places` are ours from now on, whole new set; nothing is fetched yet   */
    BUS_REVOKED,     /* nothing is ours any more; also when the assignment was lost            */
    BUS_FAILED       /* result and note: UNAVAILABLE (goes on by itself), RETIRE (close this bus
                        and make another), REFUSED, CONFIG                                     */
};

struct bus_event {
    enum bus_event_kind kind;
    struct bus_record record;       /* RECORD; END uses place and offset */
    const struct bus_place *places; /* ASSIGNED; borrowed until the next poll */
    size_t place_count;
    enum bus_result result;
    struct err_note note;
};

struct bus_message {
    struct bus_place place; /* partition BUS_BY_KEY: murmur2 of the key, as Java does it */
    struct text key, value;
    const struct header *headers;
    size_t header_count;
};

struct bus;

struct bus_ops {
    /* Index of a topic's name (the prefix is added inside), the same for the same name. */
    int32_t (*topic)(struct bus *bus, const char *name);
    /* Partitions of a topic: > 0, 0 = no such topic, -1 = the brokers did not answer. */
    int32_t (*partitions)(struct bus *bus, int32_t topic);
    /* Joins the consumer group for these input topics; assignments come as events. */
    enum bus_result (*join)(struct bus *bus, const int32_t *topics, size_t count);
    /* The next event, waiting at most timeout_ms. Never blocks longer, never returns an error:
     * failures are events. Records of assigned partitions come in offset order. */
    void (*poll)(struct bus *bus, int timeout_ms, struct bus_event *event);
    void (*release)(struct bus *bus, struct bus_record *record);
    /* Headers of a record, in order; at most max; returns how many there are in all. Borrowed with
     * the record. */
    size_t (*headers)(struct bus *bus, const struct bus_record *record, struct header *out,
                      size_t max);

    /* Exactly these input partitions are fetched, from these offsets, from now on: also to rewind. */
    void (*fetch)(struct bus *bus, const struct bus_position *positions, size_t count);
    /* Backpressure: records already queued of a paused partition do not come until it resumes. */
    void (*pause)(struct bus *bus, struct bus_place place, bool paused);

    /* Exactly these state-log partitions are read (read_committed, no group) from these offsets. */
    void (*follow)(struct bus *bus, const struct bus_position *positions, size_t count);
    /* First offset, last stable offset and high watermark of a partition. Waits a little at most;
     * PENDING or UNAVAILABLE otherwise. */
    enum bus_result (*ends)(struct bus *bus, struct bus_place place, int64_t *first,
                            int64_t *stable, int64_t *high);
    /* The last stable offset of a *followed* partition as a background watcher last saw it, and when
     * (ms of the monotonic clock that the engine is stepped with); false = never yet. */
    bool (*seen_end)(struct bus *bus, struct bus_place place, int64_t *stable, int64_t *asked_ms);
    /* OK when no transactional offset of the group is pending for the partition. */
    enum bus_result (*settled)(struct bus *bus, struct bus_place place);
    /* Reads one record at or after `offset` regardless of transactions (read_uncommitted). */
    enum bus_result (*peek)(struct bus *bus, struct bus_place place, int64_t offset,
                            struct bus_record *record);
    /* Ends whatever transaction is open under this transactional id (not our own). */
    enum bus_result (*fence)(struct bus *bus, struct text transactional_id);

    /* A transaction. Order: begin, produce..., flush, send_offsets, commit; or abort. */
    enum bus_result (*begin)(struct bus *bus);
    /* Copies. PENDING = the queue is full: poll deliveries by calling flush(0) and try again.
     * CONFIG = larger than the client may send. */
    enum bus_result (*produce)(struct bus *bus, const struct bus_message *message);
    /* Waits until every message has a good delivery report. timeout_ms 0 only serves reports and
     * answers PENDING while some are out. */
    enum bus_result (*flush)(struct bus *bus, int timeout_ms);
    /* First and last offset that the running (or last) transaction wrote to a partition; false = none. */
    bool (*written)(struct bus *bus, struct bus_place place, int64_t *first, int64_t *last);
    /* With the group metadata taken when the present assignment came. count > 0, offsets >= 0. */
    enum bus_result (*send_offsets)(struct bus *bus, const struct bus_position *offsets,
                                    size_t count);
    enum bus_result (*commit)(struct bus *bus);
    enum bus_result (*abort)(struct bus *bus);
    /* Destroys the producer and makes a new one; init_transactions settles what was open. */
    enum bus_result (*retire)(struct bus *bus);
    /* Our own transactional id, constant for this bus. */
    struct text (*transactional_id)(struct bus *bus);

    /* Leaves the group in a way that peers see at once (static members too). */
    void (*leave)(struct bus *bus);
    void (*close)(struct bus *bus);
};

struct bus {
    const struct bus_ops *ops;
};

#endif
