#!/usr/bin/python3
"""Offsets of the group reset to earliest while the workers are stopped: nothing is decided twice.
And after a downtime over a lock date, a change that was appended before it still counts; then the
lock is announced, as the clock of the log says."""

import datetime
import time

from harness import REFERENCE_AGE, World, arguments, main, modify, track
from view_check import assert_view_equals_log
from workload import Workload, contract, event

LOCK_AHEAD = 30  # seconds; longer than setting up takes
TRACKER = 90


def test_reset(world, ledger, workers):
    workload = Workload(2000, 3)
    world.send_items(workload.items)
    ledger.settle(60)
    for worker in workers:
        worker.stop()
    before = len(ledger.outcomes), len(ledger.dead)
    for family in ("contract", "action"):
        print(world.kafka.reset_offsets(world.group, world.topic(family)).strip(), flush=True)
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.ready()
    key, value = modify("none", "after-reset")
    world.send("action", value, key)
    world.sent()
    ledger.settle(30, waiting=1)
    time.sleep(2)
    ledger.settle(30, waiting=1)
    after = len(ledger.outcomes), len(ledger.dead)
    assert after == (before[0] + 1, before[1]), f"{before} became {after}: something was doubled"
    assert_view_equals_log(world, ("contract", "action"))


def next_lock():
    """(lock date, zone): a whole minute that is far enough, and the zone whose midnight it is."""
    ahead = datetime.timedelta(seconds=LOCK_AHEAD + 60)
    lock = (datetime.datetime.now(datetime.timezone.utc) + ahead).replace(second=0, microsecond=0)
    east = (24 * 60 - lock.hour * 60 - lock.minute) % (24 * 60)
    if east > 14 * 60:
        east -= 24 * 60
    return lock, f"{'+' if east >= 0 else '-'}{abs(east) // 60:02d}:{abs(east) % 60:02d}"


def text_of(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def set_up_lock(world, ledger, zone):
    payout = {"actionTrackerId": TRACKER, "defaultPayoutRate": "10",
              "locking": {"period": "DAY", "dayOffset": 0}}
    data = contract("C90", "P1", 7, "USD", payout, timeZone=zone)
    kind = {"actionTrackerId": TRACKER, "campaignId": 7}
    world.send("contract", event("event_type.put", "lock-e", kind), b"event_type:90")
    world.send("contract", event("contract.put", "lock-c", data), b"contract:C90")
    world.sent()
    ledger.settle(30, waiting=1)
    time.sleep(REFERENCE_AGE)
    for name in ("early", "late", "idle"):
        key, value = track(name, TRACKER)
        world.send("action", value, key)
    world.sent()
    ledger.settle(30, waiting=1)


def records_of(ledger, action_id):
    """The action records of one action, in the order of their updates."""
    found = [entry for entry in ledger.outcomes
             if entry.data.get("actionId") == action_id and "updateId" in entry.data]
    return sorted(found, key=lambda entry: entry.data["updateId"])


def test_lock(world, ledger, workers):
    lock, zone = next_lock()
    set_up_lock(world, ledger, zone)
    seen = records_of(ledger, "Aearly")[0].data
    assert seen["lockingDate"] == text_of(lock), (seen, text_of(lock), zone)
    for worker in workers:
        worker.stop()
    for name in ("early", "late"):
        key, value = modify(name, f"in-time-{name}", "50.00")
        world.send("action", value, key)
    world.sent()
    left = (lock - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    assert left > 0, "setting up took longer than the lock date was ahead"
    print(f"waiting {left:.0f} s for the lock date, workers down", flush=True)
    time.sleep(left + 2)
    key, value = modify("late", "too-late", "40.00")
    world.send("action", value, key)
    world.sent()
    for worker in workers:
        worker.start()
    ledger.settle(30, waiting=1)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and any(
            records_of(ledger, f"A{name}")[-1].type != "action.locked"
            for name in ("early", "late", "idle")):
        ledger.update()
    answers = ledger.final_by_command()
    assert answers["in-time-early"] == ("applied", "action.modified"), answers["in-time-early"]
    assert answers["in-time-late"] == ("applied", "action.modified"), answers["in-time-late"]
    assert answers["too-late"] == ("rejected", "ACTION_LOCKED"), answers["too-late"]
    for name, payout, steps in (("early", "5.00", 3), ("late", "5.00", 3), ("idle", "10.00", 2)):
        records = records_of(ledger, f"A{name}")
        assert [entry.data["updateId"] for entry in records] == list(range(1, steps + 1)), records
        last = records[-1]
        assert last.type == "action.locked", f"{name}: {last}"
        assert last.data["effectiveTime"] == text_of(lock), f"{name}: {last}"
        assert (last.data["state"], last.data["payout"]) == ("APPROVED", payout), f"{name}: {last}"


def test():
    options = arguments(__doc__)
    with World(options) as world:
        workers = world.start_workers(2)
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        test_reset(world, ledger, workers)
        test_lock(world, ledger, workers)
        for worker in workers:
            worker.stop()
        ledger.close()


if __name__ == "__main__":
    main(test)
