/* What topics and the view hold at the end of a history, as tests/oracle/dump.py says it of servers. */
#include "tests/sim/dump.h"

#include <stdio.h>

enum { HEADERS_MAX = 64 };

static void put_base64(FILE *file, struct text bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (bytes.at == NULL) {
        fputs("null", file);
        return;
    }
    putc('"', file);
    for (uint32_t i = 0; i < bytes.size; i += 3) {
        uint32_t left = bytes.size - i, group = 0;
        for (uint32_t n = 0; n < 3; n++) {
            group = group << 8 | (n < left ? (unsigned char)bytes.at[i + n] : 0);
        }
        for (uint32_t n = 0; n < 4; n++) {
            putc(n <= left ? digits[group >> (18 - 6 * n) & 63] : '=', file);
        }
    }
    putc('"', file);
}

/* --- topics --- */

/* Without the one that the simulator puts in front (queue.c). */
static void put_headers(FILE *file, const struct bus_record *record)
{
    struct header headers[HEADERS_MAX];
    size_t count = broker_headers(record, headers, HEADERS_MAX);
    const char *between = "";
    ENSURE(count <= HEADERS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!text_is(headers[i].name, QUEUE_HEADER)) {
            fprintf(file, "%s[\"%.*s\",", between, TEXT_ARGS(headers[i].name));
            put_base64(file, headers[i].value);
            putc(']', file);
            between = ",";
        }
    }
}

static void put_record(FILE *file, const char *topic, const struct bus_record *record)
{
    fprintf(file, "{\"topic\":\"%s\",\"partition\":%d,\"offset\":%lld,\"timestamp\":%lld,\"key\":", topic,
            record->place.partition, (long long)record->offset, (long long)record->timestamp_ms);
    put_base64(file, record->key);
    fputs(",\"value\":", file);
    put_base64(file, record->value);
    fputs(",\"headers\":[", file);
    put_headers(file, record);
    fputs("]}\n", file);
}

static void put_partition(struct sim *sim, FILE *file, int32_t topic, int32_t partition)
{
    const char *name = broker_topic_name(sim->broker, topic);
    struct bus_record record;
    enum broker_state state;
    int64_t stable = -1, offset = 0;
    for (; broker_read(sim->broker, topic, partition, offset, &record, &state); offset++) {
        if (state == BROKER_COMMITTED) {
            put_record(file, name, &record);
        } else if (state == BROKER_OPEN && stable < 0) {
            stable = offset;
        }
    }
    fprintf(file, "{\"topic\":\"%s\",\"partition\":%d,\"low\":0,\"high\":%lld,\"stable\":%lld}\n", name,
            partition, (long long)offset, (long long)(stable < 0 ? offset : stable));
}

/* --- the view --- */

struct group {
    FILE *file;
    struct text name;
};

static void put_key(void *context, struct text key, struct text value, int64_t due_ms)
{
    const struct group *group = context;
    char whole[1024];
    int size = snprintf(whole, sizeof(whole), "{%.*s}:%.*s", TEXT_ARGS(group->name), TEXT_ARGS(key));
    ENSURE(size > 0 && size < (int)sizeof(whole));
    (void)due_ms;
    fputs("{\"redis\":", group->file);
    put_base64(group->file, (struct text){ whole, (uint32_t)size });
    fputs(",\"type\":\"string\",\"value\":", group->file);
    put_base64(group->file, value);
    fputs("}\n", group->file);
}

static void put_group(struct sim *sim, FILE *file, struct text name)
{
    struct group group = { file, name };
    struct err_note note;
    struct view_read read = { .group = name };
    ENSURE(sim->view->ops->read(sim->view, &sim->arena, &read, 1, &note) == VIEW_OK);
    view_memory_each(sim->view, name, put_key, &group);
    fputs("{\"redis\":", file);
    put_base64(file, arena_printf(&sim->arena, "{%.*s}@index", TEXT_ARGS(name)));
    fputs(",\"type\":\"string\",\"value\":", file);
    put_base64(file, arena_printf(&sim->arena, "%lld", (long long)read.index));
    fputs("}\n", file);
}

void dump_history(struct sim *sim)
{
    FILE *file = fopen(sim->plan.dump, "w");
    if (file == NULL) {
        sim_fail(sim, "%s cannot be written", sim->plan.dump);
        return;
    }
    for (int w = 0; w < WORKERS; w++) {
        int32_t topics[] = { sim->input[w], sim->state[w], sim->outcome[w], sim->dlq[w] };
        for (int32_t p = 0; p < sim->partitions[w]; p++) {
            for (size_t t = 0; t < sizeof(topics) / sizeof(topics[0]); t++) {
                put_partition(sim, file, topics[t], p);
            }
            put_group(sim, file, arena_printf(&sim->arena, "%s-%d", broker_topic_name(sim->broker, topics[0]), p));
        }
    }
    fprintf(file, "{\"time\":%lld}\n", (long long)sim->wall_ms);
    if (fclose(file) != 0) {
        sim_fail(sim, "%s is not whole", sim->plan.dump);
    }
}
