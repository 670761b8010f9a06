/* Parsing a call by the table, and the words around it. */
#include "workers/makegood/command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/nearest.h"
#include "io/bus_kafka.h"
#include "io/config.h"
#include "io/signals.h"
#include "workers/makegood/terminal.h"

enum { LINE_MAX_BYTES = 2048, SETTINGS_MAX = 64, NAMES_MAX = 64, GLOBAL_BASE = 1000, COMMAND_BASE = 2000 };

int fail_with(enum err err, const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    fputs("makegood: ", stderr);
    terminal_put(stderr, text_of(line), 0);
    fputc('\n', stderr);
    return (int)err;
}

static int flag_index(const struct flag *flags, const char *name)
{
    for (int i = 0; flags && flags[i].name; i++) {
        if (strcmp(flags[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *call_flag(const struct call *call, const char *name)
{
    int index = flag_index(call->command->flags, name);
    ENSURE(index >= 0);
    return call->values[index];
}

bool flag_number(const struct call *call, const char *name, long long standard, long long least,
                 long long most, long long *out)
{
    const char *text = call_flag(call, name);
    char *end = NULL;
    *out = standard;
    if (!text) {
        return true;
    }
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most) {
        fail_with(ERR_USAGE, "--%s: expected a number %lld..%lld, got %s", name, least, most, text);
        return false;
    }
    *out = value;
    return true;
}

static void say_nearest(const char *name)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (const struct command *command = commands; command->name; command++) {
        names[count++] = command->name;
    }
    names[count] = NULL;
    const char *near = nearest(name, names);
    fail_with(ERR_USAGE, "there is no command %s%s%s%s", name,
              near ? "; did you mean " : "; see makegood help", near ? near : "", near ? "?" : "");
}

const struct command *command_of(const char *name)
{
    for (const struct command *command = commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) {
            return command;
        }
    }
    say_nearest(name);
    return NULL;
}

static int unknown_flag(const struct command *command, const char *given)
{
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (const struct flag *flag = command ? command->flags : NULL; flag && flag->name; flag++) {
        names[count++] = flag->name;
    }
    for (const struct flag *flag = global_flags; flag->name; flag++) {
        names[count++] = flag->name;
    }
    names[count] = NULL;
    char word[65] = "";
    snprintf(word, sizeof(word), "%s", given + strspn(given, "-"));
    word[strcspn(word, "=")] = 0;
    const char *near = nearest(word, names);
    const char *what = command ? command->name : "";
    return near ? fail_with(ERR_USAGE, "unknown flag %s; did you mean --%s?", given, near)
                : fail_with(ERR_USAGE, "unknown flag %s; see makegood help %s", given, what);
}

/* getopt_long's tables from ours. */
struct options {
    struct option rows[FLAGS_MAX + 16];
    char letters[64];
};

static void add_options(struct options *options, size_t *count, const struct flag *flags, int base)
{
    size_t letters = strlen(options->letters);
    for (int i = 0; flags && flags[i].name; i++) {
        int has = flags[i].value ? required_argument : no_argument;
        options->rows[(*count)++] = (struct option){ flags[i].name, has, NULL, base + i };
        if (flags[i].letter) {
            options->letters[letters++] = flags[i].letter;
            if (flags[i].value) {
                options->letters[letters++] = ':';
            }
        }
    }
    options->letters[letters] = 0;
}

/* Index of the flag that getopt_long() answered with, by long name or letter; -1 = none. */
static int answered(const struct flag *flags, int base, int answer)
{
    for (int i = 0; flags && flags[i].name; i++) {
        if (answer == base + i || (flags[i].letter && answer == flags[i].letter)) {
            return i;
        }
    }
    return -1;
}

struct parse {
    struct call call;
    const char *settings[SETTINGS_MAX + 1];
    size_t setting_count;
    bool help;
};

static int take_global(struct parse *parse, int index, const char *value)
{
    const char *name = global_flags[index].name;
    if (strcmp(name, "help") == 0) {
        parse->help = true;
    } else if (strcmp(name, "no-input") == 0) {
        parse->call.no_input = true;
    } else if (strcmp(name, "config") == 0) {
        parse->call.config_file = value;
    } else if (strcmp(name, "set") == 0) {
        if (parse->setting_count == SETTINGS_MAX) {
            return fail_with(ERR_USAGE, "more than %d --set; use a file (--config)", SETTINGS_MAX);
        }
        parse->settings[parse->setting_count++] = value;
    } else {
        parse->call.output = value;
    }
    return OK;
}

/* A format that a command does not print is never passed over in silence. */
static int check_format(const struct call *call)
{
    const struct command *command = call->command;
    if (!call->output) {
        return OK;
    }
    if (!command->formats) {
        return fail_with(ERR_USAGE, "makegood %s takes no -o", command->name);
    }
    size_t size = strlen(call->output);
    for (const char *at = command->formats; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        if (size == strcspn(at, "|") && strncmp(at, call->output, size) == 0) {
            return OK;
        }
    }
    return fail_with(ERR_USAGE, "-o: makegood %s prints %s, not %s", command->name,
                     command->formats, call->output);
}

/* getopt_long() does not know it: no such flag, or `--flag=value` of one that has no value. */
static int refuse_flag(const struct command *command, const char *given)
{
    char letter[3] = { '-', (char)optopt, 0 };
    if (optopt >= GLOBAL_BASE) {
        return fail_with(ERR_USAGE, "%.*s takes no value", (int)strcspn(given, "="), given);
    }
    return unknown_flag(command, optopt > 0 ? letter : given);
}

/* Flags up to the end, or up to the first word when there is no command yet. */
static int parse_flags(struct parse *parse, const struct command *command, int argc, char **argv)
{
    struct options options = { .letters = "+:" };
    size_t count = 0;
    if (command) {
        memcpy(options.letters, ":", 2);
    }
    add_options(&options, &count, global_flags, GLOBAL_BASE);
    add_options(&options, &count, command ? command->flags : NULL, COMMAND_BASE);
    opterr = 0;
    optind = 0;
    int answer;
    while ((answer = getopt_long(argc, argv, options.letters, options.rows, NULL)) != -1) {
        if (answer == ':') {
            return fail_with(ERR_USAGE, "%s needs a value", argv[optind - 1]);
        }
        int own = answered(command ? command->flags : NULL, COMMAND_BASE, answer);
        int global = answered(global_flags, GLOBAL_BASE, answer);
        if (own >= 0) {
            parse->call.values[own] = optarg ? optarg : "";
        } else if (global >= 0) {
            int failed = take_global(parse, global, optarg);
            if (failed) {
                return failed;
            }
        } else {
            return refuse_flag(command, argv[optind - 1]);
        }
    }
    return OK;
}

/* Flag > environment > file > default. */
static int load_config(struct parse *parse)
{
    extern char **environ;
    struct err_note note = { "" };
    struct call *call = &parse->call;
    call->config = config_new(bus_kafka_fixed);
    if (!call->config) {
        return fail_with(ERR_INTERNAL, "out of memory");
    }
    const char *path = call->config_file ? call->config_file : getenv("MAKEGOOD_CONFIG");
    enum err err = path && *path ? config_file(call->config, path, &note) : OK;
    if (err == OK) {
        err = config_environment(call->config, environ, &note);
    }
    for (size_t i = 0; err == OK && i < parse->setting_count; i++) {
        err = config_set(call->config, parse->settings[i], &note);
    }
    if (err == OK) {
        err = config_finish(call->config, &note);
    }
    return err == OK ? OK : fail_with(err, "%s", note.text);
}

static int check_arguments(const struct call *call)
{
    const struct command *command = call->command;
    if (call->argument_count < command->arguments_min ||
        (command->arguments_max >= 0 && call->argument_count > command->arguments_max)) {
        return fail_with(ERR_USAGE, "usage: makegood %s %s", command->name, command->arguments);
    }
    return OK;
}

static int dispatch(struct parse *parse, int argc, char **argv)
{
    struct call *call = &parse->call;
    int failed = parse_flags(parse, call->command, argc, argv);
    if (failed) {
        return failed;
    }
    call->arguments = (const char *const *)argv + optind;
    call->argument_count = argc - optind;
    if (parse->help) {
        const char *name[] = { call->command->name, NULL };
        call->arguments = name;
        call->argument_count = 1;
        return run_help(call);
    }
    failed = check_arguments(call);
    failed = failed ? failed : check_format(call);
    if (!failed && call->command->with_config) {
        failed = load_config(parse);
    }
    if (!failed) {
        failed = call->command->run(call);
    }
    config_free(call->config);
    return failed;
}

static int run_command(int argc, char **argv)
{
    struct parse parse = { .call = { .no_input = false } };
    int failed = parse_flags(&parse, NULL, argc, argv);
    if (failed) {
        return failed;
    }
    parse.call.settings = parse.settings;
    if (optind == argc) {
        run_help(&parse.call);
        return parse.help ? OK : ERR_USAGE;
    }
    parse.call.command = command_of(argv[optind]);
    if (!parse.call.command) {
        return ERR_USAGE;
    }
    int skipped = optind;
    return dispatch(&parse, argc - skipped, argv + skipped);
}

/* A result that did not arrive is no result, whatever the command made of it. */
int command_main(int argc, char **argv)
{
    signals_ignore_pipe();
    int failed = run_command(argc, argv);
    errno = 0;
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (lost && failed != ERR_IO) {
        failed = fail_with(ERR_IO, "cannot write to stdout%s%s", errno ? ": " : "",
                           errno ? strerror(errno) : "");
    }
    return failed;
}
