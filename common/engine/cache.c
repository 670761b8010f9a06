/* The ring of states. Entries lie one after the other; an index finds the newest one of a key. */
#include "engine/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { AVERAGE_ENTRY = 256, WAYS = 8, NO_VALUE = UINT32_MAX };

struct entry {
    uint64_t tenure;
    uint32_t key_size, value_size; /* NO_VALUE: the key is known to be absent */
};

/* Positions count every byte ever written, so an old position is one that the ring has passed. */
struct slot {
    uint64_t end; /* position + 1 of an entry, 0 = free                                  */
    uint64_t tag; /* its hash: what is not the key is told apart without a look at the ring */
};

struct cache {
    char *ring;
    size_t bytes;
    uint64_t head;      /* next position to write                                    */
    struct slot *slots; /* sets of WAYS, which a lookup reads from one end to the other */
    size_t set_count;
};

struct cache *cache_new(size_t bytes)
{
    struct cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL) {
        return NULL;
    }
    cache->bytes = bytes & ~(size_t)7;
    cache->set_count = 128;
    while (cache->set_count * WAYS < bytes / AVERAGE_ENTRY) {
        cache->set_count *= 2;
    }
    cache->ring = malloc(cache->bytes);
    cache->slots = calloc(cache->set_count * WAYS, sizeof(struct slot));
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
    memset(cache->slots, 0, cache->set_count * WAYS * sizeof(struct slot));
}

static struct entry *entry_at(const struct cache *cache, uint64_t position)
{
    return (struct entry *)(void *)(cache->ring + position % cache->bytes);
}

/* Not free, and not overwritten by what came after? */
static bool alive(const struct cache *cache, const struct slot *slot)
{
    return slot->end != 0 && cache->head - (slot->end - 1) <= cache->bytes;
}

static bool holds(const struct cache *cache, const struct slot *slot, uint64_t hash, struct text key)
{
    if (slot->tag != hash || !alive(cache, slot)) {
        return false;
    }
    const struct entry *entry = entry_at(cache, slot->end - 1);
    return entry->key_size == key.size && memcmp(entry + 1, key.at, key.size) == 0;
}

static struct slot *set_of(const struct cache *cache, uint64_t hash)
{
    return &cache->slots[(hash & (cache->set_count - 1)) * WAYS];
}

/* NULL when the key is not there. */
static struct slot *find(const struct cache *cache, uint64_t hash, struct text key)
{
    struct slot *set = set_of(cache, hash);
    for (size_t i = 0; i < WAYS; i++) {
        if (holds(cache, &set[i], hash, key)) {
            return &set[i];
        }
    }
    return NULL;
}

/* The one of the set that has been written longest ago; a free or overwritten one before all. */
static struct slot *oldest(const struct cache *cache, uint64_t hash)
{
    struct slot *set = set_of(cache, hash), *best = &set[0];
    for (size_t i = 1; i < WAYS; i++) {
        best = set[i].end < best->end ? &set[i] : best;
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
    struct slot *slot = find(cache, hash, key);
    if (size > cache->bytes / 8) {
        if (slot != NULL) {
            slot->end = 0;
        }
        return;
    }
    slot = slot != NULL ? slot : oldest(cache, hash);
    uint64_t position = reserve(cache, size);
    struct entry *entry = entry_at(cache, position);
    *entry = (struct entry){ tenure, key.size, absent ? NO_VALUE : value.size };
    memcpy(entry + 1, key.at, key.size);
    if (!absent) {
        memcpy((char *)(entry + 1) + key.size, value.at, value.size);
    }
    *slot = (struct slot){ position + 1, hash };
}

bool cache_get(struct cache *cache, uint64_t tenure, struct text key, struct text *value)
{
    const struct slot *slot = find(cache, hash64(key), key);
    if (slot == NULL) {
        return false;
    }
    const struct entry *entry = entry_at(cache, slot->end - 1);
    if (entry->tenure != tenure) {
        return false;
    }
    bool absent = entry->value_size == NO_VALUE;
    *value = (struct text){ absent ? NULL : (const char *)(entry + 1) + entry->key_size,
                            absent ? 0 : entry->value_size };
    return true;
}
