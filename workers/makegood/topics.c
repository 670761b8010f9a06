/* Names and settings of topics. */
#include "workers/makegood/topics.h"

#include <stdio.h>
#include <string.h>

#include "engine/worker.h"
#include "workers/makegood/workers.h"

enum { MIN_COMPACTION_LAG_MS = 60000 };

static bool is_named(const char *const *workers, const char *name)
{
    for (; workers && *workers; workers++) {
        if (strcmp(*workers, name) == 0) {
            return true;
        }
    }
    return workers == NULL;
}

size_t topics_of(const char *const *workers, struct topic topics[TOPICS_MAX])
{
    static const char *const ends[] = { "", "-state", "-outcome", "-dlq" };
    size_t count = 0;
    for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
        for (int i = 0; is_named(workers, (*worker)->name) && i < 4; i++) {
            struct topic *topic = &topics[count++];
            snprintf(topic->name, sizeof(topic->name), "%s%s", (*worker)->name, ends[i]);
            topic->role = (enum topic_role)i;
            topic->worker = (*worker)->name;
        }
    }
    topics[count++] = (struct topic){ .name = "email-request", .role = TOPIC_MAIL };
    topics[count++] = (struct topic){ .name = "refund-initiated", .role = TOPIC_OUTCOME };
    return count;
}

const char *const *topic_settings(enum topic_role role)
{
    static const char *const input[] = { "message.timestamp.type", "LogAppendTime",
                                         "max.message.bytes",      "1048588",
                                         "retention.ms",           "604800000",
                                         NULL };
    static const char *const state[] = { "cleanup.policy",        "compact",
                                         "min.compaction.lag.ms", "60000",
                                         "max.message.bytes",     "1048588",
                                         NULL };
    static const char *const outcome[] = { "retention.ms", "2592000000", NULL };
    static const char *const dead_letter[] = { "retention.ms",      "7776000000",
                                               "max.message.bytes", "2097152",
                                               NULL };
    static const char *const mail[] = { "retention.ms", "259200000", NULL }; /* personal data */
    static const char *const *const all[] = { input, state, outcome, dead_letter, mail };
    return all[role];
}

const char *topic_fault(enum topic_role role, const struct kafka_topic_facts *facts)
{
    if (role == TOPIC_INPUT && strcmp(facts->timestamp_type, "LogAppendTime") != 0) {
        return "timestamps are the producers'; set message.timestamp.type=LogAppendTime";
    }
    if (role == TOPIC_INPUT && strcmp(facts->cleanup_policy, "delete") != 0) {
        return "inputs must not be compacted; set cleanup.policy=delete";
    }
    if (role == TOPIC_STATE && strcmp(facts->cleanup_policy, "compact") != 0) {
        return "a state log must be kept whole; set cleanup.policy=compact";
    }
    if (role == TOPIC_STATE && facts->min_compaction_lag_ms < MIN_COMPACTION_LAG_MS) {
        return "folding readers need a minute; set min.compaction.lag.ms=60000 or more";
    }
    if (role == TOPIC_DEAD_LETTER && facts->max_message_bytes < DLQ_MESSAGE_BYTES) {
        return "a large record could not be dead-lettered; set max.message.bytes=2097152";
    }
    return NULL;
}
