/* The account as a table of 80 columns. */
#include <string.h>

#include "base/time.h"
#include "workers/makegood/demo_inside.h"

enum {
    WHY_COLUMN = 11,
    VERDICT_COLUMN = 50,
    PAYOUT_COLUMN = 62,
    LINE_SIZE = 80,
    DATE_SIZE = 10
};

const struct demo_paint demo_plain = { "", "", "", "", "", "" };
const struct demo_paint demo_coloured = { "\033[1m",  "\033[2m",  "\033[32m",
                                          "\033[31m", "\033[33m", "\033[0m" };

static const char *colour_of(const struct demo_paint *paint, struct text verdict)
{
    return text_is(verdict, "applied")                                      ? paint->good
           : text_is(verdict, "rejected") || text_is(verdict, "dead letter") ? paint->bad
                                                                            : paint->odd;
}

/* Words from a column on, broken between words; what is continued stands under it. */
static void print_words(struct text words, int column)
{
    int at = column;
    for (uint32_t i = 0; i < words.size;) {
        uint32_t end = i;
        while (end < words.size && words.at[end] != ' ') {
            end++;
        }
        int size = (int)(end - i);
        if (at > column && at + 1 + size > LINE_SIZE) {
            printf("\n%*s", column, "");
            at = column;
        } else if (at > column) {
            putchar(' ');
            at++;
        }
        printf("%.*s", size, words.at + i);
        at += size;
        i = end + 1;
    }
    putchar('\n');
}

/* What workers tell each other is counted at the end, not shown. */
static bool is_shown(const struct demo_outcome *outcome)
{
    return !text_is(outcome->verdict, "forwarded") &&
           !text_starts(outcome->type, TEXT("internal."));
}

static void print_outcome(struct demo_account *account, const struct demo_outcome *outcome,
                          const struct demo_paint *paint)
{
    struct arena *arena = &account->arena;
    struct text why = demo_why(account, outcome);
    struct text name = outcome->dlq_reason.at ? text_of(outcome->topic) : outcome->type;
    struct text id = demo_member(outcome, arena, "actionId");
    id = id.at ? arena_printf(arena, " %.*s", TEXT_ARGS(id)) : TEXT("");
    struct text line = arena_printf(arena, "%.*s%.*s%s%.*s", TEXT_ARGS(name), TEXT_ARGS(id),
                                    why.size ? ": " : "", TEXT_ARGS(why));
    printf("%s%*s", paint->dim, WHY_COLUMN, "");
    print_words(line, WHY_COLUMN);
    fputs(paint->off, stdout);
}

static void print_payouts(struct demo_account *account, int input, int column)
{
    struct text before = { NULL, 0 }, after = { NULL, 0 };
    int room = PAYOUT_COLUMN + 8 - column; /* so that amounts end under each other */
    if (!demo_payouts(account, input, &before, &after) || !after.at) {
        return;
    }
    if (text_equal(before, after)) {
        printf("%*.*s stays", room, TEXT_ARGS(after));
    } else if (before.at) {
        printf("%*.*s -> %.*s", room, TEXT_ARGS(before), TEXT_ARGS(after));
    } else {
        printf("%*s -> %.*s", room, "none", TEXT_ARGS(after));
    }
}

static void print_row(struct demo_account *account, int input, int number,
                      const struct demo_paint *paint)
{
    const struct demo_input *sent = &demo_day[input];
    const struct demo_outcome *answer = demo_answer(account, input);
    struct text verdict = answer ? demo_verdict(answer) : TEXT("none");
    printf("%2d  %.5s  %-38s %s%.*s%s", number, sent->time + DATE_SIZE + 1, sent->what,
           colour_of(paint, verdict), TEXT_ARGS(verdict), paint->off);
    print_payouts(account, input, VERDICT_COLUMN + (int)verdict.size);
    putchar('\n');
    for (int i = 0; i < account->count; i++) {
        if (account->outcomes[i].input == input && is_shown(&account->outcomes[i])) {
            print_outcome(account, &account->outcomes[i], paint);
        }
    }
}

