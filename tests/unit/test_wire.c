/* Bytes to structs and back: JSON (with jansson as the other opinion), field tables, the envelope. */
#include "support/cmocka_all.h"

#include <jansson.h>
#include <stdlib.h>

#include "wire/event.h"
#include "wire/field.h"

static struct arena arena;

static bool parse(struct text bytes, struct json *json)
{
    struct json_fault fault;
    return json_parse(&arena, bytes, json, &fault);
}

static void json_takes_and_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        { "{}", true }, { " [1, 2.5e-3, -0, \"\\u00e4\\n\\ud83d\\ude00\", null] ", true },
        { "\"\xc3\xa4\"", true }, { "", false }, { "{\"a\":1,\"a\":2}", false },
        { "{\"a\":1,\"\\u0061\":2}", false }, { "[1,]", false }, { "{\"a\"}", false },
        { "01", false }, { "1.", false }, { "-", false }, { "+1", false }, { "1e", false },
        { "\"\\u0000\"", false }, { "\"\\ud800\"", false }, { "\"\\udc00\"", false },
        { "\"\xc0\xaf\"", false }, { "\"\xed\xa0\x80\"", false }, { "\"\xff\"", false },
        { "\"\x01\"", false }, { "\"\\x\"", false }, { "\"a", false }, { "{} {}", false },
        { "\xef\xbb\xbf{}", false }, { "nul", false }, { "truex", false },
        { "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", true }, { "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", false },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json json;
        if (parse(text_of(rows[i].text), &json) != rows[i].good) {
            fail_msg("%s", rows[i].text);
        }
    }
    struct json json;
    assert_false(parse((struct text){ "{}\0", 3 }, &json));
}

/* Mutations of a document: both readers agree, where ours is not stricter by intent. */
static void json_agrees_with_jansson(void **state)
{
    (void)state;
    static const char seed_text[] =
        "{\"a\":[1,-2.5e3,true,false,null,\"x\\u00e9\\\"\\\\\"],\"b\":{\"c\":\"\xc3\xa9\",\"d\":{}}}";
    static const char alphabet[] = "{}[]\",:0123456789.eE+-truefalsn\\u \xc3\xa9\xff";
    unsigned seed = 7;
    int agreed_good = 0;
    for (int round = 0; round < 200000; round++) {
        char bytes[sizeof(seed_text)];
        size_t size = sizeof(seed_text) - 1;
        memcpy(bytes, seed_text, size);
        for (int n = rand_r(&seed) % 3 + 1; n > 0; n--) {
            bytes[(size_t)rand_r(&seed) % size] =
                alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
        }
        struct json json;
        json_error_t error;
        arena_reset(&arena);
        bool ours = parse((struct text){ bytes, (uint32_t)size }, &json);
        json_t *theirs =
            json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
        /* jansson refuses numbers that do not fit its types; ours leaves that to who reads them. */
        bool range = !theirs && (json_error_code(&error) == json_error_numeric_overflow);
        if (ours != (theirs != NULL) && !range) {
            fail_msg("%.*s: ours %d, jansson: %s", (int)size, bytes, ours, error.text);
        }
        agreed_good += ours;
        json_decref(theirs);
    }
    assert_true(agreed_good > 1000);
}

/* Strings are looked at eight bytes at a time: no byte may hide between others. */
static void every_byte_is_seen_at_every_place(void **state)
{
    (void)state;
    enum { SIZE = 19 };
    for (int byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < SIZE; place++) {
            char bytes[SIZE + 2];
            struct json json;
            arena_reset(&arena);
            memset(bytes, 'a', sizeof(bytes));
            bytes[0] = bytes[SIZE + 1] = '"';
            bytes[place + 1] = (char)byte;
            bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
            assert_int_equal(parse((struct text){ bytes, sizeof(bytes) }, &json), plain);
            struct json_writer writer;
            json_writer_init(&writer, &arena, 4);
            json_put_text(&writer, NULL, (struct text){ bytes + 1, SIZE });
            if (byte > 0 && byte < 0x80) {
                assert_true(parse(json_writer_text(&writer), &json));
                struct text back = json_text(&json, &arena, 0);
                assert_int_equal(back.size, SIZE);
                assert_memory_equal(back.at, bytes + 1, SIZE);
            }
        }
    }
}

