/* Values: arena, money, time, zones, ids, hashes. */
#include "support/cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/email.h"
#include "base/hash.h"
#include "base/money.h"
#include "base/nearest.h"
#include "base/time.h"
#include "base/uuid5.h"
#include "base/zone.h"

static void arena_gives_zeroed_memory_again_after_a_rewind(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    memset(arena_alloc(&arena, 100), 0xff, 100);
    struct arena_mark mark = arena_mark(&arena);
    memset(arena_alloc(&arena, 300000), 0xff, 300000);
    memset(arena_alloc(&arena, 50), 0xff, 50);
    arena_rewind(&arena, mark);
    char *again = arena_alloc(&arena, 200);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(again[i], 0);
    }
    size_t held = arena.held;
    arena_reset(&arena);
    arena_alloc(&arena, 300000);
    assert_int_equal(arena.held, held);
    arena_release(&arena);
}

static void arena_serves_what_grows_slowly_with_the_same_blocks(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t size = 70000; size < 250000; size += 100) {
        arena_reset(&arena);
        arena_alloc(&arena, 1000);
        arena_alloc(&arena, size);
        arena_alloc(&arena, 1000);
    }
    assert_in_range(arena.held, 250000, 1000000);
    arena_release(&arena);
}

static int exhausted_calls;
static jmp_buf exhausted_jump;
static void on_exhausted(struct arena *arena)
{
    (void)arena;
    exhausted_calls++;
    longjmp(exhausted_jump, 1);
}

static void arena_stops_at_its_bound(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 100000);
    arena.on_exhausted = on_exhausted;
    if (setjmp(exhausted_jump) == 0) {
        for (int i = 0; i < 1000; i++) {
            arena_alloc(&arena, 1000);
        }
        fail();
    }
    assert_int_equal(exhausted_calls, 1);
    arena_release(&arena);
}

static void decimals_have_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool negative, good;
        int64_t digits;
        int scale;
    } rows[] = {
        { "0", false, true, 0, 0 },          { "10", false, true, 10, 0 },
        { "10.50", false, true, 1050, 2 },   { "0.0001", false, true, 1, 4 },
        { "999999999999.9999", false, true, 9999999999999999, 4 },
        { "-0.05", true, true, -5, 2 },      { "-0.05", false, false, 0, 0 },
        { "-0", true, false, 0, 0 },         { "-0.00", true, false, 0, 0 },
        { "01", false, false, 0, 0 },        { "1.", false, false, 0, 0 },
        { ".5", false, false, 0, 0 },        { "", false, false, 0, 0 },
        { "1.00001", false, false, 0, 0 },   { "1000000000000", false, false, 0, 0 },
        { "+1", true, false, 0, 0 },         { "1e3", false, false, 0, 0 },
        { "1 ", false, false, 0, 0 },        { "--1", true, false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct decimal decimal = DECIMAL_ABSENT;
        assert_int_equal(decimal_parse(text_of(rows[i].text), rows[i].negative, &decimal),
                         rows[i].good);
        if (rows[i].good) {
            assert_int_equal(decimal.digits, rows[i].digits);
            assert_int_equal(decimal.scale, rows[i].scale);
        }
    }
}

static void money_is_written_with_the_currencys_decimals(void **state)
{
    (void)state;
    char room[MONEY_TEXT_MAX];
    int64_t minor;
    assert_int_equal(currency_exponent(TEXT("USD")), 2);
    assert_int_equal(currency_exponent(TEXT("JPY")), 0);
    assert_int_equal(currency_exponent(TEXT("KWD")), 3);
    assert_int_equal(currency_exponent(TEXT("CLF")), 4);
    assert_int_equal(currency_exponent(TEXT("AED")), 2); /* the ends of both lists */
    assert_int_equal(currency_exponent(TEXT("ZWG")), 2);
    assert_int_equal(currency_exponent(TEXT("BHD")), 3);
    assert_int_equal(currency_exponent(TEXT("XPF")), 0);
    assert_int_equal(currency_exponent(TEXT("XXX")), -1);
    assert_int_equal(currency_exponent(TEXT("SD ")), -1);
    money_format(-5, 2, room);
    assert_string_equal(room, "-0.05");
    money_format(1050, 2, room);
    assert_string_equal(room, "10.50");
    money_format(10, 0, room);
    assert_string_equal(room, "10");
    assert_true(money_of_decimal((struct decimal){ 10, 0 }, 2, &minor));
    assert_int_equal(minor, 1000);
    assert_false(money_of_decimal((struct decimal){ 1001, 3 }, 2, &minor)); /* C13 */
    assert_true(money_in_bounds(INT64_C(99999999999999), 2));
    assert_false(money_in_bounds(INT64_C(100000000000000), 2));
}

