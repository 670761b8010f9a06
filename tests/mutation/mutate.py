#!/usr/bin/python3
"""Breaks the rules of a worker one at a time and looks whether a case file notices.

    mutate.py --worker order [--only refund.c] [--seconds 3600] [--report FILE]

A mutant is one small change in one line of workers/<worker>/*.c (tables of fields are left alone: the
test of the schemas holds them): a comparison turned or shifted, `&&` for `||`, a condition that never
holds, a statement that is missing, an answer turned round, `+` for `-`. The tree is copied, so nothing
here is touched. Exit 1 when a mutant survives that `survivors.txt` does not explain."""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXPLAINED = pathlib.Path(__file__).with_name("survivors.txt")
SWAPS = [("==", "!="), ("!=", "=="), ("<=", "<"), (">=", ">"), ("<", "<="), (">", ">="),
         ("&&", "||"), ("||", "&&")]
SPACED = {old: re.compile(r"(?<= )" + re.escape(old) + r"(?= |$)") for old, _new in SWAPS}
CALL = re.compile(r"^\s*(?!return\b|if\b|else\b|for\b|while\b|case\b|break\b|struct\b|static\b|const\b"
                  r"|int\d*_t\b|uint\d+_t\b|bool\b|char\b|enum\b|ENSURE\b)[\w>\-.\[\]*() ]+[(=+\-].*;$")


def code_of(line):
    """The line without strings and comments, of the same length."""
    line = re.sub(r'"(?:\\.|[^"\\])*"', lambda m: '"' + "s" * (len(m[0]) - 2) + '"', line)
    return re.sub(r"/\*.*?\*/", lambda m: " " * len(m[0]), line)


def changes(line):
    """[(what, changed line)] of one line of code."""
    code, made = code_of(line), []
    for old, new in SWAPS:
        for hit in SPACED[old].finditer(code):
            made.append((f"{old} becomes {new}", line[:hit.start()] + new + line[hit.end():]))
    condition = re.match(r"^(\s*(?:\} else )?if \()(.*)(\) \{)$", code)
    if condition:
        start, end = condition.span(2)
        made.append(("never", line[:start] + f"0 && ({line[start:end]})" + line[end:]))
        made.append(("always", line[:start] + f"1 || ({line[start:end]})" + line[end:]))
    for old, new in (("return true;", "return false;"), ("return false;", "return true;")):
        if old in code:
            made.append((f"{old[:-1]} becomes {new[7:-1]}", line.replace(old, new, 1)))
    for old, new in ((" + ", " - "), (" - ", " + "), (" += ", " -= "), (" -= ", " += ")):
        at = code.find(old)
        if at >= 0 and '"' not in code[at:at + 3]:
            made.append((f"{old.strip()} becomes {new.strip()}", line[:at] + new + line[at + len(old):]))
    if CALL.match(code) and code.count("(") == code.count(")") and not code.strip().startswith("*"):
        made.append(("left out", re.match(r"\s*", line)[0] + ";"))
    return made


def mutants(path):
    """(line number, what, changed text of the file)"""
    lines = path.read_text().split("\n")
    in_function = in_comment = False
    for number, line in enumerate(lines):
        if line.startswith("{"):
            in_function = True
        elif line.startswith("}"):
            in_function = False
        in_comment = in_comment or "/*" in line and "*/" not in line
        if in_function and not in_comment:
            for what, changed in changes(line):
                yield number + 1, what, "\n".join(lines[:number] + [changed] + lines[number + 1:])
        in_comment = in_comment and "*/" not in line


class Tree:
    """A copy of the tree with a build of its own."""

    def __init__(self, worker):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="makegood-mutants-"))
        self.cases = self.folder / "workers" / worker / "cases"
        shutil.copytree(ROOT, self.folder, dirs_exist_ok=True, symlinks=True,
                        ignore=shutil.ignore_patterns(".build", ".git"))
        self.build = self.folder / ".build"
        subprocess.run(["cmake", "-S", self.folder, "-B", self.build, "-G", "Ninja",
                        "-DCMAKE_BUILD_TYPE=Debug"], check=True, stdout=subprocess.DEVNULL)
        if not self.make():
            sys.exit("the tree does not build")
        self.order = sorted(self.cases.glob("*.json"))

    def make(self):
        return subprocess.run(["ninja", "-C", self.build, "makegood"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def noticed_by(self):
        """The first case that fails, None = none does. What noticed the last one is asked first."""
        runner = [sys.executable, self.folder / "tests" / "cases" / "run_cases.py", "--makegood",
                  self.build / "workers" / "makegood" / "makegood"]
        for part in (self.order[:3], self.order[3:]):
            done = subprocess.run([*runner, *part], stdout=subprocess.PIPE, text=True, check=False)
            failed = re.findall(r"^FAILED (\S+):", done.stdout, re.MULTILINE)
            if done.returncode != 0:
                name = failed[0] if failed else "?"
                self.order.sort(key=lambda path: path.name != name)
                return name
        return None

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def explained():
    """{(file, line of code, what)} that no case can notice; survivors.txt says why of each."""
    rows = EXPLAINED.read_text().splitlines() if EXPLAINED.exists() else ()
    return {tuple(row.split(" | ")[:3]) for row in rows if " | " in row}


def try_file(tree, path, counts, report, deadline):
    copy = tree.folder / path.relative_to(ROOT)
    whole, known = path.read_text(), explained()
    for number, what, text in mutants(path):
        if time.monotonic() > deadline:
            break
        copy.write_text(text)
        line = whole.split("\n")[number - 1].strip()
        name = f"{path.relative_to(ROOT / 'workers')} | {line} | {what}"
        if not tree.make():
            counts["no program"] += 1
            continue
        case = tree.noticed_by()
        fate = "noticed" if case else "explained" if tuple(name.split(" | ")) in known else "survived"
        counts[fate] += 1
        report.write(json.dumps({"file": path.name, "line": number, "what": what, "fate": fate,
                                 "case": case, "code": line}) + "\n")
        report.flush()
        if fate == "survived":
            print(f"SURVIVED {path.name}:{number}: {what}: {line}", flush=True)
    copy.write_text(whole)
    tree.make()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker", required=True)
    parser.add_argument("--only", default="", help="file names, with commas between")
    parser.add_argument("--seconds", type=int, default=7200)
    parser.add_argument("--report", default=os.devnull, help="a line of JSON for each mutant")
    options = parser.parse_args()
    only = set(filter(None, options.only.split(",")))
    files = [path for path in sorted((ROOT / "workers" / options.worker).glob("*.c"))
             if not path.name.startswith("tables") and (not only or path.name in only)]
    counts = {"noticed": 0, "survived": 0, "explained": 0, "no program": 0}
    deadline, tree = time.monotonic() + options.seconds, Tree(options.worker)
    with open(options.report, "a", encoding="utf-8") as report:
        for path in files:
            try_file(tree, path, counts, report, deadline)
    tree.close()
    tried = counts["noticed"] + counts["survived"]
    print(f"{options.worker}: {counts}; {100 * counts['noticed'] / max(tried, 1):.1f} % noticed")
    return 1 if counts["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
