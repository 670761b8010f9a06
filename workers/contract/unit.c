/* unit.put: what rewards can be counted in, and what they are worth for US taxes (R18, C31). */
#include <stddef.h>

#include "workers/contract/inside.h"

enum { FORMULA_BYTES_MAX = 64 };

static bool is_formula(struct text text)
{
    bool times_value;
    __int128 digits;
    int scale;
    return tax_formula_parse(text, &times_value, &digits, &scale);
}

#define AT(member) offsetof(struct unit, member)
static const struct field fields[] = {
    { "unit", FIELD_UNIT, AT(unit), .required = true },
    { "exponent", FIELD_INT, AT(exponent), .required = true, .max = 6 },
    { "isRedeemable", FIELD_BOOL, AT(redeemable), .standard = "true" },
    { "isCancellable", FIELD_BOOL, AT(cancellable), .standard = "true" },
    { "isExpirable", FIELD_BOOL, AT(expirable), .standard = "true" },
    { "usTaxableValueFormula", FIELD_TEXT, AT(tax_formula), .max = FORMULA_BYTES_MAX,
      .form = is_formula, .form_words = "value*<decimal> or a decimal, like \"value*0.01\"" },
};
const struct shape unit_shape = { "unit.put", fields, sizeof(fields) / sizeof(*fields),
                                  sizeof(struct unit), SHAPE_NO_FAULTS };

/* Values already counted would change their meaning. */
static bool exponent_changes(const struct unit *unit, const struct unit *before)
{
    struct unit built_in;
    if (before) {
        return before->exponent != unit->exponent;
    }
    return unit_built_in(unit->unit, &built_in) && built_in.exponent != unit->exponent;
}

void unit_put(struct decision *decision, const void *message)
{
    const struct unit *before = decision_state(decision);
    struct unit unit = *(const struct unit *)message, built_in;
    if (!unit.tax_formula.at) {
        unit_built_in(unit.unit, &built_in);
        unit.tax_formula = built_in.tax_formula;
    }
    if (exponent_changes(&unit, before)) {
        decision_rejected(decision, "INVALID_FIELD", "/exponent",
                          "the unit has another exponent, which cannot change; take a new unit");
        return;
    }
    if (before && shape_equal(&unit_shape, &unit, before)) {
        decision_unchanged(decision);
        return;
    }
    decision_put(decision, &unit, 0);
    decision_applied(decision, "unit.stored", &unit_shape, &unit);
}
