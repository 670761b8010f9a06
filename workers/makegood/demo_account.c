/* What came of each input, read from the topics that the workers wrote to. */
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/time.h"
#include "workers/makegood/demo_inside.h"

enum { READ_MS = 10000 };

struct text demo_member(const struct demo_outcome *outcome, struct arena *arena, const char *name)
{
    uint32_t token = outcome->json.count ? json_member(&outcome->json, 0, name) : JSON_NONE;
    bool string = token != JSON_NONE && outcome->json.tokens[token].type == JSON_KIND_STRING;
    return string ? json_text(&outcome->json, arena, token) : (struct text){ NULL, 0 };
}

static bool is_answer(const struct demo_outcome *outcome)
{
    return outcome->verdict.at != NULL || outcome->dlq_reason.at != NULL;
}

static bool is_final(const struct demo_outcome *outcome)
{
    return is_answer(outcome) && !text_is(outcome->verdict, "forwarded") &&
           !text_is(outcome->verdict, "deferred");
}

struct text demo_verdict(const struct demo_outcome *outcome)
{
    return outcome->dlq_reason.at ? TEXT("dead letter") : outcome->verdict;
}

/* --- whose answer it is --- */

static int input_at(const struct demo_account *account, struct text topic, int64_t offset)
{
    for (int i = 0; demo_day[i].time; i++) {
        if (demo_day[i].topic && text_is(topic, demo_day[i].topic) &&
            account->world->offsets[i] == offset) {
            return i;
        }
    }
    return -1;
}

/* What was passed on keeps the id of its cause; the first of this id caused it. */
static int input_named(struct text cause)
{
    for (int i = 0; cause.at && demo_day[i].time; i++) {
        if (demo_day[i].id && text_is(cause, demo_day[i].id)) {
            return i;
        }
    }
    return -1;
}

static int64_t number_of(struct text text)
{
    char digits[24] = "-1";
    if (text.at) {
        snprintf(digits, sizeof(digits), "%.*s", TEXT_ARGS(text));
    }
    return strtoll(digits, NULL, 10);
}

/* makegood-input is "topic/partition/offset". */
static int input_of(const struct demo_account *account, struct text place, struct text cause)
{
    const char *topic_end = place.at ? memchr(place.at, '/', place.size) : NULL;
    int input = -1;
    if (topic_end) {
        struct text topic = { place.at, (uint32_t)(topic_end - place.at) };
        const char *offset = topic_end;
        for (const char *at = topic_end; at < place.at + place.size; at++) {
            offset = *at == '/' ? at + 1 : offset;
        }
        struct text digits = { offset, (uint32_t)(place.at + place.size - offset) };
        input = input_at(account, topic, number_of(digits));
    }
    return input >= 0 ? input : input_named(cause);
}

/* --- the actions --- */

static int action_of(struct demo_account *account, struct text id)
{
    int i = 0;
    while (i < account->action_count && !text_equal(account->actions[i].id, id)) {
        i++;
    }
    if (i == account->action_count) {
        ENSURE(i < DEMO_ACTIONS_MAX);
        account->action_count++;
        account->actions[i] = (struct demo_action){ .id = id, .locking_ms = TIME_ABSENT };
    }
    return i;
}

static void note_adjustment(struct demo_action *action, struct arena *arena,
                            const struct demo_outcome *outcome)
{
    struct text direction = demo_member(outcome, arena, "direction");
    bool collect = text_is(direction, "COLLECT_FROM_PARTNER");
    struct text amount = demo_member(outcome, arena, "amount");
    action->adjustment =
        arena_printf(arena, "%s %.*s", collect ? "collect" : "pay", TEXT_ARGS(amount));
}

static void note_record(struct demo_action *action, struct arena *arena,
                        const struct demo_outcome *outcome)
{
    struct text amount = demo_member(outcome, arena, "amount");
    struct text locking = demo_member(outcome, arena, "lockingDate");
    action->payout = demo_member(outcome, arena, "payout");
    action->amount = amount;
    action->oid = demo_member(outcome, arena, "oid");
    action->currency = demo_member(outcome, arena, "payoutCurrency");
    action->state = demo_member(outcome, arena, "state");
    if (!action->payout_first.at) {
        action->payout_first = action->payout;
        action->amount_first = amount;
    }
    if (!locking.at || !time_parse(locking, &action->locking_ms)) {
        action->locking_ms = TIME_ABSENT;
    }
}

