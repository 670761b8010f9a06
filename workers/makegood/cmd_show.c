/* `show ENTITY`: its state as Redis has it. */
#include <stdio.h>

#include "base/nearest.h"
#include "engine/record.h"
#include "base/hash.h"
#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/tree.h"
#include "workers/makegood/workers.h"

enum { TYPES_MAX = 256, WORD_MAX = 65 };

static const char *nearest_type(struct text type)
{
    const char *names[TYPES_MAX + 1];
    char word[WORD_MAX];
    size_t count = 0;
    for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
        for (size_t i = 0; i < (*worker)->state_count && count < TYPES_MAX; i++) {
            names[count++] = (*worker)->states[i].entity_type;
        }
    }
    names[count] = NULL;
    snprintf(word, sizeof(word), "%.*s", TEXT_ARGS(type));
    return type.size < WORD_MAX ? nearest(word, names) : NULL;
}

static int unknown_type(struct text key, struct arena *arena)
{
    struct text type = entity_type_of(arena, key);
    const char *near = nearest_type(type);
    if (!memchr(key.at, ':', key.size)) {
        return fail_with(ERR_USAGE, "%.*s is no entity; expected a type and an id, like action:A1",
                         TEXT_ARGS(key));
    }
    return fail_with(ERR_USAGE, "there are no entities of type %.*s%s%s%s", TEXT_ARGS(type),
                     near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* What was found. */
struct found {
    const struct worker *worker;
    int32_t partition;
    int64_t index;
    struct text value;
};

static enum err read_view(struct view *view, struct text key, struct arena *arena,
                          struct found *found, struct err_note *note)
{
    struct view_read read = {
        .group = arena_printf(arena, "%s-%d", found->worker->name, (int)found->partition),
        .keys = &key,
        .key_count = 1
    };
    enum view_result result = view->ops->read(view, arena, &read, 1, note);
    if (result == VIEW_OK) {
        found->value = read.values[0];
        found->index = read.index;
    }
    return view_error(result);
}

static enum err find(const struct call *call, struct kafka_admin *admin, struct text key,
                     struct arena *arena, struct found *found, struct err_note *note)
{
    char cluster[KAFKA_CLUSTER_ID_MAX];
    int32_t count, replication;
    struct text log = arena_printf(arena, "%s-state", found->worker->name);
    struct view *view = NULL;
    enum err err = kafka_admin_cluster_id(admin, cluster, SERVERS_WAIT_MS, note);
    err = err == OK ? kafka_admin_partitions(admin, log.at, &count, &replication, SERVERS_WAIT_MS,
                                             note)
                    : err;
    if (err == OK) {
        found->partition = partition_of(entity_of_key(key), count);
        view = servers_view(call->config, cluster, &err, note);
    }
    if (view) {
        err = read_view(view, key, arena, found, note);
        view->ops->close(view);
    }
    return err;
}

static int print_state(const struct call *call, struct text key, struct arena *arena,
                       const struct found *found)
{
    struct json_writer writer;
    const char *why;
    json_writer_init(&writer, arena, 4096);
    json_open_object(&writer, NULL);
    if (!state_json(key, found->value, arena, &writer, &why)) {
        return fail_with(ERR_DATA, "the state of %.*s cannot be read: %s", TEXT_ARGS(key), why);
    }
    json_open_object(&writer, "folded");
    json_put_text(&writer, "topic", arena_printf(arena, "%s-state", found->worker->name));
    json_put_int(&writer, "partition", found->partition);
    json_put_int(&writer, "offset", found->index);
    json_close_object(&writer);
    json_close_object(&writer);
    struct text text = json_writer_text(&writer);
    if (call->output && call->output[0] == 'j') {
        printf("%.*s\n", TEXT_ARGS(text));
    } else {
        tree_print(text);
    }
    return OK;
}

static int show(const struct call *call, struct text key, struct arena *arena)
{
    struct found found = { .worker = worker_of_key(key, arena) };
    struct err_note note = { "" };
    enum err err;
    if (!found.worker) {
        return unknown_type(key, arena);
    }
    struct kafka_admin *admin = servers_kafka(call->config, &err);
    if (!admin) {
        return err;
    }
    err = find(call, admin, key, arena, &found, &note);
    kafka_admin_free(admin);
    if (err != OK) {
        return servers_failed(call->config, err, &note);
    }
    if (found.index < 0) {
        return fail_with(ERR_ANSWER_NO,
                         "the view of %s-%d is empty: no worker has decided anything there, or it "
                         "is being rebuilt",
                         found.worker->name, (int)found.partition);
    }
    if (!found.value.at) {
        return fail_with(ERR_ANSWER_NO, "there is no %.*s (%s-state/%d, folded to offset %lld)",
                         TEXT_ARGS(key), found.worker->name, (int)found.partition,
                         (long long)found.index);
    }
    return print_state(call, key, arena, &found);
}

int run_show(const struct call *call)
{
    struct arena arena;
    arena_init(&arena, 0);
    signals_install();
    int code = show(call, text_of(call->arguments[0]), &arena);
    arena_release(&arena);
    return code;
}
