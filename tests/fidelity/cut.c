#include "fidelity/cut.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ensure.h"

enum { LINKS_MAX = 32, CHUNK = 65536, WAKE_MS = 10, BIND_TRIES = 100, REPLY_MS = 10000 };

struct link {
    int client, server;
    bool deaf; /* its next reply is the lost one */
    char *bytes; /* of the client, not a whole request yet */
    size_t size;
};

struct cut_line {
    struct cut_setup setup;
    int listener;
    pthread_t thread;
    pthread_mutex_t mutex;
    bool stop, dead;
    enum cut cut;
    struct link links[LINKS_MAX];
    size_t count;
    char *held;
    size_t held_size;
};

static struct sockaddr_in local(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int connected(int port)
{
    struct sockaddr_in address = local(port);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server >= 0 && connect(server, (struct sockaddr *)&address, sizeof(address)) != 0) {
        close(server);
        server = -1;
    }
    return server;
}

static bool send_all(int to, const char *bytes, size_t size)
{
    for (ssize_t sent; size > 0; bytes += sent, size -= (size_t)sent) {
        sent = send(to, bytes, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
    }
    return true;
}

/* --- links --- */

static void unlink_at(struct cut_line *line, size_t at)
{
    close(line->links[at].client);
    close(line->links[at].server);
    free(line->links[at].bytes);
    line->links[at] = line->links[--line->count];
}

static void go_dead(struct cut_line *line)
{
    line->dead = true;
    while (line->count > 0) {
        unlink_at(line, line->count - 1);
    }
}

static void take_client(struct cut_line *line)
{
    int client = accept(line->listener, NULL, NULL);
    int server = line->dead || line->count == LINKS_MAX ? -1 : connected(line->setup.server_port);
    if (client >= 0 && server >= 0) {
        line->links[line->count++] = (struct link){ .client = client, .server = server };
    } else if (client >= 0) {
        close(client);
    }
}

/* How much of what is there is a request; 0 = not all of it has come. */
static size_t request_size(const struct cut_line *line, const struct link *link)
{
    uint32_t size;
    if (!line->setup.framed || link->size < sizeof(size)) {
        return line->setup.framed ? 0 : link->size;
    }
    memcpy(&size, link->bytes, sizeof(size));
    return link->size >= ntohl(size) + sizeof(size) ? ntohl(size) + sizeof(size) : 0;
}

static void hold(struct cut_line *line, const char *request, size_t size)
{
    free(line->held);
    line->held = malloc(size);
    ENSURE(line->held != NULL);
    memcpy(line->held, request, size);
    line->held_size = size;
}

/* False: the link is no more. */
static bool pass_request(struct cut_line *line, struct link *link, size_t size)
{
    enum cut cut = line->setup.is_it(link->bytes, size) ? line->cut : CUT_NONE;
    if (cut == CUT_HOLD) {
        hold(line, link->bytes, size);
    }
    if (cut == CUT_HOLD || cut == CUT_REQUEST) {
        go_dead(line);
        return false;
    }
    link->deaf = link->deaf || cut == CUT_REPLY;
    bool sent = send_all(link->server, link->bytes, size);
    link->size -= size;
    memmove(link->bytes, link->bytes + size, link->size);
    return sent;
}

static bool from_client(struct cut_line *line, struct link *link)
{
    link->bytes = realloc(link->bytes, link->size + CHUNK);
    ENSURE(link->bytes != NULL);
    ssize_t got = recv(link->client, link->bytes + link->size, CHUNK, 0);
    if (got <= 0) {
        return false;
    }
    link->size += (size_t)got;
    for (size_t size; (size = request_size(line, link)) > 0;) {
        if (!pass_request(line, link, size)) {
            return false;
        }
    }
    return true;
}

static bool from_server(struct cut_line *line, struct link *link)
{
    char bytes[CHUNK];
    ssize_t got = recv(link->server, bytes, sizeof(bytes), 0);
    if (link->deaf) {
        go_dead(line);
        return false;
    }
    return got > 0 && send_all(link->client, bytes, (size_t)got);
}

/* --- the thread --- */

static void serve(struct cut_line *line, struct pollfd *fds, size_t count)
{
    for (size_t i = count; i > 0 && !line->dead; i--) { /* backwards: a link may go */
        struct link *link = &line->links[i - 1];
        bool lives = !fds[2 * i - 1].revents || from_client(line, link);
        lives = lives && (!fds[2 * i].revents || from_server(line, link));
        if (!lives && !line->dead) {
            unlink_at(line, i - 1);
        }
    }
    if (fds[0].revents) {
        take_client(line);
    }
}

static void *run(void *argument)
{
    struct cut_line *line = argument;
    struct pollfd fds[1 + 2 * LINKS_MAX];
    pthread_mutex_lock(&line->mutex);
    while (!line->stop) {
        size_t count = line->count;
        fds[0] = (struct pollfd){ line->listener, POLLIN, 0 };
        for (size_t i = 0; i < count; i++) {
            fds[2 * i + 1] = (struct pollfd){ line->links[i].client, POLLIN, 0 };
            fds[2 * i + 2] = (struct pollfd){ line->links[i].server, POLLIN, 0 };
        }
        pthread_mutex_unlock(&line->mutex);
        int ready = poll(fds, 1 + 2 * count, WAKE_MS);
        pthread_mutex_lock(&line->mutex);
        if (ready > 0) {
            serve(line, fds, count);
        }
    }
    go_dead(line);
    pthread_mutex_unlock(&line->mutex);
    return NULL;
}

/* --- from outside --- */

static bool listens(int listener, int port)
{
    struct sockaddr_in address = local(port);
    int yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    for (int i = 0; i < BIND_TRIES; i++) { /* a client of something else may have the port for a while */
        if (bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0) {
            return listen(listener, LINKS_MAX) == 0;
        }
        usleep(100000);
    }
    return false;
}

struct cut_line *cut_new(const struct cut_setup *setup)
{
    struct cut_line *line = calloc(1, sizeof(*line));
    ENSURE(line != NULL);
    line->setup = *setup;
    line->listener = socket(AF_INET, SOCK_STREAM, 0);
    pthread_mutex_init(&line->mutex, NULL);
    if (!listens(line->listener, setup->port) ||
        pthread_create(&line->thread, NULL, run, line) != 0) {
        close(line->listener);
        free(line);
        return NULL;
    }
    return line;
}

void cut_free(struct cut_line *line)
{
    pthread_mutex_lock(&line->mutex);
    line->stop = true;
    pthread_mutex_unlock(&line->mutex);
    pthread_join(line->thread, NULL);
    pthread_mutex_destroy(&line->mutex);
    close(line->listener);
    free(line->held);
    free(line);
}

int cut_port(const struct cut_line *line)
{
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    ENSURE(getsockname(line->listener, (struct sockaddr *)&address, &size) == 0);
    return ntohs(address.sin_port);
}

void cut_arm(struct cut_line *line, enum cut cut)
{
    pthread_mutex_lock(&line->mutex);
    line->cut = cut;
    pthread_mutex_unlock(&line->mutex);
}

void cut_heal(struct cut_line *line)
{
    pthread_mutex_lock(&line->mutex);
    line->cut = CUT_NONE;
    line->dead = false;
    pthread_mutex_unlock(&line->mutex);
}

size_t cut_land(struct cut_line *line, char *reply, size_t room)
{
    struct pollfd answer = { .fd = connected(line->setup.server_port), .events = POLLIN };
    ssize_t got = 0;
    pthread_mutex_lock(&line->mutex);
    ENSURE(line->held != NULL && answer.fd >= 0);
    bool sent = send_all(answer.fd, line->held, line->held_size);
    pthread_mutex_unlock(&line->mutex);
    if (sent && poll(&answer, 1, REPLY_MS) == 1) {
        got = recv(answer.fd, reply, room, 0);
    }
    close(answer.fd);
    return got > 0 ? (size_t)got : 0;
}
