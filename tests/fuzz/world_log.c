/* The topics of a world as bytes: fields, each behind its size. */
#include "fuzz/world_log.h"

#include "base/uuid5.h"
#include "fuzz/fuzz.h"
#include "fuzz/world.h"
#include "io/view_memory.h"

enum { LOG_BYTES_MAX = 16 * 1024 * 1024, NAMES_MAX = 16384, SIZE_BYTES = sizeof(uint32_t) };

struct log_writer {
    char *at;
    size_t size;
};

static void add(struct log_writer *writer, struct text field)
{
    uint32_t size = field.at ? field.size : UINT32_MAX; /* absent is not empty */
    PROMISE(writer->size + SIZE_BYTES + field.size <= LOG_BYTES_MAX, "a log of more than 16 MiB");
    memcpy(writer->at + writer->size, &size, SIZE_BYTES);
    writer->size += SIZE_BYTES;
    if (field.size) {
        memcpy(writer->at + writer->size, field.at, field.size);
    }
    writer->size += field.size;
}

/* Every topic's name, then each of its committed records. */
typedef void on_topic(void *context, const char *name);
typedef void on_record(void *context, const struct bus_record *record);

static void walk_topic(const char *name, on_topic *enter, on_record *visit, void *context)
{
    struct bus_record record;
    enum broker_state state;
    int32_t topic = broker_topic(world_broker(), name, 0);
    enter(context, name);
    for (int64_t offset = 0; broker_read(world_broker(), topic, 0, offset, &record, &state); offset++) {
        if (state == BROKER_COMMITTED) {
            visit(context, &record);
        }
    }
}

static void walk(on_topic *enter, on_record *visit, void *context)
{
    static const char *const ends[] = { "", "-outcome", "-dlq", "-state" };
    for (int worker = 0; world_worker(worker) != NULL; worker++) {
        for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
            char name[64];
            snprintf(name, sizeof(name), "%s%s", world_worker(worker), ends[i]);
            walk_topic(name, enter, visit, context);
        }
    }
    walk_topic("email-request", enter, visit, context);
    walk_topic("refund-initiated", enter, visit, context);
}

static void add_name(void *context, const char *name)
{
    add(context, text_of(name));
}

static void add_record(void *context, const struct bus_record *record)
{
    struct header headers[BUS_HEADERS_MAX];
    size_t count = broker_headers(record, headers, BUS_HEADERS_MAX);
    PROMISE(count <= BUS_HEADERS_MAX, "%zu headers", count);
    add(context, record->key);
    add(context, record->value);
    for (size_t i = 0; i < count; i++) {
        add(context, headers[i].name);
        add(context, headers[i].value);
    }
}

struct text world_log(struct arena *arena)
{
    static char bytes[LOG_BYTES_MAX];
    struct log_writer writer = { bytes, 0 };
    walk(add_name, add_record, &writer);
    return arena_copy(arena, (struct text){ bytes, (uint32_t)writer.size });
}

/* --- the same but for offsets: names are replaced by the order in which they first appear --- */

struct names {
    struct text all[NAMES_MAX];
    uint32_t count;
};

static uint32_t number_of(struct names *names, struct text name)
{
    uint32_t i = 0;
    while (i < names->count && !text_equal(names->all[i], name)) {
        i++;
    }
    PROMISE(i < NAMES_MAX, "more names");
    names->all[i] = name;
    names->count += i == names->count;
    return i;
}

static uint32_t hex_or_dash(const char *at, uint32_t size)
{
    uint32_t i = 0;
    while (i < size && strchr("0123456789abcdef-", at[i]) && at[i]) {
        i++;
    }
    return i;
}

static uint32_t digits(const char *at, uint32_t size)
{
    uint32_t i = 0;
    while (i < size && at[i] >= '0' && at[i] <= '9') {
        i++;
    }
    return i;
}

/* "job/0/17" */
static uint32_t place_size(const char *at, uint32_t size)
{
    for (int worker = 0; world_worker(worker) != NULL; worker++) {
        struct text name = text_of(world_worker(worker)), rest = { at + name.size + 3, size - name.size - 3 };
        if (size > name.size + 3 && memcmp(at, name.at, name.size) == 0 && memcmp(at + name.size, "/0/", 3) == 0) {
            uint32_t number = digits(rest.at, rest.size);
            return number ? name.size + 3 + number : 0;
        }
    }
    return 0;
}

