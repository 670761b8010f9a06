/* Building a record out of headers, a key and a value: shared by emit.c, send.c and dead.c. */
#ifndef MAKEGOOD_ENGINE_EMIT_INSIDE_H
#define MAKEGOOD_ENGINE_EMIT_INSIDE_H

#include "engine/inside.h"

enum { HEADERS_MAX = 20 };

struct builder {
    struct engine *engine;
    struct arena *arena;
    struct header headers[HEADERS_MAX];
    size_t count;
};

/* An absent value adds nothing. */
static inline void builder_add(struct builder *builder, const char *name, struct text value)
{
    if (value.at != NULL) {
        ENSURE(builder->count < HEADERS_MAX);
        builder->headers[builder->count++] = (struct header){ text_of(name), value };
    }
}

void builder_add_cause(struct builder *builder, const struct message *message);
/* With a copy of the builder's headers; it is produced when the run is kept. */
struct effect *builder_effect(struct engine *engine, struct builder *builder, struct bus_place place,
                              struct text key, struct text value);

struct text emit_uuid(struct arena *arena, struct text name);
struct text emit_time(struct arena *arena, int64_t ms);
/* "source|id|entity|" of a message, or "entity|timer|kind|due|". */
struct text emit_name_base(const struct decision *decision);
/* A verdict that no rule gives, named by `word` and the record's place. */
void emit_by_engine(struct engine *engine, struct message *message, enum verdict verdict,
                    const char *type, const char *word, int64_t version, struct text members);

#endif
