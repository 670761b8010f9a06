/* The table of keys, and where their values come from. */
#include "io/config_inside.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/nearest.h"

enum { NAME_BYTES_MAX = 100 };
enum kind { TEXT_VALUE, NAME, URL, NUMBER, CHOICE }; /* NAME: what Kafka allows in one */

struct key {
    const char *name, *standard, *help;
    enum kind kind;
    int64_t least, most;
    const char *choices; /* "a|b" */
};

static const struct key keys[] = {
    { "kafka.bootstrap.servers", "127.0.0.1:9092", "brokers to begin with, host:port,...", 0 },
    { "redis.url", "redis://127.0.0.1:6379/0", "redis://[user@]host:port/db or unix:///path", URL },
    { "redis.password_file", "", "file that holds the password of Redis", 0 },
    { "topics.prefix", "", "in front of every topic's name", NAME },
    { "group", "makegood", "consumer group; one per installation", NAME, .least = 1 },
    { "instance", "", "stable name of this process; makes a restart in place fast", NAME },
    { "http.listen", "127.0.0.1:9464", "of /metrics, /livez, /readyz; empty = off", 0 },
    { "log.format", "logfmt", "logfmt or json", CHOICE, .choices = "logfmt|json" },
    { "log.level", "info", "debug, info, warn, error or off", CHOICE,
      .choices = "debug|info|warn|error|off" },
    { "turn.records.max", "4000", "records of a turn, at most", NUMBER, 1, 100000 },
    { "cache.kilobytes", "8192", "of states kept decoded between turns", NUMBER, 64, 1048576 },
};
enum { KEYS = sizeof(keys) / sizeof(*keys) };

/* Properties of librdkafka that hold a secret: only by their _file key. */
static const char *const secrets[] = { "kafka.sasl.password",
                                       "kafka.sasl.oauthbearer.client.secret",
                                       "kafka.sasl.oauthbearer.config",
                                       "kafka.ssl.key.password",
                                       "kafka.ssl.key.pem",
                                       "kafka.ssl.keystore.password",
                                       "redis.password",
                                       NULL };

static const struct key *find_key(const char *name)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].name, name) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

static struct value *find_value(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->count; i++) {
        if (strcmp(config->values[i].key, name) == 0) {
            return (struct value *)(uintptr_t)&config->values[i];
        }
    }
    return NULL;
}

