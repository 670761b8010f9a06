#!/usr/bin/python3
"""Refunds of cards through a payment adapter of another process that answers late, twice, with a
failure, against itself, or never, and is killed in between, as is a worker. No refund is paid
twice, none is forgotten, and what has no answer is what `makegood refunds` lists."""

import collections
import json
import pathlib
import random
import sys
import time

from harness import World, arguments, main
from orders import WORKERS, last_records, mails, on_order, place, ticket
from ledger import header
from support.children import Child, wait_until
from view_check import assert_view_equals_log

KINDS = ("ok", "twice", "late", "refuses", "unsure", "never", "both")
PRICES = ("10.00", "7.77", "0.01")
STUB = pathlib.Path(__file__).resolve().parent.parent / "support" / "payment_adapter.py"


def start_adapter(world):
    return Child([sys.executable, STUB, "--bootstrap", world.kafka.bootstrap, "--prefix",
                  world.prefix, "--gateway", world.folder / "gateway.jsonl"],
                 world.folder / "adapter.log")


def calls(world):
    return [json.loads(line) for line in
            (world.folder / "gateway.jsonl").read_text().splitlines()]


def cents(text):
    return int(text.replace(".", ""))


def orders_of(count):
    """orderId -> its kind"""
    return {f"O{n}": KINDS[n % len(KINDS)] for n in range(count)}


def placing(orders):
    for order, kind in orders.items():
        tickets = [ticket(f"t{i}", price) for i, price in enumerate(PRICES)]
        yield place(order, f"place-{order}", tickets, processingFee="0.50",
                    gatewayAccountId="acct", chargeId=f"{kind}-{order}")


def asking(orders, round_name, chance):
    """Of every order, two commands, each sent twice, and a rival that wants the same."""
    for order in orders:
        first = chance.choice((["t0"], ["t0", "t1"], ["t2"]))
        for name, tickets in ((f"a-{order}", first), (f"b-{order}", "all")):
            for event_id in (name, name, f"rival-{name}"):
                yield on_order("order.refund_tickets", order, f"{round_name}-{event_id}",
                               tickets=tickets)


def send(world, events, half_way=None):
    events = list(events)
    for number, (key, value) in enumerate(events):
        if half_way and number == len(events) // 2:
            world.sent()
            half_way()
        world.send("order", value, key)
    world.sent()


def answered(world, ledger, orders):
    """All but `never` have a result for every refund that was asked for, and no more is coming."""
    ledger.settle(60)
    state = collections.Counter()
    for entry in ledger.outcomes:
        if entry.type in ("order.refund_requested", "refund.succeeded", "refund.failed"):
            if orders[entry.data["orderId"]] != "never":
                state[entry.type == "order.refund_requested"] += 1
    return state[True] == state[False] and state[True] > 0


def check_gateway(world, ledger):
    """Each key is paid once, for what was asked; -> cents paid by order"""
    asked = initiated(world)
    paid, keys = collections.Counter(), set()
    for call in calls(world):
        refund = asked[call["key"]]
        assert (call["amount"], call["charge"]) == (refund["amount"], refund["chargeId"]), call
        if not call["again"]:
            assert call["key"] not in keys, f"paid twice: {call}"
            keys.add(call["key"])
            paid[refund["orderId"]] += cents(call["amount"]) * (call["result"] == "SUCCEEDED")
    never = {key for key, refund in asked.items() if refund["chargeId"].startswith("never")}
    assert keys == asked.keys() - never, "the gateway was not asked for all"
    assert any(call["again"] for call in calls(world)), "the adapter never asked again"
    return asked, never, paid


def initiated(world):
    """refundId -> data, of what the payment adapter reads; an id comes once."""
    found = {}
    with world.reader("refund-initiated") as reader:
        for record in reader.read_to_end():
            data = json.loads(record.value)
            assert header(record, "ce_id") == data["refundId"] and data["refundId"] not in found
            found[data["refundId"]] = data
    return found


def check_orders(ledger, orders, paid):
    """Books of orders and gateway agree; nothing is refunded that was not paid."""
    for order, data in last_records(ledger).items():
        refunded = results(ledger, order)
        assert refunded == paid[order], f"{order}: {refunded} refunded, {paid[order]} paid"
        assert refunded <= cents(data["saleAmount"]), data
        if orders[order] in ("ok", "twice", "late", "both", "unsure"):
            assert refunded == cents(data["saleAmount"]), f"{order} ({orders[order]}): {refunded}"


def results(ledger, order):
    return sum(cents(entry.data["amount"]) for entry in ledger.outcomes
               if entry.type == "refund.succeeded" and entry.data["orderId"] == order)


def check_list(world, never):
    result = world.run("refunds", "-o", "json")
    assert result.status == 0, result
    listed = {row["refundId"]: row for row in json.loads(result.out)}
    assert listed.keys() == never, f"{len(listed)} listed, {len(never)} without an answer"
    result = world.run("refunds", "--before", "-1h", "-o", "jsonl")
    assert result.status == 0 and result.out == "", result
    return listed


def check_mails(world, ledger):
    seen = collections.Counter(mail for mail in mails(world) if mail[0] == "REFUND_CONFIRMATION")
    wanted = collections.Counter(("REFUND_CONFIRMATION", entry.data["orderId"],
                                  tuple(entry.data["ticketIds"]))
                                 for entry in ledger.outcomes if entry.type == "refund.succeeded")
    assert seen == wanted, f"{seen - wanted} too many, {wanted - seen} missing"


def test():
    options = arguments(__doc__, orders=(210, "so many orders"))
    orders, chance = orders_of(options.orders), random.Random(3)
    with World(options) as world:
        workers = world.start_workers(3, workers=WORKERS)
        ledger, adapter = world.ledger("order"), start_adapter(world)
        send(world, placing(orders))
        ledger.settle(60)

        def trouble():
            nonlocal adapter
            wait_until("the gateway to be asked", (world.folder / "gateway.jsonl").exists, 30)
            adapter.kill()
            workers[0].kill()
            workers[0].start()
            adapter = start_adapter(world)

        send(world, asking(orders, "first", chance), trouble)
        wait_until("all results", lambda: answered(world, ledger, orders), 60, 0.3)
        # What failed may be asked for again, under a new key.
        send(world, asking([o for o, kind in orders.items() if kind == "unsure"], "again", chance))
        wait_until("second results", lambda: answered(world, ledger, orders), 60, 0.3)
        time.sleep(1.5)  # the contradictions of `both`
        ledger.settle(60)
        adapter.stop()
        asked, never, paid = check_gateway(world, ledger)
        check_orders(ledger, orders, paid)
        check_mails(world, ledger)
        listed = check_list(world, never)
        assert_view_equals_log(world, ("order",))
        again = sum(call["again"] for call in calls(world))
        print(f"{len(asked)} refunds asked for, {sum(paid.values())} cents paid, {again} calls "
              f"repeated, {len(listed)} without an answer and listed")
        ledger.close()


if __name__ == "__main__":
    main(test)
