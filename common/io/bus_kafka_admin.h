/*
 * Kafka for commands: topics and their settings, records sent, records read. No transactions and
 * no group. Every call waits for the brokers, at most as long as is said.
 *
 * Names of topics are without the prefix.
 */
#ifndef MAKEGOOD_IO_BUS_KAFKA_ADMIN_H
#define MAKEGOOD_IO_BUS_KAFKA_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/event.h"

struct kafka_admin;

/* properties as in struct bus_kafka_setup. NULL and *err, *note. Does not wait for the brokers. */
struct kafka_admin *kafka_admin_new(const char *const *properties, const char *prefix,
                                    enum err *err, struct err_note *note);
void kafka_admin_free(struct kafka_admin *admin);

/* Of all calls: OK, UNAVAILABLE, REFUSED, CONFIG (said in the note); others where told. */

enum { KAFKA_CLUSTER_ID_MAX = 64, KAFKA_SETTING_MAX = 64 };
enum err kafka_admin_cluster_id(struct kafka_admin *admin, char id[KAFKA_CLUSTER_ID_MAX],
                                int timeout_ms, struct err_note *note);

struct kafka_topic_plan {
    const char *name;
    int32_t partitions;
    int32_t replication;         /* -1 = the brokers' default */
    const char *const *settings; /* name, value, ..., NULL; NULL = none */
};
/* *existed: it was there before, and was left as it is. Afterwards the brokers know it. */
enum err kafka_admin_create(struct kafka_admin *admin, const struct kafka_topic_plan *plan,
                            bool *existed, int timeout_ms, struct err_note *note);

struct kafka_topic_facts {
    int32_t partitions, replication;
    char cleanup_policy[KAFKA_SETTING_MAX]; /* "compact", "delete", "compact,delete" */
    char timestamp_type[KAFKA_SETTING_MAX]; /* "LogAppendTime", "CreateTime"         */
    int64_t max_message_bytes, min_compaction_lag_ms, retention_ms; /* -1 = unlimited, not told */
    bool unclean_election;
};
/* NO_INPUT: there is no such topic. */
enum err kafka_admin_describe(struct kafka_admin *admin, const char *topic,
                              struct kafka_topic_facts *facts, int timeout_ms,
                              struct err_note *note);

struct kafka_message {
    const char *topic;
    int32_t partition; /* -1 = by key, as Java does it */
    struct text key, value;
    const struct header *headers;
    size_t header_count;
    int64_t timestamp_ms; /* 0 = now; a topic with LogAppendTime takes its own */
};
/* Waits for the brokers' word. *partition and *offset: where it is. NO_INPUT: no such topic or
 * partition; DATA: too large; TIMED_OUT: it may have been written or not. */
enum err kafka_admin_produce(struct kafka_admin *admin, const struct kafka_message *message,
                             int32_t *partition, int64_t *offset, int timeout_ms,
                             struct err_note *note);

struct kafka_place {
    int32_t partition;
    int64_t offset; /* -1: not written, or nobody knows */
};
/* The same for many, queued together and in their order within each partition; returns when the
 * word on every one is in. The first error; `places` has what was written all the same. */
enum err kafka_admin_produce_all(struct kafka_admin *admin, const struct kafka_message *messages,
                                 size_t count, struct kafka_place *places, int timeout_ms,
                                 struct err_note *note);

/* Partitions of a topic, > 0; NO_INPUT: no such topic. */
enum err kafka_admin_partitions(struct kafka_admin *admin, const char *topic, int32_t *count,
                                int32_t *replication, int timeout_ms, struct err_note *note);

enum { KAFKA_FROM_START = -1, KAFKA_FROM_END = -2, KAFKA_READ_TOPICS_MAX = 32 };

struct kafka_read {
    const char *topic; /* NULL = only `topics`                                             */
    int32_t partition; /* -1 = all of them                                                 */
    int64_t from;      /* an offset, or KAFKA_FROM_START, KAFKA_FROM_END                   */
    int64_t from_ms;   /* > 0: the first records of this time or later, instead of `from`  */
    int64_t last;      /* > 0: so many before the end of each partition, instead of `from` */
    bool go_on;        /* waits for more at the end, until it is stopped                   */
    const char *const *topics; /* NULL-terminated, read with `topic`; each must be named once */
};

struct kafka_read_record {
    int32_t partition;
    int64_t offset, timestamp_ms;
    bool append_time;
    struct text key, value;
    const struct header *headers;
    size_t header_count;
    const char *topic; /* without the prefix */
};

/* False stops the reading. NULL: nothing came for a moment. */
typedef bool kafka_read_each(void *context, const struct kafka_read_record *record);

/* Committed records in the order of each partition; without go_on until the ends as they are now.
 * NO_INPUT: no such topic or partition. timeout_ms bounds the wait for the brokers, not the
 * reading: UNAVAILABLE when nothing at all, no end either, came for so long. */
enum err kafka_admin_read(struct kafka_admin *admin, const struct kafka_read *read,
                          kafka_read_each *each, void *context, int timeout_ms,
                          struct err_note *note);

#endif
