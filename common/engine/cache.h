/*
 * Recently written and read states, as bytes by key: a ring that overwrites its oldest entries, so it
 * is bounded, allocates once, and forgetting costs nothing. An entry is valid only for the holding of
 * the partition under which it was stored (`tenure`), and only while every own commit succeeded: the
 * engine gives a partition a new tenure whenever it takes it.
 */
#ifndef MAKEGOOD_ENGINE_CACHE_H
#define MAKEGOOD_ENGINE_CACHE_H

#include <stdbool.h>

#include "base/text.h"

struct cache;

/* NULL when memory cannot be had. bytes >= 64 KiB. */
struct cache *cache_new(size_t bytes);
void cache_free(struct cache *cache);

/* Remembers that the key has this value (at == NULL: that there is none). Values larger than an eighth
 * of the ring are not kept. */
void cache_put(struct cache *cache, uint64_t tenure, struct text key, struct text value);
/* True when known; the value borrows the ring until the next cache_put(). */
bool cache_get(struct cache *cache, uint64_t tenure, struct text key, struct text *value);
/* Forgets everything. */
void cache_clear(struct cache *cache);

#endif
