"""What every experiment needs: workers under load on real servers, the way to rest, the audit of what was
left, and one line of JSON that tells it all."""

import json
import pathlib
import random
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "e2e"), str(HERE.parent)]

from harness import REFERENCE_AGE, World  # noqa: E402
from support.audit import ALL, audited  # noqa: E402
from support.kafka_io import Reader  # noqa: E402
from support.redis_server import RedisError  # noqa: E402
from workload import Workload, setup_events  # noqa: E402

FAMILIES = ("contract", "action")
LIVE_SECONDS = 60  # from the last fault until everything is decided (E9)
SESSION_SECONDS = 4


class Load:
    """Sends a made-up day of business at a pace, in a thread, until it is told to stop."""

    def __init__(self, scene, per_second, records):
        self.scene, self.per_second = scene, per_second
        self.stopping, self.pausing = threading.Event(), threading.Event()
        self.count, self.error = 0, None
        self.workload = Workload(records, scene.seed)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def run(self):
        try:
            self.send_all()
            self.scene.sent()
        except Exception as error:  # told where it is stopped
            self.error = error

    def send_all(self):
        began, paused = time.monotonic(), 0.0
        for item in self.workload.items:
            while self.pausing.is_set() and not self.stopping.is_set():
                time.sleep(0.05)
                paused += 0.05
            if self.stopping.is_set():
                return
            self.scene.send("action", item.value, item.key)
            self.count += 1
            ahead = self.count / self.per_second - (time.monotonic() - began - paused)
            if ahead > 0.02:
                time.sleep(ahead)

    def stop(self):
        self.stopping.set()
        self.thread.join(120)
        assert not self.thread.is_alive(), "sending did not end"
        if self.error:
            raise self.error


class Scene(World):
    """One experiment. Faults are noted in `schedule` as they strike, so that the line tells what was
    done to whom; what must not have happened goes to `wrong`."""

    def __init__(self, options, name, kafka, redis=None, **settings):
        session = {"kafka.session.timeout.ms": SESSION_SECONDS * 1000}
        super().__init__(options, kafka=kafka, redis=redis, **{**session, **settings})
        self.options, self.name = options, name
        self.seed = options.seed
        self.random = random.Random(f"{name} {options.seed}")
        self.began = time.monotonic()
        self.schedule, self.wrong, self.counts = [], [], {}
        self.load, self.rest_seconds, self.readers = None, None, {}

    def note(self, what, *more):
        self.schedule.append([round(time.monotonic() - self.began, 1), what, *more])

    def failed(self, text):
        print(f"{self.name}: {text}", file=sys.stderr, flush=True)
        self.wrong.append(text)

    # --- load

    def prepare(self):
        for key, value in setup_events():
            self.send("contract", value, key)
        self.sent()
        self.rest()
        time.sleep(REFERENCE_AGE)

    def begin_load(self, per_second, seconds):
        """At most for so long: what is to be sent is made before."""
        self.load = Load(self, per_second, int(per_second * seconds)).start()

    # --- rest

    def ends(self, family):
        """Per partition, the offset after the last record; the partition's own end is past the markers of
        transactions too, which nobody decides."""
        if family not in self.readers:
            self.readers[family] = self.reader(family), [0] * self.partitions
        reader, ends = self.readers[family]
        while True:
            for record in reader.read(0.05):
                ends[record.partition] = record.offset + 1
            if reader.reached(reader.ends()):
                return ends

    def decided(self, family):
        """Per partition, the input offset up to which the view knows it decided."""
        keys = [b"{%s-%d}:@progress" % (family.encode(), p) for p in range(self.partitions)]
        with self.redis.client(timeout=5) as client:
            return [next_input(value) for value in client.command("MGET", *keys)]

    def behind(self):
        """Records that are not decided yet, as the view has it."""
        return sum(max(0, end - done) for family in FAMILIES
                   for end, done in zip(self.ends(family), self.decided(family)))

    def rest(self, seconds=LIVE_SECONDS):
        """Until everything is decided: what is sent to other entities comes with the decision itself, so
        that nothing is under way once all is decided. -> how long it took"""
        began, left = time.monotonic(), None
        while time.monotonic() - began < seconds:
            try:
                left = self.behind()
            except (OSError, RedisError) as error:
                left = error
            if left == 0 and self.behind() == 0:
                return time.monotonic() - began
            time.sleep(0.1)
        states = {worker.name: worker.get("/readyz") for worker in self.workers if worker.alive()}
        raise AssertionError(f"not at rest after {seconds} s: {left} records left, {states}")

    def come_to_rest(self):
        """The end of the faults: everybody is up again, nothing more is sent, all is decided; then the
        workers end in order."""
        self.note("rest")
        if self.load:
            self.load.stop()
        self.rest_seconds = round(self.rest(), 1)
        for worker in self.workers:
            if worker.alive():
                worker.stop()

    # --- the audit

    def audit(self):
        """E1 to E9 over what the topics and Redis hold now. -> {equation: holds}"""
        found, said = audited(self, FAMILIES, LIVE_SECONDS)
        if not all(found.values()) or len(found) < ALL:
            self.keep = True
            print(said[-6000:], file=sys.stderr, flush=True)
        if len(found) < ALL:
            self.failed("the audit did not come to an end")
        return found

    def logged(self, *words):
        """How many lines of the workers' logs begin with the words' event."""
        texts = [worker.log_text() for worker in self.workers]
        return {word: sum(text.count(word) for text in texts) for word in words}

    def line(self, equations):
        """What the run was and what came of it; written where --lines says."""
        holds = len(equations) >= ALL and all(equations.values()) and not self.wrong
        line = {"run": self.name, "seed": self.seed, "verdict": "holds" if holds else "fails",
                "seconds": round(time.monotonic() - self.began, 1), "rest_seconds": self.rest_seconds,
                "records": self.producer.sent, **self.counts,
                "equations": "".join(k + ("+" if v else "-") for k, v in sorted(equations.items())),
                "paths": self.logged("partition_taken", "partition_retaken", "producer_retired",
                                     "transaction_fenced", "view_unavailable",
                                     "brokers_unavailable", "process_renewed"),
                "wrong": self.wrong, "schedule": self.schedule}
        text = json.dumps(line, separators=(",", ":"))
        if self.options.lines:
            with open(self.options.lines, "a", encoding="ascii") as out:
                out.write(text + "\n")
        shown = {key: value for key, value in line.items() if key != "schedule"}
        print(json.dumps(shown), flush=True)
        return holds


def run_scene(scene, act):
    """One experiment from its set-up to its line. -> whether everything held"""
    equations = {}
    with scene:
        try:
            act(scene)
            scene.come_to_rest()
        except (AssertionError, TimeoutError) as error:
            scene.keep = True
            scene.failed(str(error)[:2000])
        if scene.load:
            scene.load.stopping.set()
        equations = scene.audit()
        for reader, _ends in scene.readers.values():
            reader.close()
        return scene.line(equations)


def next_input(progress):
    """The next input offset of a @progress record, the first number of its body; none: 0."""
    if progress is None:
        return 0
    result = shift = 0
    for byte in progress[11:]:
        result |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return result
    raise ValueError(f"no @progress: {progress!r}")


def is_stopped(pid):
    """Whether a signal has stopped the process."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2] == "T"


def was_killed(status):
    return status == -signal.SIGKILL
