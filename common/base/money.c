/* Decimal text to minor units and back, and the three products that money takes part in. */
#include "base/money.h"

#include "base/ensure.h"

static const int64_t power_of_ten[] = { 1,
                                        10,
                                        100,
                                        1000,
                                        10000,
                                        100000,
                                        1000000,
                                        10000000,
                                        100000000,
                                        1000000000,
                                        INT64_C(10000000000),
                                        INT64_C(100000000000),
                                        INT64_C(1000000000000),
                                        INT64_C(10000000000000),
                                        INT64_C(100000000000000),
                                        INT64_C(1000000000000000),
                                        INT64_C(10000000000000000) };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* (0|[1-9][0-9]*)(\.[0-9]+)? with bounds on both sides; digits without the point, and the scale. */
static bool unsigned_parse(struct text text, int whole_max, int scale_max, __int128 *digits,
                           int *scale)
{
    uint32_t i = 0;
    __int128 value = 0;
    while (i < text.size && is_digit(text.at[i])) {
        if (i >= (uint32_t)whole_max) {
            return false;
        }
        value = value * 10 + (text.at[i++] - '0');
    }
    if (i == 0 || (i > 1 && text.at[0] == '0')) {
        return false;
    }
    int decimals = 0;
    if (i < text.size) {
        if (text.at[i++] != '.' || i == text.size) {
            return false;
        }
        for (; i < text.size; i++) {
            if (!is_digit(text.at[i]) || decimals == scale_max) {
                return false;
            }
            value = value * 10 + (text.at[i] - '0');
            decimals++;
        }
    }
    *digits = value;
    *scale = decimals;
    return true;
}

bool decimal_parse(struct text text, bool negative, struct decimal *out)
{
    bool minus = negative && text.size && text.at[0] == '-';
    if (minus) {
        text.at++;
        text.size--;
    }
    __int128 digits;
    int scale;
    if (!unsigned_parse(text, MONEY_WHOLE_DIGITS_MAX, 4, &digits, &scale) ||
        (minus && digits == 0)) {
        return false;
    }
    *out = (struct decimal){ (int64_t)(minus ? -digits : digits), scale };
    return true;
}

bool money_of_decimal(struct decimal decimal, int exponent, int64_t *minor)
{
    ENSURE(decimal.scale >= 0 && exponent >= 0);
    if (decimal.scale > exponent) {
        return false;
    }
    int64_t value;
    if (__builtin_mul_overflow(decimal.digits, power_of_ten[exponent - decimal.scale], &value) ||
        !money_in_bounds(value, exponent)) {
        return false;
    }
    *minor = value;
    return true;
}

bool money_in_bounds(int64_t minor, int exponent)
{
    ENSURE(exponent >= 0 && exponent <= 4);
    int64_t bound = power_of_ten[MONEY_WHOLE_DIGITS_MAX + exponent];
    return minor > -bound && minor < bound;
}

/* Writes digits backwards from `end`; returns where they begin. */
static char *digits_before(char *end, uint64_t value, int least)
{
    while (value || least > 0) {
        *--end = (char)('0' + value % 10);
        value /= 10;
        least--;
    }
    return end;
}

size_t money_format(int64_t minor, int exponent, char out[MONEY_TEXT_MAX])
{
    char room[MONEY_TEXT_MAX];
    char *end = room + sizeof(room), *at = end;
    uint64_t value = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    uint64_t one = (uint64_t)power_of_ten[exponent];
    if (exponent > 0) {
        at = digits_before(at, value % one, exponent);
        *--at = '.';
    }
    at = digits_before(at, value / one, 1);
    if (minor < 0) {
        *--at = '-';
    }
    size_t size = (size_t)(end - at);
    memcpy(out, at, size);
    out[size] = 0;
    return size;
}

bool money_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

bool money_subtract(int64_t a, int64_t b, int64_t *out)
{
    int64_t difference;
    if (__builtin_sub_overflow(a, b, &difference)) {
        return false;
    }
    *out = difference;
    return true;
}

