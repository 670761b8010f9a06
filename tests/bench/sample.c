/*
 * sample BROKERS TOPIC STRIDE FILE [HEADER]: counts a topic's committed records (only those that have
 * HEADER) and keeps every STRIDE-th of them as a frame: patterns for the copy.
 */
#include <string.h>

#include "client.h"

static bool has_header(const struct frame *frame, const char *name)
{
    for (uint32_t i = 0; i < frame->header_count; i++) {
        if (frame->names[i].size == strlen(name) &&
            memcmp(frame->names[i].at, name, frame->names[i].size) == 0) {
            return true;
        }
    }
    return false;
}

struct tally {
    uint64_t records, bytes, headers;
};

static void add(struct tally *tally, const struct frame *frame, long stride, FILE *file)
{
    if (tally->records++ % (uint64_t)stride == 0) {
        frame_write(file, frame);
    }
    tally->bytes += frame_bytes(frame);
    tally->headers += frame->header_count;
}

int mode_sample(int count, char **words)
{
    if (count != 4 && count != 5) {
        die("usage", "sample BROKERS TOPIC STRIDE FILE [HEADER]");
    }
    const char *settings[] = { "bootstrap.servers", words[0], "group.id", "bench-sample",
                               "isolation.level", "read_committed", "enable.partition.eof", "true",
                               "enable.auto.commit", "false", "auto.offset.reset", "error", NULL };
    const char *topics[] = { words[1] };
    long stride = number_of(words[2]);
    FILE *file = fopen(words[3], "wb");
    if (file == NULL || stride == 0) {
        die(words[3], "cannot be written");
    }
    rd_kafka_t *consumer = client_open(RD_KAFKA_CONSUMER, settings, NULL, NULL);
    int open = client_assign(consumer, topics, 1, RD_KAFKA_OFFSET_BEGINNING);
    struct tally tally = { 0 };
    while (open > 0 && !stop_wanted()) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 1000);
        if (message == NULL) {
            continue;
        }
        struct frame frame;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            open--;
        } else if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            die(words[1], rd_kafka_message_errstr(message));
        } else {
            frame_of(message, &frame);
            if (count == 4 || has_header(&frame, words[4])) {
                add(&tally, &frame, stride, file);
            }
        }
        rd_kafka_message_destroy(message);
    }
    fclose(file);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    printf("{\"records\": %llu, \"bytes\": %llu, \"headers\": %llu}\n",
           (unsigned long long)tally.records, (unsigned long long)tally.bytes,
           (unsigned long long)tally.headers);
    return stop_wanted();
}
