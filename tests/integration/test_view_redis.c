/* The view in Redis, on a redis-server of this test's own, which it may stop, fill and
 * misconfigure. */
#include "support/view_conformance.h"

#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/signals.h"
#include "io/view_redis.h"

enum { SKIPPED = 77, TIMEOUT_MS = 1000 };

struct world {
    char folder[64], socket[96], url[128];
    pid_t server;
    redisContext *admin;
};

/* --- a server --- */

static bool connect_admin(struct world *world)
{
    for (int i = 0; i < 250; i++) {
        world->admin = redisConnectUnix(world->socket);
        redisReply *reply = world->admin->err ? NULL : redisCommand(world->admin, "PING");
        bool good = reply && reply->type == REDIS_REPLY_STATUS;
        if (reply) {
            freeReplyObject(reply);
        }
        if (good) {
            return true;
        }
        redisFree(world->admin);
        world->admin = NULL;
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    }
    return false;
}

static bool start_server(struct world *world)
{
    pid_t parent = getpid();
    world->server = fork();
    if (world->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        if (getppid() == parent) {
            execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", world->socket,
                   "--dir", world->folder, "--save", "", "--appendonly", "yes", NULL);
        }
        _exit(SKIPPED);
    }
    return connect_admin(world);
}

static void stop_server(struct world *world)
{
    if (world->admin) {
        redisFree(world->admin);
        world->admin = NULL;
    }
    kill(world->server, SIGKILL);
    waitpid(world->server, NULL, 0);
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    snprintf(world->folder, sizeof(world->folder), P_tmpdir "/makegood-view-XXXXXX");
    if (!mkdtemp(world->folder)) {
        return -1;
    }
    snprintf(world->socket, sizeof(world->socket), "%s/redis.sock", world->folder);
    snprintf(world->url, sizeof(world->url), "unix://%s?db=3", world->socket);
    *state = world;
    return start_server(world) ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *world = *state;
    char command[128];
    stop_server(world);
    snprintf(command, sizeof(command), "rm -rf %s", world->folder);
    int failed = system(command);
    free(world);
    return failed;
}

static void admin(struct world *world, const char *command)
{
    redisReply *reply = redisCommand(world->admin, command);
    assert_non_null(reply);
    assert_int_not_equal(reply->type, REDIS_REPLY_ERROR);
    freeReplyObject(reply);
}

static int flush_world(void **state)
{
    struct world *world = *state;
    admin(world, "FLUSHALL");
    admin(world, "SELECT 3");
    return 0;
}

static struct view *open_view(const struct world *world, const char *password)
{
    enum err err = OK;
    struct err_note note = { "" };
    struct view *view = view_redis_new(&(struct view_redis_setup){ .url = world->url,
                                                                   .password = password,
                                                                   .identity = "cluster=C group=g",
                                                                   .timeout_ms = TIMEOUT_MS },
                                       &err, &note);
    assert_non_null(view);
    return view;
}

static enum view_result put(struct view *view, int64_t before, int64_t after, const char *words,
                            struct err_note *note)
{
    struct view_words entries = view_words_of(words);
    int64_t index = -1;
    return view->ops->fold(view, TEXT("action-0"), before, after, entries.entries, entries.count,
                           &index, note);
}

static void check_step(struct view *view, char call, const char *words, const char *expected)
{
    char said[1024];
    struct view_step step = { call, "action-0", words, 0, 0, expected };
    view_say_step(view, &step, said, sizeof(said));
    assert_string_equal(said, expected);
}

/* --- what every view does --- */

static void follows_the_script(void **state)
{
    struct view *view = open_view(*state, NULL);
    view_conforms_to_script(view);
    view->ops->close(view);
}

static void takes_any_bytes(void **state)
{
    struct view *view = open_view(*state, NULL);
    view_conforms_to_bytes(view);
    view->ops->close(view);
}

static void folds_several_at_once(void **state)
{
    struct view *view = open_view(*state, NULL);
    view_conforms_to_folds(view);
    view->ops->close(view);
}

