"""F13: workers that come and go every one to three seconds, in order or not, under load."""

import signal
import time

from outages import check_alive
from scene import Scene, run_scene

STAY = 2          # workers that stay
GUESTS_MAX = 4    # that come and go
PER_SECOND = 150
LEAVE_SECONDS = 30


def come(scene, guests):
    """Half of them have a name for good, so that the group waits for them to come back."""
    named = scene.random.random() < 0.5
    name = f"g{scene.counts['joins']}"
    guests.append(scene.worker(name, instance=name if named else "").start())
    scene.counts["joins"] += 1
    scene.note("come", name)


def go(scene, guests):
    guest = guests.pop(scene.random.randrange(len(guests)))
    if scene.random.random() < 0.3:
        guest.kill()
        scene.note("killed", guest.name)
    else:
        guest.child.signal(signal.SIGTERM)
        status = guest.wait(LEAVE_SECONDS)
        if status != 0:
            scene.failed(f"{guest.name} left with {status}: {guest.child.log_tail(800)}")
        scene.note("gone", guest.name)
    scene.counts["leaves"] += 1


def storm(scene, seconds):
    scene.counts.update(joins=0, leaves=0)
    guests = []
    for n in range(STAY):
        scene.worker(f"w{n}").start()
    scene.prepare()
    scene.begin_load(PER_SECOND, seconds)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not guests or len(guests) < GUESTS_MAX and scene.random.random() < 0.5:
            come(scene, guests)
        else:
            go(scene, guests)
        time.sleep(scene.random.uniform(1, 3))
    while guests:
        go(scene, guests)
    check_alive(scene, scene.workers[:STAY])


def f13(options, servers):
    return run_scene(Scene(options, "F13", servers.kafka), lambda scene: storm(scene, options.storm))
