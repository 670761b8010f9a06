/* Where settings come from, which one wins, and what is said about a bad one. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/config.h"
#include "io/log.h"

struct world {
    char folder[64], path[96];
    struct config *config;
    struct err_note note;
};

static bool fixed(const char *property)
{
    return strcmp(property, "isolation.level") == 0;
}

static int open_world(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    log_configure(LOG_OFF, false);
    unsetenv("CREDENTIALS_DIRECTORY");
    snprintf(world->folder, sizeof(world->folder), P_tmpdir "/makegood-config-XXXXXX");
    world->config = config_new(fixed);
    *state = world;
    return mkdtemp(world->folder) && world->config ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *world = *state;
    char command[96];
    config_free(world->config);
    snprintf(command, sizeof(command), "rm -rf %s", world->folder);
    int failed = system(command);
    free(world);
    return failed;
}

static const char *write_file(struct world *world, const char *name, const char *text, size_t size)
{
    snprintf(world->path, sizeof(world->path), "%s/%s", world->folder, name);
    FILE *file = fopen(world->path, "w");
    assert_non_null(file);
    fwrite(text, 1, size, file);
    fclose(file);
    chmod(world->path, 0600);
    return world->path;
}

static enum err read_text(struct world *world, const char *text)
{
    return config_file(world->config, write_file(world, "c", text, strlen(text)), &world->note);
}

static void says(const struct world *world, const char *part)
{
    if (!strstr(world->note.text, part)) {
        fail_msg("expected \"%s\" in \"%s\"", part, world->note.text);
    }
}

static void everything_has_a_default(void **state)
{
    struct world *world = *state;
    assert_int_equal(config_finish(world->config, &world->note), OK);
    assert_string_equal(config_get(world->config, "kafka.bootstrap.servers"), "127.0.0.1:9092");
    assert_string_equal(config_get(world->config, "redis.url"), "redis://127.0.0.1:6379/0");
    assert_string_equal(config_get(world->config, "group"), "makegood");
    assert_string_equal(config_get(world->config, "http.listen"), "127.0.0.1:9464");
    assert_string_equal(config_get(world->config, "redis.password"), "");
    assert_int_equal(config_int(world->config, "turn.records.max"), 4000);
    assert_null(config_route(world->config, "action.modified"));
    const char *const *kafka = config_kafka(world->config);
    assert_string_equal(kafka[0], "bootstrap.servers");
    assert_null(kafka[2]);
}

static void a_file_as_people_write_it(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_text(world, "\xef\xbb\xbf# ours\r\n\r\n  group=g1 \r\n"
                                      "http.listen =\n"
                                      "kafka.client.id = a = b # not a comment\n"
                                      "route.action.modified = acts\n"
                                      "log.format = json"),
                     OK);
    assert_int_equal(config_finish(world->config, &world->note), OK);
    assert_string_equal(config_get(world->config, "group"), "g1");
    assert_string_equal(config_get(world->config, "http.listen"), "");
    assert_string_equal(config_get(world->config, "log.format"), "json");
    assert_string_equal(config_route(world->config, "action.modified"), "acts");
    assert_string_equal(config_kafka(world->config)[2], "client.id");
    assert_string_equal(config_kafka(world->config)[3], "a = b # not a comment");
}

static void the_strongest_source_wins(void **state)
{
    struct world *world = *state;
    char group[] = "MAKEGOOD_GROUP=env", level[] = "MAKEGOOD_LOG_LEVEL=warn", path[] = "PATH=x",
         servers[] = "MAKEGOOD_KAFKA_BOOTSTRAP_SERVERS=b:1",
         mechanism[] = "MAKEGOOD_KAFKA_SASL_MECHANISM=PLAIN", test[] = "MAKEGOOD_TEST_REDIS=x",
         port[] = "MAKEGOOD_PORT_80_TCP=tcp://10.0.0.1:80", file[] = "MAKEGOOD_CONFIG=/x";
    char *environment[] = { path, group, level, servers, mechanism, test, port, file, NULL };
    assert_int_equal(read_text(world, "group = file\nlog.level = debug\ninstance = i1\n"), OK);
    assert_int_equal(config_environment(world->config, environment, &world->note), OK);
    assert_int_equal(config_set(world->config, "group=flag", &world->note), OK);
    assert_int_equal(config_finish(world->config, &world->note), OK);
    assert_string_equal(config_get(world->config, "group"), "flag");
    assert_string_equal(config_get(world->config, "log.level"), "warn");
    assert_string_equal(config_get(world->config, "instance"), "i1");
    assert_string_equal(config_get(world->config, "kafka.bootstrap.servers"), "b:1");
    assert_string_equal(config_kafka(world->config)[2], "sasl.mechanism");
}

static void refuses(struct world *world, const char *line, const char *first, const char *second)
{
    char text[256];
    config_free(world->config);
    world->config = config_new(fixed);
    snprintf(text, sizeof(text), "# one\n%s\n", line);
    if (read_text(world, text) != ERR_CONFIG) {
        fail_msg("taken: %s", line);
    }
    says(world, "/c:2: ");
    says(world, first);
    says(world, second);
}

static void bad_lines_are_named(void **state)
{
    struct world *world = *state;
    refuses(world, "grop = x", "grop", "did you mean group");
    refuses(world, "redis.ulr = x", "redis.ulr", "redis.url");
    refuses(world, "something.else.entirely = x", "something.else.entirely", "makegood config");
    refuses(world, "group", "key = value", "");
    refuses(world, "= x", "", "");
    refuses(world, "kafka.isolation.level = read_uncommitted", "kafka.isolation.level", "fixed");
    refuses(world, "kafka. = x", "kafka.", "");
    refuses(world, "log.level = loud", "log.level", "loud");
    refuses(world, "log.format = log", "log.format", "");
    refuses(world, "turn.records.max = 0", "turn.records.max", "1..");
    refuses(world, "turn.records.max = 10k", "turn.records.max", "10k");
    refuses(world, "turn.records.max = 99999999999999999999", "turn.records.max", "");
    refuses(world, "cache.kilobytes =", "cache.kilobytes", "");
    refuses(world, "topics.prefix = a b", "topics.prefix", "");
    refuses(world, "group =", "group", "");
    refuses(world, "redis.url = redis://u:p4ss@h", "redis.url", "redis.password_file");
    assert_null(strstr(world->note.text, "p4ss"));
    refuses(world, "redis.password = p4ss", "redis.password_file", "secret");
    assert_null(strstr(world->note.text, "p4ss"));
    refuses(world, "kafka.sasl.password = p4ss", "kafka.sasl.password_file", "secret");
    assert_int_equal(config_set(world->config, "kafka.sasl.password=p4ss", &world->note),
                     ERR_CONFIG);
    assert_int_equal(config_set(world->config, "group", &world->note), ERR_USAGE);
}

static void a_key_twice_in_a_file_is_an_error(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_text(world, "group = a\ninstance = b\ngroup = c\n"), ERR_CONFIG);
    says(world, "/c:3: ");
    says(world, "/c:1");
}

static void files_that_cannot_be_read(void **state)
{
    struct world *world = *state;
    assert_int_equal(config_file(world->config, "/nonexistent/makegood.conf", &world->note),
                     ERR_NO_INPUT);
    says(world, "/nonexistent/makegood.conf");
    assert_int_equal(config_file(world->config, world->folder, &world->note), ERR_NO_INPUT);
}

static void bad_variables_are_named(void **state)
{
    struct world *world = *state;
    char bad[] = "MAKEGOOD_REDIS_ULR=x", *environment[] = { bad, NULL };
    assert_int_equal(config_environment(world->config, environment, &world->note), ERR_CONFIG);
    says(world, "MAKEGOOD_REDIS_ULR");
    says(world, "redis.url");
}

static enum err finish_with_secret(struct world *world, const char *text, size_t size)
{
    char setting[160];
    config_free(world->config);
    world->config = config_new(fixed);
    snprintf(setting, sizeof(setting), "redis.password_file=%s",
             write_file(world, "s", text, size));
    assert_int_equal(config_set(world->config, setting, &world->note), OK);
    return config_finish(world->config, &world->note);
}

static void secrets_are_read_from_files(void **state)
{
    struct world *world = *state;
    static char longest[10000];
    memset(longest, 'x', sizeof(longest));
    assert_int_equal(finish_with_secret(world, "p 4=#s\n", 7), OK);
    assert_string_equal(config_get(world->config, "redis.password"), "p 4=#s");
    assert_int_equal(finish_with_secret(world, "p\n\r\n", 4), OK);
    assert_string_equal(config_get(world->config, "redis.password"), "p\n"); /* one newline only */
    assert_int_equal(finish_with_secret(world, "\n", 1), ERR_CONFIG);
    assert_int_equal(finish_with_secret(world, "", 0), ERR_CONFIG);
    assert_int_equal(finish_with_secret(world, "a\0b", 3), ERR_CONFIG);
    assert_int_equal(finish_with_secret(world, longest, sizeof(longest)), ERR_CONFIG);
    says(world, "--set");
    config_free(world->config);
    world->config = config_new(fixed);
    assert_int_equal(config_set(world->config, "redis.password_file=/nonexistent/x", &world->note),
                     OK);
    assert_int_equal(config_finish(world->config, &world->note), ERR_CONFIG);
    says(world, "/nonexistent/x");
}

