"""F10: a commit that is late. A proxy keeps a worker's EndTxn and breaks the connection that it came on;
librdkafka sends it again, and it succeeds. When the next transaction has written something, the one that
was kept arrives. If the producer still had the same epoch, it would end that transaction in its middle."""

import threading
import time

from proxy import END_TXN, Proxy, end_txn_error
from scene import Scene, run_scene

WORKERS_COUNT = 2
RACE_SECONDS = 25
WRITES_MAX = 4  # the late commit arrives after so many writes of the next transaction, at most


class LateCommit:
    """A rule for one worker's proxy, one race at a time."""

    def __init__(self, proxy, random):
        self.random, self.lock = random, threading.Lock()
        self.stage, self.over = "idle", threading.Event()
        self.skip = self.writes = 0
        self.kept = self.answer = None
        proxy.rule = self.rule

    def begin(self):
        with self.lock:
            self.over.clear()
            self.skip, self.writes = self.random.randint(0, 3), self.random.randint(1, WRITES_MAX)
            self.stage = "armed"

    def rule(self, link, frame):
        if self.stage == "armed" and frame.is_commit():
            return self.keep(link, frame)
        if self.stage == "kept" and frame.api == END_TXN:
            link.ask(frame)
            self.stage = "sent again"
            return False
        if self.stage == "sent again" and frame.is_transactional_produce():
            return self.write(link, frame)
        return True

    def keep(self, link, frame):
        with self.lock:
            self.skip -= 1
            if self.skip >= 0 or self.stage != "armed":
                return True
            self.kept, self.stage = (link, frame), "kept"
        link.cut()
        return False

    def write(self, link, frame):
        """What follows on this connection waits until the late commit has been answered."""
        with self.lock:
            if self.stage != "sent again":
                return True
            self.writes -= 1
            if self.writes > 0:
                return True
            self.stage = "late"
        link.ask(frame)
        self.release()
        return False

    def release(self):
        link, frame = self.kept
        self.answer = end_txn_error(link.ask(frame))
        link.close()
        self.stage = "idle"
        self.over.set()

    def finish(self, seconds):
        """-> the broker's answer to the late commit, or None if the race was not to be had."""
        if self.over.wait(seconds):
            return self.answer
        with self.lock:
            before, self.stage = self.stage, "idle"
        if before in ("kept", "sent again"):
            self.kept[0].close()
        return None


def race(scene, worker, rule):
    rule.begin()
    answer = rule.finish(RACE_SECONDS)
    scene.note("late commit", worker.name, answer)
    scene.counts["races" if answer is not None else "missed"] += 1
    if answer == 0:
        scene.counts["accepted"] += 1


def race_on(scene, worker, rule, count):
    while scene.counts["races"] < count and worker.alive() and scene.counts["missed"] < 10 + count:
        race(scene, worker, rule)


def races(scene, proxies, count):
    scene.counts.update(races=0, missed=0, accepted=0)
    workers = [scene.worker(f"w{n}", kafka__bootstrap__servers=proxy.address).start()
               for n, proxy in enumerate(proxies)]
    for worker in workers:
        worker.ready()
    scene.prepare()
    scene.begin_load(120, 20 + 4 * count)
    rules = [LateCommit(proxy, scene.random) for proxy in proxies]
    threads = [threading.Thread(target=race_on, args=(scene, worker, rule, count), daemon=True)
               for worker, rule in zip(workers, rules)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.2)
    for worker in workers:
        if not worker.alive():
            scene.failed(f"{worker.name} ended: {worker.child.log_tail(600)}")
    if scene.counts["races"] < count:
        scene.failed(f"{scene.counts['races']} races of {count}")


def f10(options, servers):
    return run_scene(Scene(options, "F10", servers.kafka),
                     lambda scene: races(scene, servers.proxies, options.races))


def open_proxies(count):
    return [Proxy() for _ in range(count)]
