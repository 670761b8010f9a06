/* The calls of a view. Entries are words as view_conformance.h has them: A=v (a value), A- (none),
 * @100 (due), @= (due as it is).
 *
 *   fold GROUP BEFORE AFTER ENTRY...   keys GROUP KEY...   due GROUP LIMIT MOST   check
 */
#include <stdlib.h>

#include "fidelity/words.h"
#include "support/view_conformance.h"

static void join_words(char *out, size_t room, char **words)
{
    out[0] = 0;
    for (; *words != NULL; words++) {
        view_say(out, room, "%s%s", out[0] ? " " : "", *words);
    }
}

bool view_call(struct call *call)
{
    const char *name = call->words[0];
    char words[SAID_MAX] = "";
    struct view_step step = { .call = name[0], .words = words };
    if (strcmp(name, "fold") != 0 && strcmp(name, "keys") != 0 && strcmp(name, "due") != 0) {
        return false;
    }
    if (call->actor->view == NULL) {
        call->actor->view = stage_view(call->actor->name);
    }
    step.group = stage_group(call->words[1]).at;
    if (step.call == 'k') {
        step.call = 'r';
        join_words(words, sizeof(words), call->words + 2);
    } else {
        step.before = strtoll(call->words[2], NULL, 10);
        step.after = strtoll(call->words[3], NULL, 10);
        join_words(words, sizeof(words), call->words + 4);
    }
    view_say_step(call->actor->view, &step, call->said, sizeof(call->said));
    return true;
}
