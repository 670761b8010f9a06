/* Shared by the files of the contract worker alone. */
#ifndef MAKEGOOD_WORKERS_CONTRACT_INSIDE_H
#define MAKEGOOD_WORKERS_CONTRACT_INSIDE_H

#include "engine/decision.h"
#include "engine/worker.h"
#include "workers/contract/contract.h"
#include "workers/contract/unit.h"

enum { CONTRACT_VERSIONS_MAX = 100, CONTRACTS_PER_PLACE_MAX = 2000, PROMO_PATTERNS_MAX = 200 };

/* tables.c */
extern const struct shape contract_shape, contract_state_shape, contract_stored_shape;
extern const struct shape contract_listed_shape, contract_listing_shape;
extern const struct shape event_type_shape, partner_shape;
/* unit.c, program.c */
extern const struct shape unit_shape, program_shape, program_state_shape;
extern const struct shape promo_code_shape, promo_codes_shape, promo_place_shape;
extern const struct shape exception_list_shape;

/* contract.stored: the data of the put and what follows from it. */
struct contract_stored {
    struct contract contract;
    int64_t contract_version;
    int32_t shown_status;
};

/* internal.contract.listed, from a contract to its partner. */
struct contract_listed {
    struct text partner_id;
    int64_t campaign_id;
    struct text contract_id;
};

/* A fault between fields. Lives in the decision's arena. */
struct contract_fault {
    const char *pointer;
    const char *detail;
};

/* check.c: what a contract must be beyond its field table (C06, A36, A44). */
bool contract_check(struct decision *decision, const struct contract *contract,
                    struct contract_fault *fault);
/* exact.c: money with the decimals of the currency, of a contract that was checked; what differs from
 * *contract lies in the arena. */
struct contract contract_exact(struct arena *arena, const struct contract *contract);
/* check_payout.c: the amounts, groups, limits and tiers of one event type (A36-A42). `at` is its
 * pointer, exponent that of the contract's currency. */
bool contract_check_payout(struct decision *decision, const struct event_payout *payout,
                           int exponent, struct text at, struct contract_fault *fault);

/* compile.c: what is worth computing once per version, for whoever looks (worker.h: prepare_fn) */
void contract_prepare(void *state, struct arena *arena);
void promo_codes_prepare(void *state, struct arena *arena);
void exception_list_prepare(void *state, struct arena *arena);

/* put.c, partner.c, event_type.c, promo_code.c, exception_list.c, unit.c, program.c */
void contract_put(struct decision *decision, const void *message);
void contract_list(struct decision *decision, const void *message);
void event_type_put(struct decision *decision, const void *message);
void partner_put(struct decision *decision, const void *message);
void unit_put(struct decision *decision, const void *message);
void program_put(struct decision *decision, const void *message);
void promo_code_put(struct decision *decision, const void *message);
void exception_list_put(struct decision *decision, const void *message);

#endif
