#!/usr/bin/python3
"""`send` judges every event as the workers would, before anything is sent: `--dry-run` shows it."""

import os
import signal
import subprocess
import tempfile
import time

from cli import BAD_DATA, USAGE, event, makegood, track

NOWHERE = ("--set", "kafka.bootstrap.servers=127.0.0.1:9")


def judge(command, text, status=0, **more):
    return command.ends(status, "send", "--dry-run", *NOWHERE, stdin=text, **more)


def check_faults(command):
    modify = {"actionId": "A1", "reason": "ORDER_UPDATE", "amount": "1.00"}
    bad = [
        ("{\n", "malformed: not JSON at byte"),
        ("[]\n", "malformed: expected one JSON object"),
        ("{}\n", "malformed: /specversion expected"),
        (event("action.modify", "", modify), "missing-id: /id expected 1..128 bytes, got nothing"),
        (event("action.modfy", "m", modify), "did you mean makegood.action.modify.v1?"),
        (event("internal.oid.forget", "m", {}), "unknown-type: /type"),
        (event("action.tracked", "m", {}), "unknown-type: /type"),
        (event("action.modify", "m", modify, source="/makegood/action"), "/source begins with"),
        (event("action.modify", "m", dict(modify, actionId=7)), "schema: /data/actionId expected"),
        (track(1, items=[{"sku": "a", "quantity": 1, "amount": "1"},
                         {"sku": "b", "quantity": -1, "amount": "1"}]),
         "schema: /data/items/1/quantity expected an integer 0..1000000, got -1"),
        (event("action.modify", "m", modify, pad="x" * 70000), "too-large: more than 65536 bytes"),
        (event("action.modify", "m", modify).replace("A1", "A\x1b[2J"), "malformed"),
        ('{"id":"a","id":"b"}\n', "malformed: not JSON at byte"),
        (event("action.modify", "m", [1]), "malformed: /data expected an object"),
    ]
    for number, (line, text) in enumerate(bad):
        where = f"line {number + 3}: "  # a good line and a blank one come before
        before = track(1) + "\n" + track(2) * number
        done = judge(command, before + line, BAD_DATA, says=[where])
        named = [said for said in done.err.splitlines() if where in said]
        assert len(named) == 1 and text in named[0], (text, done.err)
        assert f"1 of {number + 2} events are bad; nothing was sent" in done.err, done.err
        assert "\x1b" not in done.err, done.err
    many = judge(command, "{}\n" * 70, BAD_DATA)
    assert len(many.err.splitlines()) == 51 and "70 of 70 events are bad" in many.err, many.err


def check_forms(command):
    assert judge(command, "").out == "0 events valid\n"
    assert judge(command, "\n \n" + track(1).strip()).out == "1 event valid\n"
    assert judge(command, track(1) + "\r\n" + track(2).replace("\n", "\r\n")).out.startswith("2 ")
    spread = track(1).replace(", ", ",\n  ")
    assert judge(command, spread).out == "1 event valid\n"
    # A code, not a dead letter: the rules answer it with a rejection.
    coded = event("action.modify", "m", {"actionId": "A1", "reason": "NO SUCH", "amount": 1.5})
    assert judge(command, coded).out == "1 event valid\n"
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(track(1) * 3)
        file.flush()
        assert command.run("send", "--dry-run", "-f", file.name).out == "3 events valid\n"
        pipe = subprocess.run(["bash", "-c", f"'{command.path}' send --dry-run -f <(cat {file.name})"],
                              stdout=subprocess.PIPE, timeout=60)
        assert pipe.stdout == b"3 events valid\n", pipe
        command.ends(USAGE, "send", "--dry-run", "-f", file.name, "--skip", "4",
                     says=["--skip 4: there are 3 events only"])


def check_interrupted(command):
    """While it waits for its input nothing is lost by Ctrl-C, and it says so."""
    child = subprocess.Popen([command.path, "send", *NOWHERE], stdin=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    child.stdin.write(track(1).encode())
    child.stdin.flush()
    status = f"/proc/{child.pid}/status"
    caught = 0
    while not caught & (1 << (signal.SIGINT - 1)):  # its handler stands
        with open(status, encoding="ascii") as file:
            caught = int(file.read().split("SigCgt:")[1].split()[0], 16)
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGINT)
    assert child.wait(20) == 130
    assert b"nothing was sent" in child.stderr.read()
    child.stdin.close()


def main():
    command = makegood(__doc__)
    check_faults(command)
    check_forms(command)
    check_interrupted(command)
    print("ok")


if __name__ == "__main__":
    main()
