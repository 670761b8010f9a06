/* `refunds`: those of cards that the gateway has not answered, from the order worker's state log.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "base/hash.h"
#include "base/time.h"
#include "engine/record.h"
#include "io/clock.h"
#include "io/signals.h"
#include "workers/makegood/command.h"
#include "workers/makegood/moment.h"
#include "workers/makegood/output.h"
#include "workers/makegood/servers.h"
#include "workers/makegood/state_json.h"
#include "workers/order/order.h"

/* An order that has, or had, a refund under way: the latest state of it. */
struct candidate {
    struct text key, value; /* on the heap; value.at == NULL: no refund of it is open any more */
};

struct search {
    struct candidate *candidates; /* open addressing by key; a power of two of slots */
    size_t slots, count;
    int64_t before_ms;
    struct output output;
    struct arena arena; /* of one order */
    struct err_note unreadable;
};

/* --- which orders --- */

/* The order of a state record; NULL: none, or `unreadable` says why. */
static const struct order *order_in(struct search *search, struct text key, struct text value)
{
    struct record record;
    const struct state_type *type = state_type_of_key(key, &search->arena);
    ENSURE(type != NULL);
    struct order *order = arena_alloc(&search->arena, type->shape->size);
    if (record_read(value, &search->arena, &record) != RECORD_OK ||
        record.body_version > type->version ||
        (record.body.size && !shape_unpack(type->shape, record.body, &search->arena, order))) {
        err_note(&search->unreadable, ERR_DATA,
                 "the state of %.*s was written by a newer release; use that one", TEXT_ARGS(key));
        return NULL;
    }
    return record.body.size ? order : NULL;
}

static bool is_open(const struct search *search, const struct refund *refund)
{
    return refund->status == REFUND_INITIATED && refund->requested < search->before_ms;
}

static bool has_open(const struct search *search, const struct order *order)
{
    const struct refund *refunds = order->refunds.items;
    for (uint32_t i = 0; i < order->refunds.count; i++) {
        if (is_open(search, &refunds[i])) {
            return true;
        }
    }
    return false;
}

/* --- the latest state of each --- */

static struct candidate *find(const struct search *search, struct text key)
{
    size_t slot = (size_t)hash64(key) & (search->slots - 1);
    while (search->candidates[slot].key.at && !text_equal(search->candidates[slot].key, key)) {
        slot = (slot + 1) & (search->slots - 1);
    }
    return &search->candidates[slot];
}

static void grow(struct search *search)
{
    struct candidate *old = search->candidates;
    size_t old_slots = search->slots;
    search->slots = old_slots ? old_slots * 2 : 1024;
    search->candidates = calloc(search->slots, sizeof(*search->candidates));
    ENSURE(search->candidates != NULL);
    for (size_t i = 0; i < old_slots; i++) {
        if (old[i].key.at) {
            *find(search, old[i].key) = old[i];
        }
    }
    free(old);
}

static struct text keep(struct text text)
{
    char *at = malloc(text.size ? text.size : 1);
    ENSURE(at != NULL);
    memcpy(at, text.at, text.size);
    return (struct text){ at, text.size };
}

static void note(struct search *search, struct text key, struct text value, bool open)
{
    if ((search->count + 1) * 2 > search->slots) {
        grow(search);
    }
    struct candidate *candidate = find(search, key);
    if (!candidate->key.at && !open) {
        return;
    }
    if (!candidate->key.at) {
        candidate->key = keep(key);
        search->count++;
    }
    free((char *)candidate->value.at);
    candidate->value = open ? keep(value) : (struct text){ NULL, 0 };
}

static bool take(void *context, const struct kafka_read_record *record)
{
    struct search *search = context;
    if (!record || !record->key.at || !record->value.at ||
        !text_starts(record->key, TEXT("order:")) ||
        memchr(record->key.at, '/', record->key.size)) {
        return !signals_stop_wanted();
    }
    arena_reset(&search->arena);
    const struct order *order = order_in(search, record->key, record->value);
    note(search, record->key, record->value, order && has_open(search, order));
    return !search->unreadable.text[0] && !signals_stop_wanted();
}

/* --- showing them --- */

