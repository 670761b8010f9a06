/* cmocka and the headers it wants, in the order it wants them. */
#ifndef MAKEGOOD_TESTS_CMOCKA_ALL_H
#define MAKEGOOD_TESTS_CMOCKA_ALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
