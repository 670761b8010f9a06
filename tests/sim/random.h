/* Dice: splitmix64. Each purpose has a stream of its own, so that taking one fault class away, or a
 * few events, leaves the rest of a history as it was as far as can be (which is what shrinking
 * needs). */
#ifndef MAKEGOOD_TESTS_SIM_RANDOM_H
#define MAKEGOOD_TESTS_SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A schedule that is given, by a fuzzer: a byte a throw, and one says how often nothing strikes. Once
 * it is over, dice are thrown. */
struct choices {
    const uint8_t *at;
    size_t left;
    uint32_t calm; /* so often no fault strikes */
};

enum { CHOICES_STRIKE = 128 };

struct dice {
    uint64_t state;
    struct choices *choices; /* NULL: none are given */
};

static inline uint8_t choices_next(struct choices *choices)
{
    choices->left--;
    return *choices->at++;
}

/* At half of all bytes a fault strikes; another says for how many throws none does. */
static inline bool choices_strike(struct choices *choices)
{
    if (choices->calm > 0 || choices->left == 0) {
        choices->calm -= choices->calm > 0;
        return false;
    }
    uint8_t byte = choices_next(choices);
    choices->calm = byte < CHOICES_STRIKE ? 0 : (uint32_t)(byte - CHOICES_STRIKE);
    return byte < CHOICES_STRIKE;
}

static inline uint64_t mix64(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline struct dice dice_new(uint64_t seed, uint64_t stream)
{
    return (struct dice){ .state = mix64(seed * UINT64_C(0x9e3779b97f4a7c15) + mix64(stream + 1)) };
}

static inline uint64_t dice_next(struct dice *dice)
{
    dice->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t thrown = mix64(dice->state);
    if (dice->choices != NULL && dice->choices->left > 0) {
        return (uint64_t)choices_next(dice->choices) << 56 | thrown >> 8;
    }
    return thrown;
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
