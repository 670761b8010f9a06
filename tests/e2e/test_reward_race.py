#!/usr/bin/python3
"""8 producers redeem one account at once, over three workers of which one is killed in the middle.
Never more than was assigned is redeemed, no reward twice; what is refused is refused for want of
balance alone, and the balance follows every redemption in the order of its versions."""

import random
import threading

from harness import World, arguments, main
from rewards import WORKERS, balances, create, of_type, redeem
from view_check import assert_view_equals_log

PRODUCERS, REWARDS, VALUE = 8, 200, 100


def send_redemptions(world, number, count, values):
    with world.new_producer() as producer:
        for n in range(count):
            key, value = redeem("HOT", f"{values[n]:.2f}", f"redeem-{number}-{n}")
            producer.produce(world.topic("reward"), value, key)
            if n % 10 == 0:
                producer.flush()
        producer.flush()


def race(world, worker, count):
    chance = random.Random(11)
    threads = [threading.Thread(target=send_redemptions, args=(
        world, number, count, [chance.randint(1, 250) / 100 for _ in range(count)]))
        for number in range(PRODUCERS)]
    for thread in threads:
        thread.start()
    worker.kill()
    for thread in threads:
        thread.join()
    worker.start()


def check(ledger, count):
    taken, total, refused = {}, 0, 0
    for (kind, code) in ledger.final_by_command().values():
        refused += kind == "rejected"
        assert kind == "applied" or code == "INSUFFICIENT_BALANCE", (kind, code)
    for entry in of_type(ledger, "reward.redeemed"):
        parts = entry.data["redeemedRewards"]
        assert sum(part["value"] for part in parts) == entry.data["creditRedeemed"], entry.data
        total += entry.data["creditRedeemed"]
        for part in parts:
            taken[part["rewardId"]] = taken.get(part["rewardId"], 0) + part["value"]
    assert all(value <= VALUE for value in taken.values()), "a reward was redeemed twice"
    last = balances(ledger)[("HOT", "USD")]
    assert last["totalRedeemedCredit"] == total <= REWARDS * VALUE
    assert last["availableValue"] == REWARDS * VALUE - total
    assert refused > 0, "the balance was never exhausted: the race is too short"
    done = len(of_type(ledger, "reward.redeemed"))
    assert done + refused == PRODUCERS * count
    print(f"{done} redemptions of {total}, {refused} refused, {last['availableValue']} left", flush=True)


def test():
    options = arguments(__doc__, redemptions=(60, "of each producer"))
    with World(options) as world:
        workers = world.start_workers(3, workers=WORKERS)
        ledger = world.ledger("reward")
        for number in range(REWARDS):
            key, value = create("HOT", f"r{number}", VALUE)
            world.send("reward", value, key)
        world.sent()
        race(world, workers[0], options.redemptions)
        ledger.settle(120)
        check(ledger, options.redemptions)
        assert_view_equals_log(world, ("reward",))
        ledger.close()


if __name__ == "__main__":
    main(test)
