/*
 * Limits and bonuses over several actions (A41, A42, C26). Lines that are under the same limits, or the
 * same bonus, are one pool. What a pool may know about other actions a tally tells: the command asks one
 * tally after the other, and is decided anew with all that was told.
 */
#ifndef MAKEGOOD_WORKERS_ACTION_ASK_H
#define MAKEGOOD_WORKERS_ACTION_ASK_H

#include "workers/action/inside.h"

/* What a pool needs to ask. */
struct asker {
    struct decision *decision;
    const struct action *action; /* with the shares that it had before the command */
    const struct terms *terms;
    struct lines *lines;
    struct rating *rating;
    int64_t day;                 /* of tracking, in the contract's zone */
};

struct asker asker_of(struct decision *decision, const struct action *action,
                      const struct terms *terms, struct lines *lines, struct rating *rating);
/* "tally:C1:70:group:2:customer:K1" */
struct text tally_name(const struct asker *asker, struct text scope, int32_t limit_by);
/* What a tally has told this command, by the terms that hold now; NULL = not asked yet. */
const struct tally_told *told_by(const struct asker *asker, struct text tally, int32_t kind,
                                 uint32_t pool);
/* The share that the tally holds of the action, to be replaced. */
struct share_change change_from(const struct asker *asker, struct text tally);
/* Asks: the message waits. */
enum rate_result ask(const struct asker *asker, struct tally_ask *ask);
/* The share that is to be counted in the end. */
struct tally_share *final_share(const struct asker *asker, struct text tally);

#endif
