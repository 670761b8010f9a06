/* The envelope. Rows 1-3 of what may be wrong with an input, in this order: too large, malformed,
 * without id. */
#include "wire/event.h"

#include <stdarg.h>
#include <stdio.h>

#include "wire/json_inside.h"

const char *dead_reason_name(enum dead_reason reason)
{
    static const char *const names[] = {
        [DEAD_NONE] = "none",
        [DEAD_MALFORMED] = "malformed",
        [DEAD_SCHEMA] = "schema",
        [DEAD_UNKNOWN_TYPE] = "unknown-type",
        [DEAD_MISSING_ID] = "missing-id",
        [DEAD_ID_CONFLICT] = "id-conflict",
        [DEAD_TOO_LARGE] = "too-large",
        [DEAD_MISDIRECTED] = "misdirected",
        [DEAD_REDRIVE_LIMIT] = "redrive-limit",
        [DEAD_CRASH_SUSPECT] = "crash-suspect",
    };
    return names[reason];
}

struct text event_short_type(struct text type)
{
    static const struct text prefix = { "makegood.", 9 }, suffix = { ".v1", 3 };
    if (type.size <= prefix.size + suffix.size || !text_starts(type, prefix) ||
        memcmp(type.at + type.size - suffix.size, suffix.at, suffix.size) != 0) {
        return (struct text){ NULL, 0 };
    }
    return (struct text){ type.at + prefix.size, type.size - prefix.size - suffix.size };
}

struct text header_value(const struct header *headers, size_t count, const char *name)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < count; i++) {
        if (headers[i].name.size == size && memcmp(headers[i].name.at, name, size) == 0) {
            return headers[i].value;
        }
    }
    return (struct text){ NULL, 0 };
}

__attribute__((format(printf, 3, 4))) static bool fail(struct event_fault *fault,
                                                       enum dead_reason reason, const char *format,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault->reason = reason;
    vsnprintf(fault->detail, sizeof(fault->detail), format, arguments);
    va_end(arguments);
    return false;
}

/* Printable ASCII without space and '|', which separates the parts of names that ids are made from. */
static bool is_token(struct text text, uint32_t max)
{
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.at[i] < 0x21 || text.at[i] > 0x7e || text.at[i] == '|') {
            return false;
        }
    }
    return text.size <= max;
}

static bool is_hex(const char *at, size_t size)
{
    bool any = false;
    for (size_t i = 0; i < size; i++) {
        if (!((at[i] >= '0' && at[i] <= '9') || (at[i] >= 'a' && at[i] <= 'f'))) {
            return false;
        }
        any |= at[i] != '0';
    }
    return any;
}

/* W3C trace context, version 00; ids of zeros only are invalid. */
static bool is_traceparent(struct text text)
{
    return text.size == 55 && memcmp(text.at, "00-", 3) == 0 && is_hex(text.at + 3, 32) &&
           text.at[35] == '-' && is_hex(text.at + 36, 16) && text.at[52] == '-' &&
           (is_hex(text.at + 53, 2) || memcmp(text.at + 53, "00", 2) == 0);
}

static bool is_json_type(struct text type)
{
    struct text json = TEXT("application/json");
    struct text start = { type.at, type.size < json.size ? type.size : json.size };
    return text_equal_nocase(start, json) &&
           (type.size == json.size || type.at[json.size] == ';' || type.at[json.size] == ' ');
}

/* --- the attributes of both modes --- */

enum attribute { SPECVERSION, ID, SOURCE, TYPE, DATACONTENTTYPE, CORRELATIONID, TRACEPARENT, TIME,
                 ATTRIBUTES };

/* As headers are named; a member's name is the same without HEADER_PREFIX. */
enum { HEADER_PREFIX = 3 };
static const char *const attribute_names[ATTRIBUTES] = {
    "ce_specversion",   "ce_id",          "ce_source", "ce_type", "ce_datacontenttype",
    "ce_correlationid", "ce_traceparent", "ce_time"
};

