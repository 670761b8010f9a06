/* One record as a row for a person, or as a line of JSON for a machine. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "engine/record.h"
#include "workers/makegood/record_json.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/tail_inside.h"
#include "workers/makegood/terminal.h"

static struct text time_of(struct arena *arena, int64_t ms)
{
    char text[TIME_TEXT_SIZE];
    if (ms < 0 || ms > TIME_MAX) {
        return TEXT("-");
    }
    time_format(ms, text);
    return arena_copy(arena, text_of(text));
}

/* --- JSON --- */

/* Ours, with a name that can stand in JSON as it is; of a repeated one the last. */
static bool is_shown(const struct kafka_read_record *record, size_t index)
{
    struct text name = record->headers[index].name;
    bool ours = text_starts(name, TEXT("makegood-")) || text_starts(name, TEXT("dlq-"));
    for (uint32_t i = 0; ours && i < name.size; i++) {
        char c = name.at[i];
        ours = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    }
    for (size_t i = index + 1; ours && i < record->header_count; i++) {
        ours = !text_equal(record->headers[i].name, name);
    }
    return ours && name.size < 64;
}

static void put_headers(struct arena *arena, struct json_writer *writer,
                        const struct kafka_read_record *record)
{
    json_open_object(writer, "headers");
    for (size_t i = 0; i < record->header_count; i++) {
        if (is_shown(record, i)) {
            char name[64];
            snprintf(name, sizeof(name), "%.*s", TEXT_ARGS(record->headers[i].name));
            json_put_text(writer, name, text_as_utf8(arena, record->headers[i].value));
        }
    }
    json_close_object(writer);
}

/* Header values of outcomes are ours; those of inputs are whoever sent them. */
static void put_binary(struct arena *arena, struct json_writer *writer,
                       const struct seen_record *seen)
{
    const struct kafka_read_record *record = seen->record;
    struct header *headers = arena_alloc(arena, (record->header_count + 1) * sizeof(*headers));
    size_t count = 0;
    for (size_t i = 0; i < record->header_count; i++) {
        headers[count] = record->headers[i];
        headers[count++].value = text_as_utf8(arena, record->headers[i].value);
    }
    record_put_outcome(writer, seen->data, headers, count);
}

static void put_progress(struct arena *arena, struct json_writer *writer, struct text value)
{
    struct progress progress;
    if (progress_read(value, &progress)) {
        json_open_object(writer, "progress");
        json_put_int(writer, "nextInput", progress.next_input);
        json_put_text(writer, "time", time_of(arena, progress.time_ms));
        json_put_text(writer, "owner", text_as_utf8(arena, progress.owner));
        json_close_object(writer);
    }
}

/* Members of a state log's record. */
static void put_state(struct arena *arena, struct json_writer *writer,
                      const struct kafka_read_record *record)
{
    const char *why;
    int64_t due_ms;
    uint8_t flags = 0;
    if (text_is(record->key, PROGRESS_KEY)) {
        put_progress(arena, writer, record->value);
    } else if (!record->value.at || record_prefix(record->value, &due_ms, &flags) != RECORD_OK ||
               (flags & RECORD_EMPTY)) {
        json_put_bool(writer, "removed", (flags & RECORD_EMPTY) != 0);
    } else if (!worker_of_key(record->key, arena)) {
        json_put_text(writer, "note", TEXT("kept by the engine: inputs seen, messages that wait"));
    } else if (!state_json(record->key, record->value, arena, writer, &why)) {
        json_put_text(writer, "note", text_of(why));
    }
}

void tail_print_json(struct output *output, const struct seen_record *seen)
{
    const struct kafka_read_record *record = seen->record;
    struct json_writer *writer = output_row(output);
    struct arena *arena = &output->arena;
    json_put_text(writer, "topic", text_of(record->topic));
    json_put_int(writer, "partition", record->partition);
    json_put_int(writer, "offset", record->offset);
    json_put_text(writer, "timestamp", time_of(arena, record->timestamp_ms));
    if (record->key.at) {
        json_put_text(writer, "key", text_as_utf8(arena, record->key));
    } else {
        json_put_null(writer, "key");
    }
    if (seen->role == TOPIC_STATE) {
        put_state(arena, writer, record);
    } else {
        put_headers(arena, writer, record);
        if (tail_header(record, "ce_type").at && seen->data.at) {
            put_binary(arena, writer, seen);
        } else {
            record_put_input(arena, writer, record->value);
        }
    }
    output_row_end(output);
}

/* --- rows --- */

struct row {
    struct arena *arena;
    int used, columns; /* 0 columns = no end */
};

