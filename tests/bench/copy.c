/*
 * copy BROKERS INPUT RECORDS BATCH KIND {TOPIC COUNT FILE}...: reads RECORDS records of INPUT and, for
 * each, produces its share of COUNT records to every TOPIC, taken in turn from the frames of FILE.
 *
 * KIND: "exact" in transactions of BATCH inputs with their offsets; "plain" without transactions;
 * "headers" as exact, with the frames' headers as headers (else they are part of the value: the bytes
 * are the same, and the client has less to do).
 *
 * It decides nothing and keeps nothing: what Kafka and librdkafka cost, and so the ceiling.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

enum { OUTPUTS_MAX = 8, POLL_BATCH = 1000, CALL_MS = 60000 };

struct output {
    rd_kafka_topic_t *topic;
    uint64_t count, made;
    struct frame *frames;
    struct bytes *flat;
    size_t frame_count, next;
};

struct copy {
    rd_kafka_t *consumer, *producer;
    rd_kafka_queue_t *queue;
    bool exact, with_headers;
    uint64_t records, batch, taken, transactions, sent, reported;
    struct output outputs[OUTPUTS_MAX];
    size_t output_count;
    rd_kafka_topic_partition_list_t *offsets;
};

static void delivered(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        die("delivery", rd_kafka_err2str(message->err));
    }
    ((struct copy *)opaque)->reported++;
}

static void must(rd_kafka_error_t *error, const char *what)
{
    if (error != NULL) {
        die(what, rd_kafka_error_string(error));
    }
}

/* --- setup --- */

static void load_frames(struct output *output, const char *path)
{
    struct bytes rest = file_read(path);
    size_t room = 0;
    struct frame frame;
    while (frame_read(&rest, &frame)) {
        if (output->frame_count == room) {
            room = room == 0 ? 1024 : room * 2;
            output->frames = realloc(output->frames, room * sizeof(*output->frames));
            output->flat = realloc(output->flat, room * sizeof(*output->flat));
        }
        if (output->frames == NULL || output->flat == NULL) {
            die("memory", "none left");
        }
        output->flat[output->frame_count] = frame_flat(&frame);
        output->frames[output->frame_count++] = frame;
    }
    if (output->frame_count == 0) {
        die(path, "has no records");
    }
}

static void open_consumer(struct copy *copy, const char *brokers, const char *input)
{
    char group[64]; /* a group of its own: every copy begins at the start */
    snprintf(group, sizeof(group), "bench-copy-%ld", (long)getpid());
    const char *settings[] = { "bootstrap.servers", brokers, "group.id", group,
                               "isolation.level", "read_committed", "enable.auto.commit", "false",
                               "auto.offset.reset", "earliest", "check.crcs", "true",
                               "socket.nagle.disable", "true", NULL };
    copy->consumer = client_open(RD_KAFKA_CONSUMER, settings, NULL, NULL);
    rd_kafka_poll_set_consumer(copy->consumer);
    copy->queue = rd_kafka_queue_get_consumer(copy->consumer);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, input, RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(copy->consumer, list) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        die(input, "cannot subscribe");
    }
    rd_kafka_topic_partition_list_destroy(list);
    copy->offsets = rd_kafka_topic_partition_list_new(16);
}

static void open_producer(struct copy *copy, const char *brokers)
{
    const char *settings[] = { "bootstrap.servers", brokers, "enable.idempotence", "true",
                               "compression.codec", "lz4", "linger.ms", "5",
                               "socket.nagle.disable", "true", "retry.backoff.ms", "1",
                               "queue.buffering.max.messages", "1000000",
                               copy->exact ? "transactional.id" : NULL, "bench-copy", NULL };
    copy->producer = client_open(RD_KAFKA_PRODUCER, settings, delivered, copy);
    if (copy->exact) {
        must(rd_kafka_init_transactions(copy->producer, CALL_MS), "init_transactions");
    }
}

/* --- a batch --- */

static rd_kafka_headers_t *headers_of(const struct frame *frame)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(frame->header_count);
    for (uint32_t i = 0; i < frame->header_count; i++) {
        rd_kafka_header_add(headers, frame->names[i].at, (ssize_t)frame->names[i].size,
                            frame->values[i].at, (ssize_t)frame->values[i].size);
    }
    return headers;
}

static void produce(struct copy *copy, struct output *output)
{
    const struct frame *frame = &output->frames[output->next];
    struct bytes value = copy->with_headers ? frame->value : output->flat[output->next];
    bool headers = copy->with_headers && frame->header_count > 0;
    rd_kafka_vu_t parts[5] = {
        { .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = output->topic },
        { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_BLOCK },
        { .vtype = RD_KAFKA_VTYPE_KEY,
          .u.mem = { (void *)(uintptr_t)frame->key.at, frame->key.size } },
        { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { (void *)(uintptr_t)value.at, value.size } },
        { .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers ? headers_of(frame) : NULL },
    };
    must(rd_kafka_produceva(copy->producer, parts, headers ? 5 : 4), "produce");
    output->next = (output->next + 1) % output->frame_count;
    output->made++;
    copy->sent++;
}

