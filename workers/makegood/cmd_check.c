/* `check`: everything that `run` would refuse, and what it would wait for, with the cure. */
#include <stdio.h>
#include <string.h>

#include "io/config.h"
#include "io/view_redis.h"
#include "workers/makegood/command.h"
#include "workers/makegood/output.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/terminal.h"
#include "workers/makegood/topics.h"

struct report {
    const struct call *call;
    struct output output;
    int faults;
    int single_replicas; /* topics with one replica */
    enum err worst;      /* UNAVAILABLE and REFUSED outweigh a fault */
    const char *topic;   /* whose differences are told               */
    int differences;
};

enum level { FINE, NOTE, FAULT };

static void put_json(struct report *report, enum level level, const char *what, const char *text)
{
    struct json_writer *writer = output_row(&report->output);
    json_put_text(writer, "check", text_of(what));
    json_put_bool(writer, "ok", level != FAULT);
    if (level != FINE) {
        json_put_text(writer, level == FAULT ? "fault" : "note", text_of(text));
    }
    output_row_end(&report->output);
}

static void line(struct report *report, enum level level, const char *what, const char *text)
{
    static const char *const words[] = { "ok", "note", "FAULT" };
    static const enum paint paints[] = { PAINT_GOOD, PAINT_NOTE, PAINT_BAD };
    report->faults += level == FAULT;
    if (report->output.json) {
        put_json(report, level, what, text);
        return;
    }
    terminal_paint(paints[level]);
    fputs(words[level], stdout);
    terminal_paint(PAINT_NONE);
    printf("%*s%-24s%s%s\n", 7 - (int)strlen(words[level]), "", what, *text ? " " : "", text);
}

static void failed(struct report *report, const char *what, enum err err, struct err_note *note)
{
    servers_complete(report->call->config, err, note);
    line(report, FAULT, what, note->text);
    if (err == ERR_UNAVAILABLE || err == ERR_REFUSED) {
        report->worst = err;
    }
}

/* --- topics --- */

static void tell_difference(void *context, bool fault, const char *text)
{
    struct report *report = context;
    report->differences++;
    line(report, fault ? FAULT : NOTE, report->topic, text);
}

/* A worker's input and state log must have as many partitions. */
static void compare_partitions(struct report *report, const struct topic *topic,
                               int32_t partitions, int32_t *inputs)
{
    char text[160];
    if (topic->role == TOPIC_INPUT) {
        *inputs = partitions;
    } else if (topic->role == TOPIC_STATE && *inputs > 0 && *inputs != partitions) {
        snprintf(text, sizeof(text),
                 "has %d partitions and topic %s has %d: they must be equal; make both anew",
                 (int)partitions, topic->worker, (int)*inputs);
        tell_difference(report, true, text);
    }
}

/* False: no use in asking on. *inputs: partitions of the input topic before it in the list. */
static bool check_topic(struct report *report, struct kafka_admin *admin,
                        const struct topic *topic, int32_t *inputs)
{
    struct kafka_topic_facts facts;
    struct err_note note = { "" };
    report->topic = topic->name;
    report->differences = 0;
    *inputs = topic->role == TOPIC_STATE ? *inputs : 0;
    enum err err = kafka_admin_describe(admin, topic->name, &facts, SERVERS_WAIT_MS, &note);
    if (err == ERR_NO_INPUT) {
        line(report, FAULT, topic->name, "missing; run `makegood topics create`");
        return true;
    }
    if (err != OK) {
        failed(report, topic->name, err, &note);
        return err != ERR_UNAVAILABLE;
    }
    report->single_replicas += facts.replication == 1;
    topic_differences(topic->role, &facts, tell_difference, report);
    compare_partitions(report, topic, facts.partitions, inputs);
    if (report->differences == 0) {
        line(report, FINE, topic->name, "");
    }
    return true;
}

static void check_topics(struct report *report, struct kafka_admin *admin)
{
    struct topic topics[TOPICS_MAX];
    int32_t inputs = 0;
    bool go_on = true;
    size_t count = topics_of_config(report->call->config, topics);
    for (size_t i = 0; go_on && i < count; i++) {
        go_on = check_topic(report, admin, &topics[i], &inputs);
    }
    if (report->single_replicas > 0) {
        char text[160];
        snprintf(text, sizeof(text),
                 "%d topics have one replica only: a lost disk loses them; 3 is usual in production",
                 report->single_replicas);
        line(report, NOTE, "replication", text);
    }
}

/* --- servers --- */

static void check_kafka(struct report *report, struct kafka_admin *admin,
                        char cluster[KAFKA_CLUSTER_ID_MAX])
{
    struct err_note note = { "" };
    enum err err = kafka_admin_cluster_id(admin, cluster, SERVERS_WAIT_MS, &note);
    if (err != OK) {
        failed(report, "kafka", err, &note);
        return;
    }
    line(report, FINE, "kafka", "");
    check_topics(report, admin);
}

/* Without the cluster's id nobody can tell whose view it is; the rest can be asked all the same. */
static void check_redis(struct report *report, const char *cluster)
{
    struct err_note note = { "" };
    enum err err = OK;
    struct view *view =
        servers_view(report->call->config, *cluster ? cluster : NULL, &err, &note);
    if (view) {
        view->ops->close(view);
        line(report, FINE, "redis", "");
    } else {
        failed(report, "redis", err, &note);
    }
}

/* What the libraries say of their settings, without a server. */
static bool check_redis_url(struct report *report)
{
    struct err_note note = { "" };
    enum err err = OK;
    struct view *view = view_redis_new(
        &(struct view_redis_setup){ .url = config_get(report->call->config, "redis.url"),
                                    .password = config_get(report->call->config, "redis.password") },
        &err, &note);
    if (!view) {
        failed(report, "redis settings", err, &note);
        return false;
    }
    view->ops->close(view);
    return true;
}

int run_check(const struct call *call)
{
    struct report report = { .call = call };
    char cluster[KAFKA_CLUSTER_ID_MAX] = "";
    struct err_note note = { "" };
    enum err err = OK;
    output_open(&report.output, call);
    bool connect = call_flag(call, "connect") != NULL;
    struct kafka_admin *admin = servers_kafka_quiet(call->config, &err, &note);
    if (!admin) {
        failed(&report, "kafka settings", err, &note);
    }
    bool redis = check_redis_url(&report);
    if (admin && redis) {
        line(&report, FINE, "configuration", "");
    }
    bool config_bad = report.faults > 0;
    if (admin && connect) {
        check_kafka(&report, admin, cluster);
    }
    if (redis && connect) {
        check_redis(&report, cluster);
    }
    if (admin) {
        kafka_admin_free(admin);
    }
    output_close(&report.output);
    return report.worst != OK ? (int)report.worst
           : config_bad       ? ERR_CONFIG
           : report.faults    ? ERR_ANSWER_NO
                              : OK;
}
