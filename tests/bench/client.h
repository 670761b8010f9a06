/*
 * The bench's own Kafka client: what costs too much in Python, and the raw copy that makegood is held
 * against. Built only for tests/bench/run (target bench_client). Every mode prints one JSON object.
 */
#ifndef MAKEGOOD_TESTS_BENCH_CLIENT_H
#define MAKEGOOD_TESTS_BENCH_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* --- client.c --- */

/* A bench has nobody to report to: it says what is wrong and ends with 1. */
_Noreturn void die(const char *what, const char *why);
/* `settings`: name, value, ..., NULL. With `delivered`, it is called for each delivery report. */
rd_kafka_t *client_open(rd_kafka_type_t type, const char *const *settings,
                        void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *),
                        void *opaque);
/* All partitions of a topic from `offset` (RD_KAFKA_OFFSET_BEGINNING, _END); how many there are. */
int client_assign(rd_kafka_t *consumer, const char *const *topics, size_t count, int64_t offset);
int64_t now_us(clockid_t clock);
bool stop_wanted(void); /* SIGTERM or SIGINT came */
long number_of(const char *word);

/* --- frames.c: records in files; little-endian sizes before the bytes --- */

enum { FRAME_HEADERS_MAX = 32 };

struct bytes {
    const char *at;
    uint32_t size;
};

struct frame {
    struct bytes key, value;
    uint32_t header_count;
    struct bytes names[FRAME_HEADERS_MAX], values[FRAME_HEADERS_MAX];
};

/* A whole file in memory, never freed. */
struct bytes file_read(const char *path);
/* The next frame of *rest; false at its end. Its bytes lie in the file. */
bool frame_read(struct bytes *rest, struct frame *out);
void frame_write(FILE *file, const struct frame *frame);
void frame_of(const rd_kafka_message_t *message, struct frame *out);
uint64_t frame_bytes(const struct frame *frame);
/* Value and all headers as one value, as if they were payload. In *made; never freed. */
struct bytes frame_flat(const struct frame *frame);

/* --- modes --- */

int mode_load(int count, char **words);
int mode_sample(int count, char **words);
int mode_copy(int count, char **words);
int mode_watch(int count, char **words);

#endif
