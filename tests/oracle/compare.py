"""Generates messages, decides them here and with `makegood exec`, and compares every output line.

usage: compare.py --makegood BIN --family action --seeds 1..50 --messages 500
A seed that differs is shrunk to the lines that matter and printed; the exit code is then 1.
"""
import argparse
import collections
import copy
import gc
import importlib
import json
import multiprocessing
import os
import signal
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import engine            # noqa: E402
import envelope          # noqa: E402
import families          # noqa: E402
import invariants        # noqa: E402
import known             # noqa: E402
import moments           # noqa: E402
import strict_json       # noqa: E402

_FAMILIES = None


class Case:
    """What a generator makes: lines (bytes without newline), --until (RFC 3339) and --topic or None."""

    def __init__(self, lines, until=None, topic=None):
        self.lines, self.until, self.topic = lines, until, topic


def run_oracle(case):
    """(list of (line number, record), exit code)."""
    global _FAMILIES
    if _FAMILIES is None:
        _FAMILIES = families.families()
    world = engine.World(_FAMILIES, case.topic)
    records = []
    for number, line in enumerate(case.lines):
        try:
            records += [(number, record) for record in world.feed(line, number)]
        except envelope.ClockBack:
            return records, 65
    if case.until:
        records += [(len(case.lines), record) for record in world.until(moments.read(case.until))]
    return records, 0


def run_program(binary, case, timeout=120):
    with tempfile.TemporaryFile() as stdin:
        stdin.write(b"".join(line + b"\n" for line in case.lines))
        stdin.seek(0)
        command = [binary, "exec"]
        if case.until:
            command += ["--until", case.until]
        if case.topic:
            command += ["--topic", case.topic]
        done = subprocess.run(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout, check=False)
    return done.stdout.split(b"\n")[:-1], done.returncode, done.stderr


def _resolves(pointer, value):
    """Whether the pointer, or its parent, is in `value`."""
    if pointer == "":
        return True
    if not pointer.startswith("/"):
        return False
    for step in pointer.split("/")[1:-1]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return False
    return True


def differ(expected, got):
    """None when the record `got` (parsed) is what was expected, else what is wrong."""
    if expected is None or got is None:
        return "one is missing"
    headers = dict(got.get("headers") or {})
    pointers = expected.get("pointers")
    if "dlq-reason" in headers:
        detail = headers.pop("dlq-detail", None)
        if not isinstance(detail, str) or not detail:
            return "no dlq-detail"
        if pointers and detail.split(" ")[0] not in pointers:
            return "dlq-detail names another place than %s" % " ".join(pointers)
    plain = {k: v for k, v in expected.items() if k not in ("pointers", "reused")}
    other = dict(got, headers=headers)
    reason = expected.get("event", {}).get("data", {}).get("reason") \
        if isinstance(expected.get("event", {}).get("data"), dict) and "dlq-reason" not in headers \
        else None
    if reason:
        data = other["event"]["data"]
        found = data.get("reason")
        if not isinstance(found, dict) or not isinstance(found.get("detail"), str):
            return "no reason"
        if not isinstance(found.get("pointer"), str):
            return "no reason.pointer"
        if reason["pointer"] is not None and found["pointer"] != reason["pointer"]:
            return "reason.pointer"
        plain = dict(plain, event=dict(plain["event"], data=dict(
            plain["event"]["data"], reason={"code": reason["code"]})))
        other = dict(other, event=dict(other["event"], data=dict(data, reason={
            k: v for k, v in found.items() if k not in ("detail", "pointer")})))
    if strict_json.canonical(plain) == strict_json.canonical(other):
        return None
    plain, other = copy.deepcopy(plain), copy.deepcopy(other)
    known.level(plain, other, expected.get("reused"))
    return None if strict_json.canonical(plain) == strict_json.canonical(other) else "members"


def compare(binary, case):
    """(None or (what, line number, expected, got), parsed records)."""
    expected, code = run_oracle(case)
    lines, exit_code, stderr = run_program(binary, case)
    parsed = []
    for index in range(max(len(expected), len(lines))):
        number, want = expected[index] if index < len(expected) else (None, None)
        got = None
        if index < len(lines):
            try:
                got = strict_json.read(lines[index], bounded=False)
            except strict_json.Malformed as error:
                return ("output is no JSON: %s" % error, number, want, lines[index]), parsed
            parsed.append(got)
        what = differ(want, got)
        if what:
            if number is None and expected:
                number = expected[-1][0]
            return (what, number, want, got), parsed
    if code != exit_code:
        return ("exit %d, expected %d: %s" % (exit_code, code, stderr[-300:]), None, None, None), parsed
    return None, parsed


