/*
 * Ordered lists of rewards. A short one lies in its owner's record; a longer one in pages of at most
 * ENTRIES_PER_PAGE, listed with their least entry, count and sum. So whoever looks for "the first that
 * make up 300" or "all since January" knows which pages it needs and asks for all of them at once.
 */
#include "workers/reward/inside.h"

enum { ROOM_STEP = 32 };

/* --- lists that grow: room is count rounded up, so a full step means that a larger array is due --- */

static void *make_room(struct arena *arena, struct list *list, size_t size)
{
    if (list->count % ROOM_STEP == 0) {
        char *items = arena_alloc(arena, (list->count + ROOM_STEP) * size);
        if (list->count) {
            memcpy(items, list->items, list->count * size);
        }
        list->items = items;
    }
    return list->items;
}

static void insert_at(struct arena *arena, struct list *list, size_t size, uint32_t at,
                      const void *item)
{
    char *items = make_room(arena, list, size);
    memmove(items + (at + 1) * size, items + at * size, (list->count - at) * size);
    memcpy(items + at * size, item, size);
    list->count++;
}

static void remove_at(struct list *list, size_t size, uint32_t at)
{
    char *items = list->items;
    memmove(items + at * size, items + (at + 1) * size, (list->count - at - 1) * size);
    if (--list->count == 0) {
        list->items = NULL;
    }
}

static struct list copy_list(struct arena *arena, struct list list, size_t size)
{
    if (list.count == 0) {
        return (struct list){ NULL, 0 };
    }
    char *items = arena_alloc(arena, (list.count / ROOM_STEP + 1) * ROOM_STEP * size);
    memcpy(items, list.items, list.count * size);
    return (struct list){ items, list.count };
}

struct index *index_copy(struct arena *arena, const struct index *index)
{
    struct index *copy = arena_alloc(arena, sizeof(*copy));
    if (index) {
        copy->entries = copy_list(arena, index->entries, sizeof(struct index_entry));
        copy->pages = copy_list(arena, index->pages, sizeof(struct index_page_note));
        copy->next_page = index->next_page;
    }
    return copy;
}

/* What is to be stored: nothing for a list that never had a member. */
struct index *index_stored(struct index *index)
{
    bool used = index && (index->entries.count || index->pages.count || index->next_page);
    return used ? index : NULL;
}

/* --- order --- */

static int compare_times(int64_t a, int64_t b)
{
    a = a == FIELD_ABSENT ? INT64_MAX : a;
    b = b == FIELD_ABSENT ? INT64_MAX : b;
    return (a > b) - (a < b);
}

static int compare(const struct index_entry *a, const struct index_entry *b)
{
    int by_first = compare_times(a->first, b->first);
    int by_second = compare_times(a->second, b->second);
    return by_first ? by_first : by_second ? by_second : text_compare(a->id, b->id);
}

