"""Events of the order family for end-to-end tests, and what a reader of all topics sees of them."""

import json

from ledger import header
from workload import event

BUYER = {"firstName": "Ada", "lastName": "Byron", "email": "ada@example.org"}
WORKERS = ("order",)


def ticket(ticket_id, price="10.00", kind="GA", **more):
    return dict({"ticketId": ticket_id, "ticketTypeId": kind, "price": price}, **more)


def place(order_id, event_id, tickets, pay="CARD", **more):
    """(key, value) of an order.place."""
    data = dict({"orderId": order_id, "eventId": "E1", "buyer": BUYER, "currency": "USD",
                 "paymentType": pay, "tickets": tickets}, **more)
    return f"order:{order_id}".encode(), event("order.place", event_id, data)


def on_order(kind, order_id, event_id, **more):
    """(key, value) of any other command on an order."""
    return (f"order:{order_id}".encode(),
            event(kind, event_id, dict({"orderId": order_id}, **more)))


def promo(code, event_id, **more):
    data = dict({"code": code, "type": "PERCENT", "value": "50", "ticketTypeIds": ["GA"]}, **more)
    return f"promo:{code}".encode(), event("promo.put", event_id, data)


def mails(world):
    """[(template, order, tickets)] of every e-mail that was asked for; no id comes twice."""
    found, ids = [], set()
    with world.reader("email-request") as reader:
        for record in reader.read_to_end():
            assert header(record, "ce_id") not in ids, f"asked for twice: {record.value[:200]}"
            ids.add(header(record, "ce_id"))
            data = json.loads(record.value)
            found.append((data["template"], data["orderId"], tuple(data.get("ticketIds", ()))))
    return found


def last_records(ledger):
    """orderId -> its last order record."""
    last = {}
    for entry in ledger.outcomes:
        if entry.type.startswith("order."):
            before = last.get(entry.data["orderId"])
            if before is None or before["version"] <= entry.data["version"]:
                last[entry.data["orderId"]] = entry.data
    return last