static void print_row(const struct order *order, const struct refund *refund)
{
    char time[TIME_TEXT_SIZE], amount[MONEY_TEXT_MAX];
    time_format(refund->requested, time);
    money_format(refund->amount.digits, refund->amount.scale, amount);
    printf("%s  order:%.*s  refund %.*s  %s %.*s\n", time, TEXT_ARGS(order->order_id),
           TEXT_ARGS(refund->refund_id), amount, TEXT_ARGS(order->currency));
}

static void put_texts(struct json_writer *writer, const char *name, const struct list *list)
{
    const struct text *texts = list->items;
    json_open_array(writer, name);
    for (uint32_t i = 0; i < list->count; i++) {
        json_put_text(writer, NULL, texts[i]);
    }
    json_close_array(writer);
}

static void put_optional(struct json_writer *writer, const char *name, struct text value)
{
    if (value.at) {
        json_put_text(writer, name, value);
    }
}

static void print_json(struct output *output, const struct order *order,
                       const struct refund *refund)
{
    char time[TIME_TEXT_SIZE], amount[MONEY_TEXT_MAX];
    time_format(refund->requested, time);
    money_format(refund->amount.digits, refund->amount.scale, amount);
    struct json_writer *writer = output_row(output);
    json_put_text(writer, "requestedDate", text_of(time));
    json_put_text(writer, "orderId", order->order_id);
    json_put_text(writer, "refundId", refund->refund_id);
    json_put_text(writer, "amount", text_of(amount));
    json_put_text(writer, "currency", order->currency);
    put_texts(writer, "ticketIds", &refund->ticket_ids);
    put_optional(writer, "gatewayAccountId", order->gateway_account_id);
    put_optional(writer, "chargeId", order->charge_id);
    output_row_end(output);
}

static void print_order(struct search *search, const struct order *order)
{
    const struct refund *refunds = order->refunds.items;
    for (uint32_t i = 0; i < order->refunds.count; i++) {
        if (is_open(search, &refunds[i])) {
            if (search->output.json) {
                print_json(&search->output, order, &refunds[i]);
            } else {
                print_row(order, &refunds[i]);
            }
        }
    }
}

static int by_key(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    return text_compare(left->key, right->key);
}

static void print_all(struct search *search, const struct call *call)
{
    output_open(&search->output, call);
    qsort(search->candidates, search->slots, sizeof(*search->candidates), by_key);
    for (size_t i = 0; i < search->slots; i++) {
        const struct candidate *candidate = &search->candidates[i];
        if (candidate->value.at) {
            arena_reset(&search->arena);
            print_order(search, order_in(search, candidate->key, candidate->value));
        }
    }
    output_close(&search->output);
}

static int search_log(const struct call *call, struct search *search)
{
    struct err_note trouble = { "" };
    enum err err;
    struct kafka_read read = { .topic = "order-state", .partition = -1, .from = KAFKA_FROM_START };
    struct kafka_admin *admin = servers_kafka(call->config, &err);
    if (!admin) {
        return err;
    }
    err = kafka_admin_read(admin, &read, take, search, SERVERS_WAIT_MS, &trouble);
    kafka_admin_free(admin);
    if (err != OK) {
        return servers_failed(call->config, err, &trouble);
    }
    if (search->unreadable.text[0]) {
        return fail_with(ERR_DATA, "%s", search->unreadable.text);
    }
    if (signals_stop_wanted()) {
        return 128 + signals_stop_wanted();
    }
    print_all(search, call);
    return OK;
}

int run_refunds(const struct call *call)
{
    struct search search = { .before_ms = INT64_MAX };
    const char *before = call_flag(call, "before");
    if (before && !moment_parse(before, clock_wall_ms(), &search.before_ms)) {
        return fail_with(ERR_USAGE, "--before: expected " MOMENT_FORMS ", got %s", before);
    }
    signals_install();
    arena_init(&search.arena, 0);
    int code = search_log(call, &search);
    for (size_t i = 0; i < search.slots; i++) {
        free((char *)search.candidates[i].key.at);
        free((char *)search.candidates[i].value.at);
    }
    free(search.candidates);
    arena_release(&search.arena);
    return code;
}
