/*
 * The engine's own structures, shared by its files and by nobody else.
 *
 *   setup.c     making an engine                      events.c   what the bus tells, doubts
 *   engine.c    the step, idle checks                 take.c     taking a partition
 *   turn.c      one cycle over a batch                follow.c   reading and folding state logs
 *   load.c      items from cache or view              look.c     references to other entities
 *   message.c   decoding one input record             seen.c     remembered inputs, duplicates
 *   decide.c    deciding one message or timer         run.c      as a whole, or without a trace
 *   waiting.c   messages that wait                    timers.c   what is due in a turn
 *   decision.c  what rules call                       emit.c     outcomes
 *   send.c      messages to other entities            dead.c     dead letters
 *   commit.c    states, offsets, commit, fold         counts.c   metrics
 *   report.c    lines of batches                      due.c      timers of parts before a message
 */
#ifndef MAKEGOOD_ENGINE_INSIDE_H
#define MAKEGOOD_ENGINE_INSIDE_H

#include <setjmp.h>

#include "base/ensure.h"
#include "engine/cache.h"
#include "engine/decision.h"
#include "engine/engine.h"
#include "engine/held.h"
#include "engine/record.h"

enum {
    WORKERS_MAX = 16,
    TURN_RECORDS_DEFAULT = 4000,
    TURN_TIMERS_DEFAULT = 1000,
    TURN_BYTES_DEFAULT = 8 * 1024 * 1024,
    TURN_ARENA_SHARE = 4,         /* so many times that for each of a turn's arenas             */
    CACHE_BYTES_DEFAULT = 8 * 1024 * 1024,
    NEED_ROUNDS_MAX = 16 * WAITING_OWN_MAX, /* for one message and all that wait for it; more than
                                     they need: a bug otherwise                                 */
    OUTCOME_KINDS_MAX = 256,
    VIEW_BACKOFF_MS = 200,        /* before the view, or a new producer, is tried again         */
    FRESH_MS = 1000,              /* how old a reference may be                                 */
    CHECK_MS = 1000,              /* how often an idle partition's index is looked at           */
    HUNG_MS = 500,                /* when a foreign open transaction is taken for hung: a commit
                                   * takes tenths of it, and to err costs its owner a retake  */
    DEAD_LETTER_BYTES_MAX = 2 * 1024 * 1024 - 64 * 1024 /* dlq topics take 2 MiB                */
};

/* --- a turn --- */

struct item {
    struct text key;
    uint64_t hash;
    struct partition *partition;
    const struct state_type *type;  /* NULL: the engine's own part (seen:, wait:)             */
    bool loaded, present, head_owner, wanted;
    bool dirty;
    uint8_t body_version;
    int64_t due_ms, stored_due_ms;  /* stored: as the view has it                             */
    struct head *head;              /* of entities; copied before it is changed               */
    struct text body;               /* packed; at == NULL: none                               */
    const void *decoded;            /* of body, made when asked for                           */
    bool blocked;                   /* an earlier message of it waits for a need              */
    struct text written;           /* as the state log has it after this turn                  */
    struct item *next_dirty;
};

enum origin { FROM_OUTSIDE, FROM_FORWARD, FROM_WORKER };

struct message {
    struct bus_record record;
    struct partition *partition;
    int64_t time_ms;
    enum origin origin;
    struct text source, id;            /* of the record that is decided                        */
    struct text cause_source, cause_id, cause_type; /* of the first cause; absent on timers    */
    struct text correlation, traceparent;
    const struct message_type *type;
    const void *data;
    struct text data_json;             /* raw, for a wait                                      */
    struct text entity;
    struct item *item;
    struct text input;                 /* "topic/partition/offset" that verdicts cite          */
    struct hash128 id_hash, payload_hash;
    struct text batch_id, order_id;
    int64_t line;
    struct text note;                  /* of whoever forwarded it                              */
    bool misrouted, hopped;
    enum dead_reason dead;
    struct text dead_detail;
    bool done, probed;
    /* what only a waiting message has */
    bool waited;
    int64_t wait_number, seen_number;
    uint32_t first_ordinal;
    struct list sent_counts;           /* struct sent_count: messages sent while it waited     */
    const void *answer;                /* data of the answer to what it asked                  */
};