static void take(struct copy *copy, const rd_kafka_message_t *message)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    rd_kafka_topic_partition_t *at =
        rd_kafka_topic_partition_list_find(copy->offsets, topic, message->partition);
    if (at == NULL) {
        at = rd_kafka_topic_partition_list_add(copy->offsets, topic, message->partition);
    }
    at->offset = message->offset + 1;
    copy->taken++;
    for (size_t i = 0; i < copy->output_count; i++) {
        struct output *output = &copy->outputs[i];
        while (output->made < output->count * copy->taken / copy->records) {
            produce(copy, output);
        }
    }
}

static void commit(struct copy *copy)
{
    while (copy->reported < copy->sent) {
        if (rd_kafka_flush(copy->producer, CALL_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
            die("flush", "timed out");
        }
    }
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(copy->consumer);
    must(rd_kafka_send_offsets_to_transaction(copy->producer, copy->offsets, group, CALL_MS),
         "send_offsets");
    rd_kafka_consumer_group_metadata_destroy(group);
    must(rd_kafka_commit_transaction(copy->producer, CALL_MS), "commit");
    copy->transactions++;
}

/* Up to `limit` records that are there; waits for the first of them only. */
static uint64_t take_some(struct copy *copy, uint64_t limit)
{
    rd_kafka_message_t *messages[POLL_BATCH];
    ssize_t count = rd_kafka_consume_batch_queue(copy->queue, 50, messages,
                                                 limit < POLL_BATCH ? limit : POLL_BATCH);
    uint64_t taken = 0;
    for (ssize_t i = 0; i < count; i++) {
        if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            take(copy, messages[i]);
            taken++;
        }
        rd_kafka_message_destroy(messages[i]);
    }
    rd_kafka_poll(copy->producer, 0);
    return taken;
}

static void copy_batch(struct copy *copy)
{
    uint64_t left = copy->records - copy->taken, limit = left < copy->batch ? left : copy->batch;
    uint64_t taken = 0;
    if (copy->exact) {
        must(rd_kafka_begin_transaction(copy->producer), "begin");
    }
    while (taken < limit && !stop_wanted()) {
        taken += take_some(copy, limit - taken);
    }
    if (copy->exact && taken > 0) {
        commit(copy);
    }
}

/* --- the whole --- */

static void wait_for_first(struct copy *copy, int64_t *began_us, double *began_cpu)
{
    if (copy->exact) {
        must(rd_kafka_begin_transaction(copy->producer), "begin");
    }
    while (copy->taken == 0 && !stop_wanted()) {
        *began_us = now_us(CLOCK_MONOTONIC);
        *began_cpu = (double)now_us(CLOCK_PROCESS_CPUTIME_ID) / 1e6;
        take_some(copy, 1);
    }
    if (copy->exact) {
        commit(copy);
    }
}

static void run(struct copy *copy)
{
    int64_t began_us = 0;
    double began_cpu = 0;
    struct rusage usage;
    wait_for_first(copy, &began_us, &began_cpu);
    while (copy->taken < copy->records && !stop_wanted()) {
        copy_batch(copy);
    }
    rd_kafka_flush(copy->producer, CALL_MS);
    double seconds = (double)(now_us(CLOCK_MONOTONIC) - began_us) / 1e6;
    double cpu = (double)now_us(CLOCK_PROCESS_CPUTIME_ID) / 1e6 - began_cpu;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"records\": %llu, \"seconds\": %.3f, \"cpu_seconds\": %.3f, \"rss_bytes\": %ld, "
           "\"transactions\": %llu, \"produced\": %llu}\n",
           (unsigned long long)copy->taken, seconds, cpu, usage.ru_maxrss * 1024,
           (unsigned long long)copy->transactions, (unsigned long long)copy->reported);
}

int mode_copy(int count, char **words)
{
    static struct copy copy;
    if (count < 8 || (count - 5) % 3 != 0 || (count - 5) / 3 > OUTPUTS_MAX) {
        die("usage", "copy BROKERS INPUT RECORDS BATCH KIND {TOPIC COUNT FILE}...");
    }
    copy.records = (uint64_t)number_of(words[2]);
    copy.batch = (uint64_t)number_of(words[3]);
    copy.exact = strcmp(words[4], "plain") != 0;
    copy.with_headers = strcmp(words[4], "headers") == 0;
    open_producer(&copy, words[0]);
    for (int i = 5; i < count; i += 3) {
        struct output *output = &copy.outputs[copy.output_count++];
        output->topic = rd_kafka_topic_new(copy.producer, words[i], NULL);
        output->count = (uint64_t)number_of(words[i + 1]);
        load_frames(output, words[i + 2]);
    }
    open_consumer(&copy, words[0], words[1]);
    run(&copy);
    rd_kafka_queue_destroy(copy.queue);
    rd_kafka_consumer_close(copy.consumer);
    rd_kafka_topic_partition_list_destroy(copy.offsets);
    for (size_t i = 0; i < copy.output_count; i++) {
        rd_kafka_topic_destroy(copy.outputs[i].topic);
    }
    rd_kafka_destroy(copy.producer);
    rd_kafka_destroy(copy.consumer);
    return stop_wanted();
}
