/* The account for machines: a row per input and per announcement of a timer, then the sums. */
#include <string.h>

#include "base/time.h"
#include "workers/makegood/demo_inside.h"

static void put_some(struct json_writer *writer, const char *name, struct text value)
{
    if (value.at) {
        json_put_text(writer, name, value);
    }
}

static void put_outcome(struct json_writer *writer, struct demo_account *account, const char *name,
                        const struct demo_outcome *outcome)
{
    char time[TIME_TEXT_SIZE];
    time_format(outcome->time_ms, time);
    json_open_object(writer, name);
    json_put_text(writer, "topic", text_of(outcome->topic));
    put_some(writer, "key", outcome->key);
    json_put_text(writer, "time", text_of(time));
    put_some(writer, "type", outcome->type);
    put_some(writer, "verdict", outcome->verdict);
    put_some(writer, "dlqReason", outcome->dlq_reason);
    put_some(writer, "payoutBefore", outcome->payout_before);
    put_some(writer, "payoutAfter", outcome->payout_after);
    json_put_text(writer, "why", demo_why(account, outcome));
    if (outcome->json.count) {
        json_put_raw(writer, "data", outcome->json.bytes);
    }
    json_close_object(writer);
}

static void put_input(struct json_writer *writer, struct demo_account *account, int input,
                      int number)
{
    const struct demo_input *sent = &demo_day[input];
    const struct demo_outcome *answer = demo_answer(account, input);
    struct text before = { NULL, 0 }, after = { NULL, 0 };
    struct text record = demo_record(sent, &account->arena);
    json_open_object(writer, NULL);
    json_put_text(writer, "kind", TEXT("input"));
    json_put_int(writer, "number", number);
    json_put_text(writer, "time", text_of(sent->time));
    json_put_text(writer, "what", text_of(sent->what));
    json_put_text(writer, "topic", text_of(sent->topic));
    json_put_text(writer, "record", record);
    put_some(writer, "verdict", answer ? demo_verdict(answer) : (struct text){ NULL, 0 });
    if (demo_payouts(account, input, &before, &after)) {
        put_some(writer, "payoutBefore", before);
        put_some(writer, "payoutAfter", after);
    }
    json_open_array(writer, "outcomes");
    for (int i = 0; i < account->count; i++) {
        if (account->outcomes[i].input == input) {
            put_outcome(writer, account, NULL, &account->outcomes[i]);
        }
    }
    json_close_array(writer);
    json_close_object(writer);
}

static void put_actions(struct json_writer *writer, const struct demo_account *account)
{
    json_open_array(writer, "actions");
    for (int i = 0; i < account->action_count; i++) {
        const struct demo_action *action = &account->actions[i];
        json_open_object(writer, NULL);
        json_put_text(writer, "actionId", action->id);
        put_some(writer, "oid", action->oid);
        put_some(writer, "state", action->state);
        put_some(writer, "amountBefore", action->amount_first);
        put_some(writer, "amountAfter", action->amount);
        put_some(writer, "payoutBefore", action->payout_first);
        put_some(writer, "payoutAfter", action->payout);
        put_some(writer, "payoutCurrency", action->currency);
        put_some(writer, "adjustment", action->adjustment);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void put_sums(struct json_writer *writer, const struct demo_account *account)
{
    struct demo_sums sums = demo_count(account);
    json_open_object(writer, NULL);
    json_put_text(writer, "kind", TEXT("sums"));
    json_put_int(writer, "inputs", sums.sent);
    json_put_int(writer, "verdicts", sums.sent - sums.dead);
    json_put_int(writer, "applied", sums.applied);
    json_put_int(writer, "unchanged", sums.unchanged);
    json_put_int(writer, "rejected", sums.rejected);
    json_put_int(writer, "duplicate", sums.duplicate);
    json_put_int(writer, "deadLetters", sums.dead);
    json_put_int(writer, "passedOn", sums.forwarded);
    json_put_int(writer, "timers", sums.timers);
    json_put_int(writer, "recordsRead", sums.records);
    json_put_int(writer, "recordsAnswered", sums.verdicts + sums.dead);
    json_put_bool(writer, "even", demo_even(&sums));
    put_actions(writer, account);
    json_close_object(writer);
}

static void end_row(struct json_writer *writer, struct arena *arena, bool lines)
{
    if (lines) {
        struct text text = json_writer_text(writer);
        printf("%.*s\n", TEXT_ARGS(text));
        json_writer_init(writer, arena, 4096);
    }
}

/* What timers announced between two moments. */
static void put_timers(struct json_writer *writer, struct demo_account *account, int64_t from_ms,
                       int64_t until_ms, bool lines)
{
    for (int i = 0; i < account->count; i++) {
        const struct demo_outcome *outcome = &account->outcomes[i];
        if (outcome->input < 0 && outcome->time_ms >= from_ms && outcome->time_ms < until_ms) {
            json_open_object(writer, NULL);
            json_put_text(writer, "kind", TEXT("timer"));
            put_outcome(writer, account, "outcome", outcome);
            json_close_object(writer);
            end_row(writer, &account->arena, lines);
        }
    }
}

void demo_print_json(struct demo_account *account, bool lines)
{
    struct arena *arena = &account->arena;
    struct json_writer writer;
    int number = 0;
    int64_t from_ms = 0;
    json_writer_init(&writer, arena, 16384);
    if (!lines) {
        json_open_array(&writer, NULL);
    }
    for (int i = 0; demo_day[i].time; i++) {
        int64_t ms = demo_time(&demo_day[i]);
        put_timers(&writer, account, from_ms, ms, lines);
        from_ms = ms;
        if (demo_day[i].topic) {
            put_input(&writer, account, i, ++number);
            end_row(&writer, arena, lines);
        }
    }
    put_timers(&writer, account, from_ms, INT64_MAX, lines);
    put_sums(&writer, account);
    end_row(&writer, arena, lines);
    if (!lines) {
        json_close_array(&writer);
        end_row(&writer, arena, true);
    }
}
