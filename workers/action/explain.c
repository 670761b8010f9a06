/* The same order of trying as lines.c, with a word on everything that did not hold. */
#include "workers/action/explain.h"

#include "workers/action/facts.h"
#include "workers/action/inside.h"

enum { VALUES_SHOWN = 5 };

static const char *const variables[] = { "CUSTOMER_STATUS",  "CUSTOMER_COUNTRY",
                                         "ITEM_SKU",         "ITEM_CATEGORY",
                                         "ORDER_PROMO_CODE", "ORDER_PROMO_CODE_LIST" };
static const char *const operators[] = { "IS", "IS_NOT", "CONTAINS" };
static const char *const kinds[] = { "SCHEDULED", "CAMPAIGN", "TEMPLATE" };

static struct text fact_of(const struct contract_rule *rule, const struct facts *facts, int32_t line)
{
    const struct item_facts *item =
        line != LINE_ORDER ? &facts->items[line] : facts->item_count == 1 ? facts->items : NULL;
    switch (rule->variable) {
    case VARIABLE_CUSTOMER_STATUS:
        return facts->customer_status;
    case VARIABLE_CUSTOMER_COUNTRY:
        return facts->customer_country;
    case VARIABLE_ITEM_SKU:
        return item ? item->sku : (struct text){ NULL, 0 };
    case VARIABLE_ITEM_CATEGORY:
        return item ? item->category : (struct text){ NULL, 0 };
    default:
        return facts->promo_code_given;
    }
}

/* "CUSTOMER_COUNTRY IS DE, US; it is fr" */
static struct text rule_text(struct arena *arena, const struct contract_rule *rule,
                             const struct facts *facts, int32_t line)
{
    const struct text *values = rule->values.items;
    struct text fact = fact_of(rule, facts, line);
    struct text out = arena_printf(arena, "%s %s ", variables[rule->variable - 1],
                                   operators[rule->operator - 1]);
    for (uint32_t i = 0; i < rule->values.count && i < VALUES_SHOWN; i++) {
        out = arena_printf(arena, "%.*s%s%.*s", TEXT_ARGS(out), i ? ", " : "",
                           TEXT_ARGS(values[i]));
    }
    if (rule->values.count > VALUES_SHOWN) {
        out = arena_printf(arena, "%.*s and %u more", TEXT_ARGS(out),
                           rule->values.count - VALUES_SHOWN);
    }
    if (!fact.at) {
        bool of_items = rule->variable == VARIABLE_ITEM_SKU ||
                        rule->variable == VARIABLE_ITEM_CATEGORY;
        return arena_printf(arena, "%.*s; %s", TEXT_ARGS(out),
                            of_items && line == LINE_ORDER && facts->item_count
                                ? "asked of all items"
                                : "the action has none");
    }
    return arena_printf(arena, "%.*s; it is %.*s", TEXT_ARGS(out), TEXT_ARGS(fact));
}

/* One set of rules that was tried; true if all of them hold. */
static bool write_tried(struct arena *arena, struct json_writer *writer, const char *kind,
                        int64_t number, struct list rules, const struct facts *facts, int32_t line)
{
    const struct contract_rule *all = rules.items;
    uint32_t failed = 0;
    while (failed < rules.count && rule_holds(&all[failed], facts, line)) {
        failed++;
    }
    json_open_object(writer, NULL);
    json_put_text(writer, "rule", arena_printf(arena, "%s:%lld", kind, (long long)number));
    json_put_bool(writer, "matches", failed == rules.count);
    if (failed < rules.count) {
        json_put_text(writer, "because", rule_text(arena, &all[failed], facts, line));
    }
    json_close_object(writer);
    return failed == rules.count;
}

/* Restrictions, then groups by rank, until one matches: what decided. */
static struct text write_base(struct arena *arena, struct json_writer *writer,
                              const struct event_payout *payout, const struct facts *facts,
                              int32_t line)
{
    const struct payout_restriction *restrictions = payout->restrictions.items;
    for (uint32_t i = 0; i < payout->restrictions.count; i++) {
        if (write_tried(arena, writer, "restriction", i, restrictions[i].rules, facts, line)) {
            return arena_printf(arena, "restriction:%u", i);
        }
    }
    for (uint32_t i = 0; i < payout->groups.count; i++) {
        const struct payout_group *group = payout->by_rank[i];
        if (write_tried(arena, writer, "group", group->rank, group->rules, facts, line)) {
            return arena_printf(arena, "group:%lld", (long long)group->rank);
        }
    }
    return TEXT("default");
}

static void write_line(struct arena *arena, struct json_writer *writer,
                       const struct event_payout *payout, const struct facts *facts, int32_t line,
                       struct text name)
{
    const struct payout_adjustment *adjustments = payout->adjustments.items;
    json_open_object(writer, NULL);
    json_put_text(writer, "line", name);
    json_open_array(writer, "tried");
    struct text base = write_base(arena, writer, payout, facts, line);
    json_close_array(writer);
    json_put_text(writer, "base", base);
    if (!text_starts(base, TEXT("restriction")) && payout->adjustments.count) {
        json_open_array(writer, "adjustments");
        for (uint32_t i = 0; i < payout->adjustments.count; i++) {
            write_tried(arena, writer, "adjustment", i, adjustments[i].rules, facts, line);
        }
        json_close_array(writer);
    }
    json_close_object(writer);
}

bool action_explain(struct arena *arena, const struct explain_question *question,
                    struct json_writer *writer)
{
    const struct action *action = question->action;
    const struct action_item *items = action->items.items;
    struct terms terms =
        terms_of_version(question->version, question->zone, action->tracker_id, question->t);
    struct facts *facts = facts_of_action(arena, action, question->t);
    if (!terms.payout) {
        return false;
    }
    facts->find_list = question->find_list;
    facts->context = question->context;
    json_open_object(writer, "term");
    json_put_text(writer, "kind", text_of(kinds[terms.term->kind - 1]));
    if (terms.term->term_id.at) {
        json_put_text(writer, "termId", terms.term->term_id);
    }
    json_close_object(writer);
    json_open_array(writer, "lines");
    if (terms.payout->level == LEVEL_ITEM && action->items.count) {
        for (uint32_t i = 0; i < action->items.count; i++) {
            write_line(arena, writer, terms.payout, facts, (int32_t)i, items[i].sku);
        }
    } else {
        write_line(arena, writer, terms.payout, facts, LINE_ORDER, TEXT("order"));
    }
    json_close_array(writer);
    return true;
}
