/*
 * /metrics, /livez and /readyz by HTTP, from a thread of its own. The callbacks run on that thread.
 * There is no authentication, so it listens on 127.0.0.1 unless it is told otherwise.
 */
#ifndef MAKEGOOD_IO_HTTP_H
#define MAKEGOOD_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { HTTP_WHY_MAX = 512 };

struct http;

struct http_setup {
    const char *listen; /* host:port, [host]:port or :port (every address); port 0 = any free one */
    char *(*metrics)(void *context, size_t *size); /* malloc'd; NULL = cannot be had      */
    bool (*alive)(void *context);
    bool (*ready)(void *context, char *why, size_t size); /* false: one line of why not   */
    void *context;
};

/* NULL and *err, *note. */
struct http *http_start(const struct http_setup *setup, enum err *err, struct err_note *note);
/* Waits for answers under way. NULL is allowed. */
void http_stop(struct http *http);
int http_port(const struct http *http);

/* The release of libmicrohttpd that is in use. */
const char *http_library(void);

#endif
