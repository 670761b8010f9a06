/* What the files of kafka_admin share. It uses the handles of a bus that is never joined or polled.
 */
#ifndef MAKEGOOD_IO_BUS_KAFKA_ADMIN_INSIDE_H
#define MAKEGOOD_IO_BUS_KAFKA_ADMIN_INSIDE_H

#include "io/bus_kafka_admin.h"
#include "io/bus_kafka_inside.h"

struct kafka_admin {
    struct kafka_bus *bus;
    rd_kafka_t *producer; /* made when first needed */
};

/* The exit code and the note for an error; of a timeout, why, when a handle has said so. */
enum err kafka_admin_failed(struct kafka_admin *admin, rd_kafka_resp_err_t err, const char *what,
                            struct err_note *note);
/* malloc'ed, with the prefix. */
char *kafka_admin_full(const struct kafka_admin *admin, const char *topic);

#endif
