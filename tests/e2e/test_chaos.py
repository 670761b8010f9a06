#!/usr/bin/python3
"""Workers die at random (kill -9) while they work; Redis is flushed, then comes back with an older
file. In the end every input has exactly one answer, the payouts are those of an independent
computation, the view equals the state log, and the auditor's nine equations hold."""

import collections
import random
import threading
import time

from harness import World, arguments, main
from support.audit import ALL, audited
from view_check import assert_view_equals_log
from workload import Workload

FAMILIES = ("contract", "action")
LIVE_SECONDS = 300  # an input of the last second before everything rests again
WORKERS_COUNT = 3
KILL_EVERY = 2.0  # seconds


class Chaos:
    """What goes wrong, at which second of the run."""

    def __init__(self, world, workers, seconds, seed):
        self.world, self.workers, self.seconds = world, workers, seconds
        self.random = random.Random(seed)
        self.kills = 0
        self.plan = [(seconds * 0.3, self.save), (seconds * 0.4, self.flush),
                     (seconds * 0.7, self.older)]

    def save(self):
        self.world.redis.save_copy("older.rdb")

    def flush(self):
        self.world.redis.flushall()
        print("Redis flushed", flush=True)

    def older(self):
        self.world.redis.restart_from("older.rdb")
        print("Redis restarted with an older file", flush=True)

    def kill_one(self):
        worker = self.random.choice(self.workers)
        worker.kill()
        worker.start()
        self.kills += 1

    def run(self):
        began = time.monotonic()
        while time.monotonic() - began < self.seconds:
            time.sleep(KILL_EVERY)
            self.kill_one()
            while self.plan and time.monotonic() - began >= self.plan[0][0]:
                self.plan.pop(0)[1]()
        for _at, act in self.plan:
            act()


def check_items(world, ledger, workload):
    """Each record sent: a dead letter of the right reason, a repeat, or a verdict."""
    seen = collections.Counter()
    for number, item in enumerate(workload.items, start=world.first_item):
        entry = ledger.answers[("action", *world.producer.delivered[number])]
        seen[entry.verdict] += 1
        if item.expected == "repeat":
            assert entry.verdict in ("duplicate", "forwarded"), (item, entry)
        elif isinstance(item.expected, str):
            assert (entry.verdict, entry.type) == ("dead", item.expected), (item, entry)
            assert (entry.record.value or b"") == item.value, (item, entry)
        else:
            assert entry.verdict != "dead", (item, entry)
    return dict(seen)


def check_answers(ledger, workload):
    finals = ledger.final_by_command()
    wrong = [(name, answer, finals.get(name)) for name, answer in workload.commands.items()
             if finals.get(name) != answer]
    assert not wrong, f"{len(wrong)} of {len(workload.commands)} final verdicts differ: {wrong[:5]}"


def check_payouts(ledger, workload):
    records = ledger.action_records()
    wrong = []
    for action_id, expected in workload.actions.items():
        record = records.get(action_id, {})
        found = {name: record.get(name) for name in expected}
        if found != expected:
            wrong.append((action_id, expected, found))
    assert not wrong, f"{len(wrong)} of {len(workload.actions)} payouts differ: {wrong[:5]}"


def check_audit(world):
    """Everything decided again, by another program, from what topics and Redis hold now."""
    began = time.monotonic()
    equations, said = audited(world, FAMILIES, LIVE_SECONDS)
    assert len(equations) == ALL and all(equations.values()), said[-6000:]
    print(f"audited in {time.monotonic() - began:.1f} s: {' '.join(sorted(equations))} hold", flush=True)


def test():
    options = arguments(__doc__, full=(False, "100,000 records and 60 s of kills"),
                        records=(20000, "so many records"), seconds=(20.0, "so long the kills"),
                        seed=(1, "of the workload and the kills"))
    records = 100000 if options.full else options.records
    seconds = 60.0 if options.full else options.seconds
    workload = Workload(records, options.seed)
    with World(options) as world:
        workers = world.start_workers(WORKERS_COUNT)
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        world.first_item = world.producer.sent
        sender = threading.Thread(target=world.send_items, daemon=True,
                                  args=(workload.items, len(workload.items) / seconds))
        sender.start()
        chaos = Chaos(world, workers, seconds, options.seed)
        chaos.run()
        sender.join(120)
        assert not sender.is_alive(), "sending did not end"
        began = time.monotonic()
        ledger.settle(180)
        print(f"{len(workload.items)} records sent, {len(ledger.inputs)} inputs with those of the "
              f"workers, {chaos.kills} kills, settled {time.monotonic() - began:.1f} s after",
              flush=True)
        print("answers to what was sent:", check_items(world, ledger, workload))
        check_answers(ledger, workload)
        check_payouts(ledger, workload)
        assert_view_equals_log(world, FAMILIES)
        for worker in workers:
            worker.stop()
        before = len(ledger.outcomes), len(ledger.dead)
        ledger.settle()
        assert before == (len(ledger.outcomes), len(ledger.dead)), "stopping made outcomes"
        ledger.close()
        check_audit(world)


if __name__ == "__main__":
    main(test)
