#!/usr/bin/python3
"""Many rewards become available in the same second. Each is announced exactly once, per account in the
order of ids, while other messages go on being decided: few announcements overtake an input. And what
falls due while no worker runs is announced when one is back, before what was sent after it.

    test_reward_timers.py --rewards 100000 --lead 300 --down 20000 --partitions 6 --makegood BINARY
"""

import bisect
import collections
import datetime
import time

from harness import World, arguments, main
from rewards import WORKERS, balances, create, of_type, on_account, redeem
from view_check import assert_view_equals_log

PER_ACCOUNT = 20
ASKED_AT_ONCE = 8        # other messages, again and again while timers fire
APART_MS = 400           # between two due times of an account whose rewards fall due while no worker runs
VALUE = 100

# A turn fires at most 1,000 timers of a partition (engine.h: turn_timers_max). One may be under way when
# an input comes, one goes before it in its own turn; the third is for the way from the broker.
OVERTAKEN_MAX = 3000


def instant(millis):
    moment = datetime.datetime.fromtimestamp(millis // 1000, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{millis % 1000:03}Z"


def give(world, count, prefix, due_of):
    for number in range(count):
        key, value = create(f"{prefix}{number // PER_ACCOUNT}", f"r{number:06}", VALUE,
                            dateScheduledFor=due_of(number))
        world.send("reward", value, key)
    world.sent()


def availables(ledger, prefix):
    return [entry for entry in of_type(ledger, "reward.available")
            if entry.data["accountId"].startswith(prefix)]


class Announced:
    """Counts what is announced without going over all outcomes again and again."""

    def __init__(self, ledger, prefix):
        self.ledger, self.prefix, self.read, self.count = ledger, prefix, len(ledger.outcomes), 0

    def update(self):
        self.ledger.update()
        for entry in self.ledger.outcomes[self.read:]:
            self.count += entry.type == "reward.available" and entry.data["accountId"].startswith(self.prefix)
        self.read = len(self.ledger.outcomes)
        return self.count


def keep_asking(world, ledger, prefix, count, seconds):
    """Other messages while timers fire, to accounts of their own and to some whose rewards are due. It does
    not wait for their answers: they come at a pace of their own. -> ids of the messages"""
    deadline, asked, announced = time.monotonic() + seconds, [], Announced(ledger, prefix)
    while announced.update() < count:
        assert time.monotonic() < deadline, f"{announced.count} of {count} announced"
        for number in range(ASKED_AT_ONCE):
            name = f"ask-{prefix}-{len(asked)}"
            account = f"{prefix}{len(asked)}" if number == 0 else f"other-{len(asked) % 61}"
            key, value = on_account("user.put", account, name, userId="U2")
            world.send("reward", value, key)
            asked.append(name)
        world.sent()
    ledger.settle(seconds)
    return asked


def overtaken(ledger, prefix, asked):
    """By how many announcements each input was overtaken: those of its partition that were written after
    the input had come and stand before its verdict. By the places and times of the logs alone.
    -> sorted counts; how many verdicts stand between announcements"""
    written, answers = collections.defaultdict(list), []
    for entry in ledger.outcomes:
        if entry.type == "reward.available" and entry.data["accountId"].startswith(prefix):
            written[entry.record.partition].append((entry.record.offset, entry.record.timestamp))
        elif entry.verdict and entry.command and entry.command["id"] in asked:
            answers.append(entry)
    counts, between = [], 0
    offsets = {partition: [offset for offset, _ in places] for partition, places in written.items()}
    times = {partition: [at for _, at in places] for partition, places in written.items()}
    for entry in answers:
        partition, came = entry.record.partition, ledger.inputs[entry.place].timestamp
        before = bisect.bisect(offsets.get(partition, []), entry.record.offset)
        between += 0 < before < len(offsets.get(partition, []))
        counts.append(max(0, before - bisect.bisect_left(times.get(partition, []), came)))
    return sorted(counts), between


def check(ledger, prefix, count, due_of):
    seen, last = set(), {}
    for entry in availables(ledger, prefix):
        data, account = entry.data, entry.data["accountId"]
        assert data["rewardId"] not in seen, f"announced twice: {data}"
        assert data["effectiveTime"] == instant(due_of(int(data["rewardId"][1:]))), data
        seen.add(data["rewardId"])
        before = last.get(account)
        assert before is None or (before["rewardId"] < data["rewardId"] and
                                  before["version"] < data["version"]), (before, data)
        last[account] = data
    assert len(seen) == count, f"{len(seen)} of {count} announced"


def check_totals(ledger, prefix, value):
    totals = [data for (account, _), data in balances(ledger).items() if account.startswith(prefix)]
    assert all(data["totalPendingCredit"] == 0 for data in totals)
    assert sum(data["availableValue"] for data in totals) == value


def give_in_time(world, ledger, options):
    """Rewards that are all there before they fall due; on a slow machine with more time. -> prefix, due"""
    for attempt in range(4):
        prefix, due = f"a{attempt}-", int(time.time() + options.lead * 2 ** attempt) * 1000
        give(world, options.rewards, prefix, lambda number, due=due: due)
        ledger.settle(1200)
        left = due / 1000 - time.time()
        print(f"{options.rewards} rewards are there {left:.0f} s before they fall due", flush=True)
        if left > 0:
            return prefix, due
    raise AssertionError("too slow: they fell due before all were there")


def at_once(world, ledger, options):
    prefix, due = give_in_time(world, ledger, options)
    time.sleep(max(0, due / 1000 - time.time()))
    began = time.monotonic()
    asked = set(keep_asking(world, ledger, prefix, options.rewards, 1200))
    seconds = time.monotonic() - began
    check(ledger, prefix, options.rewards, lambda number: due)
    check_totals(ledger, prefix, options.rewards * VALUE)
    counts, between = overtaken(ledger, prefix, asked)
    print(f"{options.rewards} announced in {seconds:.1f} s; {len(counts)} other messages came meanwhile, "
          f"{between} verdicts stand between announcements; overtaken by {counts[len(counts) // 2]} "
          f"announcements (median), {counts[-1]} at most", flush=True)
    assert len(counts) == len(asked)
    assert between >= ASKED_AT_ONCE, "no input was answered while timers fired"
    assert counts[-1] <= OVERTAKEN_MAX, "timers starve the input"


def ask_while_down(world, prefix, seconds):
    """Redemptions of what one account may have by then. -> their ids, in order"""
    end, asked = time.time() + seconds, []
    while time.time() < end:
        name = f"down-{len(asked)}"
        key, value = redeem(f"{prefix}0", "1.00", name)
        world.send("reward", value, key)
        world.sent()
        asked.append(name)
        time.sleep(APART_MS / 1000 * 0.7)
    return asked


def check_asked_while_down(ledger, asked, due_of):
    """Each was answered by what had fallen due when it came, though no worker ran then. -> applied"""
    answers, spent = ledger.final_by_command(), 0
    times = {entry.command["id"]: ledger.inputs[entry.place].timestamp for entry in ledger.finals()}
    for name in asked:
        due = sum(due_of(number) <= times[name] for number in range(PER_ACCOUNT))
        expected = ("applied", "reward.redeemed") if due > spent else ("rejected", "INSUFFICIENT_BALANCE")
        spent += due > spent
        assert answers[name] == expected, (name, answers[name], due, spent)
    return spent


def while_down(world, ledger, worker, count):
    """Due times all over the time in which no worker runs; some are still to come when one is back."""
    first = int(time.time() + max(12, count / 400)) * 1000

    def due_of(number):
        return first + number % PER_ACCOUNT * APART_MS

    give(world, count, "b", due_of)
    ledger.settle(600)
    assert time.time() * 1000 < first, "too slow: some fell due before all were there"
    worker.stop()
    asked = ask_while_down(world, "b", first / 1000 - time.time() + PER_ACCOUNT * APART_MS / 1000 + 2)
    ledger.catch_up()
    assert not availables(ledger, "b")
    worker.start().ready()
    keep_asking(world, ledger, "b", count, 600)
    check(ledger, "b", count, due_of)
    spent = check_asked_while_down(ledger, asked, due_of)
    check_totals(ledger, "b", (count - spent) * VALUE)
    print(f"{count} fell due while no worker ran, all announced; of {len(asked)} redemptions sent "
          f"meanwhile {spent} had something to redeem", flush=True)


def test():
    options = arguments(__doc__, rewards=(6000, "so many become available at once"),
                        lead=(20, "seconds in which they are all created"),
                        down=(400, "so many fall due while no worker runs"),
                        partitions=(1, "of the topics"))
    with World(options, partitions=options.partitions) as world:
        worker = world.start_workers(1, workers=WORKERS)[0]
        ledger = world.ledger("reward")
        at_once(world, ledger, options)
        while_down(world, ledger, worker, options.down)
        assert_view_equals_log(world, ("reward",))
        ledger.close()


if __name__ == "__main__":
    main(test)
