/* An account of rewards: its balances, rewards and users, in the decimals of their units. */
#include <stdio.h>

#include "workers/contract/unit.h"
#include "workers/makegood/show.h"
#include "workers/makegood/state_json.h"
#include "workers/makegood/table.h"
#include "workers/reward/reward.h"

/* Decimals of a unit. One that was never put has none: its values are whole steps. */
static int exponent_of(const struct shown *shown, struct text name)
{
    struct text key = entity_name(shown->arena, "unit", name);
    const struct unit *put = state_of(key, lookup_value(shown->lookup, key, shown->arena), shown->arena);
    struct unit built_in;
    return put ? (int)put->exponent : unit_built_in(name, &built_in) ? (int)built_in.exponent : 0;
}

/* Decimals of the account's own units, asked once. */
struct unit_known {
    struct text name;
    int exponent;
};

struct units {
    struct unit_known *known;
    uint32_t count;
};

static struct units units_of(const struct shown *shown, const struct account *account)
{
    const struct text *names = account->units.items;
    struct units units = { arena_alloc(shown->arena, account->units.count * sizeof(*units.known)), 0 };
    for (uint32_t i = 0; i < account->units.count; i++) {
        units.known[units.count++] = (struct unit_known){ names[i], exponent_of(shown, names[i]) };
    }
    return units;
}

static int known_exponent(const struct shown *shown, const struct units *units, struct text name)
{
    for (uint32_t i = 0; i < units->count; i++) {
        if (text_equal(units->known[i].name, name)) {
            return units->known[i].exponent;
        }
    }
    return exponent_of(shown, name); /* of a reward that is no credit */
}

/* The word that the state's own table has for a value, "" for none. */
static struct text word_of(struct text key, const char *field, int32_t value, struct arena *arena)
{
    const struct state_type *type = state_type_of_key(key, arena);
    return value > 0 ? text_of(FIELD_NAME(shape_field(type->shape, field)->names, value)) : TEXT("");
}

/* Shows those of a kind; says how many there are beyond what fits. */
typedef void row_fn(const struct shown *shown, const struct units *units, const struct part *part,
                    const void *state, struct table *table);

static void show_parts(const struct shown *shown, const struct units *units, const char *kind,
                       const char *const *heads, row_fn *row)
{
    struct table table;
    size_t count = 0;
    table_open(&table, heads);
    for (size_t i = 0; i < shown->parts.count; i++) {
        const struct part *part = &shown->parts.items[i];
        if (!show_part_id(part, kind).at || ++count > SHOW_ROWS_MAX) {
            continue;
        }
        const void *state = state_of(part->key, part->value, shown->arena);
        if (state) {
            row(shown, units, part, state, &table);
        }
    }
    if (count > 0) {
        putchar('\n');
    }
    table_print(&table);
    if (count > SHOW_ROWS_MAX) {
        printf("... %zu more; -o json has them all\n", count - SHOW_ROWS_MAX);
    }
}

/* --- balances --- */

static const char *const balance_heads[] = { "BALANCE",  ">AVAILABLE", ">PENDING",  ">REDEEMED", ">EXPIRED",
                                             ">CANCELLED", ">ASSIGNED",  ">REWARDS", NULL };

static void balance_row(const struct shown *shown, const struct units *units, const struct part *part,
                        const void *state, struct table *table)
{
    const struct balance *balance = state;
    const int64_t values[] = { balance->available, balance->pending,   balance->redeemed,
                               balance->expired,   balance->cancelled, balance->assigned };
    int exponent = known_exponent(shown, units, balance->unit);
    (void)part;
    table_put(table, balance->unit);
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        table_put_value(table, values[i], exponent);
    }
    table_put(table, arena_number(&table->arena, balance->count));
}

/* --- rewards --- */

static const char *const reward_heads[] = { "REWARD",     "USER",    "TYPE",  "STATUS",  ">ASSIGNED", ">REDEEMED",
                                            "UNIT",       "BECAUSE", "GIVEN", "DUE",     "EXPIRES",   "NOTE",
                                            NULL };

