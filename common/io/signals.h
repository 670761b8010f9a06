/*
 * SIGTERM and SIGINT ask for an orderly end; a second one ends at once, with 128 + its number. SIGPIPE
 * is ignored: hiredis 0.14 writes without MSG_NOSIGNAL, and a closed connection would kill the process.
 */
#ifndef MAKEGOOD_IO_SIGNALS_H
#define MAKEGOOD_IO_SIGNALS_H

/* Once, at the start of a command that talks to servers. */
void signals_install(void);
/* A closed pipe on stdout is an error of writing, for every command. */
void signals_ignore_pipe(void);
/* The signal that asked for the end, 0 = none. */
int signals_stop_wanted(void);

#endif
