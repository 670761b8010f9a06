/* Who calls, and what is called. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "fidelity/words.h"

void say(struct call *call, const char *format, ...)
{
    size_t size = strlen(call->said);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(call->said + size, sizeof(call->said) - size, format, arguments);
    va_end(arguments);
}

struct actor *cast_actor(struct cast *cast, const char *name)
{
    for (int i = 0; i < cast->count; i++) {
        if (strcmp(cast->actors[i].name, name) == 0) {
            return &cast->actors[i];
        }
    }
    ENSURE(cast->count < (int)(sizeof(cast->actors) / sizeof(cast->actors[0])));
    struct actor *actor = &cast->actors[cast->count++];
    snprintf(actor->name, sizeof(actor->name), "%s", name);
    return actor;
}

void cast_leave(struct cast *cast)
{
    for (int i = 0; i < cast->count; i++) {
        struct actor *actor = &cast->actors[i];
        if (actor->bus != NULL) {
            actor->bus->ops->close(actor->bus);
        }
        if (actor->view != NULL) {
            actor->view->ops->close(actor->view);
        }
    }
}

/* --- what is done to the world --- */

static bool world_call(struct call *call)
{
    if (strcmp(call->words[0], "expire") == 0) {
        stage_expire();
        return true;
    }
    if (strcmp(call->words[0], "send") != 0) {
        return false;
    }
    const char *value = strchr(call->words[2], '=');
    ENSURE(value != NULL && strncmp(call->words[1], "order/", 6) == 0);
    struct bus_place place = { STAGE_ORDER, atoi(call->words[1] + 6) };
    struct text key = { call->words[2], (uint32_t)(value - call->words[2]) };
    say(call, "%s", stage_send(place, key, text_of(value + 1)) ? "" : "refused");
    return true;
}

static bool line_call(struct call *call)
{
    static const char *const cuts[] = { "", "loses-reply", "loses-request", "holds-request" };
    for (size_t i = CUT_REPLY; i <= CUT_HOLD; i++) {
        if (strcmp(call->words[0], cuts[i]) == 0) {
            stage_cut((enum cut)i);
            return true;
        }
    }
    if (strcmp(call->words[0], "heals") == 0) {
        stage_heal();
        return true;
    }
    say(call, "%s", stage_land() ? "ended" : "refused");
    return strcmp(call->words[0], "lands") == 0;
}

/* --- a line --- */

bool call_make(struct call *call)
{
    call->said[0] = 0;
    bool known = strcmp(call->actor->name, "world") == 0  ? world_call(call)
                 : strcmp(call->actor->name, "line") == 0 ? line_call(call)
                                                          : bus_call(call) || view_call(call);
    for (size_t size = strlen(call->said); size > 0 && call->said[size - 1] == ' ';) {
        call->said[--size] = 0;
    }
    return known;
}

void call_split(struct call *call, char *text)
{
    char *rest = text, *word = strtok_r(text, " \n", &rest);
    size_t count = 0;
    call->actor = cast_actor(call->cast, word);
    while ((word = strtok_r(NULL, " \n", &rest)) != NULL) {
        ENSURE(count < WORDS_MAX - 1);
        call->words[count++] = word;
    }
    call->words[count] = NULL;
    ENSURE(count > 0);
}