/* Half away from zero; denominator > 0. False when it does not fit int64. */
static bool divide_round(__int128 numerator, __int128 denominator, int64_t *out)
{
    bool minus = numerator < 0;
    unsigned __int128 whole = minus ? -(unsigned __int128)numerator : (unsigned __int128)numerator;
    unsigned __int128 half_up = (whole + (unsigned __int128)denominator / 2) /
                                (unsigned __int128)denominator;
    /* An odd denominator's half is never reached exactly, so floor(denominator / 2) rounds right. */
    if (half_up > INT64_MAX) {
        return false;
    }
    *out = minus ? -(int64_t)half_up : (int64_t)half_up;
    return true;
}

bool money_scale(int64_t amount, int64_t numerator, int64_t denominator, int64_t *out)
{
    ENSURE(numerator >= 0 && denominator > 0);
    return divide_round((__int128)amount * numerator, denominator, out);
}

bool rate_parse(struct text text, int64_t *rate)
{
    __int128 digits;
    int scale;
    if (!unsigned_parse(text, 4, 4, &digits, &scale)) {
        return false;
    }
    int64_t value = (int64_t)digits * power_of_ten[4 - scale];
    if (value > 1000 * RATE_ONE_PERCENT) {
        return false;
    }
    *rate = value;
    return true;
}

size_t rate_format(int64_t rate, char out[MONEY_TEXT_MAX])
{
    size_t size = money_format(rate, 4, out);
    while (out[size - 1] == '0') {
        size--;
    }
    size -= out[size - 1] == '.';
    out[size] = 0;
    return size;
}

bool dec_parse(struct text text, __int128 *digits, int *scale)
{
    return unsigned_parse(text, 15, 10, digits, scale);
}

bool money_payout(int64_t amount, int from, int64_t rate, struct text fx, int to, int64_t *out)
{
    __int128 factor = 1;
    int scale = 0;
    if (fx.at && !dec_parse(fx, &factor, &scale)) {
        return false;
    }
    while (scale > 0 && factor % 10 == 0) { /* "1.5000" must not overflow where "1.5" does not */
        factor /= 10;
        scale--;
    }
    /* amount / 10^from * rate / RATE_WHOLE * factor / 10^scale * 10^to, in one fraction */
    __int128 numerator, denominator = RATE_WHOLE;
    if (__builtin_mul_overflow((__int128)amount * rate, factor, &numerator)) {
        return false;
    }
    int shift = to - from - scale;
    for (; shift > 0; shift--) {
        if (__builtin_mul_overflow(numerator, (__int128)10, &numerator)) {
            return false;
        }
    }
    for (; shift < 0; shift++) {
        denominator *= 10;
    }
    return divide_round(numerator, denominator, out);
}

void money_spread(int64_t total, const int64_t *weights, size_t n, int64_t *parts)
{
    enum { PARTS_MAX = 200 };
    ENSURE(n >= 1 && n <= PARTS_MAX);
    unsigned __int128 remainders[PARTS_MAX];
    bool minus = total < 0;
    uint64_t whole = minus ? 0 - (uint64_t)total : (uint64_t)total;
    unsigned __int128 sum = 0;
    for (size_t i = 0; i < n; i++) {
        ENSURE(weights[i] >= 0);
        sum += (uint64_t)weights[i];
    }
    bool equal = sum == 0;
    sum = equal ? n : sum;
    uint64_t left = whole;
    for (size_t i = 0; i < n; i++) {
        unsigned __int128 product = (unsigned __int128)whole * (equal ? 1 : (uint64_t)weights[i]);
        uint64_t part = (uint64_t)(product / sum);
        remainders[i] = product % sum;
        parts[i] = (int64_t)part;
        left -= part;
    }
    for (; left > 0; left--) { /* left < n */
        size_t largest = 0;
        for (size_t i = 1; i < n; i++) {
            if (remainders[i] > remainders[largest]) {
                largest = i;
            }
        }
        parts[largest]++;
        remainders[largest] = 0;
    }
    for (size_t i = 0; minus && i < n; i++) {
        parts[i] = -parts[i];
    }
}
