/*
 * Why a contract version pays an action as it does: what was tried before what decided, and what did not
 * hold (the command `explain`). Pure; says the base rule of each line, bonuses and limits come after it.
 */
#ifndef MAKEGOOD_WORKERS_ACTION_EXPLAIN_H
#define MAKEGOOD_WORKERS_ACTION_EXPLAIN_H

#include "base/zone.h"
#include "wire/json_write.h"
#include "workers/action/action.h"
#include "workers/contract/contract.h"

struct explain_question {
    const struct action *action;            /* as it was rated */
    const struct contract_version *version; /* prepared        */
    const struct zone *zone;                /* of the contract */
    int64_t t;                              /* effective time  */
    const struct exception_list *(*find_list)(void *context, struct text list_id);
    void *context;
};

/* Writes members `term` and `lines` into the open object. False: no term of the version names the
 * event type at that time; nothing is written. */
bool action_explain(struct arena *arena, const struct explain_question *question,
                    struct json_writer *writer);

#endif
