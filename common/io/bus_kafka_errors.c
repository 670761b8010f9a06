/* What the brokers and librdkafka say, as classes to act on and as lines for a person. */
#include "io/bus_kafka_inside.h"

#include <stdio.h>
#include <string.h>

#include "io/clock.h"
#include "io/log.h"

/* Levels of syslog, as librdkafka passes them; <syslog.h> has names that are ours in io/log.h. */
enum { TELL_AGAIN_MS = 3000, SYSLOG_ERROR = 3, SYSLOG_WARNING = 4 };

struct meaning {
    rd_kafka_resp_err_t err;
    enum bus_result result;
    const char *cure;
};

static const struct meaning MEANINGS[] = {
    { RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, BUS_CONFIG,
      "another process runs under the same `instance`: stop one of them, or give each its own "
      "name" },
    { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, BUS_REFUSED, "grant the ACL on the topic" },
    { RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, BUS_REFUSED, "grant Read on the group" },
    { RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, BUS_REFUSED, "grant the ACL on the cluster" },
    { RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, BUS_REFUSED,
      "grant Write and Describe on the transactional id" },
    { RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, BUS_REFUSED,
      "check sasl.* and the user's secret" },
    { RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, BUS_REFUSED, "check sasl.mechanism" },
    { RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE, BUS_REFUSED, "check security.protocol" },
    { RD_KAFKA_RESP_ERR__AUTHENTICATION, BUS_REFUSED, "check sasl.* and the user's secret" },
    { RD_KAFKA_RESP_ERR__SSL, BUS_REFUSED, "check ssl.* and the broker's certificate" },
    { RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, BUS_CONFIG,
      "the log does not hold that offset any more: restore it, or make the state topic anew too" },
    { RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, BUS_CONFIG,
      "the log does not hold that offset any more: restore it, or make the state topic anew too" },
    { RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, BUS_CONFIG,
      "other members of this group use another assignor: is `group` taken by something else?" },
    { RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, BUS_CONFIG, "change `group`" },
    { RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, BUS_CONFIG,
      "session.timeout.ms is outside of what the brokers allow" },
    { RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, BUS_CONFIG, "raise group.max.size at the brokers" },
    { RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, BUS_CONFIG, "the brokers are too old" },
    { RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, BUS_CONFIG, "the brokers or librdkafka are too old" },
    { RD_KAFKA_RESP_ERR_TRANSACTION_COORDINATOR_FENCED, BUS_UNAVAILABLE, "none needed" },
    { RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, BUS_UNAVAILABLE,
      "check that bootstrap.servers can be reached; goes on by itself" },
    { RD_KAFKA_RESP_ERR__TIMED_OUT, BUS_UNAVAILABLE,
      "check that the brokers run and can be reached; goes on by itself" },
    { RD_KAFKA_RESP_ERR__RESOLVE, BUS_UNAVAILABLE, "check the names in bootstrap.servers" },
};

static const struct meaning *meaning_of(rd_kafka_resp_err_t err)
{
    for (size_t i = 0; i < sizeof(MEANINGS) / sizeof(MEANINGS[0]); i++) {
        if (MEANINGS[i].err == err) {
            return &MEANINGS[i];
        }
    }
    return NULL;
}

enum bus_result kafka_class(rd_kafka_resp_err_t err)
{
    const struct meaning *meaning = meaning_of(err);
    return meaning != NULL ? meaning->result : BUS_UNAVAILABLE;
}

void kafka_explain(struct err_note *note, rd_kafka_resp_err_t err, const char *text)
{
    const struct meaning *meaning = meaning_of(err);
    const char *said = text != NULL && text[0] != 0 ? text : rd_kafka_err2str(err);
    err_note(note, OK, "Kafka: %s (%s); %s", said, rd_kafka_err2name(err),
             meaning != NULL ? meaning->cure : "goes on by itself when the brokers answer");
    for (char *at = note->text; *at != 0; at++) {
        *at = *at == '\n' || *at == '\r' ? ' ' : *at;
    }
}

/* Fatal and unknown results cost a producer, never a decision: the log says afterwards what was
 * committed. So whatever is not surely abortable retires. */