static bool is_secret(const char *name)
{
    for (const char *const *secret = secrets; *secret; secret++) {
        if (strcmp(*secret, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The secret that a `..._file` key stands for; false: it is no such key. */
static bool secret_of_file(const char *name, char secret[KEY_SIZE])
{
    size_t size = strlen(name);
    if (size < 6 || size >= KEY_SIZE || strcmp(name + size - 5, "_file") != 0) {
        return false;
    }
    memcpy(secret, name, size - 5);
    secret[size - 5] = 0;
    return is_secret(secret);
}

struct config *config_new(bool (*fixed)(const char *property))
{
    struct config *config = calloc(1, sizeof(*config));
    if (!config) {
        return NULL;
    }
    config->fixed = fixed;
    for (size_t i = 0; i < KEYS; i++) {
        struct value *value = &config->values[config->count++];
        snprintf(value->key, sizeof(value->key), "%s", keys[i].name);
        snprintf(value->value, sizeof(value->value), "%s", keys[i].standard);
        snprintf(value->source, sizeof(value->source), "default");
    }
    return config;
}

void config_free(struct config *config)
{
    if (config) {
        explicit_bzero(config->values, config->count * sizeof(struct value));
    }
    free(config);
}

/* --- setting one --- */

static enum err unknown_key(const char *name, const char *source, struct err_note *note)
{
    const char *names[KEYS + 1];
    for (size_t i = 0; i < KEYS; i++) {
        names[i] = keys[i].name;
    }
    names[KEYS] = NULL;
    const char *near = nearest(name, names);
    return err_note(note, ERR_CONFIG, "%s: unknown key %s%s%s%s", source, name,
                    near ? "; did you mean " : "; see makegood config", near ? near : "",
                    near ? "?" : "");
}

static enum err check_name(const struct config *config, const char *name, const char *source,
                           struct err_note *note)
{
    char secret[KEY_SIZE];
    if (strlen(name) >= KEY_SIZE) {
        return err_note(note, ERR_CONFIG, "%s: a key of more than %d bytes", source, KEY_SIZE - 1);
    }
    if (is_secret(name)) {
        return err_note(note, ERR_CONFIG, "%s: %s is a secret: put it into a file and set %s_file",
                        source, name, name);
    }
    if (find_key(name) || secret_of_file(name, secret) || strncmp(name, "route.", 6) == 0) {
        return OK;
    }
    if (strncmp(name, "kafka.", 6) == 0 && name[6]) {
        return config->fixed(name + 6)
                   ? err_note(note, ERR_CONFIG,
                              "%s: %s is fixed, correctness depends on it; leave it out", source,
                              name)
                   : OK;
    }
    return unknown_key(name, source, note);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t size = strlen(value);
    for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        if (size && strncmp(at, value, size) == 0 && (at[size] == '|' || at[size] == 0)) {
            return true;
        }
    }
    return false;
}

static enum err check_text(const struct key *key, const char *value, const char *source,
                           struct err_note *note)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (key->kind == NAME &&
        (strlen(value) < (size_t)key->least || strlen(value) > NAME_BYTES_MAX ||
         strspn(value, name) != strlen(value))) {
        return err_note(note, ERR_CONFIG,
                        "%s: %s: expected %lld to %d letters, digits, `.`, `_` or `-`, got %.100s",
                        source, key->name, (long long)key->least, NAME_BYTES_MAX, value);
    }
    const char *at = key->kind == URL ? strrchr(value, '@') : NULL, *user = strstr(value, "://");
    if (at && user && memchr(user + 3, ':', (size_t)(at - user))) {
        return err_note(
            note, ERR_CONFIG,
            "%s: %s: a password in a URL is printed and logged; use redis.password_file", source,
            key->name);
    }
    return OK;
}

static enum err check_value(const struct key *key, const char *value, const char *source,
                            struct err_note *note)
{
    char *end;
    if (key->kind == CHOICE && !is_choice(key->choices, value)) {
        return err_note(note, ERR_CONFIG, "%s: %s: expected %s, got %s", source, key->name,
                        key->choices, value);
    }
    if (key->kind == NUMBER) {
        errno = 0;
        long long number = strtoll(value, &end, 10);
        if (errno || end == value || *end || number < key->least || number > key->most) {
            return err_note(note, ERR_CONFIG, "%s: %s: expected a number %lld..%lld, got %s",
                            source, key->name, (long long)key->least, (long long)key->most, value);
        }
    }
    return check_text(key, value, source, note);
}

static enum err put(struct config *config, const char *name, const char *value, enum rank rank,
                    const char *source, struct err_note *note)
{
    enum err err = check_name(config, name, source, note);
    const struct key *key = find_key(name);
    err = err == OK && key ? check_value(key, value, source, note) : err;
    if (err != OK) {
        return err;
    }
    if (strlen(value) >= VALUE_SIZE) {
        return err_note(note, ERR_CONFIG, "%s: %s: a value of more than %d bytes", source, name,
                        VALUE_SIZE - 1);
    }
    struct value *at = find_value(config, name);
    if (!at) {
        if (config->count == VALUES_MAX) {
            return err_note(note, ERR_CONFIG, "%s: more than %d settings", source, VALUES_MAX);
        }
        at = &config->values[config->count++];
        at->rank = FROM_DEFAULT;
    }
    if (rank == FROM_FILE && at->rank == FROM_FILE) {
        return err_note(note, ERR_CONFIG, "%s: %s is set twice (%s)", source, name, at->source);
    }
    if (rank >= at->rank) {
        snprintf(at->key, sizeof(at->key), "%s", name);
        snprintf(at->value, sizeof(at->value), "%s", value);
        snprintf(at->source, sizeof(at->source), "%s", source);
        at->rank = rank;
    }
    return OK;
}

/* --- sources --- */

static char *trim(char *text)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1])) {
        *--end = 0;
    }
    return text;
}

static enum err take_line(struct config *config, char *line, const char *source,
                          struct err_note *note)
{
    bool marked = strncmp(line, "\xef\xbb\xbf", 3) == 0; /* some editors begin a file with it */
    char *text = trim(marked ? line + 3 : line);
    if (*text == 0 || *text == '#') {
        return OK;
    }
    char *equals = strchr(text, '=');
    if (!equals) {
        return err_note(note, ERR_CONFIG, "%s: expected key = value", source);
    }
    *equals = 0;
    return put(config, trim(text), trim(equals + 1), FROM_FILE, source, note);
}

enum err config_file(struct config *config, const char *path, struct err_note *note)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        return err_note(note, errno == ENOENT ? ERR_NO_INPUT : ERR_CONFIG,
                        "configuration file %s: %s", path, strerror(errno));
    }
    enum err err = OK;
    for (int number = 1; err == OK && getline(&line, &room, file) >= 0; number++) {
        char source[SOURCE_SIZE];
        snprintf(source, sizeof(source), "%.200s:%d", path, number);
        err = take_line(config, line, source, note);
    }
    if (err == OK && ferror(file)) {
        err = err_note(note, ERR_NO_INPUT, "configuration file %s: %s", path, strerror(errno));
    }
    free(line);
    fclose(file);
    return err;
}

