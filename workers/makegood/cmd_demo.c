/* `demo`: everything on this machine, a sample day sent through it, and what came of each input. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ensure.h"
#include "engine/worker.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/demo_inside.h"
#include "workers/makegood/process.h"
#include "workers/makegood/workers.h"

enum {
    LOOK_MS = 50,
    SETTLE_MS = 30000,
    EVEN_MS = 5000,
    REFERENCE_MS = 1100, /* a reference to a contract may be a second old */
    KEEP_STEP_MS = 250
};

struct demo {
    struct demo_world world;
    struct demo_account account;
    const struct demo_paint *paint;
    bool table, lines, kept;
    int http_port;
};

/* One line that is written anew on a terminal, lines elsewhere; "" = nothing is done any more. */
static void show_progress(const char *words)
{
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K%s", words);
        fflush(stderr);
    } else if (*words) {
        fprintf(stderr, "%s\n", words);
    }
}

/* Works until everything sent to a worker is answered. */
static enum err settle(struct demo *demo, const char *worker, struct err_note *note)
{
    int64_t deadline = clock_monotonic_ms() + SETTLE_MS;
    enum err err = OK;
    do {
        err = demo_world_work(&demo->world, LOOK_MS, note);
        if (err == OK && !signals_stop_wanted()) {
            err = demo_account_read(&demo->account, worker, note);
        }
        if (err == OK && clock_monotonic_ms() > deadline) {
            err = err_note(note, ERR_INTERNAL, "the workers gave no answer in %d s: %s",
                           SETTLE_MS / 1000, process_waiting(demo->world.process));
        }
    } while (err == OK && !signals_stop_wanted() && !demo_account_settled(&demo->account, worker));
    return err;
}

/* What the workers have told each other meanwhile is answered too: every record of the day is. */
static enum err settle_all(struct demo *demo, struct err_note *note)
{
    int64_t deadline = clock_monotonic_ms() + EVEN_MS;
    struct demo_sums sums = { .sent = 0 };
    enum err err = OK;
    do {
        err = demo_world_work(&demo->world, LOOK_MS, note);
        for (int i = 0; err == OK && makegood_workers[i] && !signals_stop_wanted(); i++) {
            err = demo_account_read(&demo->account, makegood_workers[i]->name, note);
        }
        err = err == OK && !signals_stop_wanted() ? demo_account_count(&demo->account, note) : err;
        sums = demo_count(&demo->account);
    } while (err == OK && !signals_stop_wanted() && !demo_even(&sums) &&
             clock_monotonic_ms() < deadline);
    return err;
}

static enum err play_input(struct demo *demo, int input, const char *worker, struct err_note *note)
{
    struct arena arena;
    enum err err = OK;
    arena_init(&arena, 0);
    demo->world.clock_ms = demo_time(&demo_day[input]);
    if (demo_day[input].topic) {
        err = demo_world_send(&demo->world, input, &arena, note);
    }
    arena_release(&arena);
    err = err == OK ? settle(demo, worker, note) : err;
    if (err == OK && demo->table && !signals_stop_wanted()) {
        show_progress("");
        demo_print_input(&demo->account, input, demo->paint);
    }
    return err;
}

/* Sends the day, each input after the one before it was decided: so the clock of the story is that
 * of every record, also of those that the workers send to each other. */
static enum err play(struct demo *demo, struct err_note *note)
{
    const char *worker = demo_day[0].topic;
    enum err err = OK;
    for (int i = 0; err == OK && demo_day[i].time && !signals_stop_wanted(); i++) {
        const char *topic = demo_day[i].topic;
        if (topic && strcmp(topic, worker) != 0) {
            worker = topic;
            err = demo_world_work(&demo->world, REFERENCE_MS, note);
        }
        err = err == OK && !signals_stop_wanted() ? play_input(demo, i, worker, note) : err;
    }
    return err == OK && !signals_stop_wanted() ? settle_all(demo, note) : err;
}

static enum err keep(struct demo *demo, struct err_note *note)
{
    enum err err = OK;
    demo->world.real_clock = true;
    demo_print_keep(&demo->world, demo->table ? stdout : stderr);
    while (err == OK && !signals_stop_wanted()) {
        err = process_step(demo->world.process, KEEP_STEP_MS, note);
    }
    return err;
}

static void print_next(void)
{
    puts("\nNext: `makegood demo --keep` leaves it up to play with; `makegood exec` decides\n"
         "events of your own without any server; `makegood help` lists the rest.");
}

static enum err run_day(struct demo *demo, int *answer, struct err_note *note)
{
    enum err err = demo_world_open(&demo->world, demo->http_port, note);
    if (err == OK && !signals_stop_wanted()) {
        show_progress("sending the day ...");
        err = play(demo, note);
    }
    show_progress("");
    *answer = signals_stop_wanted() ? 128 + signals_stop_wanted() : OK;
    if (err != OK || signals_stop_wanted()) {
        return err;
    }
    struct demo_sums sums = demo_count(&demo->account);
    *answer = demo_even(&sums) ? OK : ERR_ANSWER_NO;
    if (demo->table) {
        demo_print_end(&demo->account, demo->paint);
    } else {
        demo_print_json(&demo->account, demo->lines);
    }
    if (demo->kept) {
        return keep(demo, note);
    }
    if (demo->table) {
        print_next();
    }
    return OK;
}

static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && (!no_colour || !*no_colour) &&
           (!terminal || strcmp(terminal, "dumb") != 0);
}

static int read_flags(const struct call *call, struct demo *demo)
{
    long long port;
    const char *output = call->output ? call->output : "table";
    demo->kept = call_flag(call, "keep") != NULL;
    demo->table = strcmp(output, "table") == 0;
    demo->lines = strcmp(output, "jsonl") == 0;
    demo->paint = wants_colour() ? &demo_coloured : &demo_plain;
    if (!flag_number(call, "port", 0, 0, 65535, &port)) {
        return ERR_USAGE;
    }
    if (call_flag(call, "port") && !demo->kept) {
        return fail_with(ERR_USAGE, "--port is of use with --keep only");
    }
    demo->http_port = demo->kept ? (int)port : DEMO_NO_HTTP;
    if (call->settings[0] || call->config_file) {
        return fail_with(ERR_USAGE, "demo takes no settings: it starts servers of its own");
    }
    return OK;
}

int run_demo(const struct call *call)
{
    static struct demo demo; /* too large for a stack */
    struct err_note note = { "" };
    int answer = OK, failed = read_flags(call, &demo);
    if (failed) {
        return failed;
    }
    log_configure(LOG_ERROR, false);
    signals_install();
    demo_account_init(&demo.account, &demo.world);
    if (demo.table) {
        demo_print_title(demo.paint);
    }
    show_progress("starting redis-server, a broker and the workers (about 4 s) ...");
    enum err err = run_day(&demo, &answer, &note);
    demo_account_release(&demo.account);
    demo_world_close(&demo.world);
    return err == OK ? answer : fail_with(err, "%s", note.text);
}