/* What timers announced between two moments. */
static void print_timers(struct demo_account *account, int64_t from_ms, int64_t until_ms,
                         const char *what, const struct demo_paint *paint)
{
    char time[TIME_TEXT_SIZE];
    bool told = false;
    for (int i = 0; i < account->count; i++) {
        const struct demo_outcome *outcome = &account->outcomes[i];
        if (outcome->input < 0 && outcome->time_ms >= from_ms && outcome->time_ms < until_ms) {
            if (!told) {
                time_format(outcome->time_ms, time);
                printf("    %.5s  %-38s %stimer%s\n", time + DATE_SIZE + 1, what, paint->odd,
                       paint->off);
                told = true;
            }
            print_outcome(account, outcome, paint);
        }
    }
}

void demo_print_title(const struct demo_paint *paint)
{
    printf("%s%s%s\n%s\n", paint->bold, demo_title, paint->off, demo_story);
    fflush(stdout);
}

void demo_print_input(struct demo_account *account, int input, const struct demo_paint *paint)
{
    int number = 0;
    int64_t ms = demo_time(&demo_day[input]);
    int64_t before_ms = input > 0 ? demo_time(&demo_day[input - 1]) : 0;
    for (int i = 0; i <= input; i++) {
        number += demo_day[i].topic != NULL;
    }
    if (input == 0) {
        printf("\n%s #  %-5s  %-38s %-11s  %s%s\n", paint->bold, "TIME", "WHAT THE SHOP SENDS",
               "VERDICT", "PAYOUT IN USD", paint->off);
    }
    if (input == 0 || strncmp(demo_day[input - 1].time, demo_day[input].time, DATE_SIZE) != 0) {
        printf("    %s%.*s%s\n", paint->bold, DATE_SIZE, demo_day[input].time, paint->off);
    }
    print_timers(account, before_ms, ms,
                 demo_day[input].topic ? "nothing is sent" : demo_day[input].what, paint);
    if (demo_day[input].topic) {
        print_row(account, input, number, paint);
    }
    fflush(stdout);
}

static void print_actions(struct demo_account *account, const struct demo_paint *paint)
{
    printf("\n%sACTION  ORDER     %-18s    %-18s %-10s %s%s\n", paint->bold, "SALE", "PAYOUT",
           "STATE", "ADJUSTMENT", paint->off);
    for (int i = 0; i < account->action_count; i++) {
        const struct demo_action *action = &account->actions[i];
        struct text adjustment = action->adjustment.at ? action->adjustment : TEXT("none");
        printf("%-7.*s %-6.*s %8.*s -> %-8.*s %8.*s -> %-8.*s %-10.*s %.*s\n",
               TEXT_ARGS(action->id), TEXT_ARGS(action->oid), TEXT_ARGS(action->amount_first),
               TEXT_ARGS(action->amount), TEXT_ARGS(action->payout_first),
               TEXT_ARGS(action->payout), TEXT_ARGS(action->state), TEXT_ARGS(adjustment));
    }
}

static void print_sums(const struct demo_account *account, const struct demo_paint *paint)
{
    struct demo_sums sums = demo_count(account);
    int verdicts = sums.sent - sums.dead;
    printf("\n%s%d inputs = %d verdicts + %d dead letter%s%s: ", paint->bold, sums.sent, verdicts,
           sums.dead, sums.dead == 1 ? "" : "s", paint->off);
    printf("%d applied, %d duplicate, %d rejected.\n", sums.applied, sums.duplicate,
           sums.rejected);
    printf("The workers sent each other %lld more, as an order id passes on to its action:\n"
           "%lld records were read, %lld were answered.\n",
           (long long)sums.records - sums.sent, (long long)sums.records,
           (long long)sums.verdicts + sums.dead);
    if (!demo_even(&sums)) {
        printf("%sThis does not come out even: please report it.%s\n", paint->bad, paint->off);
    }
}

void demo_print_end(struct demo_account *account, const struct demo_paint *paint)
{
    print_actions(account, paint);
    print_sums(account, paint);
    fflush(stdout);
}
