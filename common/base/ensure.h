/*
 * Assertions that stay on in release builds. A failed one is a bug of ours, never bad input:
 * it prints file, line and condition on stderr and aborts.
 */
#ifndef MAKEGOOD_BASE_ENSURE_H
#define MAKEGOOD_BASE_ENSURE_H

#define ENSURE(condition)                                                                          \
    ((condition) ? (void)0 : ensure_failed(#condition, __FILE__, __LINE__))

_Noreturn void ensure_failed(const char *condition, const char *file, int line);

#endif
