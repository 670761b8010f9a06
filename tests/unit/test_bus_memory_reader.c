/* What a bus in memory reads, and in which order. */
#include "support/bus_world.h"

/* --- reading --- */

static void records_come_in_the_order_of_appends(void **state)
{
    struct world *world = *state;
    struct bus_place p0 = { world->in, 0 }, p1 = { world->in, 1 }, log = { world->state, 0 };
    struct bus_position inputs[] = { { p0, 0 }, { p1, 0 } };
    append(world, p1, "1");
    begin(world->b);
    assert_int_equal(put(world->b, log, "2"), BUS_OK);
    append(world, p0, "3");
    append(world, p1, "4");
    world->a->ops->fetch(world->a, inputs, 2);
    follow(world->a, log, 0);
    expect_end(world->a, log, 0);
    expect_record(world->a, p1, 0, "1");
    commit(world->b);
    expect_record(world->a, log, 0, "2"); /* appended before 3, visible after it */
    expect_end(world->a, log, 2);
    expect_record(world->a, p0, 0, "3");
    expect_end(world->a, p0, 1);
    expect_record(world->a, p1, 1, "4");
    expect_end(world->a, p1, 2);
    expect_nothing(world->a);
    append(world, p0, "5");
    expect_record(world->a, p0, 1, "5");
    expect_end(world->a, p0, 2);
    expect_nothing(world->a);
}

static void fetch_rewinds(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    append(world, place, "1");
    append(world, place, "2");
    fetch(world->a, place, 1);
    expect_record(world->a, place, 1, "2");
    expect_end(world->a, place, 2);
    fetch(world->a, place, 0);
    expect_record(world->a, place, 0, "1");
    fetch(world->a, place, 2);
    expect_end(world->a, place, 2);
    world->a->ops->fetch(world->a, NULL, 0);
    append(world, place, "3");
    expect_nothing(world->a);
}

static void paused_partitions_are_silent(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 }, other = { world->in, 1 };
    struct bus_position positions[] = { { place, 0 }, { other, 0 } };
    append(world, place, "1");
    append(world, other, "2");
    world->a->ops->fetch(world->a, positions, 2);
    world->a->ops->pause(world->a, place, true);
    expect_record(world->a, other, 0, "2");
    expect_end(world->a, other, 1);
    expect_nothing(world->a);
    world->a->ops->pause(world->a, place, false);
    expect_record(world->a, place, 0, "1");
    world->a->ops->pause(world->a, place, true);
    expect_nothing(world->a);
    world->a->ops->fetch(world->a, positions, 1); /* fetched anew: not paused */
    expect_record(world->a, place, 0, "1");
}

static void seen_end_is_of_followed_partitions(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->state, 0 };
    int64_t stable, asked_ms;
    append(world, place, "1");
    broker_set_mono(world->broker, 77);
    assert_false(world->a->ops->seen_end(world->a, place, &stable, &asked_ms));
    follow(world->a, place, 0);
    begin(world->b);
    assert_int_equal(put(world->b, place, "open"), BUS_OK);
    assert_true(world->a->ops->seen_end(world->a, place, &stable, &asked_ms));
    assert_int_equal(stable, 1);
    assert_int_equal(asked_ms, 77);
}

static void retention_cuts_the_beginning(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    int64_t first, stable, high;
    append(world, place, "1");
    append(world, place, "2");
    broker_cut(world->broker, world->in, 0, 1);
    assert_int_equal(world->a->ops->ends(world->a, place, &first, &stable, &high), BUS_OK);
    assert_int_equal(first, 1);
    fetch(world->a, place, 0);
    assert_int_equal(polled(world->a).result, BUS_CONFIG);
    fetch(world->a, place, 3);
    assert_int_equal(polled(world->a).result, BUS_CONFIG);
    fetch(world->a, place, 1);
    expect_record(world->a, place, 1, "2");
}

static void timestamps_of_producers_are_told(void **state)
{
    struct world *world = *state;
    struct bus_place place = { world->in, 0 };
    append(world, place, "1");
    broker_set_append_time(world->broker, false);
    fetch(world->a, place, 0);
    assert_false(polled(world->a).record.append_time);
}

/* --- many --- */

static void two_hundred_thousand_records(void **state)
{
    struct world *world = *state;
    struct bus_position positions[2 * PARTITIONS];
    struct bus_event event;
    size_t records = 0, ends = 0;
    for (int i = 0; i < 200000; i++) {
        if (i % 1000 == 0) {
            begin(world->a);
        }
        assert_int_equal(
            put(world->a,
                (struct bus_place){ i % 2 ? world->in : world->state, i / 2 % PARTITIONS },
                "some value"),
            BUS_OK);
        if (i % 1000 == 999 && i % 3000 != 999) {
            commit(world->a);
        } else if (i % 1000 == 999) {
            assert_int_equal(world->a->ops->abort(world->a), BUS_OK);
        }
    }
    for (int32_t p = 0; p < PARTITIONS; p++) {
        positions[p] = (struct bus_position){ { world->in, p }, 0 };
        positions[PARTITIONS + p] = (struct bus_position){ { world->state, p }, 0 };
    }
    world->b->ops->fetch(world->b, positions, PARTITIONS);
    world->b->ops->follow(world->b, positions + PARTITIONS, PARTITIONS);
    for (event = polled(world->b); event.kind != BUS_NOTHING; event = polled(world->b)) {
        records += event.kind == BUS_RECORD;
        ends += event.kind == BUS_END;
    }
    assert_int_equal(records, 133000); /* 67 of 200 transactions were aborted */
    assert_int_equal(ends, 2 * PARTITIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(records_come_in_the_order_of_appends), CASE(fetch_rewinds),
        CASE(paused_partitions_are_silent),         CASE(seen_end_is_of_followed_partitions),
        CASE(retention_cuts_the_beginning),         CASE(timestamps_of_producers_are_told),
        CASE(two_hundred_thousand_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
