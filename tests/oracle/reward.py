"""Reward family (messages.md 7): accounts, their rewards and users, tokens and addresses."""
import contract
import moments
from engine import Family, Type, escape
from reward_fields import (BALANCE, CANCEL, CREATE, CREDIT, NOTED, REDEEM, RELEASE, REWARD, ROW, TAX,
                           TOKEN_PUT, USER_PUT)
from reward_make import create, credit_points, find, redeem, redeem_balance, redeem_row
from reward_state import Balances, become, is_redeemed, owner_of, record, status, tell
from reward_users import claim, leave, put_token, put_user, user_of, who_entity

OUTCOMES = ["user.stored", "token.stored", "reward.created", "reward.available", "reward.pending",
            "reward.redeemed", "reward.cancelled", "reward.uncancelled", "reward.expired",
            "reward.released", "reward.processed", "reward.balance.changed", "tax_form.collected",
            "tax_form.revoked", "points.credited", "points.activated", "points.rejected",
            "conversion.reversed", "command.rejected", "command.unchanged", "command.forwarded",
            "command.duplicate"]
CODES = ["REWARD_NOT_FOUND", "IDENTIFIER_MISSING", "TOKEN_INVALID", "USER_NOT_FOUND", "USER_MISMATCH",
         "TOO_MANY_USERS", "REWARD_EXISTS", "UNIT_UNKNOWN", "INVALID_FIELD", "UNIT_MISMATCH",
         "VALUE_TOO_SMALL", "REWARD_NOT_AVAILABLE", "PARTIAL_NOT_ALLOWED", "INSUFFICIENT_BALANCE",
         "ACCOUNT_NOT_FOUND", "REWARD_NOT_CANCELLABLE", "SOURCE_EVENT_TOO_OLD",
         "REWARD_PARTIALLY_REDEEMED", "REWARD_NOT_CANCELLED", "REWARD_FINAL", "ACTION_NOT_ALLOWED",
         "REVERSAL_WINDOW_PASSED", "ALREADY_PROCESSED"]

YEARS_2 = moments.read_duration("P2Y")


# -- what happens to one reward

def _balances_of(d, r):
    return Balances(d, [r["unit"] if r["type"] == "CREDIT" else None])


def _cancel(d, r, reason, final=False):
    r["dateCancelled"] = r["dateModified"] = d.now
    r["cancelReason"], r["final"] = reason, final


def cancel(d):
    r = find(d)
    if r is None:
        return None
    now = status(r, d.now)
    if now == "CANCELLED":
        return d.unchanged()
    if (r["type"] == "INTEGRATION" or now in ("REDEEMED", "EXPIRED") or r["unit"] is not None
            and not contract.find_unit(d.world, r["unit"])["isCancellable"]):
        return d.reject("REWARD_NOT_CANCELLABLE")
    if r["dateTriggered"] is not None:
        end = YEARS_2.after(r["dateTriggered"])
        if end is not None and end <= d.now:
            return d.reject("SOURCE_EVENT_TOO_OLD")
    if r["redeemed"] and not d.data["cancelRemainder"]:
        return d.reject("REWARD_PARTIALLY_REDEEMED")
    balances = _balances_of(d, r)
    _cancel(d, r, d.data["cancelReason"])
    d.applied("reward.cancelled", record(r, d.now))
    return balances.tell()


def uncancel(d):
    r = find(d)
    if r is None:
        return None
    if status(r, d.now) != "CANCELLED":
        return d.reject("REWARD_NOT_CANCELLED")
    if r["final"]:
        return d.reject("REWARD_FINAL")
    balances = _balances_of(d, r)
    r["dateCancelled"] = r["cancelReason"] = None
    r["dateModified"] = d.now
    r["holds"].discard("SCHEDULED")
    if "US_TAX" in r["holds"] and d.state["users"][r["userId"]]["form"]:
        r["holds"].discard("US_TAX")
    if status(r, d.now) == "AVAILABLE":
        become(d, r)
    d.applied("reward.uncancelled", record(r, d.now))
    tell(d, r)
    return balances.tell()


