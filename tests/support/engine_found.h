/* Words for what a test of the engine finds in the topics and in the view. engine_world.h includes it. */
#ifndef MAKEGOOD_TESTS_ENGINE_FOUND_H
#define MAKEGOOD_TESTS_ENGINE_FOUND_H

/* --- what is there --- */

/* A record that a read_committed reader sees, and where to look for the next one. */
struct found {
    struct bus_record record;
    struct header headers[BUS_HEADERS_MAX];
    size_t header_count;
    int32_t next_partition;
    int64_t next_offset;
};

/* The next one of a topic, over its partitions in order; *found is zeroed before the first. */
static inline bool committed_next(struct world *world, int32_t topic, struct found *found)
{
    enum broker_state state;
    while (found->next_partition < PARTITIONS) {
        if (!broker_read(world->broker, topic, found->next_partition, found->next_offset, &found->record,
                         &state)) {
            found->next_partition++;
            found->next_offset = 0;
            continue;
        }
        found->next_offset++;
        if (state == BROKER_COMMITTED) {
            found->header_count = broker_headers(&found->record, found->headers, BUS_HEADERS_MAX);
            return true;
        }
    }
    return false;
}

static inline bool committed_at(struct world *world, int32_t topic, size_t nth, struct found *found)
{
    *found = (struct found){ 0 };
    while (committed_next(world, topic, found)) {
        if (nth-- == 0) {
            return true;
        }
    }
    return false;
}

static inline size_t committed_count(struct world *world, int32_t topic)
{
    struct found found = { 0 };
    size_t count = 0;
    while (committed_next(world, topic, &found)) {
        count++;
    }
    return count;
}

static inline struct text found_header(const struct found *found, const char *name)
{
    return header_value(found->headers, found->header_count, name);
}

/* Outcomes of counter whose header has the value, in order: the nth. */
static inline bool outcome_with(struct world *world, const char *header, const char *value,
                                size_t nth, struct found *found)
{
    *found = (struct found){ 0 };
    while (committed_next(world, world->counter_outcome, found)) {
        if (text_is(found_header(found, header), value) && nth-- == 0) {
            return true;
        }
    }
    return false;
}

/* Outcomes of a type: "counter.added". */
static inline size_t outcomes_of(struct world *world, const char *type)
{
    char name[128];
    struct found found = { 0 };
    size_t count = 0;
    snprintf(name, sizeof(name), "makegood.%s.v1", type);
    while (committed_next(world, world->counter_outcome, &found)) {
        count += text_is(found_header(&found, "ce_type"), name);
    }
    return count;
}

static inline struct found outcome_of(struct world *world, const char *type, size_t nth)
{
    char name[128];
    struct found found;
    snprintf(name, sizeof(name), "makegood.%s.v1", type);
    bool there = outcome_with(world, "ce_type", name, nth, &found);
    if (!there) {
        print_error("no outcome %s number %zu\n", type, nth);
    }
    assert_true(there);
    return found;
}

static inline bool contains(struct text text, const char *part)
{
    size_t size = strlen(part);
    for (size_t at = 0; at + size <= text.size; at++) {
        if (memcmp(text.at + at, part, size) == 0) {
            return true;
        }
    }
    return false;
}

static inline void expect_contains(struct text text, const char *part)
{
    if (!contains(text, part)) {
        print_error("%.*s\n  does not contain %s\n", TEXT_ARGS(text), part);
    }
    assert_true(contains(text, part));
}

static inline void expect_text(struct text text, const char *expected)
{
    if (!text_is(text, expected)) {
        print_error("\"%.*s\" is not \"%s\"\n", (int)text.size, text.at != NULL ? text.at : "",
                    expected);
    }
    assert_true(text_is(text, expected));
}

static inline void expect_id(const struct found *found, const char *name)
{
    char made[UUID_TEXT_SIZE];
    uuid5(text_of(name), made);
    expect_text(found_header(found, "ce_id"), made);
}

/* --- the view --- */

struct view_find {
    const char *key;
    bool present;
    int64_t due_ms;
    struct text value;
    size_t count;
};

static inline void view_find_one(void *context, struct text key, struct text value, int64_t due_ms)
{
    struct view_find *find = context;
    find->count++;
    if (find->key != NULL && text_is(key, find->key)) {
        find->present = true;
        find->due_ms = due_ms;
        find->value = value;
    }
}

static inline struct view_find in_view(struct world *world, const char *key)
{
    struct view_find find = { .key = key };
    for (int32_t p = 0; p < PARTITIONS; p++) {
        struct text group = arena_printf(&world->arena, "counter-%d", p);
        view_memory_each(world->view, group, view_find_one, &find);
        group = arena_printf(&world->arena, "rate-%d", p);
        view_memory_each(world->view, group, view_find_one, &find);
    }
    return find;
}

static inline struct view_read view_index(struct world *world, const char *group)
{
    struct view_read read = { .group = text_of(group) };
    assert_int_equal(world->view->ops->read(world->view, &world->arena, &read, 1, &world->note), VIEW_OK);
    return read;
}

/* Writes a key as if it had been folded; the index stays where it is. value.at == NULL: removes it. */
static inline void view_write(struct world *world, const char *group, struct text key, struct text value,
                              int64_t due_ms)
{
    struct view_entry entry = { key, value, due_ms };
    int64_t index = view_index(world, group).index;
    assert_int_equal(world->view->ops->fold(world->view, text_of(group), index, index, &entry, 1, &index,
                                            &world->note),
                     VIEW_OK);
}

#endif
