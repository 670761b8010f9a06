/* UUIDv5 (RFC 9562) under makegood's namespace: the deterministic ids of outcomes and messages. */
#ifndef MAKEGOOD_BASE_UUID5_H
#define MAKEGOOD_BASE_UUID5_H

#include "base/text.h"

enum { UUID_TEXT_SIZE = 37 };

/* Namespace 374a4652-5ef6-532a-b0ef-a36e597b53be. Lower-case hex with dashes, NUL-terminated.
 * uuid5("/shop|m-1|action:A1|0") = 53601ba0-c565-5d90-a50c-600641e32990. */
void uuid5(struct text name, char out[UUID_TEXT_SIZE]);

/* The release of OpenSSL that is in use. */
const char *uuid5_library(void);

#endif
