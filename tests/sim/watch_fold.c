/* Each fold: is the view the fold of a prefix of the log, before and after? */
#include "tests/sim/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

static struct view_group *group_of(struct sim *sim, struct text group, int32_t *worker,
                                   int32_t *partition)
{
    *worker = group.at[0] == 'c' ? CONTRACT : ACTION;
    *partition = group.at[group.size - 1] - '0';
    return &sim->watch->groups[*worker][*partition];
}

static int32_t first_at(const struct state_records *records, int64_t offset)
{
    int32_t from = 0, to = records->count;
    while (from < to) {
        int32_t middle = (from + to) / 2;
        if (records->at[middle].offset < offset) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

/* The newest record of a key in [from, to). */
static const struct logged *newest(const struct state_records *records, uint64_t hash,
                                   struct text key, int64_t from, int64_t to)
{
    for (int32_t i = first_at(records, to) - 1; i >= 0 && records->at[i].offset >= from; i--) {
        if (records->at[i].hash == hash && text_equal(records->at[i].key, key)) {
            return &records->at[i];
        }
    }
    return NULL;
}

static int64_t count_keys(const struct state_records *records, int64_t from, int64_t to)
{
    int64_t count = 0;
    for (int32_t i = first_at(records, from); i < records->count && records->at[i].offset < to; i++) {
        const struct logged *logged = &records->at[i];
        count += newest(records, logged->hash, logged->key, logged->offset + 1, to) == NULL;
    }
    return count;
}

static bool same_value(const struct logged *logged, const struct view_entry *entry)
{
    bool empty = (logged->value.at[RECORD_PREFIX - 1] & RECORD_EMPTY) != 0;
    return entry->value.at == NULL ? empty : !empty && text_equal(logged->value, entry->value);
}

/* The entries are the newest records of their keys before `after`, and all that are new since `before`:
 * so the view is the fold of the log up to its index, before and after. */
void watch_fold(struct sim *sim, struct text group, int64_t before, int64_t after,
                const struct view_entry *entries, size_t count)
{
    int32_t worker, partition;
    struct view_group *known = group_of(sim, group, &worker, &partition);
    int64_t from = before < 0 ? 0 : before;
    sim->tally.folds++;
    if (known->index != before || after <= before) {
        sim_fail(sim, "E4 view: group %.*s folded from %lld to %lld, stands at %lld", TEXT_ARGS(group),
                 (long long)before, (long long)after, (long long)known->index);
        return;
    }
    int64_t within = 0;
    const struct state_records *records = &sim->watch->records[worker][partition];
    for (size_t i = 0; i < count && !sim->watch->compacted[worker][partition]; i++) {
        const struct logged *logged = newest(records, hash64(entries[i].key), entries[i].key, 0, after);
        within += logged != NULL && logged->offset >= from;
        if (logged == NULL || !same_value(logged, &entries[i])) {
            sim_fail(sim, "E4 view: %.*s of %.*s is folded to %lld with a value that is not the log's",
                     TEXT_ARGS(entries[i].key), TEXT_ARGS(group), (long long)after);
            return;
        }
    }
    /* Who read before a compaction may hold older values, and lack keys that come later. */
    if (!sim->watch->compacted[worker][partition] && within != count_keys(records, from, after)) {
        sim_fail(sim, "E4 view: the fold of %.*s from %lld to %lld leaves keys out", TEXT_ARGS(group),
                 (long long)before, (long long)after);
        return;
    }
    known->index = after;
}

void watch_view_replaced(struct sim *sim)
{
    struct arena arena;
    struct err_note note;
    arena_init(&arena, 0);
    for (int w = 0; w < WORKERS; w++) {
        for (int32_t p = 0; p < sim->partitions[w]; p++) {
            char name[32];
            snprintf(name, sizeof(name), "%s-%d", w == CONTRACT ? "contract" : "action", p);
            struct view_read read = { .group = text_of(name) };
            ENSURE(sim->view->ops->read(sim->view, &arena, &read, 1, &note) == VIEW_OK);
            sim->watch->groups[w][p].index = read.index;
        }
    }
    arena_release(&arena);
}

enum { COMPACTION_LAG_MS = 60000 }; /* min.compaction.lag.ms (design 2) */

bool watch_compact(struct sim *sim, int32_t worker, int32_t partition)
{
    struct bus_record record;
    enum broker_state state;
    int64_t before = 0;
    while (broker_read(sim->broker, sim->state[worker], partition, before, &record, &state) &&
           record.timestamp_ms < sim->wall_ms - COMPACTION_LAG_MS) {
        before++;
    }
    if (!broker_compact(sim->broker, sim->state[worker], partition, before)) {
        return false;
    }
    return sim->watch->compacted[worker][partition] = true;
}
