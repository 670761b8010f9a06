/* `man`: the table as a manual page, in the man macros of roff. */
#include <stdio.h>

#include "io/bus_kafka.h"
#include "io/config.h"
#include "workers/makegood/command.h"

static void print_roff(const char *text)
{
    if (*text == '.' || *text == '\'') {
        fputs("\\&", stdout);
    }
    for (; *text; text++) {
        if (*text == '-') {
            fputs("\\-", stdout);
        } else if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '\'') {
            fputs("\\(aq", stdout);
        } else if (*text == '`') {
            fputs("\\(ga", stdout);
        } else {
            putchar(*text);
        }
    }
}

static void print_line(const char *text)
{
    print_roff(text);
    putchar('\n');
}

static void print_item(const char *term, const char *text)
{
    fputs(".TP\n\\fB", stdout);
    print_roff(term);
    puts("\\fR");
    print_line(text);
}

static void print_flags(const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        fputs(".TP\n\\fB", stdout);
        if (flags->letter) {
            printf("\\-%c\\fR, \\fB", flags->letter);
        }
        fputs("\\-\\-", stdout);
        print_roff(flags->name);
        fputs("\\fR", stdout);
        if (flags->value) {
            printf(" \\fI%s\\fR", flags->value);
        }
        putchar('\n');
        print_line(flags->help);
    }
}

static void print_command(const struct command *command)
{
    printf(".SS \"makegood %s%s%s\"\n", command->name, *command->arguments ? " " : "",
           command->arguments);
    print_roff(command->summary);
    puts(".");
    if (*command->description) {
        print_line(command->description);
    }
    print_flags(command->flags);
    for (const char *const *example = command->examples; *example; example += 2) {
        puts(".PP");
        print_roff(example[1]);
        puts(":\n.PP\n.RS 4\n.nf");
        print_line(example[0]);
        puts(".fi\n.RE");
    }
}

static void print_key(void *context, const char *key, const char *value, const char *source,
                      const char *help)
{
    char text[512];
    (void)context;
    (void)source;
    snprintf(text, sizeof(text), "%s%s%s%s", help, *value ? " (default " : "", value,
             *value ? ")" : "");
    print_item(key, text);
}

static void print_configuration(const struct config *config)
{
    puts(".SH CONFIGURATION\n"
         "One file of \\fIkey = value\\fR lines (\\fB\\-\\-config\\fR, or the environment variable "
         "MAKEGOOD_CONFIG); # begins a comment.\n"
         "A flag \\fB\\-\\-set\\fR wins over the environment, which wins over the file.\n"
         "\\fBkafka.\\fIproperty\\fR goes to librdkafka as it is, except where correctness depends "
         "on it; \\fBroute.\\fItype\\fR names another topic for outcomes of a type.\n"
         "Secrets are read from the file that a \\fI_file\\fR key names.");
    config_each(config, print_key, NULL);
}

int run_man(const struct call *call)
{
    struct config *config = config_new(bus_kafka_fixed);
    (void)call;
    if (!config) {
        return fail_with(ERR_INTERNAL, "out of memory");
    }
    puts(".TH MAKEGOOD 1 \"\" \"makegood " MAKEGOOD_VERSION "\" \"User Commands\"\n"
         ".SH NAME\nmakegood \\- what happens after the sale\n"
         ".SH SYNOPSIS\n.B makegood\n[\\fIflags\\fR] \\fICOMMAND\\fR [\\fIarguments\\fR]\n"
         ".SH DESCRIPTION\n"
         "Workers that decide what happens after a sale: events come in by Kafka topics, every one "
         "gets a verdict, and states can be read in Redis.\n"
         "Results are written to standard output, everything else to standard error.\n"
         ".SH COMMANDS");
    for (const struct command *command = commands; command->name; command++) {
        print_command(command);
    }
    puts(".SH \"FLAGS OF EVERY COMMAND\"");
    print_flags(global_flags);
    print_configuration(config);
    puts(".SH ENVIRONMENT");
    print_item("MAKEGOOD_...", "a setting: its key in upper case, with _ for each dot");
    print_item("MAKEGOOD_CONFIG", "the configuration file");
    print_item("NO_COLOR", "set to anything: no colours on a terminal");
    puts(".SH \"EXIT STATUS\"");
    for (const struct exit_code *row = exit_codes; row->code; row++) {
        print_item(row->code, row->meaning);
    }
    config_free(config);
    return OK;
}
