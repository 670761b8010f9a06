/* What producers send: contracts and event types, then sales and what happens to them after. */
#ifndef MAKEGOOD_TESTS_SIM_FEED_H
#define MAKEGOOD_TESTS_SIM_FEED_H

#include "tests/sim/sim.h"

enum kind {
    KIND_TRACK,
    KIND_MODIFY,
    KIND_REVERSE,
    KIND_APPROVE,
    KIND_CONTRACT,
    KIND_EVENT_TYPE,
    KIND_PARTNER,
    KIND_POISON, /* cannot be understood: `dead` says how */
    /* workers' own */
    KIND_FORGET,
    KIND_LISTED
};

enum { NONE = -1, TRACKER = 70, CAMPAIGN = 7, ACTIONS = 6, ORDERS = 4, PARTNERS = 2 };

enum amount_kind { AMOUNT_NONE, AMOUNT_TOTAL, AMOUNT_DELTA, AMOUNT_BAD };

/* One thing said by a producer (or by a worker to another entity). Several records may say it. */
struct command {
    enum kind kind;
    int32_t serial;      /* differs wherever the payload differs            */
    struct text source, id;
    struct text type, data, key;
    int32_t worker;      /* whose topic                                     */
    int32_t action, order, partner; /* NONE = not named                     */
    enum amount_kind amount_kind;
    int64_t amount;      /* cents                                           */
    bool reason;         /* a good reason is given                          */
    bool other_currency;
    int64_t rate;        /* of a contract: percent                          */
    const char *dead;    /* reason of the dead letter it must become        */
    struct text value;   /* the record's value as it is, instead of an envelope around data */
};

/* Makes the producers' schedule. */
void feed_plan(struct sim *sim);
/* Sends what is due by the present step; all of it when `all`. */
void feed_send(struct sim *sim, bool all);
bool feed_over(const struct sim *sim);

#endif
