/*
 * A view in this process's memory: for `exec`, the engine's tests and the simulator. Honours
 * compare-and-set like the real one, and can be made to fail, forget and go back in time.
 */
#ifndef MAKEGOOD_IO_VIEW_MEMORY_H
#define MAKEGOOD_IO_VIEW_MEMORY_H

#include "io/view.h"

struct view_memory_copy;

/* NULL when memory cannot be had. Ended by its close(). */
struct view *view_memory_new(void);

/* What may happen to a Redis. */
void view_memory_wipe(struct view *view);
void view_memory_set_down(struct view *view, enum view_result result); /* VIEW_OK: answers again */
struct view_memory_copy *view_memory_save(struct view *view);
void view_memory_restore(struct view *view, const struct view_memory_copy *copy);
void view_memory_copy_free(struct view_memory_copy *copy);

/* Calls back for every key of a group, in bytewise order; value as stored. */
void view_memory_each(struct view *view, struct text group,
                      void (*each)(void *context, struct text key, struct text value,
                                   int64_t due_ms),
                      void *context);

#endif
