/* The reward worker on the engine: what is due lies in the middle of a batch, which `exec` never has. */
#include "support/engine_world.h"

extern const struct worker reward_worker, contract_worker;

static const struct worker *const workers[] = { &reward_worker, &contract_worker, NULL };
static const char *const run[] = { "reward", "contract", NULL };

static int32_t contract_topic;

static void reward_start(struct world *world, const char *id)
{
    process_open(world, &world->a, id);
    struct engine_setup setup = world_engine_setup(world, &world->a, run);
    setup.workers = workers;
    process_begin(world, &world->a, &setup);
}

static int reward_setup(void **state)
{
    static const char *const topics[] = { "contract", "contract-state", "contract-outcome",
                                          "contract-dlq" };
    world_setup_empty(state);
    struct world *world = *state;
    world->counter = broker_topic(world->broker, "reward", 1);
    world->counter_state = broker_topic(world->broker, "reward-state", 1);
    world->counter_outcome = broker_topic(world->broker, "reward-outcome", 1);
    world->counter_dlq = broker_topic(world->broker, "reward-dlq", 1);
    for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++) {
        int32_t topic = broker_topic(world->broker, topics[i], 1);
        contract_topic = i == 0 ? topic : contract_topic;
    }
    reward_start(world, "makegood-a");
    return 0;
}

static void give_at(struct world *world, int64_t after_ms, const char *id, const char *type,
                    const char *data)
{
    broker_set_time(world->broker, START_MS + after_ms);
    give_to(world, 0, id, type, data);
}

static void give_reward(struct world *world, const char *reward, const char *dates)
{
    char data[200];
    snprintf(data, sizeof(data), "\"accountId\":\"A\",\"userId\":\"U\",\"rewardId\":\"%s\","
             "\"unit\":\"USD\",\"value\":100,%s", reward, dates);
    give_at(world, 0, reward, "reward.create", data);
}

static void give_redeem(struct world *world, int64_t after_ms, const char *id)
{
    give_at(world, after_ms, id, "balance.redeem",
            "\"accountId\":\"A\",\"unit\":\"USD\",\"valueToRedeem\":\"1.00\"");
}

/* Created and available, not yet, then redeemed: all in one batch. */
static void test_a_waiting_period_that_ends_within_a_batch(void **state)
{
    struct world *world = *state;
    give_reward(world, "r1", "\"pendingDuration\":\"PT1S\"");
    give_redeem(world, 999, "early");
    give_redeem(world, 1000, "late");
    settle(world);
    struct found available = outcome_of(world, "reward.available", 0);
    struct found redeemed = outcome_of(world, "reward.redeemed", 0);
    expect_id(&available, "account:A/reward:r1|timer|available|1001000|0");
    expect_contains(redeemed.record.value, "\"id\":\"late\"");
    expect_contains(outcome_of(world, "command.rejected", 0).record.value, "INSUFFICIENT_BALANCE");
    assert_int_equal(outcomes_of(world, "reward.redeemed"), 1);
}

/* At its expiry instant it is gone, also in the batch that created it. */
static void test_an_expiry_within_a_batch(void **state)
{
    struct world *world = *state;
    give_reward(world, "r1", "\"dateExpires\":1001000");
    give_reward(world, "r2", "\"dateExpires\":1001000");
    give_redeem(world, 999, "early");
    give_redeem(world, 1000, "late");
    settle(world);
    assert_int_equal(outcomes_of(world, "reward.redeemed"), 1);
    assert_int_equal(outcomes_of(world, "reward.expired"), 1);
    expect_contains(outcome_of(world, "reward.expired", 0).record.value, "\"rewardId\":\"r2\"");
    expect_contains(outcome_of(world, "command.rejected", 0).record.value, "\"id\":\"late\"");
}

enum { HOUR_MS = 3600000, HOURS = 26, ACCOUNTS = 3 };

/* A reward of each account becomes available every hour. */
static void give_hourly(struct world *world)
{
    for (int number = 0; number < HOURS * ACCOUNTS; number++) {
        int hour = 1 + number / ACCOUNTS, account = number % ACCOUNTS;
        char id[32], data[200];
        snprintf(id, sizeof(id), "c-%d", number);
        snprintf(data, sizeof(data), "\"accountId\":\"A%d\",\"userId\":\"U\",\"rewardId\":\"r%02d\",\"unit\":\"USD\","
                 "\"value\":100,\"dateScheduledFor\":%d", account, hour, START_MS + hour * HOUR_MS);
        give_at(world, 0, id, "reward.create", data);
    }
}

