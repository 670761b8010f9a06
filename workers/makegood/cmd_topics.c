/* `topics create`: what is missing, with the right settings. */
#include <stdio.h>
#include <string.h>

#include "io/config.h"
#include "workers/makegood/command.h"
#include "workers/makegood/topics.h"

enum { WAIT_MS = 15000, PARTITIONS_DEFAULT = 6, PARTITIONS_MAX = 512 };

static enum err create(struct kafka_admin *admin, const struct topic *topic, int32_t partitions,
                       int32_t replication, struct err_note *note)
{
    bool existed = false;
    bool partitioned = topic->role == TOPIC_INPUT || topic->role == TOPIC_STATE;
    struct kafka_topic_plan plan = { .name = topic->name,
                                     .partitions = partitioned ? partitions
                                                   : partitions > 6 ? 6
                                                                    : partitions,
                                     .replication = replication,
                                     .settings = topic_settings(topic->role) };
    enum err err = kafka_admin_create(admin, &plan, &existed, WAIT_MS, note);
    if (err == OK) {
        printf("%-8s %s\n", existed ? "exists" : "created", topic->name);
    }
    return err;
}

int run_topics(const struct call *call)
{
    struct topic topics[TOPICS_MAX];
    struct err_note note = { "" };
    enum err err = OK;
    long long partitions, replication;
    if (strcmp(call->arguments[0], "create") != 0) {
        return fail_with(ERR_USAGE, "usage: makegood topics create");
    }
    if (!flag_number(call, "partitions", PARTITIONS_DEFAULT, 1, PARTITIONS_MAX, &partitions) ||
        !flag_number(call, "replication", -1, 1, 100, &replication)) {
        return ERR_USAGE;
    }
    struct kafka_admin *admin = kafka_admin_new(
        config_kafka(call->config), config_get(call->config, "topics.prefix"), &err, &note);
    size_t count = topics_of(NULL, topics);
    for (size_t i = 0; err == OK && i < count; i++) {
        err = create(admin, &topics[i], (int32_t)partitions, (int32_t)replication, &note);
    }
    if (admin) {
        kafka_admin_free(admin);
    }
    return err == OK ? OK : fail_with(err, "%s", note.text);
}
