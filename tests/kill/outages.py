"""F04 to F06 and F09: the servers fail under load. Redis is killed, comes back with an older file, is
emptied; Kafka is killed, restarted, stopped, at any time and in the middle of a commit."""

import shutil
import signal
import time

from crashes import AWAKE_SECONDS, Plan, Slot, restart
from scene import SESSION_SECONDS, Scene, is_stopped, run_scene
from support.children import wait_until
from support.redis_server import Redis

WORKERS_COUNT = 3
PER_SECOND = 150
ROLLBACK_SECONDS = 3.0
BROKER_AWAY_SECONDS = 4.0
AT = ("queued", "flushed", "offsets-sent", "commit-sent")


def begin(scene, seconds):
    """Workers under load. -> their slots"""
    slots = [Slot(scene, f"w{n}", ()) for n in range(WORKERS_COUNT)]
    for slot in slots:
        slot.begin(None)
    scene.prepare()
    scene.begin_load(PER_SECOND, seconds)
    return slots


def check_alive(scene, workers=None):
    for worker in workers or scene.workers:
        if not worker.alive():
            raise AssertionError(f"{worker.name} ended: {worker.child.log_tail(800)}")


# --- Redis

class Files:
    """The append-only file of a Redis, and how fast it grows: so that it can be cut to what it was some
    time ago, in the middle of a record too."""

    def __init__(self, redis):
        self.redis = redis
        self.mark()

    @property
    def log(self):
        return next((self.redis.folder / "appendonlydir").glob("*.incr.aof"))

    def mark(self):
        self.size, self.since = self.log.stat().st_size, time.monotonic()

    def cut(self, seconds):
        """-> how many bytes were lost"""
        size = self.log.stat().st_size
        pace = max(0, size - self.size) / max(0.1, time.monotonic() - self.since)
        lost = min(size, int(pace * seconds) + 1)
        with open(self.log, "r+b") as file:
            file.truncate(size - lost)
        return lost


def kill_redis(scene, files):
    how = scene.random.choice(("everysec", "always", "no"))
    scene.redis.command("CONFIG", "SET", "appendfsync", how)
    time.sleep(scene.random.uniform(0, 0.5))
    scene.redis.kill()
    time.sleep(scene.random.choice((0, 0, 0.5, 1.5)))
    scene.redis.start()
    return how


def set_redis_back(scene, files):
    scene.redis.kill()
    seconds = scene.random.uniform(0.1, ROLLBACK_SECONDS)
    lost = files.cut(seconds)
    scene.redis.start()
    return f"{seconds:.1f} s, {lost} bytes"


def empty_redis(scene, files):
    if scene.random.random() < 0.5:
        scene.redis.flushall()
        return "FLUSHALL"
    scene.redis.kill()
    shutil.rmtree(scene.redis.folder / "appendonlydir")
    scene.redis.start()
    return "no files"


def fail_redis(scene, count):
    """Kills and rollbacks in turn, each tenth time nothing is left; in an order of the seed's."""
    acts = [("F04 kill", kill_redis), ("F05 back", set_redis_back)]
    plan = [acts[n % 2] for n in range(count)] + [("F06 empty", empty_redis)] * max(2, count // 10)
    scene.random.shuffle(plan)
    begin(scene, 20 + 4 * len(plan))
    files = Files(scene.redis)
    for name, act in plan:
        files.mark()
        time.sleep(scene.random.uniform(0.3, 1.5))
        scene.note(name, act(scene, files))
        scene.counts[name] = scene.counts.get(name, 0) + 1
        check_alive(scene)
    found = scene.logged("partition_retaken", "view_unavailable")
    if found["partition_retaken"] < len(plan):
        scene.failed(f"{len(plan)} times Redis failed, {found} in the logs")


def f04(options, servers):
    redis = Redis(appendonly="yes", auto_aof_rewrite_percentage="0")
    return run_scene(Scene(options, "F04 F05 F06", servers.kafka, redis),
                     lambda scene: fail_redis(scene, options.redis))


# --- Kafka

def kill_broker(scene, _slots):
    scene.kafka.kill()
    time.sleep(scene.random.uniform(0, 1))
    scene.kafka.start()


def restart_broker(scene, _slots):
    scene.kafka.restart()


def stop_broker(scene, _slots):
    scene.kafka.child.signal(signal.SIGSTOP)
    time.sleep(scene.random.uniform(1, BROKER_AWAY_SECONDS))
    scene.kafka.child.signal(signal.SIGCONT)


def stop_broker_past_sessions(scene, _slots):
    """Workers are in the middle of a transaction when their sessions end, and still when it is back."""
    scene.kafka.child.signal(signal.SIGSTOP)
    time.sleep(SESSION_SECONDS + scene.random.uniform(5, 8))
    scene.kafka.child.signal(signal.SIGCONT)


def kill_broker_in_commit(scene, slots):
    """A worker stops at a point of its commit, the broker dies, the worker goes on."""
    slot, plan = scene.random.choice(slots), Plan(scene.random.choice(AT), 2, "STOP")
    restart(slot, plan)
    wait_until(f"{plan.point} to be reached", lambda: is_stopped(slot.worker.child.pid), AWAKE_SECONDS)
    scene.kafka.kill()
    slot.worker.wake()
    scene.kafka.start()
    return plan.point


BROKER_ACTS = (kill_broker_in_commit, kill_broker, restart_broker, stop_broker,
               stop_broker_past_sessions)


def fail_broker(scene, count):
    slots = begin(scene, 20 + 15 * count)
    plan = [BROKER_ACTS[n % len(BROKER_ACTS)] for n in range(count)]
    scene.random.shuffle(plan)
    for act in plan:
        time.sleep(scene.random.uniform(0.5, 1.5))
        scene.note(act.__name__, act(scene, slots))
        scene.counts[act.__name__] = scene.counts.get(act.__name__, 0) + 1
        for slot in slots:
            slot.worker.ready(60)
    scene.load.stop()
    check_acknowledged(scene)


def check_acknowledged(scene):
    """What the brokers acknowledged is there."""
    ends = scene.ends("action")
    sent = scene.producer.delivered
    lost = [place for place in sent.values() if place[1] >= max(ends)]
    if lost or len(sent) != scene.producer.sent:
        scene.failed(f"{scene.producer.sent} sent, {len(sent)} acknowledged, {lost[:3]} not there")


def f09(options, servers):
    return run_scene(Scene(options, "F09", servers.kafka),
                     lambda scene: fail_broker(scene, options.broker))
