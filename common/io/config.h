/*
 * Settings: a default, then a file of `key = value` lines, then MAKEGOOD_* of the environment, then
 * `--set key=value`; the later one wins, and each remembers where it came from.
 *
 * `kafka.<property>` goes to librdkafka, except what correctness hangs on. `route.<outcome type>` names
 * another topic. A secret is read from the file that its `_file` key names, and never printed.
 */
#ifndef MAKEGOOD_IO_CONFIG_H
#define MAKEGOOD_IO_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct config;

/* `fixed` says whether a librdkafka property may not be set. NULL when memory cannot be had. */
struct config *config_new(bool (*fixed)(const char *property));
void config_free(struct config *config); /* NULL is allowed */

/* In this order. Errors name file and line, or the variable. */
enum err config_file(struct config *config, const char *path, struct err_note *note);
/* `environment` as environ; what does not begin with MAKEGOOD_ is none of ours. */
enum err config_environment(struct config *config, char *const *environment,
                            struct err_note *note);
/* One "key=value" of the command line. */
enum err config_set(struct config *config, const char *assignment, struct err_note *note);
/* Reads secrets from their files and checks values. Getters are allowed after it. */
enum err config_finish(struct config *config, struct err_note *note);

/* Value of a key of the table, or of a secret; asking for another is a bug. "" = none. */
const char *config_get(const struct config *config, const char *name);
int64_t config_int(const struct config *config, const char *name);
/* Topic of `route.<type>`, NULL = not set. */
const char *config_route(const struct config *config, const char *outcome_type);
/* librdkafka's names and values, NULL-terminated: name, value, name, value, ..., NULL. */
const char *const *config_kafka(const struct config *config);

/* Every effective value, in the order of the table, then the others as they came. A secret's value is
 * "(secret)"; source is "default", "FILE:LINE", "environment MAKEGOOD_..." or "flag --set". */
void config_each(const struct config *config,
                 void (*each)(void *context, const char *key, const char *value,
                              const char *source, const char *help),
                 void *context);

#endif
