/* Handlers do nothing but set a number, or leave. */
#include "io/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t stop_wanted; /* a handler has no other way to say something */

static void on_stop(int number)
{
    if (stop_wanted) {
        _exit(128 + number);
    }
    stop_wanted = number;
}

void signals_ignore_pipe(void)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
}

void signals_install(void)
{
    struct sigaction stop = { .sa_handler = on_stop };
    sigemptyset(&stop.sa_mask);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    signals_ignore_pipe();
}

int signals_stop_wanted(void)
{
    return stop_wanted;
}
