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
    bool known = call_make(call);
    if (!known || stage_patience_ms() == 0 || !is_question(call)) {
        return known;
    }
    for (int left = stage_patience_ms(); strcmp(call->said, expected) != 0 && left > 0;
         left -= PAUSE_MS) {
        stage_pause(PAUSE_MS);
        call_make(call);
    }
    if (strcmp(call->said, expected) == 0) {
        stage_pause(STAYS_MS);
        call_make(call);
    }
    for (int again = 3; strcmp(call->said, "unavailable") == 0 && again > 0; again--) {
        call_make(call);
    }
    return true;
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
    call_split(&call, words);
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
