/* JSON as a person reads it: one member a line, what is inside indented. */
#ifndef MAKEGOOD_TREE_H
#define MAKEGOOD_TREE_H

#include "base/text.h"

/* Prints a JSON object to stdout. */
void tree_print(struct text json);

#endif
