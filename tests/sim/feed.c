/* The producers: a schedule made once from the seed, sent step by step. */
#include "tests/sim/feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/sim/model.h"
#include "tests/sim/watch.h"

enum { SENDINGS_MAX = 400 };

/* One record to be sent. */
struct sending {
    const struct command *command;
    int32_t step;
    bool misroute;
};

struct feed {
    struct sending at[SENDINGS_MAX];
    int32_t count, sent, serial, step;
    int32_t actions, orders; /* so many of them are spoken of */
    struct dice dice;
};

#define PRINTF(...) arena_printf(&sim->arena, __VA_ARGS__)

/* --- what is said --- */

static struct command *command_new(struct sim *sim, enum kind kind, int32_t worker, const char *type)
{
    struct feed *feed = sim->feed;
    struct command *command = arena_alloc(&sim->arena, sizeof(*command));
    command->kind = kind;
    command->serial = ++feed->serial;
    command->worker = worker;
    command->type = text_of(type);
    command->source = TEXT("/shop");
    command->id = PRINTF("m-%d", feed->serial);
    command->action = command->order = command->partner = NONE;
    command->reason = true;
    return command;
}

static struct text money_text(struct sim *sim, int64_t cents)
{
    int64_t whole = cents < 0 ? -cents : cents;
    return PRINTF("%s%lld.%02lld", cents < 0 ? "-" : "", (long long)(whole / 100),
                  (long long)(whole % 100));
}

/* Comma-terminated members of the address. */
static struct text address_text(struct sim *sim, const struct command *command)
{
    struct text action = command->action != NONE ? PRINTF("\"actionId\":\"A%d\",", command->action)
                                               : TEXT("");
    struct text order = command->order != NONE
                            ? PRINTF("\"oid\":\"X%d\",\"actionTrackerId\":%d,", command->order, TRACKER)
                            : TEXT("");
    return PRINTF("%.*s%.*s", TEXT_ARGS(action), TEXT_ARGS(order));
}

static struct text amount_text(struct sim *sim, const struct command *command)
{
    struct text money = money_text(sim, command->amount);
    switch (command->amount_kind) {
    case AMOUNT_TOTAL:
        return PRINTF("\"amount\":\"%.*s\",", TEXT_ARGS(money));
    case AMOUNT_DELTA:
        return PRINTF("\"itemSubTotalDelta\":\"%.*s\",", TEXT_ARGS(money));
    case AMOUNT_BAD:
        return TEXT("\"amount\":\"1.234\",");
    case AMOUNT_NONE:
        break;
    }
    return TEXT("");
}

static void amounts_choose(struct sim *sim, struct command *command)
{
    struct dice *dice = &sim->feed->dice;
    uint32_t which = dice_below(dice, 16);
    command->amount_kind = which < 9    ? AMOUNT_TOTAL
                         : which < 14 ? AMOUNT_DELTA
                         : which < 15 ? AMOUNT_NONE
                                      : AMOUNT_BAD;
    command->amount = dice_one_in(dice, 6) ? 0 : dice_range(dice, 1, 20000);
    if (command->amount_kind == AMOUNT_DELTA && dice_one_in(dice, 2)) {
        command->amount = -command->amount;
    }
}

static struct command *track(struct sim *sim)
{
    struct dice *dice = &sim->feed->dice;
    struct command *command = command_new(sim, KIND_TRACK, ACTION, "action.track");
    command->action = (int32_t)dice_below(dice, (uint32_t)sim->feed->actions);
    command->order = (int32_t)dice_below(dice, (uint32_t)sim->feed->orders);
    command->partner = command->action % PARTNERS;
    command->amount_kind = dice_one_in(dice, 12) ? AMOUNT_BAD : AMOUNT_TOTAL;
    command->amount = dice_range(dice, 0, 50000);
    struct text address = address_text(sim, command), amount = amount_text(sim, command);
    command->data = PRINTF("{%.*s%.*s\"partnerId\":\"P%d\",\"currency\":\"USD\"}", TEXT_ARGS(address),
                         TEXT_ARGS(amount), command->partner);
    return command;
}

