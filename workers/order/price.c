/* What each ticket of an order costs, in minor units: the parts add up to the totals exactly. */
#include "workers/order/inside.h"

static int64_t sum(const int64_t *parts, uint32_t count)
{
    int64_t total = 0; /* 100 amounts of at most 16 digits: far from overflow */
    for (uint32_t i = 0; i < count; i++) {
        total += parts[i];
    }
    return total;
}

static void spread_onto(struct price *price, int64_t total, const int64_t *weights, int64_t *onto)
{
    int64_t shares[TICKETS_MAX];
    money_spread(total, weights, price->count, shares);
    for (uint32_t i = 0; i < price->count; i++) {
        onto[i] += shares[i];
    }
}

/* Percent with at most 4 decimals as a rate. */
static int64_t rate_of(struct decimal percent)
{
    int64_t rate;
    ENSURE(money_of_decimal(percent, 4, &rate));
    return rate;
}

/* PERCENT: one rounding of the whole, spread by price over the eligible tickets. */
static void take_percent(struct price *price, int64_t rate)
{
    int64_t weights[TICKETS_MAX], indexes = 0, total = 0, off;
    uint32_t at[TICKETS_MAX];
    for (uint32_t i = 0; i < price->count; i++) {
        if (price->eligible[i]) {
            at[indexes] = i;
            weights[indexes++] = price->price[i];
            total += price->price[i];
        }
    }
    if (!rate) {
        return;
    }
    int64_t shares[TICKETS_MAX];
    ENSURE(money_scale(total, rate, RATE_WHOLE, &off)); /* at most total: rate is at most 100 */
    money_spread(off, weights, (size_t)indexes, shares);
    for (int64_t i = 0; i < indexes; i++) {
        price->off[at[i]] = shares[i];
    }
}

void price_promo(struct price *price, int32_t type, struct decimal value, int exponent)
{
    if (type == PROMO_PERCENT) {
        take_percent(price, rate_of(value));
    }
    if (type == PROMO_FIXED) {
        int64_t each;
        ENSURE(money_of_decimal(value, exponent, &each)); /* promo.put saw to it */
        for (uint32_t i = 0; i < price->count; i++) {
            if (price->eligible[i]) { /* never below 0 (C63) */
                price->off[i] = each < price->price[i] ? each : price->price[i];
            }
        }
    }
}

bool price_total(struct price *price)
{
    int64_t left[TICKETS_MAX];
    for (uint32_t i = 0; i < price->count; i++) {
        left[i] = price->price[i] - price->off[i];
    }
    if (price->discount > sum(left, price->count)) {
        return false;
    }
    spread_onto(price, price->discount, left, price->off);
    for (uint32_t i = 0; i < price->count; i++) {
        left[i] = price->price[i] - price->off[i];
    }
    spread_onto(price, price->order_tax, left, price->tax);
    spread_onto(price, price->order_fee, left, price->fee);
    for (uint32_t i = 0; i < price->count; i++) {
        price->paid[i] = left[i] + price->tax[i] + price->fee[i];
    }
    price->gross = sum(price->price, price->count);
    price->sale = sum(price->paid, price->count);
    return true;
}

void price_fee_shares(struct price *price)
{
    money_spread(price->processing_fee, price->paid, price->count, price->fee_share);
}
