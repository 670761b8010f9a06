#!/usr/bin/python3
"""`makegood demo`: every promised case of its day, twice the same; the same answers as `exec` gives;
no process or folder stays behind, however it ends; the lines that --keep prints work."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

from harness import arguments, main
from support.children import wait_until

# input: verdict, payout before, payout after, what came out
DAY = (
    ("setup-1", "applied", None, None, ["event_type.stored"]),
    ("setup-2", "applied", None, None, ["contract.stored"]),
    ("order-1001", "applied", None, "6.00", ["action.tracked"]),
    ("order-1002", "applied", None, "4.00", ["action.tracked"]),
    ("order-1003", "applied", None, "2.50", ["action.tracked"]),
    ("return-1", "applied", "6.00", "4.50", ["action.modified"]),
    ("return-1", "duplicate", "4.50", "4.50", ["command.duplicate"]),
    ("fraud-1", "applied", "4.00", "0.00", ["action.reversed"]),
    (None, "dead letter", None, None, [None]),
    ("return-2", "rejected", "4.50", "4.50", ["command.rejected", "adjustment.required"]),
)
PASSING = ("command.forwarded",)


class Scratch:
    """A folder for the demo's temporary files: what is left in it was left by the demo."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="mgd-"))
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def environment(self, **more):
        return dict(os.environ, TMPDIR=str(self.path), **more)

    def left(self):
        return sorted(entry.name for entry in self.path.iterdir())