/* The next message of our own to a target is number `count` (messages: ids). */
struct sent_count {
    struct text to;
    int64_t count;
};

/* Something to be produced, in order. */
struct effect {
    struct bus_message message;
    struct outcome_kind *kind;     /* of an outcome                                           */
    int32_t verdict;               /* enum verdict                                            */
    enum dead_reason dead;         /* of a dead letter                                        */
    struct effect *next;
};

enum verdict {
    VERDICT_NONE,
    VERDICT_APPLIED,
    VERDICT_UNCHANGED,
    VERDICT_REJECTED,
    VERDICT_DUPLICATE,
    VERDICT_DEFERRED,
    VERDICT_FORWARDED
};

struct undo {
    struct item *item;
    struct item before;
    struct undo *next;
};

/* One outcome said by a rule, before the common members are known. */
struct said {
    const char *type;
    const char *topic;             /* NULL: by the type                                       */
    enum verdict verdict;
    struct text members;           /* the data's own members, without braces; may be empty    */
    const char *code;              /* of a rejection or deferral                              */
    struct text detail, pointer;
    struct text terms_contract, terms_rule; /* absent when no contract decided                */
    int64_t terms_version;
    struct said *next;
};

struct sent {
    struct text to;
    const char *type;              /* NULL: the message at hand, passed on                    */
    struct text data;
    struct sent *next;
};

struct put {
    struct item *item;
    struct text body;
    int64_t due_ms;
    bool remove;
    uint8_t version;
    struct put *next;
};

struct decision {
    struct engine *engine;
    struct message *message;       /* NULL in advance                                         */
    struct item *item;             /* the entity (or part, in its advance) that decides       */
    struct text entity;
    int64_t time_ms;
    bool timer;
    const char *timer_kind;
    int64_t timer_due_ms;
    uint32_t first_ordinal;
    bool missing;
    enum verdict verdict;
    struct said *said_first, **said_last;
    struct sent *sent_first, **sent_last;
    struct put *put_first, **put_last;
    struct text terms_contract, terms_rule;
    int64_t terms_version;
    bool wake, change_counts;
    int64_t defer_until_ms;        /* 0 = no end of its own                                   */
    const char *defer_code;
    bool asked;
};

struct turn {
    struct arena arena;            /* until the turn ends                                      */
    struct arena run_arena;        /* until a message is decided                               */
    struct message *messages;      /* of the batch; room for turn_records_max                 */
    uint32_t count;
    size_t bytes;                  /* of the batch's values                                    */
    struct item **items;           /* open addressing                                         */
    uint32_t item_slots, item_count;
    struct item *dirty_first;
    struct item **wanted;          /* to be loaded in the next round                          */
    uint32_t wanted_count, wanted_room;
    bool looks_wanted, looks_stale;
    struct worker_slot *wants_slot; /* a message goes to a worker whose topics are not known  */
    bool wants_reference;          /* or its states are looked at                             */
    struct partition *running;     /* whose message or timer is decided                       */
    /* the run at hand */
    bool missing;
    struct undo *undo;
    struct effect *effects_first, **effects_last;
    bool begun;
    enum bus_result failed;        /* first bad result of a produce                           */
    struct err_note failed_note;
    bool halted;
    uint32_t touched_count;
    struct timer_list { struct view_due *due; size_t count; struct partition *partition; } *timers;
    size_t timer_lists;
    uint32_t asked_fired;          /* timers that messages asked for (due.c)                   */
    bool due_asked;                /* the run at hand wants a part's timer first               */
    struct view_due asked_due;
};

/* What a turn has not enough of. */
enum shortage { SHORT_OF_TURN, SHORT_OF_LOOKS, SHORT_OF_MEMORY };

struct look;
struct looks;

/* What is the same for all outcomes of a type: made once, found by the type's name. */
struct outcome_kind {
    const char *type;
    const char *topic_asked;       /* by the rule, NULL = by the type                         */
    struct worker_slot *slot;
    int32_t topic;
    const char *topic_name;
    struct text ce_type, schema;
    struct metric *verdicts[7];
    int64_t pending[7];            /* not counted until the commit                            */
};

