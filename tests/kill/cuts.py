"""F12: the answers of the group's coordinator come late, the worker waits for the end of a transaction
meanwhile, and its client takes the session for ended, which the coordinator does not. To that, the next
heartbeat looks like another process of the same name; the worker must come back all the same."""

import threading
import time

from proxy import END_TXN, HEARTBEAT
from scene import Scene, run_scene

PER_SECOND = 100
# Behind the heartbeat whose answer is late, the client's session ends after 3.6 s and the broker's after 6;
# the next heartbeat comes after 4.8 to 5.3.
SESSION_MS, HEARTBEAT_MS = 6000, 2400
LATE_SECONDS, COMMIT_SECONDS = 4.4, 7.0
BACK_SECONDS = 30


class Cut:
    """The answer to a heartbeat waits; commits wait for somewhat longer."""

    def __init__(self, proxy):
        self.commits_at = 0
        self.armed, self.begun = False, threading.Event()
        proxy.rule = self.rule

    def begin(self):
        self.begun.clear()
        self.armed = True

    def rule(self, link, frame):
        if self.armed and frame.api == HEARTBEAT:
            self.armed, now = False, time.monotonic()
            link.mute_until, self.commits_at = now + LATE_SECONDS, now + COMMIT_SECONDS
            self.begun.set()
        if frame.api == END_TXN:
            time.sleep(max(0, self.commits_at - time.monotonic()))
        return True


def cut_off(scene, proxy, count):
    worker = scene.worker("w0", kafka__bootstrap__servers=proxy.address,
                          kafka__session__timeout__ms=SESSION_MS,
                          kafka__heartbeat__interval__ms=HEARTBEAT_MS).start()
    scene.worker("w1").start()
    scene.prepare()
    scene.begin_load(PER_SECOND, 20 + 15 * count)
    cut = Cut(proxy)
    for _ in range(count):
        cut.begin()
        assert cut.begun.wait(BACK_SECONDS), "no heartbeat came"
        time.sleep(COMMIT_SECONDS + 1)
        scene.note("cut off", worker.name)
        worker.ready(BACK_SECONDS)
    scene.counts["cuts"] = count
    if scene.logged("process_renewed")["process_renewed"] != count:
        scene.failed(f"not renewed {count} times")


def f12(options, servers):
    return run_scene(Scene(options, "F12", servers.kafka),
                     lambda scene: cut_off(scene, servers.proxies[0], options.cuts))