static void address_choose(struct sim *sim, struct command *command)
{
    struct dice *dice = &sim->feed->dice;
    uint32_t which = dice_below(dice, 16);
    if (which < 9) {
        command->action = (int32_t)dice_below(dice, (uint32_t)sim->feed->actions);
    } else if (which < 15) {
        command->order = (int32_t)dice_below(dice, (uint32_t)sim->feed->orders);
    }
}

static struct command *modify(struct sim *sim)
{
    struct dice *dice = &sim->feed->dice;
    struct command *command = command_new(sim, KIND_MODIFY, ACTION, "action.modify");
    address_choose(sim, command);
    amounts_choose(sim, command);
    command->reason = !dice_one_in(dice, 12);
    command->other_currency = dice_one_in(dice, 16);
    struct text address = address_text(sim, command), amount = amount_text(sim, command);
    command->data = PRINTF("{%.*s%.*s%s\"reason\":\"%s\"}", TEXT_ARGS(address), TEXT_ARGS(amount),
                         command->other_currency ? "\"currency\":\"EUR\"," : "",
                         command->reason ? "ORDER_UPDATE" : "NO_SUCH_REASON");
    return command;
}

static struct command *reverse(struct sim *sim)
{
    struct dice *dice = &sim->feed->dice;
    struct command *command = command_new(sim, KIND_REVERSE, ACTION, "action.reverse");
    address_choose(sim, command);
    command->reason = !dice_one_in(dice, 12);
    struct text address = address_text(sim, command);
    command->data = PRINTF("{%.*s\"dispositionCode\":\"%s\"}", TEXT_ARGS(address),
                         command->reason ? "CONS_FRAUD" : "NO_SUCH_CODE");
    return command;
}

static struct command *approve(struct sim *sim)
{
    struct command *command = command_new(sim, KIND_APPROVE, ACTION, "action.approve");
    address_choose(sim, command);
    struct text address = address_text(sim, command);
    command->data = PRINTF("{%.*s\"batchless\":true}", TEXT_ARGS(address));
    return command;
}

static struct command *contract(struct sim *sim, int32_t partner)
{
    struct command *command = command_new(sim, KIND_CONTRACT, CONTRACT, "contract.put");
    command->partner = partner;
    command->rate = dice_range(&sim->feed->dice, 1, 4) * 5;
    command->data = PRINTF(
        "{\"contractId\":\"C%d\",\"partnerId\":\"P%d\",\"campaignId\":%d,\"status\":\"ACTIVE\","
        "\"startDate\":\"2020-01-01T00:00:00Z\",\"currency\":\"USD\",\"terms\":[{\"kind\":\"CAMPAIGN\","
        "\"eventPayouts\":[{\"actionTrackerId\":%d,\"defaultPayoutRate\":\"%lld\","
        "\"locking\":{\"period\":\"DAY\"}}]}]}",
        partner, partner, CAMPAIGN, TRACKER, (long long)command->rate);
    return command;
}

static struct command *event_type(struct sim *sim)
{
    struct command *command = command_new(sim, KIND_EVENT_TYPE, CONTRACT, "event_type.put");
    command->data = PRINTF("{\"actionTrackerId\":%d,\"campaignId\":%d}", TRACKER, CAMPAIGN);
    return command;
}

static struct command *partner(struct sim *sim, int32_t number)
{
    struct command *command = command_new(sim, KIND_PARTNER, CONTRACT, "partner.put");
    command->partner = number;
    command->data = PRINTF("{\"partnerId\":\"P%d\",\"state\":\"ACTIVE\"}", number);
    return command;
}

static struct command *poison(struct sim *sim)
{
    struct command *command = command_new(sim, KIND_POISON, ACTION, "action.modify");
    command->data = TEXT("{\"actionId\":\"A0\",\"reason\":\"OTHER\",\"amount\":\"1\"}");
    switch (dice_below(&sim->feed->dice, 7)) {
    case 0:
        command->value = TEXT("{\"specversion\":\"1.0\",");
        command->dead = "malformed";
        break;
    case 1:
        command->value = (struct text){ NULL, 0 };
        command->dead = "malformed";
        break;
    case 2:
        command->id = TEXT("");
        command->dead = "missing-id";
        break;
    case 3:
        command->type = TEXT("action.enlarge");
        command->dead = "unknown-type";
        break;
    case 4:
        command->type = TEXT("contract.put");
        command->dead = "misdirected";
        break;
    case 5:
        command->data = TEXT("{\"actionId\":\"A0\",\"reason\":\"OTHER\",\"actionTrackerId\":\"x\"}");
        command->dead = "schema";
        break;
    default:
        command->type = TEXT("internal.oid.forget");
        command->dead = "unknown-type";
        break;
    }
    return command;
}