/* How long the UUID or the place is that begins here; 0 = none does. */
static uint32_t name_size(const char *at, uint32_t size)
{
    if (size >= UUID_TEXT_SIZE - 1 && at[8] == '-' && at[13] == '-' && at[14] == '5' &&
        hex_or_dash(at, UUID_TEXT_SIZE - 1) == UUID_TEXT_SIZE - 1) {
        return UUID_TEXT_SIZE - 1;
    }
    return place_size(at, size);
}

static void add_renamed(struct log_writer *writer, struct names *names, struct text field)
{
    char room[1 << 16];
    struct log_writer out = { room, 0 };
    for (uint32_t i = 0; i < field.size;) {
        uint32_t name = name_size(field.at + i, field.size - i);
        uint32_t number = name ? number_of(names, (struct text){ field.at + i, name }) : 0;
        PROMISE(out.size + 16 < sizeof(room), "a field of %u bytes", field.size);
        out.size += name ? (size_t)snprintf(room + out.size, 16, "#%u", number) : 1;
        if (!name) {
            room[out.size - 1] = field.at[i];
        }
        i += name ? name : 1;
    }
    add(writer, (struct text){ room, (uint32_t)out.size });
}

/* Values that hold an offset in another form follow these keys, and this header. */
static bool before_an_offset(struct text field)
{
    static const char waits[] = "/wait:";
    bool wait = false;
    for (uint32_t i = 0; i + sizeof(waits) - 1 <= field.size; i++) {
        wait = wait || memcmp(field.at + i, waits, sizeof(waits) - 1) == 0;
    }
    return wait || text_is(field, "@progress") || text_is(field, "dlq-offset");
}

static struct text renamed(struct text log)
{
    static struct names names;
    struct log_writer writer = { malloc(LOG_BYTES_MAX), 0 };
    bool skip = false;
    PROMISE(writer.at != NULL, "out of memory");
    names.count = 0;
    for (uint32_t at = 0; at < log.size;) {
        struct text field = { log.at + at + SIZE_BYTES, 0 };
        memcpy(&field.size, log.at + at, SIZE_BYTES);
        field.size = field.size == UINT32_MAX ? 0 : field.size;
        add_renamed(&writer, &names, skip ? TEXT("") : field);
        skip = before_an_offset(field);
        at += SIZE_BYTES + field.size;
    }
    return (struct text){ writer.at, (uint32_t)writer.size };
}

enum world_log_same world_log_compare(struct text a, struct text b)
{
    if (text_equal(a, b)) {
        return LOG_SAME;
    }
    struct text as = renamed(a), bs = renamed(b);
    bool same = text_equal(as, bs);
    free((char *)as.at);
    free((char *)bs.at);
    return same ? LOG_MOVED : LOG_DIFFERS;
}

/* --- whatever the turns --- */

struct result {
    struct hash128 sum;
    const char *topic;
};

static void result_topic(void *context, const char *name)
{
    struct result *result = context;
    result->topic = name;
}

static void result_add(struct hash128 *sum, struct text key, struct text value)
{
    bool job = text_starts(key, TEXT("job:"));
    struct hash128 hash = hash128_two(key, job ? TEXT("") : value);
    sum->low += hash.low; /* a sum, so that the order does not count */
    sum->high += hash.high;
}

static void result_record(void *context, const struct bus_record *record)
{
    struct result *result = context;
    if (!strstr(result->topic, "-state")) {
        result_add(&result->sum, record->key, record->value);
    }
}

static void result_state(void *context, struct text key, struct text value, int64_t due_ms)
{
    (void)due_ms; /* is in the value */
    result_add(context, key, before_an_offset(key) ? TEXT("") : value);
}

struct hash128 world_result(void)
{
    struct result result = { .topic = "" };
    walk(result_topic, result_record, &result);
    for (int worker = 0; world_worker(worker) != NULL; worker++) {
        char group[64];
        snprintf(group, sizeof(group), "%s-0", world_worker(worker));
        view_memory_each(world_view(), text_of(group), result_state, &result.sum);
    }
    return result.sum;
}
