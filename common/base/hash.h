/* Fingerprints (xxhash, XXH3) and the partitioner of Kafka's Java client (murmur2). Not secrets. */
#ifndef MAKEGOOD_BASE_HASH_H
#define MAKEGOOD_BASE_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct hash128 {
    uint64_t low, high;
};

struct hash128 hash128(struct text bytes);
struct hash128 hash128_two(struct text a, struct text b); /* of a, NUL, b */
uint64_t hash64(struct text bytes);

static inline bool hash128_equal(struct hash128 a, struct hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

/* Java's default partitioner: (murmur2(key) & 0x7fffffff) % count. Written here and not taken from
 * librdkafka, because the engine must not know librdkafka (design: layers). count > 0. */
int32_t partition_of(struct text key, int32_t count);

/* The release of xxHash that it was built with; constant text. */
const char *hash_library(void);

#endif
