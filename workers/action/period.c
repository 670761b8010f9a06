/* Local days, and the periods that limits and bonuses are counted in (A41, A42). */
#include "workers/action/inside.h"

/* Far before and after any day of a contract. */
#define DAY_FIRST INT64_C(-1000000)
#define DAY_LAST INT64_C(10000000)

int64_t local_day(const struct zone *zone, int64_t t)
{
    struct civil date = civil_of_ms(t + zone_offset_ms(zone, t));
    date.ms = 0;
    return ms_of_civil(date) / DAY_MS;
}

/* Days from the Monday of its week; day 0 was a Thursday. No action is older than a day before. */
static int64_t day_of_week(int64_t day)
{
    return (day + 3) % 7;
}

bool is_weekend(int64_t day)
{
    return day_of_week(day) >= 5;
}

/* Whole months that begin with the month of `date` or earlier: 1, 3 or 12 of them. */
static struct day_range months_around(int64_t day, int32_t months)
{
    struct civil date = civil_of_ms(day * DAY_MS);
    date.day = 1;
    date.month -= (date.month - 1) % months;
    return (struct day_range){ ms_of_civil(date) / DAY_MS,
                               ms_of_civil(civil_add_months(date, months)) / DAY_MS };
}

struct day_range limit_range(int32_t period, int64_t day)
{
    int64_t monday = day - day_of_week(day);
    switch (period) {
    case LIMIT_DAY:
        return (struct day_range){ day, day + 1 };
    case LIMIT_WEEK:
        return (struct day_range){ monday, monday + 7 };
    case LIMIT_MONTH:
        return months_around(day, 1);
    case LIMIT_QUARTER:
        return months_around(day, 3);
    default:
        return (struct day_range){ DAY_FIRST, DAY_LAST };
    }
}

struct day_range bonus_range(int32_t period, int64_t day)
{
    return months_around(day, period == BONUS_MONTH ? 1 : 12);
}