/* The action of an earlier outcome with the same cause: a repeated message concerns it too. */
static int action_of_cause(const struct demo_account *account, const struct demo_outcome *outcome)
{
    for (int i = 0; outcome->cause.at && i < account->count; i++) {
        const struct demo_outcome *earlier = &account->outcomes[i];
        if (earlier->action >= 0 && text_equal(earlier->cause, outcome->cause)) {
            return earlier->action;
        }
    }
    return -1;
}

static void follow_action(struct demo_account *account, struct demo_outcome *outcome)
{
    struct arena *arena = &account->arena;
    struct text prefix = TEXT("action:"), key = outcome->key;
    outcome->action = -1;
    if (text_starts(key, prefix)) {
        struct text id = { key.at + prefix.size, key.size - prefix.size };
        outcome->action = action_of(account, id);
    } else if (text_is(outcome->verdict, "duplicate")) {
        outcome->action = action_of_cause(account, outcome);
    }
    if (outcome->action < 0) {
        return;
    }
    struct demo_action *action = &account->actions[outcome->action];
    outcome->payout_before = action->payout;
    if (demo_member(outcome, arena, "payout").at) {
        note_record(action, arena, outcome);
    } else if (text_is(outcome->type, "adjustment.required")) {
        note_adjustment(action, arena, outcome);
    }
    outcome->payout_after = action->payout;
}

/* --- reading --- */

struct reading {
    struct demo_account *account;
    const char *topic;
};

static struct text kept(struct demo_account *account, const struct kafka_read_record *record,
                        const char *name)
{
    struct text value = header_value(record->headers, record->header_count, name);
    return value.at ? arena_copy(&account->arena, value) : value;
}

/* The demo's broker shows what was aborted too, written again later: the id tells. */
static bool is_known(const struct demo_account *account, const char *topic, int64_t offset,
                     struct text id)
{
    for (int i = 0; i < account->count; i++) {
        const struct demo_outcome *outcome = &account->outcomes[i];
        if ((strcmp(outcome->topic, topic) == 0 && outcome->offset == offset) ||
            (id.at && text_equal(outcome->id, id))) {
            return true;
        }
    }
    return false;
}

static bool take_outcome(void *context, const struct kafka_read_record *record)
{
    struct reading *reading = context;
    struct demo_account *account = reading->account;
    struct arena *arena = &account->arena;
    if (!record || is_known(account, reading->topic, record->offset,
                            header_value(record->headers, record->header_count, "ce_id"))) {
        return true;
    }
    ENSURE(account->count < DEMO_OUTCOMES_MAX);
    struct demo_outcome *outcome = &account->outcomes[account->count];
    struct json_fault fault;
    *outcome = (struct demo_outcome){ .topic = reading->topic,
                                      .offset = record->offset,
                                      .time_ms = record->timestamp_ms,
                                      .id = kept(account, record, "ce_id"),
                                      .key = arena_copy(arena, record->key),
                                      .verdict = kept(account, record, "makegood-verdict"),
                                      .cause = kept(account, record, "ce_causationid"),
                                      .dlq_reason = kept(account, record, "dlq-reason"),
                                      .dlq_detail = kept(account, record, "dlq-detail"),
                                      .action = -1 };
    struct text place = kept(account, record, "makegood-input");
    if (outcome->dlq_reason.at) {
        outcome->input = input_at(account, kept(account, record, "dlq-topic"),
                                  number_of(kept(account, record, "dlq-offset")));
    } else {
        struct text time = kept(account, record, "ce_time");
        outcome->type = event_short_type(kept(account, record, "ce_type"));
        outcome->input = input_of(account, place, outcome->cause);
        ENSURE(json_parse(arena, arena_copy(arena, record->value), &outcome->json, &fault));
        ENSURE(time_parse(time, &outcome->time_ms));
        follow_action(account, outcome);
    }
    account->count++;
    return true;
}

static bool take_input(void *context, const struct kafka_read_record *record)
{
    struct reading *reading = context;
    reading->account->records += record != NULL;
    return true;
}

