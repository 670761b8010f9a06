/* `explain OUTCOME-ID`: which contract version and rule decided, what did not match before it, and the
 * entity before and after. Reads outcomes from Kafka and states from Redis. */
#include <stdio.h>

#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/explain_inside.h"
#include "workers/makegood/output.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/tail_inside.h"
#include "workers/makegood/tree.h"

void outcome_topics(const struct config *config, struct topic topics[TOPICS_MAX],
                    const char *names[KAFKA_READ_TOPICS_MAX + 1])
{
    size_t count = topics_of_config(config, topics), out = 0;
    for (size_t i = 0; i < count && out < KAFKA_READ_TOPICS_MAX; i++) {
        if (topics[i].role == TOPIC_OUTCOME) {
            names[out++] = topics[i].name;
        }
    }
    names[out] = NULL;
}

void explained_of(struct arena *arena, const struct kafka_read_record *record,
                  struct explained *out)
{
    *out = (struct explained){
        .id = arena_copy(arena, tail_header(record, "ce_id")),
        .type = arena_copy(arena, tail_header(record, "ce_type")),
        .verdict = tail_header(record, "makegood-verdict"),
        .input = tail_header(record, "makegood-input"),
        .topic = arena_printf(arena, "%s", record->topic), /* ends in NUL */
        .partition = record->partition,
        .offset = record->offset,
        .data = arena_copy(arena, record->value),
    };
    out->verdict = out->verdict.at ? arena_copy(arena, out->verdict) : out->verdict;
    out->input = out->input.at ? arena_copy(arena, out->input) : out->input;
}

bool shows_state(const struct kafka_read_record *record)
{
    struct text type = tail_header(record, "ce_type");
    return type.at && !text_starts(type, TEXT("makegood.command.")) &&
           !text_starts(type, TEXT("makegood.internal.")) &&
           !text_starts(type, TEXT("makegood.adjustment."));
}

void explain_print(const struct call *call, struct arena *arena, const struct explained *explained,
                   const struct explain_states *states)
{
    struct output output;
    output_open_single(&output, call);
    struct json_writer *writer = output_row(&output);
    explain_write(arena, explained, states, writer);
    if (output.json) {
        output_row_end(&output);
    } else {
        json_close_object(writer);
        tree_print(json_writer_text(writer));
    }
    output_close(&output);
}

/* The outcome that is looked for, and what its entity was before. */
struct search {
    struct text id;
    struct arena *arena;
    struct explained found;
    struct text key;
};

static bool find_outcome(void *context, const struct kafka_read_record *record)
{
    struct search *search = context;
    if (record && text_equal(tail_header(record, "ce_id"), search->id)) {
        explained_of(search->arena, record, &search->found);
        search->found.after = shows_state(record) ? search->found.data : (struct text){ NULL, 0 };
        search->key = arena_copy(search->arena, record->key);
    }
    return !signals_stop_wanted() && !search->found.data.at;
}

/* The last earlier record that shows the entity. */
static bool find_before(void *context, const struct kafka_read_record *record)
{
    struct search *search = context;
    bool earlier = !record || record->offset < search->found.offset;
    if (record && earlier && record->key.at && text_equal(record->key, search->key) &&
        shows_state(record)) {
        search->found.before = arena_copy(search->arena, record->value);
    }
    return !signals_stop_wanted() && earlier;
}

static enum err search_outcome(struct lookup *lookup, struct search *search)
{
    struct topic topics[TOPICS_MAX];
    const char *names[KAFKA_READ_TOPICS_MAX + 1];
    outcome_topics(lookup->config, topics, names);
    struct kafka_read all = { .partition = -1, .from = KAFKA_FROM_START, .topics = names };
    enum err err = kafka_admin_read(lookup->admin, &all, find_outcome, search, SERVERS_WAIT_MS,
                                    &lookup->note);
    if (err == OK && search->found.data.at) {
        struct kafka_read own = { .topic = search->found.topic.at,
                                  .partition = search->found.partition,
                                  .from = KAFKA_FROM_START };
        err = kafka_admin_read(lookup->admin, &own, find_before, search, SERVERS_WAIT_MS,
                               &lookup->note);
    }
    return err;
}

static struct text value_of(void *context, struct text key, struct arena *arena)
{
    return lookup_value(context, key, arena);
}

static int explain(const struct call *call, struct arena *arena)
{
    struct lookup lookup;
    struct search search = { .id = text_of(call->arguments[0]), .arena = arena };
    enum err err = lookup_open(&lookup, call->config);
    err = err == OK ? search_outcome(&lookup, &search) : err;
    int code = OK;
    if (err != OK) {
        code = servers_failed(call->config, err, &lookup.note);
    } else if (signals_stop_wanted()) {
        code = 128 + signals_stop_wanted();
    } else if (!search.found.data.at) {
        code = fail_with(ERR_ANSWER_NO,
                         "no outcome %s is kept; `makegood history ENTITY` lists those of an entity",
                         call->arguments[0]);
    } else {
        struct explain_states states = { value_of, &lookup };
        explain_print(call, arena, &search.found, &states);
    }
    lookup_close(&lookup);
    return code;
}

int run_explain(const struct call *call)
{
    const char *path = call_flag(call, "event");
    struct arena arena;
    if ((path != NULL) == (call->argument_count == 1)) {
        return fail_with(ERR_USAGE, "expected the id of an outcome, or --event FILE");
    }
    signals_install();
    arena_init(&arena, 0);
    int code = path ? explain_event(call, path) : explain(call, &arena);
    arena_release(&arena);
    return code;
}
