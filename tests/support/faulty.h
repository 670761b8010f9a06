/*
 * A bus and a view that count the calls made of them and, at a chosen one, let the process die, or
 * answer what the interface says that it may answer. They stand before those in memory.
 */
#ifndef MAKEGOOD_TESTS_FAULTY_H
#define MAKEGOOD_TESTS_FAULTY_H

#include <setjmp.h>

#include "io/bus_memory.h"
#include "io/view.h"

enum { VIEW_CALL_READ = BUS_CALLS, VIEW_CALL_FOLD, VIEW_CALL_CHECK, FAULT_OTHER, FAULT_CALLS };

enum fault_kind { FAULT_NONE, FAULT_DIE_BEFORE, FAULT_DIE_AFTER, FAULT_ANSWER };

struct faults {
    int64_t calls;        /* so far                                   */
    int64_t count[FAULT_CALLS]; /* of each                            */
    bool always;          /* such a call answers so, every time       */
    int32_t always_call, always_result;
    int64_t at;           /* the call that is hit, from 1; 0 = none   */
    enum fault_kind kind;
    int32_t result;       /* of FAULT_ANSWER                          */
    bool applied;         /* it took effect all the same              */
    int32_t hit;          /* which call it was, once it was hit       */
    /* After that: the next such call, or the so-manieth of all, goes wrong too. */
    bool again;
    int32_t again_call; /* FAULT_CALLS: any */
    int64_t again_after;
    enum fault_kind again_kind;
    int32_t again_result;
    bool again_applied, again_hit;
    jmp_buf gone;         /* where a process goes when it dies        */
    /* The watcher saw the end of this state log so long ago. */
    struct bus_place unseen;
    int64_t unseen_ms;
    const struct bus_event *told; /* the next polls tell these, and then what there is */
    size_t told_count;
    int64_t written_back; /* offsets that were written are so much smaller than they should be */
    /* Every fold, and what happens before the one that is counted down to. */
    struct fold_seen {
        int64_t before, after;
        size_t count;
    } folds[64];
    size_t fold_count;
    void (*before_fold)(void *context, struct view *inner, struct text group, int64_t before);
    void *fold_context;
};

struct faulty_bus {
    struct bus bus; /* first */
    struct bus *inner;
    struct faults *faults;
};

struct faulty_view {
    struct view view; /* first */
    struct view *inner;
    struct faults *faults;
};

static inline struct bus *faulty_inner(struct bus *bus)
{
    return ((struct faulty_bus *)(void *)bus)->inner;
}

/* Is it the second one? Then that is what goes wrong now. */
static inline bool fault_again(struct faults *faults, int32_t call)
{
    if (!faults->again || faults->calls <= faults->at ||
        (faults->again_call != FAULT_CALLS ? call != faults->again_call
                                           : faults->calls != faults->at + faults->again_after)) {
        return false;
    }
    faults->again = false;
    faults->again_hit = true;
    faults->kind = faults->again_kind;
    faults->result = faults->again_result;
    faults->applied = faults->again_applied;
    return true;
}

/* True: this is the call. Does not return when the process dies before it. */
static inline bool fault_before(struct faults *faults, int32_t call)
{
    faults->count[call]++;
    if (++faults->calls == faults->at) {
        faults->hit = call;
    } else if (!fault_again(faults, call)) {
        return false;
    }
    if (faults->kind == FAULT_DIE_BEFORE) {
        longjmp(faults->gone, 1);
    }
    return true;
}

static inline void fault_after(struct faults *faults, bool hit)
{
    if (hit && faults->kind == FAULT_DIE_AFTER) {
        longjmp(faults->gone, 1);
    }
}

static inline bool faulty_before(struct bus *bus, int32_t call)
{
    struct faulty_bus *faulty = (struct faulty_bus *)(void *)bus;
    bool hit = fault_before(faulty->faults, call);
    if (hit && faulty->faults->kind == FAULT_ANSWER && call < BUS_CALLS) {
        bus_memory_fail_next(faulty->inner, (enum bus_memory_call)call,
                             (enum bus_result)faulty->faults->result, faulty->faults->applied);
    }
    if (faulty->faults->always && call == faulty->faults->always_call) {
        bus_memory_fail_next(faulty->inner, (enum bus_memory_call)call,
                             (enum bus_result)faulty->faults->always_result, false);
    }
    return hit;
}

static inline void faulty_after(struct bus *bus, bool hit)
{
    fault_after(((struct faulty_bus *)(void *)bus)->faults, hit);
}

/* A call that is counted: `act` is its statement. */
#define FAULTY(call, act)                                                                          \
    bool hit = faulty_before(bus, call);                                                           \
    act;                                                                                           \
    faulty_after(bus, hit)

static inline int32_t faulty_topic(struct bus *bus, const char *name)
{
    return faulty_inner(bus)->ops->topic(faulty_inner(bus), name);
}