/* Checks that do not depend on the mode; fills *event. */
static bool take_attributes(const struct text *values, struct event *event,
                            struct event_fault *fault)
{
    event->id = values[ID];
    event->source = values[SOURCE];
    event->type = values[TYPE];
    event->time = values[TIME];
    if (!text_is(values[SPECVERSION], "1.0")) {
        return fail(fault, DEAD_MALFORMED,
                    "specversion: expected \"1.0\"; send a CloudEvent (one JSON object with "
                    "specversion, id, source, type and data)");
    }
    if (values[ID].at && !is_token(values[ID], EVENT_ID_MAX)) {
        return fail(fault, DEAD_MALFORMED,
                    "id: expected 1..%d printable ASCII bytes without space and |", EVENT_ID_MAX);
    }
    if (values[SOURCE].at && !is_token(values[SOURCE], EVENT_SOURCE_MAX)) {
        return fail(fault, DEAD_MALFORMED,
                    "source: expected 1..%d printable ASCII bytes without space and |",
                    EVENT_SOURCE_MAX);
    }
    if (values[TYPE].size == 0) {
        return fail(fault, DEAD_MALFORMED, "type: expected a type like makegood.action.modify.v1");
    }
    if (values[CORRELATIONID].size > EVENT_SOURCE_MAX) {
        return fail(fault, DEAD_MALFORMED, "correlationid: expected at most %d bytes",
                    EVENT_SOURCE_MAX);
    }
    if (values[CORRELATIONID].size) {
        event->correlation = values[CORRELATIONID];
    }
    if (values[TRACEPARENT].at && is_traceparent(values[TRACEPARENT])) {
        event->traceparent = values[TRACEPARENT];
    }
    event->from_worker = text_starts(event->source, TEXT("/makegood/"));
    return true;
}

static bool take_id(const struct event *event, struct event_fault *fault)
{
    if (event->id.size == 0) {
        return fail(fault, DEAD_MISSING_ID, "id: expected 1..%d bytes, got nothing", EVENT_ID_MAX);
    }
    if (event->source.size == 0) {
        return fail(fault, DEAD_MISSING_ID, "source: expected 1..%d bytes, got nothing",
                    EVENT_SOURCE_MAX);
    }
    return true;
}

/* --- binary mode --- */

static bool is_binary(const struct header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_starts(headers[i].name, TEXT("ce_"))) {
            return true;
        }
    }
    return false;
}

static bool is_utf8(struct arena *arena, struct text text)
{
    struct json json;
    struct json_fault fault;
    if (json_plain_run(text.at, text.at + text.size) == text.size) {
        return true;
    }
    char *quoted = arena_bytes(arena, text.size + 2);
    for (uint32_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        quoted[i + 1] = c == '"' || c == '\\' ? '_' : c;
    }
    quoted[0] = quoted[text.size + 1] = '"';
    return json_parse(arena, (struct text){ quoted, text.size + 2 }, &json, &fault);
}

static bool read_binary(struct arena *arena, const struct header *headers, size_t count,
                        struct event *event, struct event_fault *fault)
{
    struct text values[ATTRIBUTES];
    for (int i = 0; i < ATTRIBUTES; i++) {
        const char *name = attribute_names[i];
        values[i] = header_value(headers, count, name);
        if (values[i].at && !is_utf8(arena, values[i])) {
            return fail(fault, DEAD_MALFORMED,
                        "header %s: expected UTF-8 without control characters", name);
        }
    }
    event->binary = true;
    event->data = 0;
    struct text content = header_value(headers, count, "content-type");
    if (!take_attributes(values, event, fault)) {
        return false;
    }
    if (content.at && !is_json_type(content)) {
        return fail(fault, DEAD_MALFORMED, "content-type: expected application/json");
    }
    if (event->json.tokens[0].type != JSON_KIND_OBJECT) {
        return fail(fault, DEAD_MALFORMED, "data: expected an object");
    }
    return take_id(event, fault);
}

/* --- structured mode --- */

