/*
 * The table of subcommands: it drives parsing, help, the man page and shell completion.
 *
 * A command returns an exit code (enum err). Results go to stdout, everything else to stderr.
 */
#ifndef MAKEGOOD_COMMAND_H
#define MAKEGOOD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct config;

struct flag {
    const char *name;  /* without dashes; NULL ends a list */
    char letter;       /* 0 = none                         */
    const char *value; /* its value in help, NULL = a switch */
    const char *help;
};

enum { FLAGS_MAX = 24 };

/* One parsed call. Borrows argv. */
struct call {
    const struct command *command;
    struct config *config;            /* with file, environment and flags applied             */
    const char *const *arguments;     /* what is no flag, NULL-terminated                     */
    int argument_count;
    const char *values[FLAGS_MAX];    /* by index in the command's flags: value, "" of a switch */
    const char *output;               /* one of the command's formats; NULL = not given       */
    const char *const *settings;      /* of --set, NULL-terminated                            */
    const char *config_file;          /* of --config, NULL = not given                        */
    bool no_input;
};

struct command {
    const char *name;
    const char *arguments;            /* "WORKER..." */
    int arguments_min, arguments_max; /* max -1 = any number */
    const char *summary;              /* one line                                             */
    const char *description;          /* paragraphs for help and man, "" = none               */
    const struct flag *flags;         /* ended by a NULL name; NULL = none                    */
    const char *const *examples;      /* NULL-terminated pairs: line, what it does            */
    bool with_config;                 /* reads the configuration first                        */
    int (*run)(const struct call *call);
    const char *formats;              /* of -o, "table|json|jsonl", the first is the default; NULL = none */
};

struct exit_code {
    const char *code, *meaning;
};

extern const struct exit_code exit_codes[]; /* ended by a NULL code */
extern const struct command commands[]; /* ended by a NULL name */
extern const struct flag global_flags[];

/* Value of a flag, NULL = not given. An unknown name is a bug. */
const char *call_flag(const struct call *call, const char *name);
/* Parses and runs. */
int command_main(int argc, char **argv);
/* The command of a name; NULL after a line with the nearest one. */
const struct command *command_of(const char *name);
/* Says one line on stderr, "makegood: ...", and returns err. */
int fail_with(enum err err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A whole number of a flag within bounds; false after an error line. */
bool flag_number(const struct call *call, const char *name, long long standard, long long least,
                 long long most, long long *out);

int run_run(const struct call *call);
int run_exec(const struct call *call);
int run_demo(const struct call *call);
int run_topics(const struct call *call);
int run_check(const struct call *call);
int run_send(const struct call *call);
int run_show(const struct call *call);
int run_explain(const struct call *call);
int run_history(const struct call *call);
int run_refunds(const struct call *call);
int run_tail(const struct call *call);
int run_config(const struct call *call);
int run_help(const struct call *call);
int run_man(const struct call *call);
int run_completion(const struct call *call);
int run_version(const struct call *call);

#endif