static void credentials_of_systemd_are_found_by_name(void **state)
{
    struct world *world = *state;
    write_file(world, "kafka-password", "k3y\n", 4);
    setenv("CREDENTIALS_DIRECTORY", world->folder, 1);
    assert_int_equal(read_text(world, "kafka.sasl.password_file = kafka-password\n"), OK);
    assert_int_equal(config_finish(world->config, &world->note), OK);
    unsetenv("CREDENTIALS_DIRECTORY");
    const char *const *kafka = config_kafka(world->config);
    bool found = false;
    for (; *kafka; kafka += 2) {
        found = found || (strcmp(kafka[0], "sasl.password") == 0 && strcmp(kafka[1], "k3y") == 0);
        assert_string_not_equal(kafka[0], "sasl.password_file");
    }
    assert_true(found);
}

static void list(void *context, const char *key, const char *value, const char *source,
                 const char *help)
{
    char *out = context;
    size_t size = strlen(out);
    snprintf(out + size, 4096 - size, "%s=%s (%s)%s\n", key, value, source,
             *help ? "" : " no help");
}

static void every_value_says_where_it_comes_from(void **state)
{
    struct world *world = *state;
    char rows[4096] = "", group[] = "MAKEGOOD_GROUP=g", *environment[] = { group, NULL };
    assert_int_equal(read_text(world, "instance = i\n"), OK);
    assert_int_equal(config_environment(world->config, environment, &world->note), OK);
    char setting[160];
    snprintf(setting, sizeof(setting), "redis.password_file=%s", write_file(world, "s", "p4ss", 4));
    assert_int_equal(config_set(world->config, setting, &world->note), OK);
    assert_int_equal(config_finish(world->config, &world->note), OK);
    config_each(world->config, list, rows);
    assert_non_null(strstr(rows, "topics.prefix= (default)\n"));
    assert_non_null(strstr(rows, "group=g (environment MAKEGOOD_GROUP)\n"));
    assert_non_null(strstr(rows, "/c:1)\n"));
    assert_non_null(strstr(rows, "redis.password=(secret)"));
    assert_null(strstr(rows, "p4ss"));
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(everything_has_a_default),
        IN_WORLD(a_file_as_people_write_it),
        IN_WORLD(the_strongest_source_wins),
        IN_WORLD(bad_lines_are_named),
        IN_WORLD(a_key_twice_in_a_file_is_an_error),
        IN_WORLD(files_that_cannot_be_read),
        IN_WORLD(bad_variables_are_named),
        IN_WORLD(secrets_are_read_from_files),
        IN_WORLD(credentials_of_systemd_are_found_by_name),
        IN_WORLD(every_value_says_where_it_comes_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
