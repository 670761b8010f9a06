#!/usr/bin/python3
"""Help, manual page and completion come from one table: each of them knows every command."""

import json
import re
import shutil
import subprocess
import tempfile

from cli import makegood


def commands_of(overview):
    block = overview.split("usage:")[1].split("flags of every command")[0]
    return [line.split()[0] for line in block.splitlines()[1:] if re.match(r"  [a-z]", line)]


def run(*words, stdin=""):
    done = subprocess.run(words, input=stdin, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout, done.stderr


def complete(script, *line):
    """What bash offers for the last word of a line."""
    words = " ".join(f"'{word}'" for word in line)
    status, out, err = run("bash", "-c", f"{script}\nCOMP_WORDS=({words})\n"
                           "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_makegood\n"
                           "printf '%s\\n' \"${COMPREPLY[@]}\"")
    assert status == 0 and not err, (line, err)
    return out.split()


def check_help(command, commands):
    for name in commands:
        by_name, by_flag = command.run("help", name), command.run(name, "--help")
        assert by_name.returncode == by_flag.returncode == 0, name
        assert by_name.out == by_flag.out and f"usage: makegood {name}" in by_name.out, name
        assert max(map(len, by_name.out.splitlines())) <= 100, name
    overview = command.run("help").out
    for code in (0, 1, 64, 65, 66, 69, 70, 74, 75, 77, 78):
        assert re.search(rf"^  {code} +\w", overview, re.M), code
    assert max(map(len, overview.splitlines())) <= 80
    assert command.run("--help").out == overview


def check_man(command, commands):
    page = command.ends(0, "man").out
    for name in commands:
        assert f'.SS "makegood {name}' in page, name
    for word in ("NO_COLOR", "kafka.bootstrap.servers", "\\-\\-output", ".SH \"EXIT STATUS\""):
        assert word in page, word
    if shutil.which("groff"):
        status, _, err = run("groff", "-man", "-Tutf8", "-ww", "-z", stdin=page)
        assert status == 0 and not err, err
    if shutil.which("mandoc"):
        status, _, err = run("mandoc", "-T", "lint", "-W", "error", stdin=page)
        assert status == 0, err
    if shutil.which("man"):
        with tempfile.NamedTemporaryFile("w", suffix=".1") as file:
            file.write(page)
            file.flush()
            status, text, err = run("man", "--warnings", "-l", file.name)
            assert status == 0 and not err and "EXIT STATUS" in text, err


def check_completion(command, commands):
    bash = command.ends(0, "completion", "bash").out
    assert run("bash", "-n", stdin=bash)[0] == 0
    assert complete(bash, "makegood", "sh") == ["show"]
    assert set(commands) <= set(complete(bash, "makegood", ""))
    assert complete(bash, "makegood", "tail", "action-d") == ["action-dlq"]
    assert complete(bash, "makegood", "tail", "--fr") == ["--from"]
    assert complete(bash, "makegood", "--set", "group=x", "run", "contr") == ["contract"]
    assert complete(bash, "makegood", "-o", "json", "show", "--ou") == ["--output"]
    assert complete(bash, "makegood", "show", "-o", "") == ["table", "json", "jsonl"]
    assert complete(bash, "makegood", "tail", "--limit", "") == []
    assert "/etc/passwd" in complete(bash, "makegood", "send", "-f", "/etc/passw")
    zsh = command.ends(0, "completion", "zsh").out
    assert run("bash", "-n", stdin=zsh)[0] == 0 and bash in zsh
    if shutil.which("zsh"):
        assert run("zsh", "-n", stdin=zsh)[0] == 0
    fish = command.ends(0, "completion", "fish").out
    for name in commands:
        assert f"-a {name} -d '" in fish, name
    if shutil.which("fish"):
        assert run("fish", "-n", "-c", fish)[0] == 0
    for line in fish.splitlines():
        bare = re.sub(r"\\.", "", line)
        assert line.startswith("complete -c makegood") and bare.count("'") % 2 == 0, line


def main():
    command = makegood(__doc__)
    commands = commands_of(command.run("help").out)
    assert len(commands) >= 12 and "send" in commands, commands
    check_help(command, commands)
    check_man(command, commands)
    check_completion(command, commands)

    lines = command.ends(0, "version").out.splitlines()
    assert lines[0].startswith("makegood ") and any("librdkafka 2." in line for line in lines)
    versions = json.loads(command.ends(0, "version", "-o", "json").out)
    assert [f"{name} {value}" for name, value in versions.items()] == lines
    print("ok")


if __name__ == "__main__":
    main()
