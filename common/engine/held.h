/* What the engine holds between turns: state logs that it follows, partitions, workers. inside.h includes
 * it. */
#ifndef MAKEGOOD_ENGINE_HELD_H
#define MAKEGOOD_ENGINE_HELD_H

#include "base/arena.h"
#include "base/hash.h"
#include "engine/worker.h"

struct metric;

/* --- state logs: followed for taking and for references --- */

struct log_entry {
    struct text key, value; /* in the log's arena; value as the log has it */
    uint64_t hash;
    int64_t due_ms;
    bool empty;
    struct log_entry *next;
};

struct state_log {
    struct worker_slot *slot;
    int32_t number;
    struct text group;        /* of the view: "action-0"                                      */
    bool taking, referenced;  /* why it is followed                                           */
    bool positioned;          /* `index` and `position` are known                             */
    bool fresh;               /* at the turn's beginning: as a reference, good to be read     */
    int64_t fresh_ms;         /* monotonic, when it last was                                  */
    int64_t index;            /* of the view as last seen; -1 = none                          */
    int64_t position;         /* next offset to read                                          */
    int64_t records_end;      /* offset after the last record read; the view must be as far   */
    struct hash128 log_id;    /* of the last @progress seen                                   */
    bool has_log_id, has_records;
    int64_t first_offset;     /* of the log                                                   */
    struct arena arena;       /* of the entries that are not folded yet                       */
    struct log_entry *first, *last;
    uint32_t entry_count;
    size_t entry_bytes;
};

/* --- partitions held --- */

enum take_stage { TAKE_NONE, TAKE_SETTLE, TAKE_INDEX, TAKE_FOLD, TAKE_READY };

struct partition {
    struct worker_slot *slot;
    struct state_log *log;
    int32_t number;
    bool assigned;
    enum take_stage stage;
    uint64_t tenure;          /* of cache entries                                             */
    int64_t stage_since_ms;   /* monotonic                                                    */
    int64_t taking_since_ms;  /* monotonic: since it was assigned, or came in doubt           */
    int64_t retry_at_ms;
    int64_t target;           /* TAKE_FOLD: fold at least to here                             */
    int64_t next_input;       /* committed: next offset to decide                             */
    int64_t poll_next;        /* next offset that poll is to give                             */
    int64_t time_ms;          /* partition time, committed                                    */
    int64_t index;            /* of the view after the own last fold                          */
    struct hash128 log_id;
    bool fresh_log;           /* no @progress was ever written                                */
    bool at_end;
    int64_t end_offset;       /* where the end was last seen                                  */
    int64_t due_next_ms;      /* lower bound of the smallest due time                         */
    int64_t checked_ms;       /* when the view's index was last compared                      */
    /* in a turn */
    bool touched;
    int64_t turn_next;        /* next offset after the turn                                   */
    int64_t turn_time_ms;
    int64_t turn_due_ms;      /* timers up to here fire first; INT64_MIN = none               */
    int64_t turn_first;       /* offset of the first record written                           */
    int64_t turn_after;       /* offset after the last record written                         */
    int64_t turn_records;     /* so many were written                                         */
    struct text turn_progress;
    const char *waits_for;
    struct state_log *stale_log;   /* a reference of its input lies there: nothing is decided
                                      until that log has been read to its end                 */
    int64_t ends_retry_ms;         /* when its end may be asked for again                     */
};

/* --- workers --- */

struct worker_slot {
    const struct worker *worker;
    bool run;
    bool referenced;                /* its state logs are followed for references             */
    struct text source;             /* "/makegood/action"                                     */
    int32_t input, state, outcome, dlq; /* topic indexes; -1 = not asked for yet              */
    int32_t count;                  /* partitions of input and state log; 0 = topics not known yet */
    struct partition *partitions;   /* count of them, when run                                */
    struct state_log *logs;         /* count of them                                          */
    /* By index of the worker's messages: offsets of members batchId, line, oid or orderId, -1 = none. */
    int32_t *batch_offsets, *line_offsets, *order_offsets;
    struct metric *consumed;
};

#endif
