/* `topics create`: what is missing, with the right settings. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "io/clock.h"
#include "io/config.h"
#include "workers/makegood/command.h"
#include "workers/makegood/output.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/topics.h"

enum { WAIT_MS = 15000, PARTITIONS_DEFAULT = 6, PARTITIONS_MAX = 512, OUTPUTS_MAX = 6, AGAIN_MS = 50 };

struct create {
    const struct call *call;
    struct output output;
    struct kafka_admin *admin;
    int32_t partitions, replication;
    bool given; /* --partitions */
};

static void print_result(struct create *create, const struct topic *topic, bool existed,
                         int32_t partitions)
{
    if (!create->output.json) {
        printf("%-8s %-24s %d partitions\n", existed ? "exists" : "created", topic->name,
               (int)partitions);
        return;
    }
    struct json_writer *writer = output_row(&create->output);
    json_put_text(writer, "topic", text_of(topic->name));
    json_put_bool(writer, "created", !existed);
    json_put_int(writer, "partitions", partitions);
    output_row_end(&create->output);
}

/* An input topic and its state log have the same count; whichever exists says which. */
static enum err count_of(struct create *create, const struct topic *topic, int32_t *partitions,
                         struct err_note *note)
{
    char other[TOPIC_NAME_MAX];
    int32_t replication;
    *partitions = create->partitions;
    if (topic->role != TOPIC_INPUT && topic->role != TOPIC_STATE) {
        *partitions = *partitions > OUTPUTS_MAX ? OUTPUTS_MAX : *partitions;
        return OK;
    }
    snprintf(other, sizeof(other), "%s%s", topic->worker,
             topic->role == TOPIC_INPUT ? "-state" : "");
    enum err err =
        kafka_admin_partitions(create->admin, other, partitions, &replication, WAIT_MS, note);
    if (err == ERR_NO_INPUT) {
        *partitions = create->partitions;
        return OK;
    }
    return err;
}

/* A topic that was made is known to all brokers a moment later only. */
static enum err await_topic(struct create *create, const char *name, struct err_note *note)
{
    int64_t deadline = clock_monotonic_ms() + WAIT_MS;
    for (;;) {
        struct kafka_topic_facts facts;
        enum err err = kafka_admin_describe(create->admin, name, &facts, WAIT_MS, note);
        if (err != ERR_NO_INPUT) {
            return err;
        }
        if (clock_monotonic_ms() > deadline) {
            return err_note(note, ERR_TIMED_OUT,
                            "topic %s was made, but the brokers do not show it yet", name);
        }
        clock_sleep_ms(AGAIN_MS);
    }
}

static enum err create_one(struct create *create, const struct topic *topic, struct err_note *note)
{
    bool existed = true;
    const char *settings[TOPIC_SETTINGS_MAX];
    int32_t partitions, replication;
    enum err err = kafka_admin_partitions(create->admin, topic->name, &partitions, &replication,
                                          SERVERS_WAIT_MS, note);
    if (err == ERR_NO_INPUT) {
        err = count_of(create, topic, &partitions, note);
        topic_settings(topic->role, settings);
        struct kafka_topic_plan plan = { topic->name, partitions, create->replication, settings };
        err = err == OK ? kafka_admin_create(create->admin, &plan, &existed, WAIT_MS, note) : err;
        err = err == OK ? await_topic(create, topic->name, note) : err;
    }
    if (err != OK) {
        return err;
    }
    print_result(create, topic, existed, partitions);
    bool partitioned = topic->role == TOPIC_INPUT || topic->role == TOPIC_STATE;
    if (create->given && partitioned && partitions != create->partitions) {
        fprintf(stderr, "makegood: %s has %d partitions and not %d: its number cannot be changed\n",
                topic->name, (int)partitions, (int)create->partitions);
    }
    return OK;
}

static int create_all(struct create *create)
{
    struct topic topics[TOPICS_MAX];
    struct err_note note = { "" };
    enum err err = OK;
    size_t count = topics_of_config(create->call->config, topics);
    create->admin = servers_kafka(create->call->config, &err);
    if (!create->admin) {
        return err;
    }
    output_open(&create->output, create->call);
    for (size_t i = 0; err == OK && i < count; i++) {
        err = create_one(create, &topics[i], &note);
    }
    output_close(&create->output);
    kafka_admin_free(create->admin);
    return err == OK ? OK : servers_failed(create->call->config, err, &note);
}

int run_topics(const struct call *call)
{
    long long partitions, replication;
    static const char *const verbs[] = { "create", NULL };
    if (strcmp(call->arguments[0], "create") != 0) {
        const char *near = nearest(call->arguments[0], verbs);
        return near ? fail_with(ERR_USAGE, "there is no topics %s; did you mean topics %s?",
                                call->arguments[0], near)
                    : fail_with(ERR_USAGE, "there is no topics %s; usage: makegood topics create",
                                call->arguments[0]);
    }
    if (!flag_number(call, "partitions", PARTITIONS_DEFAULT, 1, PARTITIONS_MAX, &partitions) ||
        !flag_number(call, "replication", -1, 1, 100, &replication)) {
        return ERR_USAGE;
    }
    struct create create = { .call = call,
                             .partitions = (int32_t)partitions,
                             .replication = (int32_t)replication,
                             .given = call_flag(call, "partitions") != NULL };
    return create_all(&create);
}
