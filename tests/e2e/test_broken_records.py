#!/usr/bin/python3
"""Records that nobody can understand become one dead letter each, with the bytes as they came and a
reason; their neighbours on the same partition are decided as if they were not there."""

import json

from harness import World, arguments, main, modify, track
from ledger import header
from workload import event

GOOD_DATA = {"actionId": "A1", "reason": "ORDER_UPDATE", "amount": "90.00"}


def envelope(**changes):
    made = {"specversion": "1.0", "type": "makegood.action.modify.v1", "source": "/shop",
            "id": "broken", "data": GOOD_DATA}
    made.update(changes)
    return json.dumps({key: value for key, value in made.items() if value is not ...}).encode()


def nested(depth):
    inner = {}
    for _ in range(depth):
        inner = {"a": inner}
    return inner


def cases():
    """(name, value, reason, start of the detail or None)"""
    good = event("action.modify", "broken", GOOD_DATA)
    twice = good.replace(b'"data":{', b'"data":{"amount":"1.00",')
    return [
        ("empty", b"", "malformed", None),
        ("tombstone", None, "malformed", None),
        ("truncated", good[:-20], "malformed", None),
        ("white space", b" \n\t ", "malformed", None),
        ("not JSON", b"hello", "malformed", None),
        ("two values", good + good, "malformed", None),
        ("one MB", envelope(data=dict(GOOD_DATA, note="x" * 1000000)), "too-large", None),
        ("just over 64 KiB", good + b" " * (65537 - len(good)), "too-large", None),
        ("bad UTF-8", good.replace(b"90.00", b"\xc3\x28"), "malformed", None),
        ("NUL", good.replace(b"90.00", b"9\x000"), "malformed", None),
        ("NUL behind", good + b"\x00", "malformed", None),
        ("duplicate member", twice, "malformed", None),
        ("too deep", envelope(data=dict(GOOD_DATA, note=nested(20))), "malformed", None),
        ("very deep", b"[" * 60000, "malformed", None),
        ("too many members", envelope(data={f"m{n}": n for n in range(4200)}), "malformed", None),
        ("an array", b"[1,2,3]", "malformed", None),
        ("data not an object", envelope(data=[]), "malformed", None),
        ("no data", envelope(data=...), "malformed", None),
        ("other specversion", envelope(specversion="0.3"), "malformed", None),
        ("no type", envelope(type=...), "malformed", None),
        ("source of a worker", envelope(source="/makegood/action"), "malformed", None),
        ("missing id", envelope(id=...), "missing-id", None),
        ("null id", envelope(id=None), "missing-id", None),
        ("empty id", envelope(id=""), "missing-id", None),
        ("missing source", envelope(source=...), "missing-id", None),
        ("unknown type", envelope(type="makegood.action.explode.v1"), "unknown-type", None),
        ("another family", event("contract.put", "broken", {}), "misdirected", None),
        ("wrong type", envelope(data=dict(GOOD_DATA, actionId=7)), "schema", "/data/actionId "),
        ("id too long", envelope(data=dict(GOOD_DATA, actionId="A" * 65)), "schema",
         "/data/actionId "),
        ("wrong currency", envelope(data=dict(GOOD_DATA, currency="dollar")), "schema",
         "/data/currency "),
    ]


HEADERS = (("x-trace", b"\x00\xff\n"), ("x-none", None), ("x-trace", b"again"))


def same(sent, found):
    """Kafka knows null and empty apart; librdkafka shows an empty value as null or as empty."""
    return (sent or b"") == (found or b"")


def check_dead(name, value, key, reason, detail, entry):
    assert entry.verdict == "dead", f"{name}: {entry}"
    assert entry.type == reason, f"{name}: {entry.type} ({entry.data}), expected {reason}"
    assert entry.data, f"{name}: no dlq-detail"
    assert detail is None or entry.data.startswith(detail), f"{name}: {entry.data}"
    record = entry.record
    if header(record, "dlq-by-reference") is None:
        assert same(value, record.value), f"{name}: other bytes"
        assert (value is None) == (record.value is None), f"{name}: null became empty"
    assert record.key == key, f"{name}: key {record.key}"
    assert record.headers[:len(HEADERS)] == list(HEADERS), f"{name}: {record.headers}"
    for needed in ("dlq-timestamp-ms", "dlq-worker", "dlq-first-failed-at", "dlq-redrives"):
        assert header(record, needed), f"{name}: no {needed}"


def test():
    options = arguments(__doc__)
    with World(options, partitions=1) as world:
        world.start_workers(1)
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        key, value = track(1)
        world.send("action", value, key)
        world.sent()
        ledger.settle()
        sent, neighbours = [], []
        for number, (name, value, reason, detail) in enumerate(cases()):
            key = [None, b"key\x00\n", b"action:A1"][number % 3]
            place = world.send("action", value, key, 0, HEADERS)
            sent.append((place, name, value, key, reason, detail))
            key, value = modify(1, f"n-{number}", f"{number + 1}.00")
            neighbours.append(world.send("action", value, key))
        world.sent()
        ledger.settle()
        for place, name, value, key, reason, detail in sent:
            where = ("action", *world.producer.delivered[place])
            check_dead(name, value, key, reason, detail, ledger.answers[where])
        assert len(ledger.dead) == len(sent), f"{len(ledger.dead)} dead letters for {len(sent)}"
        for place in neighbours:
            entry = ledger.answers[("action", *world.producer.delivered[place])]
            assert entry.verdict == "applied", entry
        assert ledger.action_records()["A1"]["modifications"] == len(neighbours)
        print(f"{len(sent)} broken records, {len(neighbours)} neighbours")
        ledger.close()


if __name__ == "__main__":
    main(test)
