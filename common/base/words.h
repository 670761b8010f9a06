/*
 * A set of words, compared without regard to the case of ASCII letters, made once and asked often:
 * the values of a contract's rule, the codes of an exception list.
 */
#ifndef MAKEGOOD_BASE_WORDS_H
#define MAKEGOOD_BASE_WORDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"

struct words;

/* A copy with ASCII letters in lower case: what the functions below are asked with. */
struct text words_fold(struct arena *arena, struct text text);
/* Lives in the arena; texts are copied. */
const struct words *words_new(struct arena *arena, const struct text *texts, uint32_t count);
/* Is the folded text one of the words? Takes the same time however many there are. */
bool words_have(const struct words *words, struct text folded);
/* Is one of the words a part of the folded text? */
bool words_within(const struct words *words, struct text folded);

#endif
