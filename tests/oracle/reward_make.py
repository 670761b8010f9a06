"""Rewards that come to be, and what redeems them."""
import contract
import moments
from engine import uuid5
from fields import BAD
from reward_fields import MAX_TOTAL, address_of
from reward_state import (DATES, Balances, available, become, owner_of, record, rest, status, tell, totals)
from reward_users import at_address, too_many, user_of


def _bad_unit(d, name, expires):
    found = contract.find_unit(d.world, name) if name is not None else None
    if expires is None:
        return False
    return expires <= d.now or found is not None and not found["isExpirable"]


def _over_total(d, name, value):
    return totals(d, name)["totalAssignedCredit"] + value > MAX_TOTAL


def _add(d, r, kind):
    d.state["accountId"] = r["accountId"]
    balances = Balances(d, [r["unit"] if r["type"] == "CREDIT" else None])
    user_of(d, r["userId"])
    d.state.setdefault("rewards", {})[r["rewardId"]] = r
    become(d, r)
    d.applied(kind, record(r, d.now))
    tell(d, r)
    balances.tell()
    if "SCHEDULED" in r["holds"]:
        d.timer("available", r["dateScheduledFor"], owner_of(r))
    if r["dateExpires"] is not None:
        d.timer("expire", r["dateExpires"], owner_of(r))


def _new(d, **members):
    r = dict.fromkeys(DATES)
    r.update(redeemed=0, cancelReason=None, note=None, final=False, dateCreated=d.now,
             dateModified=d.now, holds=set())
    r.update(members)
    return r


def create(d):
    data = d.data
    if data["rewardId"] in d.state.get("rewards", {}):
        return d.reject("REWARD_EXISTS")
    name, value, expires = data["unit"], data["value"], data["dateExpires"]
    if name is not None and contract.find_unit(d.world, name) is None:
        return d.reject("UNIT_UNKNOWN")
    scheduled, wait = data["dateScheduledFor"], data["pendingDuration"]
    if wait is not None:
        scheduled = wait.after(d.now)
    if (data["type"] == "CREDIT" and (name is None or value is None)
            or value is not None and name is None or _bad_unit(d, name, expires)
            or wait is not None and (data["dateScheduledFor"] is not None or scheduled is None)):
        return d.reject("INVALID_FIELD")
    if too_many(d, data["userId"]):
        return d.reject("TOO_MANY_USERS")
    if data["type"] == "CREDIT" and _over_total(d, name, value):
        return d.reject("INVALID_FIELD")
    holds = set(data["pendingReasons"] or [])
    if scheduled is not None and scheduled > d.now:
        holds.add("SCHEDULED")
    _add(d, _new(d, holds=holds, dateScheduledFor=scheduled, **{k: data[k] for k in (
        "accountId userId rewardId type unit value rewardSource programId dateExpires "
        "dateTriggered").split()}), "reward.created")


def credit_points(d):
    data = d.data
    if at_address(d):
        return None
    account, user = data["resolved"] if "resolved" in data else (data["accountId"], data["userId"])
    reward = data["rewardId"] or uuid5("%s|%s|reward" % (d.command.source, d.command.id))
    if reward in d.state.get("rewards", {}):
        return d.reject("REWARD_EXISTS")
    if contract.find_unit(d.world, data["unit"]) is None:
        return d.reject("UNIT_UNKNOWN")
    if _bad_unit(d, data["unit"], data["dateExpires"]) or address_of(data)[1] or user is None:
        return d.reject("INVALID_FIELD")
    if too_many(d, user):
        return d.reject("TOO_MANY_USERS")
    if _over_total(d, data["unit"], data["value"]):
        return d.reject("INVALID_FIELD")
    _add(d, _new(d, accountId=account, userId=user, rewardId=reward, type="CREDIT",
                 rewardSource="MANUAL", holds={"WAIT"} if data["state"] == "wait" else set(),
                 **{k: data[k] for k in "unit value programId dateExpires dateTriggered note".split()}),
         "points.credited")


# -- redemption

def _smallest(world, name, value):
    """valueToRedeem in the unit's smallest step, truncated."""
    return int(value * 10 ** contract.find_unit(world, name)["exponent"])


