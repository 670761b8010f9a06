/* Runs histories: a range of seeds, or one that is named, or one that is shrunk. One line of JSON. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/log.h"
#include "tests/sim/sim.h"

enum { FAILURES_SHOWN = 20 };

static volatile uint64_t seed_now;

/* A process that crashes by itself ends the run: its seed is what matters. */
static void on_crash(int signal_number)
{
    char text[96];
    int size = snprintf(text, sizeof(text), "seed %llu: signal %d\n", (unsigned long long)seed_now,
                        signal_number);
    ssize_t written = write(STDOUT_FILENO, text, (size_t)size);
    (void)written;
    _exit(3);
}

struct options {
    struct plan plan;
    uint64_t from, to;
    bool shrink, hash, stop;
    double seconds;
};

static bool run(const struct plan *plan, struct tally *tally, uint64_t *hash, char *failure)
{
    seed_now = plan->seed;
    return history_run(plan, tally, hash, failure);
}

/* --- shrinking --- */

static bool still_fails(const struct plan *plan)
{
    struct tally tally = { 0 };
    uint64_t hash;
    char failure[FAILURE_MAX];
    return !run(plan, &tally, &hash, failure);
}

static void shrink(struct plan *plan)
{
    for (int f = 0; f < FAULTS; f++) { /* fewer classes */
        struct plan less = *plan;
        less.classes &= ~(UINT64_C(1) << f);
        *plan = less.classes != plan->classes && still_fails(&less) ? less : *plan;
    }
    for (int32_t events = 1; events < 160; events++) { /* fewer events */
        struct plan less = *plan;
        less.events_max = events;
        if (still_fails(&less)) {
            *plan = less;
            break;
        }
    }
    for (int32_t until = 8; until < 400; until += until / 8) { /* the shortest prefix */
        struct plan less = *plan;
        less.faults_until = until;
        if (still_fails(&less)) {
            *plan = less;
            break;
        }
    }
}

static void print_plan(const struct plan *plan, const char *failure)
{
    printf("seed %llu classes %llx events %d until %d  # %s\n", (unsigned long long)plan->seed,
           (unsigned long long)plan->classes, plan->events_max, plan->faults_until, failure);
}

/* --- the run --- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void failed(const struct options *options, struct plan plan, char *failure)
{
    if (options->shrink) {
        struct tally tally = { 0 };
        uint64_t hash;
        shrink(&plan);
        run(&plan, &tally, &hash, failure);
    }
    print_plan(&plan, failure);
}

static void print_summary(const struct tally *tally, uint64_t failures, uint64_t hash, double seconds)
{
    printf("{\"histories\":%llu,\"failures\":%llu,\"seconds\":%.1f,\"hash\":\"%016llx\","
           "\"steps\":%llu,\"effects\":%llu,\"inputs\":%llu,\"commits\":%llu,\"folds\":%llu,"
           "\"injected\":{",
           (unsigned long long)tally->histories, (unsigned long long)failures, seconds,
           (unsigned long long)hash, (unsigned long long)tally->steps,
           (unsigned long long)tally->effects, (unsigned long long)tally->inputs,
           (unsigned long long)tally->commits, (unsigned long long)tally->folds);
    for (int f = 0; f < FAULTS; f++) {
        printf("%s\"%s\":%llu", f > 0 ? "," : "", fault_name((enum fault)f),
               (unsigned long long)tally->injected[f]);
    }
    printf("}}\n");
}

static int run_range(const struct options *options)
{
    struct tally tally = { 0 };
    uint64_t failures = 0, all = 0;
    double start = seconds_now();
    for (uint64_t seed = options->from; seed <= options->to; seed++) {
        struct plan plan = options->plan;
        uint64_t hash;
        char failure[FAILURE_MAX];
        plan.seed = seed;
        bool good = run(&plan, &tally, &hash, failure);
        all = mix64(all ^ hash);
        if (options->hash) {
            printf("%llu %016llx\n", (unsigned long long)seed, (unsigned long long)hash);
        }
        if (!good && failures++ < FAILURES_SHOWN) {
            failed(options, plan, failure);
            fflush(stdout);
        }
        if ((failures > 0 && options->stop) ||
            (options->seconds > 0 && seconds_now() - start > options->seconds)) {
            break;
        }
    }
    print_summary(&tally, failures, all, seconds_now() - start);
    process_forget_stacks();
    return failures > 0;
}

static bool read_options(int count, char **words, struct options *options)
{
    *options = (struct options){ .plan = { .classes = (UINT64_C(1) << FAULTS) - 1 }, .from = 1, .to = 1000 };
    for (int i = 1; i < count; i++) {
        char *value = strchr(words[i], '=');
        char *end = NULL;
        if (strcmp(words[i], "--trace") == 0) {
            options->plan.trace = true;
        } else if (strcmp(words[i], "--shrink") == 0) {
            options->shrink = true;
        } else if (strcmp(words[i], "--hash") == 0) {
            options->hash = true;
        } else if (strcmp(words[i], "--contracts-first") == 0) {
            options->plan.contracts_first = true;
        } else if (strcmp(words[i], "--stop") == 0) {
            options->stop = true;
        } else if (value != NULL && strncmp(words[i], "--seeds=", 8) == 0) {
            options->from = strtoull(value + 1, &end, 10);
            options->to = strncmp(end, "..", 2) == 0 ? strtoull(end + 2, NULL, 10) : options->from;
        } else if (value != NULL && strncmp(words[i], "--dump=", 7) == 0) {
            options->plan.dump = value + 1;
        } else if (value != NULL && strncmp(words[i], "--classes=", 10) == 0) {
            options->plan.classes = strtoull(value + 1, NULL, 16);
        } else if (value != NULL && strncmp(words[i], "--events=", 9) == 0) {
            options->plan.events_max = (int32_t)strtol(value + 1, NULL, 10);
        } else if (value != NULL && strncmp(words[i], "--until=", 8) == 0) {
            options->plan.faults_until = (int32_t)strtol(value + 1, NULL, 10);
        } else if (value != NULL && strncmp(words[i], "--seconds=", 10) == 0) {
            options->seconds = strtod(value + 1, NULL);
        } else {
            return false;
        }
    }
    return options->from <= options->to;
}

int main(int count, char **words)
{
    struct options options;
    if (!read_options(count, words, &options)) {
        fprintf(stderr, "usage: sim [--seeds=A..B] [--seconds=S] [--stop] [--shrink] [--hash] [--trace]\n"
                        "           [--classes=HEX] [--events=N] [--until=STEP] [--contracts-first] [--dump=FILE]\n");
        return 64;
    }
    log_configure(LOG_OFF, false);
    mallopt(M_MMAP_THRESHOLD, 64 * 1024 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024 * 1024);
    signal(SIGSEGV, on_crash);
    signal(SIGABRT, on_crash);
    signal(SIGBUS, on_crash);
    return run_range(&options);
}
