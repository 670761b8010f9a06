#!/usr/bin/python3
"""Breaks the rules of a worker one at a time and looks whether a case file notices.

    mutate.py --worker order [--only refund.c,pay.c] [--every 5] [--report FILE]

A mutant is one small change (mutants.py). All of them are built into one program, and an environment
variable chooses which is in force, so a thousand take minutes. Builds in .build/mutation; nothing of the
tree is touched. Exit 1 when a mutant survives that survivors.txt does not explain, in lines of
`<worker>/<file> | <code> | <what>  | why`.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cases"))
sys.path.insert(0, str(ROOT / "tests" / "mutation"))
import mutants  # noqa: E402
import run_cases  # noqa: E402

EXPLAINED = pathlib.Path(__file__).with_name("survivors.txt")
turn = threading.Lock()
SECONDS = 10  # of the processor, for one case: a mutant may run in a circle. Wall time says nothing on a busy machine


def copy_tree(build):
    source = build / "source"
    shutil.rmtree(source, ignore_errors=True)
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], capture_output=True,
                            text=True, check=True).stdout.split()
    for name in listed:
        if (ROOT / name).is_file() and not name.startswith(("tests/", "deploy/")):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    (source / "tests").mkdir()
    (source / "tests" / "CMakeLists.txt").write_text("")
    return source


def plant(source, worker, only):
    """Rewrites the worker's rules; returns [(number, file, line, what, text)]."""
    planted = []
    for path in sorted((source / "workers" / worker).glob("*.c")):
        path.touch()  # an earlier run may have left mutants in its object
        if path.name.startswith(("tables", "worker", "explain")) or (only and path.name not in only):
            continue  # tables of fields have tests of their own, so has the command explain
        text, told = mutants.rewrite(path.read_text(), len(planted) + 1)
        path.write_text(text)
        planted += [(number, path.name, *rest) for number, *rest in told]
    return planted


def build_all(build, source):
    launcher = ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    for command in (["cmake", "-S", source, "-B", build / "out", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                     "-DCMAKE_C_FLAGS=-O1 -w", *launcher],
                    ["cmake", "--build", build / "out", "--target", "makegood"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"the mutants do not build:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    return build / "out" / "workers" / "makegood" / "makegood"


def execute(binary, number, lines, until):
    command = ["prlimit", f"--cpu={SECONDS}", binary, "exec", "--states"] + (["--until", run_cases.moment(until)] if until else [])
    return subprocess.run(command, input="\n".join(lines) + "\n", text=True, capture_output=True, check=False,
                          errors="replace", env={**os.environ, "MAKEGOOD_MUTANT": str(number)})


class Case:
    """A case file, and what the unchanged rules say to it: any other output is noticed."""

    def __init__(self, path):
        case = json.loads(path.read_text())
        steps = list(run_cases.events(path, case.get("given", []))) + list(run_cases.events(path, case.get("when", [])))
        self.path = path
        self.lines = [run_cases.line_of(step, i + 1) for i, step in enumerate(steps)]
        self.until = case.get("until")
        self.expected = None

    def notices(self, binary, number):
        done = execute(binary, number, self.lines, self.until)
        if done.returncode != 0:
            return True
        return done.stdout != self.expected and self.fails(done.stdout)

    def fails(self, output):
        """Does the case itself, not only its output, tell the difference?"""
        try:
            return bool(run_cases.run_case(output, self.path)[1])
        except (run_cases.Broken, ValueError, KeyError):
            return True


def parsed(output, _lines, _until):
    """In the place of run_cases.execute: what was printed already."""
    out = [json.loads(line) for line in output.splitlines()]
    return [o for o in out if "topic" in o], {o["entity"]: o for o in out if "topic" not in o}


def kill(binary, number, cases):
    """A case that notices a mutant is likely to notice the next one too: it is tried first then."""
    for case in list(cases):
        if case.notices(binary, number):
            with turn:
                cases.remove(case)
                cases.insert(0, case)
            return True
    return False


def explained():
    """{(file, code, what)} that no case can notice; survivors.txt says why of each."""
    rows = EXPLAINED.read_text().splitlines() if EXPLAINED.exists() else ()
    return {tuple(row.split(" | ")[:3]) for row in rows if " | " in row}


def judge(binary, cases, chosen, options):
    """Tries the mutants; prints and counts what comes of them."""
    counts, known = {"noticed": 0, "survived": 0, "explained": 0, "untried": 0}, explained()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool, \
            open(options.report, "a", encoding="utf-8") as report:
        deadline = time.monotonic() + options.seconds
        results = pool.map(lambda mutant: None if time.monotonic() > deadline else kill(binary, mutant[0], cases),
                           chosen)
        for (_, name, line, what, code), killed in zip(chosen, results):
            file = f"{options.worker}/{name}"
            fate = ("untried" if killed is None else "noticed" if killed else
                    "explained" if (file, code, what) in known else "survived")
            counts[fate] += 1
            report.write(json.dumps({"file": file, "line": line, "what": what, "fate": fate, "code": code}) + "\n")
            if fate == "survived":
                print(f"SURVIVED {file}:{line} | {code} | {what}", flush=True)
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worker", required=True)
    parser.add_argument("--only", default="", help="file names, with commas between")
    parser.add_argument("--cases", nargs="*", help="folders of case files (default: the worker's own)")
    parser.add_argument("--every", type=int, default=1, help="each so manyth mutant alone")
    parser.add_argument("--seconds", type=int, default=7200, help="then what is left stays untried")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", default=os.devnull, help="a line of JSON for each mutant")
    options = parser.parse_args()
    build = ROOT / ".build" / "mutation" / options.worker
    build.mkdir(parents=True, exist_ok=True)
    source = copy_tree(build)
    planted = plant(source, options.worker, set(filter(None, options.only.split(","))))
    binary = build_all(build, source)
    cases = [Case(path) for path in run_cases.case_files(options.cases or [ROOT / "workers" / options.worker / "cases"])]
    for case in cases:
        case.expected = execute(binary, 0, case.lines, case.until).stdout
    run_cases.execute = parsed
    counts = judge(binary, cases, planted[::options.every], options)
    tried = counts["noticed"] + counts["survived"]
    print(f"{options.worker}: {counts}; {100 * counts['noticed'] / max(tried, 1):.1f} % noticed")
    return 1 if counts["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