static void keys_are_those_of_the_pages(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note;
    assert_int_equal(put(view, -1, 7, "action:A1=v@1700000000123", &note), VIEW_OK);
    redisReply *reply = redisCommand(world->admin, "GET {action-0}:action:A1");
    assert_string_equal(reply->str, "v");
    freeReplyObject(reply);
    reply = redisCommand(world->admin, "GET {action-0}@index");
    assert_string_equal(reply->str, "7");
    freeReplyObject(reply);
    reply = redisCommand(world->admin, "ZSCORE {action-0}@due action:A1");
    assert_string_equal(reply->str, "1700000000123");
    freeReplyObject(reply);
    reply = redisCommand(world->admin, "GET makegood@identity");
    assert_string_equal(reply->str, "cluster=C group=g");
    freeReplyObject(reply);
    view->ops->close(view);
}

/* --- two writers --- */

static void one_of_two_writers_wins(void **state)
{
    struct view *one = open_view(*state, NULL), *other = open_view(*state, NULL);
    struct err_note note;
    int64_t index = -1;
    assert_int_equal(put(one, -1, 1, "A=1", &note), VIEW_OK);
    assert_int_equal(put(other, 1, 2, "A=2", &note), VIEW_OK);
    struct view_words words = view_words_of("A=zombie");
    assert_int_equal(one->ops->fold(one, TEXT("action-0"), 1, 9, words.entries, 1, &index, &note),
                     VIEW_LOST);
    assert_int_equal(index, 2);
    check_step(one, 'r', "A", "A=2 index 2");
    one->ops->close(one);
    other->ops->close(other);
}

struct racer {
    struct view *view;
    int64_t won;
};

enum { RACE_TO = 1500 };

/* Two groups in one call: each is won or lost by itself. */
static void *race(void *context)
{
    struct racer *racer = context;
    int64_t index[2] = { 0, 0 };
    struct text groups[2] = { TEXT("race-0"), TEXT("race-1") };
    struct err_note note;
    while (index[0] < RACE_TO || index[1] < RACE_TO) {
        struct view_fold folds[2];
        for (int i = 0; i < 2; i++) {
            folds[i] = (struct view_fold){ .group = groups[i], .before = index[i], .after = index[i] + 1 };
        }
        if (view_fold_all(racer->view, folds, 2, &note) != VIEW_OK) {
            racer->won = -1;
            return NULL;
        }
        for (int i = 0; i < 2; i++) {
            racer->won += folds[i].result == VIEW_OK;
            index[i] = folds[i].index;
        }
    }
    return NULL;
}

static void every_step_of_a_race_is_won_once(void **state)
{
    struct racer racers[2] = { { open_view(*state, NULL), 0 }, { open_view(*state, NULL), 0 } };
    struct view_fold start[2] = { { .group = TEXT("race-0"), .before = -1 },
                                  { .group = TEXT("race-1"), .before = -1 } };
    struct err_note note;
    pthread_t other;
    assert_int_equal(view_fold_all(racers[0].view, start, 2, &note), VIEW_OK);
    assert_int_equal(pthread_create(&other, NULL, race, &racers[1]), 0);
    race(&racers[0]);
    pthread_join(other, NULL);
    struct view_read reads[2] = { { .group = TEXT("race-0") }, { .group = TEXT("race-1") } };
    struct arena arena = { 0 };
    assert_int_equal(racers[0].view->ops->read(racers[0].view, &arena, reads, 2, &note), VIEW_OK);
    assert_true(racers[0].won > 0 && racers[1].won > 0);
    assert_int_equal(racers[0].won + racers[1].won, reads[0].index + reads[1].index);
    arena_release(&arena);
    racers[0].view->ops->close(racers[0].view);
    racers[1].view->ops->close(racers[1].view);
}

/* --- trouble --- */

