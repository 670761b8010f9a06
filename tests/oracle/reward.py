"""Reward family (messages.md 7): accounts, their rewards and users, tokens and addresses."""
import hashlib
from fractions import Fraction

import contract
import moments
from engine import Family, Type, escape, uuid5
from fields import (BAD, BATCH, array, country, date, dec, duration, email, email_hash, enum, flag, ident,
                    integer, need, opt, text, unit)

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

MAX_USERS = 1000
MAX_TOTAL = 10 ** 15
YEARS_2 = moments.read_duration("P2Y")

# R21 in its order, then WAIT.
REASONS = ("SCHEDULED UNHANDLED_ERROR US_TAX SUSPECTED_FRAUD MISSING_PAYOUT_CONFIGURATION "
           "ERROR_SYNCING_FUEL_TANK_CODE CASH_HOLD WAIT").split()
HELD = [r for r in REASONS if r not in ("SCHEDULED", "US_TAX", "WAIT")]

VALUE = integer(1, MAX_TOTAL)
NOTE = opt(text(255))
ADDRESS = {"email": opt(email), "emailHash": opt(email_hash)}
WHO = dict(ADDRESS, accountId=opt(ident), token=opt(ident), businessId=opt(ident))
REWARD = dict(BATCH, accountId=need(ident), rewardId=need(ident))
TAX = dict(BATCH, accountId=need(ident), userId=need(ident))

USER_PUT = dict(BATCH, accountId=need(ident), userId=need(ident), countryCode=opt(country),
                locale=opt(text(35)), businessId=opt(ident), **ADDRESS)
TOKEN_PUT = dict(BATCH, token=need(ident), accountId=need(ident), userId=need(ident),
                 active=opt(flag, True))
CREATE = dict(REWARD, userId=need(ident),
              type=opt(enum("PCT_DISCOUNT CREDIT FUELTANK INTEGRATION"), "CREDIT"), unit=opt(unit),
              value=opt(VALUE),
              rewardSource=opt(enum("FRIEND_SIGNUP REFERRED MANUAL PROGRAM ACTIVATION ACQUISITION "
                                    "RETENTION REACTIVATION AUTOMATED"), "MANUAL"),
              programId=opt(ident), name=opt(text(128)), dateTriggered=opt(date),
              dateScheduledFor=opt(date), pendingDuration=opt(duration), dateExpires=opt(date),
              pendingReasons=opt(array(enum(*HELD), 0, 5)))
REDEEM = dict(REWARD, unit=opt(unit), valueToRedeem=opt(dec, code="INVALID_FIELD"), note=NOTE,
              fulfil=opt(flag, False))
BALANCE = dict(BATCH, unit=need(unit), valueToRedeem=need(dec, code="INVALID_FIELD"), note=NOTE,
               fulfil=opt(flag, False), **WHO)


def _cell(value, pointer, faults):
    return "" if value == "" else dec(value, pointer, faults)


ROW = {"batchId": need(BATCH["batchId"].kind), "line": need(BATCH["line"].kind),
       "accountId": need(ident), "unit": need(unit), "valueToRedeem": opt(_cell, code="INVALID_FIELD")}
CANCEL = dict(REWARD, cancelReason=opt(enum("UNKNOWN PROGRAM_GRAPH_MODERATION SUSPECTED_FRAUD"),
                                       "UNKNOWN"), cancelRemainder=opt(flag, False))
RELEASE = dict(REWARD, pendingReasons=need(array(enum(*REASONS), 1, 6)))
NOTED = dict(REWARD, note=NOTE)
CREDIT = dict(BATCH, value=need(VALUE), unit=opt(unit, "POINTS"), state=opt(enum("active wait"), "active"),
              userId=opt(ident), rewardId=opt(ident), programId=opt(ident), dateTriggered=opt(date),
              dateExpires=opt(date), note=NOTE, **WHO)


def hash_of(address):
    """Trimmed and ASCII-lower-cased (messages.md 1)."""
    lowered = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in address.strip(" "))
    return hashlib.sha256(lowered.encode("utf-8")).hexdigest()


