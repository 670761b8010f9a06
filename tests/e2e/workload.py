"""A made-up day of business: contracts, actions with their updates, duplicates, broken records, and
what must come of each. Seeded: the same numbers give the same records."""

import collections
import json
import random

from payouts import Terms, decide_all

SOURCE = "/shop"
EVENT_TYPES = {70: 7, 71: 7, 72: 8}
TERMS = {70: Terms("USD", rate="4"), 71: Terms("USD", flat="5.25"), 72: Terms("JPY", rate="7.5")}
PARTNERS = {70: "P1", 71: "P1", 72: "P2"}

# A record to send: where its answer is expected, and what it must be.
Item = collections.namedtuple("Item", "key value id expected")


def event(kind, event_id, data, source=SOURCE):
    """A structured CloudEvent as bytes."""
    return json.dumps({"specversion": "1.0", "type": f"makegood.{kind}.v1", "source": source,
                       "id": event_id, "data": data}, separators=(",", ":")).encode()


def contract(contract_id, partner, campaign, currency, payout, **more):
    """`payout`: members of the eventPayout, with its actionTrackerId."""
    locking = {"period": "DAY", "dayOffset": 30}
    payouts = dict({"payoutLevel": "ORDER", "locking": locking}, **payout)
    return dict({"contractId": contract_id, "partnerId": partner, "campaignId": campaign,
                 "status": "ACTIVE", "startDate": "2020-01-01T00:00:00Z", "currency": currency,
                 "terms": [{"kind": "CAMPAIGN", "eventPayouts": [payouts]}]}, **more)


def setup_events():
    """What must be known before the first action, as (key, value)."""
    made = []
    for tracker, campaign in EVENT_TYPES.items():
        data = {"actionTrackerId": tracker, "campaignId": campaign}
        made.append((f"event_type:{tracker}", event("event_type.put", f"setup-e{tracker}", data)))
        terms = TERMS[tracker]
        payout = ({"defaultPayoutRate": terms.rate} if terms.flat is None
                  else {"defaultPayout": terms.flat})
        payout["actionTrackerId"] = tracker
        data = contract(f"C{tracker}", PARTNERS[tracker], campaign, terms.currency, payout)
        made.append((f"contract:C{tracker}", event("contract.put", f"setup-c{tracker}", data)))
    return [(key.encode(), value) for key, value in made]


BROKEN = [
    (lambda n: b"", "malformed"),
    (lambda n: b"{", "malformed"),
    (lambda n: event("action.modify", "", {"actionId": "A1"}), "missing-id"),
    (lambda n: event("action.modify", f"bad-{n}", {"actionId": 7, "reason": "OTHER"}), "schema"),
    (lambda n: event("action.explode", f"bad-{n}", {"actionId": "A1"}), "unknown-type"),
    (lambda n: event("contract.put", f"bad-{n}", {}), "misdirected"),
    (lambda n: event("action.modify", f"bad-{n}", {"actionId": "~"}).replace(b"~", b"\xff"),
     "malformed"),
]


class Workload:
    """`items` in the order of sending; `actions`: the action record each must have in the end."""

    def __init__(self, records, seed=1, actions=None):
        self.random = random.Random(seed)
        self.items, self.actions, self.commands = [], {}, {}
        self.broken = 0
        count = actions or max(1, records // 5)
        plans = [self.plan(number) for number in range(count)]
        while len(self.items) < records and plans:
            place = self.random.randrange(len(plans))
            self.send(plans[place].popleft())
            if not plans[place]:
                plans[place] = plans[-1]
                plans.pop()
            self.add_noise()
        for plan in plans:  # an action that was begun is finished
            for item in plan:
                self.send(item)

    def send(self, item):
        self.items.append(item)

    def amount(self, currency):
        low, high = (100, 50000) if currency == "JPY" else (1, 400)
        whole = self.random.randint(low, high)
        return str(whole) if currency == "JPY" else f"{whole}.{self.random.randint(0, 99):02d}"

    def update(self, currency):
        """(verb, data without the address)"""
        draw = self.random.random()
        if draw < 0.10:
            return "reverse", {"dispositionCode": self.random.choice(["CONS_FRAUD", "OTHER", "NO"])}
        if draw < 0.16:
            return "approve", {}
        data = {"reason": self.random.choice(["ORDER_UPDATE", "ITEM_RETURNED", "OTHER"]),
                "amount": self.amount(currency)}
        if draw < 0.20:
            data["amount"] = "0"
        elif draw < 0.22:
            data["reason"] = "BECAUSE"
        elif draw < 0.24:
            data["currency"] = "KWD"
        elif draw < 0.26:
            data["amount"] = "10.5" if currency == "JPY" else data["amount"] + "9"
        return "modify", data

    def plan(self, number):
        """All records of one action. Its updates take one road (by id or by order id) with right
        keys, so that the order of decision is the order of sending; with wrong keys there is one
        update at most, which waits for its action if it comes first."""
        action_id, oid = f"A{number}", f"X{number}"
        tracker = self.random.choice(list(TERMS))
        terms, road = TERMS[tracker], self.random.choices(["id", "oid", "wrong"], [60, 30, 10])[0]
        count = self.random.randint(0, 1) if road == "wrong" else self.random.randint(0, 9)
        track = {"actionId": action_id, "actionTrackerId": tracker, "oid": oid,
                 "campaignId": EVENT_TYPES[tracker], "partnerId": PARTNERS[tracker],
                 "currency": terms.currency, "amount": self.amount(terms.currency)}
        updates = [self.update(terms.currency) for _ in range(count)]
        action, answers = decide_all(terms, track, updates)
        self.actions[action_id] = action.shown()
        oid_key, id_key = f"oid:{tracker}:{oid}".encode(), f"action:{action_id}".encode()
        address = ({"oid": oid, "actionTrackerId": tracker} if road == "oid"
                   else {"actionId": action_id})
        key = {"id": id_key, "oid": oid_key, "wrong": b"elsewhere"}[road]
        plan = [self.item(key if road == "wrong" else oid_key, "track", f"{action_id}-t", track,
                          ("applied", "action.tracked"))]
        for n, ((verb, data), answer) in enumerate(zip(updates, answers)):
            plan.append(self.item(key, verb, f"{action_id}-{n}", dict(data, **address), answer))
        if count and self.random.random() < 0.1:  # the first update comes before its action
            plan[0], plan[1] = plan[1], plan[0]
        return self.with_repeats(plan, road)

    def item(self, key, verb, event_id, data, expected):
        return Item(key, event(f"action.{verb}", event_id, data), event_id, expected)

    def with_repeats(self, plan, road):
        """2 % are sent again; and now and then an id is used for another message."""
        made = collections.deque()
        for item in plan:
            self.commands[item.id] = item.expected
            made.append(item)
        for item in plan:
            draw = self.random.random()
            if draw < 0.02:
                made.append(item._replace(expected="repeat"))
            elif draw < 0.023 and road == "id" and not item.id.endswith("-t"):
                other = item.value.replace(b'"data":{', b'"data":{"note":"changed",', 1)
                made.append(item._replace(value=other, expected="id-conflict"))
        return made

    def add_noise(self):
        if self.random.random() < 0.01:
            make, reason = self.random.choice(BROKEN)
            number = self.broken
            self.broken += 1
            key = self.random.choice([None, b"k", f"action:A{number}".encode()])
            self.send(Item(key, make(number), None, reason))
