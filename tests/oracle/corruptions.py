#!/usr/bin/python3
"""The auditor audited: a dump of a simulated history that is in order is spoilt, one thing at a time, and each
time the equation that speaks of it must fail.

  tests/oracle/corruptions.py --sim .build/check/tests/sim/sim
"""
import argparse
import base64
import copy
import json
import pathlib
import sys
import tempfile

import histories

SEEDS = range(1, 200)
HOURS = 3600 * 1000


def text_of(line):
    return base64.b64decode(line["value"]).decode("utf-8")


def put_text(line, text):
    line["value"] = base64.b64encode(text.encode("utf-8")).decode()


def header(line, name):
    return next((base64.b64decode(v).decode() for k, v in line["headers"] if k == name and v), None)


def set_header(line, name, value):
    line["headers"] = [[k, base64.b64encode(value.encode()).decode() if k == name else v]
                       for k, v in line["headers"]]


class Lines:
    """The lines of a dump, to be spoilt."""

    def __init__(self, lines):
        self.lines = lines

    def records(self, topic):
        return [line for line in self.lines if line.get("topic") == topic and "offset" in line]

    def outcome(self, kind, **headers):
        """The first outcome of that type."""
        return next(line for line in self.records("action-outcome")
                    if header(line, "ce_type") == f"makegood.{kind}.v1"
                    and all(header(line, k.replace("_", "-")) == v for k, v in headers.items()))

    def state(self, last=True, key=b"action:"):
        """A state record that is the last one of its key, or not."""
        records = self.records("action-state")
        newest = {(line["partition"], line["key"]): line for line in records}
        return next(line for line in records if base64.b64decode(line["key"]).startswith(key)
                    and (newest[line["partition"], line["key"]] is line) == last)

    def key(self, mark):
        """A key of the view that has the mark in its name."""
        return next(line for line in self.lines
                    if "redis" in line and mark in base64.b64decode(line["redis"]))

    def end(self, topic):
        return next(line for line in self.lines if line.get("topic") == topic and "high" in line)

    def remove(self, line):
        self.lines.remove(line)

    def edit(self, line, **members):
        data = json.loads(text_of(line))
        data.update(members)
        put_text(line, json.dumps(data))

    def repeat(self, line):
        again = copy.deepcopy(line)
        again["offset"] = 1000000
        self.lines.append(again)


# -- what is spoilt: (equation, what, how)

def lost_verdict(d):
    d.remove(d.outcome("command.rejected"))


def doubled_outcome(d):
    d.repeat(d.outcome("action.tracked"))


def lost_dead_letter(d):
    d.remove(d.records("action-dlq")[0])


def changed_dead_letter(d):
    letter = next(line for line in d.records("action-dlq") if line["value"])
    put_text(letter, "something else")


def phantom_input(d):
    set_header(d.outcome("action.tracked"), "makegood-input", "action/0/999999")


def changed_id(d):
    ident = header(d.outcome("action.tracked"), "ce_id")
    set_header(d.outcome("action.tracked"), "ce_id", ident[:-1] + ("0" if ident[-1] != "0" else "1"))


def skipped_ordinal(d):
    """The verdict is gone, and what the decision said besides it stays."""
    verdict = d.outcome("adjustment.required")
    first = next(line for line in d.records("action-outcome") if line["key"] == verdict["key"]
                 and header(line, "makegood-input") == header(verdict, "makegood-input"))
    d.remove(first)


def lost_input(d):
    cited = header(d.outcome("action.tracked"), "makegood-input").split("/")
    d.remove(next(line for line in d.records("action")
                  if (line["partition"], line["offset"]) == (int(cited[1]), int(cited[2]))))


def other_payout(d):
    d.edit(d.outcome("action.tracked"), payout="12345.67")


def other_reason(d):
    d.edit(d.outcome("command.rejected"), reason={"code": "ACTION_LOCKED"})


def lost_timer(d):
    d.remove(d.outcome("action.locked"))


def other_entity(d):
    line = d.outcome("action.locked")
    d.edit(line, entity="action:A99")
    line["key"] = base64.b64encode(b"action:A99").decode()