# -- addresses

def address_of(data):
    """(hash or None, whether email and emailHash disagree)."""
    hashed = hash_of(data["email"]) if data["email"] is not None else None
    if data["emailHash"] is None:
        return hashed, False
    return data["emailHash"], hashed is not None and hashed != data["emailHash"]


def who_entity(data):
    if data["accountId"] is not None:
        return "account:" + escape(data["accountId"])
    if data["token"] is not None:
        return "token:" + escape(data["token"])
    hashed, _ = address_of(data)
    if hashed is not None:
        return "email:" + hashed
    if data["businessId"] is not None:
        return "business:" + escape(data["businessId"])
    return "account:-"


def _to_account(d, owner):
    d.command.data = dict(d.data, resolved=owner)
    d.forward("account:" + escape(owner[0]))


def _at_address(d):
    """W, at an entity that is not an account. True when it has spoken."""
    kind = d.entity.key.split(":", 1)[0]
    if kind == "account":
        if d.data["accountId"] is None and "resolved" not in d.data:
            d.reject("IDENTIFIER_MISSING")
            return True
        return False
    owner = d.state.get("owner")
    if kind == "token":
        if owner is None or not d.state["active"]:
            d.reject("TOKEN_INVALID")
            return True
        hashed, _ = address_of(d.data)
        if hashed is not None:
            other = d.world.look("email:" + hashed).get("owner")
            if other is None:
                d.reject("USER_NOT_FOUND")
                return True
            if other != owner:
                d.reject("USER_MISMATCH")
                return True
    elif owner is None:
        d.reject("USER_NOT_FOUND")
        return True
    _to_account(d, owner)
    return True


def claim(d):
    """An address or business id belongs to whoever put it last; put again by its owner counts too."""
    d.state["owner"] = d.data
    d.silent(version=True)


def leave(d):
    changed = d.state.get("owner") == d.data
    if changed:
        d.state["owner"] = None
    d.silent(version=changed)


# -- users

def _users(d):
    return d.state.setdefault("users", {})


def _too_many(d, user):
    users = d.state.get("users", {})
    return user not in users and len(users) >= MAX_USERS


def _user(d, user):
    d.state["exists"] = True
    return _users(d).setdefault(user, {"country": None, "locale": None, "email": None,
                                       "business": None, "form": False})


def put_user(d):
    data = d.data
    hashed, disagree = address_of(data)
    if disagree:
        return d.reject("INVALID_FIELD")
    if _too_many(d, data["userId"]):
        return d.reject("TOO_MANY_USERS")
    user = _user(d, data["userId"])
    before = [("email:", user["email"]), ("business:", user["business"])]
    user.update(country=data["countryCode"], locale=data["locale"], email=hashed,
                business=data["businessId"])
    d.applied("user.stored", {"accountId": data["accountId"], "userId": data["userId"],
                              "countryCode": data["countryCode"], "locale": data["locale"],
                              "emailHash": hashed, "businessId": data["businessId"]})
    owner = (data["accountId"], data["userId"])
    for (prefix, old), new in zip(before, (user["email"], user["business"])):
        if old is not None and old != new:
            d.send(prefix + escape(old), "reward", "address.leave", owner)
        if new is not None:
            d.send(prefix + escape(new), "reward", "address.claim", owner)


def put_token(d):
    data = d.data
    d.state["owner"], d.state["active"] = (data["accountId"], data["userId"]), data["active"]
    d.applied("token.stored", {"token": data["token"], "accountId": data["accountId"],
                               "userId": data["userId"], "active": data["active"]})


# -- a reward

def is_redeemed(r):
    return r["dateRedeemed"] is not None


def statuses(r, t):
    found = []
    if r["dateCancelled"] is not None:
        found.append("CANCELLED")
    if is_redeemed(r):
        found.append("REDEEMED")
    if r["dateExpires"] is not None and t >= r["dateExpires"]:
        found.append("EXPIRED")
    if r["holds"]:
        found.append("PENDING")
    return found or ["AVAILABLE"]


