/* The output lines of `exec`: {"topic","key","headers":{},"event":{}}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/time.h"
#include "base/uuid5.h"
#include "wire/json.h"
#include "wire/json_write.h"
#include "workers/makegood/exec_inside.h"
#include "workers/makegood/record_json.h"
#include "workers/makegood/workers.h"

static void print_line(struct json_writer *writer)
{
    struct text text = json_writer_text(writer);
    fwrite(text.at, 1, text.size, stdout);
    fputc('\n', stdout);
}

/* Verdicts that only workers are interested in: of internal types, and about internal messages. */
static bool is_internal(const struct header *headers, size_t count, bool from_worker)
{
    struct text type = header_value(headers, count, "ce_type");
    return text_starts(type, TEXT("makegood.internal.")) ||
           (from_worker && text_starts(type, TEXT("makegood.command.")));
}

/* The id of a duplicate is made of where its record lies, and that is a line here. */
static struct text duplicate_id(struct exec *exec, struct text value, struct text line)
{
    struct arena *arena = &exec->arena;
    struct json json;
    struct json_fault fault;
    ENSURE(json_parse(arena, value, &json, &fault));
    uint32_t command = json_member(&json, 0, "command");
    struct text source = json_text(&json, arena, json_member(&json, command, "source"));
    struct text id = json_text(&json, arena, json_member(&json, command, "id"));
    char *made = arena_bytes(arena, UUID_TEXT_SIZE);
    uuid5(arena_printf(arena, "%.*s|%.*s|duplicate|%.*s", TEXT_ARGS(source), TEXT_ARGS(id),
                       TEXT_ARGS(line)),
          made);
    return (struct text){ made, UUID_TEXT_SIZE - 1 };
}

/* The headers with lines for offsets; *from_worker: it answers a message of a worker's own. A timer
 * answers nothing. */
static struct header *headers_by_line(struct exec *exec, struct text value,
                                      const struct header *headers, size_t *count, bool *from_worker)
{
    struct cause cause = { .line = -1 };
    struct text input = header_value(headers, *count, "makegood-input"), line = { NULL, 0 };
    struct text verdict = header_value(headers, *count, "makegood-verdict");
    bool duplicate = text_is(verdict, "duplicate");
    if (input.at) {
        cause = exec_cause_of(exec, input);
        line = arena_printf(&exec->arena, "%s/0/%lld", makegood_workers[cause.input]->name,
                            (long long)cause.line);
    }
    if (verdict.at && !duplicate) {
        exec_note_verdict(exec, cause);
    }
    struct header *out =
        (struct header *)(void *)arena_alloc(&exec->arena, (*count + 1) * sizeof(*out));
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool is_input = text_is(headers[i].name, "makegood-input");
        if (is_input && cause.line < 0) {
            continue;
        }
        out[kept] = headers[i];
        if (is_input) {
            out[kept].value = line;
        } else if (duplicate && text_is(headers[i].name, "ce_id")) {
            out[kept].value = duplicate_id(exec, value, line);
        }
        kept++;
    }
    *from_worker = cause.from_worker;
    *count = kept;
    return out;
}

static void print_outcome(struct exec *exec, const char *topic, struct text key, struct text value,
                          const struct header *committed, size_t count)
{
    bool from_worker;
    const struct header *headers = headers_by_line(exec, value, committed, &count, &from_worker);
    if (!exec->internal && is_internal(headers, count, from_worker)) {
        return;
    }
    struct json_writer writer;
    json_writer_init(&writer, &exec->arena, 2048 + value.size);
    json_open_object(&writer, NULL);
    json_put_text(&writer, "topic", text_of(topic));
    json_put_text(&writer, "key", key);
    json_open_object(&writer, "headers");
    for (size_t i = 0; i < count; i++) {
        struct text name = headers[i].name;
        if (text_starts(name, TEXT("makegood-"))) {
            char plain[64];
            snprintf(plain, sizeof(plain), "%.*s", TEXT_ARGS(name));
            json_put_text(&writer, plain, headers[i].value);
        }
    }
    json_close_object(&writer);
    record_put_outcome(&writer, value, headers, count);
    json_close_object(&writer);
    print_line(&writer);
}

