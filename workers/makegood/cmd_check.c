/* `check`: everything that `run` would refuse, and what it would wait for, with the cure. */
#include <stdio.h>
#include <string.h>

#include "io/config.h"
#include "workers/makegood/command.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/topics.h"

enum { WAIT_MS = 5000 };

struct report {
    bool json;
    int faults;
    enum err worst; /* UNAVAILABLE or REFUSED outweigh a fault */
};

static void line(struct report *report, const char *what, const char *fault)
{
    report->faults += fault != NULL;
    if (report->json) {
        printf("{\"check\":\"%s\",\"ok\":%s,\"fault\":\"%s\"}\n", what, fault ? "false" : "true",
               fault ? fault : "");
    } else {
        printf("%-8s %-28s %s\n", fault ? "FAULT" : "ok", what, fault ? fault : "");
    }
}

static void failed(struct report *report, const char *what, enum err err,
                   const struct err_note *note)
{
    line(report, what, note->text);
    if (err == ERR_UNAVAILABLE || err == ERR_REFUSED) {
        report->worst = err;
    }
}

static const struct topic *state_log_of(const struct topic *topics, size_t count, const char *worker)
{
    for (size_t i = 0; i < count; i++) {
        if (topics[i].role == TOPIC_STATE && strcmp(topics[i].worker, worker) == 0) {
            return &topics[i];
        }
    }
    return NULL;
}

static bool check_topic(struct report *report, struct kafka_admin *admin, const struct topic *topics,
                        size_t count, const struct topic *topic)
{
    struct kafka_topic_facts facts, other;
    struct err_note note = { "" };
    enum err err = kafka_admin_describe(admin, topic->name, &facts, WAIT_MS, &note);
    if (err == ERR_NO_INPUT) {
        line(report, topic->name, "missing; run `makegood topics create`");
        return true;
    }
    if (err != OK) {
        failed(report, topic->name, err, &note);
        return false;
    }
    const char *fault = topic_fault(topic->role, &facts);
    if (!fault && topic->role == TOPIC_INPUT) {
        const struct topic *state = state_log_of(topics, count, topic->worker);
        if (kafka_admin_describe(admin, state->name, &other, WAIT_MS, &note) == OK &&
            other.partitions != facts.partitions) {
            fault = "its state log has another partition count; make both anew, equal";
        }
    }
    line(report, topic->name, fault);
    return true;
}

static void check_kafka(const struct call *call, struct report *report, char *cluster)
{
    struct topic topics[TOPICS_MAX];
    struct err_note note = { "" };
    enum err err = OK;
    struct kafka_admin *admin = kafka_admin_new(
        config_kafka(call->config), config_get(call->config, "topics.prefix"), &err, &note);
    if (err == OK) {
        err = kafka_admin_cluster_id(admin, cluster, WAIT_MS, &note);
    }
    if (err != OK) {
        failed(report, "kafka", err, &note);
    } else {
        line(report, "kafka", NULL);
        size_t count = topics_of(NULL, topics);
        for (size_t i = 0; i < count && check_topic(report, admin, topics, count, &topics[i]); i++) {
        }
    }
    if (admin) {
        kafka_admin_free(admin);
    }
}

static void check_redis(const struct call *call, struct report *report, const char *cluster)
{
    struct err_note note = { "" };
    enum err err = OK;
    struct view *view = servers_view(call->config, cluster, &err, &note);
    if (view) {
        view->ops->close(view);
        line(report, "redis", NULL);
    } else {
        failed(report, "redis", err, &note);
    }
}

int run_check(const struct call *call)
{
    struct report report = { .json = call->output && call->output[0] == 'j' };
    char cluster[KAFKA_CLUSTER_ID_MAX] = "";
    line(&report, "configuration", NULL); /* read without a fault, or we were not here */
    if (call_flag(call, "connect")) {
        check_kafka(call, &report, cluster);
        if (cluster[0]) {
            check_redis(call, &report, cluster);
        }
    }
    return report.worst != OK ? (int)report.worst : report.faults ? ERR_ANSWER_NO : OK;
}
