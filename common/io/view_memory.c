/* A hash table of entries per group; due times are found by a walk over an ordered list of them. */
#include "io/view_memory.h"

#include <stdlib.h>

#include "base/ensure.h"
#include "base/hash.h"

struct entry {
    struct entry *next; /* in its slot */
    uint64_t hash;
    struct text key, value;
    int64_t due_ms;
};

struct group {
    struct group *next;
    struct text name;
    int64_t index;
    struct entry **slots;
    size_t slot_count, entry_count;
    /* Entries with a due time, sorted by (due, key) when asked for. */
    struct entry **due;
    size_t due_count, due_room;
    bool due_sorted;
};

struct view_memory_copy {
    struct group *groups;
};

struct memory {
    struct view view;
    struct group *groups;
    enum view_result down;
};

static void *must(void *pointer)
{
    ENSURE(pointer != NULL);
    return pointer;
}

static struct text copy_text(struct text text)
{
    char *at = must(malloc(text.size + 1));
    if (text.size) {
        memcpy(at, text.at, text.size);
    }
    return (struct text){ at, text.size };
}

static void free_text(struct text text)
{
    free((void *)(uintptr_t)text.at);
}

/* --- groups and entries --- */

static struct group *group_of(struct memory *memory, struct text name)
{
    for (struct group *group = memory->groups; group; group = group->next) {
        if (text_equal(group->name, name)) {
            return group;
        }
    }
    struct group *group = must(calloc(1, sizeof(*group)));
    group->name = copy_text(name);
    group->index = -1;
    group->slot_count = 64;
    group->slots = must(calloc(group->slot_count, sizeof(*group->slots)));
    group->next = memory->groups;
    memory->groups = group;
    return group;
}

static void free_groups(struct group *group)
{
    while (group) {
        struct group *next = group->next;
        for (size_t i = 0; i < group->slot_count; i++) {
            struct entry *entry = group->slots[i];
            while (entry) {
                struct entry *after = entry->next;
                free_text(entry->key);
                free_text(entry->value);
                free(entry);
                entry = after;
            }
        }
        free_text(group->name);
        free(group->slots);
        free(group->due);
        free(group);
        group = next;
    }
}

static struct entry **find(struct group *group, struct text key, uint64_t hash)
{
    struct entry **at = &group->slots[hash & (group->slot_count - 1)];
    while (*at && ((*at)->hash != hash || !text_equal((*at)->key, key))) {
        at = &(*at)->next;
    }
    return at;
}

static void grow(struct group *group)
{
    struct entry **old = group->slots;
    size_t old_count = group->slot_count;
    group->slot_count *= 4;
    group->slots = must(calloc(group->slot_count, sizeof(*group->slots)));
    for (size_t i = 0; i < old_count; i++) {
        while (old[i]) {
            struct entry *entry = old[i];
            old[i] = entry->next;
            struct entry **slot = &group->slots[entry->hash & (group->slot_count - 1)];
            entry->next = *slot;
            *slot = entry;
        }
    }
    free(old);
}

/* --- due times --- */

static void due_forget(struct group *group, const struct entry *entry)
{
    for (size_t i = 0; i < group->due_count; i++) {
        if (group->due[i] == entry) {
            group->due[i] = group->due[--group->due_count];
            group->due_sorted = false;
            return;
        }
    }
}

static void due_set(struct group *group, struct entry *entry, int64_t due_ms)
{
    if (entry->due_ms == due_ms) {
        return;
    }
    if (entry->due_ms) {
        due_forget(group, entry);
    }
    entry->due_ms = due_ms;
    if (!due_ms) {
        return;
    }
    if (group->due_count == group->due_room) {
        group->due_room = group->due_room ? group->due_room * 2 : 64;
        group->due = must(realloc(group->due, group->due_room * sizeof(struct entry *)));
    }
    group->due[group->due_count++] = entry;
    group->due_sorted = false;
}

static int due_order(const void *a, const void *b)
{
    const struct entry *one = *(struct entry *const *)a, *other = *(struct entry *const *)b;
    if (one->due_ms != other->due_ms) {
        return one->due_ms < other->due_ms ? -1 : 1;
    }
    return text_compare(one->key, other->key);
}

static void due_list(struct group *group, struct arena *arena, struct view_read *read)
{
    if (!group->due_sorted && group->due_count) {
        qsort(group->due, group->due_count, sizeof(struct entry *), due_order);
    }
    group->due_sorted = true;
    read->due_next_ms = group->due_count ? group->due[0]->due_ms : INT64_MAX;
    read->due_count = 0;
    while (read->due_count < group->due_count && read->due_count < read->due_max &&
           group->due[read->due_count]->due_ms <= read->due_limit_ms) {
        read->due_count++;
    }
    read->due = arena_alloc(arena, read->due_count * sizeof(*read->due));
    for (size_t i = 0; i < read->due_count; i++) {
        read->due[i] = (struct view_due){ arena_copy(arena, group->due[i]->key),
                                          group->due[i]->due_ms };
    }
}

/* --- the operations --- */

static enum view_result memory_down(const struct memory *memory, struct err_note *note)
{
    if (memory->down != VIEW_OK) {
        err_note(note, ERR_UNAVAILABLE, "the view in memory was told not to answer");
    }
    return memory->down;
}

