/*
 * What every verdict must have been: a small model of the rules that the feed can meet, written from
 * the wire contract and the behaviour rows, sharing no rule with the workers. It is driven by the
 * committed outcomes in the order in which they were written, and holds each against the inputs.
 */
#ifndef MAKEGOOD_TESTS_SIM_MODEL_H
#define MAKEGOOD_TESTS_SIM_MODEL_H

#include "tests/sim/feed.h"
#include "tests/sim/sim.h"
#include "tests/sim/watch.h"

enum entity_kind { ENTITY_ACTION, ENTITY_ORDER, ENTITY_CONTRACT, ENTITY_PARTNER, ENTITY_EVENT_TYPE,
                   ENTITY_NOBODY, ENTITY_KINDS };
enum { ENTITIES_MAX = 8, NOTES_MAX = 64, WAITS_MAX = 100, VERSIONS_MAX = 200 };
enum { MODEL_PENDING = 1, MODEL_APPROVED, MODEL_REVERSED };

/* Something that an entity was given from outside, directly or forwarded. */
struct given {
    struct text source, id;
    int32_t serial;
    int32_t outcomes;
};

struct waits {
    struct input *input;
    int64_t until_ms;
    int32_t given; /* index */
};

struct note {
    int32_t action;
    int64_t created_ms;
    int32_t tracks;
};

struct version {
    int64_t rate, valid_from_ms;
    struct fact *fact;
};

struct entity {
    enum entity_kind kind;
    int32_t number;
    struct text name;
    int64_t version;
    struct given *given;
    int32_t given_count, given_room;
    int64_t last_offset, last_time_ms; /* of the input decided last */
    struct waits waits[WAITS_MAX];
    int32_t waits_count;
    /* an action */
    bool exists;
    int32_t state, order, partner;
    int64_t amount, payout, intended, rate, modifications, updates, lock_ms;
    bool adjusted;
    int64_t adjusted_amount, adjusted_payout;
    /* an order id */
    struct note notes[NOTES_MAX];
    int32_t note_count;
    /* a contract */
    struct version versions[VERSIONS_MAX];
    int32_t version_count;
    /* a partner: where its contract was listed; an event type: that it was put */
    bool put;
    struct fact *listed, *known;
};

/* A message that one entity owes another. */
struct owed {
    struct text to, source, id, name;
    const struct command *command;
    bool hop, paid;
    struct owed *next;
};

/* An outcome as it was read. */
struct outcome {
    int32_t worker;
    struct text type, verdict, subject, id, causation, terms, value;
    struct input *input;
    int64_t version, time_ms;
    struct text code;
};

/* What must follow the verdict at once. */
struct further {
    const char *type;
    int64_t amount;
    bool collect;
};

struct state_version {
    struct text key;
    int32_t version;
    struct state_version *next;
};

struct model {
    struct entity entities[ENTITY_KINDS][ENTITIES_MAX];
    struct owed *owed_first, **owed_last;
    struct further further;
    struct entity *further_of;
    struct text further_base;
    int32_t further_ordinal;
    struct input *further_input;
    int32_t further_given;
    struct text *ids; /* of all outcomes, open addressing */
    uint32_t id_slots, id_count;
    struct state_version *state_versions[WORKERS];
    int64_t payouts; /* sum of all deltaPayout */
};

void model_open(struct sim *sim);
/* Entity that an event is addressed to by its data; absent for poison. */
struct text model_address(const struct command *command, struct arena *arena);
bool model_contracts_known(const struct sim *sim);

/* watch.c tells what is committed. */
void model_transaction(struct sim *sim);
void model_outcome(struct sim *sim, int32_t worker, struct text value, const struct header *headers,
                   size_t count);
void model_dead_letter(struct sim *sim, int32_t worker, struct text value,
                       const struct header *headers, size_t count);
void model_follow_up(struct sim *sim, struct input *input, struct text key,
                     const struct header *headers, size_t count);
bool model_state_written(struct sim *sim, int32_t worker, struct text key, int32_t version);

/* inside the model */
/* Effective time of an input: its own, but never before what the partition has seen. */
int64_t model_time(struct sim *sim, const struct input *input);
/* Is it cited by the transaction that moves @progress past it? */
bool model_in_place(struct sim *sim, const struct input *input);
/* Entity that an input is for. */
struct text model_target(struct sim *sim, const struct input *input);
bool model_timer_in_time(struct sim *sim, const struct entity *entity, int64_t due_ms);
bool model_nothing_overdue(struct sim *sim, const struct entity *entity, int64_t time_ms);
struct entity *model_entity(struct sim *sim, struct text name);
bool model_ids(struct sim *sim, const struct outcome *outcome, struct text name);
bool model_expect(struct sim *sim, const struct outcome *outcome, const char *verdict,
                  const char *type, const char *code);
void model_owe(struct sim *sim, struct text to, struct text source, struct text id, struct text name,
               const struct command *command, bool hop);
/* Says what the verdict is, given what was observed, and lets it take effect. False: it is wrong. */
bool model_decide_action(struct sim *sim, struct entity *entity, const struct command *command,
                         const struct outcome *outcome, bool waited);
bool model_decide_order(struct sim *sim, struct entity *entity, const struct command *command,
                        const struct outcome *outcome, bool waited);
bool model_decide_contract(struct sim *sim, struct entity *entity, const struct command *command,
                           const struct outcome *outcome);
bool model_locked(struct sim *sim, struct entity *entity, const struct outcome *outcome);
int64_t model_rate(struct sim *sim, int32_t partner, int64_t time_ms, const struct outcome *outcome,
                   bool *none);
/* Does the record of the action say what the model has? */
bool model_record(struct sim *sim, const struct entity *entity, const struct outcome *outcome,
                  int64_t amount_before, int64_t payout_before);

/* The member of a JSON object: a string's inside or a number's text. Absent: at == NULL. */
struct text member(struct text json, const char *name);
int64_t member_int(struct text json, const char *name);   /* INT64_MIN = absent */
int64_t member_cents(struct text json, const char *name); /* INT64_MIN = absent */
int64_t text_time(struct text time);                      /* INT64_MIN = none   */

#endif