/* What it waits for, or why it was cancelled. */
static struct text because(const struct shown *shown, const struct part *part, const struct reward *reward)
{
    const int32_t *reasons = reward->reasons.items;
    struct text text = word_of(part->key, "cancelReason", reward->cancel_reason, shown->arena);
    for (uint32_t i = 0; i < reward->reasons.count; i++) {
        text = arena_join(shown->arena, text, text.size > 0 ? TEXT(" ") : TEXT(""),
                          word_of(part->key, "pendingReasons", reasons[i], shown->arena));
    }
    return text;
}

static void reward_row(const struct shown *shown, const struct units *units, const struct part *part,
                       const void *state, struct table *table)
{
    const struct reward *reward = state;
    bool waits = reward->status == STATUS_PENDING;
    table_put(table, reward->reward_id);
    table_put(table, reward->user_id);
    table_put(table, word_of(part->key, "type", reward->type, shown->arena));
    table_put(table, word_of(part->key, "status", reward->status, shown->arena));
    if (reward->assigned == FIELD_ABSENT) {
        table_put(table, TEXT(""));
        table_put(table, TEXT(""));
    } else {
        int exponent = known_exponent(shown, units, reward->unit);
        table_put_value(table, reward->assigned, exponent);
        table_put_value(table, reward->redeemed, exponent);
    }
    table_put(table, reward->unit);
    table_put(table, because(shown, part, reward));
    table_put_time(table, reward->given);
    table_put_time(table, waits ? reward->scheduled : FIELD_ABSENT);
    table_put_time(table, reward->expires);
    table_put(table, reward->note.at ? reward->note : reward->name);
}

/* --- users --- */

static const char *const user_heads[] = { "USER",     "COUNTRY", "LOCALE", "BUSINESS",
                                          "TAX FORM", "YEAR",    "GIVEN THIS YEAR", NULL };

static int64_t sum_of(const struct index *index)
{
    const struct index_entry *entries = index->entries.items;
    const struct index_page_note *pages = index->pages.items;
    int64_t sum = 0;
    for (uint32_t i = 0; i < index->entries.count; i++) {
        sum += entries[i].value;
    }
    for (uint32_t i = 0; i < index->pages.count; i++) {
        sum += pages[i].sum;
    }
    return sum;
}

static struct text given_to(const struct shown *shown, const struct units *units, const struct user *user)
{
    const struct given_list *given = user->given.items;
    struct text text = TEXT("");
    for (uint32_t i = 0; i < user->given.count; i++) {
        char value[MONEY_TEXT_MAX];
        int64_t sum = sum_of(given[i].index);
        if (sum == 0) {
            continue; /* what was given was cancelled */
        }
        money_format(sum, known_exponent(shown, units, given[i].unit), value);
        text = arena_join(shown->arena, text, text.size > 0 ? TEXT(", ") : TEXT(""), text_of(value), TEXT(" "),
                          given[i].unit);
    }
    return text;
}

static void user_row(const struct shown *shown, const struct units *units, const struct part *part,
                     const void *state, struct table *table)
{
    const struct user *user = state;
    struct text given = given_to(shown, units, user);
    (void)part;
    table_put(table, user->user_id);
    table_put(table, user->country);
    table_put(table, user->locale);
    table_put(table, user->business_id);
    table_put(table, user->tax_form == 1 ? TEXT("on file") : TEXT(""));
    table_put(table, given.size > 0 ? arena_number(&table->arena, user->tax_year) : TEXT(""));
    table_put(table, given);
}

void show_account(const struct shown *shown)
{
    const struct account *account = shown->state;
    struct units units = units_of(shown, account);
    show_head(shown);
    show_line("users", arena_number(shown->arena, account->user_count));
    show_parts(shown, &units, "balance", balance_heads, balance_row);
    show_parts(shown, &units, "reward", reward_heads, reward_row);
    show_parts(shown, &units, "user", user_heads, user_row);
}
