/* The update record: what partners see of every change, with deltas that add up (A24, A25, C15). */
#include <stddef.h>

#include "base/money.h"
#include "workers/action/inside.h"

struct record_item {
    struct text sku, category;
    int64_t quantity;
    struct decimal amount, delta_amount, payout, delta_payout;
    struct text rule;
};

struct record {
    int64_t update_id, tracker_id, campaign_id, modifications;
    struct text action_id, partner_id, oid, currency, payout_currency, disposition,
        customer_status, parent_id;
    int32_t state, detail, level, parent_missing;
    struct decimal amount, delta_amount, payout, delta_payout, intended_payout, intended_amount;
    int64_t event_date, creation_date, locking_date, clearing_date, cleared_date;
    struct list items; /* struct record_item */
    const struct cascade *cascade;
};

static const char *const states[] = { "PENDING", "APPROVED", "REVERSED", NULL };
static const char *const details[] = { "OPEN",            "OVERLIMIT_BUDGET", "OVERLIMIT_ACTIONCAP",
                                       "RETURN_REQUESTED", "PAYMENT_PENDING",  "PAID",
                                       "OVERDUE",          "DEFAULTED",        NULL };
static const char *const levels[] = { "ORDER", "ITEM", NULL };

#define ITEM(member) offsetof(struct record_item, member)
static const struct field item_fields[] = {
    { "sku", FIELD_TEXT, ITEM(sku) },
    { "category", FIELD_TEXT, ITEM(category) },
    { "quantity", FIELD_INT, ITEM(quantity) },
    { "amount", FIELD_MONEY, ITEM(amount) },
    { "deltaAmount", FIELD_MONEY_SIGNED, ITEM(delta_amount) },
    { "payout", FIELD_MONEY, ITEM(payout) },
    { "deltaPayout", FIELD_MONEY_SIGNED, ITEM(delta_payout) },
    { "rule", FIELD_TEXT, ITEM(rule) },
};
static const struct shape item_shape = { "record.item", item_fields,
                                         sizeof(item_fields) / sizeof(*item_fields),
                                         sizeof(struct record_item), SHAPE_NO_FAULTS };

static const struct field cascade_fields[] = {
    { "requested", FIELD_LIST, offsetof(struct cascade, requested), .element = FIELD_ID },
    { "skipped", FIELD_LIST, offsetof(struct cascade, skipped), .element = FIELD_ID },
};
static const struct shape cascade_shape = { "record.cascade", cascade_fields, 2,
                                            sizeof(struct cascade), SHAPE_NO_FAULTS };

#define AT(member) offsetof(struct record, member)
static const struct field record_fields[] = {
    { "updateId", FIELD_INT, AT(update_id) },
    { "actionId", FIELD_ID, AT(action_id) },
    { "actionTrackerId", FIELD_INT, AT(tracker_id) },
    { "campaignId", FIELD_INT, AT(campaign_id) },
    { "partnerId", FIELD_ID, AT(partner_id) },
    { "oid", FIELD_OID, AT(oid) },
    { "state", FIELD_ENUM, AT(state), .names = states },
    { "stateDetail", FIELD_ENUM, AT(detail), .names = details },
    { "amount", FIELD_MONEY, AT(amount) },
    { "deltaAmount", FIELD_MONEY_SIGNED, AT(delta_amount) },
    { "currency", FIELD_CURRENCY, AT(currency) },
    { "payout", FIELD_MONEY, AT(payout) },
    { "deltaPayout", FIELD_MONEY_SIGNED, AT(delta_payout) },
    { "payoutCurrency", FIELD_CURRENCY, AT(payout_currency) },
    { "intendedPayout", FIELD_MONEY, AT(intended_payout) },
    { "intendedAmount", FIELD_MONEY, AT(intended_amount) },
    { "payoutLevel", FIELD_ENUM, AT(level), .names = levels },
    { "disposition", FIELD_TEXT, AT(disposition) },
    { "customerStatus", FIELD_TEXT, AT(customer_status) },
    { "modifications", FIELD_INT, AT(modifications) },
    { "eventDate", FIELD_TIME, AT(event_date) },
    { "creationDate", FIELD_TIME, AT(creation_date) },
    { "lockingDate", FIELD_TIME, AT(locking_date) },
    { "clearingDate", FIELD_TIME, AT(clearing_date) },
    { "clearedDate", FIELD_TIME, AT(cleared_date) },
    { "parentActionId", FIELD_ID, AT(parent_id) },
    { "parentMissing", FIELD_BOOL, AT(parent_missing) },
    { "items", FIELD_LIST, AT(items), .shape = &item_shape },
    { "cascade", FIELD_OBJECT, AT(cascade), .shape = &cascade_shape },
};
const struct shape record_shape = { "action.record", record_fields,
                                    sizeof(record_fields) / sizeof(*record_fields),
                                    sizeof(struct record), SHAPE_NO_FAULTS };