def run(makegood, scratch, *words, **more):
    return subprocess.run([makegood, "demo", *words], env=scratch.environment(**more), timeout=120,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def rows_of(makegood, scratch):
    done = run(makegood, scratch, "-o", "jsonl")
    assert done.returncode == 0, done.stderr
    assert scratch.left() == [], scratch.left()
    return [json.loads(line) for line in done.stdout.splitlines()]


def shown_id(record):
    try:
        return json.loads(record)["id"]
    except ValueError:
        return None


def types_of(row):
    kinds = [outcome.get("type") for outcome in row["outcomes"]]
    return [kind for kind in kinds
            if kind not in PASSING and not (kind or "").startswith("internal.")]


def check_day(rows):
    inputs = [row for row in rows if row["kind"] == "input"]
    assert len(inputs) == len(DAY), inputs
    for row, (event_id, verdict, before, after, types) in zip(inputs, DAY):
        seen = (shown_id(row["record"]), row["verdict"], row.get("payoutBefore"),
                row.get("payoutAfter"), types_of(row))
        assert seen == (event_id, verdict, before, after, types), (seen, row)
        assert all(outcome["why"] or outcome["type"].endswith((".stored", ".listed"))
                   for outcome in row["outcomes"]), row
    rejected = inputs[9]["outcomes"]
    assert rejected[0]["why"].startswith("ACTION_LOCKED: "), rejected
    assert rejected[1]["data"]["direction"] == "COLLECT_FROM_PARTNER", rejected
    assert rejected[1]["data"]["amount"] == "1.50", rejected
    assert inputs[2]["outcomes"][-1]["why"] == "5 % of 120.00 (contract blog, version 1, default)"
    assert inputs[8]["outcomes"][0]["dlqReason"] == "malformed", inputs[8]
    timers = [row["outcome"] for row in rows if row["kind"] == "timer"]
    assert [(timer["type"], timer["key"], timer["time"]) for timer in timers] == [
        ("action.locked", "action:A1", "2026-03-03T00:00:00.000Z"),
        ("action.locked", "action:A3", "2026-03-03T00:00:00.000Z")], timers
    assert [row["kind"] for row in rows[9:12]] == ["timer", "timer", "input"], "locked, then refused"


def check_sums(rows):
    sums = rows[-1]
    assert sums["kind"] == "sums" and sums["even"] is True, sums
    assert (sums["inputs"], sums["verdicts"], sums["deadLetters"]) == (10, 9, 1), sums
    assert (sums["applied"], sums["duplicate"], sums["rejected"]) == (7, 1, 1), sums
    assert sums["recordsRead"] == sums["recordsAnswered"] > 10, sums
    assert [(action["actionId"], action["payoutBefore"], action["payoutAfter"], action["state"])
            for action in sums["actions"]] == [
        ("A1", "6.00", "4.50", "APPROVED"), ("A2", "4.00", "0.00", "REVERSED"),
        ("A3", "2.50", "2.50", "APPROVED")], sums


def check_exec(makegood, rows):
    """The pipe, given the same records, decides the same: outcomes, amounts, times."""
    records = [row["record"] for row in rows if row["kind"] == "input"]
    done = subprocess.run([makegood, "exec", "--internal"], input="\n".join(records) + "\n",
                          timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    expected = [json.loads(line) for line in done.stdout.splitlines()]
    shown = [outcome for row in rows if row["kind"] == "input" for outcome in row["outcomes"]]
    shown += [row["outcome"] for row in rows if row["kind"] == "timer"]
    assert sorted(json.dumps(line["event"]["data"], sort_keys=True) for line in expected
                  if "dlq-reason" not in line["headers"]) == \
        sorted(json.dumps(outcome["data"], sort_keys=True) for outcome in shown
               if "data" in outcome)


def check_table(makegood, scratch):
    done = run(makegood, scratch)
    assert done.returncode == 0, done.stderr
    assert "\033" not in done.stdout and "\033" not in done.stderr, "colour without a terminal"
    wide = [line for line in done.stdout.splitlines() if len(line) > 80 or line != line.rstrip()]
    assert not wide, wide
    for wanted in (r"^ 6  11:20 .* applied +6\.00 -> 4\.50$",
                   r"^ 7  11:21 .* duplicate +4\.50 stays$",
                   r"^ 8  14:30 .* applied +4\.00 -> 0\.00$", r"^ 9  15:05 .* dead letter$",
                   r"^10  08:15 .* rejected +4\.50 stays$", r"action\.locked A1: .* 4\.50 is final",
                   r"^ +adjustment\.required A1: .*collect 1\.50 USD$",
                   r"^10 inputs = 9 verdicts \+ 1 dead letter: 7 applied, 1 duplicate, 1 rej"):
        assert re.search(wanted, done.stdout, re.M), (wanted, done.stdout)
    assert scratch.left() == [], scratch.left()


def descendants(pid):
    """Ids of the demo's processes, itself not among them."""
    found = []
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += [int(child), *descendants(int(child))]
    return found


def is_alive(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def start(makegood, scratch, *words):
    return subprocess.Popen([makegood, "demo", *words], env=scratch.environment(), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, start_new_session=True)


def check_gone(scratch, children):
    assert len(children) == 2, f"a guard and a redis-server were expected: {children}"
    wait_until("no process of the demo", lambda: not any(map(is_alive, children)), 5)
    wait_until("no folder of the demo", lambda: scratch.left() == [], 5)


def check_interrupts(makegood, scratch):
    """Ctrl-C goes to the whole process group, as a terminal sends it; kill -9 is the worst."""
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)):
        demo = start(makegood, scratch)
        try:
            for line in demo.stdout:
                if "order 1001" in line:
                    break
            children = descendants(demo.pid)
            os.killpg(demo.pid, number)
            assert demo.wait(20) == status, demo.returncode
        finally:
            demo.kill()
            demo.wait()
            demo.stdout.close()
        check_gone(scratch, children)


def shell(line):
    done = subprocess.run(["bash", "-c", line], timeout=60, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    assert done.returncode == 0, (line, done.stdout, done.stderr)
    return done.stdout


def kept_lines(demo):
    lines = []
    for line in demo.stdout:
        if lines or line.startswith("echo "):
            lines.append(line.strip())
        if line.startswith("curl "):
            return [line for line in lines if line and not line.startswith("#")]
    raise AssertionError("the demo ended")


def check_keep(makegood, scratch):
    demo = start(makegood, scratch, "--keep")
    try:
        track, read, modify, show, tail, curl = kept_lines(demo)
        shell(track)
        wait_until("the sale", lambda: '"payout":"10.00"' in shell(read), 20, 0.5)
        shell(modify)
        wait_until("the update", lambda: "7.50" in shell(show + " -o json") or
                   '"payout":750' in shell(show + " -o json"), 20, 0.5)
        assert "action.modified" in shell(tail + " --end"), tail
        with urllib.request.urlopen(curl.split()[1], timeout=10) as reply:
            assert "makegood_verdicts_total{" in reply.read().decode()
        children = descendants(demo.pid)
        os.killpg(demo.pid, signal.SIGINT)
        assert demo.wait(20) == 0, demo.returncode
    finally:
        demo.kill()
        demo.wait()
        demo.stdout.close()
    check_gone(scratch, children)


def check_no_redis(makegood, scratch):
    began = time.monotonic()
    done = run(makegood, scratch, PATH=str(scratch.path))
    assert done.returncode == 69 and time.monotonic() - began < 2, done
    errors = [line for line in done.stderr.splitlines() if line.startswith("makegood: ")]
    assert len(errors) == 1 and "apt-get install redis-server" in errors[0], done.stderr
    assert scratch.left() == [], scratch.left()


def test():
    options = arguments(__doc__)
    with Scratch() as scratch:
        rows = rows_of(options.makegood, scratch)
        check_day(rows)
        check_sums(rows)
        check_exec(options.makegood, rows)
        assert rows_of(options.makegood, scratch) == rows, "twice is not the same"
        check_table(options.makegood, scratch)
        check_no_redis(options.makegood, scratch)
        check_interrupts(options.makegood, scratch)
        check_keep(options.makegood, scratch)


if __name__ == "__main__":
    main(test)
