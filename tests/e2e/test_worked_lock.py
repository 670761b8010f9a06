#!/usr/bin/python3
"""Worked example 4, the lock boundary, through real Kafka. Kafka's clock is the real one, so the example is
seen twice: with its own dates, which are past, and with a lock that falls due while commands stream in:
each is accepted or refused by the time that Kafka gave its record, to the millisecond. A zone of whole
minutes has a midnight at the next full minute."""

import time

from harness import World, arguments, main
from ledger import header
from shop import Shop, holds, id_of, kinds, one, text_of, wait_for_references
from workload import event

LOCK_ID = "d6b47437-e5ea-5571-b02f-4ef0432d0448"  # action:A1|timer|lock|1601103600000|0
DAY_MS = 86400 * 1000
EVENT_AFTER_MIDNIGHT_MS = ((10 * 60 + 42) * 60 + 38) * 1000


def the_dates_themselves(shop):
    said = shop.track("A1", "P4", amount="100.00", eventDate="2020-09-10T10:42:38-07:00")
    kinds(said, "action.tracked", "action.locked")
    holds(said[0][1], lockingDate="2020-09-26T07:00:00.000Z", payout="4.00", state="PENDING")
    holds(said[1][1], effectiveTime="2020-09-26T07:00:00.000Z", state="APPROVED", stateDetail="PAYMENT_PENDING")
    assert id_of(shop.last("action.locked")) == LOCK_ID, shop.last("action.locked")
    said = shop.command("modify", "A1", reason="ORDER_UPDATE", amount="90.00")
    kinds(said, "command.rejected", "adjustment.required")
    assert said[0][1]["reason"]["code"] == "ACTION_LOCKED", said
    holds(said[1][1], direction="COLLECT_FROM_PARTNER", amount="0.40")
    said = shop.command("reverse", "A1", dispositionCode="CONS_FRAUD")
    kinds(said, "command.rejected", "adjustment.required")
    holds(said[1][1], direction="COLLECT_FROM_PARTNER", amount="3.60", transferType="MAKE_GOOD")


def next_midnight(least_seconds):
    """-> epoch ms of a full minute at least so far away, and the zone in which it is midnight"""
    minute = int((time.time() + least_seconds) // 60) + 1
    ahead = (720 - minute) % 1440 - 720  # minutes that the zone is ahead of UTC, at most half a day
    hours, minutes = divmod(abs(ahead), 60)
    return minute * 60000, f"{'-' if ahead < 0 else '+'}{hours:02d}:{minutes:02d}"


def stream(shop, lock_ms):
    """The same modification again and again, from before the lock until after it. -> place -> record time"""
    numbers = []
    while time.time() * 1000 < lock_ms - 700:
        time.sleep(0.01)
    while time.time() * 1000 < lock_ms + 700:
        data = {"actionId": "L1", "reason": "ORDER_UPDATE", "amount": "90.00"}
        numbers.append(shop.world.send("action", event("action.modify", f"edge-{len(numbers)}", data), b"action:L1"))
        shop.world.sent()
        time.sleep(0.001)
    shop.ledger.settle(60)
    places = [("action", *shop.world.producer.delivered[number]) for number in numbers]
    return {place: shop.ledger.inputs[place].timestamp for place in places}


def check_stream(shop, times, lock_ms):
    answers = {place: shop.ledger.answers[place] for place in times}
    for place, answer in answers.items():
        want = "action.modified" if times[place] < lock_ms else "command.rejected"
        assert answer.type == want, (lock_ms - times[place], answer)
        assert want == "action.modified" or answer.code == "ACTION_LOCKED", answer
    early = [lock_ms - at for at in times.values() if at < lock_ms]
    late = [at - lock_ms for at in times.values() if at >= lock_ms]
    assert len(early) > 20 and len(late) > 20, (len(early), len(late))
    print(f"{len(early)} in time, the last {min(early)} ms before the lock; {len(late)} late, "
          f"the first {min(late)} ms after it")
    return min(answers[place].record.offset for place in times if times[place] >= lock_ms)


def a_lock_falls_due(shop):
    lock_ms, zone = next_midnight(12)
    locking = {"period": "DAY", "dayOffset": 15}
    shop.put("CL", "PL", defaultPayoutRate="4", locking=locking, more={"timeZone": zone})
    wait_for_references()
    one(shop.track("L1", "PL", amount="100.00", eventDate=text_of(lock_ms - 16 * DAY_MS + EVENT_AFTER_MIDNIGHT_MS)),
        "action.tracked", lockingDate=text_of(lock_ms), payout="4.00")
    one(shop.command("modify", "L1", reason="ORDER_UPDATE", amount="90.00"), "action.modified",
        payout="3.60", deltaPayout="-0.40", amount="90.00")
    first_refusal = check_stream(shop, stream(shop, lock_ms), lock_ms)
    locks = [entry for entry in shop.ledger.outcomes if entry.type == "action.locked" and entry.entity == "action:L1"]
    assert len(locks) == 1, locks
    holds(locks[0].data, effectiveTime=text_of(lock_ms), state="APPROVED", payout="3.60", deltaPayout="0.00")
    assert locks[0].record.offset < first_refusal and header(locks[0].record, "makegood-verdict") is None
    said = shop.command("reverse", "L1", dispositionCode="CONS_FRAUD")
    kinds(said, "command.rejected", "adjustment.required")
    assert said[0][1]["reason"]["code"] == "ACTION_LOCKED", said
    holds(said[1][1], direction="COLLECT_FROM_PARTNER", amount="3.60")


def test():
    options = arguments(__doc__)
    with World(options) as world:
        world.start_workers(1)
        shop = Shop(world)
        shop.put("C4", "P4", defaultPayoutRate="4", locking={"period": "DAY", "dayOffset": 15},
                 more={"timeZone": "America/Los_Angeles"})
        wait_for_references()
        the_dates_themselves(shop)
        a_lock_falls_due(shop)
        shop.ledger.action_records()
        shop.ledger.close()


if __name__ == "__main__":
    main(test)