static enum view_result memory_read(struct view *view, struct arena *arena, struct view_read *reads,
                                    size_t count, struct err_note *note)
{
    struct memory *memory = (struct memory *)view;
    enum view_result down = memory_down(memory, note);
    for (size_t i = 0; down == VIEW_OK && i < count; i++) {
        struct view_read *read = &reads[i];
        struct group *group = group_of(memory, read->group);
        read->index = group->index;
        read->values = arena_alloc(arena, read->key_count * sizeof(*read->values));
        for (size_t k = 0; k < read->key_count; k++) {
            const struct entry *entry = *find(group, read->keys[k], hash64(read->keys[k]));
            if (entry) {
                read->values[k] = arena_copy(arena, entry->value);
            }
        }
        if (read->due_max) {
            due_list(group, arena, read);
        }
    }
    return down;
}

static void put(struct group *group, const struct view_entry *change)
{
    uint64_t hash = hash64(change->key);
    struct entry **at = find(group, change->key, hash), *entry = *at;
    if (!change->value.at) {
        if (entry) {
            due_set(group, entry, 0);
            *at = entry->next;
            group->entry_count--;
            free_text(entry->key);
            free_text(entry->value);
            free(entry);
        }
        return;
    }
    if (!entry) {
        entry = must(calloc(1, sizeof(*entry)));
        entry->hash = hash;
        entry->key = copy_text(change->key);
        *at = entry;
        group->entry_count++;
    } else {
        free_text(entry->value);
    }
    entry->value = copy_text(change->value);
    if (change->due_ms != VIEW_DUE_KEEP) {
        due_set(group, entry, change->due_ms);
    }
    if (group->entry_count > group->slot_count) {
        grow(group);
    }
}

static enum view_result memory_fold(struct view *view, struct text name, int64_t before,
                                    int64_t after, const struct view_entry *entries, size_t count,
                                    int64_t *index, struct err_note *note)
{
    struct memory *memory = (struct memory *)view;
    enum view_result down = memory_down(memory, note);
    ENSURE(count <= VIEW_FOLD_ENTRIES_MAX);
    if (down != VIEW_OK) {
        return down;
    }
    struct group *group = group_of(memory, name);
    if (group->index != before) {
        *index = group->index;
        return VIEW_LOST;
    }
    for (size_t i = 0; i < count; i++) {
        put(group, &entries[i]);
    }
    group->index = *index = after;
    return VIEW_OK;
}

static enum view_result memory_check(struct view *view, struct err_note *note)
{
    return memory_down((struct memory *)view, note);
}

static void memory_close(struct view *view)
{
    struct memory *memory = (struct memory *)view;
    free_groups(memory->groups);
    free(memory);
}

static const struct view_ops memory_ops = { .read = memory_read,
                                            .fold = memory_fold,
                                            .check = memory_check,
                                            .close = memory_close };

struct view *view_memory_new(void)
{
    struct memory *memory = calloc(1, sizeof(*memory));
    if (!memory) {
        return NULL;
    }
    memory->view.ops = &memory_ops;
    return &memory->view;
}

/* --- what may happen to it --- */

void view_memory_wipe(struct view *view)
{
    struct memory *memory = (struct memory *)view;
    free_groups(memory->groups);
    memory->groups = NULL;
}

void view_memory_set_down(struct view *view, enum view_result result)
{
    ((struct memory *)view)->down = result;
}

static struct group *copy_groups(const struct group *from)
{
    struct memory to = { .groups = NULL };
    for (; from; from = from->next) {
        struct group *group = group_of(&to, from->name);
        group->index = from->index;
        for (size_t i = 0; i < from->slot_count; i++) {
            for (const struct entry *entry = from->slots[i]; entry; entry = entry->next) {
                struct view_entry change = { entry->key, entry->value, entry->due_ms };
                put(group, &change);
            }
        }
    }
    return to.groups;
}

struct view_memory_copy *view_memory_save(struct view *view)
{
    struct view_memory_copy *copy = must(calloc(1, sizeof(*copy)));
    copy->groups = copy_groups(((struct memory *)view)->groups);
    return copy;
}

void view_memory_restore(struct view *view, const struct view_memory_copy *copy)
{
    struct memory *memory = (struct memory *)view;
    free_groups(memory->groups);
    memory->groups = copy_groups(copy->groups);
}

void view_memory_copy_free(struct view_memory_copy *copy)
{
    free_groups(copy->groups);
    free(copy);
}

static int key_order(const void *a, const void *b)
{
    const struct entry *one = *(struct entry *const *)a, *other = *(struct entry *const *)b;
    return text_compare(one->key, other->key);
}

void view_memory_each(struct view *view, struct text name,
                      void (*each)(void *context, struct text key, struct text value,
                                   int64_t due_ms),
                      void *context)
{
    struct group *group = group_of((struct memory *)view, name);
    struct entry **all = must(calloc(group->entry_count + 1, sizeof(struct entry *)));
    size_t count = 0;
    for (size_t i = 0; i < group->slot_count; i++) {
        for (struct entry *entry = group->slots[i]; entry; entry = entry->next) {
            all[count++] = entry;
        }
    }
    qsort(all, count, sizeof(struct entry *), key_order);
    for (size_t i = 0; i < count; i++) {
        each(context, all[i]->key, all[i]->value, all[i]->due_ms);
    }
    free(all);
}
