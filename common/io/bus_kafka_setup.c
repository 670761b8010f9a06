/* The properties of every handle, and which of them nobody may change. */
#include "io/bus_kafka_inside.h"

#include <string.h>

enum {
    COMMITTED = KAFKA_FOR_GROUP | KAFKA_FOR_READER | KAFKA_FOR_ASKING,
    CONSUMERS = COMMITTED | KAFKA_FOR_RAW,
    PRODUCERS = KAFKA_FOR_PRODUCER | KAFKA_FOR_SENDING,
    ALL = CONSUMERS | PRODUCERS
};

struct property {
    const char *name, *value;
    int uses;   /* of enum kafka_use; 0 = set elsewhere, or only forbidden */
    bool fixed; /* correctness or the memory bound hangs on it             */
};

static const struct property PROPERTIES[] = {
    /* --- what is read, and that nothing is skipped or committed by itself --- */
    { "isolation.level", "read_committed", COMMITTED, true },
    { "isolation.level", "read_uncommitted", KAFKA_FOR_RAW, true },
    { "auto.offset.reset", "error", CONSUMERS, true },
    { "enable.auto.commit", "false", CONSUMERS, true },
    { "enable.auto.offset.store", "false", CONSUMERS, true },
    { "auto.commit.enable", NULL, 0, true },
    { "offset.store.method", NULL, 0, true },
    { "enable.partition.eof", "true", CONSUMERS, true },
    { "check.crcs", "true", CONSUMERS, true },
    { "allow.auto.create.topics", "false", CONSUMERS, true },
    /* Eager: cooperative loses assignments and loops in 2.0.2. The rebalance callback counts on it.
     */
    { "partition.assignment.strategy", "range", KAFKA_FOR_GROUP, true },
    { "group.id", NULL, 0, true },
    { "group.instance.id", NULL, 0, true },
    { "group.protocol.type", NULL, 0, true },
    { "heartbeat.interval.ms", "250", KAFKA_FOR_GROUP, false },
    { "session.timeout.ms", "10000", KAFKA_FOR_GROUP, false },
    { "fetch.wait.max.ms", "50", CONSUMERS, false },
    { "fetch.error.backoff.ms", "100", CONSUMERS, false },
    /* --- memory: the defaults are 64 MiB and 50 MB a handle --- */
    { "queued.max.messages.kbytes", "2048", CONSUMERS, true },
    { "fetch.max.bytes", "4194304", CONSUMERS, true },
    /* What is fetched is compressed, and the bounds of queues are looked at after it was unpacked.
     */
    { "max.partition.fetch.bytes", "131072", CONSUMERS, true },
    { "fetch.message.max.bytes", NULL, 0, true },
    { "receive.message.max.bytes", "67108864", ALL, true },
    { "queue.buffering.max.kbytes", "6144", PRODUCERS, true },
    /* --- transactions. One that outlives its timeout is fatal, so every call ends before it --- */
    { "transactional.id", NULL, 0, true },
    { "transaction.timeout.ms", "10000", 0, true },
    { "message.timeout.ms", "7000", PRODUCERS, true },
    { "delivery.timeout.ms", NULL, 0, true },
    { "enable.idempotence", "true", PRODUCERS, true },
    { "acks", "all", PRODUCERS, true },
    { "request.required.acks", NULL, 0, true },
    { "retries", NULL, 0, true },
    { "message.send.max.retries", NULL, 0, true },
    { "max.in.flight", NULL, 0, true },
    { "max.in.flight.requests.per.connection", NULL, 0, true },
    { "enable.gapless.guarantee", NULL, 0, true },
    { "produce.offset.report", NULL, 0, true },
    { "delivery.report.only.error", "false", PRODUCERS, true },
    { "partitioner", NULL, 0, true },
    /* An input of the broker's largest size must fit into a dead letter, so ours is above it. */
    { "message.max.bytes", "4194304", PRODUCERS, true },
    /* Of a consumer this is what it allocates to unpack a batch, before it knows the size; a larger
     * batch grows. */
    { "message.max.bytes", "131072", CONSUMERS, true },
    /* The broker writes what is decided already while the rest of a turn is; a flush waits for none of it.
     * 0 makes batches too small, 20 leaves nearly all to the flush. */
    { "linger.ms", "3", PRODUCERS, false },
    { "queue.buffering.max.ms", NULL, 0, true },
    /* After a commit the broker still writes markers and asks to come again: at 100 ms three in ten
     * transactions sleep the whole of it. */
    { "retry.backoff.ms", "1", PRODUCERS, false },
    { "compression.codec", "lz4", PRODUCERS, false },
    /* --- both --- */
    { "socket.nagle.disable", "true", ALL, false },
    { "socket.timeout.ms", "9000", ALL, false },
    { "reconnect.backoff.max.ms", "1000", ALL, false },
    { "topic.metadata.refresh.interval.ms", "60000", ALL, false },
    { "client.id", "makegood", ALL, false },
    { "log.connection.close", "false", ALL, false },
    /* Aliases and things that would go behind our back. */
    { "test.mock.num.brokers", NULL, 0, true },
    { "plugin.library.paths", NULL, 0, true },
    { "opaque", NULL, 0, true },
    { "default_topic_conf", NULL, 0, true },
    { "log.queue", NULL, 0, true },
    { "enabled_events", NULL, 0, true },
};