static void open_dead_letter(struct json_writer *writer, struct arena *arena, const char *topic,
                             uint32_t room)
{
    json_writer_init(writer, arena, 1024 + room);
    json_open_object(writer, NULL);
    json_put_text(writer, "topic", text_of(topic));
    json_put_null(writer, "key");
    json_open_object(writer, "headers");
}

static void print_dead_letter(struct exec *exec, const char *topic, struct text value,
                              const struct header *headers, size_t count)
{
    struct json_writer writer;
    struct text input_topic = header_value(headers, count, "dlq-topic");
    struct text offset = header_value(headers, count, "dlq-offset");
    struct text input = arena_printf(&exec->arena, "%.*s/0/%.*s", TEXT_ARGS(input_topic),
                                     TEXT_ARGS(offset));
    struct cause cause = exec_cause_of(exec, input);
    exec_note_dead(exec, cause);
    open_dead_letter(&writer, &exec->arena, topic, value.size);
    for (size_t i = 0; i < count; i++) {
        if (text_starts(headers[i].name, TEXT("dlq-"))) {
            char plain[64];
            snprintf(plain, sizeof(plain), "%.*s", TEXT_ARGS(headers[i].name));
            bool is_offset = text_is(headers[i].name, "dlq-offset");
            json_put_text(&writer, plain,
                          is_offset ? arena_printf(&exec->arena, "%lld", (long long)cause.line)
                                    : headers[i].value);
        }
    }
    json_close_object(&writer);
    record_put_input(&exec->arena, &writer, value);
    json_close_object(&writer);
    print_line(&writer);
}

void exec_print_bad_time(struct exec *exec, const char *topic, struct text line)
{
    struct json_writer writer;
    char now[TIME_TEXT_SIZE];
    time_format(exec->time_ms, now);
    arena_reset(&exec->arena);
    struct text dlq = arena_printf(&exec->arena, "%s-dlq", topic);
    open_dead_letter(&writer, &exec->arena, dlq.at, line.size);
    json_put_text(&writer, "dlq-reason", TEXT("malformed"));
    json_put_text(&writer, "dlq-detail",
                  TEXT("time: expected a time like \"2026-01-31T09:00:00Z\""));
    json_put_text(&writer, "dlq-topic", text_of(topic));
    json_put_text(&writer, "dlq-partition", TEXT("0"));
    json_put_text(&writer, "dlq-offset",
                  arena_printf(&exec->arena, "%lld", (long long)exec->line));
    json_put_text(&writer, "dlq-timestamp-ms",
                  arena_printf(&exec->arena, "%lld", (long long)exec->time_ms));
    json_put_text(&writer, "dlq-worker", arena_printf(&exec->arena, "/makegood/%s", topic));
    json_put_text(&writer, "dlq-first-failed-at", text_of(now));
    json_put_text(&writer, "dlq-redrives", TEXT("0"));
    json_close_object(&writer);
    record_put_input(&exec->arena, &writer, line);
    json_close_object(&writer);
    print_line(&writer);
}

static bool ends_with(const char *topic, const char *end)
{
    size_t size = strlen(topic), end_size = strlen(end);
    return size > end_size && strcmp(topic + size - end_size, end) == 0;
}

void exec_committed(void *context, const char *topic, int32_t partition, int64_t offset,
                    struct text key, struct text value, const struct header *headers,
                    size_t header_count, int64_t timestamp_ms)
{
    struct exec *exec = context;
    (void)partition, (void)timestamp_ms;
    int input = exec_input(topic);
    arena_reset(&exec->arena);
    if (input >= 0) {
        exec_note_follow_up(exec, input, offset, headers, header_count);
    } else if (ends_with(topic, "-dlq")) {
        print_dead_letter(exec, topic, value, headers, header_count);
    } else if (!ends_with(topic, "-state")) {
        print_outcome(exec, topic, key, value, headers, header_count);
    }
}