static enum err read_topic(struct demo_account *account, const struct topic *topic,
                           kafka_read_each *take, struct err_note *note)
{
    struct reading reading = { account, topic->name };
    struct kafka_read read = { .topic = topic->name, .partition = 0, .from = KAFKA_FROM_START };
    return kafka_admin_read(account->world->admin, &read, take, &reading, READ_MS, note);
}

enum err demo_account_read(struct demo_account *account, const char *worker, struct err_note *note)
{
    enum err err = OK;
    for (size_t i = 0; err == OK && i < account->topic_count; i++) {
        const struct topic *topic = &account->topics[i];
        bool written = topic->role == TOPIC_OUTCOME || topic->role == TOPIC_DEAD_LETTER;
        if (written && topic->worker && strcmp(topic->worker, worker) == 0) {
            err = read_topic(account, topic, take_outcome, note);
        }
    }
    return err;
}

enum err demo_account_count(struct demo_account *account, struct err_note *note)
{
    enum err err = OK;
    account->records = 0;
    for (size_t i = 0; err == OK && i < account->topic_count; i++) {
        if (account->topics[i].role == TOPIC_INPUT) {
            err = read_topic(account, &account->topics[i], take_input, note);
        }
    }
    return err;
}

void demo_account_init(struct demo_account *account, const struct demo_world *world)
{
    *account = (struct demo_account){ .world = world };
    account->topic_count = topics_of(NULL, account->topics);
}

void demo_account_release(struct demo_account *account)
{
    arena_release(&account->arena);
}

/* --- asking --- */

const struct demo_outcome *demo_answer(const struct demo_account *account, int input)
{
    const struct demo_outcome *answer = NULL;
    for (int i = 0; i < account->count; i++) {
        const struct demo_outcome *outcome = &account->outcomes[i];
        if (outcome->input == input && is_answer(outcome) && (!answer || !is_final(answer))) {
            answer = outcome;
        }
    }
    return answer;
}

bool demo_account_settled(const struct demo_account *account, const char *worker)
{
    for (int i = 0; demo_day[i].time; i++) {
        bool sent = account->world->offsets[i] >= 0 && strcmp(demo_day[i].topic, worker) == 0;
        const struct demo_outcome *answer = sent ? demo_answer(account, i) : NULL;
        if (sent && (!answer || !is_final(answer))) {
            return false;
        }
    }
    for (int i = 0; i < account->action_count; i++) {
        const struct demo_action *action = &account->actions[i];
        if (text_is(action->state, "PENDING") && action->locking_ms != TIME_ABSENT &&
            action->locking_ms <= account->world->clock_ms - 1000) {
            return false;
        }
    }
    return true;
}

bool demo_payouts(const struct demo_account *account, int input, struct text *before,
                  struct text *after)
{
    bool found = false;
    for (int i = 0; i < account->count; i++) {
        const struct demo_outcome *outcome = &account->outcomes[i];
        if (outcome->input == input && outcome->action >= 0) {
            *before = found ? *before : outcome->payout_before;
            *after = outcome->payout_after;
            found = true;
        }
    }
    return found;
}

struct demo_sums demo_count(const struct demo_account *account)
{
    struct demo_sums sums = { .records = account->records };
    for (int i = 0; demo_day[i].time; i++) {
        const struct demo_outcome *answer = demo_answer(account, i);
        sums.sent += account->world->offsets[i] >= 0;
        if (answer) {
            sums.applied += text_is(answer->verdict, "applied");
            sums.unchanged += text_is(answer->verdict, "unchanged");
            sums.rejected += text_is(answer->verdict, "rejected");
            sums.duplicate += text_is(answer->verdict, "duplicate");
            sums.dead += answer->dlq_reason.at != NULL;
        }
    }
    for (int i = 0; i < account->count; i++) {
        const struct demo_outcome *outcome = &account->outcomes[i];
        sums.verdicts += outcome->verdict.at != NULL && !text_is(outcome->verdict, "deferred");
        sums.forwarded += text_is(outcome->verdict, "forwarded");
        sums.timers += outcome->input < 0;
    }
    return sums;
}

bool demo_even(const struct demo_sums *sums)
{
    int answered = sums->applied + sums->unchanged + sums->rejected + sums->duplicate + sums->dead;
    return sums->sent == answered && sums->records == sums->verdicts + sums->dead;
}
