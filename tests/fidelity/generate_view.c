/* Folds and reads of two groups by two views. A fold has a key once, as the engine's have. */
#include "fidelity/generate.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "tests/sim/random.h"

enum { GROUPS = 2, KEYS = 6, CALLS = 80, DUE_MAX = 8 };

static const char *const KEY[KEYS] = { "A", "B", "a", "aa", "a/b:c", "Z" };

struct author {
    FILE *file;
    struct cast cast;
    struct dice dice;
    long long index[GROUPS]; /* -1 = none yet */
    int values;
};

const char *call_written(FILE *file, struct cast *cast, const char *line)
{
    static struct call made;
    char words[LINE_MAX];
    made = (struct call){ .cast = cast };
    snprintf(words, sizeof(words), "%s", line);
    call_split(&made, words);
    ENSURE(call_make(&made));
    fprintf(file, made.said[0] ? "%s => %s\n" : "%s\n", line, made.said);
    return made.said;
}

static void add(char *line, const char *word)
{
    size_t size = strlen(line);
    ENSURE(size + strlen(word) + 2 < LINE_MAX);
    snprintf(line + size, LINE_MAX - size, " %s", word);
}

/* Gone; without a due time; with one, few of them, so that some are the same; or with the one it has. */
static void add_entry(struct author *author, char *line, const char *key)
{
    struct dice *dice = &author->dice;
    char word[64];
    int value = ++author->values;
    switch (dice_below(dice, 5)) {
    case 0:
        snprintf(word, sizeof(word), "%s-", key);
        break;
    case 1:
        snprintf(word, sizeof(word), "%s=%d", key, value);
        break;
    case 2:
        snprintf(word, sizeof(word), "%s=@=", key); /* an empty value */
        break;
    default:
        snprintf(word, sizeof(word), "%s=%d@%u", key, value, 10 * (1 + dice_below(dice, DUE_MAX)));
    }
    add(line, word);
}

static void fold(struct author *author, const char *view, uint32_t group)
{
    struct dice *dice = &author->dice;
    char line[LINE_MAX];
    long long before = dice_one_in(dice, 5) ? dice_range(dice, -1, 9) : author->index[group];
    long long after = (before < 0 ? 0 : before) + dice_below(dice, 3);
    snprintf(line, sizeof(line), "%s fold g-%u %lld %lld", view, group, before, after);
    for (int i = 0; i < KEYS; i++) {
        if (dice_one_in(dice, 3)) {
            add_entry(author, line, KEY[i]);
        }
    }
    if (strncmp(call_written(author->file, &author->cast, line), "ok", 2) == 0) {
        author->index[group] = after;
    }
}

static void keys(struct author *author, const char *view, uint32_t group)
{
    char line[LINE_MAX];
    snprintf(line, sizeof(line), "%s keys g-%u", view, group);
    for (int i = 0; i < KEYS; i++) {
        if (dice_one_in(&author->dice, 2)) {
            add(line, KEY[i]);
        }
    }
    call_written(author->file, &author->cast, line);
}

static void due(struct author *author, const char *view, uint32_t group)
{
    char line[LINE_MAX];
    snprintf(line, sizeof(line), "%s due g-%u %u %u", view, group,
             10 * dice_below(&author->dice, DUE_MAX + 2), 1 + dice_below(&author->dice, KEYS));
    call_written(author->file, &author->cast, line);
}

void write_view_script(FILE *file, uint64_t seed)
{
    struct author author = { .file = file, .dice = dice_new(seed, 1), .index = { -1, -1 } };
    for (int i = 0; i < CALLS; i++) {
        const char *view = dice_one_in(&author.dice, 2) ? "v" : "w";
        uint32_t group = dice_below(&author.dice, GROUPS), which = dice_below(&author.dice, 4);
        if (which < 2) {
            fold(&author, view, group);
        } else if (which == 2) {
            keys(&author, view, group);
        } else {
            due(&author, view, group);
        }
    }
    cast_leave(&author.cast);
}
