#!/usr/bin/python3
"""Case files through real Kafka and Redis: each step is sent and awaited, and the same outcomes must
come as `exec` gives, wherever they go. The worked examples of the order family.

The clock is Kafka's: only cases whose dates decide nothing can be played. Outcomes of one decision
lie in several topics, so their order is not looked at."""

import json
import pathlib
import sys

from harness import World, arguments, main
from ledger import header

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cases"))

import run_cases  # noqa: E402

CASES = (
    "order/cases/O24-O25-card-refund.json",
    "order/cases/O25-C53-fee-retained.json",
    "order/cases/O27-invoice-refund.json",
    "order/cases/O23-C49-nothing-to-refund.json",
    "order/cases/O36-limit-and-release.json",
)


def summary_of(record, topic):
    """A record in the terms that `then` speaks."""
    headers = {name: value.decode() for name, value in record.headers if value is not None}
    event = {"type": headers["ce_type"], "id": headers["ce_id"], "time": headers["ce_time"],
             "data": json.loads(record.value)}
    shown = {name: value for name, value in headers.items() if name.startswith("makegood-")}
    return run_cases.summary({"topic": topic, "headers": shown, "event": event})


def is_hidden(ledger, record):
    """What exec does not show: talk among workers, and that a record without a key took a hop."""
    kind, data = header(record, "ce_type"), json.loads(record.value)
    return kind.startswith("makegood.internal.") or data.get("to") == data["entity"] or (
        kind.startswith("makegood.command.") and ledger.by_worker(ledger.place(record)))


def matches(want, got):
    want = {key: value for key, value in want.items() if key != "at"}
    return not run_cases.differences(want, got, "")


def play(world, ledger, events):
    """Sends each and awaits its answers."""
    for number, step in enumerate(events):
        value = run_cases.line_of({k: v for k, v in step.items() if k != "at"}, number + 1)
        world.send("order", value.encode())
        world.sent()
        ledger.settle(30)


def gather(world, ledger):
    """All that went out, as exec shows it."""
    found = [summary_of(entry.record, "order-outcome") for entry in ledger.outcomes
             if not is_hidden(ledger, entry.record)]
    for topic in ("email-request", "refund-initiated"):
        with world.reader(topic) as reader:
            found += [summary_of(record, topic) for record in reader.read_to_end()]
    return found


def check_case(options, path):
    case = json.loads(path.read_text())
    given = list(run_cases.events(path, case.get("given", [])))
    events = list(run_cases.events(path, case["when"]))
    with World(options, partitions=3) as world:
        world.start_workers(1, workers=("order",))
        ledger = world.ledger("order")
        play(world, ledger, given)
        before = {got["id"] for got in gather(world, ledger)}
        for number, step in enumerate(events):
            step.setdefault("id", f"e{len(given) + number + 1}")
        play(world, ledger, events)
        left = [got for got in gather(world, ledger) if got["id"] not in before
                and (not case.get("only") or got["type"] in case["only"])]
        count = len(left)
        for want in case["then"]:
            hit = next((got for got in left if matches(want, got)), None)
            assert hit, f"{path.name}: nothing like {json.dumps(want)} among {json.dumps(left)}"
            left.remove(hit)
        assert not left, f"{path.name}: too much: {json.dumps(left)}"
        ledger.close()
        print(f"{path.name}: {len(events)} steps, {count} outcomes", flush=True)


def test():
    options = arguments(__doc__)
    for name in CASES:
        check_case(options, ROOT / "workers" / name)


if __name__ == "__main__":
    main(test)
