#!/usr/bin/python3
"""One JSON line by `kcat -P`, without key, headers or tuning, gets a verdict for `kcat -C`."""

import json
import subprocess

from harness import World, arguments, main, track
from support.children import wait_until

PASSING = ("forwarded", "deferred")


def kcat(world, *words, stdin=None):
    done = subprocess.run(["kcat", "-b", world.kafka.bootstrap, *words], input=stdin, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def verdicts(world, event_id):
    """(verdict, outcome) of every verdict that names the event, as kcat shows them."""
    lines = kcat(world, "-C", "-q", "-e", "-J", "-X", "isolation.level=read_committed",
                 "-t", world.topic("action-outcome")).decode().splitlines()
    found = []
    for line in map(json.loads, lines):
        headers = dict(zip(line["headers"][::2], line["headers"][1::2]))
        data = json.loads(line["payload"])
        if headers.get("ce_causationid") == event_id and headers.get("makegood-verdict"):
            found.append((headers["makegood-verdict"], headers["ce_type"], line["key"], data))
    return found


def test():
    options = arguments(__doc__)
    with World(options) as world:
        world.start_workers(1)
        ledger = world.ledger()
        world.set_up_contracts(ledger)
        _key, value = track(1)
        kcat(world, "-P", "-t", world.topic("action"), stdin=value + b"\n")
        found = wait_until("a final verdict", lambda: [
            seen for seen in verdicts(world, "t-1") if seen[0] not in PASSING], 20)
        assert len(found) == 1, found
        verdict, kind, key, data = found[0]
        assert (verdict, kind) == ("applied", "makegood.action.tracked.v1"), found
        assert key == "action:A1" and data["payout"] == "4.00" and data["amount"] == "100.00", found
        ledger.settle()
        ledger.close()


if __name__ == "__main__":
    main(test)