/* Where the entry is, or belongs. */
static uint32_t place_of(const struct list *entries, const struct index_entry *entry)
{
    const struct index_entry *all = entries->items;
    uint32_t low = 0, high = entries->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (compare(&all[middle], entry) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The page that the entry is in, or belongs into: the last that does not begin behind it. */
static uint32_t page_of(const struct index *index, const struct index_entry *entry)
{
    const struct index_page_note *notes = index->pages.items;
    uint32_t low = 0, high = index->pages.count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (compare(notes[middle].least, entry) <= 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low ? low - 1 : 0;
}

static void describe(struct arena *arena, struct index_page_note *note, const struct list *entries)
{
    const struct index_entry *all = entries->items;
    note->count = entries->count;
    note->sum = 0;
    for (uint32_t i = 0; i < entries->count; i++) {
        note->sum += all[i].value; /* totals are bounded by VALUE_MAX */
    }
    if (entries->count) {
        note->least = arena_alloc(arena, sizeof(*note->least));
        *note->least = all[0];
    }
}

/* --- changes --- */

/* Entries from `from` on go into a new page, noted at `at`. */
static void new_page(struct book *book, struct index *index, struct text owner, uint32_t at,
                     struct list *entries, uint32_t from)
{
    struct arena *arena = decision_arena(book->decision);
    struct index_page_note note = { .number = index->next_page++ };
    struct index_page *page = book_page(book, owner, note.number, true);
    struct list rest = { (struct index_entry *)entries->items + from, entries->count - from };
    page->entries = copy_list(arena, rest, sizeof(struct index_entry));
    *entries = from ? (struct list){ entries->items, from } : (struct list){ NULL, 0 };
    describe(arena, &note, &page->entries);
    insert_at(arena, &index->pages, sizeof(note), at, &note);
}

void index_insert(struct book *book, struct index *index, struct text owner,
                  struct index_entry entry)
{
    struct arena *arena = decision_arena(book->decision);
    if (index->pages.count == 0) {
        insert_at(arena, &index->entries, sizeof(entry), place_of(&index->entries, &entry), &entry);
        if (index->entries.count > ENTRIES_INLINE_MAX) {
            new_page(book, index, owner, 0, &index->entries, 0);
        }
        return;
    }
    uint32_t at = page_of(index, &entry);
    struct index_page_note *notes = index->pages.items;
    struct list *entries = &book_page(book, owner, notes[at].number, false)->entries;
    insert_at(arena, entries, sizeof(entry), place_of(entries, &entry), &entry);
    if (entries->count > ENTRIES_PER_PAGE) {
        new_page(book, index, owner, at + 1, entries, entries->count / 2);
        notes = index->pages.items;
    }
    describe(arena, &notes[at], entries);
}

static void remove_from(struct list *entries, const struct index_entry *entry)
{
    uint32_t at = place_of(entries, entry);
    const struct index_entry *all = entries->items;
    if (at < entries->count && compare(&all[at], entry) == 0) {
        remove_at(entries, sizeof(*entry), at);
    }
}

void index_remove(struct book *book, struct index *index, struct text owner,
                  struct index_entry entry)
{
    if (index->pages.count == 0) {
        remove_from(&index->entries, &entry);
        return;
    }
    uint32_t at = page_of(index, &entry);
    struct index_page_note *notes = index->pages.items;
    struct list *entries = &book_page(book, owner, notes[at].number, false)->entries;
    remove_from(entries, &entry);
    if (entries->count == 0) {
        book_drop_page(book, owner, notes[at].number);
        remove_at(&index->pages, sizeof(*notes), at);
    } else {
        describe(decision_arena(book->decision), &notes[at], entries);
    }
}

const struct index_entry *index_least(const struct index *index)
{
    const struct index_page_note *notes = index->pages.items;
    return index->pages.count ? notes[0].least
           : index->entries.count ? index->entries.items
                                  : NULL;
}

void index_clear(struct book *book, struct index *index, struct text owner)
{
    const struct index_page_note *notes = index->pages.items;
    for (uint32_t i = 0; i < index->pages.count; i++) {
        book_drop_page(book, owner, notes[i].number);
    }
    index->pages = index->entries = (struct list){ NULL, 0 };
}

/* --- questions --- */

static void add_from(const struct list *entries, int64_t from, int64_t *count, int64_t *sum)
{
    const struct index_entry *all = entries->items;
    for (uint32_t i = 0; i < entries->count; i++) {
        if (all[i].first >= from) {
            (*count)++;
            *sum += all[i].value;
        }
    }
}

void index_sum(struct book *book, const struct index *index, struct text owner, int64_t from,
               int64_t *count, int64_t *sum)
{
    const struct index_page_note *notes = index->pages.items;
    *count = *sum = 0;
    add_from(&index->entries, from, count, sum);
    for (uint32_t i = 0; i < index->pages.count; i++) {
        if (notes[i].least->first >= from) {
            *count += notes[i].count;
            *sum += notes[i].sum;
        } else if (i + 1 == index->pages.count || notes[i + 1].least->first >= from) {
            add_from(&book_page(book, owner, notes[i].number, false)->entries, from, count, sum);
        }
    }
}

static void collect(struct arena *arena, struct list *out, const struct list *entries,
                    int64_t *wanted)
{
    const struct index_entry *all = entries->items;
    for (uint32_t i = 0; i < entries->count && *wanted > 0; i++) {
        insert_at(arena, out, sizeof(*all), out->count, &all[i]);
        *wanted -= all[i].value;
    }
}

struct list index_first(struct book *book, const struct index *index, struct text owner,
                        int64_t value)
{
    struct arena *arena = decision_arena(book->decision);
    const struct index_page_note *notes = index->pages.items;
    struct list out = { NULL, 0 };
    int64_t left = value, wanted = value;
    collect(arena, &out, &index->entries, &wanted);
    for (uint32_t i = 0; i < index->pages.count && left > 0; i++) {
        collect(arena, &out, &book_page(book, owner, notes[i].number, false)->entries, &wanted);
        left -= notes[i].sum;
    }
    return out;
}

struct list index_front(struct book *book, const struct index *index, struct text owner,
                        uint32_t count)
{
    struct arena *arena = decision_arena(book->decision);
    const struct index_page_note *notes = index->pages.items;
    struct list out = copy_list(arena, index->entries, sizeof(struct index_entry));
    int64_t listed = out.count;
    for (uint32_t p = 0; p < index->pages.count && listed < count; p++) {
        const struct list *entries = &book_page(book, owner, notes[p].number, false)->entries;
        const struct index_entry *entry = entries->items;
        for (uint32_t i = 0; i < entries->count && out.count < count; i++) {
            insert_at(arena, &out, sizeof(*entry), out.count, &entry[i]);
        }
        listed += notes[p].count;
    }
    return out;
}
