/* All workers that are linked into this binary, NULL-terminated; made by CMake from the folders. */
#ifndef MAKEGOOD_WORKERS_H
#define MAKEGOOD_WORKERS_H

struct worker;
extern const struct worker *const makegood_workers[];

#endif