static inline int32_t faulty_partitions(struct bus *bus, int32_t topic)
{
    FAULTY(BUS_CALL_PARTITIONS,
           int32_t count = faulty_inner(bus)->ops->partitions(faulty_inner(bus), topic));
    return count;
}

static inline enum bus_result faulty_join(struct bus *bus, const int32_t *topics, size_t count)
{
    FAULTY(BUS_CALL_JOIN,
           enum bus_result result = faulty_inner(bus)->ops->join(faulty_inner(bus), topics, count));
    return result;
}

static inline void faulty_poll(struct bus *bus, int timeout_ms, struct bus_event *event)
{
    struct faults *faults = ((struct faulty_bus *)(void *)bus)->faults;
    if (faults->told_count > 0) {
        *event = *faults->told++;
        faults->told_count--;
        return;
    }
    FAULTY(BUS_CALL_POLL, faulty_inner(bus)->ops->poll(faulty_inner(bus), timeout_ms, event));
}

static inline void faulty_release(struct bus *bus, struct bus_record *record)
{
    faulty_inner(bus)->ops->release(faulty_inner(bus), record);
}

static inline size_t faulty_headers(struct bus *bus, const struct bus_record *record,
                                    struct header *out, size_t max)
{
    return faulty_inner(bus)->ops->headers(faulty_inner(bus), record, out, max);
}

static inline void faulty_fetch(struct bus *bus, const struct bus_position *positions, size_t count)
{
    FAULTY(FAULT_OTHER, faulty_inner(bus)->ops->fetch(faulty_inner(bus), positions, count));
}

static inline void faulty_pause(struct bus *bus, struct bus_place place, bool paused)
{
    faulty_inner(bus)->ops->pause(faulty_inner(bus), place, paused);
}

static inline void faulty_follow(struct bus *bus, const struct bus_position *positions, size_t count)
{
    FAULTY(FAULT_OTHER, faulty_inner(bus)->ops->follow(faulty_inner(bus), positions, count));
}

static inline enum bus_result faulty_ends(struct bus *bus, struct bus_place place, int64_t *first,
                                          int64_t *stable, int64_t *high)
{
    FAULTY(BUS_CALL_ENDS, enum bus_result result = faulty_inner(bus)->ops->ends(
                              faulty_inner(bus), place, first, stable, high));
    return result;
}

static inline bool faulty_seen_end(struct bus *bus, struct bus_place place, int64_t *stable,
                                   int64_t *asked_ms)
{
    const struct faults *faults = ((struct faulty_bus *)(void *)bus)->faults;
    bool seen = faulty_inner(bus)->ops->seen_end(faulty_inner(bus), place, stable, asked_ms);
    if (seen && place.topic == faults->unseen.topic && place.partition == faults->unseen.partition) {
        *asked_ms -= faults->unseen_ms;
    }
    return seen;
}

static inline enum bus_result faulty_settled(struct bus *bus, struct bus_place place)
{
    FAULTY(BUS_CALL_SETTLED,
           enum bus_result result = faulty_inner(bus)->ops->settled(faulty_inner(bus), place));
    return result;
}

static inline enum bus_result faulty_peek(struct bus *bus, struct bus_place place, int64_t offset,
                                          struct bus_record *record)
{
    FAULTY(BUS_CALL_PEEK, enum bus_result result = faulty_inner(bus)->ops->peek(faulty_inner(bus), place,
                                                                                offset, record));
    return result;
}

static inline enum bus_result faulty_fence(struct bus *bus, struct text id)
{
    FAULTY(BUS_CALL_FENCE, enum bus_result result = faulty_inner(bus)->ops->fence(faulty_inner(bus), id));
    return result;
}

static inline enum bus_result faulty_begin(struct bus *bus)
{
    FAULTY(BUS_CALL_BEGIN, enum bus_result result = faulty_inner(bus)->ops->begin(faulty_inner(bus)));
    return result;
}

static inline enum bus_result faulty_produce(struct bus *bus, const struct bus_message *message)
{
    FAULTY(BUS_CALL_PRODUCE,
           enum bus_result result = faulty_inner(bus)->ops->produce(faulty_inner(bus), message));
    return result;
}

static inline enum bus_result faulty_flush(struct bus *bus, int timeout_ms)
{
    FAULTY(BUS_CALL_FLUSH,
           enum bus_result result = faulty_inner(bus)->ops->flush(faulty_inner(bus), timeout_ms));
    return result;
}

static inline bool faulty_written(struct bus *bus, struct bus_place place, int64_t *first, int64_t *last)
{
    bool written = faulty_inner(bus)->ops->written(faulty_inner(bus), place, first, last);
    *first -= ((struct faulty_bus *)(void *)bus)->faults->written_back;
    return written;
}

