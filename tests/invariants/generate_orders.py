"""Generated events of the order family: seeded, mostly sensible, now and then not."""

import datetime
import json
import random
import uuid

NAMESPACE = uuid.UUID("374a4652-5ef6-532a-b0ef-a36e597b53be")
START = 1767225600  # 2026-01-01
PRICES = ("10.00", "9.99", "0", "0.01", "33.33", "100", "7.77", "1000.05")
PAYMENTS = ("CARD",) * 12 + ("INVOICE",) * 6 + ("CHECK",) * 2 + ("FREE",)
CODES = ("SUN", "MOON", "KEY", "RAIN")
TYPES = ("GA", "VIP", "SECRET")
LIMITS = {"SUN": 60, "MOON": None, "KEY": 25, "RAIN": 4000}
KEEPS = ("RAIN",)  # releaseOnCancel false


def refund_id(event_id, order):
    """Of a refund command that is decided at once: the id of its second outcome."""
    return str(uuid.uuid5(NAMESPACE, f"/gen|{event_id}|order:{order}|1"))


class Generator:
    """Lines for `makegood exec`. A world has a few events, codes and addresses, and new orders as
    it goes; a line may come twice, or under the id of another."""

    def __init__(self, seed, messages):
        self.random = random.Random(seed)
        self.messages, self.count, self.orders = messages, 0, []
        self.now, self.lines, self.refunds = START, [], []

    def lines_all(self):
        yield from self.set_up()
        while self.count < self.messages:
            yield self.line(*self.something())
            if self.random.random() < 0.03:
                yield self.repeat()

    def line(self, kind, data):
        self.count += 1
        self.now += self.random.choice((0, 0, 1, 60, 3600))
        event = {"specversion": "1.0", "id": f"g{self.count}", "source": "/gen",
                 "type": f"makegood.{kind}.v1", "time": self.time(), "data": data}
        self.lines = self.lines[-300:] + [event]
        if kind == "order.refund_tickets":
            self.refunds = self.refunds[-200:] + [(refund_id(event["id"], data["orderId"]), data["orderId"])]
        return json.dumps(event)

    def time(self):
        moment = datetime.datetime.fromtimestamp(self.now, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def repeat(self):
        event = dict(self.random.choice(self.lines), time=self.time())
        if self.random.random() < 0.3:
            event["data"] = dict(event["data"], somethingElse=self.count)
        return json.dumps(event)

    def set_up(self):
        for event in ("E1", "E2"):
            yield self.line("event.put", self.event(event))
        for code in CODES:
            yield self.line("promo.put", self.promo(code))

    def event(self, event):
        chance = self.random
        return {"eventId": event, "restrictDuplicateEmails": event == "E1",
                "inviteOnly": chance.random() < 0.5,
                "gatewayResult": "assumed" if event == "E2" and chance.random() < 0.3 else "awaited",
                "connectedGatewayAccountId": chance.choice(("acct", "acct", "other", None)),
                "ticketTypes": [{"ticketTypeId": "SECRET", "hidden": chance.random() < 0.7},
                                {"ticketTypeId": "GA", "notify": ["team@example.org"],
                                 "customMessageKeys": {"TICKET": "ga"}}]}

    def promo(self, code):
        chance = self.random
        kind = {"SUN": "PERCENT", "MOON": "FIXED", "KEY": "ACCESS", "RAIN": "PERCENT"}[code]
        data = {"code": code, "type": kind, "ticketTypeIds": ["SECRET"] if code == "KEY" else ["GA", "VIP"],
                "paused": chance.random() < 0.02, "releaseOnCancel": code not in KEEPS}
        if LIMITS[code]:
            data["maxUses"] = LIMITS[code]
        if kind == "PERCENT":
            data["value"] = chance.choice(("50", "12.5", "33.3333", "100", 0))
        if kind == "FIXED":
            data.update(value=chance.choice(("5.00", "0.01", "9.99")), currency="USD")
        return data

    def email(self):
        return f"p{self.random.randrange(self.random.choice((9, 90000, 90000, 90000, 90000, 90000)))}@example.org"

    def ticket(self, number, currency):
        chance = self.random
        price = chance.choice(PRICES)
        ticket = {"ticketId": f"t{number}", "ticketTypeId": chance.choice(TYPES[:2] * 20 + TYPES[2:]),
                  "price": price if currency == "USD" or chance.random() < 0.1 else str(int(float(price)))}
        if chance.random() < 0.4:
            ticket["attendee"] = {"email": self.email()}
        return ticket

    def place(self):
        chance = self.random
        order = f"O{len(self.orders)}" if chance.random() < 0.95 or not self.orders else self.order()
        self.orders.append(order)
        currency = "JPY" if chance.random() < 0.1 else "USD"
        data = {"orderId": order, "eventId": chance.choice(("E1", "E2", "E3")), "currency": currency,
                "buyer": {"firstName": "Ada", "lastName": "Byron", "email": self.email()},
                "paymentType": chance.choice(PAYMENTS),
                "tickets": [self.ticket(n, currency) for n in range(chance.choice((1, 1, 2, 3, 5, 9)))]}
        unit = "1" if currency == "JPY" else "0.07"
        for name in ("discount", "tax", "fee", "processingFee"):
            if chance.random() < 0.4:
                data[name] = chance.choice((unit, unit, "0", "1", "1", "30"))
        if chance.random() < 0.35:
            data["promoCode"] = chance.choice(CODES + ("sun", "NONE"))
        if chance.random() < 0.6:
            data["gatewayAccountId"] = "acct"
        if chance.random() < 0.05:
            data["saleAmount"] = "10"
        return "order.place", data

    def order(self):
        return self.random.choice(self.orders[-12:] or ["O0"])

    def tickets(self):
        chance = self.random
        if chance.random() < 0.3:
            return "all"
        if chance.random() < 0.05:
            return chance.choice(([], ["t0", "t0"], ["nope"], "some", None))
        return [f"t{n}" for n in range(chance.choice((1, 2, 3, 5))) if chance.random() < 0.5] or ["t0"]

    def on_order(self, kind, **more):
        return kind, dict({"orderId": self.order()}, **more)

    def result(self):
        name, order = self.random.choice(self.refunds[-9:] or [("nope", "O0")])
        return "refund.result", {"orderId": order, "refundId": name, "result": self.random.choice(
            ("SUCCEEDED", "SUCCEEDED", "SUCCEEDED", "FAILED", "CANCELED"))}

    def something(self):
        chance = self.random
        kind = chance.choices(("place", "cancel", "refund", "result", "paid", "activate", "resend", "send",
                               "buyer", "unblock", "promo", "event"),
                              (16, 14, 20, 22, 7, 12, 2, 2, 2, 2, 0.3, 0.3))[0]
        if kind == "place":
            return self.place()
        if kind == "result":
            return self.result()
        if kind == "cancel":
            return self.on_order("order.cancel_tickets", tickets=self.tickets())
        if kind == "refund":
            return self.on_order("order.refund_tickets", tickets=self.tickets(),
                                 retainProcessingFee=chance.random() < 0.3)
        if kind in ("activate", "send"):
            name = "attendee.activate" if kind == "activate" else "attendee.send_confirmation"
            return self.on_order(name, ticketId=f"t{chance.choice((0, 0, 0, 1, 2))}")
        if kind == "buyer":
            return self.on_order("order.update_buyer", buyer={"email": self.email()})
        if kind == "unblock":
            return "attendee.unblock", {"eventId": "E1", "email": self.email()}
        if kind == "promo":
            return "promo.put", self.promo(chance.choice(CODES))
        if kind == "event":
            return "event.put", self.event(chance.choice(("E1", "E2")))
        return self.on_order("order.mark_paid" if kind == "paid" else "order.resend_confirmation")
