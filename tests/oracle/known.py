"""Differences that are reported and not settled yet: both sides are made equal here, so that a
comparison can go on behind them. Each entry names its finding; an entry whose finding is settled goes.
"""


def level(expected, got, reused):
    """Called on a pair that differs, on copies: changes both in place. `reused`: the source and id of the
    cause were on more than one line."""
    for record in (expected, got):
        event = record.get("event")
        if "makegood-verdict" not in record.get("headers", {}) and str(record.get("key")).startswith("job:"):
            event.pop("id", None)  # R8: what a dead letter's report brings about

