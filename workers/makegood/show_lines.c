/* What all entities have. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "engine/worker.h"
#include "wire/field.h"
#include "workers/makegood/show.h"
#include "workers/makegood/terminal.h"

enum { NAME_COLUMNS = 16 };

void show_line(const char *name, struct text value)
{
    if (value.size > 0) {
        printf("%-*s", NAME_COLUMNS, name);
        terminal_put(stdout, value, 0);
        putchar('\n');
    }
}

void show_line_time(const char *name, int64_t ms)
{
    char time[TIME_TEXT_SIZE];
    if (ms != FIELD_ABSENT && ms > 0) {
        time_format(ms, time);
        show_line(name, text_of(time));
    }
}

void show_head(const struct shown *shown)
{
    struct arena *arena = shown->arena;
    const struct head *head = &shown->record.head;
    terminal_put(stdout, shown->key, 0);
    putchar('\n');
    show_line("version", arena_number(arena, head->version));
    show_line("waiting", head->waiting_count > 0 ? arena_number(arena, head->waiting_count) : TEXT(""));
    show_line_time("next due", shown->record.due_ms);
    show_line("folded", arena_printf(arena, "%s-state/%d up to offset %lld", shown->found.worker->name,
                                     (int)shown->found.partition, (long long)shown->found.index));
}

struct text show_part_id(const struct part *part, const char *kind)
{
    const char *slash = memchr(part->key.at, '/', part->key.size);
    size_t size = strlen(kind);
    struct text name = { slash + 1, part->key.size - (uint32_t)(slash + 1 - part->key.at) };
    bool is = name.size > size && memcmp(name.at, kind, size) == 0 && name.at[size] == ':';
    return is ? (struct text){ name.at + size + 1, name.size - (uint32_t)size - 1 } : (struct text){ NULL, 0 };
}
