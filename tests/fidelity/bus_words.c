/* The calls of a bus.
 *
 *   partitions TOPIC        join        hears (the next of: assigned PLACE..., revoked, failed RESULT)
 *   take PLACE from N       read PLACE from N    records up to the end: OFFSET:KEY=VALUE... end N
 *   ends PLACE              first, last stable, high        settled PLACE        peek PLACE N
 *   begin   put PLACE KEY=VALUE   flush   written PLACE   offset PLACE=N   commit   abort   retire
 *   fence ACTOR             leave       lapse (the group takes it for dead)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "fidelity/words.h"

enum { FLUSH_MS = 8000, POLLS_MAX = 1000, POLL_MS = 20 };

static const char *const RESULTS[] = { "ok",          "pending", "abort",  "retire",
                                       "unavailable", "refused", "config", "absent" };
static const char *const TOPICS[STAGE_TOPICS] = { "order", "order-state" };

static void say_result(struct call *call, enum bus_result result)
{
    say(call, "%s", RESULTS[result]);
}

static bool asked(const struct call *call, const char *name)
{
    return strcmp(call->words[0], name) == 0;
}

/* TOPIC/PARTITION, and what follows. */
static struct bus_place place_of(const char *word, const char **rest)
{
    size_t size = strcspn(word, "/");
    struct bus_place place = { 0, 0 };
    while (place.topic < STAGE_TOPICS && (strlen(TOPICS[place.topic]) != size ||
                                          strncmp(TOPICS[place.topic], word, size) != 0)) {
        place.topic++;
    }
    ENSURE(word[size] == '/' && place.topic < STAGE_TOPICS);
    char *end;
    place.partition = (int32_t)strtol(word + size + 1, &end, 10);
    if (rest != NULL) {
        *rest = end;
    }
    return place;
}

static int64_t number_of(const char *word)
{
    ENSURE(word != NULL);
    return strtoll(word, NULL, 10);
}

/* --- the group --- */

static void hear(struct actor *actor, const struct bus_event *event)
{
    if (event->kind == BUS_FAILED && event->result == BUS_UNAVAILABLE) {
        return; /* it goes on by itself */
    }
    ENSURE(actor->heard_count < HEARD_MAX);
    char *heard = actor->heard[actor->heard_count++];
    size_t room = sizeof(actor->heard[0]);
    if (event->kind != BUS_ASSIGNED) {
        snprintf(heard, room, "%s", event->kind == BUS_REVOKED ? "revoked" : "failed");
        return;
    }
    snprintf(heard, room, "assigned");
    for (size_t i = 0; i < event->place_count; i++) {
        size_t size = strlen(heard);
        snprintf(heard + size, room - size, " %s/%d", TOPICS[event->places[i].topic],
                 event->places[i].partition);
    }
}

/* One poll; what comes of the group is kept, and is as if nothing had come. */
static void poll_once(struct actor *actor, struct bus_event *event)
{
    actor->bus->ops->poll(actor->bus, stage_patience_ms() > 0 ? POLL_MS : 0, event);
    if (event->kind == BUS_ASSIGNED || event->kind == BUS_REVOKED || event->kind == BUS_FAILED) {
        hear(actor, event);
        event->kind = BUS_NOTHING;
    }
}

/* All members poll: a rebalance waits for all of them. */
static void say_heard(struct call *call)
{
    struct actor *actor = call->actor;
    for (int polls = 0; actor->heard_count == 0 && polls < POLLS_MAX; polls++) {
        for (int i = 0; i < call->cast->count && actor->heard_count == 0; i++) {
            struct actor *other = &call->cast->actors[i];
            struct bus_event event = { .kind = BUS_NOTHING };
            if (other->joined || other == actor) {
                poll_once(other, &event);
            }
            if (event.kind == BUS_RECORD) {
                other->bus->ops->release(other->bus, &event.record);
            }
        }
    }
    say(call, "%s", actor->heard_count > 0 ? actor->heard[0] : "nothing");
    if (actor->heard_count > 0) {
        memmove(actor->heard[0], actor->heard[1],
                (size_t)--actor->heard_count * sizeof(actor->heard[0]));
    }
}

static void join(struct call *call)
{
    int32_t topic = STAGE_ORDER;
    call->actor->joined = true;
    say_result(call, call->actor->bus->ops->join(call->actor->bus, &topic, 1));
}

static bool group_call(struct call *call)
{
    struct bus *bus = call->actor->bus;
    if (asked(call, "join")) {
        join(call);
    } else if (asked(call, "hears")) {
        say_heard(call);
    } else if (asked(call, "lapse")) {
        call->actor->joined = false; /* it polls no more, unless it is told to */
        stage_lapse(bus);
    } else if (asked(call, "leave")) {
        call->actor->joined = false;
        bus->ops->leave(bus);
    } else {
        return false;
    }
    return true;
}

/* --- reading --- */

static void say_record(struct call *call, const struct bus_record *record)
{
    say(call, "%lld:%.*s=%.*s ", (long long)record->offset, TEXT_ARGS(record->key),
        TEXT_ARGS(record->value));
}

