"""The invariants of domain.md, checked over what was written (the program's lines, and so the oracle's)."""
import families


def check(records):
    """Texts of what does not hold in the parsed output lines of one run."""
    found = []
    seen = set()
    verdicts = {}  # an entity forgets what came 2,048 inputs ago: the same ids may then come again
    for record in records:
        if "dlq-reason" in record["headers"]:
            continue
        ident = record["event"]["id"]
        verdicts[record["key"]] = verdicts.get(record["key"], 0) + 1
        if ident in seen and verdicts[record["key"]] <= 2048:
            found.append("outcome id %s twice" % ident)
        seen.add(ident)
    for module in families.modules().values():
        if hasattr(module, "invariants"):
            found += module.invariants(records)
    return found
