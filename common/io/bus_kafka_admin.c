/* Topics: making them, their partitions and settings; the cluster's id. */
#include "io/bus_kafka_admin_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "io/clock.h"

enum { KNOWN_RETRY_MS = 20 };

/* --- the handle --- */

struct kafka_admin *kafka_admin_new(const char *const *properties, const char *prefix,
                                    enum err *err, struct err_note *note)
{
    struct kafka_admin *admin = calloc(1, sizeof(*admin));
    ENSURE(admin != NULL);
    struct bus_kafka_setup setup = { .properties = properties, .prefix = prefix, .group = "" };
    struct bus *bus = bus_kafka_new(&setup, err, note);
    if (bus == NULL) {
        free(admin);
        return NULL;
    }
    admin->bus = kafka_of(bus);
    return admin;
}

void kafka_admin_free(struct kafka_admin *admin)
{
    if (admin->producer != NULL) {
        rd_kafka_destroy(admin->producer);
    }
    admin->bus->bus.ops->close(&admin->bus->bus);
    free(admin);
}

char *kafka_admin_full(const struct kafka_admin *admin, const char *topic)
{
    size_t size = strlen(admin->bus->prefix) + strlen(topic) + 1;
    char *full = malloc(size);
    ENSURE(full != NULL);
    snprintf(full, size, "%s%s", admin->bus->prefix, topic);
    return full;
}

static enum err exit_code(enum bus_result result)
{
    return result == BUS_REFUSED  ? ERR_REFUSED
           : result == BUS_CONFIG ? ERR_CONFIG
                                  : ERR_UNAVAILABLE;
}

enum err kafka_admin_failed(struct kafka_admin *admin, rd_kafka_resp_err_t err, const char *what,
                            struct err_note *note)
{
    struct bus_event event;
    char text[256];
    admin->bus->bus.ops->poll(&admin->bus->bus, 0,
                              &event); /* what the connections say goes deeper */
    if (kafka_class(err) == BUS_UNAVAILABLE && event.kind == BUS_FAILED) {
        if (note != NULL) {
            *note = event.note;
        }
        return exit_code(event.result);
    }
    snprintf(text, sizeof(text), "%s: %s", what, rd_kafka_err2str(err));
    struct err_note line;
    kafka_explain(&line, err, text);
    return err_note(note, exit_code(kafka_class(err)), "%s", line.text);
}

enum err kafka_admin_cluster_id(struct kafka_admin *admin, char id[KAFKA_CLUSTER_ID_MAX],
                                int timeout_ms, struct err_note *note)
{
    char *found = rd_kafka_clusterid(admin->bus->reader, timeout_ms);
    if (found == NULL) {
        return kafka_admin_failed(admin, RD_KAFKA_RESP_ERR__TIMED_OUT, "the cluster's id", note);
    }
    snprintf(id, KAFKA_CLUSTER_ID_MAX, "%s", found);
    rd_kafka_mem_free(admin->bus->reader, found);
    return OK;
}

enum err kafka_admin_partitions(struct kafka_admin *admin, const char *topic, int32_t *count,
                                int32_t *replication, int timeout_ms, struct err_note *note)
{
    const struct rd_kafka_metadata *metadata = NULL;
    char *full = kafka_admin_full(admin, topic);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(admin->bus->reader, full, NULL);
    ENSURE(handle != NULL);
    rd_kafka_resp_err_t err =
        rd_kafka_metadata(admin->bus->reader, 0, handle, &metadata, timeout_ms);
    rd_kafka_topic_destroy(handle);
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        err = metadata->topic_cnt == 1 ? metadata->topics[0].err
                                       : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        *count = metadata->topics[0].partition_cnt;
        *replication = *count > 0 ? metadata->topics[0].partitions[0].replica_cnt : 0;
    }
    if (metadata != NULL) {
        rd_kafka_metadata_destroy(metadata);
    }
    enum err result = OK;
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
        (err == RD_KAFKA_RESP_ERR_NO_ERROR && *count == 0)) {
        result = err_note(note, ERR_NO_INPUT, "topic %s does not exist", full);
    } else if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        result = kafka_admin_failed(admin, err, full, note);
    }
    free(full);
    return result;
}

