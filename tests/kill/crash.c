/*
 * CRASH_AT=name:nth        the nth time that this process comes to the point, it dies as by kill -9
 * CRASH_AT=name:nth:STOP   it stops, until somebody sends SIGCONT
 *
 * One line on stderr tells of it, so that a run can show which points have struck.
 */
#include "io/crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_armed(const char *plan, const char *name, size_t size)
{
    return plan != NULL && strncmp(plan, name, size) == 0 && plan[size] == ':';
}

/* Some points are reached on threads of librdkafka. */
void crash_point(const char *name)
{
    static _Atomic long times;
    const char *plan = getenv("CRASH_AT");
    size_t size = strlen(name);
    char line[128], *rest;
    if (!is_armed(plan, name, size) ||
        atomic_fetch_add(&times, 1) + 1 != strtol(plan + size + 1, &rest, 10)) {
        return;
    }
    int length = snprintf(line, sizeof(line), "crash_point name=%s\n", name);
    ssize_t written = write(STDERR_FILENO, line, (size_t)length);
    (void)written; /* the log is a help, the signal is the thing */
    raise(strcmp(rest, ":STOP") == 0 ? SIGSTOP : SIGKILL);
}
