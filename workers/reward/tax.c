/*
 * W-9 (R15-R18, C41, C42): a reward that would take a user without a form over the threshold of a year
 * waits for the form. What a user was given this year is kept per unit as an ordered list of values, not
 * of dollars: programs are switched on at different instants, cover different units, and a unit's
 * formula may be put anew.
 */
#include "base/money.h"
#include "workers/reward/inside.h"

/* US dollars in 10^-10: formulas have at most 10 decimals. */
enum { TAX_SCALE = 10 };

static int64_t year_of(int64_t t)
{
    return civil_of_ms(t).year;
}

static int64_t year_start(int64_t year)
{
    return ms_of_civil((struct civil){ (int32_t)year, 1, 1, 0 });
}

static struct text owner_of(struct book *book, struct text user_id, struct text unit)
{
    return entity_name_two(decision_arena(book->decision), "g", user_id, unit);
}

/* --- what counts as given --- */

/* How much of a reward was given and still counts; 0: not in the list. */
static int64_t given_value(const struct reward *reward)
{
    if (!reward || reward->type != REWARD_CREDIT || reward->given == FIELD_ABSENT) {
        return 0;
    }
    bool taken_back = reward->cancelled != FIELD_ABSENT || reward->reasons.count > 0;
    return taken_back ? reward->redeemed : reward->assigned;
}

static struct index *given_index(struct book *book, struct user *user, struct text unit)
{
    struct arena *arena = decision_arena(book->decision);
    struct given_list *given = user->given.items;
    for (uint32_t i = 0; i < user->given.count; i++) {
        if (text_equal(given[i].unit, unit)) {
            return given[i].index;
        }
    }
    struct given_list *more = arena_alloc(arena, (user->given.count + 1) * sizeof(*more));
    if (user->given.count) {
        memcpy(more, given, user->given.count * sizeof(*more));
    }
    more[user->given.count] = (struct given_list){ unit, index_copy(arena, NULL) };
    user->given = (struct list){ more, user->given.count + 1 };
    return more[user->given.count - 1].index;
}

/* A new year begins: nothing of an earlier one is ever asked for again. */
static void turn_year(struct book *book, struct user *user, int64_t year)
{
    const struct given_list *given = user->given.items;
    if (user->tax_year == year) {
        return;
    }
    for (uint32_t i = 0; i < user->given.count; i++) {
        index_clear(book, given[i].index, owner_of(book, user->user_id, given[i].unit));
    }
    user->given = (struct list){ NULL, 0 };
    user->tax_year = year;
}

void tax_follow(struct book *book, const struct reward *before, const struct reward *after)
{
    int64_t was = given_value(before), is = given_value(after);
    int64_t year = year_of(decision_time(book->decision));
    if (was == is || year_of(after->given) != year) {
        return;
    }
    struct user *user = book_add_user(book, after->user_id);
    struct text owner = owner_of(book, after->user_id, after->unit);
    turn_year(book, user, year);
    struct index *index = given_index(book, user, after->unit);
    if (was) {
        index_remove(book, index, owner,
                     (struct index_entry){ before->given, FIELD_ABSENT, before->reward_id, was });
    }
    if (is) {
        index_insert(book, index, owner,
                     (struct index_entry){ after->given, FIELD_ABSENT, after->reward_id, is });
    }
}

/* --- who is asked for a form --- */

static bool is_us(struct text country)
{
    return country.at && text_equal_nocase(country, TEXT("US"));
}

static bool locale_is_us(struct text locale)
{
    if (!locale.at || locale.size < 3) {
        return false;
    }
    struct text end = { locale.at + locale.size - 3, 3 };
    return text_equal_nocase(end, TEXT("_US")) || text_equal_nocase(end, TEXT("-US"));
}

static bool covers_user(const struct program *program, const struct user *user)
{
    switch (program->tax_option) {
    case TAX_ALL:
        return true;
    case TAX_IMPLIED_COUNTRY:
        return is_us(user->country) || (!user->country.at && locale_is_us(user->locale));
    case TAX_EXPLICIT_COUNTRY:
    case TAX_CASH_ONLY:
        return is_us(user->country);
    default:
        return false; /* NONE, CASH_ONLY_DEFER_W9 */
    }
}

static bool covers_unit(const struct program *program, struct text unit)
{
    return program->tax_option != TAX_CASH_ONLY || text_starts(unit, TEXT("CASH/"));
}

/* --- the sum --- */

/* Adds what `count` rewards worth `value` together are taxed as. False: more than any threshold. */
static bool add_taxable(struct book *book, struct text unit_name, int64_t count, int64_t value,
                        __int128 *dollars)
{
    struct unit unit;
    bool times_value;
    __int128 digits;
    int scale;
    if (!unit_look(book->decision, unit_name, &unit) ||
        !tax_formula_parse(unit.tax_formula, &times_value, &digits, &scale)) {
        return true; /* never: units of rewards are known, formulas are checked when put */
    }
    for (; scale < TAX_SCALE; scale++) {
        digits *= 10; /* at most 25 digits and 10 */
    }
    return !__builtin_mul_overflow(digits, (__int128)(times_value ? value : count), &digits) &&
           !__builtin_add_overflow(*dollars, digits, dollars);
}

/* Partly redeemed, cancelled, un-cancelled: what was redeemed stayed in the sum. */
static bool in_sum(const struct reward *reward, int64_t from, int64_t year)
{
    return reward->redeemed > 0 && reward->given >= from && year_of(reward->given) == year;
}

static bool exceeds(struct book *book, struct user *user, const struct program *program,
                    const struct reward *reward)
{
    int64_t year = year_of(decision_time(book->decision)), start = year_start(year);
    int64_t from = program->tax_since > start ? program->tax_since : start;
    const struct given_list *given = user->tax_year == year ? user->given.items : NULL;
    uint32_t lists = given ? user->given.count : 0;
    __int128 dollars = 0, threshold = program->tax_threshold.digits;
    for (int scale = program->tax_threshold.scale; scale < TAX_SCALE; scale++) {
        threshold *= 10;
    }
    if (!add_taxable(book, reward->unit, in_sum(reward, from, year) ? 0 : 1,
                     reward->assigned - reward->redeemed, &dollars)) {
        return true;
    }
    for (uint32_t i = 0; i < lists; i++) {
        int64_t count, sum;
        if (!covers_unit(program, given[i].unit)) {
            continue;
        }
        index_sum(book, given[i].index, owner_of(book, user->user_id, given[i].unit), from, &count,
                  &sum);
        if (!add_taxable(book, given[i].unit, count, sum, &dollars)) {
            return true;
        }
    }
    return dollars > threshold;
}

bool tax_withholds(struct book *book, const struct reward *reward)
{
    if (reward->type != REWARD_CREDIT) {
        return false;
    }
    struct program program = program_look(book->decision, reward->program_id);
    struct user *user = book_add_user(book, reward->user_id);
    return covers_unit(&program, reward->unit) && covers_user(&program, user) &&
           user->tax_form != 1 && exceeds(book, user, &program, reward);
}