static struct hash128 print_of(const char *text)
{
    struct json json;
    assert_true(parse(text_of(text), &json));
    return json_fingerprint(&json, &arena, 0);
}

static void fingerprints_see_values_not_spelling(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        { "{\"a\":1,\"b\":\"x\"}", " { \"b\" : \"\\u0078\", \"a\" : 1.0e0 } " },
        { "[100, 0.5, -0]", "[1e2,5E-1,0.00]" },
        { "1e400", "10e399" },
    };
    static const char *const other[][2] = {
        { "[1,2]", "[2,1]" }, { "1", "\"1\"" }, { "{}", "[]" }, { "null", "false" },
        { "{\"a\":null}", "{}" }, { "-1", "1" }, { "[[1],2]", "[[1,2]]" }, { "12", "1.2" },
        { "{\"a\":{\"b\":1}}", "{\"b\":{\"a\":1}}" },
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
        assert_true(hash128_equal(print_of(same[i][0]), print_of(same[i][1])));
    }
    for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
        assert_false(hash128_equal(print_of(other[i][0]), print_of(other[i][1])));
    }
}

/* --- a table with every kind --- */

struct line {
    struct text sku;
    int64_t quantity;
    struct decimal amount;
    uint64_t faults;
};

static const struct field line_fields[] = {
    { "sku", FIELD_TEXT, offsetof(struct line, sku), .required = true, .max = 64 },
    { "quantity", FIELD_INT, offsetof(struct line, quantity), .max = 1000000, .standard = "1" },
    { "amount", FIELD_MONEY, offsetof(struct line, amount), .code = "INVALID_AMOUNT" },
};
static const struct shape line_shape = { "line", line_fields, 3, sizeof(struct line),
                                         offsetof(struct line, faults) };

static const char *const colours[] = { "RED", "BLUE", NULL };

struct thing {
    struct text id, oid, text, currency, unit, email, dec, duration, hex;
    int64_t number, time, time_or_ms, rate;
    struct decimal money, money_signed;
    int32_t flag, colour;
    struct line *line;
    struct list lines, names, numbers, words, paints;
};

#define AT(member) offsetof(struct thing, member)
static const struct field thing_fields[] = {
    { "id", FIELD_ID, AT(id), .required = true },
    { "oid", FIELD_OID, AT(oid) },
    { "text", FIELD_TEXT, AT(text), .max = 5 },
    { "currency", FIELD_CURRENCY, AT(currency) },
    { "unit", FIELD_UNIT, AT(unit) },
    { "email", FIELD_EMAIL, AT(email) },
    { "dec", FIELD_DEC, AT(dec) },
    { "duration", FIELD_DURATION, AT(duration) },
    { "hex", FIELD_HEX, AT(hex), .max = 4 },
    { "number", FIELD_INT, AT(number), .min = -5, .max = 5 },
    { "time", FIELD_TIME, AT(time) },
    { "timeOrMs", FIELD_TIME_OR_MS, AT(time_or_ms) },
    { "rate", FIELD_RATE, AT(rate) },
    { "money", FIELD_MONEY, AT(money) },
    { "moneySigned", FIELD_MONEY_SIGNED, AT(money_signed) },
    { "flag", FIELD_BOOL, AT(flag), .standard = "true" },
    { "colour", FIELD_ENUM, AT(colour), .names = colours, .standard = "\"BLUE\"" },
    { "line", FIELD_OBJECT, AT(line), .shape = &line_shape },
    { "lines", FIELD_LIST, AT(lines), .max = 3, .shape = &line_shape },
    { "names", FIELD_LIST, AT(names), .max = 2, .element = FIELD_TEXT, .element_max = 4,
      .standard = "[\"a\",\"b\"]" },
    { "numbers", FIELD_LIST, AT(numbers), .max = 2, .element = FIELD_INT },
    { "words", FIELD_MAP, AT(words), .max = 2, .element_max = 6 },
    { "paints", FIELD_LIST, AT(paints), .max = 2, .element = FIELD_ENUM, .names = colours },
};
static const struct shape thing_shape = { "thing", thing_fields,
                                          sizeof(thing_fields) / sizeof(*thing_fields),
                                          sizeof(struct thing), SHAPE_NO_FAULTS };

