/* exception_list.put: promo codes that a contract's rules speak of by list (A15, A46). */
#include <stddef.h>

#include "workers/contract/inside.h"

static const char *const states[] = { "ACTIVE", "CLOSED", "DEACTIVATED", NULL };

#define ITEM(member) offsetof(struct exception_item, member)
static const struct field item_fields[] = {
    { "value", FIELD_TEXT, ITEM(value), .required = true, .max = 64 },
    { "regex", FIELD_BOOL, ITEM(regex), .standard = "false" },
};
static const struct shape item_shape = { "exception_list.item", item_fields,
                                         sizeof(item_fields) / sizeof(*item_fields),
                                         sizeof(struct exception_item), SHAPE_NO_FAULTS };

#define AT(member) offsetof(struct exception_list, member)
static const struct field fields[] = {
    { "listId", FIELD_ID, AT(list_id), .required = true },
    { "name", FIELD_TEXT, AT(name), .max = 128 },
    { "state", FIELD_ENUM, AT(state), .required = true, .names = states },
    { "deactivationDate", FIELD_TIME, AT(deactivation) },
    { "items", FIELD_LIST, AT(items), .required = true, .max = 2000, .shape = &item_shape },
};
const struct shape exception_list_shape = { "exception_list.put", fields,
                                            sizeof(fields) / sizeof(*fields),
                                            sizeof(struct exception_list), SHAPE_NO_FAULTS };

static bool check_patterns(struct decision *decision, const struct exception_list *list)
{
    const struct exception_item *items = list->items.items;
    struct arena *arena = decision_arena(decision);
    for (uint32_t i = 0; i < list->items.count; i++) {
        const char *why;
        int groups;
        bool bad = items[i].regex == 1 &&
                   !pattern_compile(arena, items[i].value, true, &groups, &why);
        if (bad || (items[i].regex == 1 && groups > 1)) {
            decision_rejected(decision, "INVALID_FIELD",
                              arena_printf(arena, "/items/%u/value", i).at,
                              "is not a regular expression that this takes: %s",
                              bad ? why : "more than one capture group");
            return false;
        }
    }
    return true;
}

void exception_list_put(struct decision *decision, const void *message)
{
    const struct exception_list *list = message, *before = decision_state(decision);
    if (!check_patterns(decision, list)) {
        return;
    }
    if (before && shape_equal(&exception_list_shape, list, before)) {
        decision_unchanged(decision);
        return;
    }
    decision_put(decision, list, 0);
    decision_applied(decision, "exception_list.stored", &exception_list_shape, list);
}
