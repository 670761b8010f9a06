#!/usr/bin/python3
"""send, tail, show, check and topics on real servers: what is sent is decided, seen and shown; what
stops a command is said with the way to go on."""

import json
import os
import re
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from harness import World, arguments, main, modify, track
from support.children import free_port, wait_until
from support.kafka_io import end_offsets, read_topic
from support.redis_server import RedisClient
from support.terminal import Terminal
from workload import event, setup_events

DATA, NO_INPUT, UNREACHABLE, CONFIG = 65, 66, 69, 78


def lines_of(*events):
    return b"\n".join(value for _key, value in events).decode() + "\n"


def rows(result):
    assert result.status == 0, result
    return [json.loads(line) for line in result.out.splitlines()]


def tail(world, *words):
    return rows(world.run("tail", *words, "--end", "-o", "jsonl"))


def sends(world):
    """A day is sent as one file; every event lies on its topic under its entity, as structured."""
    day = world.folder / "day.jsonl"
    day.write_text(lines_of(*setup_events()))
    assert world.run("send", "-f", day).out == f"{len(setup_events())} events published\n"
    wait_until("contracts to be stored", lambda: len([
        row for row in tail(world, "contract-outcome")
        if ".stored." in row["event"]["type"]]) == len(setup_events()), 20)
    time.sleep(1.5)  # a reference may be a second old
    sent = rows(world.run("send", "-o", "jsonl",
                          stdin=lines_of(track(1), modify(1, "m-1"), track(2, amount="5.005"))))
    assert [(row["line"], row["topic"], row["key"]) for row in sent] == [
        (1, "action", "oid:70:X1"), (2, "action", "action:A1"), (3, "action", "oid:70:X2")], sent
    found = {(record.partition, record.offset): record
             for record in read_topic(world.kafka.bootstrap, world.topic("action"))}
    for row in sent:
        record = found[row["partition"], row["offset"]]
        assert record.key.decode() == row["key"]
        assert dict(record.headers)["content-type"].startswith(b"application/cloudevents+json")
    one = world.run("send", stdin=track(3)[1].decode())
    assert re.fullmatch(r"action/\d/\d+  oid:70:X3\n", one.out), one
    nothing = world.run("send", stdin=lines_of(track(4)) + "{}\n")
    assert nothing.status == DATA and "line 2: malformed: /specversion" in nothing.err, nothing
    assert end_offsets(world.kafka.bootstrap, world.topic("action")) != [0] * world.partitions
    ids = {row["event"]["id"] for row in tail(world, "action")}
    assert "t-3" in ids and "t-4" not in ids, ids


def tails(world):
    """Decoded, filtered, bounded; dead letters with their reason; states as states."""
    wait_until("the third action", lambda: tail(world, "action-outcome", "--entity", "action:A3",
                                                "--type", "action.tracked"), 20)
    seen = tail(world, "action-outcome", "--entity", "action:A1")
    assert {row["key"] for row in seen} == {"action:A1"}, seen
    modified = [row for row in seen if row["event"]["type"] == "makegood.action.modified.v1"]
    assert len(modified) == 1 and modified[0]["event"]["data"]["amount"] == "80.00", modified
    assert modified[0]["headers"]["makegood-verdict"] == "applied", modified
    assert modified == tail(world, "action-outcome", "--type", "makegood.action.modified.v1")
    assert tail(world, "action-outcome", "action", "--limit", "2") != []
    assert len(tail(world, "action-outcome", "action", "--limit", "2")) == 2
    both = tail(world, "action-outcome", "contract-outcome", "action-outcome")
    places = [(row["topic"], row["partition"], row["offset"]) for row in both]
    assert len(set(places)) == len(places), "a topic named twice is read once"
    assert {row["topic"] for row in both} == {"action-outcome", "contract-outcome"}
    whole = json.loads(world.run("tail", "action-outcome", "--end", "-o", "json").out)
    assert len(whole) == len(tail(world, "action-outcome"))

    now = int(time.time() * 1000)
    middle = modified[0]["timestamp"]
    since = tail(world, "action-outcome", "--from", middle)
    assert modified[0] in since and all(row["timestamp"] >= middle for row in since)
    assert tail(world, "action-outcome", "--from", f"@{now + 3600000}") == []
    assert len(tail(world, "action-outcome", "--from", "-1h")) == len(tail(world, "action-outcome"))
    assert len(tail(world, "action-outcome", "--from", "@0")) == len(whole)

    world.send("action", b'{"hostile":"\x1b[2J', b"k\x1b")
    world.send("action", b"\xff\x00", None)
    world.sent()
    dead = wait_until("two dead letters",
                      lambda: len(found := tail(world, "action-dlq")) == 2 and found, 20)
    assert {row["headers"]["dlq-reason"] for row in dead} == {"malformed"}, dead
    assert any("raw" in row and row["key"] is None for row in dead), dead
    table = world.run("tail", "action-dlq", "action", "action-state", "--end")
    assert "malformed: not JSON at byte" in table.out and "\x1b" not in table.out, table.out
    states = [row for row in tail(world, "action-state", "--entity", "action:A1")
              if row["key"] == "action:A1"]  # and not a part of the engine's own
    assert states[-1]["state"]["amount"] and states[-1]["version"] >= 2, states
    assert any("progress" in row for row in tail(world, "action-state"))

    slip = world.run("tail", "action-outcom", "--end")
    assert slip.status == NO_INPUT and "did you mean action-outcome?" in slip.err, slip