static bool decode(const char *text, struct thing *thing, struct field_fault *fault)
{
    struct json json;
    assert_true(parse(text_of(text), &json));
    return shape_decode(&thing_shape, &json, 0, &arena, "/data", thing, fault);
}

static const char whole[] =
    "{\"id\":\"a1\",\"oid\":\"x y\",\"text\":\"t\xc3\xa4t\",\"currency\":\"EUR\",\"unit\":\"CASH/USD\","
    "\"email\":\"a@b\",\"dec\":\"1.25\",\"duration\":\"P1D\",\"hex\":\"00ff\",\"number\":-5,"
    "\"time\":\"2026-01-31T09:00:00.000Z\",\"timeOrMs\":\"1970-01-01T00:00:00.007Z\",\"rate\":\"2.5\","
    "\"money\":\"10.50\",\"moneySigned\":\"-0.05\",\"flag\":false,\"colour\":\"RED\","
    "\"line\":{\"sku\":\"s\",\"quantity\":1,\"amount\":\"1.00\"},"
    "\"lines\":[{\"sku\":\"q\\\"\",\"quantity\":0}],\"names\":[\"one\"],\"numbers\":[-7,9],"
    "\"words\":{\"q\\\"\":\"r\\\\\",\"two\":\"zwei\"},\"paints\":[\"BLUE\",\"RED\"]}";

static struct text encode(const struct thing *thing)
{
    struct json_writer writer;
    json_writer_init(&writer, &arena, 16);
    json_open_object(&writer, NULL);
    shape_encode(&thing_shape, thing, &writer);
    json_close_object(&writer);
    return json_writer_text(&writer);
}

static void a_table_decodes_encodes_packs_and_unpacks(void **state)
{
    (void)state;
    struct thing thing, again;
    struct field_fault fault;
    assert_true(decode(whole, &thing, &fault));
    struct text json = encode(&thing);
    assert_true(text_is(json, whole));
    struct text packed = shape_pack(&thing_shape, &thing, &arena);
    assert_true(shape_unpack(&thing_shape, packed, &arena, &again));
    assert_true(shape_equal(&thing_shape, &thing, &again));
    assert_true(text_is(encode(&again), whole));
    assert_true(packed.size < json.size / 2);
    for (uint32_t cut = 0; cut < packed.size; cut++) { /* no prefix is a state */
        assert_false(shape_unpack(&thing_shape, (struct text){ packed.at, cut }, &arena, &again));
    }
    unsigned seed = 3;
    for (int round = 0; round < 100000; round++) { /* nor does any byte crash it */
        struct text bad = arena_copy(&arena, packed);
        ((char *)bad.at)[(uint32_t)rand_r(&seed) % bad.size] = (char)rand_r(&seed);
        struct arena_mark mark = arena_mark(&arena);
        shape_unpack(&thing_shape, bad, &arena, &again);
        arena_rewind(&arena, mark);
        arena_reset(&arena);
        packed = shape_pack(&thing_shape, &thing, &arena);
    }
}

