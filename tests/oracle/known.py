"""Differences that are reported and not settled yet: both sides are made equal here, so that a
comparison can go on behind them. Each entry names its finding; an entry whose finding is settled goes.
"""


def _contract_money(data):
    """Finding 1: money inside contract.stored is not printed with the currency's decimals."""
    for term in data.get("terms") or []:
        for payout in term.get("eventPayouts") or []:
            payout.pop("defaultPayout", None)
            bonuses = [payout.get("performanceBonus")]
            for group in payout.get("payoutGroups") or []:
                group.pop("payout", None)
                bonuses.append(group.get("tiers"))
            for bonus in bonuses:
                for tier in (bonus or {}).get("tiers") or []:
                    tier.pop("revenueThreshold", None)


def level(expected, got, reused):
    """Called on a pair that differs, on copies: changes both in place."""
    for record in (expected, got):
        if reused:  # Finding 5: exec cites the last line that had this source and id
            record.get("headers", {}).pop("makegood-input", None)
        event = record.get("event")
        if "makegood-verdict" not in record.get("headers", {}) and str(record.get("key")).startswith("job:"):
            event.pop("id", None)  # R8: what a dead letter's report brings about
        if isinstance(event, dict) and event.get("type") == "makegood.contract.stored.v1":
            _contract_money(event["data"])


# What the generators leave out, or the rules follow, until the finding is settled.
AVOID = {4,  # modify_items with an amount on quantity 0: found too late
         6}  # a track that is rejected TOO_MANY_WAITING is not forgotten
