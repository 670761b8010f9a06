/* `run`: a worker process. */
#include <malloc.h>
#include <stdio.h>

#include "io/clock.h"
#include "io/config.h"
#include "io/log.h"
#include "io/notify.h"
#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/process.h"

enum { STEP_MS = 250, BACKOFF_MS = 500, BACKOFF_MAX_MS = 5000 };
enum { HEAP_ARENAS = 2, HEAP_LARGE_BYTES = 128 * 1024, HEAP_TRIM_BYTES = 1024 * 1024 };

static enum log_level level_of(const char *name)
{
    static const char *const names[] = { "debug", "info", "warn", "error", "off" };
    for (int i = 0; i < 5; i++) {
        if (names[i][0] == name[0]) {
            return (enum log_level)i;
        }
    }
    return LOG_INFO;
}

/* Servers that do not answer are waited for; anything else is said once and ends the process. */
static enum err start(struct process *process, struct err_note *note)
{
    enum err err;
    for (int64_t backoff = BACKOFF_MS; !signals_stop_wanted(); backoff *= 2) {
        err = process_start(process, note);
        if (err != ERR_UNAVAILABLE && err != ERR_TIMED_OUT) {
            return err;
        }
        backoff = backoff > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : backoff;
        log_warn("servers_awaited", KEY_STRING("note", note->text), KEY_INT("retry_ms", backoff));
        clock_sleep_ms(backoff);
    }
    return OK;
}

static enum err loop(struct process *process, struct err_note *note)
{
    enum err err = OK;
    bool told = false;
    while (err == OK && !signals_stop_wanted()) {
        err = process_step(process, STEP_MS, note);
        if (!told && process_ready(process)) {
            told = true;
            log_info("process_ready", KEY_INT("http_port", process_port(process)));
            notify_send("READY=1");
        }
    }
    return err;
}

/* Before any thread begins. Else glibc keeps an arena for each of librdkafka's threads, and, after
 * the first large block was freed, large blocks in all of them, full of holes. */
static void bound_heap(void)
{
    mallopt(M_ARENA_MAX, HEAP_ARENAS);
    mallopt(M_MMAP_THRESHOLD, HEAP_LARGE_BYTES);
    mallopt(M_TRIM_THRESHOLD, HEAP_TRIM_BYTES);
}

/* All parts, from their making to their end. `renew`: something was lost while a server was away, and does
 * not come back by itself. */
static enum err run_process(const struct call *call, bool *renew, struct err_note *note)
{
    enum err err = OK;
    *renew = false;
    struct process *process = process_new(
        &(struct process_setup){ .config = call->config, .workers = call->arguments }, &err, note);
    if (!process) {
        return err;
    }
    log_info("process_started", KEY_STRING("version", MAKEGOOD_VERSION),
             KEY_STRING("instance", config_get(call->config, "instance")));
    err = start(process, note);
    if (err == OK && !signals_stop_wanted()) {
        err = loop(process, note);
        *renew = err == ERR_UNAVAILABLE && !signals_stop_wanted();
    }
    if (*renew) {
        log_warn("process_renewed", KEY_STRING("why", note->text));
    } else {
        notify_send("STOPPING=1");
    }
    process_free(process);
    if (err != OK && !*renew) {
        log_error("process_halted", KEY_STRING("note", note->text), KEY_INT("exit", err));
    }
    return err;
}

int run_run(const struct call *call)
{
    struct err_note note = { "" };
    const struct config *config = call->config;
    enum err err;
    bool renew;
    log_configure(level_of(config_get(config, "log.level")),
                  config_get(config, "log.format")[0] == 'j');
    signals_install();
    bound_heap();
    do {
        err = run_process(call, &renew, &note);
    } while (renew);
    if (err != OK) {
        return fail_with(err, "%s", note.text);
    }
    log_info("process_stopped", KEY_INT("signal", signals_stop_wanted()));
    return OK;
}
