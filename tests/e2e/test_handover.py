#!/usr/bin/python3
"""How long inputs wait when a worker goes: restarted in place, stopped as planned, killed, killed
inside a transaction. Measured as the greatest age of an outcome: its timestamp in Kafka less that
of its input. The limits are promises for a machine that has nothing else to do: with --strict they are
held to the second, else only much more is taken for a hang."""

import itertools
import threading
import time

from harness import SESSION_TIMEOUT, World, arguments, main, modify, track
from support.kafka_io import end_offsets

ACTIONS = 60
SLACK = 20  # seconds; a machine may be busy


class Traffic:
    """Updates of all actions in turn, from a thread, at a pace that can be changed."""

    def __init__(self, world, per_second):
        self.world, self.per_second = world, per_second
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        for number in itertools.count():
            if self.ended.wait(1 / self.per_second):
                return
            key, value = modify(number % ACTIONS, f"m-{number}", f"{number % 90 + 1}.00")
            self.world.send("action", value, key)
            if number % 10 == 0:
                self.world.producer.flush()

    def stop(self):
        self.ended.set()
        self.thread.join(30)
        self.world.sent()


def oldest(ledger, since_ms, gone_ms):
    """Greatest age in seconds of the answers to inputs that came at or after a time; counted from when the
    worker was gone, where an input came while it was frozen before."""
    ages = [entry.record.timestamp - max(ledger.inputs[place].timestamp, gone_ms)
            for place, entry in ledger.answers.items()
            if place[0] == "action" and ledger.inputs[place].timestamp >= since_ms]
    assert len(ages) > 20, f"only {len(ages)} answers to measure"
    return max(ages) / 1000


def measure(world, ledger, name, limit, act, seconds, per_second=100):
    """Runs act() under traffic and looks how old outcomes became."""
    traffic = Traffic(world, per_second)
    time.sleep(1.5)
    since_ms = time.time() * 1000
    gone_ms = act() or 0
    time.sleep(seconds)
    traffic.stop()
    ledger.settle(60)
    age = oldest(ledger, since_ms, gone_ms)
    print(f"{name}: oldest outcome {age:.2f} s (limit {limit} s)", flush=True)
    allowed = limit + (0 if world.strict else SLACK)
    assert age <= allowed, f"{name}: an input waited {age:.2f} s, limit {limit} s"


def kill_and_restart(worker):
    worker.kill()
    worker.start()


def open_transactions(world):
    """partition -> last stable offset, where a transaction is open on the state log"""
    topic = world.topic("action-state")
    stable = end_offsets(world.kafka.bootstrap, topic)
    high = end_offsets(world.kafka.bootstrap, topic, committed=False)
    return {(at, low) for at, (low, top) in enumerate(zip(stable, high)) if low < top}


def kill_inside_transaction(world, worker):
    """Freezes it again and again until a transaction is seen to hang, then kills it; returns when."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        worker.freeze()
        first = open_transactions(world)
        time.sleep(0.3)
        if first & open_transactions(world):
            worker.kill()
            return time.time() * 1000
        worker.wake()
        time.sleep(0.05)
    raise AssertionError("no transaction was caught open in 30 s")


def test():
    options = arguments(__doc__, strict=(False, "the limits as they are promised"))
    with World(options) as world:
        world.strict = options.strict
        first, second = world.start_workers(2)
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        for number in range(ACTIONS):
            key, value = track(number)
            world.send("action", value, key)
        world.sent()
        ledger.settle()
        killed = SESSION_TIMEOUT + 2
        measure(world, ledger, "kill -9, restarted in place", 2, lambda: kill_and_restart(first), 4)
        first.ready()
        measure(world, ledger, "planned stop", 1, first.stop, 3)
        first.start().ready()
        measure(world, ledger, "killed", killed, second.kill, killed + 1)
        second.start().ready()
        measure(world, ledger, "killed inside a transaction", killed,
                lambda: kill_inside_transaction(world, second), killed + 1, 400)
        first.stop()
        ledger.close()


if __name__ == "__main__":
    main(test)
