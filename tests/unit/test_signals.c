/* Signals in a child, because they end it; and what the manager of services is told. */
#include "support/cmocka_all.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/notify.h"
#include "io/signals.h"

/* Wait status of a child that sends itself these. */
static int status_after(int first, int second)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        signals_install();
        raise(SIGPIPE);
        if (first) {
            raise(first);
        }
        if (second) {
            raise(second);
        }
        _exit(signals_stop_wanted());
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_first_asks_and_the_second_ends(void **state)
{
    (void)state;
    assert_int_equal(status_after(0, 0), 0);
    assert_int_equal(status_after(SIGTERM, 0), SIGTERM);
    assert_int_equal(status_after(SIGINT, 0), SIGINT);
    assert_int_equal(status_after(SIGTERM, SIGTERM), 143);
    assert_int_equal(status_after(SIGTERM, SIGINT), 130);
}

static void a_wait_ends_early(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        signals_install();
        _exit(nanosleep(&(struct timespec){ .tv_sec = 20 }, NULL) == -1 ? signals_stop_wanted()
                                                                        : 1);
    }
    for (int i = 0; i < 100 && waitpid(child, &status, WNOHANG) == 0; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
        if (i == 2) {
            kill(child, SIGTERM);
        }
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SIGTERM);
}

/* A datagram socket at the address; `name` as in $NOTIFY_SOCKET. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@') {
        address.sun_path[0] = 0;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    return fd;
}

static void hears(int fd, const char *expected)
{
    char bytes[64] = "";
    assert_int_equal(recv(fd, bytes, sizeof(bytes) - 1, 0), (ssize_t)strlen(expected));
    assert_string_equal(bytes, expected);
}

static void the_manager_is_told(void **state)
{
    (void)state;
    char names[2][64];
    snprintf(names[0], sizeof(names[0]), "@makegood-notify-%d", (int)getpid());
    snprintf(names[1], sizeof(names[1]), P_tmpdir "/makegood-notify-%d", (int)getpid());
    for (int i = 0; i < 2; i++) {
        int fd = listen_at(names[i]);
        setenv("NOTIFY_SOCKET", names[i], 1);
        notify_send("READY=1");
        notify_send("STATUS=3 partitions");
        hears(fd, "READY=1");
        hears(fd, "STATUS=3 partitions");
        close(fd);
        notify_send("STOPPING=1"); /* nobody there: no harm */
    }
    unlink(names[1]);
}

static void nobody_asked(void **state)
{
    (void)state;
    static const char *const names[] = { "", "relative", "vsock:2:1234" };
    char longest[300];
    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        setenv("NOTIFY_SOCKET", names[i], 1);
        notify_send("READY=1");
    }
    memset(longest, '/', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = 0;
    setenv("NOTIFY_SOCKET", longest, 1);
    notify_send("READY=1");
    unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_asks_and_the_second_ends),
        cmocka_unit_test(a_wait_ends_early),
        cmocka_unit_test(the_manager_is_told),
        cmocka_unit_test(nobody_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
