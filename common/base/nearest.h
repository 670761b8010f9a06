/* The word that somebody probably meant: for unknown keys, flags and commands. */
#ifndef MAKEGOOD_BASE_NEAREST_H
#define MAKEGOOD_BASE_NEAREST_H

/* The name of the NULL-terminated list with the smallest edit distance (transpositions count as one)
 * if that is at most a third of the longer one's length; else NULL. Words over 64 bytes: NULL. */
const char *nearest(const char *word, const char *const *names);

#endif