def follows(world):
    """Without --end it shows what comes from now on, by a pipe too, until Ctrl-C."""
    child = subprocess.Popen(world.command(["tail", "action-outcome", "-o", "jsonl"]),
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    number = 100

    def sees():
        nonlocal number
        number += 1
        world.run("send", stdin=lines_of(track(number)))
        os.set_blocking(child.stdout.fileno(), False)
        return child.stdout.readline()

    line = wait_until("a followed line", sees, 20, 0.2)
    assert json.loads(line)["topic"] == "action-outcome"
    child.send_signal(signal.SIGINT)
    status, err = child.wait(5), child.stderr.read()
    assert status == 0 and not err, (status, err)


def shows(world):
    shown = world.run("show", "action:A1", "-o", "json")
    state = json.loads(shown.out)
    assert state["entity"] == "action:A1" and state["version"] == 2, state
    assert state["nextDue"].endswith("T00:00:00.000Z"), state
    log = [row for row in tail(world, "action-state", "--entity", "action:A1")
           if row["key"] == "action:A1"][-1]
    assert (state["state"], state["version"]) == (log["state"], log["version"])
    assert state["folded"]["partition"] == log["partition"], (state, log)
    assert state["folded"]["offset"] > log["offset"], (state, log)
    table = world.run("show", "action:A1").out
    amount = state["state"]["amount"]
    for line in ("version +2", "state +PENDING", "changes +1", f"amount +{amount // 100}.{amount % 100:02} USD"):
        assert re.search(f"^{line}$", table, re.M), (line, table)
    world.run("send", stdin=lines_of(modify(999, "m-early")))
    wait_until("an early one to wait", lambda: json.loads(
        world.run("show", "action:A999", "-o", "json").out or "{}").get("waiting") == 1, 20)
    none = world.run("show", "action:NONE")
    assert none.status == 1 and "action:NONE" in none.err + none.out or "empty" in none.err, none
    assert not none.out
    other = world.run("show", "action:A1", settings={"group": "another"})
    assert other.status == CONFIG and "use another database" in other.err, other


def goes_on(world):
    """Ctrl-C in a long file: exactly what it says is there, and --skip does the rest."""
    count = 150000
    long = world.folder / "long.jsonl"
    with open(long, "wb") as file:
        for number in range(count):
            file.write(event("partner.put", f"long-{number}", {
                "partnerId": f"Q{number % 50}", "state": "ACTIVE"}, source="/long") + b"\n")
    before = sum(end_offsets(world.kafka.bootstrap, world.topic("contract")))

    def published():
        return sum(end_offsets(world.kafka.bootstrap, world.topic("contract"))) - before

    child = subprocess.Popen(world.command(["send", "-f", long]), stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    wait_until("the first ones", published, 30, 0.01)
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=30)
    found = re.search(r"the first (\d+) of (\d+) events are published; go on .* --skip (\d+)", err)
    assert child.returncode == 130 and found, (child.returncode, err)
    done = int(found.group(1))
    assert 0 < done == int(found.group(3)) < count and published() == done, (done, published())
    rest = world.run("send", "-f", long, "--skip", done)
    assert rest.out == f"{count - done} events published\n", rest
    ids = [row["event"]["id"] for row in tail(world, "contract", "--type", "partner.put")]
    assert sorted(ids) == sorted(f"long-{number}" for number in range(count))
    return long


def shows_progress(world, long):
    """A bar on a terminal, nothing of it on stdout."""
    terminal = Terminal()
    if not terminal.there:
        return
    child = subprocess.Popen(world.command(["send", "-f", long, "--skip", 100000]),
                             stdout=subprocess.PIPE, stderr=terminal.slave, text=True)
    seen = terminal.text()
    out, _err = child.communicate(timeout=60)
    assert child.returncode == 0 and out == "50000 events published\n", out
    assert re.search(rb"\r#+\.* +\d+%  \d+ of 150000 published, \d+/s", seen), seen[-500:]
    assert seen.endswith(b"\r\x1b[K"), seen[-100:]


def stops_in_the_middle(world):
    """A topic that vanished: what was published before is said, and the cure."""
    prefix = {"topics.prefix": world.prefix + "half."}
    assert world.run("topics", "create", settings=prefix).status == 0
    world.kafka.topics("--delete", "--topic", world.prefix + "half.contract")
    many = lines_of(*[track(number) for number in range(700)], setup_events()[0])
    halted = world.run("send", stdin=many, settings=prefix)
    assert halted.status == CONFIG and "run `makegood topics create`" in halted.err, halted
    assert "the first 700 of 701 events are published" in halted.err, halted
    assert "--skip 700" in halted.err, halted
    assert world.run("topics", "create", settings=prefix).status == 0
    assert world.run("send", "--skip", 700, stdin=many, settings=prefix).status == 0


def checks(world):
    """Every difference, by name and with its cure; nothing is written to Redis by looking."""
    settings = {"topics.prefix": world.prefix + "odd.", "route.action.modified": "mods",
                "redis.url": world.redis.url.rsplit("/", 1)[0] + "/5"}
    make = ("--create", "--partitions", 2, "--topic")
    odd = settings["topics.prefix"]
    world.kafka.topics(*make, odd + "action", "--config", "cleanup.policy=compact")
    world.kafka.topics(*make, odd + "contract-state", "--config", "cleanup.policy=compact,delete",
                       "--config", "min.compaction.lag.ms=0", "--config", "max.message.bytes=5000")
    world.kafka.topics(*make, odd + "action-dlq", "--config", "retention.ms=60000",
                       "--config", "max.message.bytes=5000")
    world.kafka.topics(*make, odd + "email-request", "--config", "retention.ms=-1")
    found = world.run("check", "--connect", "-o", "jsonl", settings=settings)
    assert found.status == 1, found
    said = {}
    for row in map(json.loads, found.out.splitlines()):
        said.setdefault(row["check"], []).append(row.get("fault") or row.get("note") or "")
    wanted = {
        "action": ["message.timestamp.type=LogAppendTime", "cleanup.policy=delete"],
        "contract-state": ["cleanup.policy=compact", "min.compaction.lag.ms=60000",
                           "max.message.bytes=1048588"],
        "action-dlq": ["max.message.bytes=2097152", "retention.ms=7776000000"],
        "email-request": ["retention.ms=259200000"],
        "action-state": ["topics create"], "mods": ["topics create"], "redis": [""],
    }
    for topic, cures in wanted.items():
        for cure in cures:
            assert any(cure in text for text in said[topic]), (topic, cure, said)
    # What is missing is made to fit what is there.
    made = {row["topic"]: row for row in rows(
        world.run("topics", "create", "--partitions", 4, "-o", "jsonl", settings=settings))}
    assert made["action-state"] == {"topic": "action-state", "created": True, "partitions": 2}
    assert made["contract"]["partitions"] == 2 and not made["contract-state"]["created"], made
    assert made["mods"]["created"], made
    world.kafka.topics("--alter", "--topic", odd + "action", "--partitions", 3)
    found = world.run("check", "--connect", settings=settings)
    assert "has 2 partitions and topic action has 3" in found.out, found
    with RedisClient(world.redis.port, database=5) as client:
        assert client.command("DBSIZE") == 0, "looking must not claim a database"
    good = world.run("check", "--connect")
    assert good.status == 0 and "FAULT" not in good.out, good


def nobody_there(world):
    nowhere = {"kafka.bootstrap.servers": f"127.0.0.1:{free_port()}"}
    calls = [["send"], ["show", "action:A1"], ["tail", "action", "--end"], ["topics", "create"]]
    with ThreadPoolExecutor() as pool:
        ended = list(pool.map(lambda words: world.run(*words, stdin=lines_of(track(1)),
                                                      settings=nowhere), calls))
    for done in ended:
        assert done.status == UNREACHABLE and not done.out, done
        assert nowhere["kafka.bootstrap.servers"] in done.err, done
        assert len(done.err.splitlines()) == 1 and done.seconds < 8, done
    redis = {"redis.url": f"redis://127.0.0.1:{free_port()}/0"}
    done = world.run("show", "action:A1", settings=redis)
    assert done.status == UNREACHABLE and redis["redis.url"][8:-2] in done.err, done


def test():
    options = arguments(__doc__)
    with World(options) as world:
        world.start_workers(1)
        sends(world)
        tails(world)
        follows(world)
        shows(world)
        long = goes_on(world)
        shows_progress(world, long)
        stops_in_the_middle(world)
        checks(world)
        nobody_there(world)


if __name__ == "__main__":
    main(test)
