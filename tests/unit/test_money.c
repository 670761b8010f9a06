/*
 * Money against a slow model: digits in base ten, multiplied and divided as on paper. Random values, many
 * of them at the edges. Argument: how many rounds (default 20,000), then a seed.
 */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/money.h"

enum { DIGITS = 90 };

/* A number >= 0, the digit of the ones first. */
struct big {
    unsigned char digit[DIGITS];
};

static uint64_t seed = 1;
static long rounds = 20000;

static uint64_t any(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int64_t below(int64_t bound)
{
    return (int64_t)(any() % (uint64_t)bound);
}

/* 0..most: of every size, and often one of the edges. */
static int64_t sized(int64_t most)
{
    switch (below(8)) {
    case 0:
        return most - (most > 3 ? below(3) : 0);
    case 1:
        return below(most < 3 ? most + 1 : 3);
    default: {
        int64_t bound = most;
        for (int64_t shrink = below(19); shrink > 0 && bound > 10; shrink--) {
            bound /= 10;
        }
        return below(bound) + 1;
    }
    }
}

static int64_t power(int exponent)
{
    int64_t value = 1;
    while (exponent-- > 0) {
        value *= 10;
    }
    return value;
}

/* The model's arithmetic */

static struct big big_of(uint64_t value)
{
    struct big out = { { 0 } };
    for (int i = 0; value > 0; i++, value /= 10) {
        out.digit[i] = (unsigned char)(value % 10);
    }
    return out;
}

static struct big times(struct big a, struct big b)
{
    int sums[2 * DIGITS] = { 0 };
    struct big out;
    for (int i = 0; i < DIGITS; i++) {
        for (int j = 0; a.digit[i] > 0 && j < DIGITS; j++) {
            sums[i + j] += a.digit[i] * b.digit[j];
        }
    }
    for (int i = 0; i + 1 < 2 * DIGITS; i++) {
        sums[i + 1] += sums[i] / 10;
        sums[i] %= 10;
        assert_true(i < DIGITS || sums[i] == 0);
    }
    for (int i = 0; i < DIGITS; i++) {
        out.digit[i] = (unsigned char)sums[i];
    }
    return out;
}

static struct big tenfold(struct big a, int by)
{
    for (; by > 0; by--) {
        memmove(a.digit + 1, a.digit, DIGITS - 1);
        a.digit[0] = 0;
    }
    return a;
}

static int order(struct big a, struct big b)
{
    for (int i = DIGITS - 1; i >= 0; i--) {
        if (a.digit[i] != b.digit[i]) {
            return a.digit[i] < b.digit[i] ? -1 : 1;
        }
    }
    return 0;
}

static struct big minus(struct big a, struct big b)
{
    int borrow = 0;
    for (int i = 0; i < DIGITS; i++) {
        int left = a.digit[i] - b.digit[i] - borrow;
        borrow = left < 0;
        a.digit[i] = (unsigned char)(left + 10 * borrow);
    }
    return a;
}

/* Long division; the remainder is left in *rest. */
static struct big divided(struct big a, struct big by, struct big *rest)
{
    struct big out = { { 0 } };
    *rest = big_of(0);
    for (int i = DIGITS - 1; i >= 0; i--) {
        *rest = tenfold(*rest, 1);
        rest->digit[0] = a.digit[i];
        while (order(*rest, by) >= 0) {
            *rest = minus(*rest, by);
            out.digit[i]++;
        }
    }
    return out;
}

/* Half away from zero, of numbers >= 0. */
static struct big rounded(struct big a, struct big by)
{
    struct big rest, out = divided(a, by, &rest);
    if (order(times(rest, big_of(2)), by) >= 0) {
        int i = 0;
        while (out.digit[i] == 9) {
            out.digit[i++] = 0;
        }
        out.digit[i]++;
    }
    return out;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static bool same(int64_t value, struct big model, bool negative)
{
    return order(big_of(magnitude(value)), model) == 0 && (value == 0 || (value < 0) == negative);
}

/* Products */

static void a_payout_is_the_product_rounded_once(void **state)
{
    (void)state;
    long fitting = 0;
    for (long round = 0; round < rounds; round++) {
        int from = (int)below(5), to = (int)below(5), scale = (int)below(11);
        bool negative = below(4) == 0, exchanged = below(2) == 0;
        int64_t amount = sized(power(12 + from) - 1), rate = sized(1000 * RATE_ONE_PERCENT);
        int64_t whole = below(3) ? sized(200) : sized(power(15) - 1), part = scale ? below(power(scale)) : 0, out;
        char fx[40];
        snprintf(fx, sizeof(fx), scale ? "%lld.%0*lld" : "%lld", (long long)whole, scale, (long long)part);
        struct big factor = exchanged ? tenfold(big_of((uint64_t)whole), scale) : big_of(1);
        struct big decimals = big_of((uint64_t)part);
        for (int i = 0; exchanged && i < scale; i++) {
            factor.digit[i] = decimals.digit[i];
        }
        struct big above = times(times(big_of((uint64_t)amount), big_of((uint64_t)rate)), factor);
        struct big model = rounded(tenfold(above, to), tenfold(big_of(1), 6 + from + (exchanged ? scale : 0)));
        struct text by = exchanged ? text_of(fx) : (struct text){ NULL, 0 };
        if (money_payout(negative ? -amount : amount, from, rate, by, to, &out)) {
            assert_true(same(out, model, negative));
            fitting++;
        } else { /* refused only where the result is no money: 12 digits before the point */
            assert_true(order(model, tenfold(big_of(1), 12 + to)) >= 0);
        }
    }
    assert_in_range(fitting, rounds / 4, rounds - 1);
}

static void a_product_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    long refused = 0;
    for (long round = 0; round < rounds; round++) {
        int64_t amount = sized(INT64_MAX), numerator = sized(power(18)), out = 77;
        int64_t denominator = below(2) ? sized(power(18)) : sized(1000);
        denominator += denominator == 0;
        bool negative = below(2) == 0;
        struct big model = rounded(times(big_of((uint64_t)amount), big_of((uint64_t)numerator)),
                                   big_of((uint64_t)denominator));
        bool fits = order(model, big_of(INT64_MAX)) <= 0;
        assert_int_equal(money_scale(negative ? -amount : amount, numerator, denominator, &out), fits);
        assert_true(fits ? same(out, model, negative) : out == 77);
        refused += !fits;
    }
    assert_in_range(refused, rounds / 20, rounds - 1);
}

/* Sums */

static void a_sum_never_wraps(void **state)
{
    (void)state;
    long refused = 0;
    for (long round = 0; round < rounds; round++) {
        int64_t a = sized(INT64_MAX) * (below(2) ? 1 : -1), b = sized(INT64_MAX) * (below(2) ? 1 : -1), out = 77;
        bool apart = (a < 0) != (b < 0); /* signs that differ: no sum of theirs is too large */
        bool fits = apart || magnitude(a) + magnitude(b) <= INT64_MAX + (uint64_t)(a < 0);
        assert_int_equal(money_add(a, b, &out), fits);
        assert_true(fits ? out - b == a && (apart || magnitude(out) == magnitude(a) + magnitude(b)) : out == 77);
        int64_t left = 77;
        assert_int_equal(money_subtract(a, -b, &left), fits);
        assert_int_equal(left, out);
        refused += !fits;
    }
    assert_in_range(refused, rounds / 50, rounds - 1);
}

/* Spreads */

/* Ranks instead of picking: a part has one more iff fewer than `left` remainders come before its own. */
static void check_spread(int64_t total, const int64_t *weights, size_t n, const int64_t *parts)
{
    struct big remainders[200], sum = big_of(0), floors[200];
    uint64_t left = magnitude(total), all = 0;
    for (size_t i = 0; i < n; i++) {
        all += (uint64_t)weights[i]; /* 200 of at most 10^16 */
    }
    sum = big_of(all ? all : n);
    for (size_t i = 0; i < n; i++) {
        struct big product = times(big_of(magnitude(total)), big_of(all ? (uint64_t)weights[i] : 1));
        floors[i] = divided(product, sum, &remainders[i]);
        uint64_t part = 0;
        for (int d = 19; d >= 0; d--) {
            part = part * 10 + floors[i].digit[d];
        }
        left -= part;
        floors[i] = big_of(part);
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t before = 0;
        for (size_t j = 0; j < n; j++) {
            int by = order(remainders[j], remainders[i]);
            before += by > 0 || (by == 0 && j < i);
        }
        uint64_t more = magnitude(parts[i]) - (before < left);
        assert_true(order(big_of(more), floors[i]) == 0);
        assert_true(parts[i] == 0 || (parts[i] < 0) == (total < 0));
    }
}

static void a_spread_is_by_largest_remainders_and_sums_exactly(void **state)
{
    (void)state;
    for (long round = 0; round < rounds / 40 + 1; round++) {
        size_t n = (size_t)(below(8) ? below(12) : below(200)) + 1;
        int64_t weights[200], parts[200], sum = 0, alike = sized(power(16) - 1);
        int64_t total = sized(power(16) - 1) * (below(3) ? 1 : -1), kind = below(4);
        for (size_t i = 0; i < n; i++) {
            weights[i] = kind == 0 ? 0 : kind == 1 ? alike : sized(power(16) - 1) * (below(4) > 0);
        }
        money_spread(total, weights, n, parts);
        for (size_t i = 0; i < n; i++) {
            sum += parts[i];
        }
        assert_int_equal(sum, total);
        check_spread(total, weights, n, parts);
    }
}

/* Text */

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    for (long round = 0; round < rounds; round++) {
        int exponent = (int)below(5);
        int64_t bound = power(12 + exponent), minor = sized(bound + 1) * (below(2) ? 1 : -1), again = 77;
        char room[MONEY_TEXT_MAX], slow[MONEY_TEXT_MAX];
        size_t size = money_format(minor, exponent, room);
        struct big digits = big_of(magnitude(minor));
        size_t at = minor < 0 ? 1 : 0;
        slow[0] = '-';
        for (int d = 20; d >= 0; d--) {
            bool leading = d > exponent && order(big_of(magnitude(minor)), tenfold(big_of(1), d)) < 0;
            at += leading ? 0 : (size_t)snprintf(slow + at, sizeof(slow) - at, "%d%s", digits.digit[d],
                                                 d == exponent && d > 0 ? "." : "");
        }
        assert_int_equal(size, at);
        assert_memory_equal(room, slow, at);
        struct decimal decimal;
        bool inside = magnitude(minor) < (uint64_t)bound;
        bool read = decimal_parse(text_of(room), true, &decimal) && money_of_decimal(decimal, exponent, &again);
        assert_int_equal(read, inside);
        assert_int_equal(money_in_bounds(minor, exponent), inside);
        assert_true(again == (inside ? minor : 77));
    }
}

int main(int count, char **words)
{
    rounds = count > 1 ? atol(words[1]) : rounds;
    seed = count > 2 ? strtoull(words[2], NULL, 10) : seed;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_payout_is_the_product_rounded_once),
        cmocka_unit_test(a_product_that_does_not_fit_is_refused),
        cmocka_unit_test(a_sum_never_wraps),
        cmocka_unit_test(a_spread_is_by_largest_remainders_and_sums_exactly),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
