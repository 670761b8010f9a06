/* When an action locks and clears: midnights in the contract's time zone (A44, A45, C04). */
#include "workers/action/inside.h"

int64_t schedule_date(const struct zone *zone, int64_t from, int32_t period, int64_t months,
                      int64_t days)
{
    struct civil date = civil_of_ms(from + zone_offset_ms(zone, from));
    date.ms = 0;
    if (period == PERIOD_DAY) {
        date = civil_of_ms(ms_of_civil(date) + DAY_MS);
    } else {
        date.day = 1;
        date = civil_add_months(date, 1);
    }
    date = civil_add_months(date, (int32_t)months);
    return zone_to_utc(zone, ms_of_civil(date) + days * DAY_MS);
}

int64_t lock_time(const struct action *action)
{
    return action->locking_date != FIELD_ABSENT ? action->locking_date
                                                : action->event_date + OPEN_ENDED_DAYS * DAY_MS;
}

/* C02: exactly at the locking date is locked. */
bool is_locked(const struct action *action, int64_t t)
{
    return action->state == ACTION_APPROVED || t >= lock_time(action);
}

void set_clearing(struct decision *decision, struct action *action, int64_t from)
{
    const struct zone *zone =
        action->clearing_period ? decision_zone(decision, action->time_zone) : NULL;
    action->clearing_date = zone ? schedule_date(zone, from, action->clearing_period,
                                                 action->clearing_months, action->clearing_days)
                                 : FIELD_ABSENT;
}

int64_t due_of(const struct action *action)
{
    return action->state == ACTION_PENDING ? lock_time(action) : 0;
}
