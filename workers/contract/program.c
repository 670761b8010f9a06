/* program.put: how a reward program treats US taxes and reversals (R16, C44). */
#include <stddef.h>

#include "base/money.h"
#include "workers/contract/inside.h"

static const char *const options[] = { "NONE",      "EXPLICIT_COUNTRY_CODE", "IMPLIED_COUNTRY_CODE",
                                       "ALL",       "CASH_ONLY",             "CASH_ONLY_DEFER_W9",
                                       NULL };

#define AT(member) offsetof(struct program, member)
#define PROGRAM_FIELDS                                                                             \
    { "programId", FIELD_ID, AT(program_id), .required = true },                                   \
        { "enforceTaxCompliance", FIELD_ENUM, AT(tax_option), .names = options,                    \
          .standard = "\"NONE\"" },                                                                \
        { "taxThreshold", FIELD_MONEY, AT(tax_threshold), .standard = "\"599.99\"" },              \
    {                                                                                              \
        "reversalWindowDays", FIELD_INT, AT(reversal_window_days), .max = 3650, .standard = "30"   \
    }
static const struct field put_fields[] = { PROGRAM_FIELDS };
static const struct field state_fields[] = {
    PROGRAM_FIELDS,
    { "taxSince", FIELD_TIME, AT(tax_since) },
};
#define COUNT(array) (sizeof(array) / sizeof(*(array)))
const struct shape program_shape = { "program.put", put_fields, COUNT(put_fields),
                                     sizeof(struct program), SHAPE_NO_FAULTS };
const struct shape program_state_shape = { "program", state_fields, COUNT(state_fields),
                                           sizeof(struct program), SHAPE_NO_FAULTS };

static bool asks_for_forms(const struct program *program)
{
    return program->tax_option != TAX_NONE && program->tax_option != TAX_CASH_ONLY_DEFER;
}

void program_put(struct decision *decision, const void *message)
{
    const struct program *before = decision_state(decision);
    struct program program = *(const struct program *)message;
    int64_t cents;
    if (!money_of_decimal(program.tax_threshold, 2, &cents)) {
        decision_rejected(decision, "INVALID_FIELD", "/taxThreshold",
                          "expected US dollars with at most 2 decimals");
        return;
    }
    if (before && shape_equal(&program_shape, &program, before)) {
        decision_unchanged(decision);
        return;
    }
    program.tax_since = !asks_for_forms(&program) ? FIELD_ABSENT
                        : before && asks_for_forms(before) ? before->tax_since
                                                           : decision_time(decision);
    program.tax_threshold = (struct decimal){ cents, 2 };
    decision_put(decision, &program, 0);
    decision_applied(decision, "program.stored", &program_shape, &program);
}
