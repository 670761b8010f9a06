/* The pages, as a scraper and a probe ask for them: over a socket. */
#include "support/cmocka_all.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/http.h"
#include "io/metrics.h"

enum { ANSWER_SIZE = 65536 };

struct world {
    struct metrics *metrics;
    struct http *http;
    bool alive, ready, broken;
    char answer[ANSWER_SIZE];
};

static char *metrics_of(void *context, size_t *size)
{
    struct world *world = context;
    return world->broken ? NULL : metrics_text(world->metrics, size);
}

static bool alive_of(void *context)
{
    return ((struct world *)context)->alive;
}

static bool ready_of(void *context, char *why, size_t size)
{
    struct world *world = context;
    snprintf(why, size, "%s", world->ready ? "" : "action-3 is being taken\nand this is cut");
    return world->ready;
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    enum err err = OK;
    struct err_note note;
    world->metrics = metrics_new();
    world->alive = world->ready = true;
    world->http = http_start(&(struct http_setup){ .listen = "127.0.0.1:0",
                                                   .metrics = metrics_of,
                                                   .alive = alive_of,
                                                   .ready = ready_of,
                                                   .context = world },
                             &err, &note);
    *state = world;
    return world->http && http_port(world->http) > 0 ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *world = *state;
    http_stop(world->http);
    metrics_free(world->metrics);
    free(world);
    return 0;
}

/* Sends bytes, reads until the server closes, gives the status. */
static int exchange(struct world *world, const char *request)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)http_port(world->http)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0), status = 0;
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    size_t size = 0;
    ssize_t got;
    while (size < ANSWER_SIZE - 1 &&
           (got = read(fd, world->answer + size, ANSWER_SIZE - 1 - size)) > 0) {
        size += (size_t)got;
    }
    close(fd);
    world->answer[size] = 0;
    assert_int_equal(sscanf(world->answer, "HTTP/1.1 %d", &status), 1);
    return status;
}

static int get(struct world *world, const char *method, const char *path)
{
    char request[256];
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
             method, path);
    return exchange(world, request);
}

static const char *body(const struct world *world)
{
    const char *at = strstr(world->answer, "\r\n\r\n");
    assert_non_null(at);
    return at + 4;
}

static void metrics_are_prometheus_text(void **state)
{
    struct world *world = *state;
    metric_add(metrics_counter(world->metrics, "makegood_turns_total", "", "Turns."), 7);
    assert_int_equal(get(world, "GET", "/metrics"), 200);
    assert_non_null(strstr(world->answer, "text/plain; version=0.0.4"));
    assert_non_null(strstr(body(world), "\nmakegood_turns_total 7\n"));
    world->broken = true;
    assert_int_equal(get(world, "GET", "/metrics"), 503);
}

static void probes_say_how_it_is(void **state)
{
    struct world *world = *state;
    assert_int_equal(get(world, "GET", "/livez"), 200);
    assert_int_equal(get(world, "GET", "/readyz"), 200);
    world->ready = false;
    assert_int_equal(get(world, "GET", "/readyz"), 503);
    assert_string_equal(body(world), "action-3 is being taken\n");
    assert_int_equal(get(world, "GET", "/livez"), 200);
    world->alive = false;
    assert_int_equal(get(world, "GET", "/livez"), 503);
}

static void only_get_and_head_of_what_there_is(void **state)
{
    struct world *world = *state;
    assert_int_equal(get(world, "GET", "/"), 200);
    assert_non_null(strstr(body(world), "href=\"/metrics\""));
    assert_int_equal(get(world, "HEAD", "/"), 200);
    assert_string_equal(body(world), "");
    assert_int_equal(get(world, "GET", "/metrics/../etc/passwd"), 404);
    assert_int_equal(get(world, "DELETE", "/metrics"), 405);
    assert_non_null(strstr(world->answer, "Allow: GET, HEAD"));
    assert_int_equal(exchange(world, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                     "Content-Length: 5\r\n\r\nhello"),
                     405);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const bad[] = { "9464",     "127.0.0.1",    "127.0.0.1:",     "127.0.0.1:x",
                                       "::1:9464", "127.0.0.1:-1", "127.0.0.1:70000" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        enum err err = OK;
        struct err_note note = { "" };
        assert_null(http_start(&(struct http_setup){ .listen = bad[i] }, &err, &note));
        assert_int_equal(err, ERR_CONFIG);
        assert_non_null(strstr(note.text, "http.listen"));
    }
}

static void a_taken_port_is_said(void **state)
{
    struct world *world = *state;
    char listen[64];
    enum err err = OK;
    struct err_note note = { "" };
    snprintf(listen, sizeof(listen), "127.0.0.1:%d", http_port(world->http));
    assert_null(http_start(&(struct http_setup){ .listen = listen }, &err, &note));
    assert_int_equal(err, ERR_CONFIG);
    assert_non_null(strstr(note.text, listen));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(metrics_are_prometheus_text, open_world, close_world),
        cmocka_unit_test_setup_teardown(probes_say_how_it_is, open_world, close_world),
        cmocka_unit_test_setup_teardown(only_get_and_head_of_what_there_is, open_world,
                                        close_world),
        cmocka_unit_test(addresses),
        cmocka_unit_test_setup_teardown(a_taken_port_is_said, open_world, close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
