/*
 * A Kafka inside of this process, for `demo` alone: librdkafka's mock cluster. In 2.0.2 it shows
 * aborted records to every reader, throws transactional offsets away and takes any generation: it
 * proves nothing, and a bus on it needs `mock` in its setup.
 */
#ifndef MAKEGOOD_IO_BUS_KAFKA_MOCK_H
#define MAKEGOOD_IO_BUS_KAFKA_MOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct kafka_mock_topic {
    const char *name; /* whole */
    int32_t partitions;
};

struct kafka_mock;

/* NULL and *note. */
struct kafka_mock *kafka_mock_new(const struct kafka_mock_topic *topics, size_t count,
                                  struct err_note *note);
/* For bootstrap.servers. */
const char *kafka_mock_servers(const struct kafka_mock *mock);
/* After every bus on it was closed. */
void kafka_mock_free(struct kafka_mock *mock);

#endif
