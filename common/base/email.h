/* What stands for an e-mail address where the address itself must not be (C67). */
#ifndef MAKEGOOD_BASE_EMAIL_H
#define MAKEGOOD_BASE_EMAIL_H

#include "base/arena.h"
#include "base/text.h"

enum { EMAIL_HASH_SIZE = 64 };

/* SHA-256 in lower-case hex of the address without outer spaces, ASCII letters lower-cased. */
struct text email_hash(struct arena *arena, struct text address);

#endif
