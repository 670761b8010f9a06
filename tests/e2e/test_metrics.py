#!/usr/bin/python3
"""What a worker says of itself: metrics that agree with what is in the topics, and health."""

import time

from harness import World, arguments, main, track

NAMES = ("events_consumed_total", "verdicts_total", "turn_duration_seconds_count",
         "event_age_seconds_count", "consumer_lag", "consumer_lag_seconds", "rebalances_total",
         "partitions_taken", "reconcile_seconds_count", "view_rebuilds_total",
         "view_behind_records", "transactions_total", "producer_retirements_total", "timers_due",
         "redis_command_duration_seconds_count", "build_info", "dead_letters_total")


def test():
    options = arguments(__doc__)
    with World(options) as world:
        worker = world.start_workers(1)[0]
        assert worker.get("/livez")[0] == 200 and worker.get("/readyz")[0] == 200
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        for number in range(200):
            key, value = track(number)
            world.send("action", value, key)
        world.send("action", b"{", b"k")
        world.sent()
        ledger.settle()
        time.sleep(1.5)  # the lag is looked at every second
        value = {name: worker.metric(f"makegood_{name}") for name in NAMES}
        missing = [name for name, found in value.items() if found is None]
        assert not missing, f"no such metrics: {missing}"
        inputs = len(ledger.inputs)
        assert value["events_consumed_total"] == inputs, (value, inputs)
        verdicts = sum(entry.verdict != "dead" for entry in ledger.answers.values())
        assert value["verdicts_total"] == verdicts + len(ledger.deferred), (value, verdicts)
        assert value["dead_letters_total"] == len(ledger.dead) == 1, value
        assert value["event_age_seconds_count"] == inputs, (value, inputs)
        assert value["partitions_taken"] == value["reconcile_seconds_count"] == 12, value
        assert value["rebalances_total"] == 1 and value["consumer_lag"] == 0, value
        text = worker.get("/metrics")[1]
        names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
        assert len(names) == len(set(names)), "a metric is declared twice"
        world.redis.flushall()
        time.sleep(2.5)
        assert worker.metric("makegood_view_rebuilds_total") > 0, "a rebuild is not counted"
        worker.stop()
        ledger.close()


if __name__ == "__main__":
    main(test)
