"""The bench's records: a contract, and actions that are tracked, changed, approved and reversed.
Seeded: the same numbers give the same records, but for the day (actions are locked after 30 days)."""

import collections
import json
import random
import struct
import time

TRACKERS, CUSTOMERS = 4, 20000
TODAY = time.strftime("%Y-%m-%d", time.gmtime())
DUPLICATES = 0.02

Event = collections.namedtuple("Event", "key value")


def structured(kind, event_id, data, **attributes):
    """A structured CloudEvent; `id` comes first, where the watching reader looks for it."""
    envelope = {"id": event_id, "specversion": "1.0", "type": f"makegood.{kind}.v1",
                "source": "/shop/eu-west/checkout", "time": f"{TODAY}T00:00:01.123Z",
                "datacontenttype": "application/json", **attributes, "data": data}
    return json.dumps(envelope, separators=(",", ":")).encode()


def setup_events():
    """What must be known before the first action, as (key, value)."""
    made = []
    for tracker in range(1, TRACKERS + 1):
        data = {"actionTrackerId": tracker, "campaignId": 7, "name": f"checkout {tracker}"}
        made.append(Event(f"event_type:{tracker}".encode(),
                          structured("event_type.put", f"setup-e{tracker}", data)))
    payouts = [{"actionTrackerId": tracker, "payoutLevel": "ORDER", "defaultPayoutRate": "4.5",
                "locking": {"period": "DAY", "dayOffset": 30}}
               for tracker in range(1, TRACKERS + 1)]
    contract = {"contractId": "C1", "partnerId": "P1", "campaignId": 7, "status": "ACTIVE",
                "startDate": "2020-01-01T00:00:00Z", "currency": "USD",
                "terms": [{"kind": "CAMPAIGN", "eventPayouts": payouts}]}
    made.append(Event(b"contract:C1", structured("contract.put", "setup-c1", contract)))
    return made


class Maker:
    """Events of one series of actions; `first`: the number of its first action."""

    def __init__(self, records, actions, seed=1, first=0, name="e"):
        self.random = random.Random(seed)
        self.records, self.actions, self.first, self.name = records, actions, first, name
        self.count, self.tracks = 0, 0

    def event_id(self):
        self.count += 1
        return f"{self.name}{self.first:07d}-{self.random.getrandbits(64):016x}-{self.count:07d}"

    def amount(self):
        return f"{self.random.randint(5, 900)}.{self.random.randint(0, 99):02d}"

    def track(self, number):
        total, first = self.amount(), self.random.randint(1, 4)
        tracker = number % TRACKERS + 1
        data = {"actionId": f"A{number:09d}", "actionTrackerId": tracker, "oid": f"ORDER-{number:09d}",
                "campaignId": 7, "partnerId": "P1", "eventDate": f"{TODAY}T00:00:00.000Z",
                "currency": "USD", "amount": total, "customerId": f"K{number % CUSTOMERS:06d}",
                "customerStatus": "NEW" if first == 1 else "EXISTING",
                "clickId": f"click-{self.random.getrandbits(48):012x}"}
        self.tracks += 1
        return Event(f"oid:{tracker}:ORDER-{number:09d}".encode(),
                     structured("action.track", self.event_id(), data))

    def update(self, number, last):
        key = f"action:A{number:09d}"
        data = {"actionId": f"A{number:09d}"}
        draw = self.random.random() if last else 1
        if draw < 0.2:
            kind, data["dispositionCode"] = "action.reverse", "CONS_FRAUD"
        elif draw < 0.5:
            kind = "action.approve"
        else:
            kind = "action.modify"
            data.update(reason="ORDER_UPDATE", amount=self.amount(), currency="USD")
        value = structured(kind, self.event_id(), data, subject=key,
                           dataschema=f"urn:makegood:schema:makegood.{kind}.v1",
                           traceparent=f"00-{self.random.getrandbits(128):032x}-"
                                       f"{self.random.getrandbits(64):016x}-01")
        return Event(key.encode(), value)

    def made(self):
        """A list of `records` events; every action is tracked before it is changed, else they are
        mixed over the whole length, so that an action is long out of any cache at its next change."""
        repeats = int(self.records * DUPLICATES)
        places = list(range(self.actions))
        left = self.records - repeats - self.actions
        places += [self.random.randrange(self.actions) for _ in range(left)]
        updates = collections.Counter(places)
        self.random.shuffle(places)
        events, tracked = [], set()
        for place in places:
            number = self.first + place
            updates[place] -= 1
            if place in tracked:
                events.append(self.update(number, updates[place] == 0))
            else:
                tracked.add(place)
                events.append(self.track(number))
        for _ in range(repeats):  # sent again at any time after the first
            place = self.random.randrange(len(events))
            events.insert(self.random.randint(place + 1, len(events)), events[place])
        return events


def tracks_first(events):
    """(tracks, the others). In a topic filled beforehand what a track sends on to its action lies
    behind everything else; changes in between would all have to wait for it, which in life only
    those do that come within milliseconds of their action."""
    tracks = [event for event in events if event.key.startswith(b"oid:")]
    return tracks, [event for event in events if not event.key.startswith(b"oid:")]


def write_frames(path, events):
    """As frames.c reads them. -> bytes of keys and values"""
    size = 0
    with open(path, "wb") as file:
        for event in events:
            file.write(struct.pack("<I", len(event.key)) + event.key)
            file.write(struct.pack("<I", len(event.value)) + event.value + struct.pack("<I", 0))
            size += len(event.key) + len(event.value)
    return size
