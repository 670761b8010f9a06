/*
 * The view in Redis, by hiredis. One connection, made when it is needed and again after any trouble;
 * no call sleeps or tries twice: a Redis that does not answer is VIEW_DOWN, and the caller comes back.
 *
 * The process must ignore SIGPIPE (io/signals.h): hiredis 0.14 writes without MSG_NOSIGNAL.
 */
#ifndef MAKEGOOD_IO_VIEW_REDIS_H
#define MAKEGOOD_IO_VIEW_REDIS_H

#include <stdbool.h>

#include "io/view.h"

/* Whose view a database holds. Not in any group's slot, so that a cluster puts it anywhere. */
#define VIEW_REDIS_IDENTITY_KEY "makegood@identity"

struct view_redis_setup {
    const char *url;      /* redis://[user@]host[:port][/db] or unix:///path[?db=N]             */
    const char *password; /* NULL or "" = none                                                  */
    const char *identity; /* cluster id, prefix, group, format: what check() compares. "" or NULL:
                             a reader, check() neither compares nor writes it                   */
    int timeout_ms;       /* of connecting and of every answer; 0 = 2,000                       */
};

/* Connects to nothing yet. NULL and *err, *note. What is given is copied. */
struct view *view_redis_new(const struct view_redis_setup *setup, enum err *err,
                            struct err_note *note);

/* Is it a URL that view_redis_new() takes? */
bool view_redis_url_check(const char *url, struct err_note *note);

#endif
