/* Rows 1 to 5 of what may be wrong with an input, before a worker sees it. */
#include "workers/makegood/input.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "workers/makegood/workers.h"

enum { TYPES_MAX = 512, WORD_MAX = 65 };

static bool fail(struct input_fault *fault, enum dead_reason reason, const char *what,
                 const char *detail)
{
    fault->reason = reason;
    snprintf(fault->detail, sizeof(fault->detail), "%s%s%s", what, *what ? " " : "", detail);
    return false;
}

static bool is_internal(struct text name)
{
    return text_starts(name, TEXT("internal."));
}

static const char *nearest_type(struct text name)
{
    const char *names[TYPES_MAX + 1];
    char word[WORD_MAX];
    size_t count = 0;
    for (const struct worker *const *worker = makegood_workers; *worker; worker++) {
        for (size_t i = 0; i < (*worker)->message_count && count < TYPES_MAX; i++) {
            if (!is_internal(text_of((*worker)->messages[i].name))) {
                names[count++] = (*worker)->messages[i].name;
            }
        }
    }
    names[count] = NULL;
    snprintf(word, sizeof(word), "%.*s", TEXT_ARGS(name));
    return name.size < WORD_MAX ? nearest(word, names) : NULL;
}

static bool unknown_type(struct text type, struct input_fault *fault)
{
    struct text name = event_short_type(type);
    const char *near = nearest_type(name.at ? name : type);
    char detail[400];
    snprintf(detail, sizeof(detail), "%.*s is not an input of this release%s%s%s",
             (int)(type.size > 128 ? 128 : type.size), type.at,
             near ? "; did you mean makegood." : "", near ? near : "", near ? ".v1?" : "");
    return fail(fault, DEAD_UNKNOWN_TYPE, "/type", detail);
}

static bool find_type(const struct event *event, struct input *input, struct input_fault *fault)
{
    struct text name = event_short_type(event->type);
    for (const struct worker *const *worker = makegood_workers;
         name.at && !is_internal(name) && *worker; worker++) {
        input->type = worker_message(*worker, name);
        if (input->type) {
            input->worker = *worker;
            return true;
        }
    }
    return unknown_type(event->type, fault);
}

/* "id: expected ..." of an attribute as "/id expected ...": here the whole line is the document. */
static bool fail_envelope(struct input_fault *fault, const struct event_fault *envelope)
{
    const char *detail = envelope->detail;
    size_t name = strspn(detail, "abcdefghijklmnopqrstuvwxyz");
    char pointer[32];
    if (name == 0 || name > sizeof(pointer) - 2 ||
        strncmp(detail + name, ": expected", strlen(": expected")) != 0) {
        return fail(fault, envelope->reason, "", detail);
    }
    snprintf(pointer, sizeof(pointer), "/%.*s", (int)name, detail);
    return fail(fault, envelope->reason, pointer, detail + name + 2);
}

bool input_read(struct arena *arena, struct text value, const struct header *headers,
                size_t header_count, struct input *input, struct input_fault *fault)
{
    struct event event;
    struct event_fault envelope;
    struct field_fault field;
    *input = (struct input){ 0 };
    if (!event_read(arena, value, headers, header_count, &event, &envelope)) {
        return fail_envelope(fault, &envelope);
    }
    if (event.from_worker) {
        return fail(fault, DEAD_MALFORMED, "/source",
                    "begins with /makegood/, which only workers may use; take another source");
    }
    if (!find_type(&event, input, fault)) {
        return false;
    }
    void *data = arena_alloc(arena, input->type->shape->size);
    struct batch_line line;
    if (!shape_decode(input->type->shape, &event.json, event.data, arena, "/data", data, &field) ||
        (!shape_field(input->type->shape, "batchId") &&
         !shape_decode(&batch_line_shape, &event.json, event.data, arena, "/data", &line, &field))) {
        return fail(fault, DEAD_SCHEMA, field.pointer, field.expected);
    }
    input->entity = input->type->entity(data, arena);
    return true;
}
