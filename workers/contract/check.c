/* What a contract must be beyond its field table: faults between fields are INVALID_FIELD. */
#include "base/money.h"
#include "workers/contract/inside.h"

static bool fault_at(struct decision *decision, struct contract_fault *fault, struct text pointer,
                     const char *detail)
{
    (void)decision;
    fault->pointer = pointer.at; /* arena_printf() ends in NUL */
    fault->detail = detail;
    return false;
}

#define FAULT(detail, ...)                                                                         \
    fault_at(decision, fault, arena_printf(decision_arena(decision), __VA_ARGS__), detail)

static bool check_schedule(struct decision *decision, const struct schedule *schedule, bool open,
                           int t, int p, const char *name, struct contract_fault *fault)
{
    bool open_ended = schedule->open_ended == 1;
    if (open_ended && (!open || schedule->period)) {
        return FAULT(open ? "openEnded excludes period" : "a payment schedule cannot be openEnded",
                     "/terms/%d/eventPayouts/%d/%s/openEnded", t, p, name);
    }
    if (!open_ended && !schedule->period) {
        return FAULT(open ? "expected period DAY or MONTH, or openEnded true"
                          : "expected period DAY or MONTH",
                     "/terms/%d/eventPayouts/%d/%s/period", t, p, name);
    }
    return true;
}

static bool check_payout(struct decision *decision, const struct contract *contract,
                         const struct event_payout *payout, int t, int p,
                         struct contract_fault *fault)
{
    struct text at = arena_printf(decision_arena(decision), "/terms/%d/eventPayouts/%d", t, p);
    return check_schedule(decision, payout->locking, true, t, p, "locking", fault) &&
           (!payout->scheduling || check_schedule(decision, payout->scheduling, false, t, p,
                                                  "payoutScheduling", fault)) &&
           contract_check_payout(decision, payout, currency_exponent(contract->currency), at,
                                 fault);
}

static bool check_term_dates(struct decision *decision, const struct term *term, int t,
                             struct contract_fault *fault)
{
    bool start = term->start != FIELD_ABSENT, end = term->end != FIELD_ABSENT;
    if (term->kind == TERM_SCHEDULED && !(start && end)) {
        return FAULT("a SCHEDULED term needs startDate and endDate", "/terms/%d/%s", t,
                     start ? "endDate" : "startDate");
    }
    if (start && end && term->end <= term->start) {
        return FAULT("ends before it starts", "/terms/%d/endDate", t);
    }
    if (term->repeat != REPEAT_NONE && !(start && end)) {
        return FAULT("a term that repeats needs startDate and endDate", "/terms/%d/repeat", t);
    }
    return true;
}

static bool check_term(struct decision *decision, const struct contract *contract, int t,
                       struct contract_fault *fault)
{
    const struct term *term = (const struct term *)contract->terms.items + t;
    const struct event_payout *payouts = term->event_payouts.items;
    if (!check_term_dates(decision, term, t, fault)) {
        return false;
    }
    for (int p = 0; p < (int)term->event_payouts.count; p++) {
        for (int before = 0; before < p; before++) {
            if (payouts[before].tracker_id == payouts[p].tracker_id) {
                return FAULT("an actionTrackerId appears twice in one term",
                             "/terms/%d/eventPayouts/%d/actionTrackerId", t, p);
            }
        }
        if (!check_payout(decision, contract, &payouts[p], t, p, fault)) {
            return false;
        }
    }
    return true;
}

bool contract_check(struct decision *decision, const struct contract *contract,
                    struct contract_fault *fault)
{
    if (contract->end != FIELD_ABSENT && contract->end <= contract->start) {
        return FAULT("ends before it starts", "/endDate");
    }
    if (currency_exponent(contract->currency) < 0) {
        return FAULT("is not a currency of ISO 4217", "/currency");
    }
    if (!decision_zone(decision, contract->time_zone)) {
        return FAULT("is not a time zone that is known here; names are those of IANA", "/timeZone");
    }
    for (int t = 0; t < (int)contract->terms.count; t++) {
        if (!check_term(decision, contract, t, fault)) {
            return false;
        }
    }
    return true;
}
