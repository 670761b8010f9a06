/* Names and settings of topics. */
#include "workers/makegood/topics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/worker.h"
#include "io/config.h"
#include "workers/makegood/workers.h"

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

struct topic_list {
    struct topic *topics;
    size_t count;
};

static void add_route(void *context, const char *key, const char *value, const char *source,
                      const char *help)
{
    struct topic_list *list = context;
    (void)source;
    (void)help;
    bool known = strncmp(key, "route.", 6) != 0 || list->count == TOPICS_MAX;
    for (size_t i = 0; !known && i < list->count; i++) {
        known = strcmp(list->topics[i].name, value) == 0;
    }
    if (!known) {
        struct topic *topic = &list->topics[list->count++];
        *topic = (struct topic){ .role = TOPIC_OUTCOME };
        snprintf(topic->name, sizeof(topic->name), "%s", value);
    }
}

size_t topics_of_config(const struct config *config, struct topic topics[TOPICS_MAX])
{
    struct topic_list list = { topics, topics_of(NULL, topics) };
    config_each(config, add_route, &list);
    return list.count;
}

/* --- settings --- */

enum need { EXACTLY, AT_LEAST, AT_MOST };

/* What a topic is made with, and what is said of one that has it otherwise. */
struct rule {
    const char *name, *value;
    enum need need;
    bool fault; /* else it works, but not as it was meant */
    const char *why;
};

enum { RULES_MAX = 4 };

static const struct rule rules[][RULES_MAX + 1] = {
    [TOPIC_INPUT] = {
        { "message.timestamp.type", "LogAppendTime", EXACTLY, true,
          "times are the producers', and lock dates hang on them" },
        { "cleanup.policy", "delete", EXACTLY, true, "inputs of one key would be thrown away" },
        { "max.message.bytes", "1048588", AT_LEAST, false, "large inputs are refused" },
        { "retention.ms", "604800000", AT_LEAST, false,
          "a worker that is down for longer loses inputs" },
    },
    [TOPIC_STATE] = {
        { "cleanup.policy", "compact", EXACTLY, true, "states that rest for long would be lost" },
        { "min.compaction.lag.ms", "60000", AT_LEAST, true,
          "what a reader folds may vanish under it" },
        { "max.message.bytes", "1048588", AT_LEAST, true, "a large state could not be written" },
    },
    [TOPIC_OUTCOME] = {
        { "cleanup.policy", "delete", EXACTLY, true, "outcomes of one key would be thrown away" },
        { "max.message.bytes", "1048588", AT_LEAST, true, "a large outcome could not be written" },
        { "retention.ms", "2592000000", AT_LEAST, false, "outcomes are gone sooner" },
    },
    [TOPIC_DEAD_LETTER] = {
        { "cleanup.policy", "delete", EXACTLY, true, "dead letters of one key would be thrown away" },
        { "max.message.bytes", "2097152", AT_LEAST, true,
          "a large record could not be dead-lettered" },
        { "retention.ms", "7776000000", AT_LEAST, false, "dead letters are gone sooner" },
    },
    [TOPIC_MAIL] = {
        { "cleanup.policy", "delete", EXACTLY, true, "requests of one key would be thrown away" },
        { "retention.ms", "259200000", AT_MOST, false, "personal data is kept for longer" },
    },
};

void topic_settings(enum topic_role role, const char *settings[TOPIC_SETTINGS_MAX])
{
    size_t count = 0;
    for (const struct rule *rule = rules[role]; rule->name; rule++) {
        settings[count++] = rule->name;
        settings[count++] = rule->value;
    }
    settings[count] = NULL;
}

/* As the topic has it; false: the brokers did not tell. */
static bool setting_of(const struct kafka_topic_facts *facts, const char *name, char out[64])
{
    int64_t number = strcmp(name, "max.message.bytes") == 0       ? facts->max_message_bytes
                     : strcmp(name, "min.compaction.lag.ms") == 0 ? facts->min_compaction_lag_ms
                                                                  : facts->retention_ms;
    if (strcmp(name, "cleanup.policy") == 0) {
        snprintf(out, 64, "%s", facts->cleanup_policy);
    } else if (strcmp(name, "message.timestamp.type") == 0) {
        snprintf(out, 64, "%s", facts->timestamp_type);
    } else {
        snprintf(out, 64, "%lld", (long long)number);
        return number >= 0 || strcmp(name, "retention.ms") == 0;
    }
    return out[0] != 0;
}

/* Numbers; -1 is without a bound. */
static bool is_met(const struct rule *rule, const char *value)
{
    long long has = strtoll(value, NULL, 10), wants = strtoll(rule->value, NULL, 10);
    has = has < 0 ? INT64_MAX : has;
    return rule->need == EXACTLY    ? strcmp(value, rule->value) == 0
           : rule->need == AT_LEAST ? has >= wants
                                    : has <= wants;
}

void topic_differences(enum topic_role role, const struct kafka_topic_facts *facts,
                       topic_difference *each, void *context)
{
    static const char *const words[] = { "", " or more", " or less" };
    char value[64], text[256];
    for (const struct rule *rule = rules[role]; rule->name; rule++) {
        if (setting_of(facts, rule->name, value) && !is_met(rule, value)) {
            snprintf(text, sizeof(text), "%s is %s: %s; set %s=%s%s", rule->name, value, rule->why,
                     rule->name, rule->value, words[rule->need]);
            each(context, rule->fault, text);
        }
    }
    if (facts->unclean_election) {
        each(context, true,
             "unclean.leader.election.enable is true: what was committed may be lost; set "
             "unclean.leader.election.enable=false");
    }
}