struct engine {
    struct engine_setup setup;
    struct bus *bus;
    struct view *view;
    struct worker_slot slots[WORKERS_MAX];
    size_t slot_count;
    struct turn turn;
    struct cache *cache;
    struct looks *looks;
    uint64_t tenure;
    int64_t wall_ms, mono_ms;
    uint32_t records_max;          /* adapts below setup.turn_records_max                     */
    uint32_t timers_max;           /* and below setup.turn_timers_max                         */
    bool started, retiring, follow_changed, fetch_changed;
    bool view_ok, bus_ok;
    int64_t view_retry_ms, bus_retry_ms, turn_retry_ms;
    const char *held_for;          /* why no turn may begin now, NULL = it may                */
    bool paused;
    uint32_t aborts_in_a_row;
    struct err_note trouble;       /* last failure that is being waited out                   */
    struct arena scratch;          /* within one step                                         */
    struct arena permanent;        /* for the engine's life                                    */
    struct fold_batch *fold_batch;
    struct outcome_kind kinds[OUTCOME_KINDS_MAX];
    size_t kind_count;
    jmp_buf exhausted;             /* back to the start of the turn                            */
    bool exhausted_set;            /* one runs that can still be aborted                       */
    bool arenas_fresh;             /* no turn has left blocks in its arenas since they were released */
    enum shortage shortage;        /* why it was left                                          */
    struct counts *counts;
    bool timers_alone;             /* turns have no messages until no timer is left behind    */
    const struct worker *line_reporter; /* whoever is told of lines of batches, NULL = nobody  */
};

/* setup.c */
struct arena engine_arena(struct engine *engine, size_t bytes_max, size_t block_bytes); /* 0: as usual */
struct partition *engine_partition(struct engine *engine, struct bus_place place);
struct worker_slot *slot_of_entity(struct engine *engine, struct text key);
const struct state_type *state_type_of(struct engine *engine, struct worker_slot *slot,
                                       struct text key);

/* events.c */
enum err event_handle(struct engine *engine, struct bus_event *event, struct err_note *note);
void engine_retake_all(struct engine *engine, const char *why);
void engine_retake(struct engine *engine, struct partition *partition, const char *why);
/* The view failed: nothing is decided until it answers again. */
void engine_view_trouble(struct engine *engine, const struct err_note *note);

/* take.c */
enum err take_step(struct engine *engine, struct partition *partition, struct err_note *note);
enum err slot_open(struct engine *engine, struct worker_slot *slot, struct err_note *note);

/* follow.c */
enum err follow_open(struct engine *engine, struct state_log *log, struct err_note *note);
enum err follow_record(struct engine *engine, struct state_log *log,
                       const struct bus_record *record, struct err_note *note);
enum err follow_end(struct engine *engine, struct state_log *log, int64_t end,
                    struct err_note *note);
enum err follow_flush(struct engine *engine, struct state_log *log, struct err_note *note);
bool follow_fresh(struct engine *engine, struct state_log *log);
void follow_apply(struct engine *engine); /* tells the bus which logs to read */
struct state_log *engine_log(struct engine *engine, struct bus_place place);

/* turn.c */
_Noreturn void turn_exhausted(struct engine *engine, enum shortage shortage);
enum err turn_run(struct engine *engine, struct err_note *note);
void turn_discard(struct engine *engine);      /* the batch: records released, nothing decided */
void turn_rewind(struct engine *engine);       /* positions back to what is committed          */

/* timers.c */
void turn_touch(struct engine *engine, struct partition *partition); /* it is part of the turn */
bool turn_timers_due(struct engine *engine);
enum view_result timers_load(struct engine *engine, struct err_note *note);

/* due.c */
bool due_fire_asked(struct engine *engine, const struct message *message);
void due_drop_batch(struct engine *engine);

/* message.c */
void message_decode(struct engine *engine, struct message *message);
bool message_batch(struct message *message, const struct json *json, uint32_t token, struct arena *arena,
                   struct field_fault *fault); /* batchId and line of its data */

/* load.c */
struct item *item_of(struct engine *engine, struct partition *partition, struct text key);
bool item_ready(struct engine *engine, struct item *item); /* false: noted as a need */
const void *item_decoded(struct engine *engine, struct item *item);
void item_change(struct engine *engine, struct item *item); /* before a field is changed */
struct head *item_head_change(struct engine *engine, struct item *item);
enum view_result load_wanted(struct engine *engine, struct err_note *note);
bool item_halt(struct engine *engine, const struct item *item, enum record_result result);

