/* What the rules of a contract ask about an action: texts in lower case, absent where unknown. */
#ifndef MAKEGOOD_WORKERS_ACTION_FACTS_H
#define MAKEGOOD_WORKERS_ACTION_FACTS_H

#include "base/arena.h"
#include "base/text.h"

struct action;
struct contract_rule;
struct exception_list;

struct item_facts {
    struct text sku, category;
};

struct facts {
    struct text customer_status, customer_country, promo_code;
    struct text promo_code_given; /* as it was sent: patterns */
    int64_t t;
    struct item_facts *items;
    uint32_t item_count;
    /* State of list:<listId>, NULL = none. */
    const struct exception_list *(*find_list)(void *context, struct text list_id);
    void *context;
};

enum { LINE_ORDER = -1 }; /* else the index of an item */

/* Without find_list. */
struct facts *facts_of_action(struct arena *arena, const struct action *action, int64_t t);
/* Does one rule hold for the order's line or an item's? */
bool rule_holds(const struct contract_rule *rule, const struct facts *facts, int32_t line);

#endif
