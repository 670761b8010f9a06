/* action.modify_items: new absolute quantities and amounts of items by their sku (A19, A20, C17-C19). */
#include "base/money.h"
#include "workers/action/inside.h"

static const struct modify_item *given_items(const struct modify_items *modify)
{
    return modify->items.items;
}

static struct text item_pointer(struct decision *decision, uint32_t at, const char *member)
{
    return arena_printf(decision_arena(decision), "/items/%u/%s", at, member);
}

static bool check_item_fields(struct decision *decision, const struct modify_items *modify)
{
    const struct modify_item *given = given_items(modify);
    bool good = change_fields(decision, &modify_items_shape, modify->faults, "");
    for (uint32_t i = 0; good && i < modify->items.count; i++) {
        struct text prefix = arena_printf(decision_arena(decision), "/items/%u", i);
        good = change_fields(decision, &modify_item_shape, given[i].faults, prefix.at);
    }
    return good;
}

static bool has_amount(const struct modify_item *item)
{
    return item->amount.scale >= 0 || message_fault(&modify_item_shape, item, "amount");
}

static bool check_values(struct decision *decision, const struct change *change,
                         const struct modify_items *modify)
{
    const struct modify_item *given = given_items(modify);
    for (uint32_t i = 0; i < modify->items.count; i++) {
        if (given[i].quantity == FIELD_ABSENT && !has_amount(&given[i])) {
            decision_rejected(decision, "INVALID_FIELD", item_pointer(decision, i, "quantity").at,
                              "expected a quantity, an amount or both");
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (text_equal(given[i].sku, given[j].sku)) {
                decision_rejected(decision, "INVALID_FIELD", item_pointer(decision, i, "sku").at,
                                  "the sku appears twice");
                return false;
            }
        }
    }
    if (modify->currency.at && currency_exponent(modify->currency) < 0) {
        decision_rejected(decision, "INVALID_FIELD", "/currency",
                          "is not a currency of ISO 4217");
        return false;
    }
    return change_currency(decision, change, modify->currency);
}

static struct action_item *find_item(struct action *action, struct text sku)
{
    struct action_item *items = action->items.items;
    for (uint32_t i = 0; i < action->items.count; i++) {
        if (text_equal(items[i].sku, sku)) {
            return &items[i];
        }
    }
    return NULL;
}

/* floor(base amount * quantity / base quantity): several returns give the same in any order (C17). */
static int64_t amount_of_quantity(const struct action_item *item, int64_t quantity)
{
    return item->base_quantity > 0
               ? (int64_t)((__int128)item->base_amount * quantity / item->base_quantity)
               : 0;
}

/* One item's new values. Those of an unknown sku are only looked at. */
static bool read_item(struct decision *decision, struct change *change,
                      const struct modify_item *given, uint32_t at)
{
    struct action_item unknown = { .quantity = 1 }, *item = find_item(&change->after, given->sku);
    int exponent = currency_exponent(change->before->currency);
    int64_t amount;
    item = item ? item : &unknown;
    if (message_fault(&modify_item_shape, given, "amount") ||
        (given->amount.scale >= 0 && !money_of_decimal(given->amount, exponent, &amount))) {
        decision_rejected(decision, "INVALID_AMOUNT", item_pointer(decision, at, "amount").at,
                          "expected an amount as a string like \"10.50\" with at most %d decimals",
                          exponent);
        return false;
    }
    item->quantity = given->quantity != FIELD_ABSENT ? given->quantity : item->quantity;
    item->category = given->category.at ? given->category : item->category;
    if (given->amount.scale < 0) {
        item->amount = amount_of_quantity(item, item->quantity);
        return true;
    }
    bool none_left = given->quantity == 0 || /* the lines of a reversed action have none anyway */
                     (item->quantity == 0 && change->before->state != ACTION_REVERSED);
    if (amount > 0 && none_left) {
        decision_rejected(decision, "INVALID_AMOUNT", item_pointer(decision, at, "amount").at,
                          "an amount on quantity 0");
        return false;
    }
    item->amount = item->base_amount = amount;
    item->base_quantity = item->quantity;
    return true;
}

static bool read_items(struct decision *decision, struct change *change,
                       const struct modify_items *modify)
{
    const struct modify_item *given = given_items(modify);
    const struct action_item *items = change->after.items.items;
    int64_t sum = 0;
    for (uint32_t i = 0; i < modify->items.count; i++) {
        if (!read_item(decision, change, &given[i], i)) {
            return false;
        }
    }
    bool none_left = change->after.items.count > 0, good = true;
    for (uint32_t i = 0; i < change->after.items.count; i++) {
        good = good && money_add(sum, items[i].amount, &sum);
        none_left = none_left && items[i].quantity == 0;
    }
    if (!good || !money_in_bounds(sum, currency_exponent(change->before->currency))) {
        decision_rejected(decision, "INVALID_AMOUNT", "/items",
                          "the sum has more than 12 digits before the point");
        return false;
    }
    change->after.amount = change->after.items.count ? sum : change->after.amount;
    change->reversal = none_left;
    return true;
}

static bool check_known(struct decision *decision, struct change *change,
                        const struct modify_items *modify)
{
    const struct modify_item *given = given_items(modify);
    for (uint32_t i = 0; i < modify->items.count; i++) {
        if (!find_item(&change->after, given[i].sku)) {
            decision_rejected(decision, "NO_ITEM", item_pointer(decision, i, "sku").at,
                              "the action has no item of this sku");
            return false;
        }
    }
    return true;
}

static bool modify_action(struct decision *decision, const struct modify_items *modify)
{
    struct change change = { .address = &modify->address, .reason_code = modify->reason };
    change.before = address_action(decision, &modify->address);
    if (!change.before) {
        return true;
    }
    change.after = adjusted_action(decision, change.before);
    return check_item_fields(decision, modify) &&
           change_reason(decision, &change,
                         message_fault(&modify_items_shape, modify, "reason")) &&
           check_values(decision, &change, modify) && read_items(decision, &change, modify) &&
           check_known(decision, &change, modify) && change_happens(decision, &change);
}

void action_modify_items(struct decision *decision, const void *message)
{
    if (!modify_action(decision, message)) {
        shares_restore(decision);
    }
}
