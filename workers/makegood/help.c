/* `help`: the table, for a person. */
#include <stdio.h>
#include <string.h>

#include "workers/makegood/command.h"

enum { LEFT_COLUMNS = 24, WIDTH = 78 };

/* Text wrapped at 78 columns, its further lines indented. */
static void print_wrapped(const char *text, int used, int indent)
{
    while (*text) {
        size_t size = strcspn(text, " ");
        if (used > indent && used + (int)size + 1 > WIDTH) {
            printf("\n%*s", indent, "");
            used = indent;
        }
        if (used > indent) {
            putchar(' ');
            used++;
        }
        printf("%.*s", (int)size, text);
        used += (int)size;
        text += size + (text[size] == ' ');
    }
    putchar('\n');
}

/* A word or two, and beside it what it means. */
static void print_pair(const char *left, const char *right)
{
    printf("  %-*s", LEFT_COLUMNS, left);
    if (strlen(left) >= LEFT_COLUMNS) {
        printf("\n  %*s", LEFT_COLUMNS, "");
    }
    print_wrapped(right, LEFT_COLUMNS + 2, LEFT_COLUMNS + 2);
}

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
        print_pair(left, flags->help);
    }
}

static void print_overview(void)
{
    puts("makegood: what happens after the sale\n\n"
         "usage: makegood [flags] COMMAND [arguments]\n");
    for (const struct command *command = commands; command->name; command++) {
        char left[64];
        snprintf(left, sizeof(left), "%s %s", command->name, command->arguments);
        print_pair(left, command->summary);
    }
    print_flags(global_flags, "flags of every command");
    puts("\nexit codes");
    for (const struct exit_code *row = exit_codes; row->code; row++) {
        print_pair(row->code, row->meaning);
    }
}

static void print_formats(const char *formats)
{
    printf("\noutput (-o): ");
    for (; *formats; formats++) {
        fputs(*formats == '|' ? ", " : (char[]){ *formats, 0 }, stdout);
    }
    putchar('\n');
}

int run_help(const struct call *call)
{
    if (call->argument_count == 0) {
        print_overview();
        return OK;
    }
    const struct command *command = command_of(call->arguments[0]);
    if (!command) {
        return ERR_USAGE;
    }
    printf("%s\n\nusage: makegood %s%s%s [flags]\n", command->summary, command->name,
           *command->arguments ? " " : "", command->arguments);
    if (*command->description) {
        putchar('\n');
        print_wrapped(command->description, 0, 0);
    }
    print_flags(command->flags, "flags");
    print_flags(global_flags, "flags of every command");
    if (command->formats) {
        print_formats(command->formats);
    }
    for (const char *const *example = command->examples; *example; example += 2) {
        printf("%s  %s\n      %s\n", example == command->examples ? "\nexamples\n" : "",
               example[0], example[1]);
    }
    return OK;
}
