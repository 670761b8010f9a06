/* Shared by the files of the contract worker alone. */
#ifndef MAKEGOOD_WORKERS_CONTRACT_INSIDE_H
#define MAKEGOOD_WORKERS_CONTRACT_INSIDE_H

#include "engine/decision.h"
#include "engine/worker.h"
#include "workers/contract/contract.h"
#include "workers/contract/unit.h"

enum { CONTRACT_VERSIONS_MAX = 100, CONTRACTS_PER_PLACE_MAX = 2000 };

/* tables.c */
extern const struct shape contract_shape, contract_state_shape, contract_stored_shape;
extern const struct shape contract_listed_shape, contract_listing_shape;
extern const struct shape event_type_shape, partner_shape;
/* unit.c, program.c */
extern const struct shape unit_shape, program_shape, program_state_shape;

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

/* put.c, partner.c, event_type.c, unit.c, program.c */
void contract_put(struct decision *decision, const void *message);
void contract_list(struct decision *decision, const void *message);
void event_type_put(struct decision *decision, const void *message);
void partner_put(struct decision *decision, const void *message);
void unit_put(struct decision *decision, const void *message);
void program_put(struct decision *decision, const void *message);

#endif
