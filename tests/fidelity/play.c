/*
 * Plays scripts: play SCRIPT|FOLDER...; exit 1 when a line does not say what the script expects.
 *
 *   # what a reader should know
 *   ACTOR CALL WORD... => ANSWER      calls: bus_words.c, view_words.c
 *   world send PLACE KEY=VALUE        a producer outside, without transaction
 *   world expire                      transaction.timeout.ms passes
 *   line loses-reply|loses-request|holds-request|heals|lands      what happens to `far`
 *
 * Everywhere the answers are the same; where servers need time, a question is asked again until its
 * answer is the expected one, and once more, a while later: it must stay so.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ensure.h"
#include "fidelity/words.h"
#include "io/log.h"
#include "io/signals.h"

enum { LINE_MAX = 512, PAUSE_MS = 50, STAYS_MS = 200 };

static int scripts, lines, wrong;

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

static void cast_leave(struct cast *cast)
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

static bool make_call(struct call *call)
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

/* Does the answer show the state of the world, so that it may be asked for again? */
static bool is_question(const struct call *call)
{
    static const char *const questions[] = { "read", "take", "ends", "settled", "peek", NULL };
    const char *const *name = questions;
    while (*name != NULL && strcmp(*name, call->words[0]) != 0) {
        name++;
    }
    return *name != NULL;
}

static bool say_until(struct call *call, const char *expected)
{
    bool known = make_call(call);
    if (!known || stage_patience_ms() == 0 || !is_question(call)) {
        return known;
    }
    for (int left = stage_patience_ms(); strcmp(call->said, expected) != 0 && left > 0;
         left -= PAUSE_MS) {
        stage_pause(PAUSE_MS);
        make_call(call);
    }
    if (strcmp(call->said, expected) == 0) {
        stage_pause(STAYS_MS);
        make_call(call);
    }
    for (int again = 3; strcmp(call->said, "unavailable") == 0 && again > 0; again--) {
        make_call(call);
    }
    return true;
}

static void split(struct call *call, char *text)
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

static void play_line(struct cast *cast, const char *path, int number, const char *text)
{
    char words[LINE_MAX], expected[LINE_MAX] = "";
    struct call call = { .cast = cast };
    const char *arrow = strstr(text, " => ");
    snprintf(words, sizeof(words), "%.*s", arrow ? (int)(arrow - text) : (int)strcspn(text, "\n"),
             text);
    if (arrow != NULL) {
        snprintf(expected, sizeof(expected), "%.*s", (int)strcspn(arrow + 4, "\n"), arrow + 4);
    }
    split(&call, words);
    lines++;
    if (!say_until(&call, expected)) {
        printf("%s:%d: no such call: %s", path, number, text);
        wrong++;
    } else if (strcmp(call.said, expected) != 0) {
        printf("%s:%d: %s    got %s\n", path, number, text, call.said);
        wrong++;
    }
}

static void play(const char *path)
{
    char text[LINE_MAX];
    struct cast cast = { .count = 0 };
    FILE *file = fopen(path, "r");
    ENSURE(file != NULL);
    stage_open();
    for (int number = 1; fgets(text, sizeof(text), file) != NULL; number++) {
        if (text[0] != '#' && text[0] != '\n') {
            play_line(&cast, path, number, text);
        }
    }
    fclose(file);
    cast_leave(&cast);
    stage_close();
    scripts++;
    fflush(stdout);
}

static int is_script(const struct dirent *entry)
{
    return strstr(entry->d_name, ".script") != NULL;
}

static void play_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_script, alphasort);
    ENSURE(count >= 0);
    for (int i = 0; i < count; i++) {
        char inside[4096];
        snprintf(inside, sizeof(inside), "%s/%s", path, entries[i]->d_name);
        play(inside);
        free(entries[i]);
    }
    free(entries);
}

int main(int count, char **words)
{
    struct stat status;
    log_configure(LOG_OFF, false);
    signals_install(); /* SIGPIPE */
    if (!stage_ready()) {
        return STAGE_SKIPPED;
    }
    for (int i = 1; i < count; i++) {
        ENSURE(stat(words[i], &status) == 0);
        (S_ISDIR(status.st_mode) ? play_folder : play)(words[i]);
    }
    printf("%d scripts, %d lines, %d not as expected\n", scripts, lines, wrong);
    return lines == 0 || wrong > 0;
}
