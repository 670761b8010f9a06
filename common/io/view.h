/*
 * The view: the states of all entities, readable at once, kept in Redis (view_redis.c) or in memory
 * (view_memory.c). Never the truth: it is a fold of the state logs.
 *
 * A group is one partition of one worker, named "<worker>-<partition>". It holds values by key, an
 * index (offset after the last state-log record folded; -1 = none: new or flushed) and the due times
 * of keys. Redis keys: {<group>}:<key>, {<group>}@index, {<group>}@due.
 */
#ifndef MAKEGOOD_IO_VIEW_H
#define MAKEGOOD_IO_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum view_result {
    VIEW_OK = 0,
    VIEW_LOST,   /* compare-and-set lost: the index is not what the caller thought; see *index   */
    VIEW_DOWN,   /* unreachable, loading, read-only, out of memory, disk full: wait and try again */
    VIEW_DENIED, /* authentication or ACL: a person must mend it                                 */
    VIEW_REFUSED /* wrong identity, an unsafe policy: a person must mend it                       */
};

#define VIEW_DUE_KEEP INT64_C(-1)

enum { VIEW_FOLD_ENTRIES_MAX = 500, VIEW_FOLD_BYTES_MAX = 256 * 1024 };

struct view_due {
    struct text key;
    int64_t due_ms;
};

/* One atomic read of one group. */
struct view_read {
    struct text group;
    const struct text *keys;
    size_t key_count;
    int64_t due_limit_ms;   /* due keys with due_ms <= limit are listed, by (due, key bytewise)  */
    size_t due_max;         /* at most so many; 0 = none                                         */
    /* out, in the arena given */
    struct text *values;    /* as many as keys; at == NULL = no such key                         */
    int64_t index;
    struct view_due *due;
    size_t due_count;
    int64_t due_next_ms;    /* smallest due time of the group, INT64_MAX = none (asked when due_max > 0) */
};

struct view_entry {
    struct text key;
    struct text value; /* at == NULL: delete */
    int64_t due_ms;    /* 0 = none: a due time of the key is removed; VIEW_DUE_KEEP: as it is */
};

/* One fold of several. */
struct view_fold {
    struct text group;
    int64_t before, after;
    const struct view_entry *entries;
    size_t count;            /* at most VIEW_FOLD_ENTRIES_MAX                             */
    /* out, as of fold() */
    enum view_result result; /* DOWN also when an earlier one failed                      */
    int64_t index;
    bool raced;              /* the view's own                                            */
};

struct view;

struct view_ops {
    /* All reads in one round trip; each is atomic in itself. */
    enum view_result (*read)(struct view *view, struct arena *arena, struct view_read *reads,
                             size_t count, struct err_note *note);
    /* Applies entries and sets the index to `after`, atomically, if the index still equals `before`
     * (-1 = none). At most VIEW_FOLD_ENTRIES_MAX entries. LOST: nothing was written, *index is what
     * stands there. DOWN may mean that it was applied: read the index again. */
    enum view_result (*fold)(struct view *view, struct text group, int64_t before, int64_t after,
                             const struct view_entry *entries, size_t count, int64_t *index,
                             struct err_note *note);
    /* Folds one after the other, each atomic in itself; all that can in one round trip. NULL: the view
     * has nothing better than fold() in a row. */
    enum view_result (*fold_all)(struct view *view, struct view_fold *folds, size_t count,
                                 struct err_note *note);
    /* Is it reachable, ours (identity) and safe (policy)? Writes the identity where none is. */
    enum view_result (*check)(struct view *view, struct err_note *note);
    void (*close)(struct view *view);
};

struct view {
    const struct view_ops *ops;
};

/* fold_all(), by fold() where the view has none: the first failure (not LOST) ends it and is the result. */
enum view_result view_fold_all(struct view *view, struct view_fold *folds, size_t count,
                               struct err_note *note);

#endif
