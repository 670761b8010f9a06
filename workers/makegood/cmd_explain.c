/* `explain OUTCOME-ID`: which contract version and rule decided, what did not match before it, and the
 * entity before and after. Reads outcomes from Kafka and states from Redis. */
#include <stdio.h>

#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/explain_inside.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/tail_inside.h"

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