static void defaults_and_nulls(void **state)
{
    (void)state;
    struct thing thing;
    struct field_fault fault;
    assert_true(decode("{\"id\":\"a\",\"text\":null,\"flag\":null,\"unknown\":[{}]}", &thing, &fault));
    assert_null(thing.text.at);
    assert_int_equal(thing.flag, 1);
    assert_int_equal(thing.colour, 2);
    assert_int_equal(thing.names.count, 2);
    assert_true(text_is(((struct text *)thing.names.items)[1], "b"));
    assert_true(thing.number == FIELD_ABSENT && thing.money.scale < 0 && !thing.line &&
                !thing.numbers.items);
    assert_true(decode("{\"id\":\"a\",\"timeOrMs\":1600000000000,\"money\":10,\"rate\":4,\"dec\":7}",
                       &thing, &fault));
    assert_int_equal(thing.time_or_ms, INT64_C(1600000000000));
    assert_int_equal(thing.money.digits, 10);
    assert_int_equal(thing.rate, 40000);
    assert_true(text_is(thing.dec, "7"));
}

static void faults_name_the_place_and_the_cure(void **state)
{
    (void)state;
    static const struct {
        const char *text, *pointer, *expected;
    } rows[] = {
        { "{}", "/data/id", "expected a string of 1..64 printable ASCII bytes without space, got nothing" },
        { "{\"id\":null}", "/data/id",
          "expected a string of 1..64 printable ASCII bytes without space, got null" },
        { "{\"id\":\"a\",\"number\":6}", "/data/number", "expected an integer -5..5, got 6" },
        { "{\"id\":\"a\",\"number\":1.0}", "/data/number", "expected an integer -5..5, got 1.0" },
        { "{\"id\":\"a\",\"colour\":\"PINK\"}", "/data/colour", "expected one of RED BLUE, got \"PINK\"" },
        { "{\"id\":\"a\",\"lines\":[{\"sku\":\"s\"},{\"sku\":\"s\",\"quantity\":-1}]}",
          "/data/lines/1/quantity", "expected an integer 0..1000000, got -1" },
        { "{\"id\":\"a\",\"names\":[\"x\",\"toolong\"]}", "/data/names/1",
          "expected a string of 1..4 bytes without control characters, got \"toolong\"" },
        { "{\"id\":\"a\",\"numbers\":[1,2,3]}", "/data/numbers",
          "expected an array of 0..2 elements, got an array of 3" },
        { "{\"id\":\"a\",\"line\":7}", "/data/line", "expected an object, got 7" },
        { "{\"id\":\"a\",\"words\":{\"a\":null}}", "/data/words",
          "expected an object of at most 2 strings, names and values of 1..6 bytes, got an object" },
        { "{\"id\":\"a\",\"words\":{\"a\":\"b\",\"b\":\"b\",\"c\":\"b\"}}", "/data/words",
          "expected an object of at most 2 strings, names and values of 1..6 bytes, got an object" },
        { "{\"id\":\"a\",\"words\":{\"\":\"b\"}}", "/data/words",
          "expected an object of at most 2 strings, names and values of 1..6 bytes, got an object" },
        { "{\"id\":\"a\",\"paints\":[\"RED\",\"GREY\"]}", "/data/paints/1",
          "expected one of RED BLUE, got \"GREY\"" },
        { "{\"number\":6,\"id\":7}", "/data/id",
          "expected a string of 1..64 printable ASCII bytes without space, got 7" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct thing thing;
        struct field_fault fault = { "", "" };
        assert_false(decode(rows[i].text, &thing, &fault));
        assert_string_equal(fault.pointer, rows[i].pointer);
        assert_string_equal(fault.expected, rows[i].expected);
    }
    static const char *const bad[] = {
        "\"text\":\"123456\"", "\"text\":\"\"", "\"text\":\"a\\u0085\"", "\"oid\":\" x\"",
        "\"oid\":\"x \"", "\"currency\":\"EURO\"", "\"currency\":\"eur\"", "\"unit\":\"a b\"",
        "\"email\":\"ab\"", "\"email\":\"a@b@c\"", "\"email\":\"@b\"", "\"dec\":1.5",
        "\"dec\":\"1.\"", "\"duration\":\"1D\"", "\"hex\":\"00FF\"", "\"hex\":\"00f\"",
        "\"time\":1600000000000", "\"time\":\"yesterday\"", "\"timeOrMs\":-1", "\"rate\":\"1000.0001\"",
        "\"rate\":\"-1\"", "\"money\":\"-1\"", "\"money\":1.5", "\"money\":-1", "\"money\":true",
        "\"moneySigned\":\"-0\"", "\"flag\":0", "\"flag\":\"true\"", "\"colour\":1", "\"names\":\"x\"",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct thing thing;
        struct field_fault fault;
        struct text text = arena_printf(&arena, "{\"id\":\"a\",%s}", bad[i]);
        if (decode(text.at, &thing, &fault)) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

static void a_field_with_a_code_is_noted_not_refused(void **state)
{
    (void)state;
    struct thing thing;
    struct field_fault fault;
    assert_true(decode("{\"id\":\"a\",\"line\":{\"sku\":\"s\",\"amount\":[]}}", &thing, &fault));
    assert_int_equal(thing.line->faults, 4);
    assert_true(thing.line->amount.scale < 0);
}

struct choice {
    struct text before;
    int32_t all;
    struct list ids;
    uint64_t faults;
};

static const char *const all_names[] = { "all", NULL };
static const struct field choice_fields[] = {
    { "before", FIELD_TEXT, offsetof(struct choice, before), .max = 9 },
    { "ids", FIELD_ENUM, offsetof(struct choice, all), .required = true, .names = all_names,
      .code = "BAD" },
    { "ids", FIELD_LIST, offsetof(struct choice, ids), .required = true, .min = 1, .max = 2,
      .element = FIELD_ID, .code = "BAD" },
};
static const struct shape choice_shape = { "choice", choice_fields, 3, sizeof(struct choice),
                                           offsetof(struct choice, faults) };

static void rows_of_one_name_are_alternatives(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t faults;
    } rows[] = {
        { "{\"ids\":\"all\"}", 4 },          { "{\"ids\":[\"a\",\"b\"],\"before\":\"x\"}", 2 },
        { "{\"before\":\"x\",\"ids\":[]}", 6 }, { "{\"ids\":\"some\"}", 6 },
        { "{\"ids\":null}", 6 },             { "{}", 6 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct json json;
        struct choice choice;
        struct field_fault fault;
        assert_true(parse(text_of(rows[i].text), &json));
        assert_true(shape_decode(&choice_shape, &json, 0, &arena, "/data", &choice, &fault));
        assert_int_equal(choice.faults, rows[i].faults);
        assert_int_equal(choice.all == 1, !(rows[i].faults & 2));
        assert_int_equal(choice.ids.items != NULL, !(rows[i].faults & 4));
    }
}

/* --- envelope --- */

static enum dead_reason read_value(struct text value, const struct header *headers, size_t count,
                                   struct event *event)
{
    struct event_fault fault;
    return event_read(&arena, value, headers, count, event, &fault) ? DEAD_NONE : fault.reason;
}

#define GOOD "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"data\":{}}"

static void envelopes(void **state)
{
    (void)state;
    struct event event;
    static const struct {
        const char *text;
        enum dead_reason reason;
    } rows[] = {
        { GOOD, DEAD_NONE },
        { "{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"data\":{}}", DEAD_MALFORMED },
        { "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"/s\",\"type\":\"t\",\"data\":{}}", DEAD_MISSING_ID },
        { "{\"specversion\":\"1.0\",\"id\":null,\"source\":\"/s\",\"type\":\"t\",\"data\":{}}", DEAD_MISSING_ID },
        { "{\"specversion\":\"1.0\",\"source\":\"/s\",\"type\":\"t\",\"data\":[]}", DEAD_MALFORMED },
        { "{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"t\",\"data\":{}}", DEAD_MISSING_ID },
        { "{\"specversion\":\"1.0\",\"id\":1,\"source\":\"/s\",\"type\":\"t\",\"data\":{}}", DEAD_MALFORMED },
        { "{\"specversion\":\"1.0\",\"id\":\"a|b\",\"source\":\"/s\",\"type\":\"t\",\"data\":{}}", DEAD_MALFORMED },
        { "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"data\":{}}", DEAD_MALFORMED },
        { "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"}", DEAD_MALFORMED },
        { "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"data\":{},\"data_base64\":\"\"}", DEAD_MALFORMED },
        { "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\",\"data\":{},\"datacontenttype\":\"text/xml\"}", DEAD_MALFORMED },
        { "[]", DEAD_MALFORMED }, { "", DEAD_MALFORMED }, { "7", DEAD_MALFORMED },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        if (read_value(text_of(rows[i].text), NULL, 0, &event) != rows[i].reason) {
            fail_msg("%s", rows[i].text);
        }
    }
    assert_int_equal(read_value((struct text){ NULL, 0 }, NULL, 0, &event), DEAD_MALFORMED);
    static char large[EVENT_BYTES_MAX + 1];
    assert_int_equal(read_value((struct text){ large, sizeof(large) }, NULL, 0, &event), DEAD_TOO_LARGE);
}

static void binary_mode_and_prefixes(void **state)
{
    (void)state;
    struct event event;
    struct header headers[] = { { TEXT("ce_specversion"), TEXT("1.0") }, { TEXT("ce_id"), TEXT("7") },
                                { TEXT("ce_source"), TEXT("/s") }, { TEXT("ce_type"), TEXT("t") },
                                { TEXT("ce_traceparent"),
                                  TEXT("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") } };
    assert_int_equal(read_value(TEXT("{\"a\":1}"), headers, 5, &event), DEAD_NONE);
    assert_true(text_is(event.id, "7") && event.binary && event.data == 0 && event.traceparent.at);
    headers[4].value = TEXT("00-bad");
    assert_int_equal(read_value(TEXT("{\"a\":1}"), headers, 5, &event), DEAD_NONE);
    assert_null(event.traceparent.at);
    assert_int_equal(read_value(TEXT("[1]"), headers, 5, &event), DEAD_MALFORMED);
    assert_int_equal(read_value(TEXT("{}"), headers + 1, 4, &event), DEAD_MALFORMED);
    struct header structured[] = { { TEXT("content-type"), TEXT("application/cloudevents+json") },
                                   { TEXT("ce_id"), TEXT("other") } };
    assert_int_equal(read_value(text_of(GOOD), structured, 2, &event), DEAD_NONE);
    assert_true(text_is(event.id, "1"));
    char prefixed[5 + sizeof(GOOD)] = { 0, 0, 0, 0, 9 };
    memcpy(prefixed + 5, GOOD, sizeof(GOOD));
    assert_int_equal(read_value((struct text){ prefixed, 4 + sizeof(GOOD) }, NULL, 0, &event), DEAD_NONE);
    assert_int_equal(read_value((struct text){ "\0\0\0\0\1\2\3", 7 }, NULL, 0, &event), DEAD_MALFORMED);
    assert_true(text_is(event_short_type(TEXT("makegood.action.modify.v1")), "action.modify"));
    assert_null(event_short_type(TEXT("makegood..v2")).at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_takes_and_refuses),
        cmocka_unit_test(json_agrees_with_jansson),
        cmocka_unit_test(every_byte_is_seen_at_every_place),
        cmocka_unit_test(fingerprints_see_values_not_spelling),
        cmocka_unit_test(a_table_decodes_encodes_packs_and_unpacks),
        cmocka_unit_test(defaults_and_nulls),
        cmocka_unit_test(faults_name_the_place_and_the_cure),
        cmocka_unit_test(a_field_with_a_code_is_noted_not_refused),
        cmocka_unit_test(rows_of_one_name_are_alternatives),
        cmocka_unit_test(envelopes),
        cmocka_unit_test(binary_mode_and_prefixes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
