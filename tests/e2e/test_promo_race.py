#!/usr/bin/python3
"""1,000 orders race for a promo code with 100 uses, over three workers of which one is killed in
the middle. Exactly 100 tickets get it; when all are cancelled, while a worker is killed again, the
count is 0."""

import json
import random

from harness import World, arguments, main
from orders import WORKERS, last_records, mails, on_order, place, promo, ticket
from view_check import assert_view_equals_log

LIMIT = 100


def send_all(world, events, worker):
    """Sends them; half way a worker dies by kill -9, and comes back a little later."""
    middle, later = len(events) // 2, len(events) * 3 // 4
    for number, (key, value) in enumerate(events):
        if number == middle:
            world.sent()
            worker.kill()
        if number == later:
            world.sent()
            worker.start()
        world.send("order", value, key)
    world.sent()
    if not worker.alive():
        worker.start()


def uses_changes(ledger):
    changes = [entry.data for entry in ledger.outcomes if entry.type == "promo.uses.changed"]
    return sorted(changes, key=lambda data: data["version"])


def check_uses(ledger, uses):
    """The count follows its changes, never passes the limit, and ends where it must."""
    count = 0
    for change in uses_changes(ledger):
        count += change["delta"]
        assert change["uses"] == count and 0 <= count <= LIMIT, change
    assert count == uses, f"{count} uses, expected {uses}"


def shown_uses(world):
    result = world.run("show", "promo:SUN", "-o", "json")
    assert result.status == 0, result
    return json.loads(result.out)["state"]["uses"]


def check_race(world, ledger, events):
    finals = ledger.final_by_command()
    counts = {}
    for name in (f"place-{n}" for n in range(len(events))):
        counts[finals[name]] = counts.get(finals[name], 0) + 1
    assert set(counts) == {("applied", "order.placed"), ("rejected", "PROMO_EXHAUSTED")}, counts
    orders = last_records(ledger)
    reduced = [t for order in orders.values() for t in order["tickets"] if t["discount"] != "0.00"]
    assert len(reduced) == LIMIT, f"{len(reduced)} tickets got the code"
    assert all(t["discount"] == "5.00" for t in reduced)
    check_uses(ledger, LIMIT)
    assert shown_uses(world) == LIMIT
    print(f"{len(events)} orders: {counts}; {len(reduced)} tickets reduced", flush=True)
    return sorted(orders)


def check_mails(world, orders, ledger):
    """Each cause its mails, once."""
    seen = {}
    for mail in mails(world):
        seen[mail] = seen.get(mail, 0) + 1
    records = last_records(ledger)
    wanted = {}
    for order in orders:
        tickets = tuple(t["ticketId"] for t in records[order]["tickets"])
        for template in ("ORDER_CONFIRMATION", "RECEIPT", "ORDER_CANCELLATION"):
            wanted[(template, order, tickets)] = 1
        for one in tickets:
            wanted[("TICKET", order, (one,))] = 1
    assert seen == wanted, f"{len(seen)} mails, expected {len(wanted)}"


def test():
    options = arguments(__doc__, orders=(1000, "so many orders"))
    chance = random.Random(7)
    with World(options) as world:
        workers = world.start_workers(3, workers=WORKERS)
        ledger = world.ledger("order")
        key, value = promo("SUN", "setup", maxUses=LIMIT)
        world.send("order", value, key)
        world.sent()
        ledger.settle(30)
        events = [place(f"O{n}", f"place-{n}",
                        [ticket(f"t{i}") for i in range(chance.choice((1, 1, 2)))], promoCode="SUN")
                  for n in range(options.orders)]
        send_all(world, events, workers[0])
        ledger.settle(120)
        orders = check_race(world, ledger, events)
        cancels = [on_order("order.cancel_tickets", order, f"cancel-{order}", tickets="all")
                   for order in orders]
        send_all(world, cancels, workers[1])
        ledger.settle(120)
        check_uses(ledger, 0)
        assert shown_uses(world) == 0
        records = last_records(ledger)
        assert all(records[order]["status"] == "CANCELLED" for order in orders)
        check_mails(world, orders, ledger)
        assert_view_equals_log(world, ("order",))
        print(f"{len(orders)} orders cancelled, 0 uses left")
        ledger.close()


if __name__ == "__main__":
    main(test)