static void products_round_once_half_away_from_zero(void **state)
{
    (void)state;
    int64_t out;
    struct text none = { NULL, 0 };
    assert_true(money_payout(1062, 2, 4 * RATE_ONE_PERCENT, none, 2, &out));
    assert_int_equal(out, 42); /* 0.4248 */
    assert_true(money_payout(3186, 2, 4 * RATE_ONE_PERCENT, none, 2, &out));
    assert_int_equal(out, 127); /* 1.2744 */
    assert_true(money_payout(-125, 2, 10 * RATE_ONE_PERCENT, none, 2, &out));
    assert_int_equal(out, -13); /* -0.125 -> -0.13 */
    assert_true(money_payout(1000, 0, 10 * RATE_ONE_PERCENT, TEXT("0.0065"), 2, &out));
    assert_int_equal(out, 65); /* 1000 JPY * 10 % * 0.0065 = 0.65 */
    assert_true(money_scale(7, 1, 2, &out));
    assert_int_equal(out, 4);
    assert_true(money_scale(INT64_MAX, 1000000, 1000000, &out));
    assert_int_equal(out, INT64_MAX);
    assert_false(money_scale(INT64_MAX, 2, 1, &out));
}

static void a_spread_sums_to_the_total(void **state)
{
    (void)state;
    int64_t parts[200], weights[200];
    int64_t three[] = { 1000, 1000, 1000 };
    money_spread(1000, three, 3, parts);
    assert_int_equal(parts[0], 334);
    assert_int_equal(parts[1], 333);
    int64_t none[] = { 0, 0 };
    money_spread(-5, none, 2, parts);
    assert_int_equal(parts[0], -3);
    assert_int_equal(parts[1], -2);
    unsigned seed = 1;
    for (int round = 0; round < 2000; round++) {
        size_t n = (size_t)(rand_r(&seed) % 200 + 1);
        for (size_t i = 0; i < n; i++) {
            weights[i] = rand_r(&seed) % 3 ? rand_r(&seed) : 0;
        }
        int64_t total = (int64_t)rand_r(&seed) * (rand_r(&seed) % 2 ? 1 : -1), sum = 0;
        money_spread(total, weights, n, parts);
        for (size_t i = 0; i < n; i++) {
            sum += parts[i];
            assert_true(total < 0 ? parts[i] <= 0 : parts[i] >= 0);
        }
        assert_int_equal(sum, total);
    }
}

static void times_are_strict_and_come_back(void **state)
{
    (void)state;
    int64_t ms;
    char text[TIME_TEXT_SIZE];
    assert_true(time_parse(TEXT("2020-09-10T10:42:38-07:00"), &ms));
    time_format(ms, text);
    assert_string_equal(text, "2020-09-10T17:42:38.000Z");
    assert_true(time_parse(TEXT("2024-02-29T23:59:59.9Z"), &ms));
    time_format(ms, text);
    assert_string_equal(text, "2024-02-29T23:59:59.900Z");
    static const char *const bad[] = {
        "2023-02-29T00:00:00Z", "2023-01-01t00:00:00Z", "2023-01-01T00:00:60Z",
        "2023-01-01T24:00:00Z", "2023-01-01T00:00:00",  "2023-01-01T00:00:00.1234Z",
        "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "2023-13-01T00:00:00Z",
        "2023-01-01T00:00:00.Z", "2023-01-01 00:00:00Z", "9999-12-31T23:59:59-00:01", "",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(time_parse(text_of(bad[i]), &ms));
    }
    for (int64_t at = 0; at < TIME_MAX; at += INT64_C(86398765432)) {
        int64_t again;
        time_format(at, text);
        assert_true(time_parse((struct text){ text, 24 }, &again));
        assert_int_equal(again, at);
    }
}

