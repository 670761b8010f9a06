"""F19, F21, F24: what comes in again, what nobody understands, and operators who set offsets back, delete
the group, and send whole topics and dead letters once more."""

import collections
import json
import time

from outages import check_alive
from scene import FAMILIES, Scene, run_scene
from support.kafka_io import read_topic
from test_broken_records import cases
from workload import Workload

WORKERS_COUNT = 2
PLACES = ("first", "middle", "last")


def workers_of(scene):
    made = [scene.worker(f"w{n}").start() for n in range(WORKERS_COUNT)]
    scene.prepare()
    return made


def send_all(scene, items):
    for item in items:
        scene.send("action", item.value, item.key)
    scene.sent()


def headed(record, name):
    return next((value for key, value in record.headers if key == name), None)


def verdicts(scene):
    """How many outcomes of each verdict there are, and dead letters of each reason."""
    found = collections.Counter()
    for record in read_topic(scene.kafka.bootstrap, scene.topic("action-outcome")):
        found[headed(record, "makegood-verdict")] += 1
    for record in read_topic(scene.kafka.bootstrap, scene.topic("action-dlq")):
        found[headed(record, "dlq-reason")] += 1
    return found


# --- F19

def other_payload(value, number):
    event = json.loads(value)
    event["data"]["note"] = f"other {number}"
    return json.dumps(event).encode()


def duplicates(scene, count):
    """All of a day's messages three times in another order; one a hundred times over; and ids that are
    used again for something else."""
    workers_of(scene)
    items = [item for item in Workload(count // 4, scene.seed).items
             if item.id and isinstance(item.expected, tuple)]
    send_all(scene, items)
    again = items * 2 + [items[0]] * (count // 20)
    scene.random.shuffle(again)
    send_all(scene, again)
    changed = scene.random.sample(items, min(50, len(items)))
    send_all(scene, [item._replace(value=other_payload(item.value, n))
                     for n, item in enumerate(changed)])
    scene.rest()
    found = verdicts(scene)
    scene.counts.update(sent=len(items) + len(again) + len(changed), again=len(again),
                        changed=len(changed), duplicate=found[b"duplicate"],
                        id_conflict=found[b"id-conflict"])
    if found[b"duplicate"] != len(again) or found[b"id-conflict"] != len(changed):
        scene.failed(f"{len(again)} sent again and {len(changed)} changed: {dict(found)}")


def f19(options, servers):
    return run_scene(Scene(options, "F19", servers.kafka),
                     lambda scene: duplicates(scene, options.duplicates))


# --- F21

def poison(scene, topic, value, place):
    """The record among good ones of the same partition, in one batch."""
    good = scene.good.popleft(), scene.good.popleft()
    at = PLACES.index(place)
    for value_sent in good[:at] + (value,) + good[at:]:
        scene.send(topic, value_sent, b"poison", partition=scene.random.randrange(scene.partitions))


def poisons(scene, rounds):
    """Every kind of broken record, in every place, on each topic, `rounds` times."""
    workers_of(scene)
    kinds = cases()
    plan = [(topic, value, place) for _ in range(rounds) for _name, value, _reason, _detail in kinds
            for place in PLACES for topic in FAMILIES]
    scene.random.shuffle(plan)
    scene.good = collections.deque(
        item.value for item in Workload(3 * len(plan), scene.seed).items if item.id)
    for topic, value, place in plan:
        poison(scene, topic, value, place)
    scene.sent()
    scene.rest()
    scene.counts["poisons"] = len(plan)
    reasons = {reason for _name, _value, reason, _detail in kinds}
    missing = [reason for reason in reasons if not verdicts(scene)[reason.encode()]]
    if missing:
        scene.failed(f"no dead letter of {missing}")


def f21(options, servers):
    return run_scene(Scene(options, "F21", servers.kafka), lambda scene: poisons(scene, options.poisons))


# --- F24

def set_offsets(where):
    def act(scene):
        for family in FAMILIES:
            scene.kafka.reset_offsets(scene.group, scene.topic(family), where)
    return act


def delete_group(scene):
    scene.kafka.groups("--delete", "--group", scene.group)


def send_topic_again(scene):
    for record in read_topic(scene.kafka.bootstrap, scene.topic("action")):
        if headed(record, "makegood-to") is None:
            scene.send("action", record.value, record.key, headers=record.headers)
    scene.sent()


def send_dead_letters_again(scene):
    for record in read_topic(scene.kafka.bootstrap, scene.topic("action-dlq")):
        for _ in range(2):
            scene.send("action", record.value, record.key)
    scene.sent()


DOWN = {"to-earliest": set_offsets("--to-earliest"), "to-latest": set_offsets("--to-latest"),
        "deleted": delete_group}
UP = {"topic again": send_topic_again, "dead letters again": send_dead_letters_again}


def changes(scene):
    """Outcomes that are neither of a repeat nor a word that something was passed on."""
    return sum(count for verdict, count in verdicts(scene).items()
               if verdict in (b"applied", b"unchanged", b"rejected", None))


def operate(scene, count):
    workers = workers_of(scene)
    items = Workload(1200 + 300 * count, scene.seed).items
    share = len(items) // (count + 2)
    send_all(scene, items[:share])
    scene.rest()
    acts = list(DOWN) + list(UP)
    for n in range(count):
        name = acts[n % len(acts)]
        before = changes(scene)
        if name in DOWN:
            interrupted(scene, workers, name)
        else:
            UP[name](scene)
        scene.rest()
        scene.note(name)
        if changes(scene) != before:
            scene.failed(f"{name}: {before} outcomes became {changes(scene)}")
        send_all(scene, items[share * (n + 1):share * (n + 2)])
        scene.rest()
    scene.counts["acts"] = count
    check_alive(scene)


def interrupted(scene, workers, name):
    for worker in workers:
        worker.stop()
    DOWN[name](scene)
    for worker in workers:
        worker.start()
        worker.ready()
    time.sleep(1)


def f24(options, servers):
    return run_scene(Scene(options, "F24", servers.kafka), lambda scene: operate(scene, options.operator))