def release(d):
    r = find(d)
    if r is None:
        return None
    named = set(d.data["pendingReasons"])
    if status(r, d.now) != "PENDING" or named & {"US_TAX", "SCHEDULED", "WAIT"}:
        return d.reject("ACTION_NOT_ALLOWED")
    if not named & r["holds"]:
        return d.unchanged()
    balances = _balances_of(d, r)
    r["holds"] -= named
    r["dateModified"] = d.now
    become(d, r)
    d.applied("reward.released", record(r, d.now))
    tell(d, r)
    return balances.tell()


def process(d):
    r = find(d)
    if r is None:
        return None
    if r["dateProcessed"] is not None:
        return d.unchanged()
    if status(r, d.now) in ("PENDING", "CANCELLED", "EXPIRED"):
        return d.reject("REWARD_NOT_AVAILABLE")
    r["dateProcessed"] = r["dateModified"] = d.now
    return d.applied("reward.processed", record(r, d.now))


# -- the form

def collect(d):
    data = d.data
    if d.state.get("users", {}).get(data["userId"], {}).get("form"):
        return d.unchanged()
    d.state["accountId"] = data["accountId"]
    user_of(d, data["userId"])["form"] = True
    held = sorted((r for r in d.state.get("rewards", {}).values()
                   if r["userId"] == data["userId"] and "US_TAX" in r["holds"]),
                  key=lambda r: (r["dateCreated"], r["rewardId"]))
    balances = Balances(d, {r["unit"] for r in held if r["type"] == "CREDIT"})
    released = [r for r in held if status(r, d.now) == "PENDING"]
    # "stays until the form is on file": of a cancelled reward it is asked at the un-cancel alone, so that
    # a form that came and was revoked meanwhile counts for nothing (README, ambiguous).
    for r in released:
        r["holds"].discard("US_TAX")
        r["dateModified"] = d.now
        become(d, r)
    d.applied("tax_form.collected", {"accountId": data["accountId"], "userId": data["userId"],
                                     "released": [r["rewardId"] for r in released]})
    for r in released:
        tell(d, r)
    return balances.tell()


def revoke(d):
    data = d.data
    user = d.state.get("users", {}).get(data["userId"], {})
    if not user.get("form"):
        return d.unchanged()
    user["form"] = False
    return d.applied("tax_form.revoked", {"accountId": data["accountId"], "userId": data["userId"],
                                          "released": []})


# -- points and conversions

def activate(d):
    r = find(d)
    if r is None:
        return None
    now = status(r, d.now)
    if r["final"]:
        return d.reject("REWARD_FINAL")
    if now in ("CANCELLED", "EXPIRED"):
        return d.reject("ACTION_NOT_ALLOWED")
    if "WAIT" not in r["holds"]:
        return d.unchanged()
    balances = _balances_of(d, r)
    r["holds"].discard("WAIT")
    r["dateModified"] = d.now
    become(d, r)
    d.applied("points.activated", record(r, d.now))
    tell(d, r)
    return balances.tell()


def reject_points(d):
    r = find(d)
    if r is None:
        return None
    if r["cancelReason"] == "REJECTED":
        return d.unchanged()
    if status(r, d.now) != "PENDING" or "WAIT" not in r["holds"]:
        return d.reject("ACTION_NOT_ALLOWED")
    return _end(d, r, "REJECTED", "points.rejected")


def _end(d, r, reason, kind):
    balances = _balances_of(d, r)
    _cancel(d, r, reason, final=True)
    if d.data["note"] is not None:  # silent: the note of what ends it replaces the credit's
        r["note"] = d.data["note"]
    d.applied(kind, record(r, d.now))
    d.outcome("reward.cancelled", record(r, d.now))
    balances.tell()


