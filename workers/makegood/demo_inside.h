/*
 * Shared by the files of `demo` alone: the sample day (demo_day.c), its own redis-server
 * (demo_redis.c), broker and workers (demo_world.c), what came of each input (demo_account.c), the
 * reason in words (demo_why.c) and how all of it is shown (demo_print.c, demo_json.c, demo_keep.c).
 */
#ifndef MAKEGOOD_DEMO_INSIDE_H
#define MAKEGOOD_DEMO_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "io/bus_kafka_admin.h"
#include "io/bus_kafka_mock.h"
#include "wire/json.h"
#include "wire/json_write.h"
#include "workers/makegood/topics.h"

/* --- the day --- */

/* One record that the shop sends, or a moment at which nothing is sent and timers may fire. */
struct demo_input {
    const char *time;  /* RFC 3339: the record's timestamp and the event's `time`  */
    const char *topic; /* NULL: only the clock moves                               */
    const char *what;  /* in words                                                 */
    const char *id;    /* NULL: `data` is the whole record, as it is               */
    const char *type;  /* short: "action.track"                                    */
    const char *data;  /* JSON                                                     */
};
extern const struct demo_input demo_day[]; /* ended by a NULL time */
extern const char demo_title[], demo_story[];
enum { DEMO_INPUTS_MAX = 32 };

int64_t demo_time(const struct demo_input *input);
/* The bytes of the record. */
struct text demo_record(const struct demo_input *input, struct arena *arena);

/* --- its own redis-server --- */

struct demo_redis {
    pid_t guard;     /* 0 = none; the process that ends redis-server, whatever becomes of us */
    int rope, alive; /* the guard acts when `rope` closes; `alive` closes with redis-server  */
    char folder[64], url[96];
};
/* Before any thread is started. UNAVAILABLE: there is no redis-server, or it does not start. */
enum err demo_redis_start(struct demo_redis *redis, struct err_note *note);
/* Ends it, waits for that, and the folder is gone. A zeroed one is allowed. */
void demo_redis_stop(struct demo_redis *redis);

/* --- broker and workers --- */

struct demo_world {
    struct demo_redis redis;
    struct kafka_mock *mock;
    struct config *config;
    struct process *process;
    struct kafka_admin *admin;
    const char *properties[3]; /* of librdkafka, NULL-terminated */
    int64_t clock_ms;          /* what the workers take for the present */
    bool real_clock;           /* from now on the present, never earlier than clock_ms */
    int64_t offsets[DEMO_INPUTS_MAX]; /* where each input is; -1 = not sent */
};

enum { DEMO_NO_HTTP = -1 };
/* Everything up and the partitions taken. http_port: 0 = any free one. Stops early on a signal. */
enum err demo_world_open(struct demo_world *world, int http_port, struct err_note *note);
void demo_world_close(struct demo_world *world);
enum err demo_world_send(struct demo_world *world, int input, struct arena *arena,
                         struct err_note *note);
/* Lets the workers work for so long, or until a signal. */
enum err demo_world_work(struct demo_world *world, int ms, struct err_note *note);
const char *demo_world_servers(const struct demo_world *world);

/* --- the account --- */

enum { DEMO_OUTCOMES_MAX = 256, DEMO_ACTIONS_MAX = 32 };

/* One record that the workers wrote: an outcome or a dead letter. Absent texts have at == NULL. */
struct demo_outcome {
    int input; /* that it answers, -1 = a timer's */
    const char *topic;
    int64_t offset;
    int64_t time_ms; /* effective time */
    struct text id, key, type, verdict, cause;
    struct text dlq_reason, dlq_detail;
    struct json json; /* `data` */
    int action;       /* index in the account's actions, -1 = none */
    struct text payout_before, payout_after;
};

/* What an action is worth, as the latest outcome says. */
struct demo_action {
    struct text id, oid, currency, state;
    struct text amount_first, amount, payout_first, payout;
    struct text adjustment; /* what is asked for beside it: "collect 1.50" */
    int64_t locking_ms;     /* TIME_ABSENT = open-ended                    */
};

struct demo_account {
    struct arena arena;
    const struct demo_world *world;
    struct topic topics[TOPICS_MAX];
    size_t topic_count;
    struct demo_outcome outcomes[DEMO_OUTCOMES_MAX];
    int count;
    struct demo_action actions[DEMO_ACTIONS_MAX];
    int action_count;
    int64_t records; /* on the input topics, sent and passed on; 0 until they are counted */
};

void demo_account_init(struct demo_account *account, const struct demo_world *world);
/* Adds what a worker wrote since the last time. */
enum err demo_account_read(struct demo_account *account, const char *worker,
                           struct err_note *note);
/* Counts the records of all input topics. */
enum err demo_account_count(struct demo_account *account, struct err_note *note);
void demo_account_release(struct demo_account *account);
/* Every input that was sent to it has its final answer, and no action waits for its lock. */
bool demo_account_settled(const struct demo_account *account, const char *worker);
/* The answer to an input: the final one if there is one; NULL = none yet. */
const struct demo_outcome *demo_answer(const struct demo_account *account, int input);
/* Verdict in a word; "dead letter" for one. */
struct text demo_verdict(const struct demo_outcome *outcome);
/* Payouts of the action concerned; false: the input concerns none. */
bool demo_payouts(const struct demo_account *account, int input, struct text *before,
                  struct text *after);
/* A string member of `data`, absent when there is none. */
struct text demo_member(const struct demo_outcome *outcome, struct arena *arena, const char *name);

struct demo_sums {
    int sent, applied, unchanged, rejected, duplicate, forwarded, dead, timers;
    int64_t records, verdicts; /* all that were read; all that were given */
};
struct demo_sums demo_count(const struct demo_account *account);
/* What was read was answered, record by record. */
bool demo_even(const struct demo_sums *sums);

/* Why, in words: rate, contract, version and rule, or the reason. */
struct text demo_why(struct demo_account *account, const struct demo_outcome *outcome);

/* --- showing --- */

struct demo_paint {
    const char *bold, *dim, *good, *bad, *odd, *off;
};
extern const struct demo_paint demo_plain, demo_coloured;

/* The table, row by row as the day goes: what it is; an input, and before it what timers announced;
 * what it comes to. */
void demo_print_title(const struct demo_paint *paint);
void demo_print_input(struct demo_account *account, int input, const struct demo_paint *paint);
void demo_print_end(struct demo_account *account, const struct demo_paint *paint);
void demo_print_json(struct demo_account *account, bool lines);
/* Lines to play with. */
void demo_print_keep(const struct demo_world *world, FILE *out);

#endif
