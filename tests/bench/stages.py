"""The parts of a bench run: loading, makegood at full rate, the copies, the paced part, the soak."""

import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import time

import ages
from events import Maker, setup_events, tracks_first, write_frames
from support.children import Child, wait_until

TICK = os.sysconf("SC_CLK_TCK")
FRAMES_KEPT = 2000         # patterns of each output, for the copy
SETTLE_SECONDS = 1.5       # references may be a second old
SOAK_HEAP_KIB = 4096       # by how much the allocated memory may grow after warming up
SOAK_RSS_KIB = 16384       # and the resident memory: with what the allocator keeps
SOAK_PIECE = 20_000        # records sent at a time
SOAK_AHEAD = 60_000        # and how far the sender may be ahead
SOAK_REST = 2              # pieces between two looks at the memory
STEPS = ("decode", "load", "decide", "encode", "commit", "fold")


class Scrape:
    """One reading of a worker's /metrics, and of what the system says about its process."""

    def __init__(self, worker):
        status, text = worker.get("/metrics")
        if status != 200:
            raise RuntimeError(f"/metrics of {worker.name}: {status} {text[:200]}\n"
                               + worker.log_text()[-2000:])
        self.at = time.monotonic()
        self.values = {}
        for line in text.splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                self.values[name.removeprefix("makegood_")] = float(value)
        self.cpu = cpu_seconds(worker.child.pid)

    def sum(self, name, **labels):
        wanted = [f'{key}="{value}"' for key, value in labels.items()]
        return sum(value for key, value in self.values.items()
                   if key.split("{")[0] == name and all(word in key for word in wanted))


def cpu_seconds(pid):
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / TICK


def status_kib(pid, name):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M).group(1))


def grown(began, ended):
    """What was done between two readings."""
    def more(metric, **labels):
        return ended.sum(metric, **labels) - began.sum(metric, **labels)
    return {"turns": more("turns_total"), "decided": more("events_consumed_total", topic="action"),
            "steps": {step: more("turn_step_microseconds_total", step=step) for step in STEPS}}


