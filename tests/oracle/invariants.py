"""The invariants of domain.md, checked over what was written (the program's lines, and so the oracle's)."""
import families


def check(records):
    """Texts of what does not hold in the parsed output lines of one run."""
    found = []
    seen = set()
    for record in records:
        if "dlq-reason" in record["headers"]:
            continue
        ident = record["event"]["id"]
        if ident in seen:
            found.append("outcome id %s twice" % ident)
        seen.add(ident)
    for module in families.modules().values():
        if hasattr(module, "invariants"):
            found += module.invariants(records)
    return found