/* Of that place alone, until its end. */
static void say_records(struct call *call, struct bus_place place)
{
    struct bus *bus = call->actor->bus;
    struct bus_event event;
    for (int polls = 0; polls < POLLS_MAX; polls++) {
        poll_once(call->actor, &event);
        bool here = event.record.place.topic == place.topic &&
                    event.record.place.partition == place.partition;
        if (event.kind == BUS_RECORD) {
            if (here) {
                say_record(call, &event.record);
            }
            bus->ops->release(bus, &event.record);
        } else if (event.kind == BUS_END && here) {
            say(call, "end %lld", (long long)event.record.offset);
            return;
        }
    }
    say(call, "no end");
}

static void read_from(struct call *call)
{
    struct bus *bus = call->actor->bus;
    struct bus_position start = { place_of(call->words[1], NULL), number_of(call->words[3]) };
    void (*set)(struct bus *, const struct bus_position *, size_t) =
        asked(call, "take") ? bus->ops->fetch : bus->ops->follow;
    set(bus, &start, 1);
    say_records(call, start.place);
    set(bus, NULL, 0);
}

static void ends(struct call *call)
{
    struct bus *bus = call->actor->bus;
    int64_t first, stable, high;
    enum bus_result result =
        bus->ops->ends(bus, place_of(call->words[1], NULL), &first, &stable, &high);
    if (result == BUS_OK) {
        say(call, "%lld %lld %lld", (long long)first, (long long)stable, (long long)high);
    } else {
        say_result(call, result);
    }
}

static void peek(struct call *call)
{
    struct bus *bus = call->actor->bus;
    struct bus_record record;
    enum bus_result result =
        bus->ops->peek(bus, place_of(call->words[1], NULL), number_of(call->words[2]), &record);
    if (result != BUS_OK) {
        say_result(call, result);
        return;
    }
    say_record(call, &record);
    bus->ops->release(bus, &record);
}

static bool reading_call(struct call *call)
{
    struct bus *bus = call->actor->bus;
    if (asked(call, "read") || asked(call, "take")) {
        read_from(call);
    } else if (asked(call, "ends")) {
        ends(call);
    } else if (asked(call, "peek")) {
        peek(call);
    } else if (asked(call, "settled")) {
        say_result(call, bus->ops->settled(bus, place_of(call->words[1], NULL)));
    } else if (asked(call, "partitions")) {
        say(call, "%d", bus->ops->partitions(bus, bus->ops->topic(bus, call->words[1])));
    } else {
        return false;
    }
    return true;
}

/* --- transactions --- */

static enum bus_result put(struct call *call)
{
    struct bus *bus = call->actor->bus;
    const char *key = call->words[2], *value = strchr(key, '=');
    ENSURE(value != NULL);
    struct bus_message message = { .place = place_of(call->words[1], NULL),
                                   .key = { key, (uint32_t)(value - key) },
                                   .value = text_of(value + 1) };
    return bus->ops->produce(bus, &message);
}

static enum bus_result send_offset(struct call *call)
{
    const char *rest;
    struct bus_position offset = { .place = place_of(call->words[1], &rest) };
    ENSURE(*rest == '=');
    offset.offset = number_of(rest + 1);
    return call->actor->bus->ops->send_offsets(call->actor->bus, &offset, 1);
}

static void say_written(struct call *call)
{
    struct bus *bus = call->actor->bus;
    int64_t first, last;
    if (bus->ops->written(bus, place_of(call->words[1], NULL), &first, &last)) {
        say(call, "%lld..%lld", (long long)first, (long long)last);
    } else {
        say(call, "nothing");
    }
}

static bool transaction_call(struct call *call)
{
    struct bus *bus = call->actor->bus;
    if (asked(call, "begin")) {
        say_result(call, bus->ops->begin(bus));
    } else if (asked(call, "put")) {
        say_result(call, put(call));
    } else if (asked(call, "flush")) {
        say_result(call, bus->ops->flush(bus, FLUSH_MS));
    } else if (asked(call, "offset")) {
        say_result(call, send_offset(call));
    } else if (asked(call, "commit")) {
        say_result(call, bus->ops->commit(bus));
    } else if (asked(call, "abort")) {
        say_result(call, bus->ops->abort(bus));
    } else if (asked(call, "retire")) {
        say_result(call, bus->ops->retire(bus));
    } else if (asked(call, "written")) {
        say_written(call);
    } else if (asked(call, "fence")) {
        struct bus *other = cast_actor(call->cast, call->words[1])->bus;
        say_result(call, bus->ops->fence(bus, other->ops->transactional_id(other)));
    } else {
        return false;
    }
    return true;
}

static const char *const CALLS[] = { "partitions", "join",   "hears", "take",    "read",
                                     "ends",       "settled", "peek", "begin",   "put",
                                     "flush",      "written", "offset", "commit", "abort",
                                     "retire",     "fence",   "leave", "lapse",  NULL };

bool bus_call(struct call *call)
{
    const char *const *name = CALLS;
    while (*name != NULL && !asked(call, *name)) {
        name++;
    }
    if (*name == NULL) {
        return false;
    }
    if (call->actor->bus == NULL) {
        call->actor->bus = stage_bus(call->actor->name);
    }
    return group_call(call) || reading_call(call) || transaction_call(call);
}
