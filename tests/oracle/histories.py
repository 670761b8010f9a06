#!/usr/bin/python3
"""Histories of the simulator, with their faults, audited as a real run is: what topics and the view hold at
the end is written by `sim --dump` and read by audit.py. In these histories contracts come first, so that a
decision has one right answer whenever it was taken.

  tests/oracle/histories.py --sim .build/check/tests/sim/sim [--seeds 1..150]
"""
import argparse
import collections
import pathlib
import subprocess
import sys
import tempfile

import audit

LATE_SECONDS = 400 * 3600  # a world may stand still for hours


def dumped(sim, seed, path):
    """What the simulator itself says of the history: its failure, or nothing."""
    done = subprocess.run([sim, f"--seeds={seed}", "--contracts-first", f"--dump={path}"],
                          stdout=subprocess.PIPE, text=True)
    said = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    return said or ([f"exit {done.returncode}"] if done.returncode else [])


def audited(path):
    return audit.audited(path, live_seconds=LATE_SECONDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sim", required=True)
    parser.add_argument("--seeds", default="1..150")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("..")
    checked, failed, count = collections.Counter(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "dump.jsonl"
        for seed in range(int(first), int(last or first) + 1):
            trouble = dumped(options.sim, seed, path)
            found = audited(path)
            trouble += [f"{equation}: {text}" for equation in audit.EQUATIONS
                        for text in found.found[equation][:3]]
            checked.update(found.checked)
            count += 1
            failed += bool(trouble)
            for text in trouble:
                print(f"seed {seed}: {text}", flush=True)
    print(f"{count} histories, {failed} not in order; checked: "
          + " ".join(f"{equation} {checked[equation]}" for equation in audit.EQUATIONS))
    return 1 if failed or not all(checked[equation] for equation in audit.EQUATIONS) else 0


if __name__ == "__main__":
    sys.exit(main())
