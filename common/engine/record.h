/*
 * State records: what the value of a state log's record and of a view's key looks like.
 *
 *   byte 0      envelope version (RECORD_ENVELOPE)
 *   byte 1      body version: of the state type, written by shape_pack()
 *   bytes 2-9   next due, ms, little-endian, 0 = none
 *   byte 10     flags
 *   then        head, if RECORD_HEAD: what the engine keeps for every entity
 *   then        body: the domain's state, packed by its field table; empty = the domain has none yet
 *
 * Folding and taking read the first 11 bytes only. To change the layout behind them, raise
 * RECORD_ENVELOPE in a release that reads both, and write the new one in the release after.
 */
#ifndef MAKEGOOD_ENGINE_RECORD_H
#define MAKEGOOD_ENGINE_RECORD_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/text.h"

enum { RECORD_ENVELOPE = 1, RECORD_PREFIX = 11, STATE_BYTES_MAX = 256 * 1024 };

enum {
    RECORD_EMPTY = 1, /* folds to a delete: nothing is ever tombstoned */
    RECORD_HEAD = 2   /* an entity's own record, not a part's          */
};

/* An input that was given to the entity (messages: duplicates). */
struct seen {
    struct hash128 id;      /* of source and id               */
    struct hash128 payload; /* of type and data, canonical    */
    uint32_t outcomes;      /* outcomes written for it so far */
};

/* 32 remembered inputs make a segment; the open one lies in the head, full ones are parts of their
 * own, so that a busy entity writes one small record a time. SEEN_SEGMENTS of them are kept. */
enum { SEEN_PER_SEGMENT = 32, SEEN_MAX = 2048, SEEN_SEGMENTS = SEEN_MAX / SEEN_PER_SEGMENT + 1 };

struct waiting {
    int64_t number;   /* of the part "wait:<number>"                        */
    int64_t until_ms; /* 0 = no end of its own                              */
    bool asking;      /* for the answer of another entity; the others queue */
};

/* Workers' own messages queue beyond what is open to everybody. */
enum { WAITING_MAX = 100, WAITING_OWN_MAX = 2 * WAITING_MAX };

struct head {
    int64_t version;      /* number of the entity's changes                         */
    int64_t seen_total;   /* inputs remembered since it exists                      */
    struct seen *seen;    /* the open segment: seen_total % SEEN_PER_SEGMENT of them */
    uint32_t seen_room;   /* for so many there is room                               */
    int64_t wait_next;    /* number of the next waiting message                     */
    struct waiting *waiting; /* in the order of arrival                             */
    uint32_t waiting_count;
};

struct record {
    uint8_t body_version;
    uint8_t flags;
    int64_t due_ms;
    struct head head; /* zero unless RECORD_HEAD */
    struct text body;
};

enum record_result { RECORD_OK, RECORD_NEWER, RECORD_BROKEN };

/* Only the prefix: due and flags. NEWER: an envelope of a later release. */
enum record_result record_prefix(struct text value, int64_t *due_ms, uint8_t *flags);
/* The whole; head's arrays live in the arena, body borrows value. */
enum record_result record_read(struct text value, struct arena *arena, struct record *out);
struct text record_write(const struct record *record, struct arena *arena);

/* A full segment as the body of its part. */
struct text seen_pack(int64_t segment, const struct seen *seen, uint32_t count,
                      struct arena *arena);
bool seen_unpack(struct text body, struct arena *arena, int64_t *segment, struct seen **seen,
                 uint32_t *count);

/* `@progress`: how far a partition's input is decided; the first record that a transaction writes to
 * each state-log partition it touches. */
struct progress {
    int64_t next_input;
    int64_t time_ms;          /* partition time                              */
    struct text owner;        /* transactional id of the writer              */
    int64_t partition_count;
    struct hash128 log_id;    /* made with the first record of the log       */
};

#define PROGRESS_KEY "@progress"

struct text progress_write(const struct progress *progress, struct arena *arena);
bool progress_read(struct text value, struct progress *out); /* owner borrows value */

#endif