static void comes_back_after_a_restart(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    assert_int_equal(put(view, -1, 1, "A=1@9", &note), VIEW_OK);
    admin(world, "CONFIG SET appendfsync always");
    stop_server(world);
    assert_int_equal(put(view, 1, 2, "A=2", &note), VIEW_DOWN);
    assert_non_null(strstr(note.text, "does not answer"));
    assert_int_equal(put(view, 1, 2, "A=2", &note), VIEW_DOWN);
    assert_true(start_server(world));
    check_step(view, 'r', "A", "A=1 index 1");
    assert_int_equal(put(view, 1, 2, "A=2", &note), VIEW_OK);
    view->ops->close(view);
}

static void a_dropped_connection_is_made_again(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note;
    assert_int_equal(put(view, -1, 1, "A=1", &note), VIEW_OK);
    admin(world, "CLIENT KILL TYPE normal SKIPME yes");
    assert_int_equal(put(view, 1, 2, "A=2", &note), VIEW_DOWN);
    assert_int_equal(put(view, 1, 2, "A=2", &note), VIEW_OK);
    view->ops->close(view);
}

static void a_server_that_hangs_is_left_in_time(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    assert_int_equal(put(view, -1, 1, "A=1", &note), VIEW_OK);
    kill(world->server, SIGSTOP);
    int64_t from = clock_monotonic_ms();
    enum view_result result = put(view, 1, 2, "A=2", &note);
    int64_t took = clock_monotonic_ms() - from;
    kill(world->server, SIGCONT);
    assert_int_equal(result, VIEW_DOWN);
    assert_non_null(strstr(note.text, "timed out"));
    assert_true(took >= TIMEOUT_MS - 50 && took < TIMEOUT_MS * 3);
    /* Whether the WATCH and GET were followed by a write is what reading the index tells: no. */
    check_step(view, 'r', "A", "A=1 index 1");
    view->ops->close(view);
}

static void a_full_server_writes_nothing(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    assert_int_equal(put(view, -1, 1, "A=1", &note), VIEW_OK);
    admin(world, "CONFIG SET maxmemory 1");
    enum view_result result = put(view, 1, 2, "A=2@5 B=2", &note);
    admin(world, "CONFIG SET maxmemory 0");
    assert_int_equal(result, VIEW_DOWN);
    assert_non_null(strstr(note.text, "maxmemory"));
    check_step(view, 'r', "A B", "A=1 B- index 1");
    view->ops->close(view);
}

static void a_replica_writes_nothing(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    assert_int_equal(put(view, -1, 1, "A=1", &note), VIEW_OK);
    admin(world, "REPLICAOF 127.0.0.1 1");
    enum view_result result = put(view, 1, 2, "A=2", &note);
    admin(world, "REPLICAOF NO ONE");
    assert_int_equal(result, VIEW_DOWN);
    assert_non_null(strstr(note.text, "primary"));
    check_step(view, 'r', "A", "A=1 index 1");
    view->ops->close(view);
}

/* --- what somebody else wrote --- */

static void a_key_of_another_type_is_not_taken_for_none(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    struct text key = TEXT("A");
    struct arena arena = { 0 };
    struct view_read read = { .group = TEXT("action-0"), .keys = &key, .key_count = 1 };
    assert_int_equal(put(view, -1, 1, "B=1", &note), VIEW_OK);
    admin(world, "LPUSH {action-0}:A x");
    assert_int_equal(view->ops->read(view, &arena, &read, 1, &note), VIEW_DOWN);
    assert_non_null(strstr(note.text, "DEL it and {action-0}@index"));
    check_step(view, 'r', "B", "B=1 index 1");
    admin(world, "DEL {action-0}:A");
    check_step(view, 'r', "A B", "A- B=1 index 1");
    arena_release(&arena);
    view->ops->close(view);
}

