/* How the action worker's field tables are written. */
#ifndef MAKEGOOD_WORKERS_ACTION_TABLES_H
#define MAKEGOOD_WORKERS_ACTION_TABLES_H

#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define IN(type, member) offsetof(struct type, member)
#define SHAPE(shape_name, table, type)                                                             \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), SHAPE_NO_FAULTS                      \
    }
#define SHAPE_FAULTS(shape_name, table, type)                                                      \
    {                                                                                              \
        shape_name, table, COUNT(table), sizeof(struct type), IN(type, faults)                     \
    }

#endif
