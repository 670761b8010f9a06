"""Events of the reward family for end-to-end tests, and what its outcomes must add up to."""

from workload import event

WORKERS = ("reward",)
TOTALS = ("availableValue", "totalPendingCredit", "totalRedeemedCredit", "totalExpiredCredit",
          "totalCancelledCredit")


def on_account(kind, account, event_id, **data):
    """(key, value) of a command on an account."""
    return f"account:{account}".encode(), event(kind, event_id, dict(data, accountId=account))


def create(account, reward, value, event_id=None, unit="USD", user="U1", **more):
    return on_account("reward.create", account, event_id or f"create-{account}-{reward}", userId=user,
                      rewardId=reward, unit=unit, value=value, **more)


def redeem(account, value, event_id, unit="USD", **more):
    return on_account("balance.redeem", account, event_id, unit=unit, valueToRedeem=value, **more)


def of_type(ledger, kind):
    return [entry for entry in ledger.outcomes if entry.type == kind]


def balances(ledger):
    """Checks every reward.balance.changed. -> (account, unit) -> its last"""
    last = {}
    for entry in of_type(ledger, "reward.balance.changed"):
        data, key = entry.data, (entry.data["accountId"], entry.data["unit"])
        assert data["totalAssignedCredit"] == sum(data[name] for name in TOTALS), data
        assert all(data[name] >= 0 for name in TOTALS), data
        before = last.get(key)
        assert before is None or before["resourceVersion"] < data["resourceVersion"], (before, data)
        last[key] = data
    return last
