/*
 * What the files of the Kafka bus share. Four handles of librdkafka:
 *
 *   group     in the consumer group: the inputs
 *   reader    read_committed, assigned by hand: state logs, last stable offsets, committed offsets
 *   raw       read_uncommitted, made when first needed: high watermarks, peek()
 *   producer  transactional, made when first needed and again after each retirement
 *
 * Group and reader are forwarded into one queue, so that one wait wakes for both. Everything but
 * the watcher's list is touched by the bus's thread alone: callbacks run inside its polls.
 */
#ifndef MAKEGOOD_IO_BUS_KAFKA_INSIDE_H
#define MAKEGOOD_IO_BUS_KAFKA_INSIDE_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "io/bus_kafka.h"

/* Where a partition is read: from the group's handle, or followed by the reader's. */
enum kafka_side { KAFKA_INPUT, KAFKA_LOG, KAFKA_SIDES };

/* TRANSACTION_MS is the broker's bound for one transaction; a call that waits must end before it.
 */
enum {
    KAFKA_ASK_MS = 1000,
    KAFKA_METADATA_MS = 3000,
    KAFKA_INIT_MS = 3000,
    KAFKA_CALL_MS = 8000,
    KAFKA_LEAVE_MS = 3000,
    KAFKA_PROPERTIES_MAX = 128
};

struct kafka_reading {
    bool live; /* is fetched; what comes of others is left over from before and is dropped */
    bool paused;
    int64_t next; /* the lowest offset that may come                                          */
};

struct kafka_cell { /* a partition */
    struct kafka_reading reading[KAFKA_SIDES];
    int64_t written_first, written_last;
    uint64_t written_in; /* the transaction of which these are, 0 = none */
    int64_t settled_ms;  /* no offsets were pending at this time; 0 = not asked, or used up */
    size_t watched;      /* index into the watcher's list + 1, 0 = not there */
};

struct kafka_topic;

/* The opaque of a consumer's topic handle: a record leads to its topic without a look-up. */
struct kafka_topic_side {
    struct kafka_topic *topic;
    enum kafka_side side;
    rd_kafka_topic_t *handle;
};

struct kafka_topic {
    int32_t index;
    char *name;    /* as given             */
    char *full;    /* with the prefix      */
    int32_t count; /* 0 = not known        */
    struct kafka_cell *cells;
    int32_t cell_count;
    struct kafka_topic_side sides[KAFKA_SIDES];
    rd_kafka_topic_t *producing; /* of the present producer */
};

struct kafka_producer {
    rd_kafka_t *handle;
    bool ready;      /* init_transactions has succeeded                         */
    bool open;       /* a transaction has begun and has not ended               */
    uint64_t serial; /* of the running or last transaction, 1 ...          */
    uint64_t sent, reported;
    rd_kafka_resp_err_t first_error; /* of a delivery report               */
    char first_error_text[128];
};

struct kafka_watched {
    struct bus_place place;
    bool seen;
    int64_t stable, asked_ms;
};

struct kafka_watcher {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool started, stop;
    uint64_t version; /* of the list */
    struct kafka_watched *list;
    size_t count;
    bool nudge;                               /* much was taken from the queue */
    rd_kafka_topic_partition_list_t *fetched; /* inputs */
};

struct kafka_bus {
    struct bus bus; /* first: a struct bus * is one of these */
    char *prefix, *group_id, *instance, *transactional_id;
    char **properties; /* name, value, ..., NULL */
    bool mock;
    int64_t (*mock_now_ms)(void *context); /* NULL: the present */
    void *mock_context;

    rd_kafka_t *group, *reader;
    rd_kafka_t *raw, *asker; /* made when they are first needed */
    rd_kafka_queue_t *queue; /* of group and reader */
    struct kafka_producer producer;
    _Atomic uint32_t ends_sent; /* of the running or last transaction */
    struct kafka_watcher watcher;

    struct kafka_topic *topics[BUS_TOPICS_MAX];
    int32_t topic_count;

    /* The group. The metadata is taken when an assignment comes and dropped when it goes. */
    rd_kafka_consumer_group_metadata_t *metadata;
    bool joined, left;
    bool adrift; /* an assignment was lost (the session ended), and no other has come */
    bool tell_revoked, tell_assigned;
    struct bus_place *assigned; /* the set of the last BUS_ASSIGNED */
    size_t assigned_count, assigned_room;
    uint64_t rebalances;

    bool tell_failure;
    enum bus_result failure;
    struct err_note failure_note;
    int64_t failure_told_ms;

    size_t taken_bytes; /* since the last nudge */

    int64_t settled_since_ms; /* answers from before it are void */
    int64_t settle_after_ms;  /* PENDING until then              */
    int settle_wait_ms;
};

static inline struct kafka_bus *kafka_of(struct bus *bus)
{
    return (struct kafka_bus *)bus;
}

/* bus_kafka.c */
/* Fills all but the place; the record holds the message from then on. */
void kafka_record(const struct kafka_bus *bus, rd_kafka_message_t *message,
                  struct bus_record *record);

/* bus_kafka_setup.c */
enum kafka_use {
    KAFKA_FOR_GROUP = 1,
    KAFKA_FOR_READER = 2,
    KAFKA_FOR_RAW = 4,
    KAFKA_FOR_PRODUCER = 8, /* with transactions        */
    KAFKA_FOR_SENDING = 16, /* single records, commands */
    KAFKA_FOR_ASKING = 32   /* ends of partitions       */
};
/* A handle with all properties for its use; NULL and *note. `transactional_id`: FOR_PRODUCER only.
 */
