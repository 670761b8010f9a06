/* Why a commission changes: built-in codes, and those of the event type (A03-A06). */
#include "workers/action/inside.h"

static const char *const modify_reasons[] = { /* A04 */
    "ORDER_UPDATE", "ITEM_RETURNED", "CONS_FRAUD", "CONS_ERROR", "ORDER_ERROR", "PUB_ACT_DISPUTE",
    "ADV_ACT_DISPUTE", "NOT_COMPLIANCE_TERMS", "ITEM_OUT_OF_STOCK", "TEST_ACTION",
    "PARTNER_NOT_ACTIVE", "CREDITED_DIFFERENT_MP", "OTHER", NULL
};
static const char *const disposition_codes[] = { /* A05 */
    "REJECTED", "CONS_INFO_INVALID", "CONS_ERROR", "CONS_FRAUD", "ITEM_RETURNED",
    "ITEM_OUT_OF_STOCK", "ORDER_ERROR", "PUB_ACT_DISPUTE", "NOT_COMPLIANCE_TERMS", "MP_RETURNED",
    "OTHER", "CREDITED_DIFFERENT_MP", "ADV_ACT_DISPUTE", "TEST_ACTION", NULL
};

static bool is_one_of(struct text word, const char *const *words)
{
    for (; *words; words++) {
        if (text_is(word, *words)) {
            return true;
        }
    }
    return false;
}

const struct event_type *look_event_type(struct decision *decision, int64_t tracker_id)
{
    struct arena *arena = decision_arena(decision);
    return decision_look(decision,
                         arena_join(arena, TEXT("event_type:"), arena_number(arena, tracker_id)));
}

/* Custom codes are case-sensitive (A06). */
static enum reason_kind custom_reason(struct decision *decision, int64_t tracker_id,
                                      struct text code)
{
    const struct event_type *event_type = look_event_type(decision, tracker_id);
    const struct disposition *codes = event_type ? event_type->dispositions.items : NULL;
    for (uint32_t i = 0; event_type && i < event_type->dispositions.count; i++) {
        if (text_equal(codes[i].code, code)) {
            return codes[i].change == CHANGE_MODIFY    ? REASON_MODIFY
                   : codes[i].change == CHANGE_APPROVE ? REASON_APPROVE
                                                       : REASON_REVERSE;
        }
    }
    return REASON_UNKNOWN;
}

enum reason_kind modify_reason(struct decision *decision, int64_t tracker_id, struct text reason)
{
    return is_one_of(reason, modify_reasons) ? REASON_BUILT_IN
                                             : custom_reason(decision, tracker_id, reason);
}

enum reason_kind disposition_reason(struct decision *decision, int64_t tracker_id, struct text code)
{
    return is_one_of(code, disposition_codes) ? REASON_BUILT_IN
                                              : custom_reason(decision, tracker_id, code);
}

bool status_known(const struct event_type *event_type, struct text status)
{
    const struct text *statuses = event_type ? event_type->customer_statuses.items : NULL;
    for (uint32_t i = 0; event_type && i < event_type->customer_statuses.count; i++) {
        if (text_equal(statuses[i], status)) {
            return true;
        }
    }
    return false;
}
