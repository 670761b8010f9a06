/* Shared by the files of `exec` alone: the pipe (exec.c), its output lines (exec_print.c), and which
 * line brought what about (exec_cause.c). */
#ifndef MAKEGOOD_EXEC_INSIDE_H
#define MAKEGOOD_EXEC_INSIDE_H

#include "base/hash.h"
#include "engine/engine.h"
#include "io/bus_memory.h"
#include "io/view_memory.h"
#include "io/zoneinfo.h"

/* What brought a record into an input topic. */
struct cause {
    int64_t line;      /* from 0; -1: a timer                                     */
    int input;         /* the topic that the line arrived on                      */
    bool from_worker;  /* the record is a message of a worker's own               */
    struct hash128 id; /* of the line's source and id                             */
};

struct causes { /* by offset of one input topic */
    struct cause *rows;
    size_t count, room;
};

/* The line that was last answered under a source and id. */
struct origin {
    struct cause cause;
    bool used;
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
    struct cause dead;     /* of the dead letter just printed, line -1 = none */
    struct arena arena; /* of one line of output */
    int64_t time_ms, mono_ms, line;
    const char *topic; /* --topic */
    bool internal;
};

/* Which worker's input topic a name is, -1 = none. */
int exec_input(const char *topic);
/* The present line went to this offset of an input topic. */
void exec_note_line(struct exec *exec, int input, int64_t offset, struct text source, struct text id);
/* Of "<topic>/0/<offset>". */
struct cause exec_cause_of(const struct exec *exec, struct text place);
/* A verdict that is no duplicate, or a dead letter, answers a line. */
void exec_note_verdict(struct exec *exec, struct cause cause);
void exec_note_dead(struct exec *exec, struct cause cause);
/* A record that a worker sent to an input topic: its cause is that of whoever began it. */
void exec_note_follow_up(struct exec *exec, int input, int64_t offset, const struct header *headers,
                         size_t count);

/* The observer of the broker: prints outcomes and dead letters as they are committed. */
void exec_committed(void *context, const char *topic, int32_t partition, int64_t offset,
                    struct text key, struct text value, const struct header *headers,
                    size_t header_count, int64_t timestamp_ms);
/* A dead letter that the pipe itself makes: its `time` cannot be read. */
void exec_print_bad_time(struct exec *exec, const char *topic, struct text line);

#endif
