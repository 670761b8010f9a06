/*
 * What a rule may ask and what it may say. A decision is recorded here and takes effect only as a
 * whole, in the turn's transaction.
 *
 * Load by need: decision_state(), decision_part() and decision_look() answer from what is at hand. If
 * something asked for is not, they answer NULL, the engine notes the need, throws away *everything*
 * that this run says, fetches it, and runs the rule again. So a rule reads NULL as "there is none" and
 * needs no code for loading. Pointers returned are const and live until the turn ends.
 */
#ifndef MAKEGOOD_ENGINE_DECISION_H
#define MAKEGOOD_ENGINE_DECISION_H

#include "base/arena.h"
#include "base/text.h"
#include "base/zone.h"
#include "wire/field.h"

struct decision;

/* --- asking --- */

int64_t decision_time(const struct decision *decision);       /* effective time                 */
struct text decision_entity(const struct decision *decision); /* who decides: "action:A1"       */
struct arena *decision_arena(struct decision *decision);      /* the turn's memory              */
/* The entity's version once this decision has changed it: what its outcomes will say. */
int64_t decision_version(struct decision *decision);

/* State of the entity that decides, NULL = none yet. Struct of its state_type. After decision_put()
 * in the same decision: what was put. */
const void *decision_state(struct decision *decision);
/* A part of it by the end of its key ("reward:r1"), NULL = none. */
const void *decision_part(struct decision *decision, struct text part);
/* The part has a timer that is due by now: it fires first, then the rule runs again. For rules whose
 * parts have timers and whose entity knows which are due (a part's own timer only announces in time). */
void decision_advance_first(struct decision *decision, struct text part, int64_t due_ms);
/* State of another entity of any worker ("contract:C1"), NULL = none. Read-only, at most about a
 * second old. */
const void *decision_look(struct decision *decision, struct text entity);
/* A part of another entity, by whole key ("partner:P1/campaign:7"). */
const void *decision_look_part(struct decision *decision, struct text key);

/* Rules of a time zone (IANA name or offset), NULL = unknown. */
const struct zone *decision_zone(struct decision *decision, struct text name);

/* --- the state --- */

/* Next state, copied deeply enough at once (packed); due_ms = when advance is to be called, 0 = never. */
void decision_put(struct decision *decision, const void *state, int64_t due_ms);
void decision_put_part(struct decision *decision, struct text part, const void *state,
                       int64_t due_ms);
void decision_remove_part(struct decision *decision, struct text part);

/* --- the verdict: exactly one of these, before any further outcome (not in advance) --- */

/* Named `type` ("action.modified"); data as shape, written after the common members. */
void decision_applied(struct decision *decision, const char *type, const struct shape *shape,
                      const void *data);
void decision_unchanged(struct decision *decision);
/* pointer is into `data` ("/items/2/amount", "" = none); detail is prose with the cure. State puts of
 * this run are dropped unless decision_count_change() was called. */
void decision_rejected(struct decision *decision, const char *code, const char *pointer,
                       const char *detail, ...) __attribute__((format(printf, 4, 5)));
/* Passes the message on, under its own source and id, to another entity of the same worker. */
void decision_forwarded(struct decision *decision, struct text entity);
/* The same with what the forwarder knows and the message does not say (whose token it is). */
void decision_forwarded_with(struct decision *decision, struct text entity, struct text note);
/* The note that the message was forwarded with, absent = none. */
struct text decision_note(const struct decision *decision);
/* Keeps the message in a part of its own until decision_wake() or until_ms; then the message type's
 * wait_over_code. Rejects TOO_MANY_WAITING when 100 wait here already. */
void decision_deferred(struct decision *decision, const char *code, const char *detail,
                       int64_t until_ms);
/* Asks another entity and keeps the message until the answer comes, which the other sends back as a
 * message whose type is an `answer` (worker.h). Then the rule runs again, with decision_answer(); it
 * may ask again. Until its final verdict every later message of this entity is deferred AWAITING_TURN,
 * so order is kept. The deferral is announced once, under the first `code`. */
void decision_asked(struct decision *decision, const char *code, const char *detail,
                    struct text entity, const char *type, const struct shape *shape,
                    const void *data);
/* The data of the answer that ended the wait, NULL when nothing was asked yet. */
const void *decision_answer(const struct decision *decision);

/* --- what else follows, in this order --- */

/* Before the verdict or outcome that it explains: contract, version and rule that decided. */
void decision_terms(struct decision *decision, struct text contract_id, int64_t version,
                    struct text rule);
/* In advance, first: the kind of timer that speaks ("lock"). */
void decision_timer(struct decision *decision, const char *kind);
void decision_outcome(struct decision *decision, const char *type, const struct shape *shape,
                      const void *data);
/* The same on a topic of its own ("refund-initiated"), unless a setting routes the type. */
void decision_outcome_on(struct decision *decision, const char *topic, const char *type,
                         const struct shape *shape, const void *data);
/* ce_id of the verdict or outcome that is said next. */
struct text decision_next_id(struct decision *decision);
/* UUIDv5 of <source>|<id>|<word> of the message: an id that is the same however often it is decided. */
struct text decision_own_id(struct decision *decision, const char *word);
/* A message of our own to an entity of any worker; exactly once by construction. */
void decision_send(struct decision *decision, struct text entity, const char *type,
                   const struct shape *shape, const void *data);
/* After this decision, everything that waits at this entity is decided, in order, as if it came now. */
void decision_wake(struct decision *decision);
/* A rejection that changes the entity all the same (adjustment.required): version + 1, puts hold. */
void decision_count_change(struct decision *decision);

/* Bit i of the faults mask of a message struct: field `name` of its shape is faulty. */
bool message_fault(const struct shape *shape, const void *message, const char *name);

#endif
