#!/usr/bin/python3
"""What is typed wrong is answered with what was probably meant, and with the right exit code."""

from cli import CONFIG, NO_INPUT, USAGE, makegood


def main():
    command = makegood(__doc__)
    wrong = [
        (USAGE, ["sow", "action:A1"], "did you mean show?"),
        (USAGE, ["help", "sned"], "did you mean send?"),
        (USAGE, ["frobnicate"], "see makegood help"),
        (USAGE, ["tail", "--form", "start", "action"], "did you mean --from?"),
        (USAGE, ["send", "--dryrun"], "did you mean --dry-run?"),
        (USAGE, ["--conifg", "x", "show"], "did you mean --config?"),
        (USAGE, ["show", "-x", "action:A1"], "unknown flag -x"),
        (USAGE, ["check", "--connect=yes"], "--connect takes no value"),
        (USAGE, ["send", "--file"], "--file needs a value"),
        (USAGE, ["send", "--skip", "many"], "--skip: expected a number"),
        (USAGE, ["send", "--skip", "-1"], "--skip: expected a number"),
        (USAGE, ["tail", "action", "--limit", "0"], "--limit: expected a number"),
        (USAGE, ["tail", "action", "--from", "yesterday"], "@epoch_ms"),
        (USAGE, ["tail"], "usage: makegood tail TOPIC..."),
        (USAGE, ["show"], "usage: makegood show ENTITY"),
        (USAGE, ["show", "acton:A1"], "did you mean action?"),
        (USAGE, ["show", "A1"], "expected a type and an id"),
        (USAGE, ["topics", "crate"], "did you mean topics create?"),
        (USAGE, ["run", "acton"], "did you mean action?"),
        (USAGE, ["completion", "tcsh"], "expected bash, zsh or fish"),
        (USAGE, ["config", "--set", "no-equals"], "expected key=value"),
        (CONFIG, ["config", "--set", "redis.ulr=x"], "did you mean redis.url?"),
        (CONFIG, ["config", "--set", "kafka.isolation.level=x"], "is fixed"),
        (CONFIG, ["config", "--set", "log.format=xml"], "expected logfmt|json"),
        (CONFIG, ["check", "--set", "redis.url=rediss://x"], ""),
        (NO_INPUT, ["config", "--config", "/nonexistent/file"], "/nonexistent/file"),
        (NO_INPUT, ["send", "-f", "/nonexistent/file"], "/nonexistent/file"),
    ]
    for status, words, text in wrong:
        done = command.ends(status, *words, says=[text] if text else [])
        assert len(done.err.splitlines()) <= 1, f"{words}: more than a line: {done.err}"

    # A format is honoured or refused, never passed over.
    for words in (["show", "action:A1"], ["config"], ["check"], ["tail", "action"], ["version"]):
        command.ends(USAGE, *words, "-o", "csv", says=["table|json|jsonl, not csv"])
        command.ends(USAGE, *words, "-o", "tabel", says=["table|json|jsonl, not tabel"])
    for words in (["run", "action"], ["man"], ["help"], ["completion", "bash"]):
        command.ends(USAGE, *words, "-o", "json", says=["takes no -o"])
    command.ends(USAGE, "exec", "-o", "table", says=["prints jsonl"])

    # Flag > environment > file > default, and what cannot be read is said.
    done = command.ends(0, "config", "-o", "jsonl", "--set", "group=by-flag",
                        MAKEGOOD_GROUP="by-environment", MAKEGOOD_LOG_LEVEL="warn")
    assert '"key":"group","value":"by-flag","source":"flag --set"' in done.out, done.out
    assert '"value":"warn","source":"environment MAKEGOOD_LOG_LEVEL"' in done.out, done.out
    command.ends(CONFIG, "config", MAKEGOOD_GRUOP="x", says=["did you mean group?"])
    print("ok")


if __name__ == "__main__":
    main()
