/*
 * Writes scripts that nobody thought of: calls by dice, with the answers of the simulator's bus and view,
 * for a real Kafka and Redis to give the same. generate FROM TO FOLDER; of views: generate_view.c
 *
 * Where a client may know something sooner or later (a producer that was fenced, records that are on their
 * way), the next call is one after which it must know. Transactions stay short, else they would expire.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "fidelity/generate.h"
#include "fidelity/words.h"
#include "io/log.h"
#include "tests/sim/random.h"

enum { HANDS = 2, CALLS = 30, QUESTIONS_MAX = 5, END_MAX = 12, WHAT_MAX = 100 };

/* What a caller knows of its producer. */
struct hand {
    const char *name;
    bool joined, begun, put, dead;
};

struct writer {
    FILE *file;
    struct cast cast;
    struct dice dice;
    struct hand hands[HANDS];
    int questions; /* while a transaction is open */
    int values;
};

static const char *call_of(struct writer *writer, const char *name, const char *what)
{
    char line[LINE_MAX];
    snprintf(line, sizeof(line), "%s %s", name, what);
    return call_written(writer->file, &writer->cast, line);
}

static void act(struct writer *writer, struct hand *hand, const char *what)
{
    bool retired = strcmp(call_of(writer, hand->name, what), "retire") == 0;
    hand->dead = retired;
    hand->begun = hand->begun && !retired;
}

/* --- what may be done --- */

static void put(struct writer *writer, struct hand *hand)
{
    char what[WHAT_MAX];
    snprintf(what, sizeof(what), "put order-state/%u k=%d", dice_below(&writer->dice, 2),
             ++writer->values);
    act(writer, hand, what);
    act(writer, hand, "flush");
    hand->put = true;
}

static void send_offset(struct writer *writer, struct hand *hand)
{
    char what[WHAT_MAX];
    snprintf(what, sizeof(what), "offset order/%u=%u", dice_below(&writer->dice, 2),
             dice_below(&writer->dice, 50));
    act(writer, hand, what);
}

/* A transaction's markers land after its end was answered, and what others write behind it may be faster:
 * the ends of the logs tell that they are there. */
static void await_markers(struct writer *writer, const char *name, struct hand *ended)
{
    if (ended->put) {
        call_of(writer, name, "ends order-state/0");
        call_of(writer, name, "ends order-state/1");
        ended->put = false;
    }
}

static void end(struct writer *writer, struct hand *hand, const char *how)
{
    act(writer, hand, how);
    hand->begun = false;
    await_markers(writer, hand->name, hand);
}

static void transact(struct writer *writer, struct hand *hand)
{
    uint32_t which = dice_below(&writer->dice, 10);
    if (hand->dead) {
        end(writer, hand, "retire");
    } else if (!hand->begun) {
        act(writer, hand, "begin");
        hand->begun = !hand->dead;
    } else if (which < 4) {
        put(writer, hand);
    } else if (which < 6 && hand->joined) {
        send_offset(writer, hand);
    } else {
        end(writer, hand, which < 9 ? "commit" : "abort");
    }
}

static void ask(struct writer *writer, const char *name)
{
    char what[WHAT_MAX];
    uint32_t partition = dice_below(&writer->dice, 2);
    writer->questions++;
    switch (dice_below(&writer->dice, 4)) {
    case 0:
        snprintf(what, sizeof(what), "ends order-state/%u", partition);
        break;
    case 1:
        snprintf(what, sizeof(what), "settled order/%u", partition);
        break;
    case 2:
        snprintf(what, sizeof(what), "peek order-state/%u %u", partition,
                 dice_below(&writer->dice, END_MAX));
        break;
    default:
        snprintf(what, sizeof(what), "read order-state/%u from 0", partition);
    }
    call_of(writer, name, what);
}

static void fence(struct writer *writer, const struct hand *by, struct hand *victim)
{
    char what[WHAT_MAX];
    snprintf(what, sizeof(what), "fence %s", victim->name);
    call_of(writer, by->name, what);
    await_markers(writer, by->name, victim);
}

/* --- a script --- */

static bool none_open(struct writer *writer)
{
    bool open = false;
    for (int i = 0; i < HANDS; i++) {
        open = open || writer->hands[i].begun || writer->hands[i].dead;
    }
    return !open;
}

static void finish(struct writer *writer)
{
    for (int i = 0; i < HANDS; i++) {
        struct hand *hand = &writer->hands[i];
        if (hand->begun) {
            end(writer, hand, "commit");
        }
        if (hand->dead) {
            end(writer, hand, "retire");
        }
    }
    writer->questions = 0;
}

static void write_script(struct writer *writer)
{
    struct hand *first = &writer->hands[0];
    if (dice_one_in(&writer->dice, 2)) {
        call_of(writer, first->name, "join");
        call_of(writer, first->name, "hears");
        first->joined = true;
    }
    for (int i = 0; i < HANDS; i++) { /* so that there is a producer to fence */
        act(writer, &writer->hands[i], "retire");
    }
    for (int i = 0; i < CALLS; i++) {
        struct hand *hand = &writer->hands[dice_below(&writer->dice, HANDS)];
        uint32_t which = dice_below(&writer->dice, 12);
        if (which == 0) {
            fence(writer, hand, &writer->hands[hand == first]);
        } else if (which < 4) {
            ask(writer, hand->name);
        } else {
            transact(writer, hand);
        }
        writer->questions = none_open(writer) ? 0 : writer->questions;
        if (writer->questions > QUESTIONS_MAX) {
            finish(writer);
        }
    }
    finish(writer);
    for (uint32_t partition = 0; partition < STAGE_PARTITIONS; partition++) {
        char what[WHAT_MAX];
        snprintf(what, sizeof(what), "read order-state/%u from 0", partition);
        call_of(writer, first->name, what);
    }
}

static void write_bus_script(FILE *file, uint64_t seed)
{
    struct writer writer = { .file = file,
                             .dice = dice_new(seed, 0),
                             .hands = { { .name = "a" }, { .name = "b" } } };
    write_script(&writer);
    cast_leave(&writer.cast);
}

/* --- all of them --- */

static void write_file(const char *folder, uint64_t seed, const char *kind,
                       void (*write)(FILE *file, uint64_t seed))
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s-%llu.script", folder, kind, (unsigned long long)seed);
    FILE *file = fopen(path, "w");
    ENSURE(file != NULL);
    stage_open();
    write(file, seed);
    stage_close();
    ENSURE(fclose(file) == 0);
}

int main(int count, char **words)
{
    ENSURE(count == 4);
    log_configure(LOG_OFF, false);
    for (uint64_t seed = strtoull(words[1], NULL, 10); seed <= strtoull(words[2], NULL, 10); seed++) {
        write_file(words[3], seed, "bus", write_bus_script);
        write_file(words[3], seed, "view", write_view_script);
    }
    return 0;
}