/* --- making --- */

/* The one event that a request is answered with; NULL = the time was up. */
static rd_kafka_event_t *wait_event(rd_kafka_queue_t *queue, rd_kafka_event_type_t type,
                                    int timeout_ms)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        int64_t left = deadline - clock_monotonic_ms();
        rd_kafka_event_t *event = rd_kafka_queue_poll(queue, left > 0 ? (int)left : 0);
        if (event == NULL && left <= 0) {
            return NULL;
        }
        if (event != NULL && rd_kafka_event_type(event) == type) {
            return event;
        }
        rd_kafka_event_destroy(event);
    }
}

static rd_kafka_AdminOptions_t *options_new(struct kafka_admin *admin,
                                            rd_kafka_admin_op_t operation, int timeout_ms)
{
    char text[256];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->bus->reader, operation);
    rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, text, sizeof(text));
    if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS) {
        rd_kafka_AdminOptions_set_operation_timeout(options, timeout_ms, text, sizeof(text));
    }
    return options;
}

static enum err plan_new(const char *full, const struct kafka_topic_plan *plan,
                         rd_kafka_NewTopic_t **topic, struct err_note *note)
{
    char text[256];
    *topic = rd_kafka_NewTopic_new(full, plan->partitions, plan->replication, text, sizeof(text));
    if (*topic == NULL) {
        return err_note(note, ERR_CONFIG, "topic %s cannot be made: %s", full, text);
    }
    for (size_t i = 0; plan->settings != NULL && plan->settings[i] != NULL; i += 2) {
        if (rd_kafka_NewTopic_set_config(*topic, plan->settings[i], plan->settings[i + 1]) !=
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_NewTopic_destroy(*topic);
            return err_note(note, ERR_CONFIG, "topic %s cannot be made: setting %s", full,
                            plan->settings[i]);
        }
    }
    return OK;
}

static enum err created(struct kafka_admin *admin, const rd_kafka_event_t *event, const char *full,
                        bool *existed, struct err_note *note)
{
    size_t count = 0;
    rd_kafka_resp_err_t err = rd_kafka_event_error((rd_kafka_event_t *)(uintptr_t)event);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_admin_failed(admin, err, full, note);
    }
    const rd_kafka_CreateTopics_result_t *result =
        rd_kafka_event_CreateTopics_result((rd_kafka_event_t *)(uintptr_t)event);
    const rd_kafka_topic_result_t **topics = rd_kafka_CreateTopics_result_topics(result, &count);
    ENSURE(count == 1);
    err = rd_kafka_topic_result_error(topics[0]);
    *existed = err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR || *existed) {
        return OK;
    }
    if (kafka_class(err) == BUS_REFUSED) {
        return kafka_admin_failed(admin, err, full, note);
    }
    const char *why = rd_kafka_topic_result_error_string(topics[0]);
    return err_note(note, ERR_CONFIG, "topic %s cannot be made: %s", full,
                    why != NULL ? why : rd_kafka_err2str(err));
}

/* The controller has made it; the brokers hear of it a moment later. */
static enum err wait_known(struct kafka_admin *admin, const char *topic, int timeout_ms, struct err_note *note)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    int32_t count, replication;
    enum err err = kafka_admin_partitions(admin, topic, &count, &replication, timeout_ms, note);
    while (err == ERR_NO_INPUT && clock_monotonic_ms() < deadline) {
        clock_sleep_ms(KNOWN_RETRY_MS);
        err = kafka_admin_partitions(admin, topic, &count, &replication, timeout_ms, note);
    }
    return err;
}

