/* Kafka and Redis as a command asks for them: named by the configuration, read only. */
#ifndef MAKEGOOD_SERVERS_H
#define MAKEGOOD_SERVERS_H

#include "io/bus_kafka_admin.h"
#include "io/view.h"

struct config;

enum { VIEW_IDENTITY_SIZE = 512, SERVERS_WAIT_MS = 5000 };

/* Whose view it is, as the view's identity key says it. */
void view_identity(const struct config *config, const char *cluster, char out[VIEW_IDENTITY_SIZE]);

/* NULL after a line on stderr; *err says which code. Waits for nothing. The client's own log is for
 * `log.level = debug` only: the command says what is wrong, once. */
struct kafka_admin *servers_kafka(const struct config *config, enum err *err);
/* The same without the line: *note has it. */
struct kafka_admin *servers_kafka_quiet(const struct config *config, enum err *err,
                                        struct err_note *note);

/* A view that is ours, safe and reachable; it is never written to. NULL and *err, *note. cluster
 * NULL: whose it is is not asked. */
struct view *servers_view(const struct config *config, const char *cluster, enum err *err,
                          struct err_note *note);

/* A note on Kafka that cannot be reached also says by which addresses it was tried. */
void servers_complete(const struct config *config, enum err err, struct err_note *note);
/* The line of a command that failed so; returns the exit code. A topic that is not there is one for
 * `topics create`. */
int servers_failed(const struct config *config, enum err err, struct err_note *note);

enum err view_error(enum view_result result);

#endif
