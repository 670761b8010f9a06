"""Runs generated messages through `makegood exec` and keeps the books of what comes out, seed by seed."""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile


def run_seed(makegood, generator, books):
    """`generator` has lines_all(); `books` has take() for each line out, close() at the end, counts."""
    with tempfile.TemporaryFile("w+") as lines:
        lines.write("".join(line + "\n" for line in generator.lines_all()))
        lines.seek(0)
        with subprocess.Popen([makegood, "exec", "--states"], stdin=lines, stdout=subprocess.PIPE,
                              text=True) as done:
            for line in done.stdout:
                books.take(json.loads(line))
        assert done.returncode == 0, f"exec ended with {done.returncode}"
        books.close()
    return books.counts


def main(description, generator_of, books_of, messages):
    """generator_of(seed, messages) and books_of() make what run_seed() takes. -> exit code"""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--makegood", required=True, type=pathlib.Path)
    parser.add_argument("--messages", type=int, default=messages, help="of each seed")
    parser.add_argument("--seeds", default="1..1")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split(".."))
    total = collections.Counter()
    for seed in range(first, last + 1):
        try:
            total += run_seed(options.makegood.resolve(), generator_of(seed, options.messages),
                              books_of())
        except AssertionError as error:
            print(f"FAILED seed {seed}: {error}", file=sys.stderr)
            return 1
    for name, count in sorted(total.items()):
        print(f"{count:9} {name}")
    print(f"{(last - first + 1) * options.messages} messages and more, {sum(total.values())} outcomes")
    return 0
