/* Reads a zone's file once. */
#include "io/zoneinfo.h"

#include <stdio.h>
#include <stdlib.h>

enum { FILE_BYTES_MAX = 65536, NAME_BYTES_MAX = 64 };
#define FOLDER "/usr/share/zoneinfo/"

struct named {
    struct text name;
    const struct zone *zone;
};

struct zones {
    struct arena arena;
    size_t count;
    struct named named[ZONES_MAX];
};

struct zones *zones_new(void)
{
    return calloc(1, sizeof(struct zones));
}

void zones_free(struct zones *zones)
{
    if (zones) {
        arena_release(&zones->arena);
        free(zones);
    }
}

/* Names that mean another thing on another machine (a verdict must not hang on that), or with
 * seconds that UTC does not count. */
static bool is_of_this_machine(struct text name)
{
    static const char *const words[] = { "localtime", "posixrules", "Factory" };
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (text_is(name, words[i])) {
            return true;
        }
    }
    return text_starts(name, TEXT("right/")) || text_starts(name, TEXT("posix/"));
}

/* A path below the folder and nothing else. */
static bool is_name(struct text name)
{
    for (uint32_t i = 0; i < name.size; i++) {
        char c = name.at[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!letter && !(c >= '0' && c <= '9') && !memchr("_+-/", c, 4)) {
            return false;
        }
        /* "Europe//Berlin" would be another name of the same file, without end. */
        if (c == '/' && (i == 0 || i + 1 == name.size || name.at[i + 1] == '/')) {
            return false;
        }
    }
    return name.size > 0 && name.size <= NAME_BYTES_MAX && !is_of_this_machine(name);
}

static const struct zone *read_zone(struct arena *arena, struct text name)
{
    char path[sizeof(FOLDER) + NAME_BYTES_MAX];
    snprintf(path, sizeof(path), FOLDER "%.*s", TEXT_ARGS(name));
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    char *bytes = malloc(FILE_BYTES_MAX);
    size_t size = bytes ? fread(bytes, 1, FILE_BYTES_MAX, file) : 0;
    fclose(file);
    const struct zone *zone = NULL;
    if (size && size < FILE_BYTES_MAX) {
        zone = zone_parse(arena, (struct text){ bytes, (uint32_t)size });
    }
    free(bytes);
    return zone;
}

const struct zone *zones_find(void *context, struct text name)
{
    struct zones *zones = context;
    for (size_t i = 0; i < zones->count; i++) {
        if (text_equal(zones->named[i].name, name)) {
            return zones->named[i].zone;
        }
    }
    struct arena_mark mark = arena_mark(&zones->arena);
    const struct zone *zone = zone_fixed(&zones->arena, name);
    if (!zone && is_name(name)) {
        zone = read_zone(&zones->arena, name);
    }
    if (!zone || zones->count == ZONES_MAX) {
        arena_rewind(&zones->arena, mark);
        return NULL;
    }
    zones->named[zones->count++] = (struct named){ arena_copy(&zones->arena, name), zone };
    return zone;
}
