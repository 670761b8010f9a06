/* `tail TOPIC...`: decoded records of topics, committed ones only. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "io/clock.h"
#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/input.h"
#include "workers/makegood/moment.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/tail_inside.h"

struct tail {
    struct topic topics[TOPICS_MAX];
    size_t topic_count;
    struct text entity, type; /* filters, absent = all */
    long long limit, shown;
    struct output output;
    struct arena arena; /* of one record */
};

static enum topic_role role_of(const struct tail *tail, const char *name)
{
    for (size_t i = 0; i < tail->topic_count; i++) {
        if (strcmp(tail->topics[i].name, name) == 0) {
            return tail->topics[i].role;
        }
    }
    return TOPIC_OUTCOME; /* a topic of a route */
}

/* --- understanding --- */

struct text tail_header(const struct kafka_read_record *record, const char *name)
{
    for (size_t i = record->header_count; i > 0; i--) {
        if (text_is(record->headers[i - 1].name, name)) {
            return record->headers[i - 1].value;
        }
    }
    return (struct text){ NULL, 0 };
}

static struct text member(struct arena *arena, const struct json *json, const char *name)
{
    uint32_t token = json_member(json, 0, name);
    bool string = token != JSON_NONE && json->tokens[token].type == JSON_KIND_STRING;
    return string ? json_text(json, arena, token) : (struct text){ NULL, 0 };
}

static void understand_structured(struct arena *arena, const struct json *json,
                                  struct seen_record *seen)
{
    uint32_t data = json_member(json, 0, "data");
    seen->type = member(arena, json, "type");
    seen->source = member(arena, json, "source");
    seen->id = member(arena, json, "id");
    if (data != JSON_NONE) {
        seen->data = json_raw(json, data);
    }
}

static void understand(struct tail *tail, const struct kafka_read_record *record,
                       struct seen_record *seen)
{
    struct json json;
    struct json_fault fault;
    struct input input;
    struct input_fault input_fault;
    *seen = (struct seen_record){ .record = record, .role = role_of(tail, record->topic) };
    if (seen->role == TOPIC_STATE || !record->value.at) {
        return;
    }
    bool is_json = json_parse(&tail->arena, record->value, &json, &fault) &&
                   json.tokens[0].type == JSON_KIND_OBJECT;
    seen->type = tail_header(record, "ce_type");
    if (seen->type.at) {
        seen->source = tail_header(record, "ce_source");
        seen->id = tail_header(record, "ce_id");
        seen->data = is_json ? record->value : seen->data;
    } else if (is_json) {
        understand_structured(&tail->arena, &json, seen);
    }
    if (seen->role == TOPIC_INPUT && input_read(&tail->arena, record->value, record->headers,
                                                record->header_count, &input, &input_fault)) {
        seen->entity = input.entity;
    }
}

static bool is_wanted(const struct tail *tail, const struct seen_record *seen)
{
    struct text name = seen->type.at ? event_short_type(seen->type) : seen->type;
    struct text key = seen->record->key;
    bool type = !tail->type.at || text_equal(tail->type, seen->type) ||
                (name.at && text_equal(tail->type, name));
    bool entity = !tail->entity.at || (key.at && text_equal(tail->entity, key)) ||
                  (seen->entity.at && text_equal(tail->entity, seen->entity)) ||
                  (seen->role == TOPIC_STATE && key.at &&
                   text_equal(tail->entity, entity_of_key(key)));
    return type && entity;
}

static bool take(void *context, const struct kafka_read_record *record)
{
    struct tail *tail = context;
    struct seen_record seen;
    if (!record) {
        fflush(stdout); /* whoever follows by a pipe sees all there is */
    } else {
        arena_reset(&tail->arena);
        understand(tail, record, &seen);
        if (is_wanted(tail, &seen)) {
            if (tail->output.json) {
                tail_print_json(&tail->output, &seen);
            } else {
                tail_print_row(&tail->arena, &seen);
            }
            tail->shown++;
        }
    }
    return !signals_stop_wanted() && !ferror(stdout) &&
           (tail->limit == 0 || tail->shown < tail->limit);
}

