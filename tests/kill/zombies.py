"""F10, the other kind: a worker is frozen in the middle of a transaction, and one of its requests is still
under way. Another takes the partitions; then the request arrives, and the worker wakes."""

import threading
import time

from proxy import END_TXN, PRODUCE, TXN_OFFSETS
from scene import SESSION_SECONDS, Scene, run_scene
from support.children import wait_until

PER_SECOND = 100
KINDS = {"EndTxn": END_TXN, "Produce": PRODUCE, "TxnOffsetCommit": TXN_OFFSETS}
TAKEN_SECONDS = 30


class Late:
    """A rule that keeps one request of the kind until it is let go; what follows on its connection waits."""

    def __init__(self, proxy):
        self.api, self.lock = None, threading.Lock()
        self.kept, self.free, self.arrived = threading.Event(), threading.Event(), threading.Event()
        proxy.rule = self.rule

    def begin(self, api):
        for event in (self.kept, self.free, self.arrived):
            event.clear()
        self.api = api

    def rule(self, link, frame):
        with self.lock:
            if frame.api != self.api or frame.api == PRODUCE and not frame.is_transactional_produce():
                return True
            self.api = None
        self.kept.set()
        self.free.wait(2 * TAKEN_SECONDS)
        link.ask(frame)
        self.arrived.set()
        return False


def holds_everything(worker, scene):
    taken = worker.metric("makegood_partitions_taken")
    return taken == 2 * scene.partitions


def race(scene, zombie, heir, late, kind):
    late.begin(KINDS[kind])
    assert late.kept.wait(TAKEN_SECONDS), f"no {kind} came"
    zombie.freeze()
    wait_until("the partitions to be taken", lambda: holds_everything(heir, scene), TAKEN_SECONDS)
    time.sleep(scene.random.uniform(0, 0.5))  # and something to be decided
    late.free.set()
    assert late.arrived.wait(TAKEN_SECONDS), f"no answer to {kind}"
    zombie.wake()
    scene.note(f"late {kind}", zombie.name)
    scene.counts[kind] = scene.counts.get(kind, 0) + 1
    wait_until("the zombie to take part again", lambda: all(
        worker.metric("makegood_partitions_taken") == scene.partitions for worker in (zombie, heir)),
        TAKEN_SECONDS)


def zombies(scene, proxy, count):
    zombie = scene.worker("w0", kafka__bootstrap__servers=proxy.address).start()
    heir = scene.worker("w1").start()
    scene.prepare()
    scene.begin_load(PER_SECOND, 20 + (SESSION_SECONDS + 6) * count)
    late, kinds = Late(proxy), list(KINDS)
    for n in range(count):
        race(scene, zombie, heir, late, kinds[n % len(kinds)])
    if count > 1 and not scene.logged("transaction_fenced")["transaction_fenced"]:
        scene.failed("no hanging transaction was ended")


def f10(options, servers):
    return run_scene(Scene(options, "F10 zombies", servers.kafka),
                     lambda scene: zombies(scene, servers.proxies[0], options.zombies))
