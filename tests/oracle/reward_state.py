"""A reward as it stands at a moment, the totals of an account, and the W-9 rule."""
from fractions import Fraction

import contract
import moments
from engine import escape
from reward_fields import REASONS


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


DATES = ("dateCreated dateScheduledFor dateGiven dateExpires dateCancelled dateRedeemed dateProcessed "
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
    for name in DATES:
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
    if now == "EXPIRED" and (owner_of(r), "expire") in d.entity.timers:
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


def _by_value(world, name):
    return contract.find_unit(world, name)["usTaxableValueFormula"].value[0]


def _taxed_sum(d, r, option, since):
    total = Fraction(0)
    for other in d.state["rewards"].values():
        if (other["type"] != "CREDIT" or other["userId"] != r["userId"]
                or other["dateGiven"] is None or _year(other["dateGiven"]) != _year(d.now)
                or other["dateGiven"] < since or other is not r and "US_TAX" in other["holds"]
                or option == "CASH_ONLY" and not other["unit"].startswith("CASH/")):
            continue
        # Of the reward at hand, un-cancelled, what was redeemed stayed in the sum of its own year; what
        # is taxed as a whole counts once.
        if other is r and not _by_value(d.world, r["unit"]):
            continue
        kept = other is r or other["dateCancelled"] is not None
        value = other["redeemed"] if kept else other["value"]
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
    total = _taxed_sum(d, r, option, since) + _taxable(d.world, r["unit"], r["value"] - r["redeemed"])
    return total > Fraction(program["taxThreshold"].scaled, 10000)


def become(d, r):
    """The reward has no hold left, unless W-9 finds one; dates what is given."""
    if not r["holds"] and _is_taxed(d, r):
        r["holds"].add("US_TAX")
    if not r["holds"] and r["dateGiven"] is None:
        r["dateGiven"] = d.now


def tell(d, r):
    """A of messages.md 7."""
    kind = {"EXPIRED": "reward.expired", "PENDING": "reward.pending"}.get(
        status(r, d.now), "reward.available")
    d.outcome(kind, record(r, d.now))


def owner_of(r):
    return "account:%s/reward:%s" % (escape(r["accountId"]), escape(r["rewardId"]))