def status(r, t):
    return statuses(r, t)[0]


def rest(r):
    return r["value"] - r["redeemed"]


def available(r, t):
    return rest(r) if status(r, t) == "AVAILABLE" else 0


_DATES = ("dateCreated dateScheduledFor dateGiven dateExpires dateCancelled dateRedeemed dateProcessed "
          "dateModified dateTriggered").split()


def record(r, t):
    found = statuses(r, t)
    shown = {"accountId": r["accountId"], "userId": r["userId"], "rewardId": r["rewardId"],
             "type": r["type"], "unit": r["unit"], "status": found[0], "statuses": found,
             "cancelReason": r["cancelReason"], "rewardSource": r["rewardSource"],
             "programId": r["programId"], "note": r["note"]}
    if r["holds"]:
        shown["pendingReasons"] = [x for x in REASONS if x in r["holds"]]
    if r["value"] is not None:
        shown.update(assignedCredit=r["value"], redeemedCredit=r["redeemed"],
                     availableValue=available(r, t))
    for name in _DATES:
        if r[name] is not None:
            shown[name] = moments.show(r[name])
    return shown


# -- totals (B)

def totals(d, name):
    sums = dict.fromkeys(("Assigned", "Pending", "Redeemed", "Expired", "Cancelled"), 0)
    left = count = 0
    for r in d.state.get("rewards", {}).values():
        if r["type"] != "CREDIT" or r["unit"] != name:
            continue
        sums["Assigned"] += r["value"]
        sums["Redeemed"] += r["redeemed"]
        now = _counted(d, r)
        if now == "AVAILABLE":
            left += rest(r)
            count += 1
        elif now != "REDEEMED":
            sums[now.capitalize()] += rest(r)
    shown = {"total%sCredit" % k: v for k, v in sums.items()}
    shown.update(availableValue=left, count=count)
    return shown


def _counted(d, r):
    """The status as the totals have it. Of timers that are due at one instant each changes what is its
    own: a reward whose expire is still to fire counts as it did (README, ambiguous)."""
    now = status(r, d.now)
    if now == "EXPIRED" and (_owner(r), "expire") in d.entity.timers:
        return status(dict(r, dateExpires=None), d.now)
    return now


class Balances:
    """Totals as they were, of the units that a decision may change."""

    def __init__(self, d, units):
        self.d = d
        self.before = {name: totals(d, name) for name in units if name is not None}

    def tell(self):
        d = self.d
        for name in sorted(self.before):
            after = totals(d, name)
            if after != self.before[name]:
                d.outcome("reward.balance.changed", dict(
                    after, accountId=d.state["accountId"], unit=name, resourceVersion=d.entity.version))


# -- W-9

def _covers(option, user, name):
    if option in ("NONE", "CASH_ONLY_DEFER_W9"):
        return False
    if option == "ALL":
        return True
    if option == "CASH_ONLY" and not name.startswith("CASH/"):
        return False
    if user["country"] is not None:
        return user["country"].upper() == "US"
    locale = (user["locale"] or "").upper()  # silent about case: none is told apart
    return option == "IMPLIED_COUNTRY_CODE" and locale.endswith(("_US", "-US"))


def _taxable(world, name, value):
    by_value, factor = contract.find_unit(world, name)["usTaxableValueFormula"].value
    return factor * value if by_value else factor


def _year(millis):
    return moments.show(millis)[:4]


def _taxed_sum(d, r, option, since):
    total = Fraction(0)
    for other in d.state["rewards"].values():
        if (other is r or other["type"] != "CREDIT" or other["userId"] != r["userId"]
                or other["dateGiven"] is None or _year(other["dateGiven"]) != _year(d.now)
                or other["dateGiven"] < since or "US_TAX" in other["holds"]
                or option == "CASH_ONLY" and not other["unit"].startswith("CASH/")):
            continue
        value = other["value"] if other["dateCancelled"] is None else other["redeemed"]
        if value:
            total += _taxable(d.world, other["unit"], value)
    return total


