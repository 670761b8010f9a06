"""What the tests of the bare command need: no server, nothing on disk that is not theirs."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.terminal import Terminal  # noqa: E402

USAGE, BAD_DATA, NO_INPUT, UNREACHABLE, LOCAL_IO, CONFIG = 64, 65, 66, 69, 74, 78


class Command:
    """The built command; runs it to its end with an environment of its own."""

    def __init__(self, path):
        self.path = path

    def run(self, *words, stdin="", stdout=subprocess.PIPE, **environment):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith("MAKEGOOD_") and key != "NO_COLOR"}
        data = stdin if isinstance(stdin, bytes) else stdin.encode()
        done = subprocess.run([self.path, *words], input=data, stdout=stdout, timeout=60,
                              stderr=subprocess.PIPE, env=dict(kept, **environment))
        done.out = (done.stdout or b"").decode()
        done.err = done.stderr.decode()
        return done

    def ends(self, status, *words, says=(), **more):
        """Runs it; it must end so and say each of these on stderr, in one line each."""
        done = self.run(*words, **more)
        assert done.returncode == status, f"{words}: exit {done.returncode}: {done.err}"
        for text in says:
            assert any(text in line for line in done.err.splitlines()), f"{words}: {done.err}"
        return done

    def on_terminal(self, *words, **environment):
        """What it writes to stdout when that is a terminal; None where there are no terminals."""
        terminal = Terminal()
        if not terminal.there:
            return None
        self.run(*words, stdout=terminal.slave, TERM="xterm", **environment)
        return terminal.text().decode()


def makegood(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--makegood", required=True, help="path of the built command")
    return Command(parser.parse_args().makegood)


def event(kind, event_id, data, **more):
    """A line for `send`."""
    return json.dumps(dict({"specversion": "1.0", "type": f"makegood.{kind}.v1",
                            "source": "/shop", "id": event_id, "data": data}, **more)) + "\n"


def track(number, **more):
    data = dict({"actionId": f"A{number}", "actionTrackerId": 70, "oid": f"X{number}",
                 "partnerId": "P1", "currency": "USD", "amount": "100.00"}, **more)
    return event("action.track", f"t-{number}", data)
