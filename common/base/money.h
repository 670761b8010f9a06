/*
 * Money is int64 minor units of an ISO 4217 currency; on the wire it is a decimal string. Products
 * are __int128, every sum is checked, there is no double anywhere (C12, C14, C16).
 */
#ifndef MAKEGOOD_BASE_MONEY_H
#define MAKEGOOD_BASE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* A decimal as it was written: value = digits / 10^scale, scale 0..4; scale < 0 = absent. */
struct decimal {
    int64_t digits;
    int32_t scale;
};

#define DECIMAL_ABSENT ((struct decimal){ 0, -1 })

/* 12 digits before the point, in units of a currency with the largest exponent (messages: Limits). */
enum { MONEY_WHOLE_DIGITS_MAX = 12, MONEY_TEXT_MAX = 32 };

/* Decimals of an ISO 4217 currency in force (JPY 0, USD 2, KWD 3, CLF 4), -1 = not one. */
int currency_exponent(struct text code);

/* Form `money`: (0|[1-9][0-9]{0,11})(\.[0-9]{1,4})?; with `negative`, a '-' before all but zero. */
bool decimal_parse(struct text text, bool negative, struct decimal *out);

/* Minor units of a decimal. False: it has more decimals than the exponent (C13), or its absolute
 * value has more than 12 digits before the point. */
bool money_of_decimal(struct decimal decimal, int exponent, int64_t *minor);

/* Is |minor| at most 12 digits before the point? Also a computed amount must be (INVALID_AMOUNT). */
bool money_in_bounds(int64_t minor, int exponent);

/* Writes exactly `exponent` decimals ("10.50", "-0.05", "10" for 0), NUL-terminated; returns the length. */
size_t money_format(int64_t minor, int exponent, char out[MONEY_TEXT_MAX]);

/* Checked sum; false on overflow, *out is then untouched. */
bool money_add(int64_t a, int64_t b, int64_t *out);
bool money_subtract(int64_t a, int64_t b, int64_t *out);

/* amount * numerator / denominator, rounded once, half away from zero (C14). The product is
 * __int128; numerator and denominator are > 0 and at most 10^18. False when the result does not fit int64. */
bool money_scale(int64_t amount, int64_t numerator, int64_t denominator, int64_t *out);

/* A rate: percent in 1/10,000 (C16): "4" = 40000, "1000" = 10000000. Form `rate`: 0..1000 with at
 * most 4 decimals. */
enum { RATE_ONE_PERCENT = 10000, RATE_WHOLE = 1000000 };
bool rate_parse(struct text text, int64_t *rate);
size_t rate_format(int64_t rate, char out[MONEY_TEXT_MAX]); /* shortest: "4", "2.5" */

/* Form `dec`: up to 15 digits, up to 10 decimals. value = *digits / 10^*scale. */
bool dec_parse(struct text text, __int128 *digits, int *scale);

/* amount (minor units, exponent `from`) * rate percent * fx (form dec, absent = 1) in minor units of
 * exponent `to`; rounds once, half away from zero (A48). False when it does not fit int64. */
bool money_payout(int64_t amount, int from, int64_t rate, struct text fx, int to, int64_t *out);

/* Spreads total over n weights (>= 0) so that the parts sum to it exactly: floor(total * w / sum)
 * each, then one unit each to the largest remainders, ties in array order; sum 0 counts every weight
 * as 1 (C52). total may be negative (mirrored). n 1..200. */
void money_spread(int64_t total, const int64_t *weights, size_t n, int64_t *parts);

#endif
