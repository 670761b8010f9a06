/*
 * Our JSON reader and jansson: they take and refuse the same bytes, and see the same value in them.
 * Ours alone bounds depth and members; jansson alone refuses numbers that its types do not hold, and
 * 2.14 overlooks a NUL behind a number, which no JSON has.
 */
#include <jansson.h>

#include "fuzz/fuzz.h"
#include "wire/json.h"

static struct arena arena;

/* Depth below and with this value; its members are added to *members. */
static size_t measure(json_t *value, size_t *members)
{
    size_t deepest = 0, index;
    const char *name;
    json_t *inside;
    json_object_foreach(value, name, inside) {
        size_t depth = measure(inside, members);
        deepest = depth > deepest ? depth : deepest;
        (*members)++;
    }
    json_array_foreach(value, index, inside) {
        size_t depth = measure(inside, members);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static bool has_real(const struct json *json)
{
    for (uint32_t i = 0; i < json->count; i++) {
        if (json->tokens[i].type == JSON_KIND_REAL) {
            return true;
        }
    }
    return false;
}

static bool beyond_our_bounds(json_t *value)
{
    size_t members = 0, depth = measure(value, &members);
    return depth > JSON_DEPTH_MAX || members > JSON_MEMBERS_MAX;
}

/* jansson's spelling of the value, read by ours, is the same value. Reals it spells as it pleases. */
static void same_value(const struct json *ours, json_t *theirs)
{
    struct json again;
    struct json_fault fault;
    char *text = json_dumps(theirs, JSON_COMPACT | JSON_ENCODE_ANY);
    PROMISE(text != NULL, "out of memory");
    PROMISE(json_parse(&arena, text_of(text), &again, &fault), "%s in %s", fault.what, text);
    PROMISE(hash128_equal(json_fingerprint(ours, &arena, 0), json_fingerprint(&again, &arena, 0)),
            "another value than %s", text);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct json ours;
    struct json_fault fault = { 0, "" };
    json_error_t error;
    arena_reset(&arena);
    bool taken = json_parse(&arena, (struct text){ (const char *)bytes, (uint32_t)size }, &ours,
                            &fault);
    PROMISE(arena.used <= 64 * size + 4096, "%zu bytes for %zu", arena.used, size);
    PROMISE(taken || (fault.what[0] && fault.offset <= size), "refused without a word");
    if (size > 0 && memchr(bytes, 0, size) != NULL) {
        PROMISE(!taken, "a NUL is taken");
        return 0;
    }
    json_t *theirs = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                                &error);
    if (taken && !theirs) {
        PROMISE(json_error_code(&error) == json_error_numeric_overflow, "jansson: %s", error.text);
    } else if (!taken && theirs) {
        PROMISE(beyond_our_bounds(theirs), "ours: %s at %u", fault.what, fault.offset);
    } else if (taken && !has_real(&ours)) {
        same_value(&ours, theirs);
    }
    json_decref(theirs);
    return 0;
}
