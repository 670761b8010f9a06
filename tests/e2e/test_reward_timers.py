#!/usr/bin/python3
"""Many rewards become available in the same second. Each is announced exactly once, per account in the
order of ids, while other messages go on being decided; and what falls due while no worker runs is
announced when one is back."""

import datetime
import time

from harness import World, arguments, main
from rewards import WORKERS, balances, create, of_type, on_account
from view_check import assert_view_equals_log

PER_ACCOUNT = 20
DOWN = 300  # rewards that fall due while no worker runs


def instant(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def give(world, count, prefix, due):
    for number in range(count):
        key, value = create(f"{prefix}{number // PER_ACCOUNT}", f"r{number:06}", 100,
                            dateScheduledFor=instant(due))
        world.send("reward", value, key)
    world.sent()


def availables(ledger, prefix):
    return [entry for entry in of_type(ledger, "reward.available")
            if entry.data["accountId"].startswith(prefix)]


def wait_answered(ledger, deadline):
    """Until every input that has been read is answered; others' outcomes may go on coming."""
    known = len(ledger.inputs)
    while len(ledger.inputs) == known or ledger.open():
        assert time.monotonic() < deadline, "an input without a verdict"
        ledger.update()


def keep_asking(world, ledger, prefix, count, seconds):
    """Other messages while timers fire. -> the longest wait for a verdict"""
    deadline, asked, slowest = time.monotonic() + seconds, 0, 0.0
    while len(availables(ledger, prefix)) < count:
        assert time.monotonic() < deadline, f"{len(availables(ledger, prefix))} of {count} announced"
        began = time.monotonic()
        key, value = on_account("user.put", f"other-{asked % 7}", f"ask-{prefix}-{asked}", userId="U1")
        world.send("reward", value, key)
        world.sent()
        asked += 1
        wait_answered(ledger, deadline)
        slowest = max(slowest, time.monotonic() - began)
    return asked, slowest


def check(ledger, prefix, count, due):
    seen, last = set(), {}
    for entry in availables(ledger, prefix):
        data, account = entry.data, entry.data["accountId"]
        assert data["rewardId"] not in seen, f"announced twice: {data}"
        assert data["effectiveTime"] == instant(due).replace("Z", ".000Z"), data
        seen.add(data["rewardId"])
        before = last.get(account)
        assert before is None or (before["rewardId"] < data["rewardId"] and
                                  before["version"] < data["version"]), (before, data)
        last[account] = data
    assert len(seen) == count
    totals = [data for (account, _), data in balances(ledger).items() if account.startswith(prefix)]
    assert all(data["totalPendingCredit"] == 0 for data in totals)
    assert sum(data["availableValue"] for data in totals) == count * 100


def give_in_time(world, ledger, options):
    """Rewards that are all there before they fall due; on a slow machine with more time. -> prefix, due"""
    for attempt in range(4):
        prefix, due = f"a{attempt}-", int(time.time() + options.lead * 2 ** attempt)
        give(world, options.rewards, prefix, due)
        ledger.settle(600)
        if time.time() < due:
            return prefix, due
    raise AssertionError("too slow: they fell due before all were there")


def test():
    options = arguments(__doc__, rewards=(5000, "so many become available at once"),
                        lead=(20, "seconds in which they are all created"))
    with World(options) as world:
        worker = world.start_workers(1, workers=WORKERS)[0]
        ledger = world.ledger("reward")
        prefix, due = give_in_time(world, ledger, options)
        time.sleep(max(0, due - time.time()))
        began = time.monotonic()
        asked, slowest = keep_asking(world, ledger, prefix, options.rewards, 400)
        print(f"{options.rewards} announced in {time.monotonic() - began:.1f} s; meanwhile {asked} other "
              f"messages, slowest verdict {slowest:.2f} s", flush=True)
        check(ledger, prefix, options.rewards, due)

        due = int(time.time() + 5)
        give(world, DOWN, "b", due)
        ledger.settle(60)
        worker.stop()
        time.sleep(max(0, due + 2 - time.time()))
        assert not availables(ledger, "b")
        worker.start().ready()
        keep_asking(world, ledger, "b", DOWN, 60)
        check(ledger, "b", DOWN, due)
        assert_view_equals_log(world, ("reward",))
        ledger.close()


if __name__ == "__main__":
    main(test)
