"""What an action pays: lines, rules, groups, bonuses, adjustments, limits, tallies (messages.md 5)."""
from fractions import Fraction

import contract
import moments
import money
from engine import escape


class Line:
    """One payout line: the order, or an item of it."""
    __slots__ = ("amount", "quantity", "items", "item", "rule", "rate", "flat", "percent",
                 "intended", "payout", "owner", "bonus")

    def __init__(self, amount, quantity, items, item):
        self.amount, self.quantity, self.items, self.item = amount, quantity, items, item
        self.rule = self.bonus = ""
        self.rate = self.flat = None   # percent as Fraction; or minor units of the contract
        self.percent = Fraction(100)   # of a flat payout
        self.intended = self.payout = 0
        self.owner = None              # None: restricted; "outer" or the group


def _lower(text):
    """ASCII lower case."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def _attributes(rule, facts, line):
    """The texts that the rule looks at; an absent attribute has none."""
    variable = rule["variable"]
    if variable == "CUSTOMER_STATUS":
        found = [facts["customerStatus"]]
    elif variable == "CUSTOMER_COUNTRY":
        found = [facts["customerCountry"]]
    elif variable.startswith("ORDER_PROMO_CODE"):
        found = [facts["promoCode"]]
    else:
        name = "sku" if variable == "ITEM_SKU" else "category"
        items = [line.item] if line.item is not None else line.items
        found = [item[name] for item in items]
    return [text for text in found if text is not None]


def rule_matches(world, rule, facts, line, t):
    texts = _attributes(rule, facts, line)
    if rule["variable"] == "ORDER_PROMO_CODE_LIST":
        hit = any(contract.list_matches(world, name, text, t)
                  for text in texts for name in rule["values"])
        return not hit if rule["operator"] == "IS_NOT" else hit
    texts = [_lower(text) for text in texts]
    values = [_lower(value) for value in rule["values"]]
    if rule["operator"] == "CONTAINS":
        return any(value in text for text in texts for value in values)
    hit = any(value == text for text in texts for value in values)
    return not hit if rule["operator"] == "IS_NOT" else hit


def _all_match(world, rules, facts, line, t):
    return all(rule_matches(world, rule, facts, line, t) for rule in rules or [])


class Rating:
    """How lines are paid under one eventPayout at t; `run` does it, with what the tallies know."""

    def __init__(self, world, facts, version, payout, lines, t):
        self.world, self.facts, self.t = world, facts, t
        self.version, self.terms, self.lines = version, payout, lines
        self.data = version["data"]
        self.currency = self.data["currency"]
        self.fx = Fraction(1)
        if self.currency != facts["currency"]:
            self.fx = facts["fxRate"]
        for line in lines:
            self._choose(line)

    # -- which group

    def _choose(self, line):
        for index, restriction in enumerate(self.terms["payoutRestrictions"] or []):
            if _all_match(self.world, restriction["rules"], self.facts, line, self.t):
                line.rule = "restriction:%d" % index
                line.rate = Fraction(0)
                return
        line.owner, line.rule = "outer", "default"
        flat, rate = self.terms["defaultPayout"], self.terms["defaultPayoutRate"]
        groups = self.terms["payoutGroups"] or []
        for index in sorted(range(len(groups)), key=lambda i: (groups[i]["rank"], i)):
            if _all_match(self.world, groups[index]["rules"], self.facts, line, self.t):
                line.owner, line.rule = groups[index], "group:%d" % groups[index]["rank"]
                flat, rate = groups[index]["payout"], groups[index]["payoutRate"]
                break
        if flat is not None:
            line.flat = flat.minor(self.currency)
        else:
            line.rate = Fraction(rate, 10000)

    def _own(self, line, name, outer):
        """(value, scope prefix) of tiers or limits: a group's own replace the outer ones."""
        if isinstance(line.owner, dict) and line.owner[name] is not None:
            return line.owner[name], "group:%d:" % line.owner["rank"]
        return self.terms[outer], ""

    # -- tallies

    def _tally(self, scope):
        return "tally:%s:%d:%s" % (escape(self.data["contractId"]), self.terms["actionTrackerId"],
                                   scope)

    def _scope(self, limit, prefix):
        """The tally's scope of a limit, None when there is none."""
        by = limit["limitBy"]
        if by == "ALL":
            return prefix + "all"
        if by == "CUSTOMER" and self.facts["customerId"] is not None:
            return prefix + "customer:" + escape(self.facts["customerId"])
        if by == "CLICK" and self.facts["clickId"] is not None:
            return prefix + "click:" + escape(self.facts["clickId"])
        return None

    def sets(self):
        """[(limits, bonus, prefixes, lines)]: lines that share limits, and lines that share a bonus."""
        limits, bonuses = {}, {}
        for line in self.lines:
            if line.owner is None:
                continue
            value, prefix = self._own(line, "limits", "limits")
            if value:
                limits.setdefault(prefix, (value, []))[1].append(line)
            value, prefix = self._own(line, "tiers", "performanceBonus")
            if value:
                bonuses.setdefault(prefix, (value, []))[1].append(line)
        return limits, bonuses

    def tallies(self):
        """The entities that must be asked, in the order in which they are met."""
        limits, bonuses = self.sets()
        found = []
        for prefix in bonuses:
            found.append(self._tally(prefix + "all"))
        for prefix, (value, _) in limits.items():
            for limit in value:
                if limit["limitBy"] != "ORDER":
                    scope = self._scope(limit, prefix)
                    if scope:
                        found.append(self._tally(scope))
        return list(dict.fromkeys(found))

    def _period(self, name, moment):
        """The period of a tracking, in the contract's zone."""
        day = moments.local(moment, self.data["timeZone"]).date()
        if name == "CONTRACT":
            return (name,)
        if name == "DAY":
            return (name, day.isoformat())
        if name == "WEEK":
            return (name, day.isocalendar()[:2])
        if name in ("MONTH", "CALENDAR_MONTH"):
            return ("MONTH", day.year, day.month)
        if name == "QUARTER":
            return (name, day.year, (day.month - 1) // 3)
        return ("YEAR", day.year)

    def _others(self, tally, kind, period, what):
        """What the tally counts, beside this action, in the period in which it was tracked. Counts for
        limits and for bonuses are kept apart (not specified: as the program does)."""
        total, mine = 0, self._period(period, self.facts["creationDate"])
        for action, share in self.world.look(tally).get("shares", {}).items():
            if action != self.facts["actionId"] and kind in share and \
                    self._period(period, share["t"]) == mine:
                total += share[kind][what]
        return total

    def _share(self, shares, tally, kind):
        share = shares.setdefault(tally, {"t": self.facts["creationDate"]})
        return share.setdefault(kind, {"lines": []})

    # -- paying

    def _revenue(self, lines):
        """Amount of the lines in the contract's currency, exact."""
        return sum((self._exchange(line.amount) for line in lines), Fraction(0))

    def _exchange(self, minor):
        """Minor units of the action's currency in minor units of the contract's."""
        shift = money.CURRENCIES[self.currency] - money.CURRENCIES[self.facts["currency"]]
        return minor * self.fx * (Fraction(10) ** shift)

    def pay(self):
        """Fills payouts and rules. Returns {tally: {period: share}}, the bonus for earlier actions."""
        shares = {}
        limits, bonuses = self.sets()
        bonus = self._bonus(bonuses, shares)
        self.intend()
        self.detail = None
        for prefix, (value, lines) in limits.items():
            self._limit(prefix, value, lines, shares)
        return shares, bonus

    def intend(self):
        """What the lines pay before limits."""
        for line in self.lines:
            if line.owner is not None:
                self._adjust(line)
            self._amount(line)

    def _bonus(self, bonuses, shares):
        earlier = []
        for prefix, (bonus, lines) in bonuses.items():
            tally, period = self._tally(prefix + "all"), bonus["period"]
            mine = self._revenue(lines)
            before = {"revenue": self._others(tally, "bonus", period, "revenue"),
                      "count": self._others(tally, "bonus", period, "count")}
            if bonus["type"] == "ALL_ACTIONS":
                reached = {"revenue": before["revenue"] + mine, "count": before["count"] + 1}
            else:
                reached = before
            index = self._tier(bonus, reached)
            if index is not None:
                for line in lines:
                    line.rate, line.flat = Fraction(bonus["tiers"][index]["payoutRate"], 10000), None
                    line.bonus = "+bonus:%d" % index
            moment = self.facts["creationDate"]
            self._share(shares, tally, "bonus").update(
                revenue=mine, count=1, lines=lines, name=period, period=self._period(period, moment),
                period_at=self._period, period_of=lambda name: self._period(name, moment))
            if bonus["type"] == "ALL_ACTIONS" and index is not None:
                earlier.append((tally, period, index, bonus, self._tier(bonus, before)))
        return earlier

    def _tier(self, bonus, reached):
        best = None
        for index, tier in enumerate(bonus["tiers"]):
            if bonus["basis"] == "REVENUE":
                threshold, value = tier["revenueThreshold"].minor(self.currency), reached["revenue"]
            else:
                threshold, value = tier["actionThreshold"], reached["count"]
            if threshold <= value and (best is None or threshold >= best[0]):
                best = (threshold, index)
        return best[1] if best else None

    def _adjust(self, line):
        total = Fraction(0)
        for index, adjustment in enumerate(self.terms["payoutAdjustments"] or []):
            if _all_match(self.world, adjustment["rules"], self.facts, line, self.t):
                sign = 1 if adjustment["direction"] == "INCREASE" else -1
                total += sign * Fraction(adjustment["rate"], 10000)
                line.rule += "+adjustment:%d" % index
        line.rule += line.bonus
        if line.flat is None:
            line.rate = max(Fraction(0), line.rate + total)
        else:
            line.percent = max(Fraction(0), 100 + total)

    def _amount(self, line):
        line.intended = line.payout = pay_line(line, line.amount, line.quantity, self._exchange)

    def _limit(self, prefix, limits, lines, shares):
        """What several limits leave is spread once, over what the lines would have (not specified)."""
        weights = [line.payout for line in lines]
        for index, limit in enumerate(limits):
            total = sum(line.payout for line in lines)
            value = limit["value"].value
            day = moments.local(self.facts["creationDate"], self.data["timeZone"])
            if limit["weekendOverrideValue"] is not None and day.weekday() >= 5:
                value = limit["weekendOverrideValue"].value
            tally = None
            if limit["limitBy"] != "ORDER":
                scope = self._scope(limit, prefix)
                if scope is None:
                    continue
                tally = self._tally(scope)
            left = self._left(limit, value, tally, total)
            if tally:
                self._share(shares, tally, "limit")["lines"] = lines
            if total > left:
                for line, payout in zip(lines, money.spread(left, weights)):
                    line.payout = payout
                    line.rule += "+limit:%d" % index
                self.detail = ("OVERLIMIT_BUDGET" if limit["type"] == "VALUE"
                               else "OVERLIMIT_ACTIONCAP")  # the last that clipped says so

    def _left(self, limit, value, tally, total):
        if limit["type"] == "ACTIONS":
            used = self._others(tally, "limit", limit["period"], "count") if tally else 0
            return total if used < value else 0
        cap = int(value * 10 ** money.CURRENCIES[self.currency])
        used = self._others(tally, "limit", limit["period"], "payout") if tally else 0
        return max(0, cap - used)


def pay_line(line, amount, quantity, exchange):
    """The payout of a line at its rate or flat payout, rounded once."""
    if line.flat is not None:
        return money.round_half_up(line.flat * quantity * line.percent / 100)
    return money.round_half_up(exchange(amount) * line.rate / 100)
