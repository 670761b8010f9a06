#!/usr/bin/python3
"""Makes the seeds of the fuzz targets out of the examples of the schemas and the case files.

    seeds.py SOURCE_TREE OUTPUT_FOLDER     OUTPUT_FOLDER/<target>/..., OUTPUT_FOLDER/dictionary
"""
import datetime
import json
import pathlib
import random
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cases"))
import run_cases  # noqa: E402  the format of case files is known there

LINES_MAX = 40
SCARCE_LINES_MAX = 2000
BYTES_MAX = 20000
CASES_OF = 4  # every fourth case file: the others say little new


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def binary_mode(event):
    """The same event with its attributes as headers."""
    attributes = [f"ce_{k}: {v}" for k, v in event.items() if k not in ("data", "datacontenttype")]
    return "\n".join(attributes + ["content-type: application/json", "", compact(event["data"])])


def examples(tree, out):
    for path in sorted((tree / "schemas/examples").glob("*.json")):
        event = json.loads(path.read_text())
        write(out / "event" / path.stem, compact(event))
        write(out / "json" / path.stem, compact(event))
        if len(path.stem) % 4 == 0:
            write(out / "event" / f"{path.stem}.binary", binary_mode(event))


def hours_between(before, at):
    if at is None:
        return 0
    def moment(text):
        text = re.sub(r"\.\d+", "", run_cases.moment(text)).replace("Z", "+00:00")
        return datetime.datetime.fromisoformat(text)
    return min(9999, max(0, int((moment(at) - moment(before)).total_seconds() // 3600)))


def engine_lines(path):
    """A case as the lines that fuzz/world.h tells of."""
    case = json.loads(path.read_text())
    before = "2026-01-01"  # the clock of fuzz_engine.c begins there
    for count, step in enumerate(run_cases.events(path, case.get("given", []) + case["when"])):
        if "raw" in step:
            yield step["raw"].replace("\n", " ")
            continue
        at = step.get("at")
        yield f"{step['type']} {step.get('id', f'e{count}')} {hours_between(before, at)} {compact(step.get('data', {}))}"
        before = at or before


def cases(tree, out):
    """For fuzz_engine some, and only their beginnings; for scarce.c all, whole."""
    scripts = {}
    for path in sorted(tree.glob("workers/*/cases/*.json")):
        lines = list(engine_lines(path))
        name = f"{path.parent.parent.name}-{path.stem}"
        if path.stem.startswith("L01"):  # no more rewards than one step of a form releases
            lines = [line for line in lines if not re.search(r'"r(50[1-9]|5[1-9]\d|[6-9]\d\d|1\d{3})"', line)]
        if len(lines) <= SCARCE_LINES_MAX:
            write(out / "scarce" / name, "\n".join(lines) + "\n")
        text = "\n".join(lines[:LINES_MAX]) + "\n"
        if len(text) <= BYTES_MAX:
            scripts[name] = text
    for name in list(scripts)[::CASES_OF]:
        write(out / "engine" / name, scripts[name])


def settings(out):
    write(out / "config/all", """# a file
kafka.bootstrap.servers = 127.0.0.1:9092
kafka.security.protocol = plaintext
redis.url = unix:///run/redis.sock
group = makegood
log.format = json
route.email.requested = mails
turn.records.max = 10
---
MAKEGOOD_REDIS_URL=redis://user@127.0.0.1:6379/1
MAKEGOOD_KAFKA_LINGER_MS=5
MAKEGOOD_LOG_LEVEL=debug
PATH=/bin
---
turn.records.max=4000
instance=a
""")


def states(out):
    """One small record a state type: prefix, no head, and with a head of two waiting messages."""
    prefix = bytes([1, 1]) + bytes(8)
    head = bytes([2, 0, 5, 2, 3, 0, 0, 4, 7, 1])
    (out / "state").mkdir(parents=True, exist_ok=True)
    for number in range(40):
        body = bytes([1, 2, 65, 66, 2, 4, 0])
        (out / "state" / f"{number}.body").write_bytes(bytes([number]) + prefix + b"\0" + body)
        (out / "state" / f"{number}.head").write_bytes(bytes([number]) + prefix + b"\2" + head + body)


def redis(out):
    """What a Redis answers to fuzz_redis.c, all of it good, with and without states; some answers that
    are not. Parts of a connection end with a line of "%"."""
    def bulk(text):
        return "$-1\r\n" if text is None else f"${len(text)}\r\n{text}\r\n"

    def array(*items):
        return f"*{len(items)}\r\n" + "".join(items)

    def executed(*items):
        return "+OK\r\n" + "+QUEUED\r\n" * len(items) + array(*items)

    def read(index, a, b):
        found = sum(value is not None for value in (index, a, b))
        due = array(bulk("A"), bulk("60")) if a else array()
        first = executed(array(bulk(index), bulk(a), bulk(b)), f":{found}\r\n", due, due)
        return first + executed(array(bulk(None), bulk(None)), ":0\r\n")

    def fold(first, kind="zset"):
        watched = "+OK\r\n" + array(bulk(first), bulk(None)) + f":{int(first is not None)}\r\n"
        changes = ["+OK\r\n", ":1\r\n", ":1\r\n", ":1\r\n"] if first == "3" else []
        return watched + f"+{kind}\r\n+none\r\n" + executed(*changes, "+OK\r\n", ":1\r\n")

    policy = bulk("maxmemory_policy:noeviction")
    whole = read("3", "state a", "state b") + fold("3") + policy
    for name, text in {
            "all-is-well": "1" + whole + read("4", "1", None),
            "all-is-new": "1" + read(None, None, None) + fold("3") + policy + read("4", "1", None),
            "an-owner": "3" + bulk("me") + whole + bulk("me") + read("4", "1", None),
            "a-new-owner": "3" + bulk(None) + ":1\r\n" + bulk("me") + whole,
            "another-owner": "3" + bulk("you") + "%\n" + whole,
            "lost": "1" + read("3", "a", "b") + fold("9") + policy + read("9", "1", None),
            "an-error-and-again": "1-LOADING later\r\n%\n" + fold("3") + policy + "%\n" + read("4", "1", None),
            "no-policy-no-eviction": "0" + bulk("maxmemory_policy:allkeys-lru") + "%\n" + policy + whole,
    }.items():
        write(out / "redis" / name, text)


def schedules(out):
    """Seed, classes, choices: of all classes, of half of them, of few."""
    dice = random.Random(1)
    (out / "schedule").mkdir(parents=True, exist_ok=True)
    for number in range(30):
        classes = (1 << 40) - 1
        for _ in range(number % 3):
            classes &= dice.getrandbits(40)
        (out / "schedule" / str(number)).write_bytes(
            number.to_bytes(2, "big") + classes.to_bytes(5, "big") + dice.randbytes(200 + 120 * number))


def dictionary(tree, out):
    words = set()
    for path in tree.glob("schemas/*.json"):
        words.add(path.stem.removesuffix(".v1"))
        words.update(re.findall(r'"([A-Za-z_][A-Za-z0-9_]{1,30})"', path.read_text()))
    for path in tree.glob("workers/*/*.c"):
        words.update(re.findall(r'"([A-Za-z][A-Za-z0-9_.]{1,30})"', path.read_text()))
    edges = ["0.01", "-0", "1e400", "9223372036854775807", "9223372036854775808", "99999999999999.9999",
             "2026-02-29", "2026-03-29T02:30:00", "9999-12-31T23:59:59Z", "\\\\u0000", "\\\\ud800"]
    lines = [f'"{word}"' for word in sorted(words) + edges]
    write(out / "dictionary", "\n".join(lines) + "\n")


def main():
    tree, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    shutil.rmtree(out, ignore_errors=True)
    examples(tree, out)
    cases(tree, out)
    settings(out)
    states(out)
    redis(out)
    schedules(out)
    dictionary(tree, out)
    write(out / "stamp", "")


if __name__ == "__main__":
    main()
