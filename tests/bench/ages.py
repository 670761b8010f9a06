"""How old a record was when a read_committed reader had its verdict: the lines of `client watch`."""

FINAL = {"applied", "rejected", "unchanged"}


def percentiles(values):
    """p50, p99 and the greatest, in milliseconds."""
    ordered = sorted(values)
    if not ordered:
        return None
    return {"p50": ordered[len(ordered) // 2], "p99": ordered[len(ordered) * 99 // 100],
            "max": ordered[-1], "count": len(ordered)}


def read(path):
    """`age_ms`: until the record's own verdict. `final_age_ms`: until the final one, which for a
    track is that of the action to which its order id forwards it: one more turn."""
    appended, by_id, answered, finals = {}, {}, {}, {}
    verdicts = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            words = line.rstrip("\n").split("\t")
            if words[0] == "input":
                appended[f"action/{words[1]}/{words[2]}"] = int(words[3])
                by_id.setdefault(words[4], int(words[3]))
            else:
                verdicts.append(words[1:])
    for seen_us, place, event_id, verdict in verdicts:
        if place in appended:
            answered.setdefault(place, int(seen_us) / 1000 - appended[place])
        if verdict in FINAL and event_id in by_id:
            finals.setdefault(event_id, int(seen_us) / 1000 - by_id[event_id])
    if len(answered) != len(appended):
        raise RuntimeError(f"{len(appended)} paced records, {len(answered)} of them answered")
    return {"age_ms": percentiles(answered.values()), "final_age_ms": percentiles(finals.values())}