def shrink(binary, case, seconds=60):
    """Drops lines while a difference stays. Lines keep their time, so a dropped one may stop the
    clock of a later line without time: generators write `time` on every line."""
    lines = list(case.lines)
    end = time.monotonic() + seconds
    found, _ = compare(binary, case)
    if found and found[1] is not None:
        shorter = Case(lines[:found[1] + 1], case.until, case.topic)
        if _same_kind(found, compare(binary, shorter)[0]):
            lines = shorter.lines
    size = max(1, len(lines) // 2)
    while size and time.monotonic() < end:
        start = 0
        shrunk = False
        while start < len(lines) and time.monotonic() < end:
            attempt = Case(lines[:start] + lines[start + size:], case.until, case.topic)
            if _same_kind(found, compare(binary, attempt)[0]):
                lines = attempt.lines
                shrunk = True
            else:
                start += size
        if not shrunk or size > len(lines):
            size //= 2
    return _shrink_members(binary, Case(lines, case.until, case.topic), end, found)


def _same_kind(a, b):
    """Whether two differences are of one kind: shrinking must not drift to another one."""
    def kind(found):
        what, _, want, got = found
        names = tuple(sorted(set(re.sub(r"[0-9]+", "N", line.split(":")[0])
                                 for line in _diff_members(want, got)))) \
            if isinstance(want, dict) and isinstance(got, dict) else ()
        return what, _kind_of(want), _kind_of(got), names[:6]
    return a and b and kind(a) == kind(b)


def _kind_of(record):
    if not isinstance(record, dict):
        return None
    headers, event = record["headers"], record.get("event")
    if "dlq-reason" in headers or not isinstance(event, dict):
        return headers.get("dlq-reason")
    return event.get("type"), (event.get("data", {}).get("reason") or {}).get("code")


def _places(value, path=()):
    """Paths of all members and elements, the outer ones first."""
    found = []
    items = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for name, member in items:
        found.append(path + (name,))
    for name, member in items:
        found += _places(member, path + (name,))
    return found


def _shrink_members(binary, case, end, found):
    """Drops members of `data` while a difference stays."""
    for index in range(len(case.lines) - 1, -1, -1):
        try:
            event = json.loads(case.lines[index])
            places = _places(event["data"]) if isinstance(event.get("data"), dict) else []
        except (ValueError, AttributeError):
            continue
        gone = []
        for path in places:
            if time.monotonic() > end:
                return case
            if any(path[:len(g)] == g for g in gone):
                continue
            smaller = copy.deepcopy(event)
            where = smaller["data"]
            try:
                for step in path[:-1]:
                    where = where[step]
                del where[path[-1]]
            except (KeyError, IndexError, TypeError):
                continue
            lines = list(case.lines)
            lines[index] = json.dumps(smaller).encode("utf-8")
            attempt = Case(lines, case.until, case.topic)
            if _same_kind(found, compare(binary, attempt)[0]):
                case, event = attempt, smaller
                gone.append(path)
    return case


def _diff_members(want, got, path=""):
    if isinstance(want, dict) and isinstance(got, dict):
        for name in sorted(set(want) | set(got)):
            if name in ("detail", "dlq-detail", "pointers", "pointer"):
                continue
            yield from _diff_members(want.get(name), got.get(name), path + "/" + name)
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for index, (a, b) in enumerate(zip(want, got)):
            yield from _diff_members(a, b, "%s/%d" % (path, index))
    elif strict_json.canonical(want) != strict_json.canonical(got):
        yield "    %s: expected %s, got %s" % (path, strict_json.canonical(want),
                                               strict_json.canonical(got))


def _brief(record):
    if record is None:
        return "nothing"
    if not isinstance(record, dict):
        return repr(record)[:800]
    text = strict_json.canonical(record)
    return text if len(text) < 800 else text[:800] + " ..."


def describe(seed, case, found):
    what, number, want, got = found
    print("seed %s differs (%s) at line %s%s" % (seed, what, number, " --until " + case.until
                                                 if case.until else ""))
    for index, line in enumerate(case.lines):
        if 8 <= index < len(case.lines) - 6:
            continue
        text = line.decode("utf-8", "backslashreplace")
        print("  %2d %s" % (index, text if len(text) < 1200 else text[:1200] + " ..."))
    print("  expected: %s" % _brief(want))
    print("  got:      %s" % _brief(got))
    if isinstance(want, dict) and isinstance(got, dict):
        print("\n".join(list(_diff_members(want, got))[:12]))
    sys.stdout.flush()


def count(records, counts):
    for record in records:
        headers = record["headers"]
        if "dlq-reason" in headers:
            counts["dead letter " + headers["dlq-reason"]] += 1
            continue
        data = record["event"]["data"]
        kind = record["event"]["type"][len("makegood."):-len(".v1")]
        counts["type " + kind] += 1
        verdict = headers.get("makegood-verdict")
        if verdict:
            counts["verdict " + verdict] += 1
        if data.get("reason"):
            counts["code " + data["reason"]["code"]] += 1


def work(job):
    binary, family, seed, messages, seconds = job
    gc.disable()  # once a seed is cheaper
    gc.collect()
    generate = importlib.import_module("generate_" + family).generate
    case = generate(seed, messages)
    found, parsed = compare(binary, case)
    counts = collections.Counter()
    count(parsed, counts)
    broken = invariants.check(parsed)
    shown = None
    if found:
        small = shrink(binary, case, seconds)
        shown = (small, compare(binary, small)[0] or found)
    return seed, len(case.lines), len(parsed), counts, shown, broken


def expected_names(names):
    loaded = families.modules()
    for name in names:
        for kind in loaded[name].OUTCOMES:
            yield "type " + kind
        for code in loaded[name].CODES:
            yield "code " + code


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--makegood", required=True)
    parser.add_argument("--family", required=True)
    parser.add_argument("--seeds", default="1..20")
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--shrink-seconds", type=float, default=60)
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first seeds")
    parser.add_argument("--seconds", type=float, help="start no seed after this many seconds")
    parser.add_argument("--counts", action="store_true", help="print every count")
    parser.add_argument("--save", help="a directory for the shrunk lines of seeds that differ")
    parser.add_argument("--file", help="compare this JSONL file instead of a generated one")
    options = parser.parse_args()
    if options.file:
        with open(options.file, "rb") as stream:
            case = Case(stream.read().split(b"\n")[:-1])
        found, _ = compare(options.makegood, case)
        if found:
            describe("file", case if len(case.lines) < 20 else
                     shrink(options.makegood, case, options.shrink_seconds), found)
        return 1 if found else 0
    first, _, last = options.seeds.partition("..")
    seeds = range(int(first), int(last or first) + 1)
    return run(options, seeds)


def run(options, seeds):
    began = time.monotonic()
    jobs = [(options.makegood, options.family, seed, options.messages, options.shrink_seconds)
            for seed in seeds]
    counts, messages, outcomes, bad, done = collections.Counter(), 0, 0, 0, 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with multiprocessing.Pool(options.jobs, _leave_signals) as pool:
        def paced():
            for job in jobs:
                if options.seconds and time.monotonic() - began > options.seconds:
                    return
                yield job
        queue = pool.imap_unordered(work, paced()) if not options.seconds else (
            result for chunk in _chunks(paced(), options.jobs) for result in pool.map(work, chunk))
        for seed, read, written, found, shown, broken in _until_stopped(queue):
            messages, outcomes, done = messages + read, outcomes + written, done + 1
            counts.update(found)
            for line in broken[:5]:
                print("seed %s breaks an invariant: %s" % (seed, line))
            if shown:
                describe(seed, *shown)
                if options.save:
                    name = "%s-%s.jsonl" % (options.family, seed)
                    with open(os.path.join(options.save, name), "wb") as stream:
                        stream.write(b"\n".join(shown[0].lines) + b"\n")
            if shown or broken:
                bad += 1
                if not options.keep_going and bad >= 3:
                    pool.terminate()
                    break
    return summary(options, counts, messages, outcomes, bad, done, time.monotonic() - began)


def _leave_signals():
    """A worker of the pool: the parent alone hears of an interrupt."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _until_stopped(results):
    """The results so far, when the run is interrupted: it then sums up what it has."""
    try:
        yield from results
    except KeyboardInterrupt:
        print("stopped")


def _chunks(items, size):
    chunk = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def summary(options, counts, messages, outcomes, bad, done, seconds):
    if options.counts:
        for name, value in sorted(counts.items()):
            print("%9d  %s" % (value, name))
    generator = importlib.import_module("generate_" + options.family)
    missing = [n for n in expected_names(generator.COVERS) if not counts[n]]
    if missing:
        print("never seen: " + ", ".join(missing))
    verdicts = " ".join("%s=%d" % (n.split(" ")[1], v) for n, v in sorted(counts.items())
                        if n.startswith("verdict"))
    dead = sum(v for n, v in counts.items() if n.startswith("dead letter"))
    print("%s: %d seeds, %d messages, %d outcomes (%s dead=%d), %.0f messages/s, %d seeds differ" % (
        options.family, done, messages, outcomes, verdicts, dead, messages / max(seconds, 1e-9), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
