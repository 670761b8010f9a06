/*
 * Time zones from the system's database (/usr/share/zoneinfo, Debian's tzdata), and fixed offsets.
 * What was found is kept; ZONES_MAX is more than there are names and offsets, so what is found never
 * hangs on what was asked before. What was not found is asked for again.
 */
#ifndef MAKEGOOD_IO_ZONEINFO_H
#define MAKEGOOD_IO_ZONEINFO_H

#include "base/zone.h"

enum { ZONES_MAX = 4096 };

struct zones;

/* NULL when memory cannot be had. */
struct zones *zones_new(void);
void zones_free(struct zones *zones);
/* Lives as long as zones. NULL: not an IANA name that this machine has, nor ±hh:mm. */
const struct zone *zones_find(void *zones, struct text name);

#endif