class Bench:
    """`world`: servers and topics (tests/e2e/harness.py); `say`: progress."""

    def __init__(self, world, options, say):
        self.world, self.options, self.say = world, options, say
        # It is stopped while its topic is filled: its group must not miss it.
        settings = {"kafka.session.timeout.ms": "120000", **options.settings}
        self.worker = world.worker("bench", ("contract", "action"), **settings)
        self.sent = 0  # to the topic action, over all parts

    # Tools

    def client(self, *words):
        """Runs the bench's client to its end; what it printed."""
        log = self.world.folder / "client.log"
        command = [str(self.options.client), *[str(word) for word in words]]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
        log.write_text(done.stderr)
        return json.loads(done.stdout)

    def file(self, name):
        return self.world.folder / name

    def load(self, topic, path, rate=0):
        return self.client("load", self.world.kafka.bootstrap, self.world.topic(topic), rate, path)

    def send(self, path, rate=0):
        loaded = self.load("action", path, rate)
        self.sent += loaded["records"]
        return loaded

    def behind(self, scrape):
        """Records that the worker has yet to decide: those sent and those it sent itself. Exact
        when 0, because a turn's numbers are added verdicts first."""
        forwarded = scrape.sum("verdicts_total", worker="action", verdict="forwarded")
        return self.sent + forwarded - scrape.sum("events_consumed_total", topic="action")

    def caught_up(self, pause=0.05, each=lambda scrape: None):
        """The reading at which nothing was left."""
        while True:
            if not self.worker.alive():
                raise RuntimeError("the worker ended:\n" + self.worker.log_text()[-3000:])
            scrape = Scrape(self.worker)
            each(scrape)
            if self.behind(scrape) == 0:
                return scrape
            time.sleep(pause)

    def start_worker(self):
        self.worker.start().ready(120)

    def set_up(self):
        """Contracts first: they are known, and the worker's files and Redis are warm."""
        self.say("setting up contracts")
        self.start_worker()
        events = setup_events()
        write_frames(self.file("setup"), events)
        self.load("contract", self.file("setup"))
        wait_until("the contracts to be stored", lambda: Scrape(self.worker).sum(
            "verdicts_total", worker="contract", verdict="applied") >= len(events), 30)
        time.sleep(SETTLE_SECONDS)

    # The comparison

    def compare(self):
        options = self.options
        self.make_records()
        self.warm_up()
        self.set_up()
        makegood = self.full_rate()
        outputs = self.sample()
        copies = {kind: self.copy(kind, outputs) for kind in ("exact", "headers", "plain")}
        paced = self.paced(makegood["records_per_second"]) if options.paced_seconds else None
        self.worker.stop()
        return {"records": options.records, "actions": options.actions, "record_bytes": self.mean,
                "partitions": options.partitions, "copy_batch": options.batch,
                "outputs": outputs, "copies": copies, "makegood": makegood, "paced": paced}

    def make_records(self):
        self.say(f"making {self.options.records} records")
        events = Maker(self.options.records, self.options.actions).made()
        self.mean = round(write_frames(self.file("records"), events) / len(events))
        for name, some in zip(("tracks", "changes"), tracks_first(events)):
            write_frames(self.file(name), some)

    def warm_up(self):
        """The copy's input, and a first copy of it that nobody counts: a broker just started is
        slow, and it would be makegood's run that it is slow in."""
        self.say("loading the copy's input; a first copy to warm the broker")
        world, records = self.world, self.options.records
        for name in ("copy-in", "copy-state", "copy-outcome", "copy-follow"):
            world.kafka.create_topic(world.topic(name), self.options.partitions)
        self.load("copy-in", self.file("records"))
        self.client("copy", world.kafka.bootstrap, world.topic("copy-in"), records,
                    self.options.batch, "exact", world.topic("copy-state"), records,
                    self.file("records"))

    def full_rate(self):
        """From a topic that is full: first of all tracks, then of all that changes the actions."""
        parts = [self.drain(name) for name in ("tracks", "changes")]
        self.check(Scrape(self.worker))
        total = {key: sum(part[key] for part in parts) for key in parts[0] if key != "steps"}
        steps = {step: sum(part["steps"][step] for part in parts) for step in STEPS}
        records = self.options.records
        return dict(total, records_per_second=records / total["seconds"],
                    records_per_cpu_second=records / total["cpu_seconds"],
                    rss_bytes=status_kib(self.worker.child.pid, "VmHWM") * 1024,
                    step_us_per_record={key: value / records for key, value in steps.items()})

    def drain(self, name):
        """One part: the worker has its partitions, and is stopped while they are filled."""
        self.say(f"loading makegood's input: {name}")
        began = Scrape(self.worker)
        self.worker.freeze()
        self.send(self.file(name))
        self.say("makegood at full rate")
        woken = time.monotonic()
        self.worker.wake()
        ended = self.caught_up(0.02)

        return {"seconds": ended.at - woken, "cpu_seconds": ended.cpu - began.cpu,
                **grown(began, ended)}

    def check(self, scrape):
        """It is no benchmark if the answers are not there."""
        verdicts = scrape.sum("verdicts_total", worker="action")
        dead = scrape.sum("dead_letters_total")
        decided = scrape.sum("events_consumed_total", topic="action")
        if dead or verdicts < decided:
            raise RuntimeError(f"{decided:.0f} records decided, but {verdicts:.0f} verdicts and "
                               f"{dead:.0f} dead letters")

    def sample(self):
        """What makegood wrote for those records: counts, bytes, and patterns for the copy."""
        self.say("counting what it wrote")
        outputs = {}
        for name, topic, *header in (("state", "action-state"), ("outcome", "action-outcome"),
                                     ("follow", "action", "makegood-to")):
            stride = max(1, self.options.records // FRAMES_KEPT)
            seen = self.client("sample", self.world.kafka.bootstrap, self.world.topic(topic),
                               stride, self.file(f"frames-{name}"), *header)
            outputs[name] = {"records": seen["records"],
                             "bytes": round(seen["bytes"] / seen["records"]),
                             "headers": round(seen["headers"] / seen["records"], 1)}
        return outputs

    def copy(self, kind, outputs):
        self.say(f"copy: {kind}")
        words = [word for name, output in outputs.items()
                 for word in (self.world.topic(f"copy-{name}"), output["records"],
                              self.file(f"frames-{name}"))]
        result = self.client("copy", self.world.kafka.bootstrap, self.world.topic("copy-in"),
                             self.options.records, self.options.batch, kind, *words)
        result["records_per_second"] = result["records"] / result["seconds"]
        result["records_per_cpu_second"] = result["records"] / result["cpu_seconds"]
        return result

    def paced(self, full_rate):
        rate = self.options.paced_rate or max(1, round(full_rate / 3))
        records = int(rate * self.options.paced_seconds)
        self.say(f"paced: {rate} records/s for {self.options.paced_seconds:.0f} s")
        events = Maker(records, max(1, records // 5), 2, self.options.actions, "p").made()
        write_frames(self.file("paced"), events)
        began = Scrape(self.worker)
        seen = self.file("seen")
        watcher = Child([self.options.client, "watch", self.world.kafka.bootstrap, seen,
                         self.world.topic("action"), self.world.topic("action-outcome")],
                        self.file("watch.log"))
        wait_until("the watching reader", lambda: self.ready(watcher), 20, 0.05)
        loaded = self.send(self.file("paced"), rate)
        ended = self.caught_up()
        time.sleep(0.5)
        watcher.signal(signal.SIGTERM)
        watcher.wait(10)
        done = grown(began, ended)
        return {"rate": round(loaded["records"] / loaded["seconds"]), "records": records,
                "turns": done["turns"], "cpu_seconds": ended.cpu - began.cpu,
                "step_ms_per_turn": {step: us / 1000 / done["turns"]
                                     for step, us in done["steps"].items()}, **ages.read(seen)}

    def ready(self, watcher):
        if not watcher.alive():
            raise RuntimeError("watch: " + watcher.log_tail())
        return "ready" in watcher.log_tail()

    # The soak

    def soak(self):
        """The worker's resident memory while many records pass through. New actions all the time,
        as in life: what it holds must not depend on how many there are. It is looked at when all
        is decided, because what is on its way is more or less by chance."""
        self.set_up()
        total, points = self.options.soak, []
        pieces = max(1, -(-total // SOAK_PIECE))
        actions = max(1, self.options.actions // pieces)
        for piece in range(pieces):
            count = min(SOAK_PIECE, total - piece * SOAK_PIECE)
            maker = Maker(count, min(actions, count), piece + 1, piece * actions, f"s{piece}-")
            write_frames(self.file("piece"), maker.made())
            self.send(self.file("piece"))
            while self.behind(Scrape(self.worker)) > SOAK_AHEAD:
                time.sleep(0.1)
            if piece % SOAK_REST == SOAK_REST - 1 or piece == pieces - 1:
                self.caught_up()
                time.sleep(SETTLE_SECONDS)  # the turn is folded, its memory given back
                points.append(self.soak_point(Scrape(self.worker)))
        self.check(Scrape(self.worker))
        self.worker.stop()
        return soak_result(total, points)

    def soak_point(self, scrape):
        pid = self.worker.child.pid
        point = {"decided": int(scrape.sum("events_consumed_total", topic="action")),
                 "heap_kib": int(scrape.sum("heap_bytes") / 1024),
                 "rss_kib": status_kib(pid, "VmRSS"), "peak_kib": status_kib(pid, "VmHWM")}
        self.say(f"{point['decided']:9d} decided, {point['heap_kib']} KiB allocated, "
                 f"{point['rss_kib']} KiB resident")
        return point


def soak_growth(points, name, bound):
    """Medians, because how large the largest turn was is chance: of the second fifth of the looks,
    and of the last two."""
    values = [point[name] for point in points]
    fifth = max(1, len(values) // 5)
    warm = statistics.median(values[fifth:2 * fifth] or values)
    late = statistics.median(values[-2 * fifth:])
    return {"warm_kib": warm, "late_kib": late, "growth_kib": late - warm, "bound_kib": bound}


def soak_result(total, points):
    heap = soak_growth(points, "heap_kib", SOAK_HEAP_KIB)
    rss = soak_growth(points, "rss_kib", SOAK_RSS_KIB)
    return {"soak": total, "points": points, "heap": heap, "rss": rss,
            "failed": any(one["growth_kib"] > one["bound_kib"] for one in (heap, rss))}