static void put(struct row *row, struct text text)
{
    int left = row->columns == 0 ? 0 : row->columns - row->used;
    if (row->columns == 0 || left > 0) {
        row->used += terminal_put(stdout, text, left);
    }
}

static void put_cell(struct row *row, struct text text, int width)
{
    int before = row->used;
    put(row, text.at ? text : TEXT("-"));
    do {
        put(row, TEXT(" "));
    } while (row->used - before < width && (row->columns == 0 || row->used < row->columns));
}

/* Members that say what happened; those that every outcome has are left out. */
static void put_members(struct row *row, struct text data)
{
    static const char *const common[] = { "entity", "version", "effectiveTime", "command", NULL };
    struct json json;
    struct json_fault fault;
    if (!json_parse(row->arena, data, &json, &fault) || json.tokens[0].type != JSON_KIND_OBJECT) {
        return;
    }
    uint32_t next = 1;
    for (uint32_t i = 0; i < json.tokens[0].count; i++) {
        struct text name = json_text(&json, row->arena, next);
        const struct json_token *value = &json.tokens[next + 1];
        bool shown = value->type < JSON_KIND_ARRAY && value->type != JSON_KIND_NULL;
        for (const char *const *word = common; *word; word++) {
            shown = shown && !text_is(name, *word);
        }
        if (shown) {
            put(row, TEXT(" "));
            put(row, name);
            put(row, TEXT("="));
            put(row, value->type == JSON_KIND_STRING ? json_text(&json, row->arena, next + 1)
                                                     : json_raw(&json, next + 1));
        }
        next = value->next;
    }
}

static void put_reason(struct row *row, struct text data)
{
    struct json json;
    struct json_fault fault;
    uint32_t reason, code;
    if (!json_parse(row->arena, data, &json, &fault) || json.tokens[0].type != JSON_KIND_OBJECT) {
        return;
    }
    reason = json_member(&json, 0, "reason");
    if (reason == JSON_NONE || json.tokens[reason].type != JSON_KIND_OBJECT) {
        return;
    }
    static const char *const names[] = { "code", "pointer", "detail" };
    for (int i = 0; i < 3; i++) {
        code = json_member(&json, reason, names[i]);
        if (code != JSON_NONE && json.tokens[code].type == JSON_KIND_STRING &&
            json.tokens[code].size > 0) {
            put(row, TEXT(" "));
            put(row, json_text(&json, row->arena, code));
        }
    }
}

static void put_event(struct row *row, const struct seen_record *seen)
{
    struct text verdict = tail_header(seen->record, "makegood-verdict");
    if (verdict.at) {
        terminal_paint(text_is(verdict, "applied")    ? PAINT_GOOD
                       : text_is(verdict, "rejected") ? PAINT_BAD
                                                      : PAINT_NOTE);
        put(row, verdict);
        terminal_paint(PAINT_NONE);
        put_reason(row, seen->data);
    } else if (seen->id.at) {
        put(row, TEXT("id="));
        put(row, seen->id);
    }
    if (seen->data.at) {
        put_members(row, seen->data);
    } else {
        put(row, seen->record->value.at ? seen->record->value : TEXT("(null)"));
    }
}

static void put_state_row(struct row *row, const struct seen_record *seen)
{
    struct json_writer writer;
    json_writer_init(&writer, row->arena, 1024);
    json_open_object(&writer, NULL);
    put_state(row->arena, &writer, seen->record);
    json_close_object(&writer);
    put(row, json_writer_text(&writer));
}

void tail_print_row(struct arena *arena, const struct seen_record *seen)
{
    const struct kafka_read_record *record = seen->record;
    struct row row = { arena, 0, terminal_columns() };
    struct text name = seen->type.at ? event_short_type(seen->type) : seen->type;
    put_cell(&row, time_of(arena, record->timestamp_ms), 25);
    put_cell(&row, arena_printf(arena, "%s/%d/%lld", record->topic, (int)record->partition,
                                (long long)record->offset), 24);
    put_cell(&row, record->key.at ? record->key : seen->entity, 20);
    if (seen->role == TOPIC_STATE) {
        put_state_row(&row, seen);
    } else {
        put_cell(&row, name.at ? name : seen->type, 20);
        if (seen->role == TOPIC_DEAD_LETTER) {
            terminal_paint(PAINT_BAD);
            put(&row, tail_header(record, "dlq-reason"));
            terminal_paint(PAINT_NONE);
            put(&row, TEXT(": "));
            put(&row, tail_header(record, "dlq-detail"));
        } else {
            put_event(&row, seen);
        }
    }
    putchar('\n');
}
