/* The engine's world with a faulty bus and view between process a and those in memory. */
#ifndef MAKEGOOD_TESTS_FAULTY_WORLD_H
#define MAKEGOOD_TESTS_FAULTY_WORLD_H

#include "support/engine_world.h"
#include "support/faulty.h"

struct faulty_world {
    struct world world; /* first */
    struct faults faults;
    struct faulty_bus bus;
    struct faulty_view view;
};

/* a is opened and not begun: a test may want its own setup. */
static inline struct engine_setup faulty_open(struct faulty_world *faulty, const char *const *run)
{
    struct world *world = &faulty->world;
    process_open(world, &world->a, "makegood-a");
    faulty->faults.unseen.topic = -1;
    faulty->bus = (struct faulty_bus){ { &faulty_bus_ops }, world->a.bus, &faulty->faults };
    faulty->view = (struct faulty_view){ { &faulty_view_ops }, world->view, &faulty->faults };
    struct engine_setup setup = world_engine_setup(world, &world->a, run);
    setup.bus = &faulty->bus.bus;
    setup.view = &faulty->view.view;
    return setup;
}

static inline int faulty_setup_empty(void **state)
{
    struct faulty_world *faulty = calloc(1, sizeof(*faulty));
    world_make(&faulty->world, PARTITIONS);
    *state = faulty;
    return 0;
}

static inline int faulty_setup(void **state)
{
    faulty_setup_empty(state);
    struct faulty_world *faulty = *state;
    struct engine_setup setup = faulty_open(faulty, run_both);
    process_begin(&faulty->world, &faulty->world.a, &setup);
    return 0;
}

#define FAULTY_CASE(name) cmocka_unit_test_setup_teardown(name, faulty_setup, world_teardown)
#define FAULTY_CASE_EMPTY(name)                                                                    \
    cmocka_unit_test_setup_teardown(name, faulty_setup_empty, world_teardown)

#endif
