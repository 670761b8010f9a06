#!/usr/bin/python3
"""Real servers for tests: Apache Kafka and Redis on free ports of 127.0.0.1.

  servers.py run -- COMMAND...           start both, run COMMAND with their addresses, stop both
  servers.py up                          keep both up until Ctrl-C
  servers.py start --state FILE          start both in the background (for ctest's fixture)
  servers.py with --state FILE -- COMMAND...   run COMMAND with the addresses of those
  servers.py stop --state FILE           end them

COMMAND sees MAKEGOOD_TEST_KAFKA (host:port) and MAKEGOOD_TEST_REDIS (a URL). What `start` began
ends by itself when the process that called it (ctest) is gone, or at the deadline."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.children import end_with_parent, free_port, install_handlers  # noqa: E402
from support.kafka_server import Kafka  # noqa: E402
from support.redis_server import Redis  # noqa: E402

SKIPPED = 77


class Servers:
    """One Kafka and one Redis, as a context."""

    def __init__(self):
        self.line = free_port()  # nobody listens there yet: a test's own way to Kafka that it may cut
        self.kafka, self.redis = Kafka(proxies=[self.line]), Redis()

    def __enter__(self):
        try:
            self.kafka.begin()
            self.redis.start()
            self.kafka.ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.kafka.close()
        self.redis.close()

    def environment(self):
        return {"MAKEGOOD_TEST_KAFKA": self.kafka.bootstrap, "MAKEGOOD_TEST_REDIS": self.redis.url,
                "MAKEGOOD_TEST_KAFKA_LINE": f"{self.line} {self.kafka.behind[self.line]}"}


def birth(pid):
    """When a process began, in ticks since boot; None if there is none. With the process id it
    names one process for good, whatever ids are used again."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return None if fields[0] == "Z" else int(fields[19])


def write_state(path, state):
    """Appears whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(state) + "\n")
    partial.rename(path)


def read_state(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def run(command):
    with Servers() as servers:
        environment = dict(os.environ, **servers.environment())
        parent = os.getpid()
        child = subprocess.Popen(command, env=environment,
                                 preexec_fn=lambda: end_with_parent(parent))
        try:
            status = child.wait()
        except BaseException:
            child.terminate()
            raise
    return status if status >= 0 else 128 - status


def up(arguments):
    """Keeps both up. With --state, tells there when they serve, and watches over its caller."""
    watched = (arguments.watch, birth(arguments.watch)) if arguments.watch else None
    deadline = time.monotonic() + arguments.deadline if arguments.deadline else None
    with Servers() as servers:
        for key, value in servers.environment().items():
            print(f"{key}={value}", flush=True)
        if arguments.state:
            write_state(arguments.state, {"pid": os.getpid(), "birth": birth(os.getpid()),
                                          "environment": servers.environment()})
        else:
            print("servers: up until Ctrl-C", file=sys.stderr, flush=True)
        while (not deadline or time.monotonic() < deadline) and (
                not watched or birth(watched[0]) == watched[1]):
            time.sleep(0.5)
    return 0


def start(arguments):
    """ctest runs a fixture's set-up as a command that must end, so the servers live in a process
    of their own session. A machine that cannot run them makes the tests skipped, unless
    MAKEGOOD_TEST_REQUIRE_SERVERS says that this is a failure (tests/check does)."""
    stop(arguments)
    log = arguments.state.with_suffix(".log")
    arguments.state.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, __file__, "up", "--state", arguments.state,
             "--watch", str(os.getppid()), "--deadline", str(arguments.deadline)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    while keeper.poll() is None and not arguments.state.exists():
        time.sleep(0.1)
    if keeper.poll() is None:
        return 0
    text = log.read_text("utf-8", "replace")[-3000:]
    print("servers: cannot start:\n" + text, file=sys.stderr)
    reason = text.strip().splitlines() or ["no reason given"]
    write_state(arguments.state, {"unavailable": reason[-1]})
    return 1 if os.environ.get("MAKEGOOD_TEST_REQUIRE_SERVERS") else 0


def stop(arguments):
    state = read_state(arguments.state)
    arguments.state.unlink(missing_ok=True)
    if not state or "pid" not in state or birth(state["pid"]) != state["birth"]:
        return 0
    os.kill(state["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 30
    while birth(state["pid"]) == state["birth"] and time.monotonic() < deadline:
        time.sleep(0.05)
    return 0


def with_state(arguments):
    state = read_state(arguments.state)
    if not state or "environment" not in state:
        why = (state or {}).get("unavailable", "never started")
        print(f"servers: skipped, none running by {arguments.state}: {why}", file=sys.stderr)
        return SKIPPED
    os.environ.update(state["environment"])
    os.execvp(arguments.command[0], arguments.command)


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    for name in ("run", "up", "start", "with", "stop"):
        mode = modes.add_parser(name)
        mode.add_argument("--state", type=pathlib.Path, required=name in ("start", "with", "stop"))
        mode.add_argument("--deadline", type=float, default=3600 if name == "start" else 0,
                          help="end the servers after so many seconds")
        mode.add_argument("--watch", type=int, help="end the servers with this process")
        if name in ("run", "with"):
            mode.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    command = getattr(arguments, "command", None)
    if command and command[0] == "--":
        arguments.command = command[1:]
    if command is not None and not arguments.command:
        parser.error("no COMMAND")
    return arguments


def main():
    install_handlers()
    arguments = parse()
    if arguments.mode == "run":
        return run(arguments.command)
    return {"up": up, "start": start, "stop": stop, "with": with_state}[arguments.mode](arguments)


if __name__ == "__main__":
    sys.exit(main())