static void an_index_that_is_none_is_not_guessed(void **state)
{
    static const char *const written[] = { "LPUSH {action-0}@index 1", "SET {action-0}@index 1x",
                                           "SET {action-0}@index 99999999999999999999",
                                           "SET {action-0}@index -7" };
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
        admin(world, "DEL {action-0}@index");
        admin(world, written[i]);
        check_step(view, 'r', "A", "down");
        assert_int_equal(put(view, -1, 1, "A=1", &note), VIEW_DOWN);
    }
    admin(world, "DEL {action-0}@index");
    check_step(view, 'r', "A", "A- index -1");
    view->ops->close(view);
}

static void due_times_that_are_none_are_not_guessed(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    struct view_step due = { 'd', "action-0", "", 1000, 10, "" };
    char said[256];
    admin(world, "SET {action-0}@due x");
    view_say_step(view, &due, said, sizeof(said));
    assert_string_equal(said, "down");
    assert_int_equal(put(view, -1, 1, "A=1@5", &note), VIEW_DOWN);
    assert_non_null(strstr(note.text, "DEL it and {action-0}@index"));
    check_step(view, 'r', "A", "A- index -1"); /* nothing of it was written, the index least of all */
    admin(world, "DEL {action-0}@due");
    assert_int_equal(put(view, -1, 1, "A=1@5", &note), VIEW_OK);
    admin(world, "ZADD {action-0}@due 5.5 B");
    view_say_step(view, &due, said, sizeof(said));
    assert_string_equal(said, "down");
    view->ops->close(view);
}

/* --- what a person must mend --- */

static void an_evicting_policy_is_refused(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    admin(world, "CONFIG SET maxmemory-policy allkeys-lru");
    enum view_result checked = view->ops->check(view, &note);
    enum view_result folded = put(view, -1, 1, "A=1", &note);
    admin(world, "CONFIG SET maxmemory-policy noeviction");
    assert_int_equal(checked, VIEW_REFUSED);
    assert_int_equal(folded, VIEW_REFUSED); /* nobody has to have asked */
    assert_non_null(strstr(note.text, "noeviction"));
    assert_int_equal(view->ops->check(view, &note), VIEW_OK);
    view->ops->close(view);
}

static void a_foreign_database_is_refused(void **state)
{
    struct world *world = *state;
    struct view *view = open_view(world, NULL);
    struct err_note note = { "" };
    redisReply *reply = redisCommand(world->admin, "SET makegood@identity %s", "cluster=other");
    freeReplyObject(reply);
    assert_int_equal(view->ops->check(view, &note), VIEW_REFUSED);
    assert_non_null(strstr(note.text, "cluster=other"));
    assert_int_equal(put(view, -1, 1, "A=1", &note), VIEW_REFUSED);
    admin(world, "DEL makegood@identity");
    assert_int_equal(view->ops->check(view, &note), VIEW_OK);
    view->ops->close(view);
}

static void passwords(void **state)
{
    struct world *world = *state;
    struct err_note note = { "" };
    admin(world, "CONFIG SET requirepass s3cret");
    struct view *without = open_view(world, NULL), *wrong = open_view(world, "guess"),
                *right = open_view(world, "s3cret");
    assert_int_equal(without->ops->check(without, &note), VIEW_DENIED);
    assert_non_null(strstr(note.text, "redis.password_file"));
    assert_int_equal(wrong->ops->check(wrong, &note), VIEW_DENIED);
    assert_null(strstr(note.text, "guess"));
    assert_int_equal(right->ops->check(right, &note), VIEW_OK);
    redisReply *reply = redisCommand(world->admin, "CONFIG SET requirepass %s", "");
    freeReplyObject(reply);
    without->ops->close(without);
    wrong->ops->close(wrong);
    right->ops->close(right);
}

/* --- a turn that runs out of memory jumps out of a read --- */

static jmp_buf exhausted;

static void jump(struct arena *arena)
{
    (void)arena;
    longjmp(exhausted, 1);
}

