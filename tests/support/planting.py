"""Bugs put into a program on purpose: a test that does not notice one has no teeth.

A plant is a text: what it is, a folder (`file common/io`), and pieces of its sources after `@@`: lines that
begin with `-` are replaced by those that begin with `+`, lines that begin with a blank stay as they are. A
piece must be found exactly once in the folder, so a plant that no longer fits fails and is to be mended.
"""

import json
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Plant:
    def __init__(self, path):
        self.name = path.stem
        self.title, self.edits = "", []
        source, piece = None, None
        for line in path.read_text().splitlines():
            if line.startswith("file "):
                source, piece = line[5:], None
                self.edits.append((source, []))
            elif source is None:
                self.title += (" " if self.title else "") + line
            elif line == "@@":
                piece = []
                self.edits[-1][1].append(piece)
            elif piece is not None and line[:1] in "-+ ":
                piece.append(line)

    def place(self, texts, before):
        places = [source for source, text in texts.items() for _ in range(text.count(before))]
        if len(places) != 1:
            sys.exit(f"{self.name}: a piece is found {len(places)} times:\n{before}")
        return places[0]

    def mutated(self):
        """The changed sources: their names and texts."""
        changed = {}
        for folder, pieces in self.edits:
            texts = {path.relative_to(ROOT): path.read_text() for path in (ROOT / folder).glob("*.c")}
            for piece in pieces:
                before = "".join(line[1:] + "\n" for line in piece if line[:1] in "- ")
                after = "".join(line[1:] + "\n" for line in piece if line[:1] in "+ ")
                source = self.place(texts, before)
                changed[source] = texts[source] = texts[source].replace(before, after)
        return changed.items()


class Program:
    """What plants are put into: a target of the build (`tests/sim/sim`), and the target that compiles
    the sources in question for it, by a piece of its folder (`common/CMakeFiles`)."""

    def __init__(self, build, target, compiled_in):
        self.build, self.target, self.compiled_in = pathlib.Path(build), target, compiled_in

    def compile_command(self, source):
        for entry in json.loads((self.build / "compile_commands.json").read_text()):
            if pathlib.Path(entry["file"]) == ROOT / source and self.compiled_in in entry["command"]:
                return entry["command"]
        sys.exit(f"{source}: not in compile_commands.json for {self.compiled_in}")

    def link_command(self):
        ninja = subprocess.run(["ninja", "-C", str(self.build), "-t", "commands", self.target],
                               capture_output=True, text=True, check=True).stdout
        line = ninja.strip().splitlines()[-1]
        command = re.sub(r"^: && (.*) && :$", r"\1", line)
        return shlex.split(command)

    def compile_changed(self, source, text, changed):
        changed.write_text(text)
        words = shlex.split(self.compile_command(source))
        words[words.index("-o") + 1] = str(changed) + ".o"
        words[words.index("-c") + 1] = str(changed)
        for flag in ("-MF", "-MT"):
            if flag in words:
                words[words.index(flag) + 1] = str(changed) + ".d"
        words = [word for word in words if word != "-Werror"] + ["-w", f"-I{(ROOT / source).parent}"]
        subprocess.run(words, cwd=self.build, check=True)
        return str(changed) + ".o"

    def without(self, link, source):
        """The program's own object of that source gives way; those of libraries are behind anyway."""
        return [word for word in link if not word.endswith(f"{source}.o")]

    def plant(self, plant, work):
        """The changed sources are linked in front of the libraries that have the good ones."""
        program = pathlib.Path(work) / f"{plant.name}.{pathlib.Path(self.target).name}"
        link, objects = self.link_command(), []
        for source, text in plant.mutated():
            changed = pathlib.Path(work) / f"{plant.name}-{pathlib.Path(source).name}"
            objects.append(self.compile_changed(source, text, changed))
            link = self.without(link, source)
        out = link.index("-o")
        link[out + 1] = str(program)
        link[out:out] = objects
        subprocess.run(link, cwd=self.build, check=True)
        return str(program)
