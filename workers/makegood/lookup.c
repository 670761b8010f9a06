/* One key at a time: these commands are for people. */
#include "workers/makegood/lookup.h"

#include "base/hash.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/workers.h"

enum err lookup_open(struct lookup *lookup, const struct config *config)
{
    char cluster[KAFKA_CLUSTER_ID_MAX];
    *lookup = (struct lookup){ .config = config };
    lookup->admin = servers_kafka_quiet(config, &lookup->err, &lookup->note);
    if (lookup->admin) {
        lookup->err =
            kafka_admin_cluster_id(lookup->admin, cluster, SERVERS_WAIT_MS, &lookup->note);
    }
    if (lookup->err == OK) {
        lookup->view = servers_view(config, cluster, &lookup->err, &lookup->note);
    }
    return lookup->err;
}

void lookup_close(struct lookup *lookup)
{
    if (lookup->view) {
        lookup->view->ops->close(lookup->view);
    }
    if (lookup->admin) {
        kafka_admin_free(lookup->admin);
    }
}

static int index_of(const struct worker *worker)
{
    int i = 0;
    while (makegood_workers[i] && makegood_workers[i] != worker) {
        i++;
    }
    return i;
}

static int32_t count_of(struct lookup *lookup, const struct worker *worker, struct arena *arena)
{
    int32_t *count = &lookup->counts[index_of(worker)], replication;
    struct text log = arena_printf(arena, "%s-state", worker->name);
    if (*count == 0) {
        lookup->err = kafka_admin_partitions(lookup->admin, log.at, count, &replication,
                                             SERVERS_WAIT_MS, &lookup->note);
    }
    return lookup->err == OK ? *count : 0;
}

struct lookup_found lookup_find(struct lookup *lookup, struct text key, struct arena *arena)
{
    struct lookup_found found = { .worker = worker_of_key(key, arena), .index = -1 };
    int32_t count = found.worker && lookup->err == OK ? count_of(lookup, found.worker, arena) : 0;
    if (count == 0) {
        return found;
    }
    found.partition = partition_of(entity_of_key(key), count);
    struct view_read read = { .group = arena_printf(arena, "%s-%d", found.worker->name,
                                                    (int)found.partition),
                              .keys = &key,
                              .key_count = 1 };
    lookup->err = view_error(lookup->view->ops->read(lookup->view, arena, &read, 1, &lookup->note));
    if (lookup->err == OK) {
        found.value = read.values[0];
        found.index = read.index;
    }
    return found;
}

struct text lookup_value(struct lookup *lookup, struct text key, struct arena *arena)
{
    return lookup_find(lookup, key, arena).value;
}
