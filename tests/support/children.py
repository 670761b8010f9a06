"""Child processes that never outlive us: ended at exit, on SIGTERM and SIGINT, and by the kernel
(PR_SET_PDEATHSIG) when we are killed outright. Nothing is ever ended by name, only by its id."""

import atexit
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)
RUNNING = set()


def end_with_parent(parent):
    """Run in the child before exec. The parent may have died between fork and prctl: look again."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def free_port():
    """A port nobody listens on now. Taken a moment later by the server that is told of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, condition, seconds, pause=0.1):
    """The first true value of condition(); TimeoutError naming `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimeoutError(f"waited {seconds} s for {what}")
        time.sleep(pause)


class Child:
    """One process of ours with its output in a file."""

    def __init__(self, command, log, env=None, cwd=None):
        self.command = [str(part) for part in command]
        self.log = pathlib.Path(log)
        parent = os.getpid()
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env,
                cwd=cwd, preexec_fn=lambda: end_with_parent(parent))
        RUNNING.add(self)

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.alive():
            self.process.send_signal(number)

    def wait(self, seconds):
        """Its exit status, or None if it still runs after so many seconds."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        RUNNING.discard(self)
        return status

    def stop(self, seconds=20):
        """Ask by SIGTERM, then insist."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        status = self.wait(seconds)
        return self.kill() if status is None else status

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.wait(10)

    def log_tail(self, size=3000):
        return self.log.read_bytes()[-size:].decode("utf-8", "replace") if self.log.exists() else ""


def end_all():
    for child in list(RUNNING):
        child.signal(signal.SIGKILL)
    for child in list(RUNNING):
        child.wait(10)


def exit_on_signal(number, _frame):
    """SystemExit unwinds `finally` blocks and runs end_all at exit."""
    signal.signal(number, signal.SIG_DFL)
    sys.exit(128 + number)


def install_handlers():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, exit_on_signal)


atexit.register(end_all)
