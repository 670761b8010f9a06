/* Damerau-Levenshtein distance (optimal string alignment) over short words. */
#include "base/nearest.h"

#include <string.h>

enum { WORD_MAX = 64 };

static int min3(int a, int b, int c)
{
    int least = a < b ? a : b;
    return least < c ? least : c;
}

static int distance(const char *a, int a_size, const char *b, int b_size)
{
    int rows[3][WORD_MAX + 1];
    int *before = rows[0], *last = rows[1], *row = rows[2];
    memset(rows, 0, sizeof(rows));
    for (int j = 0; j <= b_size; j++) {
        last[j] = j;
    }
    for (int i = 1; i <= a_size; i++) {
        row[0] = i;
        for (int j = 1; j <= b_size; j++) {
            int cost = a[i - 1] != b[j - 1];
            row[j] = min3(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
        int *free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b_size];
}

const char *nearest(const char *word, const char *const *names)
{
    size_t size = strlen(word);
    const char *best = NULL;
    int best_distance = WORD_MAX;
    for (; size <= WORD_MAX && *names; names++) {
        size_t name_size = strlen(*names);
        if (name_size > WORD_MAX) {
            continue;
        }
        int d = distance(word, (int)size, *names, (int)name_size);
        int longer = (int)(size > name_size ? size : name_size);
        if (d < best_distance && d * 3 <= longer) {
            best = *names;
            best_distance = d;
        }
    }
    return best;
}
