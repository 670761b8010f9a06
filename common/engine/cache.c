/* The ring of states. Entries lie one after the other; an index finds the newest one of a key. */
#include "engine/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { AVERAGE_ENTRY = 256, NO_VALUE = UINT32_MAX };

struct entry {
    uint64_t hash;
    uint64_t tenure;
    uint32_t key_size, value_size; /* NO_VALUE: the key is known to be absent */
    uint32_t size;                 /* of the whole entry, a multiple of 8     */
    uint32_t filler;
};

/* Positions count every byte ever written, so an old position is one that the ring has passed. */
struct cache {
    char *ring;
    size_t bytes;
    uint64_t head;   /* next position to write */
    uint64_t *slots; /* position + 1 of an entry, 0 = free; open addressing, bounded probing */
    size_t slot_count;
};

enum { PROBES = 16 };

struct cache *cache_new(size_t bytes)
{
    struct cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL) {
        return NULL;
    }
    cache->bytes = bytes & ~(size_t)7;
    cache->slot_count = 1024;
    while (cache->slot_count < bytes / AVERAGE_ENTRY * 2) {
        cache->slot_count *= 2;
    }
    cache->ring = malloc(cache->bytes);
    cache->slots = calloc(cache->slot_count, sizeof(uint64_t));
    if (cache->ring == NULL || cache->slots == NULL) {
        cache_free(cache);
        return NULL;
    }
    return cache;
}

void cache_free(struct cache *cache)
{
    if (cache != NULL) {
        free(cache->ring);
        free(cache->slots);
        free(cache);
    }
}

void cache_clear(struct cache *cache)
{
    memset(cache->slots, 0, cache->slot_count * sizeof(uint64_t));
}

static struct entry *entry_at(const struct cache *cache, uint64_t position)
{
    return (struct entry *)(void *)(cache->ring + position % cache->bytes);
}

/* Still in the ring, not overwritten by what came after? */
static bool alive(const struct cache *cache, uint64_t position)
{
    return cache->head - position <= cache->bytes;
}

static bool holds(const struct cache *cache, uint64_t position, uint64_t hash, struct text key)
{
    const struct entry *entry = entry_at(cache, position);
    return entry->hash == hash && entry->key_size == key.size &&
           memcmp(entry + 1, key.at, key.size) == 0;
}

/* The slot of the key, or the one to use for it: a free one, a dead one, else the oldest met. */
static uint64_t *slot_of(const struct cache *cache, uint64_t hash, struct text key)
{
    uint64_t *best = NULL;
    for (size_t probe = 0; probe < PROBES; probe++) {
        uint64_t *slot = &cache->slots[(hash + probe) & (cache->slot_count - 1)];
        bool dead = *slot == 0 || !alive(cache, *slot - 1);
        if (!dead && holds(cache, *slot - 1, hash, key)) {
            return slot;
        }
        if (best == NULL || (dead ? 0 : *slot) < *best) {
            if (dead) {
                *slot = 0;
            }
            best = slot;
        }
    }
    return best;
}

/* Room for an entry that does not wrap; bumps over the end of the ring where it would. */
static uint64_t reserve(struct cache *cache, size_t size)
{
    size_t left = cache->bytes - cache->head % cache->bytes;
    if (left < size) {
        cache->head += left;
    }
    uint64_t position = cache->head;
    cache->head += size;
    return position;
}

void cache_put(struct cache *cache, uint64_t tenure, struct text key, struct text value)
{
    bool absent = value.at == NULL;
    size_t size = sizeof(struct entry) + key.size + (absent ? 0 : value.size);
    size = (size + 7) & ~(size_t)7;
    uint64_t hash = hash64(key);
    uint64_t *slot = slot_of(cache, hash, key);
    if (size > cache->bytes / 8) {
        if (*slot != 0 && holds(cache, *slot - 1, hash, key)) {
            *slot = 0;
        }
        return;
    }
    uint64_t position = reserve(cache, size);
    struct entry *entry = entry_at(cache, position);
    *entry = (struct entry){ hash, tenure, key.size, absent ? NO_VALUE : value.size, (uint32_t)size, 0 };
    memcpy(entry + 1, key.at, key.size);
    if (!absent) {
        memcpy((char *)(entry + 1) + key.size, value.at, value.size);
    }
    *slot = position + 1;
}

bool cache_get(struct cache *cache, uint64_t tenure, struct text key, struct text *value)
{
    uint64_t hash = hash64(key);
    const uint64_t *slot = slot_of(cache, hash, key);
    if (*slot == 0 || !holds(cache, *slot - 1, hash, key)) {
        return false;
    }
    const struct entry *entry = entry_at(cache, *slot - 1);
    if (entry->tenure != tenure) {
        return false;
    }
    bool absent = entry->value_size == NO_VALUE;
    *value = (struct text){ absent ? NULL : (const char *)(entry + 1) + entry->key_size,
                            absent ? 0 : entry->value_size };
    return true;
}
