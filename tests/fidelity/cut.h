/* A line of TCP that can be cut at one request, so that its reply, or it itself, is lost, or arrives
 * later. After that the line is dead until it is mended: clients try again by themselves. */
#ifndef MAKEGOOD_TESTS_FIDELITY_CUT_H
#define MAKEGOOD_TESTS_FIDELITY_CUT_H

#include <stdbool.h>
#include <stddef.h>

enum cut {
    CUT_NONE,
    CUT_REPLY,   /* the request arrives, its reply does not */
    CUT_REQUEST, /* the request is lost                     */
    CUT_HOLD     /* the request is kept for cut_land()      */
};

struct cut_setup {
    int port; /* of the line, 0 = any */
    int server_port;
    bool framed; /* requests begin with their size, in four bytes, as Kafka's do; else as they come */
    bool (*is_it)(const char *request, size_t size);
};

struct cut_line;

/* Lives in a thread of its own. NULL: the port cannot be had. */
struct cut_line *cut_new(const struct cut_setup *setup);
void cut_free(struct cut_line *line);
int cut_port(const struct cut_line *line);
void cut_arm(struct cut_line *line, enum cut cut);
void cut_heal(struct cut_line *line);
/* Sends what was held, on a connection of its own. The size of the reply, 0 = none came. */
size_t cut_land(struct cut_line *line, char *reply, size_t room);

#endif
