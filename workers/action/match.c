/* Do the rules of a contract hold? (A38, A46) Sets of values were made with the contract's version. */
#include "workers/action/facts.h"
#include "workers/action/inside.h"

static struct text folded(struct arena *arena, struct text text)
{
    return text.at ? words_fold(arena, text) : text;
}

struct facts *facts_of_action(struct arena *arena, const struct action *action, int64_t t)
{
    struct facts *facts = arena_alloc(arena, sizeof(*facts));
    const struct action_item *items = action->items.items;
    facts->customer_status = folded(arena, action->customer_status);
    facts->customer_country = folded(arena, action->customer_country);
    facts->promo_code = folded(arena, action->promo_code);
    facts->promo_code_given = action->promo_code;
    facts->t = t;
    facts->item_count = action->items.count;
    facts->items = arena_alloc(arena, action->items.count * sizeof(*facts->items));
    for (uint32_t i = 0; i < action->items.count; i++) {
        facts->items[i].sku = folded(arena, items[i].sku);
        facts->items[i].category = folded(arena, items[i].category);
    }
    return facts;
}

static const struct exception_list *look_list(void *context, struct text list_id)
{
    struct decision *decision = context;
    return decision_look(decision, entity_name(decision_arena(decision), "list", list_id));
}

const struct facts *facts_of(struct decision *decision, const struct action *action)
{
    struct facts *facts =
        facts_of_action(decision_arena(decision), action, decision_time(decision));
    facts->find_list = look_list;
    facts->context = decision;
    return facts;
}

static bool is_of_items(const struct contract_rule *rule)
{
    return rule->variable == VARIABLE_ITEM_SKU || rule->variable == VARIABLE_ITEM_CATEGORY;
}

/* Is the fact one of the values? An absent one is none. */
static bool is_among(const struct contract_rule *rule, struct text fact)
{
    if (!fact.at) {
        return false;
    }
    return rule->operator == OPERATOR_CONTAINS ? words_within(rule->words, fact)
                                                : words_have(rule->words, fact);
}

static bool list_has(const struct exception_list *list, const struct facts *facts)
{
    if (list->state != LIST_ACTIVE ||
        (list->deactivation != FIELD_ABSENT && facts->t >= list->deactivation)) {
        return false;
    }
    if (words_have(list->words, facts->promo_code)) {
        return true;
    }
    for (uint32_t i = 0; i < list->pattern_count; i++) {
        if (list->patterns[i] && pattern_matches(list->patterns[i], facts->promo_code_given)) {
            return true;
        }
    }
    return false;
}

static bool is_in_lists(const struct contract_rule *rule, const struct facts *facts)
{
    const struct text *ids = rule->values.items;
    bool found = false;
    if (!facts->promo_code.at) {
        return false;
    }
    for (uint32_t i = 0; i < rule->values.count && !found; i++) {
        const struct exception_list *list = facts->find_list(facts->context, ids[i]);
        found = list && list_has(list, facts);
    }
    return found;
}

static bool is_true_of_order(const struct contract_rule *rule, const struct facts *facts)
{
    switch (rule->variable) {
    case VARIABLE_CUSTOMER_STATUS:
        return is_among(rule, facts->customer_status);
    case VARIABLE_CUSTOMER_COUNTRY:
        return is_among(rule, facts->customer_country);
    case VARIABLE_PROMO_CODE:
        return is_among(rule, facts->promo_code);
    default:
        return is_in_lists(rule, facts);
    }
}

static bool is_true_of_item(const struct contract_rule *rule, const struct item_facts *item)
{
    return is_among(rule, rule->variable == VARIABLE_ITEM_SKU ? item->sku : item->category);
}

/* Of the order's line: of any item. */
static bool is_true_of_line(const struct contract_rule *rule, const struct facts *facts,
                            int32_t line)
{
    if (line != LINE_ORDER) {
        return is_true_of_item(rule, &facts->items[line]);
    }
    for (uint32_t i = 0; i < facts->item_count; i++) {
        if (is_true_of_item(rule, &facts->items[i])) {
            return true;
        }
    }
    return false;
}

bool rule_holds(const struct contract_rule *rule, const struct facts *facts, int32_t line)
{
    bool is = is_of_items(rule) ? is_true_of_line(rule, facts, line) : is_true_of_order(rule, facts);
    return is == (rule->operator != OPERATOR_IS_NOT);
}

bool rules_hold_for_order(struct list rules, const struct facts *facts)
{
    const struct contract_rule *all = rules.items;
    for (uint32_t i = 0; i < rules.count; i++) {
        if (!is_of_items(&all[i]) && !rule_holds(&all[i], facts, LINE_ORDER)) {
            return false;
        }
    }
    return true;
}

bool rules_hold_for_line(struct list rules, const struct facts *facts, int32_t line)
{
    const struct contract_rule *all = rules.items;
    for (uint32_t i = 0; i < rules.count; i++) {
        if (is_of_items(&all[i]) && !rule_holds(&all[i], facts, line)) {
            return false;
        }
    }
    return true;
}
