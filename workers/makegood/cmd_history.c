/* `history ENTITY`: every outcome about it, in order: what, when, why, by which input and rule. */
#include <stdio.h>

#include "base/hash.h"
#include "io/signals.h"
#include "wire/json.h"
#include "workers/makegood/command.h"
#include "workers/makegood/explain_inside.h"
#include "workers/makegood/output.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/tail_inside.h"
#include "workers/makegood/terminal.h"

struct history {
    struct text entity;
    struct output output;
    struct arena arena; /* of one record */
    int64_t shown;
};

static struct text member(struct arena *arena, const struct json *json, const char *object,
                          const char *name)
{
    uint32_t at = object ? json_member(json, 0, object) : 0;
    bool is_object = at == 0 || (at != JSON_NONE && json->tokens[at].type == JSON_KIND_OBJECT);
    uint32_t token = is_object ? json_member(json, at, name) : JSON_NONE;
    if (token == JSON_NONE) {
        return (struct text){ NULL, 0 };
    }
    return json->tokens[token].type == JSON_KIND_STRING ? json_text(json, arena, token)
                                                        : json_raw(json, token);
}

/* " key=value" of what is there. */
static void print_known(const char *name, struct text value)
{
    if (value.at) {
        printf("  %s=", name);
        terminal_put(stdout, value, 0);
    }
}

static void print_row(struct history *history, const struct explained *seen)
{
    struct arena *arena = &history->arena;
    struct json json;
    struct json_fault fault;
    struct text type = seen->type.at ? event_short_type(seen->type) : seen->type;
    if (!json_parse(arena, seen->data, &json, &fault)) {
        return;
    }
    struct text time = member(arena, &json, NULL, "effectiveTime");
    struct text version = member(arena, &json, NULL, "version");
    printf("%.*s  v%-4.*s ", TEXT_ARGS(time), TEXT_ARGS(version));
    int used = terminal_put(stdout, type, 0);
    printf("%*s", used < 24 ? 24 - used : 1, "");
    print_known("reason", member(arena, &json, "reason", "code"));
    print_known("disposition", member(arena, &json, NULL, "disposition"));
    print_known("rule", member(arena, &json, "terms", "rule"));
    print_known("contract", member(arena, &json, "terms", "contractId"));
    print_known("deltaPayout", member(arena, &json, NULL, "deltaPayout"));
    print_known("by", member(arena, &json, "command", "id"));
    print_known("input", seen->input);
    print_known("id", seen->id);
    putchar('\n');
}

static void print_json(struct history *history, const struct explained *seen)
{
    struct json_writer *writer = output_row(&history->output);
    json_put_text(writer, "id", seen->id);
    json_put_text(writer, "type", seen->type);
    if (seen->verdict.at) {
        json_put_text(writer, "verdict", seen->verdict);
    }
    if (seen->input.at) {
        json_put_text(writer, "input", seen->input);
    }
    json_put_text(writer, "topic", seen->topic);
    json_put_int(writer, "partition", seen->partition);
    json_put_int(writer, "offset", seen->offset);
    json_put_raw(writer, "data", seen->data);
    output_row_end(&history->output);
}

static bool take(void *context, const struct kafka_read_record *record)
{
    struct history *history = context;
    struct text type = record ? tail_header(record, "ce_type") : (struct text){ NULL, 0 };
    if (record && record->key.at && record->value.at && type.at &&
        text_equal(record->key, history->entity) &&
        !text_starts(type, TEXT("makegood.internal."))) {
        struct explained seen;
        arena_reset(&history->arena);
        explained_of(&history->arena, record, &seen);
        if (history->output.json) {
            print_json(history, &seen);
        } else {
            print_row(history, &seen);
        }
        history->shown++;
    }
    return !signals_stop_wanted() && !ferror(stdout);
}

static int read_history(const struct call *call, struct history *history)
{
    struct topic topics[TOPICS_MAX];
    const char *names[KAFKA_READ_TOPICS_MAX + 1];
    struct err_note note = { "" };
    enum err err;
    struct kafka_admin *admin = servers_kafka(call->config, &err);
    if (!admin) {
        return err;
    }
    outcome_topics(call->config, topics, names);
    struct kafka_read read = { .partition = -1, .from = KAFKA_FROM_START, .topics = names };
    output_open(&history->output, call);
    err = kafka_admin_read(admin, &read, take, history, SERVERS_WAIT_MS, &note);
    output_close(&history->output);
    kafka_admin_free(admin);
    if (err != OK) {
        return servers_failed(call->config, err, &note);
    }
    if (signals_stop_wanted()) {
        return 128 + signals_stop_wanted();
    }
    return history->shown ? OK
                          : fail_with(ERR_ANSWER_NO, "nothing was ever said about %.*s, or it is no "
                                                     "longer kept",
                                      TEXT_ARGS(history->entity));
}

int run_history(const struct call *call)
{
    struct history history = { .entity = text_of(call->arguments[0]) };
    arena_init(&history.arena, 0);
    if (!worker_of_key(history.entity, &history.arena)) {
        arena_release(&history.arena);
        return fail_with(ERR_USAGE, "%s is no entity; expected a type and an id, like action:A1",
                         call->arguments[0]);
    }
    signals_install();
    int code = read_history(call, &history);
    arena_release(&history.arena);
    return code;
}
