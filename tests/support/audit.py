"""What is left of a real run, through the auditor (tests/oracle): its equations, and what it says."""

import pathlib
import re
import subprocess
import sys

ORACLE = pathlib.Path(__file__).resolve().parent.parent / "oracle"
EQUATIONS = re.compile(r"^(E\d) (holds|FAILS) \((\d+) checked", re.MULTILINE)
ALL = 9


def audited(world, families, live_seconds):
    """-> ({equation: holds}, text). `world` has kafka, redis, prefix, folder (e2e/harness.py)."""
    topics = [world.prefix + family + role for family in families
              for role in ("", "-outcome", "-dlq", "-state")]
    dump = world.folder / "dump.jsonl"
    with open(dump, "wb") as out:
        subprocess.run([sys.executable, ORACLE / "dump.py", "--kafka", world.kafka.bootstrap,
                        "--redis", world.redis.url, "--topics", ",".join(topics)],
                       stdout=out, check=True, timeout=600)
    done = subprocess.run([sys.executable, ORACLE / "audit.py", dump, "--prefix", world.prefix,
                           "--live-seconds", str(live_seconds)],
                          stdout=subprocess.PIPE, text=True, timeout=1800)
    return ({name: word == "holds" for name, word, _count in EQUATIONS.findall(done.stdout)},
            done.stdout)