static void durations_follow_the_calendar(void **state)
{
    (void)state;
    struct duration duration;
    int64_t from, to;
    char text[TIME_TEXT_SIZE];
    assert_true(time_parse(TEXT("2024-01-31T10:00:00Z"), &from));
    assert_true(duration_parse(TEXT("P1M1DT1H"), &duration));
    assert_true(duration_add(from, duration, &to));
    time_format(to, text);
    assert_string_equal(text, "2024-03-01T11:00:00.000Z");
    static const char *const bad[] = { "P", "PT", "P1", "1D", "P1DT", "P1D1M", "PT1D",
                                       "P1.5D", "P-1D", "P1000000000D", "P1Y1Y" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(duration_parse(text_of(bad[i]), &duration));
    }
    assert_true(duration_parse(TEXT("P9000Y"), &duration));
    assert_false(duration_add(from, duration, &to));
}

static const struct zone *load(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *room = arena_bytes(arena, 65536);
    size_t size = fread(room, 1, 65536, file);
    fclose(file);
    const struct zone *zone = zone_parse(arena, (struct text){ room, (uint32_t)size });
    assert_non_null(zone);
    return zone;
}

static int64_t at(const char *text)
{
    int64_t ms;
    assert_true(time_parse(text_of(text), &ms));
    return ms;
}

static void zones_know_their_midnights(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    const struct zone *la = load(&arena, "/usr/share/zoneinfo/America/Los_Angeles");
    assert_int_equal(zone_to_utc(la, at("2020-09-26T00:00:00Z")), at("2020-09-26T07:00:00Z"));
    assert_int_equal(zone_to_utc(la, at("2020-12-26T00:00:00Z")), at("2020-12-26T08:00:00Z"));
    /* by the footer */
    assert_int_equal(zone_to_utc(la, at("2090-07-01T00:00:00Z")), at("2090-07-01T07:00:00Z"));
    assert_int_equal(zone_to_utc(la, at("2090-01-01T00:00:00Z")), at("2090-01-01T08:00:00Z"));
    /* 02:30 does not exist on 2021-03-14; 01:30 comes twice on 2021-11-07 */
    assert_int_equal(zone_to_utc(la, at("2021-03-14T02:30:00Z")), at("2021-03-14T10:00:00Z"));
    assert_int_equal(zone_to_utc(la, at("2021-11-07T01:30:00Z")), at("2021-11-07T08:30:00Z"));
    /* a midnight that does not exist, and a whole day */
    const struct zone *brazil = load(&arena, "/usr/share/zoneinfo/America/Sao_Paulo");
    assert_int_equal(zone_to_utc(brazil, at("2018-11-04T00:00:00Z")), at("2018-11-04T03:00:00Z"));
    const struct zone *samoa = load(&arena, "/usr/share/zoneinfo/Pacific/Apia");
    assert_int_equal(zone_to_utc(samoa, at("2011-12-30T00:00:00Z")), at("2011-12-30T10:00:00Z"));
    const struct zone *fixed = zone_fixed(&arena, TEXT("+05:30"));
    assert_int_equal(zone_to_utc(fixed, at("2020-01-01T05:30:00Z")), at("2020-01-01T00:00:00Z"));
    assert_null(zone_fixed(&arena, TEXT("+15:00")));
    assert_null(zone_fixed(&arena, TEXT("+5:30")));
    assert_null(zone_parse(&arena, TEXT("TZif2 nonsense")));
    arena_release(&arena);
}

