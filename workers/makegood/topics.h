/* The topics that a set of workers needs, and the settings that correctness asks of them. */
#ifndef MAKEGOOD_TOPICS_H
#define MAKEGOOD_TOPICS_H

#include "io/bus_kafka_admin.h"

struct config;

enum { TOPICS_MAX = 80, TOPIC_NAME_MAX = 200, TOPIC_SETTINGS_MAX = 12 };

enum topic_role { TOPIC_INPUT, TOPIC_STATE, TOPIC_OUTCOME, TOPIC_DEAD_LETTER, TOPIC_MAIL };

struct topic {
    char name[TOPIC_NAME_MAX]; /* without prefix */
    enum topic_role role;
    const char *worker;        /* NULL: shared   */
};

/* Of the workers named (NULL = all of this build); returns how many. */
size_t topics_of(const char *const *workers, struct topic topics[TOPICS_MAX]);
/* Of all workers, and those that `route.<type>` names. */
size_t topics_of_config(const struct config *config, struct topic topics[TOPICS_MAX]);

/* What a topic of the role is made with: name, value, ..., NULL. */
void topic_settings(enum topic_role role, const char *settings[TOPIC_SETTINGS_MAX]);

/* One thing that a topic has otherwise, with the cure. A fault is unsafe; the rest works, but not
 * as it was meant. */
typedef void topic_difference(void *context, bool fault, const char *text);
void topic_differences(enum topic_role role, const struct kafka_topic_facts *facts,
                       topic_difference *each, void *context);

#endif