enum err kafka_admin_create(struct kafka_admin *admin, const struct kafka_topic_plan *plan,
                            bool *existed, int timeout_ms, struct err_note *note)
{
    rd_kafka_NewTopic_t *topic;
    char *full = kafka_admin_full(admin, plan->name);
    *existed = false;
    enum err err = plan_new(full, plan, &topic, note);
    if (err == OK) {
        rd_kafka_AdminOptions_t *options =
            options_new(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
        rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->bus->reader);
        rd_kafka_CreateTopics(admin->bus->reader, &topic, 1, options, queue);
        rd_kafka_event_t *event =
            wait_event(queue, RD_KAFKA_EVENT_CREATETOPICS_RESULT, timeout_ms + 1000);
        err = event != NULL ? created(admin, event, full, existed, note)
                            : kafka_admin_failed(admin, RD_KAFKA_RESP_ERR__TIMED_OUT, full, note);
        rd_kafka_event_destroy(event);
        rd_kafka_queue_destroy(queue);
        rd_kafka_AdminOptions_destroy(options);
        rd_kafka_NewTopic_destroy(topic);
    }
    free(full);
    return err == OK ? wait_known(admin, plan->name, timeout_ms, note) : err;
}

/* --- describing --- */

static void take_setting(struct kafka_topic_facts *facts, const char *name, const char *value)
{
    if (value == NULL) {
        return;
    }
    if (strcmp(name, "cleanup.policy") == 0) {
        snprintf(facts->cleanup_policy, sizeof(facts->cleanup_policy), "%s", value);
    } else if (strcmp(name, "message.timestamp.type") == 0) {
        snprintf(facts->timestamp_type, sizeof(facts->timestamp_type), "%s", value);
    } else if (strcmp(name, "max.message.bytes") == 0) {
        facts->max_message_bytes = strtoll(value, NULL, 10);
    } else if (strcmp(name, "min.compaction.lag.ms") == 0) {
        facts->min_compaction_lag_ms = strtoll(value, NULL, 10);
    } else if (strcmp(name, "retention.ms") == 0) {
        facts->retention_ms = strtoll(value, NULL, 10);
    } else if (strcmp(name, "unclean.leader.election.enable") == 0) {
        facts->unclean_election = strcmp(value, "true") == 0;
    }
}

static enum err described(struct kafka_admin *admin, rd_kafka_event_t *event, const char *full,
                          struct kafka_topic_facts *facts, struct err_note *note)
{
    size_t count = 0, settings = 0;
    rd_kafka_resp_err_t err = rd_kafka_event_error(event);
    const rd_kafka_ConfigResource_t **resources = NULL;
    if (err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        resources = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(event), &count);
        ENSURE(count == 1);
        err = rd_kafka_ConfigResource_error(resources[0]);
    }
    if (err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        return err_note(note, ERR_NO_INPUT, "topic %s does not exist", full);
    }
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return kafka_admin_failed(admin, err, full, note);
    }
    const rd_kafka_ConfigEntry_t **entries =
        rd_kafka_ConfigResource_configs(resources[0], &settings);
    for (size_t i = 0; i < settings; i++) {
        take_setting(facts, rd_kafka_ConfigEntry_name(entries[i]),
                     rd_kafka_ConfigEntry_value(entries[i]));
    }
    return OK;
}

enum err kafka_admin_describe(struct kafka_admin *admin, const char *topic,
                              struct kafka_topic_facts *facts, int timeout_ms,
                              struct err_note *note)
{
    *facts = (struct kafka_topic_facts){ .max_message_bytes = -1,
                                         .min_compaction_lag_ms = -1,
                                         .retention_ms = -1 };
    enum err err = kafka_admin_partitions(admin, topic, &facts->partitions, &facts->replication,
                                          timeout_ms, note);
    if (err != OK) {
        return err;
    }
    char *full = kafka_admin_full(admin, topic);
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, full);
    rd_kafka_AdminOptions_t *options =
        options_new(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->bus->reader);
    rd_kafka_DescribeConfigs(admin->bus->reader, &resource, 1, options, queue);
    rd_kafka_event_t *event =
        wait_event(queue, RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, timeout_ms + 1000);
    err = event != NULL ? described(admin, event, full, facts, note)
                        : kafka_admin_failed(admin, RD_KAFKA_RESP_ERR__TIMED_OUT, full, note);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ConfigResource_destroy(resource);
    free(full);
    return err;
}
