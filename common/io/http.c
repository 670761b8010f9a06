/* Four pages by libmicrohttpd, from its one polling thread. */
#include "io/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64, IDLE_SECONDS = 15, CONNECTION_BYTES = 16 * 1024, HOST_BYTES = 256 };

struct http {
    struct http_setup setup;
    struct MHD_Daemon *daemon;
    int port;
};

/* --- pages --- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              const char *text)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (!response) {
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status,
                                   const char *text)
{
    return answer(connection, status, "text/plain; charset=utf-8", text);
}

static enum MHD_Result answer_metrics(const struct http *http, struct MHD_Connection *connection)
{
    size_t size = 0;
    char *text = http->setup.metrics ? http->setup.metrics(http->setup.context, &size) : NULL;
    if (!text) {
        return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "no metrics now\n");
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            "text/plain; version=0.0.4; charset=utf-8");
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_ready(const struct http *http, struct MHD_Connection *connection)
{
    char why[HTTP_WHY_MAX] = "", line[HTTP_WHY_MAX + 2];
    if (!http->setup.ready || http->setup.ready(http->setup.context, why, sizeof(why))) {
        return answer_text(connection, MHD_HTTP_OK, "ready\n");
    }
    why[strcspn(why, "\r\n")] = 0;
    snprintf(line, sizeof(line), "%s\n", why[0] ? why : "not ready");
    return answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, line);
}

static enum MHD_Result answer_page(const struct http *http, struct MHD_Connection *connection,
                                   const char *path)
{
    static const char index[] =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>makegood</title>"
        "<h1>makegood</h1><ul><li><a href=\"/metrics\">metrics</a>"
        "<li><a href=\"/livez\">livez</a><li><a href=\"/readyz\">readyz</a></ul></html>\n";
    if (strcmp(path, "/metrics") == 0) {
        return answer_metrics(http, connection);
    }
    if (strcmp(path, "/livez") == 0) {
        bool alive = !http->setup.alive || http->setup.alive(http->setup.context);
        return alive ? answer_text(connection, MHD_HTTP_OK, "alive\n")
                     : answer_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "the loop hangs\n");
    }
    if (strcmp(path, "/readyz") == 0) {
        return answer_ready(http, connection);
    }
    if (strcmp(path, "/") == 0) {
        return answer(connection, MHD_HTTP_OK, "text/html; charset=utf-8", index);
    }
    return answer_text(connection, MHD_HTTP_NOT_FOUND, "no such page; see /\n");
}

/* Called once when the head is there, and again after each piece of a body, which is thrown away.
 */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *body, size_t *body_size, void **request)
{
    static char seen; /* only its address is used */
    (void)version;
    (void)body;
    if (!*request) {
        *request = &seen;
        return MHD_YES;
    }
    if (*body_size) {
        *body_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    }
    return answer_page(context, connection, path);
}

/* --- listening --- */

/* "host:port", "[host]:port", ":port". */
static bool split(const char *listen, char host[HOST_BYTES], const char **port)
{
    const char *colon = strrchr(listen, ':'), *from = listen;
    if (!colon || strspn(colon + 1, "0123456789") != strlen(colon + 1) || !colon[1] ||
        strlen(colon + 1) > 5 || strtol(colon + 1, NULL, 10) > 65535) {
        return false;
    }
    size_t size = (size_t)(colon - listen);
    if (size >= 2 && from[0] == '[' && from[size - 1] == ']') {
        from++;
        size -= 2;
    } else if (memchr(from, ':', size)) {
        return false; /* an IPv6 address needs brackets */
    }
    if (size >= HOST_BYTES) {
        return false;
    }
    memcpy(host, from, size);
    host[size] = 0;
    *port = colon + 1;
    return true;
}

static int bind_one(const struct addrinfo *address)
{
    static const int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, CONNECTIONS_MAX) != 0) {
        int kept = errno;
        close(fd);
        errno = kept;
        return -1;
    }
    return fd;
}

static int open_socket(const char *listen, enum err *err, struct err_note *note)
{
    char host[HOST_BYTES];
    const char *port;
    struct addrinfo *found = NULL;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    if (!split(listen, host, &port)) {
        *err = err_note(
            note, ERR_CONFIG,
            "http.listen: expected host:port, [host]:port or :port, got %.100s; empty = off",
            listen);
        return -1;
    }
    int failed = getaddrinfo(host[0] ? host : NULL, port, &hints, &found);
    if (failed) {
        *err = err_note(note, ERR_CONFIG, "http.listen: %.100s: %s", listen, gai_strerror(failed));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *at = found; at && fd < 0; at = at->ai_next) {
        fd = bind_one(at);
    }
    freeaddrinfo(found);
    if (fd < 0) {
        *err =
            err_note(note, ERR_CONFIG, "http.listen: %.100s: %s; set another port, or empty = off",
                     listen, strerror(errno));
    }
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

struct http *http_start(const struct http_setup *setup, enum err *err, struct err_note *note)
{
    struct http *http = calloc(1, sizeof(*http));
    if (!http) {
        *err = err_note(note, ERR_INTERNAL, "out of memory");
        return NULL;
    }
    http->setup = *setup;
    http->setup.listen = NULL;
    int fd = open_socket(setup->listen, err, note);
    if (fd < 0) {
        free(http);
        return NULL;
    }
    http->port = port_of(fd);
    http->daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, http,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_END);
    if (!http->daemon) {
        *err = err_note(note, ERR_INTERNAL, "http.listen: the HTTP server does not start");
        close(fd);
        free(http);
        return NULL;
    }
    return http;
}

void http_stop(struct http *http)
{
    if (http) {
        MHD_stop_daemon(http->daemon); /* closes the socket too */
        free(http);
    }
}

int http_port(const struct http *http)
{
    return http->port;
}

const char *http_library(void)
{
    return MHD_get_version();
}
