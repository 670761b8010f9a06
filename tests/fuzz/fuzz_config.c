/*
 * Settings: a file, and below a line "---" the environment, one variable a line, and below another one
 * what --set gives. What is taken is one of the values that --set takes too, and means the same.
 */
#define _GNU_SOURCE /* memfd_create, memmem */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "io/bus_kafka.h"
#include "io/config.h"
#include "io/log.h"

enum { VARIABLES_MAX = 64 };

/* Lines up to "---", as they are. */
static struct text section(struct text *rest)
{
    struct text all = { rest->at, 0 };
    while (rest->size) {
        struct text line = fuzz_line(rest);
        if (text_is(line, "---")) {
            break;
        }
        all.size = (uint32_t)(line.at + line.size - all.at);
    }
    return all;
}

static enum err take_file(struct config *config, struct text bytes, struct err_note *note)
{
    char path[64];
    int file = memfd_create("config", 0);
    PROMISE(file >= 0 && write(file, bytes.at, bytes.size) == (ssize_t)bytes.size, "a memfd");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    enum err err = config_file(config, path, note);
    close(file);
    return err;
}

static char *string_of(struct text text)
{
    char *string = strndup(text.at, text.size);
    PROMISE(string != NULL, "out of memory");
    return string;
}

static enum err take_environment(struct config *config, struct text bytes, struct err_note *note)
{
    char *variables[VARIABLES_MAX + 1];
    size_t count = 0;
    while (bytes.size && count < VARIABLES_MAX) {
        variables[count++] = string_of(fuzz_line(&bytes));
    }
    variables[count] = NULL;
    enum err err = config_environment(config, variables, note);
    for (size_t i = 0; i < count; i++) {
        free(variables[i]);
    }
    return err;
}

static enum err take_flags(struct config *config, struct text bytes, struct err_note *note)
{
    enum err err = OK;
    while (bytes.size && err == OK) {
        char *setting = string_of(fuzz_line(&bytes));
        err = config_set(config, setting, note);
        free(setting);
    }
    return err;
}

static void set_again(void *context, const char *key, const char *value, const char *source,
                      const char *help)
{
    struct config *again = context;
    struct err_note note = { "" };
    char setting[16384];
    (void)help;
    PROMISE(source[0] && (size_t)snprintf(setting, sizeof(setting), "%s=%s", key, value) <
                             sizeof(setting),
            "%s of %s", value, source);
    if (strcmp(value, "(secret)") != 0) {
        enum err err = config_set(again, setting, &note);
        PROMISE(err == OK, "%s: %s", setting, note.text);
    }
}

static void compare(void *context, const char *key, const char *value, const char *source,
                    const char *help)
{
    const struct config *again = context;
    (void)source, (void)help;
    if (strncmp(key, "kafka.", 6) != 0 && strncmp(key, "route.", 6) != 0 &&
        strcmp(value, "(secret)") != 0) {
        PROMISE(strcmp(config_get(again, key), value) == 0, "%s", key);
    }
}

static void same_again(const struct config *config)
{
    struct config *again = config_new(bus_kafka_fixed);
    PROMISE(again != NULL, "out of memory");
    config_each(config, set_again, again);
    config_each(config, compare, again);
    config_free(again);
}

/* A secret is read from whatever file is named, also from one that never ends: not here. */
static bool names_a_file(struct text all)
{
    return memmem(all.at, all.size, "_file", 5) || memmem(all.at, all.size, "_FILE", 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err_note note = { "" };
    struct text rest = { (const char *)bytes, (uint32_t)size };
    bool files = names_a_file(rest);
    struct config *config = config_new(bus_kafka_fixed);
    PROMISE(config != NULL, "out of memory");
    log_configure(LOG_OFF, false);
    enum err err = take_file(config, section(&rest), &note);
    err = err == OK ? take_environment(config, section(&rest), &note) : err;
    err = err == OK ? take_flags(config, rest, &note) : err;
    err = err == OK && !files ? config_finish(config, &note) : err;
    PROMISE((err == OK) == (note.text[0] == 0), "%d with the note \"%s\"", (int)err, note.text);
    if (err == OK) {
        same_again(config);
    }
    config_free(config);
    return 0;
}
