"""F01 to F03: processes that die, die again while they recover, or stop for longer than their session, at
every named point of the program (README.md: what each is)."""

import collections
import signal
import time

from scene import SESSION_SECONDS, Scene, is_stopped, run_scene, was_killed
from support.children import wait_until
from support.kafka_io import fence

WORKERS_COUNT = 3
OF_A_TURN = ("polled", "parsed", "loading", "loaded", "decided", "begun", "queued", "flushed",
             "offsets-sent", "commit-sent", "committed", "fold-sent", "folded")
OF_TAKING = ("take-settled", "take-indexed", "take-folded", "take-ready")
ONCE = ("take-assigned", "dead-letter", "drain", "retire", "revoke")
ALONE = ("take-fence",)  # needs two workers at once: hang()
POINTS = OF_A_TURN + OF_TAKING + ONCE + ALONE
REACHED_SECONDS = 20   # a point that is not reached in this time is missed
AWAKE_SECONDS = 30     # until one that was stopped is ready again, on a busy machine
PER_SECOND = 150

# What a process is started for: a point, at which time, KILL or STOP.
Plan = collections.namedtuple("Plan", "point nth act")


def plan_of(random, point, act="KILL", first=False):
    if first or point in ONCE:
        return Plan(point, 1, act)
    if point in OF_TAKING:
        return Plan(point, random.randint(1, 3), act)
    return Plan(point, random.choice((1, 2, 7, random.randint(8, 40))), act)


def chains_of(random, kills, pairs, freezes):
    """What is done, in an order of its own for each seed: rows of plans for one worker to go through."""
    points = OF_A_TURN + OF_TAKING + ONCE
    singles = list(points) + random.choices(points, k=max(0, kills - len(points)))
    chains = [[plan_of(random, point)] for point in singles]
    again = OF_A_TURN + OF_TAKING
    chains += [[plan_of(random, random.choice(points)), plan_of(random, random.choice(again), first=True)]
               for _ in range(pairs)]
    chains += [[plan_of(random, random.choice(OF_A_TURN), "STOP")] for _ in range(freezes)]
    random.shuffle(chains)
    return collections.deque(chains)


class Slot:
    """A worker's place: whenever its process is gone, another one is started for the next plan."""

    def __init__(self, scene, name, chains):
        self.scene, self.chains = scene, chains
        self.worker = scene.worker(name)
        self.chain, self.plan = collections.deque(), None
        self.provoked = self.returning = False
        self.wake_at = self.awake_by = None
        self.deadline = 0

    @property
    def done(self):
        return self.plan is None and not self.chains and self.worker.alive()

    def next(self):
        if not self.chain and self.chains:
            self.chain = collections.deque(self.chains.popleft())
        self.begin(self.chain.popleft() if self.chain else None)

    def begin(self, plan):
        self.plan, self.provoked = plan, False
        self.deadline = time.monotonic() + REACHED_SECONDS
        armed = {"CRASH_AT": f"{plan.point}:{plan.nth}:{plan.act}"} if plan else {}
        self.worker.start(**armed)

    def is_ready(self):
        return self.worker.alive() and self.worker.get("/readyz")[0] == 200

    # --- what happens to it

    def look(self, slots):
        """One glance at the process."""
        if not self.worker.alive():
            self.ended()
        elif self.wake_at:
            self.wake()
        elif self.awake_by:
            self.awake()
        elif self.plan and self.plan.act == "STOP" and is_stopped(self.worker.child.pid):
            self.struck("freezes")
            self.wake_at = time.monotonic() + SESSION_SECONDS + 2
        elif self.plan and time.monotonic() > self.deadline:
            self.miss()
        elif self.plan and self.plan.point in PROVOKED and not self.provoked:
            self.provoked = PROVOKED[self.plan.point](self, slots)

    def struck(self, kind):
        scene, plan = self.scene, self.plan
        scene.counts[kind] += 1
        scene.points[plan.point] += 1
        scene.note(plan.act, self.worker.name, plan.point, plan.nth)

    def ended(self):
        status, self.wake_at, self.awake_by = self.worker.wait(5), None, None
        if self.returning and status == 0:
            self.returning = False
            self.begin(self.plan)
            return
        if self.plan and self.plan.act == "KILL" and was_killed(status):
            self.struck("kills")
        else:
            self.scene.failed(f"{self.worker.name} ended with {status} under {self.plan}: "
                              f"{self.worker.child.log_tail(800)}")
        self.returning = False
        self.next()

    def wake(self):
        if time.monotonic() >= self.wake_at:
            self.worker.wake()
            self.wake_at, self.awake_by = None, time.monotonic() + AWAKE_SECONDS

    def awake(self):
        """It must find that it was replaced, and join again; then it is killed for the next plan."""
        if self.is_ready():
            self.awake_by = None
            self.replace()
        elif time.monotonic() > self.awake_by:
            self.scene.failed(f"{self.worker.name} is not ready after it was stopped")
            self.awake_by = None
            self.replace()

    def replace(self):
        self.worker.kill()
        self.next()

    def miss(self):
        self.scene.note("missed", self.worker.name, *self.plan)
        self.scene.counts["missed"] += 1
        self.replace()


