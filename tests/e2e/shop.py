"""A shop that sends commands of the action family one after another and hears what was said to each.
For the tests of the worked examples."""

import datetime
import time
import uuid

from harness import REFERENCE_AGE
from ledger import header
from workload import SOURCE, contract, event, setup_events

NAMESPACE = uuid.UUID("374a4652-5ef6-532a-b0ef-a36e597b53be")


def text_of(ms):
    """An instant as outcomes have it."""
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


def days_ago(days):
    return text_of(int(time.time() - days * 86400) * 1000)


def outcome_id(event_id, entity, ordinal):
    return str(uuid.uuid5(NAMESPACE, f"{SOURCE}|{event_id}|{entity}|{ordinal}"))


class Shop:
    def __init__(self, world):
        self.world, self.ledger, self.number = world, world.ledger(), 0
        for key, value in setup_events():
            world.send("contract", value, key)
        world.sent()

    def put(self, contract_id, partner, tracker=70, more=None, **payout):
        data = contract(contract_id, partner, 7, "USD", dict(payout, actionTrackerId=tracker), **(more or {}))
        return self.tell("contract.put", f"contract:{contract_id}", data)

    def tell(self, kind, key, data, event_id=None, waiting=0):
        """-> outcomes that the command brought about, as (type, data), without forwarding"""
        return [(entry.type, entry.data) for entry in self.entries(kind, key, data, event_id, waiting)
                if self.is_told(entry)]

    def entries(self, kind, key, data, event_id=None, waiting=0):
        """-> all entries of the ledger that the command brought about"""
        self.number += 1
        before = len(self.ledger.outcomes)
        topic = "contract" if kind.endswith(".put") else "action"
        self.world.send(topic, event(kind, event_id or f"n-{self.number}", data), key.encode())
        self.world.sent()
        self.ledger.settle(60, waiting)
        return sorted(self.ledger.outcomes[before:], key=lambda entry: entry.record.offset)

    def is_told(self, entry):
        """Not what entities say to each other."""
        own = entry.place is not None and self.ledger.by_worker(entry.place)
        return not (entry.type == "command.forwarded" or entry.type.startswith("internal") or
                    (own and entry.type.startswith("command")))

    def track(self, action, partner, waiting=0, **more):
        data = dict({"actionId": action, "actionTrackerId": 70, "oid": f"O{action}", "partnerId": partner,
                     "currency": "USD"}, **more)
        return self.tell("action.track", f"oid:70:{data['oid']}", data, waiting=waiting)

    def command(self, verb, action, event_id=None, **more):
        return self.tell(f"action.{verb}", f"action:{action}", dict({"actionId": action}, **more), event_id)

    def last(self, kind):
        """The last outcome of a type, as an entry of the ledger."""
        return [entry for entry in self.ledger.outcomes if entry.type == kind][-1]


def one(said, kind, **members):
    """All that was said is this."""
    assert len(said) == 1 and said[0][0] == kind, (kind, said)
    holds(said[0][1], **members)


def kinds(said, *names):
    assert [kind for kind, _ in said] == list(names), (names, said)


def holds(data, **members):
    for name, value in members.items():
        assert data.get(name) == value, (name, value, data)


def wait_for_references():
    time.sleep(REFERENCE_AGE)


def id_of(entry):
    return header(entry.record, "ce_id")
