/* `show ENTITY`: its state as Redis has it. */
#include <stdio.h>

#include "base/nearest.h"
#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/show.h"
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

/* `partition` and `offset` up to which the view is the fold of the log. */
static void put_folded(struct json_writer *writer, const struct shown *shown)
{
    json_open_object(writer, "folded");
    json_put_text(writer, "topic", arena_printf(shown->arena, "%s-state", shown->found.worker->name));
    json_put_int(writer, "partition", shown->found.partition);
    json_put_int(writer, "offset", shown->found.index);
    json_close_object(writer);
}

static int put_parts(struct json_writer *writer, const struct shown *shown)
{
    const char *why;
    json_open_array(writer, "parts");
    for (size_t i = 0; i < shown->parts.count; i++) {
        const struct part *part = &shown->parts.items[i];
        json_open_object(writer, NULL);
        if (!state_json(part->key, part->value, shown->arena, writer, &why)) {
            return fail_with(ERR_DATA, "the state of %.*s cannot be read: %s", TEXT_ARGS(part->key), why);
        }
        json_close_object(writer);
    }
    json_close_array(writer);
    return OK;
}

static int print_json(const struct call *call, const struct shown *shown)
{
    struct json_writer writer;
    const char *why;
    int code = OK;
    json_writer_init(&writer, shown->arena, 4096);
    json_open_object(&writer, NULL);
    if (!state_json(shown->key, shown->found.value, shown->arena, &writer, &why)) {
        return fail_with(ERR_DATA, "the state of %.*s cannot be read: %s", TEXT_ARGS(shown->key), why);
    }
    put_folded(&writer, shown);
    bool json = call->output && call->output[0] == 'j';
    code = json && shown->parts.count > 0 ? put_parts(&writer, shown) : OK;
    json_close_object(&writer);
    struct text text = json_writer_text(&writer);
    if (code == OK && json) {
        printf("%.*s\n", TEXT_ARGS(text));
    } else if (code == OK) {
        tree_print(text);
    }
    return code;
}

/* Entities that have a table of their own. */
static const struct {
    const char *type;
    void (*show)(const struct shown *shown);
} tables[] = { { "account", show_account }, { "action", show_action }, { "order", show_order } };

static int print_state(const struct call *call, struct shown *shown)
{
    bool json = call->output && call->output[0] == 'j';
    struct text type = entity_type_of(shown->arena, shown->key);
    shown->state = state_of(shown->key, shown->found.value, shown->arena);
    for (size_t i = 0; !json && shown->state && i < sizeof(tables) / sizeof(*tables); i++) {
        if (text_is(type, tables[i].type) &&
            record_read(shown->found.value, shown->arena, &shown->record) == RECORD_OK) {
            tables[i].show(shown);
            return shown->lookup->err;
        }
    }
    return print_json(call, shown);
}

static int not_there(const struct shown *shown)
{
    const char *name = shown->found.worker->name;
    if (shown->found.index < 0) {
        return fail_with(ERR_ANSWER_NO,
                         "the view of %s-%d is empty: no worker has decided anything there, or it "
                         "is being rebuilt",
                         name, (int)shown->found.partition);
    }
    return fail_with(ERR_ANSWER_NO, "there is no %.*s (%s-state/%d, folded to offset %lld)",
                     TEXT_ARGS(shown->key), name, (int)shown->found.partition,
                     (long long)shown->found.index);
}

/* The entity and, of one that has them, its parts. */
static enum err find(struct shown *shown)
{
    struct lookup *lookup = shown->lookup;
    shown->found = lookup_find(lookup, shown->key, shown->arena);
    if (lookup->err == OK && shown->found.value.at && parts_possible(shown->key)) {
        struct text topic = arena_printf(shown->arena, "%s-state", shown->found.worker->name);
        struct parts_log log = { topic.at, shown->found.partition, shown->found.index };
        lookup->err = parts_read(lookup->admin, &log, shown->key, &shown->parts, &lookup->note);
    }
    return lookup->err;
}

static int show(const struct call *call, struct text key, struct arena *arena)
{
    struct lookup lookup;
    struct shown shown = { .key = key, .lookup = &lookup, .arena = arena };
    if (!worker_of_key(key, arena)) {
        return unknown_type(key, arena);
    }
    enum err err = lookup_open(&lookup, call->config);
    err = err == OK ? find(&shown) : err;
    int code = OK;
    if (err != OK) {
        code = servers_failed(call->config, err, &lookup.note);
    } else if (signals_stop_wanted()) {
        code = 128 + signals_stop_wanted();
    } else {
        code = shown.found.value.at ? print_state(call, &shown) : not_there(&shown);
        code = lookup.err == OK ? code : servers_failed(call->config, lookup.err, &lookup.note);
    }
    parts_free(&shown.parts);
    lookup_close(&lookup);
    return code;
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
