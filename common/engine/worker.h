/*
 * What a domain gives to the engine: one const row of data and pure functions. The engine reads the
 * row; nothing of a domain is known anywhere else. Adding a worker is adding a folder.
 *
 *   const struct worker action_worker = { .name = "action", .messages = ..., .states = ... };
 *
 * Topics follow from the name: <name> (input), <name>-state, <name>-outcome, <name>-dlq.
 */
#ifndef MAKEGOOD_ENGINE_WORKER_H
#define MAKEGOOD_ENGINE_WORKER_H

#include "base/arena.h"
#include "base/text.h"
#include "wire/field.h"

struct decision;

/* Decides one message at one entity. Pure: same state, message, references and time give the same
 * calls on `decision`. It may be run again from the start (engine/decision.h: load by need). */
typedef void decide_fn(struct decision *decision, const void *message);

/* What happens to an entity (or part) by time alone: called with the entity's state when the due time
 * that decision_put() gave has come. The effective time is that due time. It must put a state whose
 * due time is later, or 0. */
typedef void advance_fn(struct decision *decision, const void *state);

/* Called once when a state has been decoded to be looked at (decision_look): may fill members of the
 * struct that the field table does not know, with what is worth computing once. All in the arena. */
typedef void prepare_fn(void *state, struct arena *arena);

enum { HANDLERS_MAX = 4 };

struct handler {
    const char *entity_type; /* "oid" of "oid:70:X1" */
    decide_fn *decide;
};

struct message_type {
    const char *name;          /* "action.modify"; internal messages are "internal...." */
    const struct shape *shape; /* of `data` */
    /* Entity of a message, derived from `data` alone. */
    struct text (*entity)(const void *message, struct arena *arena);
    /* By type of the entity that decides: where the message is addressed to, or forwarded to. */
    struct handler handlers[HANDLERS_MAX];
    /* Final verdict when a wait (decision_deferred) is over and what it waited for has not come. */
    const char *wait_over_code, *wait_over_detail;
    /* Called after a final rejection, whoever said it, the engine too (TOO_MANY_WAITING, STATE_TOO_LARGE):
     * what else is to be sent then. NULL: nothing. */
    decide_fn *rejected;
    /* Carries the answer to a decision_asked(): no handler decides it, `handlers` name the types of
     * entity that ask. */
    bool answer;
};

struct state_type {
    const char *entity_type;   /* "action"; of a part "account/reward" (letters up to ':' of both) */
    const struct shape *shape; /* only ever gains fields at its end; else a new version            */
    uint8_t version;           /* body version that is written; a greater one is refused           */
    advance_fn *advance;       /* NULL: never has a due time                                       */
    prepare_fn *prepare;       /* NULL: nothing to compute                                         */
};

/* What any command may carry. A type whose table has no batchId has these two beside its table. */
struct batch_line {
    struct text batch_id;
    int64_t line;
};
extern const struct shape batch_line_shape;

/* What becomes of the lines of a batch. A command whose data has batchId and line reports its final
 * verdict, or that it became a dead letter (rows 4, 5, 7), to the batch's entity `<entity_type>:<batchId>`
 * at the worker that has this row: a message `type` of {batchId, line, code, orderId}; code is absent
 * when the command was applied or changed nothing, orderId is the command's oid or orderId. */
struct line_reports {
    const char *type, *entity_type;
};

struct worker {
    const char *name;
    const struct message_type *messages;
    size_t message_count;
    const struct state_type *states;
    size_t state_count;
    const struct line_reports *line_reports; /* NULL but at one worker */
};

/* The worker's message type of a short name ("action.modify"), internal ones too; NULL = none. */
const struct message_type *worker_message(const struct worker *worker, struct text name);

/* Who decides a message of the type at this entity; NULL = nobody, it cannot be addressed there. */
const struct handler *message_handler(const struct message_type *type, struct text entity);

/* "action:A1" from ("action", "A1"): the bytes % / | of the id become %25 %2F %7C. Lives in the arena. */
struct text entity_name(struct arena *arena, const char *entity_type, struct text id);
/* With a second id: "oid:70:X1". */
struct text entity_name_two(struct arena *arena, const char *entity_type, struct text first,
                            struct text second);
/* "action" of "action:A1", "account/reward" of "account:7/reward:r1". */
struct text entity_type_of(struct arena *arena, struct text key);
/* "account:7" of "account:7/reward:r1": the entity whose partition a part shares. */
struct text entity_of_key(struct text key);

#endif