static void a_read_that_was_left_leaves_no_answers_behind(void **state)
{
    struct view *view = open_view(*state, NULL);
    struct err_note note;
    static char big[200000];
    memset(big, 'x', sizeof(big));
    struct view_entry entry = { TEXT("A"), { big, sizeof(big) }, 0 };
    int64_t index;
    assert_int_equal(view->ops->fold(view, TEXT("action-0"), -1, 1, &entry, 1, &index, &note),
                     VIEW_OK);
    struct arena arena;
    arena_init(&arena, 100000);
    arena.on_exhausted = jump;
    struct text key = TEXT("A"), none = TEXT("B");
    struct view_read reads[2] = { { .group = TEXT("action-0"), .keys = &key, .key_count = 1 },
                                  { .group = TEXT("action-0"), .keys = &none, .key_count = 1 } };
    if (setjmp(exhausted) == 0) {
        view->ops->read(view, &arena, reads, 2, &note);
        fail();
    }
    arena_release(&arena);
    check_step(view, 'r', "B C", "B- C- index 1");
    view->ops->close(view);
}

/* --- URLs --- */

static void urls(void **state)
{
    (void)state;
    static const char *const good[] = { "redis://h",          "redis://h/",
                                        "redis://h:1/0",      "redis://u@h:6379/15",
                                        "redis://[::1]:6379", "redis://[::1]",
                                        "unix:///a/b",        "unix:///a?db=2" };
    static const char *const bad[] = { "",
                                       "h:6379",
                                       "redis://",
                                       "redis://:6379",
                                       "redis://h:0",
                                       "redis://h:99999",
                                       "redis://h:/0",
                                       "redis://h/x",
                                       "redis://h/-1",
                                       "unix://a",
                                       "unix:///a?db=",
                                       "redis://@h",
                                       "redis://u:p4ss@h",
                                       "rediss://h",
                                       "redis://[::1" };
    for (size_t i = 0; i < sizeof(good) / sizeof(*good) + sizeof(bad) / sizeof(*bad); i++) {
        bool fine = i < sizeof(good) / sizeof(*good);
        const char *url = fine ? good[i] : bad[i - sizeof(good) / sizeof(*good)];
        enum err err = OK;
        struct err_note note = { "" };
        struct view *view =
            view_redis_new(&(struct view_redis_setup){ .url = url, .identity = "i" }, &err, &note);
        if (fine != (view != NULL)) {
            fail_msg("%s: %s", url, note.text);
        }
        if (view) {
            view->ops->close(view);
        } else {
            assert_int_equal(err, ERR_CONFIG);
            assert_non_null(strstr(note.text, "redis.url"));
            assert_null(strstr(note.text, "p4ss"));
        }
    }
}

#define ON_SERVER(test) cmocka_unit_test_setup(test, flush_world)

int main(void)
{
    signals_install(); /* SIGPIPE */
    if (system("redis-server --version >/dev/null 2>&1") != 0) {
        fprintf(stderr, "skipped: there is no redis-server\n");
        return SKIPPED;
    }
    const struct CMUnitTest tests[] = {
        ON_SERVER(follows_the_script),
        ON_SERVER(takes_any_bytes),
        ON_SERVER(folds_several_at_once),
        ON_SERVER(keys_are_those_of_the_pages),
        ON_SERVER(one_of_two_writers_wins),
        ON_SERVER(every_step_of_a_race_is_won_once),
        ON_SERVER(comes_back_after_a_restart),
        ON_SERVER(a_dropped_connection_is_made_again),
        ON_SERVER(a_server_that_hangs_is_left_in_time),
        ON_SERVER(a_full_server_writes_nothing),
        ON_SERVER(a_replica_writes_nothing),
        ON_SERVER(a_key_of_another_type_is_not_taken_for_none),
        ON_SERVER(an_index_that_is_none_is_not_guessed),
        ON_SERVER(due_times_that_are_none_are_not_guessed),
        ON_SERVER(an_evicting_policy_is_refused),
        ON_SERVER(a_foreign_database_is_refused),
        ON_SERVER(passwords),
        ON_SERVER(a_read_that_was_left_leaves_no_answers_behind),
        cmocka_unit_test(urls),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