/* --- what to read --- */

static bool read_time(const struct call *call, struct kafka_read *read)
{
    const char *from = call_flag(call, "from");
    bool to_end = call_flag(call, "end") != NULL;
    read->from = to_end ? KAFKA_FROM_START : KAFKA_FROM_END;
    if (!from) {
        return true;
    }
    if (strcmp(from, "start") == 0) {
        read->from = KAFKA_FROM_START;
        return true;
    }
    if (!moment_parse(from, clock_wall_ms(), &read->from_ms)) {
        fail_with(ERR_USAGE, "--from: expected start, " MOMENT_FORMS ", got %s", from);
        return false;
    }
    if (read->from_ms == 0) {
        read->from = KAFKA_FROM_START;
    }
    return true;
}

/* Each topic once. */
static void list_topics(const struct call *call, const char **names)
{
    size_t count = 0;
    for (int i = 0; i < call->argument_count; i++) {
        bool again = false;
        for (size_t k = 0; k < count; k++) {
            again |= strcmp(names[k], call->arguments[i]) == 0;
        }
        if (!again) {
            names[count++] = call->arguments[i];
        }
    }
    names[count] = NULL;
}

/* A topic that is not there may be a slip of the pen. */
static enum err say_nearest(const struct tail *tail, const char *const *wanted,
                            struct kafka_admin *admin, struct err_note *note)
{
    const char *names[TOPICS_MAX + 1];
    int32_t count, replication;
    for (size_t i = 0; i < tail->topic_count; i++) {
        names[i] = tail->topics[i].name;
    }
    names[tail->topic_count] = NULL;
    for (; *wanted; wanted++) {
        if (kafka_admin_partitions(admin, *wanted, &count, &replication, SERVERS_WAIT_MS, note) ==
            ERR_NO_INPUT) {
            const char *near = nearest(*wanted, names);
            bool same = near && strcmp(near, *wanted) == 0;
            return fail_with(ERR_NO_INPUT, "%s%s%s%s", note->text,
                             same ? "; run `makegood topics create`"
                                  : near ? "; did you mean " : "",
                             near && !same ? near : "", near && !same ? "?" : "");
        }
    }
    return fail_with(ERR_NO_INPUT, "%s", note->text);
}

static int tail_topics(const struct call *call, struct tail *tail, struct kafka_read *read)
{
    struct err_note note = { "" };
    enum err err;
    struct kafka_admin *admin = servers_kafka(call->config, &err);
    if (!admin) {
        return err;
    }
    output_open(&tail->output, call);
    err = kafka_admin_read(admin, read, take, tail, SERVERS_WAIT_MS, &note);
    output_close(&tail->output);
    if (err == ERR_NO_INPUT) {
        err = say_nearest(tail, read->topics, admin, &note);
    } else if (err != OK) {
        servers_failed(call->config, err, &note);
    }
    kafka_admin_free(admin);
    /* Ctrl-C is how following ends; of a bounded reading it takes the rest away. */
    bool bounded = !read->go_on || tail->limit > 0;
    return err == OK && bounded && signals_stop_wanted() ? 128 + signals_stop_wanted() : (int)err;
}

int run_tail(const struct call *call)
{
    const char *names[KAFKA_READ_TOPICS_MAX + 1];
    struct kafka_read read = { .partition = -1,
                               .topics = names,
                               .go_on = call_flag(call, "end") == NULL };
    struct tail tail = { .entity = text_of(call_flag(call, "entity")),
                         .type = text_of(call_flag(call, "type")) };
    if (!flag_number(call, "limit", 0, 1, INT64_MAX, &tail.limit) || !read_time(call, &read)) {
        return ERR_USAGE;
    }
    tail.topic_count = topics_of(NULL, tail.topics);
    list_topics(call, names);
    signals_install();
    arena_init(&tail.arena, 0);
    int code = tail_topics(call, &tail, &read);
    arena_release(&tail.arena);
    return code;
}
