/* Records of Kafka as `exec` and `tail` print them. */
#ifndef MAKEGOOD_RECORD_JSON_H
#define MAKEGOOD_RECORD_JSON_H

#include "wire/event.h"
#include "wire/json_write.h"

/* Member `event`: a binary mode record in structured mode. value is valid JSON, header values are
 * UTF-8. */
void record_put_outcome(struct json_writer *writer, struct text value, const struct header *headers,
                        size_t count);
/* Member `event`, the value as it came if it is a JSON object; else member `raw`, its text. */
void record_put_input(struct arena *arena, struct json_writer *writer, struct text value);
/* Bytes that are not UTF-8 cannot stand in JSON: each becomes U+FFFD. Lives in the arena. */
struct text text_as_utf8(struct arena *arena, struct text bytes);

#endif
