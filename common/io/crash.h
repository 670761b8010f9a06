/*
 * Named points at which the tests of tests/kill end or stop a process. The product has none: the macro is
 * nothing there, and crash_point() itself is in tests/kill/crash.c.
 */
#ifndef MAKEGOOD_IO_CRASH_H
#define MAKEGOOD_IO_CRASH_H

#ifdef CRASH_POINTS
void crash_point(const char *name);
#define CRASH_POINT(name) crash_point(name)
#else
#define CRASH_POINT(name) ((void)0)
#endif

#endif
