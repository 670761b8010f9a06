/*
 * Structured logs on stderr: one line, one event, named noun_verb ("partition_taken"), then keys.
 * logfmt or JSON. Never a payload, an e-mail address or a secret.
 *
 *   log_info("partition_taken", KEY_TEXT("topic", topic), KEY_INT("partition", 3));
 */
#ifndef MAKEGOOD_IO_LOG_H
#define MAKEGOOD_IO_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

struct log_key {
    const char *name; /* NULL ends a list */
    const char *string;
    struct text text;
    int64_t number;
    char kind; /* 's', 't', 'i' */
};

#define KEY_TEXT(key, value) ((struct log_key){ .name = (key), .text = (value), .kind = 't' })
#define KEY_STRING(key, value) ((struct log_key){ .name = (key), .string = (value), .kind = 's' })
#define KEY_INT(key, value) ((struct log_key){ .name = (key), .number = (value), .kind = 'i' })

void log_configure(enum log_level least, bool json);
bool log_enabled(enum log_level level);
void log_event(enum log_level level, const char *name, const struct log_key *keys);

#define LOG_KEYS(...) ((const struct log_key[]){ __VA_ARGS__, { .name = 0 } })
#define log_debug(name, ...) log_event(LOG_DEBUG, name, LOG_KEYS(__VA_ARGS__))
#define log_info(name, ...) log_event(LOG_INFO, name, LOG_KEYS(__VA_ARGS__))
#define log_warn(name, ...) log_event(LOG_WARN, name, LOG_KEYS(__VA_ARGS__))
#define log_error(name, ...) log_event(LOG_ERROR, name, LOG_KEYS(__VA_ARGS__))

#endif
