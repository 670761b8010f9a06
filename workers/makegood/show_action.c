/* An action: where it stands, what it pays and by which rule, item by item. */
#include <stdio.h>

#include "base/money.h"
#include "workers/action/action.h"
#include "workers/makegood/show.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/table.h"

static struct text word(const struct shape *shape, const char *field, int32_t value)
{
    return value > 0 ? text_of(FIELD_NAME(shape_field(shape, field)->names, value)) : TEXT("");
}

/* Absent: an empty text. */
static struct text money_of(const struct shown *shown, int64_t minor, struct text currency)
{
    char amount[MONEY_TEXT_MAX];
    if (minor == FIELD_ABSENT) {
        return TEXT("");
    }
    money_format(minor, currency_exponent(currency), amount);
    return arena_join(shown->arena, text_of(amount), TEXT(" "), currency);
}

/* "4 %"; a flat payout as money. */
static struct text rate_of(const struct shown *shown, const struct action *action, const struct line_rate *by)
{
    char rate[MONEY_TEXT_MAX];
    if (by->flat != FIELD_ABSENT) {
        return money_of(shown, by->flat, action->payout_currency);
    }
    if (by->rate == FIELD_ABSENT) {
        return TEXT("");
    }
    rate_format(by->rate, rate);
    return arena_join(shown->arena, text_of(rate), TEXT(" %"));
}

static void show_dates(const struct action *action)
{
    show_line_time("event", action->event_date);
    show_line_time("tracked", action->creation_date);
    if (action->open_ended == 1) {
        show_line("locks", TEXT("when it is approved or reversed, at the latest after 730 days"));
    }
    show_line_time("locking date", action->locking_date);
    show_line_time("clearing date", action->clearing_date);
    show_line_time("cleared", action->cleared_date);
}

static void show_money(const struct shown *shown, const struct action *action)
{
    show_line("amount", money_of(shown, action->amount, action->currency));
    show_line("payout", money_of(shown, action->payout, action->payout_currency));
    show_line("over limit", money_of(shown, action->intended_payout, action->payout_currency));
    show_line("before reversal", money_of(shown, action->intended_amount, action->currency));
    show_line("at tracking", money_of(shown, action->tracked_amount, action->currency));
    show_line("after lock", money_of(shown, action->adjusted_payout, action->payout_currency));
    show_line("fx rate", action->fx_rate);
    show_line("rate", rate_of(shown, action, &action->by));
    show_line("rule", action->by.rule);
    if (action->contract_id.at) {
        show_line("contract", arena_printf(shown->arena, "%.*s version %lld", TEXT_ARGS(action->contract_id),
                                           (long long)action->contract_version));
    }
}

static const char *const item_heads[] = { "ITEM", "CATEGORY", ">QUANTITY", ">AMOUNT", ">PAYOUT", ">RATE", "RULE", NULL };

static void show_items(const struct shown *shown, const struct action *action)
{
    const struct action_item *items = action->items.items;
    struct table table;
    table_open(&table, item_heads);
    for (uint32_t i = 0; i < action->items.count; i++) {
        table_put(&table, items[i].sku);
        table_put(&table, items[i].category);
        table_put(&table, arena_number(&table.arena, items[i].quantity));
        table_put_value(&table, items[i].amount, currency_exponent(action->currency));
        table_put_value(&table, items[i].payout, currency_exponent(action->payout_currency));
        table_put(&table, rate_of(shown, action, &items[i].by));
        table_put(&table, items[i].by.rule);
    }
    if (action->items.count > 0) {
        putchar('\n');
    }
    table_print(&table);
}

void show_action(const struct shown *shown)
{
    const struct action *action = shown->state;
    const struct shape *shape = state_type_of_key(shown->key, shown->arena)->shape;
    struct text finance = word(shape, "finance", action->finance);
    show_head(shown);
    show_line("state", arena_join(shown->arena, word(shape, "state", action->state),
                                  finance.size > 0 ? TEXT(", ") : TEXT(""), finance));
    show_line("over", word(shape, "overlimit", action->overlimit));
    show_line("return asked", action->return_code);
    show_line("disposition", action->disposition);
    show_line("partner", action->partner_id);
    show_line("campaign", arena_number(shown->arena, action->campaign_id));
    show_line("event type", arena_number(shown->arena, action->tracker_id));
    show_line("order", action->oid);
    show_line("customer", action->customer_status);
    show_line("promo code", action->promo_code);
    show_line("parent", action->parent_id);
    show_line("changes", arena_number(shown->arena, action->modifications));
    show_money(shown, action);
    show_dates(action);
    show_items(shown, action);
}
