/*
 * Units of rewards and the settings of reward programs, for whoever looks at them (the reward worker).
 */
#ifndef MAKEGOOD_WORKERS_CONTRACT_UNIT_H
#define MAKEGOOD_WORKERS_CONTRACT_UNIT_H

#include "wire/field.h"

/* State of unit:<unit>: data of unit.put. */
struct unit {
    struct text unit;
    int64_t exponent; /* decimals; a value counts the smallest step (R08, C31) */
    int32_t redeemable, cancellable, expirable;
    struct text tax_formula; /* R18: US dollars, "value*<dec>" or "<dec>" */
};

/* R16: whose rewards wait for a US tax form. */
enum tax_option {
    TAX_NONE = 1,
    TAX_EXPLICIT_COUNTRY,
    TAX_IMPLIED_COUNTRY,
    TAX_ALL,
    TAX_CASH_ONLY,
    TAX_CASH_ONLY_DEFER
};

/* State of program:<programId>. One that was never put is as its defaults say. */
struct program {
    struct text program_id;
    int32_t tax_option;
    struct decimal tax_threshold; /* US dollars */
    int64_t reversal_window_days; /* C44, 0 = no limit of age */
    int64_t tax_since;            /* since when a form is asked for without a break, or absent */
};

/* A unit that exists without being put; false: it is none. */
static inline bool unit_built_in(struct text name, struct unit *out)
{
    bool money = text_is(name, "USD") || text_is(name, "CASH/USD"), cents = text_is(name, "CENTS");
    *out = (struct unit){ name, money ? 2 : 0, 1, 1, 1,
                          money || cents ? TEXT("value*0.01") : TEXT("0") };
    return money || cents || text_is(name, "POINTS");
}

/* The number in a formula, and whether the value is multiplied by it. */
static inline bool tax_formula_parse(struct text formula, bool *times_value, __int128 *digits,
                                     int *scale)
{
    static const struct text by_value = { "value*", 6 };
    *times_value = text_starts(formula, by_value);
    if (*times_value) {
        formula.at += by_value.size;
        formula.size -= by_value.size;
    }
    return dec_parse(formula, digits, scale);
}

#endif