def _take(d, parts, name, fulfil, note):
    """Redeems [(reward, value or None)]."""
    credit = [r for r, _ in parts if r["type"] == "CREDIT"]
    balances = Balances(d, [name] if credit else [])
    taken = []
    total = 0
    for r, value in parts:
        shown = {"rewardId": r["rewardId"]}
        if value is not None:
            shown["value"] = value
            r["redeemed"] += value
            total += value
        if value is None or rest(r) == 0:
            r["dateRedeemed"] = d.now
        r["dateModified"] = d.now
        taken.append(shown)
    members = {"accountId": d.state["accountId"], "redemptionId": d.next_id(),
               "redeemedRewards": taken, "fulfilment": "FULFILLED" if fulfil else "REDEEMED",
               "dateRedeemed": moments.show(d.now), "note": note}
    if name is not None:
        members.update(unit=name, creditAvailable=totals(d, name)["availableValue"])
    if parts[0][1] is not None:
        members["creditRedeemed"] = total
    d.applied("reward.redeemed", members)
    balances.tell()


def redeem(d):
    data, r = d.data, find(d)
    if r is None:
        return None
    wanted = data["valueToRedeem"]
    if wanted is BAD or wanted is not None and wanted == 0:
        return d.reject("INVALID_FIELD")
    if data["unit"] is not None and data["unit"] != r["unit"]:
        return d.reject("UNIT_MISMATCH")
    if wanted is not None:
        # Silent: a reward without a unit has no exponent; whole steps are meant.
        wanted = int(wanted) if r["unit"] is None else _smallest(d.world, r["unit"], wanted)
        if wanted == 0:
            return d.reject("VALUE_TOO_SMALL")
    if (status(r, d.now) != "AVAILABLE" or r["unit"] is not None
            and not contract.find_unit(d.world, r["unit"])["isRedeemable"]):
        return d.reject("REWARD_NOT_AVAILABLE")
    if r["type"] != "CREDIT" and wanted is not None:
        return d.reject("PARTIAL_NOT_ALLOWED")
    if wanted is not None and wanted > available(r, d.now):
        return d.reject("INSUFFICIENT_BALANCE")
    if wanted is None and r["value"] is not None:
        wanted = available(r, d.now)
    return _take(d, [(r, wanted)], r["unit"], data["fulfil"], data["note"])


def redeem_row(d):
    if d.data["valueToRedeem"] in (None, ""):
        return d.unchanged()
    return _redeem_balance(d, False, None)


def redeem_balance(d):
    if not at_address(d):
        _redeem_balance(d, d.data["fulfil"], d.data["note"], address_of(d.data)[1])


def _order(r):
    expires = r["dateExpires"] if r["dateExpires"] is not None else moments.MAX + 1
    return expires, r["dateGiven"], r["rewardId"]


def _redeem_balance(d, fulfil, note, disagree=False):
    name, wanted = d.data["unit"], d.data["valueToRedeem"]
    if not d.state.get("exists"):
        return d.reject("ACCOUNT_NOT_FOUND")
    if disagree or wanted is BAD or wanted == 0:
        return d.reject("INVALID_FIELD")
    rewards = [r for r in d.state.get("rewards", {}).values()
               if r["type"] == "CREDIT" and r["unit"] == name]
    if not rewards:
        return d.reject("UNIT_MISMATCH")
    if not contract.find_unit(d.world, name)["isRedeemable"]:
        return d.reject("REWARD_NOT_AVAILABLE")
    wanted = _smallest(d.world, name, wanted)
    if wanted == 0:
        return d.reject("VALUE_TOO_SMALL")
    parts = []
    for r in sorted((r for r in rewards if available(r, d.now)), key=_order):
        part = min(wanted, available(r, d.now))
        if part:
            parts.append((r, part))
            wanted -= part
    if wanted:
        return d.reject("INSUFFICIENT_BALANCE")
    return _take(d, parts, name, fulfil, note)


def find(d):
    r = d.state.get("rewards", {}).get(d.data["rewardId"])
    if r is None:
        d.reject("REWARD_NOT_FOUND")
    return r
