/* XXH3 fingerprints and Kafka's murmur2. */
#include "base/hash.h"

#define XXH_INLINE_ALL /* most inputs are short: the call would cost as much as the hash */
#include <xxhash.h>

#include "base/ensure.h"

struct hash128 hash128(struct text bytes)
{
    XXH128_hash_t hash = XXH3_128bits(bytes.at, bytes.size);
    return (struct hash128){ hash.low64, hash.high64 };
}

struct hash128 hash128_two(struct text a, struct text b)
{
    char room[512]; /* the streaming state alone is larger than most inputs */
    if (a.size + b.size < sizeof(room)) {
        if (a.size) { /* memcpy takes no NULL, not even for nothing */
            memcpy(room, a.at, a.size);
        }
        room[a.size] = 0;
        if (b.size) {
            memcpy(room + a.size + 1, b.at, b.size);
        }
        return hash128((struct text){ room, a.size + b.size + 1 });
    }
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    XXH3_128bits_update(&state, a.at, a.size);
    XXH3_128bits_update(&state, "", 1);
    XXH3_128bits_update(&state, b.at, b.size);
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return (struct hash128){ hash.low64, hash.high64 };
}

uint64_t hash64(struct text bytes)
{
    return XXH3_64bits(bytes.at, bytes.size);
}

/* org.apache.kafka.common.utils.Utils.murmur2: 32-bit MurmurHash2, seed 0x9747b28c. */
static uint32_t murmur2(struct text key)
{
    const uint32_t m = 0x5bd1e995;
    const unsigned char *at = (const unsigned char *)key.at;
    uint32_t hash = 0x9747b28cU ^ key.size;
    uint32_t left = key.size;
    for (; left >= 4; left -= 4, at += 4) {
        uint32_t k = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                     (uint32_t)at[3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        hash = hash * m ^ k;
    }
    uint32_t tail = 0;
    for (uint32_t i = left; i > 0; i--) {
        tail = tail << 8 | at[i - 1];
    }
    if (left) {
        hash = (hash ^ tail) * m;
    }
    hash ^= hash >> 13;
    hash *= m;
    return hash ^ hash >> 15;
}

int32_t partition_of(struct text key, int32_t count)
{
    ENSURE(count > 0);
    return (int32_t)((murmur2(key) & 0x7fffffff) % (uint32_t)count);
}

const char *hash_library(void)
{
    return TEXT_DOTTED(XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE);
}
