/* The only clock reads of the tree, and the only sleep. */
#ifndef MAKEGOOD_IO_CLOCK_H
#define MAKEGOOD_IO_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);      /* since 1970, may jump                                   */
int64_t clock_monotonic_ms(void); /* only differences mean something                        */
int64_t clock_monotonic_us(void);
/* A signal ends it early. */
void clock_sleep_ms(int64_t ms);

#endif