static struct decimal money(int64_t minor, int exponent)
{
    return minor == FIELD_ABSENT ? DECIMAL_ABSENT : (struct decimal){ minor, exponent };
}

/* What stateDetail says: of a pending action the most urgent of what holds. */
static int32_t detail_of(const struct action *action)
{
    if (action->state == ACTION_APPROVED) {
        return action->finance;
    }
    if (action->state == ACTION_REVERSED) {
        return 0;
    }
    return action->return_code.at       ? DETAIL_RETURN_REQUESTED
           : action->overlimit          ? action->overlimit
           : action->open_ended == 1    ? DETAIL_OPEN
                                        : 0;
}

static bool rules_differ(const struct action *action)
{
    const struct action_item *items = action->items.items;
    bool differ = false;
    for (uint32_t i = 1; i < action->items.count; i++) {
        differ = differ || !text_equal(items[i].by.rule, items[0].by.rule);
    }
    return differ;
}

static struct list record_items(struct decision *decision, const struct action *before,
                                const struct action *after, int from, int to)
{
    const struct action_item *items = after->items.items;
    const struct action_item *old = before ? before->items.items : NULL;
    uint32_t count = after->items.count;
    if (!items) {
        return (struct list){ NULL, 0 };
    }
    struct record_item *out = arena_alloc(decision_arena(decision), count * sizeof(*out));
    bool by_item = after->level == LEVEL_ITEM, differ = rules_differ(after);
    for (uint32_t i = 0; i < count; i++) {
        int64_t payout_before = old ? old[i].payout : 0;
        out[i] = (struct record_item){
            .sku = items[i].sku,
            .category = items[i].category,
            .quantity = items[i].quantity,
            .amount = money(items[i].amount, from),
            .delta_amount = money(items[i].amount - (old ? old[i].amount : 0), from),
            .payout = by_item ? money(items[i].payout, to) : DECIMAL_ABSENT,
            .delta_payout =
                by_item ? money(items[i].payout - payout_before, to) : DECIMAL_ABSENT,
            .rule = differ && after->state != ACTION_REVERSED ? items[i].by.rule
                                                              : (struct text){ NULL, 0 },
        };
    }
    return (struct list){ out, count };
}

static struct record record_of(struct decision *decision, const struct action *before,
                               struct action *after)
{
    int from = currency_exponent(after->currency), to = currency_exponent(after->payout_currency);
    struct record record;
    shape_init(&record_shape, &record);
    record.update_id = ++after->update_id;
    record.action_id = after->action_id;
    record.tracker_id = after->tracker_id;
    record.campaign_id = after->campaign_id;
    record.partner_id = after->partner_id;
    record.oid = after->oid;
    record.state = after->state;
    record.detail = detail_of(after);
    record.amount = money(after->amount, from);
    record.delta_amount = money(after->amount - (before ? before->amount : 0), from);
    record.currency = after->currency;
    record.payout = money(after->payout, to);
    record.delta_payout = money(after->payout - (before ? before->payout : 0), to);
    record.payout_currency = after->payout_currency;
    record.intended_payout = money(after->intended_payout, to);
    record.intended_amount = money(after->intended_amount, from);
    record.level = after->level;
    record.disposition = after->disposition;
    record.customer_status = after->customer_status;
    record.modifications = after->modifications;
    record.event_date = after->event_date;
    record.creation_date = after->creation_date;
    record.locking_date = after->locking_date;
    record.clearing_date = after->clearing_date;
    record.cleared_date = after->cleared_date;
    record.parent_id = after->parent_id;
    record.parent_missing = after->parent_missing == 1 ? 1 : -1;
    record.items = record_items(decision, before, after, from, to);
    return record;
}

void record_applied(struct decision *decision, const char *type, const struct action *before,
                    struct action *after)
{
    struct record record = record_of(decision, before, after);
    decision_applied(decision, type, &record_shape, &record);
}

void record_reversed(struct decision *decision, const struct action *before, struct action *after,
                     const struct cascade *cascade)
{
    struct record record = record_of(decision, before, after);
    record.cascade = cascade;
    decision_applied(decision, "action.reversed", &record_shape, &record);
}

void record_outcome(struct decision *decision, const char *type, const struct action *before,
                    struct action *after)
{
    struct record record = record_of(decision, before, after);
    decision_outcome(decision, type, &record_shape, &record);
}
