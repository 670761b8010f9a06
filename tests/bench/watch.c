/*
 * watch BROKERS FILE INPUT OUTCOME...: reads from the present ends until SIGTERM and notes when each
 * record was seen by a read_committed reader. Lines, tab between:
 *   input <partition> <offset> <append time, ms> <id>
 *   verdict <time seen, us> <makegood-input> <ce_causationid> <makegood-verdict>
 */
#include <string.h>
#include <time.h>

#include "client.h"

static struct bytes header(const struct frame *frame, const char *name)
{
    for (uint32_t i = 0; i < frame->header_count; i++) {
        if (frame->names[i].size == strlen(name) &&
            memcmp(frame->names[i].at, name, frame->names[i].size) == 0) {
            return frame->values[i];
        }
    }
    return (struct bytes){ "", 0 };
}

/* The bench's own events begin with their id. */
static struct bytes event_id(struct bytes value)
{
    static const char start[] = "{\"id\":\"";
    if (value.size < sizeof(start) || memcmp(value.at, start, sizeof(start) - 1) != 0) {
        return (struct bytes){ "", 0 };
    }
    const char *from = value.at + sizeof(start) - 1;
    const char *end = memchr(from, '"', value.size - sizeof(start) + 1);
    return (struct bytes){ from, end != NULL ? (uint32_t)(end - from) : 0 };
}

static void note_input(FILE *file, const rd_kafka_message_t *message, const struct frame *frame)
{
    rd_kafka_timestamp_type_t type;
    struct bytes id = event_id(frame->value);
    if (header(frame, "makegood-to").size > 0) {
        return; /* a worker's follow-up */
    }
    fprintf(file, "input\t%d\t%lld\t%lld\t%.*s\n", (int)message->partition,
            (long long)message->offset, (long long)rd_kafka_message_timestamp(message, &type),
            (int)id.size, id.at);
}

static void note_verdict(FILE *file, const struct frame *frame)
{
    struct bytes input = header(frame, "makegood-input"), id = header(frame, "ce_causationid");
    struct bytes verdict = header(frame, "makegood-verdict");
    if (verdict.size > 0) {
        fprintf(file, "verdict\t%lld\t%.*s\t%.*s\t%.*s\n", (long long)now_us(CLOCK_REALTIME),
                (int)input.size, input.at, (int)id.size, id.at, (int)verdict.size, verdict.at);
    }
}

int mode_watch(int count, char **words)
{
    if (count < 4) {
        die("usage", "watch BROKERS FILE INPUT OUTCOME...");
    }
    const char *settings[] = { "bootstrap.servers", words[0], "group.id", "bench-watch",
                               "isolation.level", "read_committed", "fetch.wait.max.ms", "500",
                               "enable.auto.commit", "false", "auto.offset.reset", "error",
                               "enable.partition.eof", "true", NULL };
    rd_kafka_t *consumer = client_open(RD_KAFKA_CONSUMER, settings, NULL, NULL);
    FILE *file = fopen(words[1], "w");
    if (file == NULL) {
        die(words[1], "cannot be written");
    }
    int unseen = client_assign(consumer, (const char *const *)words + 2, (size_t)count - 2,
                               RD_KAFKA_OFFSET_END);
    while (!stop_wanted()) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, 100);
        if (message == NULL) {
            continue;
        }
        struct frame frame;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && --unseen == 0) {
            printf("{\"ready\": true}\n"); /* from here on nothing is missed */
            fflush(stdout);
        } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            frame_of(message, &frame);
            if (strcmp(rd_kafka_topic_name(message->rkt), words[2]) == 0) {
                note_input(file, message, &frame);
            } else {
                note_verdict(file, &frame);
            }
        } else if (message->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            die("watch", rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(message);
    }
    fclose(file);
    rd_kafka_consumer_close(consumer);
    rd_kafka_destroy(consumer);
    return 0;
}