def reverse(d):
    r = find(d)
    if r is None:
        return None
    now = status(r, d.now)
    if now == "CANCELLED":
        return d.unchanged()
    if now == "EXPIRED":
        return d.reject("REWARD_NOT_CANCELLABLE")
    program, _ = contract.find_program(d.world, r["programId"])
    days = program["reversalWindowDays"]
    if days and d.now - r["dateCreated"] > days * moments.DAY:
        return d.reject("REVERSAL_WINDOW_PASSED")
    if r["dateProcessed"] is not None:
        return d.reject("ALREADY_PROCESSED")
    if r["redeemed"] or is_redeemed(r):
        return d.reject("REWARD_PARTIALLY_REDEEMED")
    return _end(d, r, "REVERSED", "conversion.reversed")


# -- timers

def _part(d):
    for r in d.state["rewards"].values():
        if owner_of(r) == d.owner:
            return r
    raise KeyError(d.owner)


def on_available(d):
    r = _part(d)
    if "SCHEDULED" not in r["holds"] or status(r, d.now) != "PENDING":
        return
    balances = _balances_of(d, r)
    r["holds"].discard("SCHEDULED")
    r["dateModified"] = d.now
    d.changed()
    become(d, r)
    tell(d, r)
    balances.tell()


def on_expire(d):
    r = _part(d)
    if status(r, d.now) != "EXPIRED":
        return
    # The totals before: as if this very moment had not come.
    expires, r["dateExpires"] = r["dateExpires"], None
    balances = _balances_of(d, r)
    r["dateExpires"] = expires
    r["dateModified"] = d.now
    d.changed()
    tell(d, r)
    balances.tell()


# -- invariants (domain.md 2, 6)

def invariants(records):
    found = []
    versions = {}
    for each in records:
        event = each.get("event", {})
        if "dlq-reason" in each["headers"] or event["type"] != "makegood.reward.balance.changed.v1":
            continue
        data = event["data"]
        parts = [data["total%sCredit" % n] for n in ("Pending", "Redeemed", "Expired", "Cancelled")]
        parts.append(data["availableValue"])
        if min(parts) < 0 or sum(parts) != data["totalAssignedCredit"]:
            found.append("totals of %s %s do not add up" % (data["entity"], data["unit"]))
        key = data["entity"], data["unit"]
        if data["resourceVersion"] <= versions.get(key, 0):
            found.append("resourceVersion of %s does not grow" % data["entity"])
        versions[key] = data["resourceVersion"]
    return found


def _type(table, entity, rule):
    return Type("reward", table, entity, rule)


def _account(data):
    return "account:" + escape(data["accountId"])


FAMILY = Family("reward", {
    "user.put": _type(USER_PUT, _account, put_user),
    "token.put": _type(TOKEN_PUT, lambda x: "token:" + escape(x["token"]), put_token),
    "reward.create": _type(CREATE, _account, create),
    "reward.redeem": _type(REDEEM, _account, redeem),
    "balance.redeem": _type(BALANCE, who_entity, redeem_balance),
    "import.row": _type(ROW, _account, redeem_row),
    "reward.cancel": _type(CANCEL, _account, cancel),
    "reward.uncancel": _type(dict(REWARD), _account, uncancel),
    "reward.release": _type(RELEASE, _account, release),
    "reward.process": _type(dict(REWARD), _account, process),
    "tax_form.collect": _type(TAX, _account, collect),
    "tax_form.revoke": _type(TAX, _account, revoke),
    "points.credit": _type(CREDIT, who_entity, credit_points),
    "points.activate": _type(dict(REWARD), _account, activate),
    "points.reject": _type(NOTED, _account, reject_points),
    "conversion.reverse": _type(NOTED, _account, reverse),
}, internals={"address.claim": claim, "address.leave": leave},
    timers={"available": on_available, "expire": on_expire})
