#!/usr/bin/python3
"""What must hold of orders whatever is sent, over generated messages through `makegood exec`.

    orders.py --makegood BINARY [--messages N] [--seeds A..B]

Of every outcome: tickets add up to their order, refunds stay within what was paid, the status follows
from the tickets, a ticket leaves ACTIVE once and CANCELLED only for REFUNDED, versions grow, ids are
new, a repetition lists what came first. At the end: promo codes and attendees count the open tickets
that there are, and the metrics are those of the orders."""

import collections
import hashlib
import sys

import running
from generate_orders import KEEPS, LIMITS, Generator

OPEN = ("ACTIVE", "AWAITING_PAYMENT")
MOVES = {("AWAITING_PAYMENT", "ACTIVE"), ("AWAITING_PAYMENT", "CANCELLED"), ("ACTIVE", "CANCELLED"),
         ("ACTIVE", "REFUNDED"), ("CANCELLED", "REFUNDED")}


def number(text):
    return int(text.replace(".", ""))


def status_of(order):
    """C47, from the tickets and the paid flag alone."""
    states = [ticket["status"] for ticket in order["tickets"]]
    count = collections.Counter("open" if state in OPEN else state for state in states)
    if count["open"] and not order["paid"]:
        return "NOT_PAID"
    if count["open"]:
        return "COMPLETE" if count["open"] == len(states) else "PARTIALLY_COMPLETE"
    if count["REFUNDED"] == len(states):
        return "REFUNDED"
    return "CANCELLED" if count["CANCELLED"] == len(states) else "REFUNDED_CANCELLED"


class Books:
    """Takes the output line by line; AssertionError at the first that cannot be."""

    def __init__(self):
        self.orders, self.refunds, self.versions, self.metrics = {}, {}, {}, {}
        self.uses, self.of_command, self.ids = collections.Counter(), {}, set()
        self.states, self.counts = {}, collections.Counter()

    def take(self, line):
        if "topic" not in line:
            self.states[line["entity"]] = line.get("state")
            return
        if "dlq-reason" in line["headers"]:
            self.counts[line["headers"]["dlq-reason"]] += 1
            return
        event, verdict = line["event"], line["headers"].get("makegood-verdict")
        data, kind = event["data"], event["type"].removeprefix("makegood.").removesuffix(".v1")
        self.counts[data["reason"]["code"] if verdict == "rejected" else kind] += 1
        self.take_ids(event, data, verdict)
        if kind.startswith("order."):
            self.take_order(data)
        elif kind.startswith("refund."):
            self.take_refund(kind, data, line["topic"])
        elif kind == "metrics.updated":
            self.metrics[data["orderId"]] = data
        elif kind == "promo.uses.changed":
            self.take_uses(data)

    def take_ids(self, event, data, verdict):
        assert event["id"] not in self.ids, f"id twice: {event}"
        self.ids.add(event["id"])
        key = data.get("command", {}).get("id"), data["entity"]
        if verdict == "duplicate":
            assert data["originalOutcomeIds"] == self.of_command.get(key), (data, self.of_command.get(key))
        else:
            self.of_command.setdefault(key, []).append(event["id"])
        self.take_version(data, verdict)

    def take_version(self, data, verdict):
        """+1 per change. Orders tell attendees and promo codes of changes that are not printed."""
        before = self.versions.get(data["entity"], 0)
        grown, changed = data["version"] - before, verdict == "applied"
        exact = data["entity"].startswith(("order:", "event:"))
        assert grown == changed if exact else grown >= changed, (before, data)
        self.versions[data["entity"]] = data["version"]

    def take_order(self, order):
        tickets = order["tickets"]
        for ticket in tickets:
            parts = [number(ticket[name]) for name in ("price", "discount", "tax", "fee", "amountPaid")]
            assert min(parts) >= 0 and parts[0] - parts[1] + parts[2] + parts[3] == parts[4], ticket
        assert sum(number(ticket["amountPaid"]) for ticket in tickets) == number(order["saleAmount"]), order
        assert order["status"] == status_of(order), order
        back, pending = number(order["refundedAmount"]), number(order["pendingRefundAmount"])
        assert back >= 0 and pending >= 0 and back + pending <= number(order["saleAmount"]), order
        assert number(order["netSales"]) >= 0, order
        before = self.orders.get(order["orderId"], order)["tickets"]
        for old, new in zip(before, tickets, strict=True):
            assert all(old[name] == new[name] for name in ("ticketId", "price", "amountPaid")), (old, new)
            move = old["status"], new["status"]
            assert move[0] == move[1] or move in MOVES, (move, order)
        self.orders[order["orderId"]] = order

    def take_refund(self, kind, refund, topic):
        name = refund["refundId"]
        before = self.refunds.get(name)
        if kind == "refund.initiated":
            assert before is None and (topic == "refund-initiated") == (refund["method"] == "CARD"), refund
        else:
            assert before and before["status"] == "INITIATED", (before, refund)
            assert all(before[key] == refund[key] for key in ("amount", "ticketIds", "orderId")), refund
        self.refunds[name] = refund

    def take_uses(self, data):
        self.uses[data["code"]] += data["delta"]
        limit = LIMITS[data["code"]]
        assert self.uses[data["code"]] == data["uses"] >= 0, data
        assert limit is None or data["uses"] <= limit, data

    # At the end

    def close(self):
        open_of, held = collections.Counter(), collections.Counter()
        for entity, state in self.states.items():
            if entity.startswith("order:") and state:
                self.close_order(state, open_of, held)
        for entity, state in self.states.items():
            if state and entity.startswith("attendee:"):
                assert state["tickets"] == open_of.pop((state["eventId"], state["emailHash"]), 0), state
            if state and entity.startswith("promo:"):
                uses, now = state["uses"], held[state["code"]]
                assert uses == now or state["code"] in KEEPS and uses >= now, (state, now)
        assert not open_of, f"attendees that nobody counts: {open_of}"

    def close_order(self, order, open_of, held):
        sales = sum(number(t["amountPaid"]) for t in order["tickets"] if t["paidFor"])
        refunds = order.get("refunds", [])
        back = {state: sum(number(r["amount"]) for r in refunds if r["status"] == state)
                for state in ("INITIATED", "SUCCEEDED")}
        assert back["INITIATED"] + back["SUCCEEDED"] <= sales, order
        assert {r["refundId"]: r["status"] for r in refunds} == {
            name: r["status"] for name, r in self.refunds.items() if r["orderId"] == order["orderId"]}
        metrics = self.metrics[order["orderId"]]
        assert number(metrics["sales"]) == sales and number(metrics["refunds"]) == back["SUCCEEDED"], order
        assert number(metrics["pendingRefunds"]) == back["INITIATED"], order
        assert number(metrics["netSales"]) == sales - back["SUCCEEDED"], order
        for ticket in order["tickets"]:
            if ticket["status"] in OPEN:
                held[order.get("promoCode")] += ticket["usesPromoCode"]
                email = ticket.get("attendee", {}).get("email")
                if email:
                    open_of[(order["eventId"], hashlib.sha256(email.encode()).hexdigest())] += 1


if __name__ == "__main__":
    sys.exit(running.main(__doc__, Generator, Books, 20000))