/* Of one account: r01, r02, ... in order, each once, with the time at which it was due. */
static void expect_hours(struct world *world, int account, int hours)
{
    struct found found = { 0 };
    char entity[32], at[64];
    int hour = 0;
    snprintf(entity, sizeof(entity), "account:A%d", account);
    while (committed_next(world, world->counter_outcome, &found)) {
        struct text key = found.record.key;
        if (!text_is(key, entity) || !text_is(found_header(&found, "ce_type"), "makegood.reward.available.v1")) {
            continue;
        }
        hour++;
        snprintf(at, sizeof(at), "%s/reward:r%02d|timer|available|%d|0", entity, hour, START_MS + hour * HOUR_MS);
        expect_id(&found, at);
    }
    assert_int_equal(hour, hours);
}

static void give_redeem_of(struct world *world, int hour, const char *id, const char *value)
{
    char data[120];
    snprintf(data, sizeof(data), "\"accountId\":\"A0\",\"unit\":\"USD\",\"valueToRedeem\":\"%s\"", value);
    give_at(world, (int64_t)hour * HOUR_MS, id, "balance.redeem", data);
}

/* No worker for a day: what was due by then is announced, what came in between is decided by what was due
 * when it came, and what is due later waits. */
static void test_a_day_without_a_worker(void **state)
{
    struct world *world = *state;
    give_hourly(world);
    settle(world);
    process_stop(&world->a);
    give_redeem_of(world, 6, "six", "6.00");
    give_redeem_of(world, 6, "none-left", "0.01");
    give_redeem_of(world, 12, "six-more", "6.00");
    world_time(world, START_MS + 24 * HOUR_MS + HOUR_MS / 2);
    reward_start(world, "makegood-b");
    settle(world);
    for (int account = 0; account < ACCOUNTS; account++) {
        expect_hours(world, account, 24);
    }
    assert_int_equal(outcomes_of(world, "reward.redeemed"), 2);
    expect_contains(outcome_of(world, "command.rejected", 0).record.value, "\"id\":\"none-left\"");
    assert_int_equal(outcomes_of(world, "command.rejected"), 1);
    world_time(world, START_MS + HOURS * HOUR_MS + 1000);
    settle(world);
    for (int account = 0; account < ACCOUNTS; account++) {
        expect_hours(world, account, HOURS);
    }
}

/* A form releases 500 at once and goes on by a message to the account itself; it is taken back before that
 * message comes, so nothing more is released. */
static void test_a_form_that_is_taken_back_between_its_steps(void **state)
{
    struct world *world = *state;
    enum { REWARDS = 600, AT_ONCE = 500 };
    static const char who[] = "\"accountId\":\"A\",\"userId\":\"U\"";
    give_raw(world, contract_topic, 0,
             TEXT("{\"specversion\":\"1.0\",\"id\":\"p\",\"source\":\"/test\",\"type\":\"makegood.program.put.v1\","
                  "\"data\":{\"programId\":\"default\",\"enforceTaxCompliance\":\"ALL\",\"taxThreshold\":\"0.50\"}}"));
    settle(world);
    world_time(world, START_MS + 5000);
    steps(world, &world->a, 300);
    for (int i = 0; i < REWARDS; i++) {
        char id[16];
        snprintf(id, sizeof(id), "r%03d", i);
        give_reward(world, id, "\"name\":\"gift\"");
    }
    settle(world);
    assert_int_equal(outcomes_of(world, "reward.pending"), REWARDS);
    give_to(world, 0, "form", "tax_form.collect", who);
    give_to(world, 0, "taken-back", "tax_form.revoke", who);
    settle(world);
    assert_int_equal(outcomes_of(world, "tax_form.revoked"), 1);
    assert_int_equal(outcomes_of(world, "reward.available"), AT_ONCE);
    assert_int_equal(outcomes_of(world, "reward.pending"), REWARDS); /* nobody was asked anew */
    give_to(world, 0, "form-again", "tax_form.collect", who);
    settle(world);
    assert_int_equal(outcomes_of(world, "reward.available"), REWARDS);
}

#define REWARD_CASE(name) cmocka_unit_test_setup_teardown(name, reward_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REWARD_CASE(test_a_waiting_period_that_ends_within_a_batch),
        REWARD_CASE(test_an_expiry_within_a_batch),
        REWARD_CASE(test_a_day_without_a_worker),
        REWARD_CASE(test_a_form_that_is_taken_back_between_its_steps),
    };
    return cmocka_run_group_tests_name("reward due", tests, NULL, NULL);
}