rd_kafka_t *kafka_handle_new(struct kafka_bus *bus, enum kafka_use use,
                             const char *transactional_id, struct err_note *note);
/* read_uncommitted, for records and ends. NULL: cannot be had. */
rd_kafka_t *kafka_raw(struct kafka_bus *bus);
/* read_committed, and fetches nothing: a broker answers the requests of a connection in turn, and a
 * fetch holds up what comes after it for fetch.wait.max.ms. */
rd_kafka_t *kafka_asker(struct kafka_bus *bus);

/* bus_kafka_topics.c */
int32_t kafka_topic(struct bus *bus, const char *name);
int32_t kafka_partitions(struct bus *bus, int32_t topic);
struct kafka_topic *kafka_topic_at(struct kafka_bus *bus, int32_t index);
struct kafka_cell *kafka_cell(struct kafka_bus *bus, struct bus_place place);
/* Makes the topic's handle on that side, so that its records lead back to it. */
void kafka_topic_open(struct kafka_bus *bus, struct kafka_topic *topic, enum kafka_side side);
rd_kafka_topic_t *kafka_topic_producing(struct kafka_bus *bus, struct kafka_topic *topic);
void kafka_topics_close(struct kafka_bus *bus);
rd_kafka_topic_partition_list_t *kafka_list(struct kafka_bus *bus,
                                            const struct bus_position *positions, size_t count);

/* bus_kafka_assign.c */
/* Instead of rd_kafka_assign(), always. */
rd_kafka_resp_err_t kafka_assign(rd_kafka_t *handle, const rd_kafka_topic_partition_list_t *partitions);

/* bus_kafka_consumer.c */
void kafka_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t err,
                     rd_kafka_topic_partition_list_t *partitions, void *opaque);
enum bus_result kafka_join(struct bus *bus, const int32_t *topics, size_t count);
void kafka_fetch(struct bus *bus, const struct bus_position *positions, size_t count);
void kafka_pause(struct bus *bus, struct bus_place place, bool paused);
enum bus_result kafka_settled(struct bus *bus, struct bus_place place);
void kafka_leave(struct bus *bus);

/* bus_kafka_follow.c */
void kafka_follow(struct bus *bus, const struct bus_position *positions, size_t count);
enum bus_result kafka_ends(struct bus *bus, struct bus_place place, int64_t *first, int64_t *stable,
                           int64_t *high);
bool kafka_seen_end(struct bus *bus, struct bus_place place, int64_t *stable, int64_t *asked_ms);
enum bus_result kafka_peek(struct bus *bus, struct bus_place place, int64_t offset,
                           struct bus_record *record);
/* Tells the watcher what inputs are fetched; takes the list. */
void kafka_watch_inputs(struct kafka_bus *bus, rd_kafka_topic_partition_list_t *list);
/* So many bytes were taken from the queue. */
void kafka_taken(struct kafka_bus *bus, size_t bytes);
bool kafka_watcher_start(struct kafka_bus *bus);
void kafka_watcher_stop(struct kafka_bus *bus);

/* bus_kafka_producer.c */
void kafka_delivered(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque);
enum bus_result kafka_fence(struct bus *bus, struct text transactional_id);
enum bus_result kafka_begin(struct bus *bus);
enum bus_result kafka_produce(struct bus *bus, const struct bus_message *message);
enum bus_result kafka_flush(struct bus *bus, int timeout_ms);
bool kafka_written(struct bus *bus, struct bus_place place, int64_t *first, int64_t *last);
enum bus_result kafka_send_offsets(struct bus *bus, const struct bus_position *offsets,
                                   size_t count);
enum bus_result kafka_commit(struct bus *bus);
enum bus_result kafka_abort(struct bus *bus);
enum bus_result kafka_retire(struct bus *bus);
void kafka_producer_close(struct kafka_bus *bus);

/* bus_kafka_ends.c */
/* The producer that is made with these settings tells when it sends the end of a transaction. */
void kafka_count_ends(struct kafka_bus *bus, rd_kafka_conf_t *conf);
void kafka_ends_begin(struct kafka_bus *bus);
/* A good end that was sent more than once is RETIRE. */
enum bus_result kafka_ends_class(struct kafka_bus *bus, enum bus_result result);

/* bus_kafka_send.c */
void kafka_sent(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque);

/* bus_kafka_errors.c */
/* What an error outside of a transaction comes to: UNAVAILABLE, REFUSED, CONFIG. */
enum bus_result kafka_class(rd_kafka_resp_err_t err);
/* What the error of a transaction call comes to. Destroys it; NULL is OK. Logs. */
enum bus_result kafka_transaction_class(struct kafka_bus *bus, rd_kafka_error_t *error,
                                        const char *call);
/* One line for a person, with the cure. */
void kafka_explain(struct err_note *note, rd_kafka_resp_err_t err, const char *text);
/* Keeps a failure to be told by the next poll. */
void kafka_fail(struct kafka_bus *bus, rd_kafka_resp_err_t err, const char *text);
/* Callbacks of librdkafka. kafka_logged runs on threads of its own. */
void kafka_errored(rd_kafka_t *handle, int err, const char *reason, void *opaque);
void kafka_logged(const rd_kafka_t *handle, int level, const char *facility, const char *text);

#endif
