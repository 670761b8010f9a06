#!/usr/bin/python3
"""Results that cannot be written are an error; formats are what they say; colours can be refused."""

import json
import os
import subprocess

from cli import LOCAL_IO, makegood, track

EVERY = (["help"], ["help", "send"], ["man"], ["version"], ["config"], ["check"],
         ["completion", "bash"], ["config", "-o", "json"], ["check", "-o", "jsonl"])


def closed_pipe():
    """A pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def check_lost(command):
    for words in EVERY:
        with open("/dev/full", "wb") as full:
            command.ends(LOCAL_IO, *words, stdout=full, says=["cannot write to stdout: No space"])
        pipe = closed_pipe()
        command.ends(LOCAL_IO, *words, stdout=pipe, says=["cannot write to stdout"])
        os.close(pipe)
    with open("/dev/full", "wb") as full:
        command.ends(LOCAL_IO, "exec", stdin=track(1), stdout=full,
                     says=["cannot write to stdout"])
        command.ends(LOCAL_IO, "send", "--dry-run", stdin=track(1), stdout=full,
                     says=["cannot write to stdout"])


def check_formats(command):
    odd = 'a"\\\x1b\u00e9'
    rows = json.loads(command.ends(0, "config", "-o", "json", MAKEGOOD_HTTP_LISTEN=odd).out)
    named = {row["key"]: row for row in rows}
    assert named["http.listen"]["value"] == odd, named["http.listen"]
    lines = command.ends(0, "config", "-o", "jsonl", MAKEGOOD_HTTP_LISTEN=odd).out.splitlines()
    assert [json.loads(line) for line in lines] == rows
    bad = ["check", "--set", 'kafka.no"such=x']
    rows = json.loads(command.ends(78, *bad, "-o", "json").out)
    assert rows[0]["ok"] is False and 'no"such' in rows[0]["fault"], rows
    assert "FAULT" in command.ends(78, *bad).out
    assert json.loads(command.ends(0, "check", "-o", "json").out) == [
        {"check": "configuration", "ok": True}]


def check_colours(command):
    coloured, plain = command.on_terminal("check"), command.on_terminal("check", NO_COLOR="1")
    assert coloured is None or "\x1b[32mok" in coloured
    assert plain is None or "\x1b" not in plain
    assert "\x1b" not in command.run("check").out


def check_results_alone_on_stdout(command):
    done = subprocess.run([command.path, "show"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert not done.stdout and done.stderr, "an error does not belong on stdout"


def main():
    command = makegood(__doc__)
    check_lost(command)
    check_formats(command)
    check_colours(command)
    check_results_alone_on_stdout(command)
    print("ok")


if __name__ == "__main__":
    main()
