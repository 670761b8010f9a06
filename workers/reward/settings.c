/* What the contract worker keeps for rewards: units and programs; values in a unit (C31, C33). */
#include "base/money.h"
#include "workers/reward/inside.h"

bool unit_look(struct decision *decision, struct text name, struct unit *out)
{
    const struct unit *put =
        decision_look(decision, entity_name(decision_arena(decision), "unit", name));
    if (put) {
        *out = *put;
        return true;
    }
    return unit_built_in(name, out);
}

struct program program_look(struct decision *decision, struct text program_id)
{
    static const struct program standard = { .tax_option = TAX_NONE,
                                             .tax_threshold = { 59999, 2 },
                                             .reversal_window_days = 30,
                                             .tax_since = FIELD_ABSENT };
    struct text name = program_id.at ? program_id : TEXT("default");
    const struct program *put =
        decision_look(decision, entity_name(decision_arena(decision), "program", name));
    return put ? *put : standard;
}

enum amount amount_parse(struct text text, int64_t exponent, int64_t *out)
{
    __int128 digits;
    int scale;
    if (!dec_parse(text, &digits, &scale) || digits == 0) {
        return AMOUNT_INVALID;
    }
    for (; exponent > 0; exponent--) {
        digits *= 10; /* 25 digits and 6: far from overflow */
    }
    for (; scale > 0; scale--) {
        digits /= 10;
    }
    *out = digits > VALUE_MAX ? VALUE_MAX + 1 : (int64_t)digits;
    return digits == 0 ? AMOUNT_TOO_SMALL : AMOUNT_GOOD;
}
