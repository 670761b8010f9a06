/* Dice: splitmix64. Each purpose has a stream of its own, so that taking one fault class away, or a
 * few events, leaves the rest of a history as it was as far as can be (which is what shrinking
 * needs). */
#ifndef MAKEGOOD_TESTS_SIM_RANDOM_H
#define MAKEGOOD_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t mix64(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline struct dice dice_new(uint64_t seed, uint64_t stream)
{
    return (struct dice){ mix64(seed * UINT64_C(0x9e3779b97f4a7c15) + mix64(stream + 1)) };
}

static inline uint64_t dice_next(struct dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    return mix64(dice->state);
}

/* 0 .. count - 1 */
static inline uint32_t dice_below(struct dice *dice, uint32_t count)
{
    return (uint32_t)((dice_next(dice) >> 32) * count >> 32);
}

static inline int64_t dice_range(struct dice *dice, int64_t from, int64_t to)
{
    return from + (int64_t)dice_below(dice, (uint32_t)(to - from + 1));
}

static inline bool dice_one_in(struct dice *dice, uint32_t count)
{
    return dice_below(dice, count) == 0;
}

#endif
