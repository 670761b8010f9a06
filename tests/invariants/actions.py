#!/usr/bin/python3
"""What must hold of actions whatever is sent, over generated messages through `makegood exec`.

    actions.py --makegood BINARY [--messages N] [--seeds A..B]

Integers of Python count the money anew. After each outcome: the deltas of an action add up to its amount and
its payout, those of its items to theirs; the payout is what the rule that it names pays of the amount, by the
contract that it names; a make-good after the lock is the difference at the stored rates. Nothing follows
APPROVED but a settlement, no more than 1,000 modifications; an amount beyond its bounds is INVALID_AMOUNT, and
nothing is ever written that has more than 12 digits. Limits are not exceeded, a bonus pays nothing twice. Ids
are new, a repetition lists what came first, versions grow by one per change."""

import collections
import sys
import uuid

import running
from counting import given, half_up, minor, percent_of, ratio, spread
from generate_actions import BONUS, DECIMALS, LIMIT, Generator

CHANGES = ("tracked", "modified", "reversed", "restored", "approved", "locked", "settled")
NAMESPACE = uuid.UUID("374a4652-5ef6-532a-b0ef-a36e597b53be")
generator = None


class Action:
    def __init__(self, data):
        self.currency, self.payer = data["currency"], data["payoutCurrency"]
        self.amount = self.payout = 0
        self.items = {}                    # sku -> [amount, payout]
        self.rules, self.terms = None, None  # of the last rating
        self.left = None                   # Left, once it is locked
        self.updates, self.state, self.bonus, self.rated = 0, None, 0, 0


class Left:
    """What make-goods left of a locked action."""

    def __init__(self, payout, lines, quantities):
        self.payout, self.lines, self.quantities = payout, lines, quantities
        self.expected, self.unknown = 0, False


