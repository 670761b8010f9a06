/* Messages to a counter that claim to come from a worker. */
#ifndef MAKEGOOD_TESTS_SENT_MESSAGE_H
#define MAKEGOOD_TESTS_SENT_MESSAGE_H

#include "support/engine_world.h"

/* As a worker writes it the id is made of the name, which ends in the target and a number. */
struct sent_message {
    const char *name, *to; /* "" and NULL: without */
    const char *id;        /* NULL: as it should be */
    const char *type, *data;
};

/* To the partition of counter:A1. */
static inline void give_sent(struct world *world, struct sent_message sent)
{
    char made[UUID_TEXT_SIZE];
    struct header headers[2];
    size_t count = 0;
    uuid5(text_of(sent.name), made);
    struct text value = arena_printf(&world->arena,
                                     "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"/makegood/counter\","
                                     "\"type\":\"makegood.%s.v1\",\"data\":{%s}}",
                                     sent.id != NULL ? sent.id : made, sent.type, sent.data);
    if (sent.name[0] != 0) {
        headers[count++] = (struct header){ TEXT("makegood-name"), text_of(sent.name) };
    }
    if (sent.to != NULL) {
        headers[count++] = (struct header){ TEXT("makegood-to"), text_of(sent.to) };
    }
    assert_true(broker_append(world->broker, world->counter, home_of("counter:A1"), TEXT("k"), value, headers,
                              count) >= 0);
}

#endif
