/*
 * The demo's redis-server, in a folder of its own, on a socket in it. Between us and it stands a
 * small process, the guard: it waits until the pipe from us closes, which happens however we end
 * (an error, a second Ctrl-C, kill -9), then ends redis-server and removes the folder.
 */
#define _GNU_SOURCE /* pipe2() */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/signals.h"
#include "workers/makegood/demo_inside.h"

enum { START_MS = 10000, LOOK_MS = 20, PATH_SIZE = 4096 };

#define PROGRAM "redis-server"
#define SOCKET "redis.sock"
#define LOG "redis.log"

/* As execvp() would find it, but so that its absence can be said. */
static bool find_program(char path[PATH_SIZE])
{
    const char *at = getenv("PATH");
    at = at ? at : "/usr/local/bin:/usr/bin:/bin";
    while (*at) {
        size_t size = strcspn(at, ":");
        int written = snprintf(path, PATH_SIZE, "%.*s/" PROGRAM, (int)size, at);
        if (size && written < PATH_SIZE && access(path, X_OK) == 0) {
            return true;
        }
        at += size + (at[size] == ':');
    }
    return false;
}

/* --- the guard's side --- */

static void empty_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    struct dirent *entry;
    while (entries && (entry = readdir(entries)) != NULL) {
        unlinkat(dirfd(entries), entry->d_name, 0); /* "." and ".." refuse */
    }
    if (entries) {
        closedir(entries);
    }
    rmdir(folder);
}

static void become_redis(const char *path, const char *folder, pid_t guard)
{
    char *const arguments[] = { PROGRAM,
                                "--port", "0", "--unixsocket", SOCKET,
                                "--save", "", "--appendonly", "no",
                                "--dir", (char *)(uintptr_t)folder, "--logfile", LOG,
                                "--maxmemory-policy", "noeviction",
                                NULL };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    if (getppid() == guard && chdir(folder) == 0) {
        execv(path, arguments);
    }
    _exit(127);
}

/* Never returns. Ctrl-C at the terminal must not reach redis-server before the workers left. */
static void stand_guard(const char *path, const char *folder, int rope, int alive)
{
    setsid();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    int nowhere = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++) {
        dup2(nowhere, fd);
    }
    pid_t guard = getpid(), redis = fork();
    if (redis == 0) {
        fcntl(alive, F_SETFD, 0); /* open as long as it lives */
        become_redis(path, folder, guard);
    }
    close(alive);
    char byte;
    while (read(rope, &byte, 1) < 0 && errno == EINTR) {
    }
    if (redis > 0) {
        kill(redis, SIGKILL); /* it holds nothing that anybody needs */
        waitpid(redis, NULL, 0);
    }
    empty_folder(folder);
    _exit(0);
}

/* --- our side --- */

static bool answers(const struct demo_redis *redis)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/" SOCKET, redis->folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

/* The last line of its log says what it did not like. */
static enum err not_started(const struct demo_redis *redis, struct err_note *note)
{
    char path[96], line[256] = "", last[256] = "it wrote no log";
    snprintf(path, sizeof(path), "%s/" LOG, redis->folder);
    FILE *log = fopen(path, "re");
    while (log && fgets(line, sizeof(line), log)) {
        line[strcspn(line, "\n")] = 0;
        memcpy(last, line[0] ? line : last, sizeof(last));
    }
    if (log) {
        fclose(log);
    }
    return err_note(note, ERR_UNAVAILABLE, PROGRAM " does not start: %s", last);
}

static enum err wait_for_redis(struct demo_redis *redis, struct err_note *note)
{
    int64_t deadline = clock_monotonic_ms() + START_MS;
    while (!answers(redis) && !signals_stop_wanted()) {
        struct pollfd gone = { .fd = redis->alive };
        if (poll(&gone, 1, LOOK_MS) > 0 || clock_monotonic_ms() > deadline) {
            return not_started(redis, note);
        }
    }
    return OK;
}

static enum err make_folder(struct demo_redis *redis, struct err_note *note)
{
    /* A socket's path may have 107 bytes, so a long TMPDIR is of no use. */
    const char *base = getenv("TMPDIR");
    base = base && *base == '/' && strlen(base) < 32 ? base : "/tmp";
    snprintf(redis->folder, sizeof(redis->folder), "%s/makegood-demo-XXXXXX", base);
    if (!mkdtemp(redis->folder)) {
        return err_note(note, ERR_IO, "no temporary folder can be made in %s: %s", base,
                        strerror(errno));
    }
    snprintf(redis->url, sizeof(redis->url), "unix://%s/" SOCKET, redis->folder);
    return OK;
}

enum err demo_redis_start(struct demo_redis *redis, struct err_note *note)
{
    char path[PATH_SIZE];
    int rope[2], alive[2];
    if (!find_program(path)) {
        return err_note(note, ERR_UNAVAILABLE,
                        "demo needs " PROGRAM ", which is not in PATH: "
                        "apt-get install redis-server, or run deploy/demo, which does it");
    }
    enum err err = make_folder(redis, note);
    if (err != OK) {
        return err;
    }
    if (pipe2(rope, O_CLOEXEC) != 0 || pipe2(alive, O_CLOEXEC) != 0) {
        rmdir(redis->folder);
        return err_note(note, ERR_IO, "no pipe can be made: %s", strerror(errno));
    }
    fflush(NULL);
    redis->guard = fork();
    if (redis->guard == 0) {
        close(rope[1]);
        close(alive[0]);
        stand_guard(path, redis->folder, rope[0], alive[1]);
    }
    close(rope[0]);
    close(alive[1]);
    redis->rope = rope[1];
    redis->alive = alive[0];
    if (redis->guard < 0) {
        redis->guard = 0;
        rmdir(redis->folder);
        return err_note(note, ERR_IO, "no process can be started: %s", strerror(errno));
    }
    return wait_for_redis(redis, note);
}

void demo_redis_stop(struct demo_redis *redis)
{
    if (redis->guard > 0) {
        close(redis->rope);
        close(redis->alive);
        while (waitpid(redis->guard, NULL, 0) < 0 && errno == EINTR) {
        }
        redis->guard = 0;
    }
}
