/* load BROKERS TOPIC RATE FILE: sends a file's frames, RATE a second (0 = at once). */
#include <string.h>
#include <time.h>

#include "client.h"

static void delivered(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        die("delivery", rd_kafka_err2str(message->err));
    }
}

static void send_frame(rd_kafka_t *producer, const char *topic, const struct frame *frame)
{
    rd_kafka_resp_err_t err;
    do {
        err = rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(0),
                                RD_KAFKA_V_KEY(frame->key.at, frame->key.size),
                                RD_KAFKA_V_VALUE((void *)(uintptr_t)frame->value.at, frame->value.size),
                                RD_KAFKA_V_END);
        if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(producer, 10);
        }
    } while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        die("produce", rd_kafka_err2str(err));
    }
}

/* What is due by now has been sent: small bursts, a millisecond apart. */
static void keep_pace(rd_kafka_t *producer, int64_t began_us, uint64_t sent, long rate)
{
    while ((int64_t)(sent * 1000000 / (uint64_t)rate) > now_us(CLOCK_MONOTONIC) - began_us) {
        rd_kafka_poll(producer, 0);
        nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
    }
}

static void flush(rd_kafka_t *producer)
{
    if (rd_kafka_flush(producer, 60000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        die("flush", "timed out");
    }
}

int mode_load(int count, char **words)
{
    if (count != 4) {
        die("usage", "load BROKERS TOPIC RATE FILE");
    }
    long rate = number_of(words[2]);
    const char *settings[] = { "bootstrap.servers", words[0], "enable.idempotence", "true",
                               "linger.ms", rate > 0 ? "1" : "20", "partitioner", "murmur2_random",
                               "compression.codec", "lz4", NULL };
    rd_kafka_t *producer = client_open(RD_KAFKA_PRODUCER, settings, delivered, NULL);
    struct bytes rest = file_read(words[3]);
    struct frame frame;
    uint64_t sent = 0, bytes = 0;
    int64_t began = now_us(CLOCK_MONOTONIC);
    while (!stop_wanted() && frame_read(&rest, &frame)) {
        if (rate > 0) {
            keep_pace(producer, began, sent, rate);
        }
        send_frame(producer, words[1], &frame);
        bytes += frame_bytes(&frame);
        if (sent++ == 0) { /* what a new producer asks first takes seconds: no burst for that */
            flush(producer);
            began = now_us(CLOCK_MONOTONIC);
        }
    }
    flush(producer);
    double seconds = (double)(now_us(CLOCK_MONOTONIC) - began) / 1e6;
    rd_kafka_destroy(producer);
    printf("{\"records\": %llu, \"bytes\": %llu, \"seconds\": %.3f}\n", (unsigned long long)sent,
           (unsigned long long)bytes, seconds);
    return stop_wanted();
}
