/*
 * Operating errors. The number says what kind it is, the note says it to a person: what, where and
 * how to mend it. A rejection by a rule is not an error (engine/decision.h), a bug is an ENSURE.
 */
#ifndef MAKEGOOD_BASE_ERR_H
#define MAKEGOOD_BASE_ERR_H

/* The values are the exit codes of the command `makegood` (sysexits where one fits). */
enum err {
    OK = 0,
    ERR_ANSWER_NO = 1,     /* ran, and the answer is no: a difference, a refused row         */
    ERR_USAGE = 64,        /* the command line                                               */
    ERR_DATA = 65,         /* the data given                                                 */
    ERR_NO_INPUT = 66,     /* no such file                                                   */
    ERR_UNAVAILABLE = 69,  /* Kafka or Redis cannot be reached                               */
    ERR_INTERNAL = 70,     /* ours                                                           */
    ERR_IO = 74,           /* local input or output                                          */
    ERR_TIMED_OUT = 75,    /* timed out and safe to retry                                    */
    ERR_REFUSED = 77,      /* authentication or ACL                                          */
    ERR_CONFIG = 78        /* configuration, or a state of the servers that a person must mend */
};

enum { ERR_NOTE_MAX = 512 };

/* One line for a person, without a newline. Fixed size, so that reporting never allocates. */
struct err_note {
    char text[ERR_NOTE_MAX];
};

/* Formats into the note (cut at its size; NULL note is allowed) and returns err, so that a failing
 * function can end in `return err_note(note, ERR_CONFIG, "...", ...)`. */
enum err err_note(struct err_note *note, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
