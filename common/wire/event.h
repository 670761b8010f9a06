/*
 * CloudEvents 1.0 around every message: structured (a JSON value with `specversion`) and binary mode
 * (ce_* headers), and the rows 1-3 of what may be wrong with an input (messages: Envelope). A
 * Confluent wire prefix before JSON is stripped; Avro and Protobuf get a reason of their own.
 */
#ifndef MAKEGOOD_WIRE_EVENT_H
#define MAKEGOOD_WIRE_EVENT_H

#include "base/arena.h"
#include "base/text.h"
#include "wire/json.h"

enum { EVENT_BYTES_MAX = 65536, EVENT_ID_MAX = 128, EVENT_SOURCE_MAX = 256 };

struct header {
    struct text name;
    struct text value; /* at == NULL: a null header */
};

/* Reasons of dead letters, the closed list of `dlq-reason`. */
enum dead_reason {
    DEAD_NONE = 0,
    DEAD_MALFORMED,
    DEAD_SCHEMA,
    DEAD_UNKNOWN_TYPE,
    DEAD_MISSING_ID,
    DEAD_ID_CONFLICT,
    DEAD_TOO_LARGE,
    DEAD_MISDIRECTED,
    DEAD_REDRIVE_LIMIT,
    DEAD_CRASH_SUSPECT
};
const char *dead_reason_name(enum dead_reason reason); /* "malformed", "unknown-type", ... */

struct event {
    struct text source, id;
    struct text type;          /* whole: "makegood.action.modify.v1"                           */
    struct text correlation;   /* absent when not sent                                         */
    struct text traceparent;   /* absent when not sent or not well formed                      */
    struct text time;          /* attribute `time` as written, absent when not sent            */
    bool from_worker;          /* source begins with /makegood/                                */
    bool binary;
    struct json json;          /* the value                                                    */
    uint32_t data;             /* token of `data` in json (binary mode: the root, 0)           */
};

struct event_fault {
    enum dead_reason reason;
    char detail[256];
};

/* Reads one record. value.at == NULL is a tombstone (malformed). True and *event, which borrows value
 * and headers; or false and *fault. Also on false, event->type, source, id are set when they could be
 * read (for the topic of a dead letter in the pipe). Does not look whether the type is known. */
bool event_read(struct arena *arena, struct text value, const struct header *headers,
                size_t header_count, struct event *event, struct event_fault *fault);

/* The inside of a type: "action.modify" of "makegood.action.modify.v1"; absent when it has another
 * form. */
struct text event_short_type(struct text type);

struct text header_value(const struct header *headers, size_t count, const char *name);

#endif