def _is_taxed(d, r):
    if r["type"] != "CREDIT":
        return False
    user = d.state["users"][r["userId"]]
    program, since = contract.find_program(d.world, r["programId"])
    option = program["enforceTaxCompliance"]
    if user["form"] or not _covers(option, user, r["unit"]):
        return False
    total = _taxed_sum(d, r, option, since) + _taxable(d.world, r["unit"], r["value"])
    return total > Fraction(program["taxThreshold"].scaled, 10000)


def _become(d, r):
    """The reward has no hold left, unless W-9 finds one; dates what is given."""
    if not r["holds"] and _is_taxed(d, r):
        r["holds"].add("US_TAX")
    if not r["holds"] and r["dateGiven"] is None:
        r["dateGiven"] = d.now


def _tell(d, r):
    """A of messages.md 7."""
    kind = {"EXPIRED": "reward.expired", "PENDING": "reward.pending"}.get(
        status(r, d.now), "reward.available")
    d.outcome(kind, record(r, d.now))


# -- creation

def _owner(r):
    return "account:%s/reward:%s" % (escape(r["accountId"]), escape(r["rewardId"]))


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
    _user(d, r["userId"])
    d.state.setdefault("rewards", {})[r["rewardId"]] = r
    _become(d, r)
    d.applied(kind, record(r, d.now))
    _tell(d, r)
    balances.tell()
    if "SCHEDULED" in r["holds"]:
        d.timer("available", r["dateScheduledFor"], _owner(r))
    if r["dateExpires"] is not None:
        d.timer("expire", r["dateExpires"], _owner(r))


def _new(d, **members):
    r = dict.fromkeys(_DATES)
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
    if _too_many(d, data["userId"]):
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
    if _at_address(d):
        return None
    account, user = data["resolved"] if "resolved" in data else (data["accountId"], data["userId"])
    reward = data["rewardId"] or uuid5("%s|%s|reward" % (d.command.source, d.command.id))
    if reward in d.state.get("rewards", {}):
        return d.reject("REWARD_EXISTS")
    if contract.find_unit(d.world, data["unit"]) is None:
        return d.reject("UNIT_UNKNOWN")
    if _bad_unit(d, data["unit"], data["dateExpires"]) or address_of(data)[1] or user is None:
        return d.reject("INVALID_FIELD")
    if _too_many(d, user):
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
    data, r = d.data, _find(d)
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
    if not _at_address(d):
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


# -- what happens to one reward

def _find(d):
    r = d.state.get("rewards", {}).get(d.data["rewardId"])
    if r is None:
        d.reject("REWARD_NOT_FOUND")
    return r


def _balances_of(d, r):
    return Balances(d, [r["unit"] if r["type"] == "CREDIT" else None])


def _cancel(d, r, reason, final=False):
    r["dateCancelled"] = r["dateModified"] = d.now
    r["cancelReason"], r["final"] = reason, final


def cancel(d):
    r = _find(d)
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
    r = _find(d)
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
        _become(d, r)
    d.applied("reward.uncancelled", record(r, d.now))
    _tell(d, r)
    return balances.tell()


def release(d):
    r = _find(d)
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
    _become(d, r)
    d.applied("reward.released", record(r, d.now))
    _tell(d, r)
    return balances.tell()


def process(d):
    r = _find(d)
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
    _user(d, data["userId"])["form"] = True
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
        _become(d, r)
    d.applied("tax_form.collected", {"accountId": data["accountId"], "userId": data["userId"],
                                     "released": [r["rewardId"] for r in released]})
    for r in released:
        _tell(d, r)
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
    r = _find(d)
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
    _become(d, r)
    d.applied("points.activated", record(r, d.now))
    _tell(d, r)
    return balances.tell()


def reject_points(d):
    r = _find(d)
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
    r = _find(d)
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
        if _owner(r) == d.owner:
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
    _become(d, r)
    _tell(d, r)
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
    _tell(d, r)
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
