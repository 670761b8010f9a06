/* Shared by the files of `exec` alone: the pipe (exec.c) and its output lines (exec_print.c). */
#ifndef MAKEGOOD_EXEC_INSIDE_H
#define MAKEGOOD_EXEC_INSIDE_H

#include "engine/engine.h"
#include "io/bus_memory.h"
#include "io/view_memory.h"
#include "io/zoneinfo.h"

/* What brought a record into an input topic: a line of stdin, or a message of a worker's own. */
struct cause {
    int64_t line;     /* from 0; -1: a timer */
    bool from_worker;
};

struct causes { /* by offset of one input topic */
    struct cause *rows;
    size_t count, room;
};

/* Line of the latest input with a source and id. */
struct origin {
    struct hash128 id;
    int64_t line; /* + 1; 0 = free */
};

struct exec {
    struct broker *broker;
    struct bus *bus;
    struct view *view;
    struct metrics *metrics;
    struct zones *zones;
    struct engine *engine;
    struct causes *causes; /* as many as workers */
    struct origin *origins;
    size_t origin_slots, origin_count;
    struct arena arena; /* of one line of output */
    int64_t time_ms, mono_ms, line;
    const char *topic; /* --topic */
    bool internal;
};

/* Which worker's input topic a name is, -1 = none. */
int exec_input(const char *topic);
void exec_note_cause(struct exec *exec, int input, int64_t offset, struct cause cause);
void exec_note_origin(struct exec *exec, struct text source, struct text id);
/* -1: not known. */
int64_t exec_origin_line(const struct exec *exec, struct text source, struct text id);

/* The observer of the broker: prints outcomes and dead letters as they are committed. */
void exec_committed(void *context, const char *topic, int32_t partition, int64_t offset,
                    struct text key, struct text value, const struct header *headers,
                    size_t header_count, int64_t timestamp_ms);
/* A dead letter that the pipe itself makes: its `time` cannot be read. */
void exec_print_bad_time(struct exec *exec, const char *topic, struct text line);

#endif
