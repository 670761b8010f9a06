#!/usr/bin/python3
"""Runs case files (workers/*/cases/*.json) through `makegood exec`; tests/cases/README.md has the format.

    run_cases.py --makegood BINARY PATH...     a PATH is a case file or a folder of them
"""
import argparse
import json
import pathlib
import subprocess
import sys


class Broken(Exception):
    """The case itself cannot be run."""


def fixture(path, name):
    given = json.loads((path.parent / "given" / f"{name}.json").read_text())
    return given if isinstance(given, list) else [given]


def number(value, n):
    """`$n` in strings becomes the number of the repetition."""
    if isinstance(value, str):
        return value.replace("$n", str(n))
    if isinstance(value, list):
        return [number(v, n) for v in value]
    return {k: number(v, n) for k, v in value.items()} if isinstance(value, dict) else value


def events(path, steps):
    for step in steps:
        if isinstance(step, str):
            yield from events(path, fixture(path, step))
        elif "repeat" in step:
            for n in range(1, step["repeat"] + 1):
                yield from events(path, number(step["steps"], n))
        else:
            yield step


def moment(text):
    return text if "T" in text else text + "T00:00:00Z"


def line_of(step, count):
    if "raw" in step:
        return step["raw"]
    known = {"type", "at", "id", "source", "data", "attributes"}
    if set(step) - known:
        raise Broken(f"unknown member {sorted(set(step) - known)} in a step; there are {sorted(known)}")
    event = {"specversion": "1.0", "id": step.get("id", f"e{count}"), "source": step.get("source", "/case"),
             "type": f"makegood.{step['type']}.v1"}
    if "at" in step:
        event["time"] = moment(step["at"])
    event.update(step.get("attributes", {}))
    event["data"] = step.get("data", {})
    return json.dumps(event)


def summary(outcome):
    """An output line in the terms that `then` speaks."""
    headers, event = outcome["headers"], outcome.get("event")
    if "dlq-reason" in headers:
        return {"dead": headers["dlq-reason"], "detail": headers["dlq-detail"], "topic": outcome["topic"]}
    data = event["data"]
    out = {"type": event["type"].removeprefix("makegood.").removesuffix(".v1"), "entity": data["entity"],
           "verdict": headers.get("makegood-verdict"), "topic": outcome["topic"], "at": event["time"],
           "id": event["id"], "input": headers.get("makegood-input"), "data": data}
    if "reason" in data:
        out["reason"] = data["reason"]["code"]
        out["pointer"] = data["reason"]["pointer"]
    if isinstance(data.get("terms"), dict):  # a contract's own terms are a list
        out["rule"] = data["terms"]["rule"]
    return out


def differences(want, got, at):
    """`want` is a part of `got`: null = absent, an object = these members, an array = all of it."""
    if want is None:
        return [] if got is None else [f"{at}: expected to be absent, got {json.dumps(got)}"]
    if isinstance(want, dict) and isinstance(got, dict):
        return [d for k, v in want.items() for d in differences(v, got.get(k), f"{at}/{k}")]
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return [d for i, v in enumerate(want) for d in differences(v, got[i], f"{at}/{i}")]
    if type(want) is type(got) and want == got:
        return []
    return [f"{at}: expected {json.dumps(want)}, got {json.dumps(got)}"]


def expected(then):
    then = dict(then)
    if "at" in then:
        then["at"] = moment(then["at"]).replace("Z", "" if "." in then["at"] else ".000") + (
            "" if "." in then["at"] else "Z")
    return then


def execute(binary, lines, until):
    command = [binary, "exec", "--states"] + (["--until", moment(until)] if until else [])
    done = subprocess.run(command, input="\n".join(lines) + "\n", text=True, capture_output=True, check=False,
                          timeout=120)
    if done.returncode != 0:
        raise Broken(f"exec ended with {done.returncode}: {done.stderr.strip()}")
    out = [json.loads(line) for line in done.stdout.splitlines()]
    return [o for o in out if "topic" in o], {o["entity"]: o for o in out if "topic" not in o}


def line_number(outcome):
    """Of the input that an outcome cites; None on timers. A timer belongs to the line that follows it."""
    if "dlq-offset" in outcome["headers"]:
        return int(outcome["headers"]["dlq-offset"])
    cited = outcome["headers"].get("makegood-input")
    return int(cited.rsplit("/", 1)[1]) if cited else None


def split(outcomes, given):
    """Outcomes of the given lines, and all from the first `when` line on (timers before it included)."""
    first = next((i for i, o in enumerate(outcomes) if (line_number(o) or 0) >= given), len(outcomes))
    if all((line_number(o) or 0) < given for o in outcomes[:first]):
        while first > 0 and line_number(outcomes[first - 1]) is None:
            first -= 1
    return outcomes[:first], outcomes[first:]


def run_case(binary, path):
    case = json.loads(path.read_text())
    if not case.get("why") or "then" not in case:
        raise Broken("a case needs `why` and `then`")
    given = list(events(path, case.get("given", [])))
    steps = given + list(events(path, case.get("when", [])))
    lines = [line_of(step, i + 1) for i, step in enumerate(steps)]
    outcomes, states = execute(binary, lines, case.get("until"))
    before, after = split(outcomes, len(given))
    faults = [f"given: {json.dumps(summary(o))[:300]}" for o in before
              if "dlq-reason" in o["headers"] or o["headers"].get("makegood-verdict") == "rejected"]
    got = [summary(o) for o in after]
    if case.get("only"):  # outcomes of these types alone are of interest
        got = [g for g in got if g.get("type") in case["only"]]
    want = [expected(t) for t in case["then"]]
    for i, (w, g) in enumerate(zip(want, got)):
        faults += differences(w, g, f"then/{i}")
    if len(want) != len(got):
        said = "\n      ".join(json.dumps({k: v for k, v in g.items() if k != "data"}) for g in got)
        faults.append(f"then: expected {len(want)} outcomes, got {len(got)}:\n      {said}")
    for entity, state in case.get("states", {}).items():
        faults += differences(state, states.get(entity, {}).get("state"), f"states/{entity}")
    return case["why"], faults


def case_files(paths):
    for path in map(pathlib.Path, paths):
        yield from sorted(path.glob("*.json")) if path.is_dir() else [path]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--makegood", required=True)
    parser.add_argument("paths", nargs="+")
    arguments = parser.parse_args()
    failed = count = 0
    for path in case_files(arguments.paths):
        count += 1
        try:
            why, faults = run_case(arguments.makegood, path)
        except (Broken, ValueError, KeyError, OSError) as broken:
            why, faults = "", [f"cannot be run: {broken}"]
        if faults:
            failed += 1
            print(f"FAILED {path.name}: {why}")
            for fault in faults:
                print(f"    {fault}")
    print(f"{count} cases, {failed} failed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