/* The same id, another payload: an id-conflict wherever the first one was given. */
static struct command *conflict(struct sim *sim, const struct command *command)
{
    struct command *other = arena_alloc(&sim->arena, sizeof(*other));
    *other = *command;
    other->serial = ++sim->feed->serial;
    other->data = PRINTF("{\"unknown%d\":true,%.*s", other->serial, (int)command->data.size - 1,
                         command->data.at + 1);
    return other;
}

/* --- the schedule --- */

static void schedule(struct sim *sim, const struct command *command)
{
    struct feed *feed = sim->feed;
    if (feed->count == SENDINGS_MAX) {
        return;
    }
    bool misroute = command->dead == NULL && fault_strikes(sim, FAULT_MISROUTE);
    feed->at[feed->count++] = (struct sending){ command, feed->step, misroute };
}

static const struct command *choose(struct sim *sim)
{
    struct dice *dice = &sim->feed->dice;
    uint32_t which = dice_below(dice, 32);
    if (fault_strikes(sim, FAULT_POISON)) {
        return poison(sim);
    }
    return which < 11   ? track(sim)
           : which < 21 ? modify(sim)
           : which < 24 ? reverse(sim)
           : which < 26 ? approve(sim)
           : which < 30 ? contract(sim, (int32_t)dice_below(dice, PARTNERS))
           : which < 31 ? event_type(sim)
                        : partner(sim, (int32_t)dice_below(dice, PARTNERS));
}

static void repeat(struct sim *sim)
{
    struct feed *feed = sim->feed;
    const struct command *earlier =
        feed->at[dice_below(&feed->dice, (uint32_t)feed->count)].command;
    if (earlier->dead != NULL) {
        return;
    }
    if (fault_strikes(sim, FAULT_DUPLICATE)) {
        schedule(sim, earlier);
    } else if (fault_strikes(sim, FAULT_CONFLICT)) {
        schedule(sim, conflict(sim, earlier));
    }
}

static void reorder(struct sim *sim)
{
    struct feed *feed = sim->feed;
    for (int32_t i = 1; i < feed->count; i++) {
        if (fault_strikes(sim, FAULT_REORDER)) {
            int32_t other = (int32_t)dice_below(&sim->dice[FAULT_REORDER], (uint32_t)i);
            const struct command *command = feed->at[i].command;
            feed->at[i].command = feed->at[other].command;
            feed->at[other].command = command;
        }
    }
}

/* An auditor that takes every decision at the time of its record must find there what is referred to. */
static void contracts_to_the_front(struct sim *sim)
{
    struct feed *feed = sim->feed;
    struct sending *sorted = arena_alloc(&sim->arena, (size_t)feed->count * sizeof(*sorted));
    int32_t count = 0;
    for (int32_t worker = CONTRACT; worker <= ACTION; worker++) {
        for (int32_t i = 0; i < feed->count; i++) {
            if (feed->at[i].command->worker == worker) {
                sorted[count] = feed->at[i];
                sorted[count++].step = worker == CONTRACT ? 0 : feed->at[i].step;
            }
        }
    }
    memcpy(feed->at, sorted, (size_t)count * sizeof(*sorted));
}