/* MAKEGOOD_REDIS_URL is redis.url; _ stands for . or for itself, so the table decides. */
static void key_of_variable(const char *variable, char key[KEY_SIZE])
{
    for (size_t i = 0; i < KEYS; i++) {
        size_t n = 0;
        while (variable[n] && keys[i].name[n]) {
            char c = keys[i].name[n] == '.' ? '_' : (char)toupper((unsigned char)keys[i].name[n]);
            if (variable[n] != c) {
                break;
            }
            n++;
        }
        if (!variable[n] && !keys[i].name[n]) {
            snprintf(key, KEY_SIZE, "%s", keys[i].name);
            return;
        }
    }
    size_t size = 0;
    for (; variable[size] && size < KEY_SIZE - 1; size++) {
        key[size] = variable[size] == '_' ? '.' : (char)tolower((unsigned char)variable[size]);
    }
    key[size] = 0;
    char *file = size > 5 ? key + size - 5 : NULL;
    if (file && strcmp(file, ".file") == 0) {
        *file = '_';
    }
}

/* What is no key: our own tests' and tools', and the addresses that Kubernetes gives to every pod
 * of a namespace with a service of the name "makegood". */
static bool is_ours_alone(const char *name)
{
    return strncmp(name, "TEST_", 5) == 0 || strcmp(name, "CACHE") == 0 ||
           strcmp(name, "CONFIG") == 0 || strcmp(name, "PORT") == 0 ||
           strncmp(name, "PORT_", 5) == 0 || strcmp(name, "SERVICE_HOST") == 0 ||
           strncmp(name, "SERVICE_PORT", 12) == 0;
}

enum err config_environment(struct config *config, char *const *environ, struct err_note *note)
{
    static const char prefix[] = "MAKEGOOD_";
    enum err err = OK;
    for (; err == OK && *environ; environ++) {
        const char *equals = strchr(*environ, '=');
        if (!equals || strncmp(*environ, prefix, sizeof(prefix) - 1) != 0) {
            continue;
        }
        char name[KEY_SIZE], key[KEY_SIZE], source[SOURCE_SIZE];
        const char *rest = *environ + sizeof(prefix) - 1;
        snprintf(name, sizeof(name), "%.*s", (int)(equals - rest), rest);
        snprintf(source, sizeof(source), "environment %s%s", prefix, name);
        if (!is_ours_alone(name)) {
            key_of_variable(name, key);
            err = put(config, key, equals + 1, FROM_ENVIRONMENT, source, note);
        }
    }
    return err;
}

enum err config_set(struct config *config, const char *setting, struct err_note *note)
{
    char key[KEY_SIZE];
    const char *equals = strchr(setting, '=');
    if (!equals || equals == setting) {
        return err_note(note, ERR_USAGE, "--set: expected key=value, got %s", setting);
    }
    snprintf(key, sizeof(key), "%.*s", (int)(equals - setting), setting);
    return put(config, key, equals + 1, FROM_FLAG, "flag --set", note);
}

/* --- finishing --- */

enum err config_finish(struct config *config, struct err_note *note)
{
    size_t count = config->count, n = 0;
    for (size_t i = 0; i < count; i++) {
        const struct value *value = &config->values[i];
        char secret[KEY_SIZE];
        if (secret_of_file(value->key, secret) && value->value[0]) {
            enum err err = config_read_secret(config, secret, value->value, value->source, note);
            if (err != OK) {
                return err;
            }
        }
    }
    for (size_t i = 0; i < config->count; i++) {
        const struct value *value = &config->values[i];
        char secret[KEY_SIZE];
        if (strncmp(value->key, "kafka.", 6) == 0 && !secret_of_file(value->key, secret)) {
            config->kafka[n++] = value->key + 6;
            config->kafka[n++] = value->value;
        }
    }
    config->kafka[n] = NULL;
    return OK;
}

/* --- asking --- */

const char *config_get(const struct config *config, const char *key)
{
    const struct value *value = find_value(config, key);
    ENSURE(value || is_secret(key));
    return value ? value->value : "";
}

int64_t config_int(const struct config *config, const char *key)
{
    return strtoll(config_get(config, key), NULL, 10);
}

const char *const *config_kafka(const struct config *config)
{
    return config->kafka;
}

const char *config_route(const struct config *config, const char *outcome_type)
{
    char key[KEY_SIZE];
    snprintf(key, sizeof(key), "route.%s", outcome_type);
    const struct value *value = find_value(config, key);
    return value ? value->value : NULL;
}

void config_each(const struct config *config,
                 void (*each)(void *context, const char *key, const char *value, const char *source,
                              const char *help),
                 void *context)
{
    for (size_t i = 0; i < config->count; i++) {
        const struct value *value = &config->values[i];
        const struct key *key = find_key(value->key);
        each(context, value->key, value->secret ? "(secret)" : value->value, value->source,
             key ? key->help : "");
    }
}
