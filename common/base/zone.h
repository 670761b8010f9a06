/*
 * A time zone's rules as values: the transitions and the POSIX footer of a TZif file (RFC 8536), or a
 * fixed offset. Reading the file is io/zoneinfo.h's. The C library's own conversion goes through one
 * process-wide TZ, which a pure rule cannot use.
 */
#ifndef MAKEGOOD_BASE_ZONE_H
#define MAKEGOOD_BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"

struct zone;

/* Parses a TZif version 2 or later file; the zone lives in the arena. NULL: not one. */
const struct zone *zone_parse(struct arena *arena, struct text tzif);
/* `UTC`, `Z`, or ±hh:mm (up to 14:00). NULL: not of that form. */
const struct zone *zone_fixed(struct arena *arena, struct text name);
/* Local time minus UTC at an instant. */
int64_t zone_offset_ms(const struct zone *zone, int64_t utc_ms);
/* The instant of a local wall time given as ms of a civil date read as UTC. A time that the zone
 * skips becomes the first instant after the gap; one that occurs twice, the earlier. */
int64_t zone_to_utc(const struct zone *zone, int64_t local_ms);

#endif