def other_value(d):
    d.key(b":action:")["value"] = base64.b64encode(b"another state").decode()


def lost_key(d):
    d.remove(d.key(b":action:"))


def foreign_key(d):
    d.lines.append({"redis": base64.b64encode(b"{action-0}:action:A99").decode(), "type": "string",
                    "value": "eA=="})


def lost_state(d):
    d.remove(d.state())


def sums(d):
    """Payouts of an action that do not add up: its last delta is another one."""
    line = [line for line in d.records("action-outcome")
            if header(line, "ce_type") == "makegood.action.modified.v1"][-1]
    d.edit(line, deltaPayout="99999.99", payout="1.00")


def older_version(d):
    line = [line for line in d.records("action-outcome")
            if header(line, "ce_type") == "makegood.action.locked.v1"][-1]
    d.edit(line, version=0)


def earlier_input(d):
    """Two verdicts of one entity change places in their partition."""
    lines = d.records("action-outcome")
    for first in lines:
        second = next((line for line in lines if line["key"] == first["key"] and line is not first
                       and header(line, "makegood-input") and header(first, "makegood-input")
                       and header(line, "makegood-input") != header(first, "makegood-input")
                       and line["partition"] == first["partition"]), None)
        if second:
            first["offset"], second["offset"] = second["offset"], first["offset"]
            return
    raise StopIteration


def lost_progress(d):
    partition = d.records("action")[-1]["partition"]
    for line in [line for line in d.records("action-state")
                 if line["partition"] == partition and base64.b64decode(line["key"]) == b"@progress"][1:]:
        d.remove(line)


def older_index(d):
    d.key(b"action-0}@index")["value"] = base64.b64encode(b"1").decode()


def open_transaction(d):
    d.end("action-outcome")["stable"] -= 1


def late_outcome(d):
    d.outcome("action.tracked")["timestamp"] += 1000 * HOURS


CORRUPTIONS = (
    ("E1", lost_verdict), ("E1", doubled_outcome), ("E1", lost_dead_letter), ("E1", changed_dead_letter),
    ("E2", doubled_outcome), ("E2", phantom_input), ("E2", changed_id), ("E2", skipped_ordinal),
    ("E2", lost_input), ("E3", other_payout), ("E3", other_reason), ("E3", lost_timer),
    ("E3", other_entity), ("E4", other_value), ("E4", lost_key), ("E4", foreign_key), ("E4", lost_state),
    ("E5", sums), ("E6", older_version), ("E6", earlier_input), ("E7", lost_progress), ("E7", older_index),
    ("E8", open_transaction), ("E9", late_outcome),
)


def found(lines, path):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return histories.audited(path).found


def spoil(lines, how):
    """None: this history has nothing of the kind."""
    spoilt = Lines(copy.deepcopy(lines))
    try:
        how(spoilt)
    except (StopIteration, IndexError):
        return None
    return spoilt.lines


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sim", required=True)
    options = parser.parse_args()
    left, missed = list(CORRUPTIONS), 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "dump.jsonl"
        for seed in SEEDS:
            trouble = histories.dumped(options.sim, seed, path)
            lines = [json.loads(line) for line in path.read_text().splitlines()]
            if trouble or any(found(lines, path).values()):
                sys.exit(f"seed {seed} is not in order before anything was spoilt")
            for equation, how in list(left):
                spoilt = spoil(lines, how)
                if spoilt is None:
                    continue
                left.remove((equation, how))
                bad = found(spoilt, path)
                missed += not bad[equation]
                print(f"seed {seed}: {how.__name__}: {equation} "
                      + ("fails: " + bad[equation][0].split("\n")[0][:100] if bad[equation] else "HOLDS"))
            if not left:
                break
    for equation, how in left:
        print(f"{how.__name__}: no history has what it would spoil")
    print(f"{len(CORRUPTIONS)} corruptions, {missed} not found, {len(left)} not tried")
    return 1 if missed or left else 0


if __name__ == "__main__":
    sys.exit(main())
