/* What a URL says; each part must fit its place, because a cut one would lead elsewhere. */
#include "io/view_redis_inside.h"

#include <stdio.h>
#include <stdlib.h>

static bool keep(char *out, size_t room, const char *at, size_t size)
{
    if (size == 0 || size >= room) {
        return false;
    }
    memcpy(out, at, size);
    out[size] = 0;
    return true;
}

static bool parse_number(const char *text, size_t size, long most, int *out)
{
    char digits[8];
    if (!keep(digits, sizeof(digits), text, size) || strspn(digits, "0123456789") != size) {
        return false;
    }
    long number = strtol(digits, NULL, 10);
    *out = (int)number;
    return number <= most;
}

static bool parse_unix(struct redis_view *view, const char *path)
{
    const char *question = strstr(path, "?db=");
    size_t size = question ? (size_t)(question - path) : strlen(path);
    view->unix_socket = true;
    return path[0] == '/' && keep(view->host, sizeof(view->host), path, size) &&
           (!question || parse_number(question + 4, strlen(question + 4), 999999, &view->database));
}

/* host, host:port, [host], [host]:port */
static bool parse_host(struct redis_view *view, const char *at, size_t size)
{
    const char *end = at[0] == '[' ? memchr(at, ']', size) : NULL;
    const char *after = end ? end + 1 : memchr(at, ':', size);
    const char *from = end ? at + 1 : at;
    size_t host = end ? (size_t)(end - from) : after ? (size_t)(after - at) : size;
    size_t rest = after ? size - (size_t)(after - at) : 0;
    view->port = 6379;
    return keep(view->host, sizeof(view->host), from, host) &&
           (rest == 0 || (*after == ':' && parse_number(after + 1, rest - 1, 65535, &view->port) &&
                          view->port > 0));
}

static bool parse_tcp(struct redis_view *view, const char *rest)
{
    const char *at = strrchr(rest, '@');
    if (at && !keep(view->user, sizeof(view->user), rest, (size_t)(at - rest))) {
        return false;
    }
    if (strchr(view->user, ':')) {
        return false; /* a password in a URL ends up in process lists and logs */
    }
    rest = at ? at + 1 : rest;
    const char *slash = strchr(rest, '/');
    size_t size = slash ? (size_t)(slash - rest) : strlen(rest);
    return (!slash || !slash[1] ||
            parse_number(slash + 1, strlen(slash + 1), 999999, &view->database)) &&
           parse_host(view, rest, size);
}

bool redis_parse_url(struct redis_view *view, const char *url)
{
    if (strncmp(url, "unix://", 7) == 0) {
        bool good = parse_unix(view, url + 7);
        snprintf(view->shown, sizeof(view->shown), "%s", view->host);
        return good;
    }
    bool good = strncmp(url, "redis://", 8) == 0 && parse_tcp(view, url + 8);
    snprintf(view->shown, sizeof(view->shown), "%s:%d", view->host, view->port);
    return good;
}

const char *view_redis_library(void)
{
    return TEXT_DOTTED(HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
}