void feed_plan(struct sim *sim)
{
    struct feed *feed = sim->feed = arena_alloc(&sim->arena, sizeof(*feed));
    feed->dice = dice_new(sim->plan.seed, 1001);
    bool busy = dice_one_in(&feed->dice, 40); /* one entity is given more than a segment remembers */
    feed->actions = busy ? 1 : ACTIONS;
    feed->orders = busy ? 1 : ORDERS;
    int32_t events = busy ? (int32_t)dice_range(&feed->dice, 60, 150)
                          : (int32_t)dice_range(&feed->dice, 4, dice_one_in(&feed->dice, 4) ? 44 : 20);
    events = sim->plan.events_max > 0 && sim->plan.events_max < events ? sim->plan.events_max : events;
    schedule(sim, event_type(sim));
    for (int32_t p = 0; p < PARTNERS; p++) {
        schedule(sim, contract(sim, p));
    }
    bool burst = busy || dice_one_in(&feed->dice, 3);
    for (int32_t i = 0; i < events; i++) {
        feed->step += (int32_t)dice_below(&feed->dice, burst ? 3 : 8);
        schedule(sim, choose(sim));
        repeat(sim);
    }
    reorder(sim);
    for (int32_t i = 0; i < feed->count; i++) {
        feed->at[i].step = i < 3 ? 0 : feed->at[i].step;
    }
    if (sim->plan.contracts_first) {
        contracts_to_the_front(sim);
    }
}

/* --- sending --- */

static struct text structured(struct sim *sim, const struct command *command)
{
    if (command->value.at != NULL || command->type.size == 0) {
        return command->value;
    }
    return PRINTF("{\"specversion\":\"1.0\",\"id\":\"%.*s\",\"source\":\"%.*s\","
                  "\"type\":\"makegood.%.*s.v1\",\"data\":%.*s}",
                  TEXT_ARGS(command->id), TEXT_ARGS(command->source), TEXT_ARGS(command->type),
                  TEXT_ARGS(command->data));
}

static int32_t partition_for(struct sim *sim, const struct sending *sending)
{
    const struct command *command = sending->command;
    int32_t count = sim->partitions[command->worker];
    struct text entity = model_address(command, &sim->arena);
    int32_t right = entity.at != NULL ? partition_of(entity, count)
                                      : (int32_t)(command->serial % count);
    return sending->misroute ? (right + 1) % count : right;
}

static bool is_tombstone(const struct command *command)
{
    return command->kind == KIND_POISON && strcmp(command->dead, "malformed") == 0 &&
           command->value.at == NULL;
}

/* Every fourth one comes in binary mode: attributes in headers, data as the value. */
static struct text envelope(struct sim *sim, const struct command *command, struct header headers[4],
                            size_t *count)
{
    bool binary = command->serial % 4 == 0 && command->kind != KIND_POISON;
    *count = 0;
    if (is_tombstone(command)) {
        return (struct text){ NULL, 0 };
    }
    if (!binary) {
        return structured(sim, command);
    }
    headers[(*count)++] = (struct header){ TEXT("ce_specversion"), TEXT("1.0") };
    headers[(*count)++] = (struct header){ TEXT("ce_id"), command->id };
    headers[(*count)++] = (struct header){ TEXT("ce_source"), command->source };
    headers[(*count)++] =
        (struct header){ TEXT("ce_type"), PRINTF("makegood.%.*s.v1", TEXT_ARGS(command->type)) };
    return command->data;
}

static void send(struct sim *sim, const struct sending *sending)
{
    const struct command *command = sending->command;
    struct header headers[4];
    size_t count;
    struct text value = envelope(sim, command, headers, &count);
    struct text key = PRINTF("k%d", command->serial);
    int32_t partition = partition_for(sim, sending);
    int64_t offset = broker_append(sim->broker, sim->input[command->worker], partition, key, value,
                                   headers, count);
    ENSURE(offset >= 0);
    sim->tally.inputs++;
    sim_mix(sim, (uint64_t)command->serial << 32 | (uint64_t)offset);
    sim_note(sim, "sent to %d/%d offset %lld: #%d %.*s %.*s%s", command->worker, partition,
             (long long)offset, command->serial, TEXT_ARGS(command->type), TEXT_ARGS(command->data),
             sending->misroute ? " (misrouted)" : "");
    watch_sent(sim, command, partition, offset, value);
}

void feed_send(struct sim *sim, bool all)
{
    struct feed *feed = sim->feed;
    while (feed->sent < feed->count) {
        const struct sending *next = &feed->at[feed->sent];
        bool sale = next->command->worker == ACTION;
        if (sale && sim->sales_held) {
            return;
        }
        if (!all && (next->step > sim->step || (sim->patient && sale && !model_contracts_known(sim)))) {
            return;
        }
        feed->sent++;
        send(sim, next);
    }
}

bool feed_over(const struct sim *sim)
{
    return sim->feed->sent == sim->feed->count;
}