static inline enum bus_result faulty_send_offsets(struct bus *bus, const struct bus_position *offsets,
                                                  size_t count)
{
    FAULTY(BUS_CALL_SEND_OFFSETS, enum bus_result result = faulty_inner(bus)->ops->send_offsets(
                                      faulty_inner(bus), offsets, count));
    return result;
}

static inline enum bus_result faulty_commit(struct bus *bus)
{
    FAULTY(BUS_CALL_COMMIT, enum bus_result result = faulty_inner(bus)->ops->commit(faulty_inner(bus)));
    return result;
}

static inline enum bus_result faulty_abort(struct bus *bus)
{
    FAULTY(BUS_CALL_ABORT, enum bus_result result = faulty_inner(bus)->ops->abort(faulty_inner(bus)));
    return result;
}

static inline enum bus_result faulty_retire(struct bus *bus)
{
    FAULTY(BUS_CALL_RETIRE, enum bus_result result = faulty_inner(bus)->ops->retire(faulty_inner(bus)));
    return result;
}

static inline struct text faulty_id(struct bus *bus)
{
    return faulty_inner(bus)->ops->transactional_id(faulty_inner(bus));
}

static inline void faulty_leave(struct bus *bus)
{
    faulty_inner(bus)->ops->leave(faulty_inner(bus));
}

static const struct bus_ops faulty_bus_ops = {
    .topic = faulty_topic,
    .partitions = faulty_partitions,
    .join = faulty_join,
    .poll = faulty_poll,
    .release = faulty_release,
    .headers = faulty_headers,
    .fetch = faulty_fetch,
    .pause = faulty_pause,
    .follow = faulty_follow,
    .ends = faulty_ends,
    .seen_end = faulty_seen_end,
    .settled = faulty_settled,
    .peek = faulty_peek,
    .fence = faulty_fence,
    .begin = faulty_begin,
    .produce = faulty_produce,
    .flush = faulty_flush,
    .written = faulty_written,
    .send_offsets = faulty_send_offsets,
    .commit = faulty_commit,
    .abort = faulty_abort,
    .retire = faulty_retire,
    .transactional_id = faulty_id,
    .leave = faulty_leave,
};

/* --- the view --- */

static inline bool faulty_answers(const struct faults *faults, bool hit, struct err_note *note)
{
    if (hit && faults->kind == FAULT_ANSWER) {
        err_note(note, ERR_UNAVAILABLE, "a planned failure of the view");
        return true;
    }
    return false;
}

static inline enum view_result faulty_read(struct view *view, struct arena *arena,
                                           struct view_read *reads, size_t count,
                                           struct err_note *note)
{
    struct faulty_view *faulty = (struct faulty_view *)(void *)view;
    bool hit = fault_before(faulty->faults, VIEW_CALL_READ);
    if (faulty_answers(faulty->faults, hit, note)) {
        return (enum view_result)faulty->faults->result;
    }
    enum view_result result = faulty->inner->ops->read(faulty->inner, arena, reads, count, note);
    fault_after(faulty->faults, hit);
    return result;
}

static inline enum view_result faulty_fold(struct view *view, struct text group, int64_t before,
                                           int64_t after, const struct view_entry *entries,
                                           size_t count, int64_t *index, struct err_note *note)
{
    struct faulty_view *faulty = (struct faulty_view *)(void *)view;
    struct faults *faults = faulty->faults;
    bool hit = fault_before(faults, VIEW_CALL_FOLD);
    if (faults->fold_count < sizeof(faults->folds) / sizeof(faults->folds[0])) {
        faults->folds[faults->fold_count++] = (struct fold_seen){ before, after, count };
    }
    if (faults->before_fold != NULL) {
        faults->before_fold(faults->fold_context, faulty->inner, group, before);
    }
    bool answers = faulty_answers(faults, hit, note);
    enum view_result result = VIEW_OK;
    if (!answers || faults->applied) {
        result = faulty->inner->ops->fold(faulty->inner, group, before, after, entries, count, index, note);
    } else if (faults->result == VIEW_LOST) {
        *index = -1;
    }
    fault_after(faults, hit);
    return answers ? (enum view_result)faults->result : result;
}

static inline enum view_result faulty_check(struct view *view, struct err_note *note)
{
    struct faulty_view *faulty = (struct faulty_view *)(void *)view;
    bool hit = fault_before(faulty->faults, VIEW_CALL_CHECK);
    if (faulty_answers(faulty->faults, hit, note)) {
        return (enum view_result)faulty->faults->result;
    }
    enum view_result result = faulty->inner->ops->check(faulty->inner, note);
    fault_after(faulty->faults, hit);
    return result;
}

static const struct view_ops faulty_view_ops = { .read = faulty_read,
                                                 .fold = faulty_fold,
                                                 .check = faulty_check };

#endif
