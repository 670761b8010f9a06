/*
 * The view in Redis, by hiredis. Keys: {<group>}:<key>, {<group>}@index, {<group>}@due (a sorted set:
 * score = due ms, member = key), and one identity key, so that a foreign database is never written to.
 *
 * One connection, made when it is needed; any error drops it. The process must ignore SIGPIPE
 * (io/signals.h).
 */
#ifndef MAKEGOOD_IO_VIEW_REDIS_H
#define MAKEGOOD_IO_VIEW_REDIS_H

#include "io/metrics.h"
#include "io/view.h"

struct view_redis_setup {
    const char *url;      /* redis://[user@]host[:port][/db], unix:///path[?db=n]; rediss:// is refused */
    const char *password; /* NULL or "" = none                                                      */
    const char *identity; /* whose view it is: cluster, prefix, group, format; NULL or "" = do not ask  */
    bool read_only;       /* check() does not claim an empty database: nothing is written             */
    struct metrics *metrics; /* redis_command_duration_seconds; NULL = not measured                   */
    int timeout_ms;       /* of connecting and of a command; 0 = 1000                               */
};

/* NULL and *err (CONFIG), *note on a bad URL. Does not connect. What is given is copied. */
struct view *view_redis_new(const struct view_redis_setup *setup, enum err *err,
                            struct err_note *note);

/* The release of hiredis that it was built with. */
const char *view_redis_library(void);

#endif
