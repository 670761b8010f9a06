/* help, man, completion, version: all from the table. */
#include <stdio.h>
#include <string.h>


#include "workers/makegood/command.h"

static void print_flags(const struct flag *flags, const char *title)
{
    if (!flags || !flags->name) {
        return;
    }
    printf("\n%s\n", title);
    for (; flags->name; flags++) {
        char left[64], letter[8] = "    ";
        if (flags->letter) {
            snprintf(letter, sizeof(letter), "-%c, ", flags->letter);
        }
        snprintf(left, sizeof(left), "%s--%s%s%s", letter, flags->name, flags->value ? " " : "",
                 flags->value ? flags->value : "");
        printf("  %-26s %s\n", left, flags->help);
    }
}

/* Paragraphs wrapped at 78 columns. */
static void print_wrapped(const char *text)
{
    enum { WIDTH = 78 };
    while (*text) {
        size_t size = strlen(text);
        if (size > WIDTH) {
            size = WIDTH;
            while (size > 0 && text[size] != ' ') {
                size--;
            }
        }
        printf("%.*s\n", (int)size, text);
        text += size;
        text += *text == ' ';
    }
}

static void print_overview(void)
{
    puts("makegood: what happens after the sale\n\n"
         "usage: makegood [flags] COMMAND [arguments]\n");
    for (const struct command *command = commands; command->name; command++) {
        char left[64];
        snprintf(left, sizeof(left), "%s %s", command->name, command->arguments);
        printf("  %-26s %s\n", left, command->summary);
    }
    print_flags(global_flags, "flags of every command");
    puts("\nexit codes: 0 done, 1 the answer is no, 64 usage, 65 bad data, 66 no such file,\n"
         "69 Kafka or Redis unreachable, 70 internal, 74 local IO, 75 timed out, 77 refused,\n"
         "78 configuration, 128+n ended by signal n");
}

static int unknown(const char *name)
{
    return fail_with(ERR_USAGE, "there is no command %s; see makegood help", name);
}

int run_help(const struct call *call)
{
    if (call->argument_count == 0) {
        print_overview();
        return OK;
    }
    for (const struct command *command = commands; command->name; command++) {
        if (strcmp(command->name, call->arguments[0]) != 0) {
            continue;
        }
        printf("%s\n\nusage: makegood %s [flags] %s\n\n", command->summary, command->name,
               command->arguments);
        print_wrapped(command->description);
        print_flags(command->flags, "flags");
        print_flags(global_flags, "flags of every command");
        for (const char *const *example = command->examples; *example; example += 2) {
            printf("%s  %s\n      %s\n", example == command->examples ? "\nexamples\n" : "",
                   example[0], example[1]);
        }
        return OK;
    }
    return unknown(call->arguments[0]);
}

/* --- roff --- */

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
        } else {
            putchar(*text);
        }
    }
}

static void man_flags(const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        printf(".TP\n\\fB");
        if (flags->letter) {
            printf("\\-%c\\fR, \\fB", flags->letter);
        }
        printf("\\-\\-");
        print_roff(flags->name);
        printf("\\fR%s%s\n", flags->value ? " " : "", flags->value ? flags->value : "");
        print_roff(flags->help);
        putchar('\n');
    }
}

static void man_command(const struct command *command)
{
    printf(".SS makegood %s %s\n", command->name, command->arguments);
    print_roff(command->summary);
    puts(".");
    if (*command->description) {
        print_roff(command->description);
        putchar('\n');
    }
    man_flags(command->flags);
    for (const char *const *example = command->examples; *example; example += 2) {
        printf(".PP\n.nf\n");
        print_roff(example[0]);
        printf("\n.fi\n");
    }
}

int run_man(const struct call *call)
{
    (void)call;
    puts(".TH MAKEGOOD 1 \"\" \"makegood " MAKEGOOD_VERSION "\"\n.SH NAME\nmakegood \\- what happens "
         "after the sale\n.SH SYNOPSIS\n.B makegood\n[flags] COMMAND [arguments]\n.SH COMMANDS");
    for (const struct command *command = commands; command->name; command++) {
        man_command(command);
    }
    puts(".SH FLAGS OF EVERY COMMAND");
    man_flags(global_flags);
    puts(".SH EXIT STATUS\n0 done; 1 the answer is no; 64 usage; 65 bad data; 66 no such file; 69 "
         "Kafka or Redis unreachable; 70 internal; 74 local IO; 75 timed out; 77 refused; 78 "
         "configuration; 128+n ended by signal n.");
    return OK;
}

/* --- completion --- */

static void list_words(const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        printf(" --%s", flags->name);
    }
}

static void complete_bash(void)
{
    puts("_makegood() {\n  local word=${COMP_WORDS[COMP_CWORD]} words\n  case ${COMP_WORDS[1]} in");
    for (const struct command *command = commands; command->name; command++) {
        printf("  %s) words=\"", command->name);
        list_words(command->flags);
        list_words(global_flags);
        puts("\" ;;");
    }
    printf("  *) words=\"");
    for (const struct command *command = commands; command->name; command++) {
        printf(" %s", command->name);
    }
    list_words(global_flags);
    puts("\" ;;\n  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
         "complete -o default -F _makegood makegood");
}

static void complete_fish(void)
{
    for (const struct command *command = commands; command->name; command++) {
        printf("complete -c makegood -n __fish_use_subcommand -a %s -d '%s'\n", command->name,
               command->summary);
        for (const struct flag *flag = command->flags; flag && flag->name; flag++) {
            printf("complete -c makegood -n '__fish_seen_subcommand_from %s' -l %s%s\n",
                   command->name, flag->name, flag->value ? " -r" : "");
        }
    }
}

int run_completion(const struct call *call)
{
    const char *shell = call->arguments[0];
    if (strcmp(shell, "bash") == 0) {
        complete_bash();
    } else if (strcmp(shell, "zsh") == 0) {
        puts("autoload -U +X bashcompinit && bashcompinit");
        complete_bash();
    } else if (strcmp(shell, "fish") == 0) {
        complete_fish();
    } else {
        return fail_with(ERR_USAGE, "completion: expected bash, zsh or fish, got %s", shell);
    }
    return OK;
}
