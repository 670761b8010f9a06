/* The topics that a set of workers needs, and the settings that correctness asks of them. */
#ifndef MAKEGOOD_TOPICS_H
#define MAKEGOOD_TOPICS_H

#include "io/bus_kafka_admin.h"

enum { TOPICS_MAX = 80, TOPIC_NAME_MAX = 200, DLQ_MESSAGE_BYTES = 2 * 1024 * 1024 };

enum topic_role { TOPIC_INPUT, TOPIC_STATE, TOPIC_OUTCOME, TOPIC_DEAD_LETTER, TOPIC_MAIL };

struct topic {
    char name[TOPIC_NAME_MAX]; /* without prefix */
    enum topic_role role;
    const char *worker;        /* NULL: shared   */
};

/* Of the workers named (NULL = all of this build); returns how many. */
size_t topics_of(const char *const *workers, struct topic topics[TOPICS_MAX]);
/* name, value, ..., NULL for creating it. */
const char *const *topic_settings(enum topic_role role);
/* NULL, or what is wrong with a topic as it is, with the cure. */
const char *topic_fault(enum topic_role role, const struct kafka_topic_facts *facts);

#endif