# --- points that nothing but trouble leads to

def drain(slot, _slots):
    if not slot.is_ready():
        return False
    slot.worker.child.signal(signal.SIGTERM)
    return True


def lose_the_producer(slot, _slots):
    """Somebody takes its transactional id over: the next call of a transaction is refused."""
    if not slot.is_ready():
        return False
    fence(slot.scene.kafka.bootstrap, f"{slot.scene.group}-{slot.worker.name}")
    return True


def make_others_move(slot, slots):
    """Another worker leaves in order and comes back: everybody's partitions are revoked."""
    others = [other for other in slots if other is not slot and other.worker.alive()
              and not other.wake_at and not other.awake_by and not other.returning]
    if not others or not slot.is_ready() or not others[0].is_ready():
        return False
    others[0].returning = True
    others[0].worker.child.signal(signal.SIGTERM)
    return True


PROVOKED = {"drain": drain, "retire": lose_the_producer, "revoke": make_others_move}


def restart(slot, plan=None):
    slot.worker.kill()
    slot.begin(plan)
    return slot


def dies(slot):
    status = slot.worker.wait(AWAKE_SECONDS)
    assert was_killed(status), (f"{slot.worker.name} ended with {status} under {slot.plan}: "
                                f"{slot.worker.child.log_tail(800)}")
    slot.struck("kills")


def hang(scene, one, other):
    """One dies in the middle of a transaction and stays away. Another finds the transaction hanging and
    dies just as it is about to end it; its next process ends it."""
    dies(restart(one, Plan("flushed", 3, "KILL")))
    dies(restart(other, Plan("take-fence", 1, "KILL")))
    fenced = scene.logged("transaction_fenced")["transaction_fenced"]
    other.begin(None)
    wait_until("the hanging transaction to be ended", lambda: scene.logged(
        "transaction_fenced")["transaction_fenced"] > fenced, 30)
    one.begin(None)


def crashes(scene, kills, pairs, freezes):
    scene.points = collections.Counter()
    scene.counts.update(kills=0, freezes=0, missed=0)
    chains = chains_of(scene.random, kills, pairs, freezes)
    slots = [Slot(scene, f"w{n}", chains) for n in range(WORKERS_COUNT)]
    for slot in slots:
        slot.begin(None)
    scene.prepare()
    scene.begin_load(PER_SECOND, 60 + kills + 2 * pairs + 4 * freezes)
    hang(scene, slots[0], slots[1])
    for slot in slots:
        slot.replace()
    while not all(slot.done for slot in slots):
        for slot in slots:
            slot.look(slots)
        time.sleep(0.02)
    scene.counts["points"] = dict(sorted(scene.points.items()))
    never = [point for point in POINTS if not scene.points[point]]
    if never:
        scene.failed(f"never struck: {' '.join(never)}")


def f01(options, servers):
    return run_scene(Scene(options, "F01 F02 F03", servers.kafka), lambda scene: crashes(
        scene, options.kills, options.pairs, options.freezes))