static bool read_structured(struct arena *arena, struct event *event, struct event_fault *fault)
{
    const struct json *json = &event->json;
    struct text values[ATTRIBUTES] = { { NULL, 0 } };
    const char *wrong = NULL;
    if (json->tokens[0].type != JSON_KIND_OBJECT) {
        return fail(fault, DEAD_MALFORMED, "expected one JSON object, a CloudEvent");
    }
    for (int i = 0; i < ATTRIBUTES; i++) {
        const char *name = attribute_names[i] + HEADER_PREFIX;
        uint32_t token = json_member(json, 0, name);
        uint8_t type = token == JSON_NONE ? JSON_KIND_NULL : json->tokens[token].type;
        if (type == JSON_KIND_STRING) {
            values[i] = json_text(json, arena, token);
        } else if (type != JSON_KIND_NULL && i != TRACEPARENT && i != TIME && !wrong) {
            wrong = name;
        }
    }
    if (!take_attributes(values, event, fault)) {
        return false;
    }
    if (wrong) {
        return fail(fault, DEAD_MALFORMED, "%s: expected a string", wrong);
    }
    if (values[DATACONTENTTYPE].at && !is_json_type(values[DATACONTENTTYPE])) {
        return fail(fault, DEAD_MALFORMED, "datacontenttype: expected application/json");
    }
    if (json_member(json, 0, "data_base64") != JSON_NONE) {
        return fail(fault, DEAD_MALFORMED, "data_base64 is not taken; send data as a JSON object");
    }
    event->data = json_member(json, 0, "data");
    if (event->data == JSON_NONE || json->tokens[event->data].type != JSON_KIND_OBJECT) {
        return fail(fault, DEAD_MALFORMED, "data: expected an object");
    }
    return take_id(event, fault);
}

/* --- both --- */

/* Confluent's wire format: a zero byte and four bytes of schema id before the payload. */
static bool strip_prefix(struct text *value, struct event_fault *fault)
{
    enum { PREFIX = 5 };
    if (value->size == 0 || value->at[0] != 0) {
        return true;
    }
    for (uint32_t i = PREFIX; i < value->size; i++) {
        char c = value->at[i];
        if (c == '{') {
            value->at += PREFIX;
            value->size -= PREFIX;
            return true;
        }
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') {
            break;
        }
    }
    return fail(fault, DEAD_MALFORMED,
                value->size > PREFIX
                    ? "a schema registry's prefix before Avro or Protobuf; send JSON"
                    : "begins with a NUL byte; send JSON in UTF-8");
}

bool event_read(struct arena *arena, struct text value, const struct header *headers,
                size_t header_count, struct event *event, struct event_fault *fault)
{
    struct json_fault json_fault;
    *event = (struct event){ 0 };
    fault->reason = DEAD_NONE;
    fault->detail[0] = 0;
    if (value.size > EVENT_BYTES_MAX) {
        return fail(fault, DEAD_TOO_LARGE, "%u bytes, at most %d are taken", value.size,
                    EVENT_BYTES_MAX);
    }
    if (!value.at || value.size == 0) {
        return fail(fault, DEAD_MALFORMED, value.at ? "an empty value; send a CloudEvent"
                                                    : "a null value (tombstone); inputs are never "
                                                      "deleted, send a CloudEvent");
    }
    if (!strip_prefix(&value, fault)) {
        return false;
    }
    if (!json_parse(arena, value, &event->json, &json_fault)) {
        return fail(fault, DEAD_MALFORMED, "not JSON at byte %u: %s", json_fault.offset,
                    json_fault.what);
    }
    struct text content = header_value(headers, header_count, "content-type");
    if (text_starts(content, TEXT("application/cloudevents-batch"))) {
        return fail(fault, DEAD_MALFORMED, "batches of CloudEvents are not taken; one per record");
    }
    if (!text_starts(content, TEXT("application/cloudevents")) &&
        is_binary(headers, header_count)) {
        return read_binary(arena, headers, header_count, event, fault);
    }
    return read_structured(arena, event, fault);
}
