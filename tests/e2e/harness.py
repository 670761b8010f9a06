"""What every end-to-end test needs: the command under test, its worker processes, an own Redis, and
topics under a prefix of its own on the shared Kafka."""

import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.children import Child, free_port, install_handlers, wait_until  # noqa: E402
from support.kafka_io import Producer, Reader  # noqa: E402
from support.kafka_server import Kafka, KafkaTools  # noqa: E402
from support.redis_server import Redis  # noqa: E402

from ledger import Ledger  # noqa: E402
from workload import event, setup_events  # noqa: E402

SESSION_TIMEOUT = 10  # seconds; session.timeout.ms of the workers
REFERENCE_AGE = 1.5   # a reference may be a second old: wait this long after a contract is stored
WORKERS = ("contract", "action")


def arguments(description, **extra):
    """Flags common to the tests; `extra`: name=(default, help), a bool default is a switch."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--makegood", required=True, help="path of the built command")
    parser.add_argument("--keep", action="store_true", help="keep logs, say where")
    for name, (default, text) in extra.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(default, bool):
            parser.add_argument(flag, action="store_true", help=text)
        else:
            parser.add_argument(flag, type=type(default), default=default, help=text)
    return parser.parse_args()


class Result:
    """How a command ended."""

    def __init__(self, status, out, err, seconds):
        self.status, self.out, self.err, self.seconds = status, out, err, seconds

    def __repr__(self):
        head = f"exit {self.status} after {self.seconds:.1f} s\n"
        return head + self.out[-1500:] + self.err[-3000:]


class Worker:
    """One `makegood run` process. Its log is kept over restarts."""

    def __init__(self, world, name, workers, settings):
        self.world, self.name, self.workers = world, name, workers
        self.http_port = free_port()
        self.settings = dict({"instance": name, "http.listen": f"127.0.0.1:{self.http_port}"},
                             **settings)
        self.log = world.folder / f"{name}.log"
        self.child = None

    def start(self, **environment):
        command = self.world.command(["run", *self.workers], self.settings)
        self.child = Child(command, self.log, dict(os.environ, **environment), self.world.folder)
        return self

    def alive(self):
        return self.child is not None and self.child.alive()

    def kill(self):
        """kill -9"""
        self.child.kill()

    def stop(self, seconds=15):
        """SIGTERM: drains and ends by itself; anything but exit 0 in time is a failure. 5 s are promised,
        the rest is for busy machines."""
        began = time.monotonic()
        self.child.signal(signal.SIGTERM)
        status = self.child.wait(seconds)
        if status != 0:
            tail = self.child.log_tail()
            self.child.kill()
            raise AssertionError(f"{self.name}: SIGTERM gave exit {status} in {seconds} s\n{tail}")
        return time.monotonic() - began

    def freeze(self):
        self.child.signal(signal.SIGSTOP)

    def wake(self):
        self.child.signal(signal.SIGCONT)

    def wait(self, seconds):
        return self.child.wait(seconds)

    def get(self, path):
        """(status, text) of its HTTP server; (0, reason) when it does not answer."""
        try:
            url = f"http://127.0.0.1:{self.http_port}{path}"
            with urllib.request.urlopen(url, timeout=5) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def ready(self, seconds=30):
        def answers():
            if not self.alive():
                raise AssertionError(f"{self.name} ended:\n{self.log_text()[-3000:]}")
            return self.get("/readyz")[0] == 200
        wait_until(f"{self.name} to be ready", answers, seconds, 0.05)
        return self

    def metric(self, name):
        """Sum of a metric over its labels; None if there is none."""
        values = [float(line.rsplit(" ", 1)[1]) for line in self.get("/metrics")[1].splitlines()
                  if line.startswith((name + " ", name + "{"))]
        return sum(values) if values else None

    def log_text(self):
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""


class World:
    """Kafka, a Redis of its own, a topic prefix and a group of its own. Use as a context."""

    def __init__(self, options, kafka=None, partitions=6, redis=None, set_up=True, **settings):
        self.makegood = str(pathlib.Path(options.makegood).resolve())
        self.keep = options.keep
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="makegood-e2e-"))
        self.prefix = f"t{uuid.uuid4().hex[:10]}."
        self.group = f"{self.prefix}group"
        self.own_kafka = None
        self.kafka = kafka or self.shared_kafka()
        self.redis = redis or Redis()
        self.partitions, self.settings, self.set_up = partitions, settings, set_up
        self.workers, self.producer = [], None

    def shared_kafka(self):
        address = os.environ.get("MAKEGOOD_TEST_KAFKA")
        if address:
            return KafkaTools(address)
        self.own_kafka = Kafka()
        return self.own_kafka.start()

    def __enter__(self):
        if not self.redis.child:
            self.redis.start()
        if self.set_up:
            self.create_topics()
            self.producer = self.new_producer()
        return self

    def __exit__(self, kind, *_):
        for worker in self.workers:
            if worker.child:
                worker.child.kill()
        if self.producer:
            self.producer.close()
        self.redis.close()
        if self.own_kafka:
            self.own_kafka.close()
        if kind is not None or self.keep:
            print(f"logs are in {self.folder}", file=sys.stderr)
            self.show_logs()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def show_logs(self):
        for log in sorted(self.folder.glob("*.log")):
            tail = log.read_text("utf-8", "replace").splitlines()[-25:]
            print(f"--- {log.name}\n" + "\n".join(tail), file=sys.stderr)

    # The command under test

    def config(self):
        return dict({"kafka.bootstrap.servers": self.kafka.bootstrap, "redis.url": self.redis.url,
                     "topics.prefix": self.prefix, "group": self.group, "log.level": "info"},
                    **self.settings)

    def command(self, words, settings=None):
        flags = [word for key, value in dict(self.config(), **(settings or {})).items()
                 for word in ("--set", f"{key}={value}")]
        return [self.makegood, *flags, *[str(word) for word in words]]

    def run(self, *words, settings=None, stdin=None, timeout=60):
        """Runs one command to its end."""
        began = time.monotonic()
        done = subprocess.run(self.command(words, settings), input=stdin, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              cwd=self.folder)
        return Result(done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def create_topics(self):
        result = self.run("topics", "create", "--partitions", self.partitions)
        assert result.status == 0, result

    def worker(self, name, workers=WORKERS, **settings):
        """A worker process that is not started yet. Settings with `__` for `.`."""
        named = {key.replace("__", "."): value for key, value in settings.items()}
        made = Worker(self, name, workers, named)
        self.workers.append(made)
        return made

    def start_workers(self, count, **settings):
        made = [self.worker(f"w{number}", **settings).start() for number in range(count)]
        for worker in made:
            worker.ready()
        return made

    # Topics

    def topic(self, name):
        return self.prefix + name

    def new_producer(self):
        # The partition of a key as Java's clients choose it, which is what the workers expect.
        return Producer(self.kafka.bootstrap, partitioner="murmur2_random")

    def send(self, topic, value, key=None, partition=None, headers=()):
        return self.producer.produce(self.topic(topic), value, key, partition, headers)

    def sent(self):
        """Waits until all that was sent is in Kafka."""
        self.producer.flush()

    def reader(self, name, committed=True):
        return Reader(self.kafka.bootstrap, self.topic(name), committed)

    def ledger(self, *families):
        return Ledger(self, families or WORKERS)

    def set_up_contracts(self, ledger, seconds=30):
        """Publishes event types and contracts, waits until references to them must be seen."""
        for key, value in setup_events():
            self.send("contract", value, key)
        self.sent()
        ledger.settle(seconds)
        wrong = [entry for entry in ledger.finals("contract") if entry.verdict != "applied"]
        assert not wrong, wrong
        time.sleep(REFERENCE_AGE)

    def send_items(self, items, per_second=None, stop=None):
        """Sends a workload's items, at a pace if one is given. -> how many"""
        began, count = time.monotonic(), 0
        for item in items:
            self.send("action", item.value, item.key)
            count += 1
            if per_second and count % 20 == 0:
                ahead = count / per_second - (time.monotonic() - began)
                if ahead > 0:
                    time.sleep(ahead)
            if stop is not None and stop.is_set():
                break
        self.sent()
        return count


def track(number, tracker=70, amount="100.00", **more):
    """(key, value) of a plain action.track."""
    data = dict({"actionId": f"A{number}", "actionTrackerId": tracker, "oid": f"X{number}",
                 "partnerId": "P1", "currency": "USD", "amount": amount}, **more)
    return f"oid:{tracker}:X{number}".encode(), event("action.track", f"t-{number}", data)


def modify(number, event_id, amount="80.00", **more):
    data = dict({"actionId": f"A{number}", "reason": "ORDER_UPDATE", "amount": amount}, **more)
    return f"action:A{number}".encode(), event("action.modify", event_id, data)


def main(test):
    """Runs a test's main function; an assertion that fails is exit 1 with its text."""
    install_handlers()
    random.seed(1)
    try:
        test()
    except AssertionError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        raise
    print("ok")
