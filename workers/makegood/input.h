/* An event as the workers will judge it when it arrives: by the same decoder, before it is sent. */
#ifndef MAKEGOOD_INPUT_H
#define MAKEGOOD_INPUT_H

#include "engine/worker.h"
#include "wire/event.h"

struct input {
    const struct worker *worker; /* whose topic it belongs on */
    const struct message_type *type;
    struct text entity;          /* its key                   */
};

struct input_fault {
    enum dead_reason reason;
    char detail[640]; /* pointer or attribute, and what was expected */
};

/* Envelope, type, fields, entity. False and *fault: it would be a dead letter. What is returned
 * borrows value and headers or lives in the arena. */
bool input_read(struct arena *arena, struct text value, const struct header *headers,
                size_t header_count, struct input *input, struct input_fault *fault);

#endif
