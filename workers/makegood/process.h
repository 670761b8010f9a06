/*
 * What `run` and `demo` stand on: a bus, a view, metrics, zones and the engine between them, made from
 * the configuration, with /metrics and /readyz beside.
 */
#ifndef MAKEGOOD_PROCESS_H
#define MAKEGOOD_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct config;
struct process;

struct process_setup {
    struct config *config;
    const char *const *workers;    /* NULL-terminated names                                   */
    const char *const *properties; /* of librdkafka; NULL = those of the configuration        */
    bool mock;                     /* the demo's brokers: takes producers' timestamps too     */
};

/* Checks the names; waits for nothing. NULL and *err, *note. */
struct process *process_new(const struct process_setup *setup, enum err *err, struct err_note *note);

/* Reaches the brokers, gets the view's identity and joins the group. UNAVAILABLE: try again. */
enum err process_start(struct process *process, struct err_note *note);

/* One step; at most timeout_ms without anything to do. */
enum err process_step(struct process *process, int timeout_ms, struct err_note *note);

/* All partitions are taken, and the servers answer. */
bool process_ready(const struct process *process);
/* Everything that was read is decided, and nothing is due. */
bool process_idle(const struct process *process);
/* What it waits for, for a person; "" when nothing. Good until the next step. */
const char *process_waiting(const struct process *process);
/* Port of /metrics, 0 = off. */
int process_port(const struct process *process);

/* Finishes the turn, leaves the group, closes everything. NULL is allowed. */
void process_free(struct process *process);

/* Wall clock as the engine is stepped with, and the mock cluster's; the demo moves it. */
void process_set_clock(struct process *process, int64_t (*wall_ms)(void *context), void *context);

#endif
