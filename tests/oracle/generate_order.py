"""Messages of the order family: orders placed, paid, cancelled, refunded; promo codes near their limits."""
import moments
from compare import Case
from making import Maker
from reward_fields import hash_of

COVERS = ["order"]

EMAILS = ["a@x.com", "B@x.com", "b@X.com", "c@y.org", "d@y.org", "e@y.org", "f@y.org", "g@y.org"]
TYPES = ["VIP", "STD", "STD", "KID", "HID"]
CODES = ["sun", "SUN", "fix", "Acc%", "off", "NONE", "late/1"]
TEMPLATES = ["TICKET", "ORDER_CONFIRMATION", "RECEIPT", "ORDER_CANCELLATION", "REFUND_CONFIRMATION",
             "REFUND_INITIATED", "ORDER_CONFIRMATION_INVOICE", "TEAM_NEW_ORDER"]
DECIMALS = {"USD": 2, "JPY": 0, "KWD": 3, "EUR": 2}


class Orders(Maker):
    def __init__(self, seed):
        super().__init__(seed)
        self.events = ["e1", "e/2", "e3"][:self.pick(1, 1, 2, 3)]
        self.currencies = self.pick(["USD"], ["USD"], ["JPY"], ["KWD"], ["USD", "EUR", "KWD", "JPY"])
        self.orders = []   # (id, ticket ids)
        self.emails = EMAILS[:self.pick(2, 5, 8)]
        self.types = TYPES[:self.pick(2, 4, 5)]
        self.plan = []     # messages to come, in order: what a whole life of an order needs
        self.unique = {}   # event -> whether addresses must differ there
        self.refunds = []  # (order, refund id)

    # -- values

    def money(self, currency, most=3000):
        digits = DECIMALS[currency]
        value = self.weighted([(self.rng.randrange(most), 8), (0, 1), (min(most, 999), 1), (min(most, 1000), 1), (1, 0.5)])
        if self.maybe(0.004):
            value = 10 ** (11 + digits) * self.rng.randrange(1, 10)
        if digits == 0:
            return self.pick(value, str(value))
        if self.maybe(0.1):
            return value // 10 ** digits
        text = "%d.%0*d" % (value // 10 ** digits, digits, value % 10 ** digits)
        return text + "1" * self.maybe(0.005) if len(text) < 15 else text

    def email(self):
        return self.rng.choice(self.emails)

    def an_order(self):
        if not self.orders or self.maybe(0.02):
            return "none", ["t1"]
        return self.rng.choice(self.orders[-5:] if self.maybe(0.8) else self.orders)

    # -- what orders look up

    def put_event(self):
        data = {"eventId": self.rng.choice(self.events)}
        if self.maybe(0.8):
            data["connectedGatewayAccountId"] = self.pick("g1", "g1", "g1", "g2")
        if self.maybe(0.3):
            data["inviteOnly"] = self.maybe(0.6)
        if self.maybe(0.6):
            data["restrictDuplicateEmails"] = self.maybe(0.3)
        self.unique[data["eventId"]] = data.get("restrictDuplicateEmails", True)
        if self.maybe(0.3):
            data["gatewayResult"] = self.pick("assumed", "awaited")
        if self.maybe(0.85):
            data["ticketTypes"] = [self.a_type(k) for k in dict.fromkeys(self.types) if self.maybe(0.8)]
        return "event.put", data

    def a_type(self, kind):
        data = {"ticketTypeId": kind}
        if kind == "HID" or self.maybe(0.05):
            data["hidden"] = self.maybe(0.8)
        if self.maybe(0.4):
            data["notify"] = [self.pick("n1@t", "n2@t", "n3@t") for _ in range(self.rng.randrange(3))]
        if self.maybe(0.5):
            data["customMessageKeys"] = {t: self.pick("k1", "k2", kind) for t in TEMPLATES
                                         if self.maybe(0.4)}
        return data

    def put_promo(self):
        code = self.rng.choice(CODES[:5] + CODES[6:])
        kind = {"sun": "PERCENT", "SUN": "PERCENT", "fix": "FIXED", "Acc%": "ACCESS"}.get(code) or self.pick(
            "PERCENT", "FIXED", "ACCESS")
        data = {"code": code, "type": kind,
                "ticketTypeIds": self.rng.sample(sorted(set(TYPES)), self.rng.randrange(1, 4))}
        if kind == "ACCESS" and self.maybe(0.8) and "HID" not in data["ticketTypeIds"]:
            data["ticketTypeIds"].append("HID")
        if kind == "PERCENT":
            data["value"] = self.pick(50, "50", "33.3333", "100", "0", "12.5", "100.0001", 7)
        elif kind == "FIXED":
            data["currency"] = self.rng.choice(self.currencies)
            data["value"] = self.money(data["currency"], 1500)
        if self.maybe(0.03):
            data["value"] = self.pick("5", 10)
        if kind != "FIXED" and self.maybe(0.1):
            data["currency"] = self.pick("USD", "EUR", "XQQ")
        if self.maybe(0.2):
            data["eventId"] = self.rng.choice(self.events + ["other"])
        if self.maybe(0.6):
            data["maxUses"] = self.pick(2, 3, 5, 10, 40)
        if self.maybe(0.2):
            data["paused"] = self.maybe(0.4)
        self.windowed(data)
        if self.maybe(0.3):
            data["releaseOnCancel"] = self.maybe(0.4)
        return "promo.put", data

    def windowed(self, data):
        for name, back in (("startDate", 2), ("endDate", -2)):
            if self.maybe(0.15):
                at = max(0, self.now - back * moments.DAY + self.rng.randrange(2 * moments.DAY))
                data[name] = moments.show(at)
                self.mark(at)

    # -- placing

    def place(self):
        currency = self.rng.choice(self.currencies)
        if self.orders and self.maybe(0.04):
            name = self.rng.choice(self.orders)[0]
        else:
            name = self.pick("o%d", "O/%d", "o%%%d") % (len(self.lines))
        count = self.weighted([(1, 4), (2, 5), (3, 5), (5, 2), (9, 1), (100, 0.02)])
        level = self.pick("none", "none", "order", "ticket", "ticket")
        event = self.rng.choice(self.events)
        tickets = [self.a_ticket(i + 1, currency, level, self.unique.get(event, True))
                   for i in range(count)]
        if count > 1 and self.maybe(0.01):
            tickets[1]["ticketId"] = tickets[0]["ticketId"]
        data = {"orderId": name, "eventId": event, "currency": currency,
                "paymentType": self.weighted([("CARD", 6), ("INVOICE", 4), ("CHECK", 3), ("FREE", 0.5)]),
                "buyer": self.buyer(), "tickets": tickets}
        if self.maybe(0.07):
            self.make_free(data)
        self.priced(data, currency, level)
        self.details(data)
        self.orders.append((name, [t["ticketId"] for t in tickets]))
        if self.maybe(0.25):
            self.live(data)
        return "order.place", data

    def live(self, data):
        """Plans what an order of an attendee in the app lives through."""
        order, first = data["orderId"], data["tickets"][0]["ticketId"]
        if data["paymentType"] in ("INVOICE", "CHECK"):
            self.plan.append(("order.mark_paid", {"orderId": order}))
        if self.maybe(0.8):
            self.plan.append(("attendee.activate", {"orderId": order, "ticketId": first}))
        if self.maybe(0.3):
            self.plan.append(("order.cancel_tickets", {"orderId": order, "tickets": [first]}))
        if self.maybe(0.8):
            self.plan.append(("order.refund_tickets", {"orderId": order, "tickets": self.pick([first], "all")}))
            if data["paymentType"] == "CARD":
                self.plan.append(("refund.result", None))
        if self.maybe(0.8):
            again = dict(data, orderId=order + "+")
            self.plan.append(("order.place", again))

    def make_free(self, data):
        for ticket in data["tickets"]:
            ticket["price"] = "0"
            ticket.pop("tax", None)
            ticket.pop("fee", None)
        data["paymentType"] = self.pick("FREE", "FREE", "CARD", "INVOICE")

    def priced(self, data, currency, level):
        if level == "order":
            for name in ("tax", "fee"):
                if self.maybe(0.7):
                    data[name] = self.money(currency, 300)
        if self.maybe(0.35):
            data["discount"] = self.money(currency, 1500 if self.maybe(0.15) else 300)
        if self.maybe(0.3):
            data["processingFee"] = self.money(currency, 150 if self.maybe(0.15) else 40)
        if self.maybe(0.03):
            data["saleAmount"] = self.money(currency)
        elif self.maybe(0.15):
            self.control(data, currency)

    def control(self, data, currency):
        """A saleAmount that is right unless a code, a fault or a rounding is in the way."""
        digits = DECIMALS[currency]

        def minor(value):
            if isinstance(value, int):
                return value * 10 ** digits
            whole, _, rest = str(value or "0").partition(".")
            return int(whole) * 10 ** digits + int((rest + "000")[:digits] or 0)
        total = sum(minor(t["price"]) + minor(t.get("tax")) + minor(t.get("fee")) for t in data["tickets"])
        total += minor(data.get("tax")) + minor(data.get("fee")) - minor(data.get("discount"))
        total = max(0, total)
        data["saleAmount"] = "%d.%0*d" % (total // 10 ** digits, digits, total % 10 ** digits) \
            if digits else str(total)

    def a_ticket(self, number, currency, level, unique):
        data = {"ticketId": self.pick("t%d", "T-%d") % number if self.maybe(0.5) else "t%d" % number,
                "ticketTypeId": self.rng.choice(TYPES if self.maybe(0.03) else self.types if self.maybe(0.1)
                                                else self.types[:4]),
                "price": self.money(currency)}
        if level == "ticket":
            for name in ("tax", "fee"):
                if self.maybe(0.6):
                    data[name] = self.money(currency, 200)
        elif level == "order" and self.maybe(0.005):
            data["tax"] = "0"
        if self.maybe(0.2):
            data["ticketName"] = "Name"
        if self.maybe(0.45):
            data["attendee"] = {"firstName": "F"}
            if self.maybe(0.85):
                data["attendee"]["email"] = self.email() if not unique or self.maybe(0.15) else \
                    "u%d-%d@z.org" % (len(self.lines), number)
        return data

    def buyer(self):
        data = {"firstName": self.pick("Ann", "Bö"), "lastName": "L", "email": self.email()}
        if self.maybe(0.2):
            data["billingAddress"] = {"city": "C", "zip": "1"}
        return data

    def details(self, data):
        if any(t["ticketTypeId"] == "HID" for t in data["tickets"]) and self.maybe(0.8):
            data["promoCode"] = "Acc%"
        elif self.maybe(0.3):
            data["promoCode"] = self.rng.choice(CODES if self.maybe(0.3) else CODES[:3])
        if self.maybe(0.3):
            data["locale"] = self.pick("de", "fr-CA")
        if self.maybe(0.5):
            data["gatewayAccountId"] = self.pick("g1", "g1", "g2")
        if self.maybe(0.4):
            data["chargeId"] = "ch_1"
        if self.maybe(0.3):
            data["invoiceInstructions"] = "Pay soon"

    # -- on an order

    def tickets(self):
        name, ids = self.an_order()
        kind = self.rng.random()
        if kind < 0.25:
            named = "all"
        elif kind < 0.9:
            ids = sorted(set(ids))
            named = self.rng.sample(ids, min(len(ids), self.weighted([(1, 5), (2, 3), (4, 1)])))
        else:
            named = self.pick([], ["nope"], ["t1", "t1"], "ALL", [1], ["t1", "nope"], {},
                              ["x%d" % i for i in range(101)], [""])
        data = {"orderId": name, "tickets": named}
        if self.maybe(0.1):
            data["note"] = "n"
        return data

    def cancel(self):
        return "order.cancel_tickets", self.tickets()

    def refund(self):
        data = self.tickets()
        if self.maybe(0.3):
            data["retainProcessingFee"] = self.maybe(0.8)
        self.wanted = data["orderId"]
        return "order.refund_tickets", data

    def result(self):
        order, refund = self.an_order()[0], "none"
        if self.refunds and self.maybe(0.95):
            order, refund = self.rng.choice(self.refunds[-3:] if self.maybe(0.8) else self.refunds)
        data = {"orderId": order, "refundId": refund,
                "result": self.pick("SUCCEEDED", "SUCCEEDED", "FAILED", "CANCELED")}
        if self.maybe(0.4):
            data["gatewayRefundId"] = "re_1"
        if self.maybe(0.3):
            data["failureCode"] = "expired card"
        return "refund.result", data

    def on_order(self):
        kind = self.weighted([("order.mark_paid", 3), ("order.resend_confirmation", 2),
                              ("order.update_buyer", 2)])
        data = {"orderId": self.an_order()[0]}
        if kind == "order.update_buyer":
            full = self.buyer()
            data["buyer"] = {k: full[k] for k in full if self.maybe(0.5)} or {"lastName": "L"}
        return kind, data

    def on_ticket(self):
        name, ids = self.an_order()
        return self.pick("attendee.activate", "attendee.activate", "attendee.send_confirmation"), {
            "orderId": name, "ticketId": self.rng.choice(ids + ["nope"] * self.maybe(0.1))}

    def unblock(self):
        data = {"eventId": self.rng.choice(self.events)}
        email = self.email()
        if self.maybe(0.7):
            data["email"] = email
        if self.maybe(0.4):
            data["emailHash"] = hash_of(email if self.maybe(0.8) else "q@q")
        return "attendee.unblock", data

    def resend_many(self):
        known = [o[0] for o in self.orders[-self.pick(3, 12):]] or ["none"]
        names = [self.rng.choice(known) for _ in range(self.rng.randrange(1, 9))]
        if self.maybe(0.1):
            names.append("none")
        if self.maybe(0.05):
            names += ["x%d" % i for i in range(self.pick(90, 99, 100, 101, 150))]
        return "order.resend_many", {"batchId": "resend-%03d" % self.rng.randrange(1, 60),
                                     "orderIds": names}

    def message(self):
        kind = self.weighted([("put_event", 0.6), ("put_promo", 1.5), ("place", 9), ("cancel", 5),
                              ("refund", 6), ("result", 4), ("on_order", 5), ("on_ticket", 5),
                              ("unblock", 1.2), ("resend_many", 0.7)])
        return getattr(self, kind)()

    def one(self):
        self.step(10 * moments.DAY)
        chance = self.rng.random()
        if chance < 0.04:
            return self.again()
        if self.plan and self.maybe(0.4):
            kind, data = self.plan.pop(0)
            if kind == "refund.result":
                order, refund = self.refunds[-1] if self.refunds else ("none", "none")
                data = {"orderId": order, "refundId": refund, "result": "SUCCEEDED"}
            elif kind == "order.place":
                self.orders.append((data["orderId"], [t["ticketId"] for t in data["tickets"]]))
        else:
            kind, data = self.message()
        if kind != "order.resend_many" and self.maybe(0.06):
            data = dict(data, batchId=self.pick("lines-001", "resend-001", "short"),
                        line=self.pick(0, self.rng.randrange(1, 40), self.rng.randrange(1, 40)))
        if chance < 0.08:
            data = self.spoil(data)
        extra = {"correlationid": "c1"} if chance > 0.97 else None
        self.send(kind, data, extra=extra)
        if kind == "order.refund_tickets":
            from engine import escape, uuid5
            order = data.get("orderId")
            self.refunds.append((order, uuid5("%s|m%d|order:%s|1" % (self.source, self.count,
                                                                     escape(order)))))
        return None


def generate(seed, messages):
    maker = Orders(seed)
    for name in ("put_event",) * 2 + ("put_promo",) * 6:
        maker.send(*getattr(maker, name)())
    while len(maker.lines) < messages:
        maker.one()
    return Case(maker.lines)