/* look.c */
struct looks *looks_new(void);
void looks_free(struct looks *looks);
void looks_clear(struct looks *looks);
const void *look_at(struct engine *engine, struct text key); /* NULL: none, or missing noted */
void looks_forget(struct engine *engine, struct text key);
void looks_forget_log(struct engine *engine, const struct state_log *log);
enum view_result looks_load(struct engine *engine, struct err_note *note);
void looks_refresh(struct engine *engine); /* before a turn */
const struct state_log *looks_late(const struct engine *engine); /* not fresh since a moment only */

/* decide.c */
void decide_message(struct engine *engine, struct message *message);
/* What was due at the item by `until_ms` has happened, in the order of the due times. */
void decide_due(struct engine *engine, struct item *item, int64_t until_ms);

/* run.c */
bool run_message(struct engine *engine, struct message *message); /* false: needs something  */
/* Nothing happens but that its needs are noted: so a row of messages of one entity asks for all that
 * they need at once. */
void run_probe(struct engine *engine, struct message *message);
bool run_timer(struct engine *engine, struct partition *partition, struct view_due due);

/* seen.c */
enum verdict seen_check(struct engine *engine, struct message *message, uint32_t *outcomes,
                        bool *conflict);
int64_t seen_add(struct engine *engine, struct message *message, uint32_t outcomes);
bool seen_update(struct engine *engine, struct item *item, int64_t number, uint32_t outcomes);

/* waiting.c */
void waiting_add(struct engine *engine, struct message *message, const struct decision *decision,
                 int64_t seen_number, uint32_t next_ordinal);
bool waiting_read(struct engine *engine, struct item *entity, int64_t number,
                  struct message *message);
void waiting_remove(struct engine *engine, struct item *entity, int64_t number);
/* A waiting message waits on: for an answer, or from now on with an end. */
void waiting_keep(struct engine *engine, const struct message *message,
                  const struct decision *decision);
/* The one that waits for an answer, NULL = none. */
const struct waiting *waiting_asking(const struct head *head);

/* emit.c */
void emit_sent(struct engine *engine, const struct decision *decision, const struct sent *sent);
void emit_decision(struct engine *engine, struct decision *decision, uint32_t *ordinal,
                   int64_t version);
void emit_duplicate(struct engine *engine, struct message *message, uint32_t outcomes);
void emit_dead_letter(struct engine *engine, struct message *message, enum dead_reason reason,
                      struct text detail);
void emit_misrouted(struct engine *engine, struct message *message);
const char *verdict_name(enum verdict verdict);

/* report.c */
void report_verdict(struct decision *decision);
void report_dead_letter(struct engine *engine, struct message *message, enum dead_reason reason);
void report_read_line(struct engine *engine, struct message *message, const struct event *event);

/* commit.c */
enum bus_result commit_begin(struct engine *engine);
enum bus_result commit_produce(struct engine *engine, const struct bus_message *message);
enum bus_result commit_states(struct engine *engine);
enum bus_result commit_end(struct engine *engine);

/* fold.c */
struct fold_batch *fold_batch_new(struct arena *arena);
enum err fold_turn(struct engine *engine, struct err_note *note);

/* counts.c */
enum step { STEP_DECODE, STEP_LOAD, STEP_DECIDE, STEP_ENCODE, STEP_COMMIT, STEP_FOLD, STEPS };
struct counts *counts_new(struct metrics *metrics);
void counts_free(struct counts *counts);
void counts_step(struct engine *engine, enum step step, int64_t *since_us);
void counts_turn(struct engine *engine, bool committed);
void counts_duration(struct engine *engine, int64_t microseconds);
void counts_rebalance(struct engine *engine);
void counts_retake(struct engine *engine);
void counts_taken(struct engine *engine, const struct partition *partition);
void counts_rebuild(struct engine *engine);
void counts_retired(struct engine *engine);
void counts_timers(struct engine *engine, size_t due);
void counts_partitions(struct engine *engine); /* how they stand after a step */
void counts_transaction(struct engine *engine, const char *result);
void counts_effect(struct engine *engine, const struct effect *effect);

#endif
