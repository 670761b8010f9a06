/* `completion`: the table as a script for bash, zsh or fish. */
#include <stdio.h>
#include <string.h>

#include "engine/worker.h"
#include "workers/makegood/command.h"
#include "workers/makegood/topics.h"
#include "workers/makegood/workers.h"

static void list_commands(void)
{
    for (const struct command *command = commands; command->name; command++) {
        printf(" %s", command->name);
    }
}

static void list_flags(const struct flag *flags)
{
    for (; flags && flags->name; flags++) {
        printf(" --%s", flags->name);
    }
}

/* What may stand where the table says WORKER..., TOPIC..., SHELL and so on. */
static void list_arguments(const struct command *command)
{
    if (strcmp(command->arguments, "WORKER...") == 0) {
        for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
            printf(" %s", (*worker)->name);
        }
    } else if (strcmp(command->arguments, "TOPIC...") == 0) {
        struct topic topics[TOPICS_MAX];
        size_t count = topics_of(NULL, topics);
        for (size_t i = 0; i < count; i++) {
            printf(" %s", topics[i].name);
        }
    } else if (strcmp(command->arguments, "SHELL") == 0) {
        fputs(" bash zsh fish", stdout);
    } else if (strcmp(command->arguments, "[COMMAND]") == 0) {
        list_commands();
    } else if (*command->arguments >= 'a' && *command->arguments <= 'z') {
        printf(" %s", command->arguments); /* a word to be given as it is */
    }
}

static void list_formats(const struct command *command)
{
    for (const char *at = command->formats ? command->formats : ""; *at; at++) {
        putchar(*at == '|' ? ' ' : *at);
    }
}

/* --- bash, and zsh by its bashcompinit --- */

static void list_with_value(const struct flag *flags, bool files)
{
    for (; flags && flags->name; flags++) {
        bool file = flags->value && strcmp(flags->value, "FILE") == 0;
        if (flags->value && file == files) {
            printf("|--%s", flags->name);
            if (flags->letter) {
                printf("|-%c", flags->letter);
            }
        }
    }
}

/* A pattern of every flag that has a value; of those that name files, or of the others. */
static void list_values(bool files)
{
    fputs("_", stdout);
    list_with_value(global_flags, files);
    for (const struct command *command = commands; command->name; command++) {
        list_with_value(command->flags, files);
    }
}

static void complete_bash(void)
{
    puts("_makegood() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local words command= formats= i=1\n"
         "  while [ \"$i\" -lt \"$COMP_CWORD\" ]; do\n"
         "    case \"${COMP_WORDS[i]}\" in\n"
         "    --config|--set|--output|-o) i=$((i+1)) ;;\n"
         "    -*) ;;\n"
         "    *) command=${COMP_WORDS[i]}; break ;;\n"
         "    esac\n"
         "    i=$((i+1))\n"
         "  done\n"
         "  case \"$command\" in");
    for (const struct command *command = commands; command->name; command++) {
        printf("  %s)\n    words=\"", command->name);
        list_arguments(command);
        list_flags(command->flags);
        list_flags(global_flags);
        printf("\"\n    formats=\"");
        list_formats(command);
        puts("\" ;;");
    }
    fputs("  *)\n    words=\"", stdout);
    list_commands();
    list_flags(global_flags);
    puts("\"\n    formats=\"table json jsonl\" ;;\n  esac\n  case \"$before\" in\n"
         "  -o|--output) words=$formats ;;");
    fputs("  ", stdout);
    list_values(true);
    puts(") COMPREPLY=($(compgen -f -- \"$word\")); return ;;");
    fputs("  ", stdout);
    list_values(false);
    puts(") return ;;\n  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
         "complete -F _makegood makegood");
}

static void complete_zsh(void)
{
    puts("if ! whence compdef > /dev/null; then autoload -Uz compinit && compinit; fi\n"
         "autoload -Uz bashcompinit && bashcompinit");
    complete_bash();
}

/* --- fish --- */

static void print_fish_text(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') {
            putchar('\\');
        }
        putchar(*text);
    }
    putchar('\'');
}

static void fish_flags(const struct flag *flags, const struct command *command)
{
    for (; flags && flags->name; flags++) {
        printf("complete -c makegood");
        if (command) {
            printf(" -n '__fish_seen_subcommand_from %s'", command->name);
        }
        printf(" -l %s", flags->name);
        if (flags->letter) {
            printf(" -s %c", flags->letter);
        }
        if (flags->value) {
            fputs(strcmp(flags->value, "FILE") == 0     ? " -r -F"
                  : strcmp(flags->value, "FORMAT") == 0 ? " -x -a 'table json jsonl'"
                                                        : " -x",
                  stdout);
        }
        printf(" -d ");
        print_fish_text(flags->help);
        putchar('\n');
    }
}

static void complete_fish(void)
{
    puts("complete -c makegood -f");
    fish_flags(global_flags, NULL);
    for (const struct command *command = commands; command->name; command++) {
        printf("complete -c makegood -n __fish_use_subcommand -a %s -d ", command->name);
        print_fish_text(command->summary);
        putchar('\n');
        fish_flags(command->flags, command);
        printf("complete -c makegood -n '__fish_seen_subcommand_from %s' -a '", command->name);
        list_arguments(command);
        puts("'");
    }
}

int run_completion(const struct call *call)
{
    const char *shell = call->arguments[0];
    if (strcmp(shell, "bash") == 0) {
        complete_bash();
    } else if (strcmp(shell, "zsh") == 0) {
        complete_zsh();
    } else if (strcmp(shell, "fish") == 0) {
        complete_fish();
    } else {
        return fail_with(ERR_USAGE, "completion: expected bash, zsh or fish, got %s", shell);
    }
    return OK;
}
