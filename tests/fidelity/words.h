/* One call in words, and what came of it in words. */
#ifndef MAKEGOOD_TESTS_FIDELITY_WORDS_H
#define MAKEGOOD_TESTS_FIDELITY_WORDS_H

#include "fidelity/stage.h"

enum { WORDS_MAX = 24, SAID_MAX = 1024, HEARD_MAX = 16 };

struct actor {
    char name[16];
    struct bus *bus; /* NULL: not met yet, or it has left */
    struct view *view;
    bool joined;
    char heard[HEARD_MAX][64]; /* of its assignments, not asked for yet */
    int heard_count;
};

struct cast {
    struct actor actors[6];
    int count;
};

struct call {
    struct cast *cast;
    struct actor *actor;
    char *words[WORDS_MAX]; /* behind the actor's name; NULL after the last one */
    char said[SAID_MAX];
};

struct actor *cast_actor(struct cast *cast, const char *name);
void cast_leave(struct cast *cast);
/* "ACTOR CALL WORD..."; text is cut into its words. */
void call_split(struct call *call, char *text);
/* False: no such call. Else call->said is the answer. */
bool call_make(struct call *call);
void say(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* False: no such call. */
bool bus_call(struct call *call);
bool view_call(struct call *call);

#endif
