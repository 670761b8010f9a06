#!/usr/bin/python3
"""`makegood exec` says the same on every run, and the same final verdicts and states as the real path
when the same inputs are sent one after another, each awaited."""

import datetime
import json

from harness import World, arguments, main
from ledger import header
from workload import Workload, setup_events

# The moment of deciding: on the real path a message between entities is a record of its own, with
# its own time.
MOMENTS = ("effectiveTime", "eventDate", "creationDate", "validFrom")
PLACE_BOUND = ("duplicate",)  # its id names the place of the record


def without_moments(data):
    if isinstance(data, list):
        return [without_moments(value) for value in data]
    if not isinstance(data, dict):
        return data
    return {key: without_moments(value) for key, value in data.items() if key not in MOMENTS}


def text_of(ms):
    moment = datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + f".{ms % 1000:03d}Z"


def real_path(world, events):
    """Sends each and awaits its answer. -> (lines for exec, outcomes by id, reasons)"""
    ledger, lines = world.ledger(), []
    for topic, key, value in events:
        number = world.send(topic, value, key)
        world.sent()
        ledger.settle(30, waiting=50)
        place = (topic, *world.producer.delivered[number])
        event = json.loads(value)
        event["time"] = text_of(ledger.inputs[place].timestamp)
        lines.append(json.dumps(event))
    outcomes = {header(entry.record, "ce_id"): (entry.verdict, entry.type, entry.entity,
                                                without_moments(entry.data))
                for entry in ledger.outcomes
                if entry.verdict not in PLACE_BOUND and not entry.type.startswith("internal")
                and not (entry.type.startswith("command") and entry.place
                         and ledger.by_worker(entry.place))}
    reasons = sorted(entry.type for entry in ledger.dead.values())
    ledger.close()
    return lines, outcomes, reasons


def pipe(world, lines):
    """The same by `makegood exec`, twice."""
    text = "\n".join(lines) + "\n"
    first, second = (world.run("exec", "--states", stdin=text) for _ in range(2))
    assert first.status == 0, first
    assert first.out == second.out, "two runs of exec differ"
    outcomes, reasons, states = {}, [], {}
    for line in map(json.loads, first.out.splitlines()):
        if "topic" not in line:
            states[line["entity"]] = without_moments(line)
            continue
        if "dlq-reason" in line["headers"]:
            reasons.append(line["headers"]["dlq-reason"])
            continue
        verdict, event = line["headers"].get("makegood-verdict"), line["event"]
        kind = event["type"].removeprefix("makegood.").removesuffix(".v1")
        if verdict not in PLACE_BOUND:
            outcomes[event["id"]] = verdict, kind, line["key"], without_moments(event["data"])
    return outcomes, sorted(reasons), states


def check_states(world, states):
    """What Redis holds of every entity and part that exec has."""
    assert len(states) > 20, len(states)
    for entity, expected in states.items():
        shown = world.run("show", entity, "-o", "json")
        assert shown.status == 0, (entity, shown)
        found = without_moments(json.loads(shown.out))
        found = {name: found.get(name) for name in expected}
        assert found == expected, (found, expected)


def test():
    options = arguments(__doc__, records=(150, "so many records"))
    workload = Workload(options.records, 4)
    # Broken records cannot carry a time; with wrong keys they are forwarded, which exec never does.
    items = [item for item in workload.items if item.key not in (None, b"k", b"elsewhere")
             and (not isinstance(item.expected, str) or item.expected in ("repeat", "id-conflict"))]
    events = [("contract", key, value) for key, value in setup_events()]
    events += [("action", item.key, item.value) for item in items]
    with World(options) as world:
        world.start_workers(1)
        lines, outcomes, reasons = real_path(world, events)
        piped, piped_reasons, states = pipe(world, lines)
        missing = sorted(outcomes.keys() ^ piped.keys())
        assert not missing, [outcomes.get(name) or piped.get(name) for name in missing[:4]]
        wrong = [(outcomes[name], piped[name]) for name in outcomes
                 if outcomes[name] != piped[name]]
        assert not wrong, f"{len(wrong)} of {len(outcomes)} outcomes differ: {wrong[:2]}"
        assert reasons == piped_reasons, (reasons, piped_reasons)
        check_states(world, states)
        print(f"{len(lines)} events, {len(outcomes)} outcomes, {len(reasons)} dead letters, "
              f"{len(states)} states")


if __name__ == "__main__":
    main(test)