enum bus_result kafka_transaction_class(struct kafka_bus *bus, rd_kafka_error_t *error,
                                        const char *call)
{
    enum bus_result result = BUS_RETIRE;
    if (error == NULL) {
        return BUS_OK;
    }
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    if (kafka_class(code) == BUS_REFUSED) {
        result = BUS_REFUSED;
        kafka_fail(bus, code, rd_kafka_error_string(error)); /* nor will the next one be allowed */
    } else if (!rd_kafka_error_is_fatal(error) && rd_kafka_error_txn_requires_abort(error)) {
        result = BUS_ABORT;
    }
    log_warn("transaction_call_failed", KEY_STRING("call", call),
             KEY_STRING("error", rd_kafka_err2name(code)),
             KEY_STRING("why", rd_kafka_error_string(error)),
             KEY_STRING("then", result == BUS_ABORT    ? "abort"
                                : result == BUS_RETIRE ? "retire the producer"
                                                       : "stop"));
    rd_kafka_error_destroy(error);
    return result;
}

static const char *servers_of(const struct kafka_bus *bus)
{
    const char *servers = "";
    for (size_t i = 0; bus->properties[i] != NULL; i += 2) {
        servers = strcmp(bus->properties[i], "bootstrap.servers") == 0 ? bus->properties[i + 1]
                                                                        : servers;
    }
    return servers;
}

void kafka_fail(struct kafka_bus *bus, rd_kafka_resp_err_t err, const char *text)
{
    char down[256];
    if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) { /* the client counts them, and names none */
        snprintf(down, sizeof(down), "no broker of %s answers", servers_of(bus));
        text = down;
    }
    enum bus_result result = kafka_class(err);
    int64_t now = clock_monotonic_ms();
    bool worse = result != BUS_UNAVAILABLE;
    if (bus->tell_failure && !worse) {
        return;
    }
    if (!worse && bus->failure_told_ms != 0 && now - bus->failure_told_ms < TELL_AGAIN_MS) {
        return;
    }
    bus->tell_failure = true;
    bus->failure = result;
    bus->failure_told_ms = now;
    kafka_explain(&bus->failure_note, err, text);
}

/* While the brokers are away for longer than the session, librdkafka drops its member id, goes on with its
 * heartbeats until the revoke is served, and then may ask twice to join. To the brokers, when they are
 * back, each looks like another process of the same `instance`. Who was really replaced was in its place
 * until then. */
static bool fenced_by_itself(struct kafka_bus *bus, rd_kafka_resp_err_t code)
{
    if (code != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID || bus->adrift) {
        return code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
    }
    char *member = rd_kafka_memberid(bus->group);
    bool none = member != NULL && member[0] == 0;
    if (member != NULL) {
        rd_kafka_mem_free(bus->group, member);
    }
    return none;
}

/* There is no going on with the handle of the group. */
static void group_ended(struct kafka_bus *bus, rd_kafka_resp_err_t code, const char *text)
{
    bool itself = fenced_by_itself(bus, code);
    kafka_fail(bus, code, text);
    bus->tell_failure = true;
    bus->failure = itself ? BUS_RETIRE : BUS_CONFIG;
    if (itself) {
        err_note(&bus->failure_note, OK, "Kafka: the session ended while the brokers were away; the "
                 "group is joined anew");
    }
}

/* A fatal error of the producer is a normal state of ours: its next call answers RETIRE. */
void kafka_errored(rd_kafka_t *handle, int err, const char *reason, void *opaque)
{
    struct kafka_bus *bus = opaque;
    rd_kafka_resp_err_t code = (rd_kafka_resp_err_t)err;
    char text[256];
    /* Brokers close idle connections, and a handle that had only one then says this. The group's
     * never is idle. */
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && bus->group != NULL && handle != bus->group) {
        return;
    }
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        code = rd_kafka_fatal_error(handle, text, sizeof(text));
        if (handle != bus->group || handle == NULL) {
            return;
        }
        group_ended(bus, code, text);
    } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
               kafka_class(code) != BUS_UNAVAILABLE) {
        kafka_fail(bus, code, reason);
    }
    if (bus->tell_failure) {
        rd_kafka_yield(handle);
    }
}

void kafka_logged(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    enum log_level ours = level <= SYSLOG_ERROR
                              ? LOG_WARN /* what is an error of ours is told apart */
                          : level <= SYSLOG_WARNING ? LOG_INFO
                                                    : LOG_DEBUG;
    /* Every handle gets all that is passed through, also what is for another kind; the brokers of
     * the demo are told of as too old; and each connection of each handle tells that it failed, what
     * matters of which comes by kafka_errored(), once. */
    if (strcmp(facility, "CONFWARN") == 0 || strcmp(facility, "AUTOCREATE") == 0 ||
        strcmp(facility, "FAIL") == 0) {
        ours = LOG_DEBUG;
    }
    if (log_enabled(ours)) {
        log_event(ours, "kafka_client",
                  LOG_KEYS(KEY_STRING("handle", handle != NULL ? rd_kafka_name(handle) : ""),
                           KEY_STRING("facility", facility), KEY_STRING("text", text)));
    }
}