class Books:
    """Takes the output line by line; AssertionError at the first that cannot be."""

    def __init__(self):
        self.actions, self.contracts, self.versions = {}, {}, collections.Counter()
        self.ids, self.of_command, self.counts = set(), {}, collections.Counter()
        self.refused, self.made = set(), generator
        # the last command; what it paid under a bonus; what a make-good is owed for
        self.command, self.paid, self.owing = None, {}, Left(0, [], [])

    def take(self, line):
        if "topic" not in line:
            return
        if "dlq-reason" in line["headers"]:
            self.counts[line["headers"]["dlq-reason"]] += 1
            return
        event, verdict = line["event"], line["headers"].get("makegood-verdict")
        data, kind = event["data"], event["type"].removeprefix("makegood.").removesuffix(".v1")
        code = data["reason"]["code"] if verdict == "rejected" else None
        self.counts[code or kind] += 1
        if data.get("command") != self.command:
            self.check_bonuses()
            assert self.owing.expected == 0, f"no make-good of {self.owing.expected} before {data}"
        self.command = data.get("command")
        self.take_ids(event, data, verdict)
        self.take_version(data, verdict, kind)
        family, _, what = kind.partition(".")
        if kind == "contract.stored":
            self.contracts[data["contractId"], data["contractVersion"]] = data
        elif family == "action" and what in CHANGES:
            self.take_record(data, what)
        elif kind == "adjustment.required":
            self.take_adjustment(data)
        elif code:
            self.take_rejection(data, code)

    # Invariants 5 and 6

    def take_ids(self, event, data, verdict):
        assert event["id"] not in self.ids, f"id twice: {event}"
        self.ids.add(event["id"])
        command = data.get("command", {"id": None, "source": None})
        known = self.of_command.setdefault((command["id"], data["entity"]), [])
        if verdict == "duplicate":
            assert data["originalOutcomeIds"] == known, (data, known)
        elif event["id"] == str(uuid.uuid5(NAMESPACE, "{source}|{id}|".format(**command) + f"{data['entity']}|{len(known)}")):
            known.append(event["id"])
        else:  # a timer's, or of a message that the command brought about
            assert verdict is None, f"{event} has no id of its command"

    def take_version(self, data, verdict, kind):
        """+1 with what is applied, with a timer, with an adjustment; what is not shown may lie between."""
        before = self.versions[data["entity"]]
        assert data["version"] >= before + (verdict == "applied" or kind == "action.locked"), (before, data)
        self.versions[data["entity"]] = data["version"]

    # Invariant 1

    def take_record(self, data, what):
        action = self.actions.setdefault(data["actionId"], Action(data))
        pay, own = action.payer, action.currency
        assert data["updateId"] == action.updates + 1 and data["modifications"] <= 1000, data
        assert action.state != "APPROVED" or what == "settled", data
        amount, payout = minor(data["amount"], own), minor(data["payout"], pay)
        assert amount >= 0 and payout >= 0, data
        assert minor(data["deltaAmount"], own) == amount - action.amount, (data, action.amount)
        assert minor(data["deltaPayout"], pay) == payout - action.payout, (data, action.payout)
        self.take_items(action, data, amount, payout)
        if data["actionTrackerId"] == BONUS:
            self.paid[pay, data["creationDate"][:7]] = action
        action.amount, action.payout, action.updates, action.state = amount, payout, data["updateId"], data["state"]
        if what in ("tracked", "modified", "restored"):
            self.check_rate(action, data)
        elif what == "reversed":
            assert amount == payout == 0, data
        self.counts["payouts checked"] += 1

    def take_items(self, action, data, amount, payout):
        items = data.get("items", [])
        for item in items:
            before = action.items.setdefault(item["sku"], [0, 0])
            now = [minor(item["amount"], action.currency), minor(item.get("payout", "0" + "." * bool(
                DECIMALS[action.payer]) + "0" * DECIMALS[action.payer]), action.payer)]
            assert minor(item["deltaAmount"], action.currency) == now[0] - before[0], (item, before)
            if "payout" in item:
                assert minor(item["deltaPayout"], action.payer) == now[1] - before[1], (item, before)
            action.items[item["sku"]] = now
        if items:
            assert sum(value for value, _ in action.items.values()) == amount, data
        if items and "payout" in items[0]:
            assert sum(value for _, value in action.items.values()) == payout, data

    # The rule that an outcome names, and what it pays

    def terms_of(self, data):
        contract = self.contracts[data["terms"]["contractId"], data["terms"]["version"]]
        return next(payout for payout in contract["terms"][0]["eventPayouts"]
                    if payout["actionTrackerId"] == data["actionTrackerId"])

    def check_rate(self, action, data):
        terms, items, rule = self.terms_of(data), data.get("items", []), data["terms"]["rule"]
        action.terms, action.month = terms, data["creationDate"][:7]
        action.amounts = [minor(item["amount"], action.currency) for item in items] or [action.amount]
        action.rules, action.quantities, by_lines = [rule], [1], [action.amount]
        action.by_item = terms["payoutLevel"] == "ITEM" and len(items) > 0
        if action.by_item:
            action.rules = [item.get("rule", rule) for item in items]
            action.quantities, by_lines = [item["quantity"] for item in items], action.amounts
        action.rated = sum(self.pays(action, *line) for line in zip(action.rules, by_lines, action.quantities))
        shown = minor(data.get("intendedPayout", data["payout"]), action.payer)
        assert action.rated == shown >= action.payout, (action.rated, data)
        assert ("+limit:" in "".join(action.rules)) == ("intendedPayout" in data), data
        self.check_limit(action, data)

    def pays(self, action, rule, amount, quantity):
        parts = rule.split("+")
        base, terms = parts[0], action.terms
        rate, flat = terms.get("defaultPayoutRate"), terms.get("defaultPayout")
        if base.startswith("group:"):
            group = next(g for g in terms["payoutGroups"] if g["rank"] == int(base[6:]))
            rate, flat = group.get("payoutRate"), group.get("payout")
        tiers = [part for part in parts if part.startswith("bonus:")]
        if tiers:
            rate, flat = terms["performanceBonus"]["tiers"][int(tiers[0][6:])]["payoutRate"], None
        points = 0
        for part in parts:
            if part.startswith("adjustment:"):
                adjustment = terms["payoutAdjustments"][int(part[11:])]
                above, below = ratio(adjustment["rate"])
                points += above * 10000 // below * (1 if adjustment["direction"] == "INCREASE" else -1)
        above, below = ratio(rate if flat is None else 100)
        percent = max(0, above * 10000 // below + points)  # of 1,000,000
        if flat is not None:
            return half_up(given(flat, action.payer) * quantity * percent, 10 ** 6)
        return percent_of(action, amount, percent)

    # Limits and bonuses, over several actions

    def check_limit(self, action, data):
        if data["actionTrackerId"] == LIMIT:
            cap = given(self.terms_of(data)["limits"][0]["value"], action.payer)
            used = sum(a.payout for a in self.pool(action, LIMIT) if a.state == "PENDING" and a is not action)
            assert action.payout <= max(0, cap - used), (cap, used, data)
            self.counts["limits checked"] += 1

    def pool(self, action, tracker):
        """Actions that are counted together."""
        return [a for a in self.actions.values() if a.terms and a.payer == action.payer and
                a.terms["actionTrackerId"] == tracker]

    def check_bonuses(self):
        """After all that a command brought about."""
        for action in self.paid.values():
            self.check_month(action)
        self.paid = {}

    def check_month(self, action):
        """Payouts and bonuses of a month are no more than the best rate that any tier ever had pays for all that
        counts, and a unit for the rounding of each."""
        pool = [a for a in self.pool(action, BONUS) if a.month == action.month]
        tiers = [tier["payoutRate"] for contract in self.contracts.values() if contract["currency"] == action.payer
                 for payout in contract["terms"][0]["eventPayouts"] if payout["actionTrackerId"] == BONUS
                 for tier in payout["performanceBonus"]["tiers"]]
        best = max(above * 10000 // below for above, below in map(ratio, tiers))
        most = 0
        for a in pool:
            most += max(percent_of(a, a.amount, best), a.payout) + 1
        assert 0 <= sum(a.bonus for a in pool), [a.bonus for a in pool]
        assert sum(a.payout + a.bonus for a in pool) <= most, (action.payer, action.month, most)
        self.counts["bonuses checked"] += 1

    def take_adjustment(self, data):
        action = self.actions[data["actionId"]]
        value = minor(data["amount"], action.payer)
        assert value > 0 and data["currency"] == action.payer, data
        value *= 1 if data["direction"] == "PAY_PARTNER" else -1
        if data["transferType"] == "BONUS":
            action.bonus += value
            self.paid[action.payer, action.month] = action
        elif not action.left.unknown:
            assert value == action.left.expected, (action.left.expected, data)
            action.left.expected = 0
            self.counts["make-goods checked"] += 1

    # Rejections

    def take_rejection(self, data, code):
        name, command = data["command"]["id"], data["command"]["type"].split(".")[2]
        sent = self.made.commands.get(name, {})
        action = self.actions.get(sent.get("actionId"))
        if name in self.made.refused:
            self.refused.add(name)
            assert code in ("INVALID_AMOUNT", "ACTION_REF_NOT_FOUND", "CONV_DUPLICATE"), data
        elif code == "ACTION_LOCKED" and action and action.state == "APPROVED" and command != "restore":
            self.expect_make_good(action, command, sent)

    def expect_make_good(self, action, command, sent):
        """What the action would pay by its stored rates; the adjustment that follows says the difference."""
        if action.left is None:
            action.left = Left(action.payout, action.amounts, action.quantities)
        left = self.owing = action.left
        if left.unknown or command == "modify_items":
            left.unknown = True
            return
        lines, reversal = [0] * len(left.lines), command == "reverse"
        if not reversal:
            delta = ratio(sent.get("itemSubTotalDelta", "0"))[0] * 10 ** DECIMALS[action.currency]
            total = given(sent["amount"], action.currency) if "amount" in sent else sum(left.lines) + delta
            lines = spread(total, left.lines)
            reversal = total == 0 and sum(left.lines) > 0
        quantities = [0] * len(left.lines) if reversal and action.by_item else left.quantities
        by_lines = lines if action.by_item else [sum(lines)]
        whole = 0 if reversal else sum(self.pays(action, *line) for line in zip(action.rules, by_lines, quantities))
        if action.payout < action.rated:  # it locked at what a limit had left
            whole = min(whole, action.payout)
        if whole != left.payout:
            left.expected, left.payout, left.lines, left.quantities = whole - left.payout, whole, lines, quantities

    def close(self):
        self.check_bonuses()
        assert self.refused == self.made.refused, sorted(self.made.refused - self.refused)[:3]
        assert not [a for a in self.actions.values() if a.updates == 0]


def new_generator(seed, messages):
    global generator
    generator = Generator(seed, messages)
    return generator


if __name__ == "__main__":
    sys.exit(running.main(__doc__, new_generator, Books, 5000))