enum { PROPERTY_COUNT = sizeof(PROPERTIES) / sizeof(PROPERTIES[0]) };

bool bus_kafka_fixed(const char *property)
{
    size_t size = strlen(property);
    if (size > 3 && strcmp(property + size - 3, "_cb") == 0) {
        return true;
    }
    for (size_t i = 0; i < PROPERTY_COUNT; i++) {
        if (PROPERTIES[i].fixed && strcmp(PROPERTIES[i].name, property) == 0) {
            return true;
        }
    }
    return false;
}

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err_note *note)
{
    char text[256];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) == RD_KAFKA_CONF_OK) {
        return true;
    }
    /* Its text may carry the value, and the value may be a secret. */
    bool unknown = strncmp(text, "No such", 7) == 0;
    err_note(note, ERR_CONFIG,
             "kafka property %s: %s; see `makegood config` for the properties passed on", name,
             unknown ? "there is no such property" : "the value is not allowed");
    return false;
}

static bool set_all(rd_kafka_conf_t *conf, const struct kafka_bus *bus, enum kafka_use use,
                    struct err_note *note)
{
    bool good = true;
    for (size_t i = 0; good && i < PROPERTY_COUNT; i++) {
        const struct property *property = &PROPERTIES[i];
        good = (property->uses & (int)use) == 0 || set(conf, property->name, property->value, note);
    }
    /* Ours that are not fixed give way. A property of the other kind of client would only be
     * complained about. */
    for (size_t i = 0; good && bus->properties[i] != NULL; i += 2) {
        good = set(conf, bus->properties[i], bus->properties[i + 1], note);
    }
    return good;
}

static bool set_identity(rd_kafka_conf_t *conf, struct kafka_bus *bus, enum kafka_use use,
                         const char *transactional_id, struct err_note *note)
{
    if (use == KAFKA_FOR_SENDING) {
        rd_kafka_conf_set_dr_msg_cb(conf, kafka_sent);
        return true;
    }
    if (use == KAFKA_FOR_PRODUCER) {
        rd_kafka_conf_set_dr_msg_cb(conf, kafka_delivered);
        kafka_count_ends(bus, conf);
        return set(conf, "transactional.id", transactional_id, note) &&
               set(conf, "transaction.timeout.ms", "10000", note);
    }
    if (use == KAFKA_FOR_RAW || use == KAFKA_FOR_ASKING || bus->group_id[0] == 0) {
        return true;
    }
    /* The reader is no member: the group's name lets it ask for committed offsets. */
    if (!set(conf, "group.id", bus->group_id, note)) {
        return false;
    }
    if (use == KAFKA_FOR_GROUP) {
        rd_kafka_conf_set_rebalance_cb(conf, kafka_rebalance);
        return bus->instance[0] == 0 || set(conf, "group.instance.id", bus->instance, note);
    }
    return true;
}

rd_kafka_t *kafka_handle_new(struct kafka_bus *bus, enum kafka_use use,
                             const char *transactional_id, struct err_note *note)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_opaque(conf, bus);
    rd_kafka_conf_set_error_cb(conf, kafka_errored);
    rd_kafka_conf_set_log_cb(conf, kafka_logged);
    if (!set_all(conf, bus, use, note) || !set_identity(conf, bus, use, transactional_id, note)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_t *handle = rd_kafka_new(
        (use & PRODUCERS) != 0 ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (handle == NULL) {
        rd_kafka_conf_destroy(conf);
        err_note(note, ERR_CONFIG, "the Kafka client refuses its properties: %s", text);
    }
    return handle;
}

rd_kafka_t *kafka_raw(struct kafka_bus *bus)
{
    if (bus->raw == NULL) {
        bus->raw = kafka_handle_new(bus, KAFKA_FOR_RAW, NULL, NULL);
    }
    return bus->raw;
}

const char *bus_kafka_library(void)
{
    return rd_kafka_version_str();
}

rd_kafka_t *kafka_asker(struct kafka_bus *bus)
{
    if (bus->asker == NULL) {
        bus->asker = kafka_handle_new(bus, KAFKA_FOR_ASKING, NULL, NULL);
    }
    return bus->asker;
}