static void ids_and_partitions_are_those_of_everybody_else(void **state)
{
    (void)state;
    char id[UUID_TEXT_SIZE];
    uuid5(TEXT("/shop|m-1|action:A1|0"), id);
    assert_string_equal(id, "53601ba0-c565-5d90-a50c-600641e32990");
    uuid5(TEXT("action:A1|timer|lock|1601103600000|0"), id);
    assert_string_equal(id, "d6b47437-e5ea-5571-b02f-4ef0432d0448");
    /* murmur2 of Kafka's own unit test: 21 -> -973932308, foobar -> -790332482, abc -> 479470107 */
    enum { COUNT = 1000003 };
    assert_int_equal(partition_of(TEXT("21"), COUNT), (-973932308 & 0x7fffffff) % COUNT);
    assert_int_equal(partition_of(TEXT("foobar"), COUNT), (-790332482 & 0x7fffffff) % COUNT);
    assert_int_equal(partition_of(TEXT("abc"), COUNT), 479470107 % COUNT);
}

static void two_texts_have_one_hash(void **state)
{
    const struct text none = { NULL, 0 };
    (void)state;
    assert_true(hash128_equal(hash128_two(none, TEXT("b")), hash128_two(TEXT(""), TEXT("b"))));
    assert_true(hash128_equal(hash128_two(TEXT("a"), none), hash128_two(TEXT("a"), TEXT(""))));
    assert_false(hash128_equal(hash128_two(TEXT("a"), TEXT("b")), hash128_two(TEXT("ab"), none)));
}

static void an_address_has_one_hash(void **state)
{
    (void)state;
    static const char known[] = "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b";
    struct arena arena;
    arena_init(&arena, 0);
    assert_true(text_is(email_hash(&arena, TEXT("test@example.com")), known));
    assert_true(text_is(email_hash(&arena, TEXT("  Test@Example.COM ")), known));
    assert_false(text_is(email_hash(&arena, TEXT("test@example.co")), known));
    arena_release(&arena);
}

static void the_nearest_name_is_offered_only_when_it_is_near(void **state)
{
    (void)state;
    static const char *const names[] = { "redis.url", "group", "http.listen", NULL };
    assert_string_equal(nearest("redis.ulr", names), "redis.url");
    assert_string_equal(nearest("http.lisen", names), "http.listen");
    assert_null(nearest("colour", names));
}

static void numbers_and_parts_become_text(void **state)
{
    (void)state;
    struct arena arena = { 0 };
    assert_true(text_is(arena_number(&arena, 0), "0"));
    assert_true(text_is(arena_number(&arena, 1000), "1000"));
    assert_true(text_is(arena_number(&arena, INT64_MIN), "-9223372036854775808"));
    assert_true(text_is(arena_number(&arena, INT64_MAX), "9223372036854775807"));
    char *room = arena_bytes(&arena, 100);
    size_t used = arena.used;
    arena_trim(&arena, (struct text){ room, 10 });
    assert_int_equal(arena.used, used - 90);
    assert_ptr_equal(arena_bytes(&arena, 1), room + 10);
    struct text none = { NULL, 0 };
    assert_true(text_is(arena_join(&arena, TEXT("a"), none, TEXT(""), TEXT("bc")), "abc"));
    for (uint32_t i = 0; i < 70000; i += 997) { /* over the ends of blocks too */
        struct text text = arena_printf(&arena, "%*d", (int)i + 1, 7);
        assert_int_equal(text.size, i + 1);
        assert_int_equal(text.at[i], '7');
        assert_int_equal(text.at[i + 1], 0);
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_gives_zeroed_memory_again_after_a_rewind),
        cmocka_unit_test(arena_serves_what_grows_slowly_with_the_same_blocks),
        cmocka_unit_test(arena_stops_at_its_bound),
        cmocka_unit_test(numbers_and_parts_become_text),
        cmocka_unit_test(decimals_have_one_form),
        cmocka_unit_test(money_is_written_with_the_currencys_decimals),
        cmocka_unit_test(products_round_once_half_away_from_zero),
        cmocka_unit_test(a_spread_sums_to_the_total),
        cmocka_unit_test(times_are_strict_and_come_back),
        cmocka_unit_test(durations_follow_the_calendar),
        cmocka_unit_test(zones_know_their_midnights),
        cmocka_unit_test(ids_and_partitions_are_those_of_everybody_else),
        cmocka_unit_test(two_texts_have_one_hash),
        cmocka_unit_test(an_address_has_one_hash),
        cmocka_unit_test(the_nearest_name_is_offered_only_when_it_is_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
