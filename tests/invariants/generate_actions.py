"""Generated events of the action family for the invariants of money: currencies of 0, 2 and 3 decimals, items,
discounts, percent and flat payouts, tiers, limits, changes before and after the lock, amounts at the bounds."""

import datetime
import json
import random

START = 1767225600  # 2026-01-01
DAY = 86400
DECIMALS = {"JPY": 0, "EUR": 2, "USD": 2, "KWD": 3}
# Units of the contract's currency (second) per unit of the action's.
RATES = {("JPY", "EUR"): "0.0061", ("JPY", "USD"): "0.00655", ("JPY", "KWD"): "0.0020333333",
         ("EUR", "JPY"): "163.5", ("EUR", "USD"): "1.0833", ("EUR", "KWD"): "0.33333",
         ("USD", "JPY"): "151.25", ("USD", "EUR"): "0.923", ("USD", "KWD"): "0.30755",
         ("KWD", "JPY"): "491.7", ("KWD", "EUR"): "3.0017", ("KWD", "USD"): "3.2515"}
ORDER, ITEM, BONUS, LIMIT = 70, 71, 72, 73  # event types
SKUS = "abcdefgh"
REASONS = ("ORDER_UPDATE", "ITEM_RETURNED", "OTHER")


class Generator:
    """`commands`: what was sent under an id, `refused`: ids whose amount no rule may take."""

    def __init__(self, seed, messages):
        self.random = random.Random(seed)
        self.messages, self.count, self.now = messages, 0, START
        self.commands, self.refused, self.recent = {}, set(), []
        self.actions = []  # (id, currency, skus)

    def lines_all(self):
        for tracker in (ORDER, ITEM, BONUS, LIMIT):
            yield self.line("event_type.put", {"actionTrackerId": tracker, "campaignId": 7})
        for currency in DECIMALS:
            yield self.line("contract.put", self.contract(currency))
        while self.count < self.messages:
            yield self.line(*self.something())
            if self.random.random() < 0.02:
                yield self.repeat()

    def line(self, kind, data, refused=False):
        self.count += 1
        self.now += self.random.choice((0, 1, 60, 3600, 3600))
        name = f"g{self.count}"
        event = {"specversion": "1.0", "id": name, "source": "/gen", "type": f"makegood.{kind}.v1",
                 "time": self.at(), "data": data}
        self.commands[name] = data
        if refused:
            self.refused.add(name)
        self.recent = self.recent[-200:] + [event]
        return json.dumps(event)

    def at(self):
        return datetime.datetime.fromtimestamp(self.now, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def repeat(self):
        event = dict(self.random.choice(self.recent), time=self.at())
        if self.random.random() < 0.3:
            event["data"] = dict(event["data"], somethingElse=self.count)
        return json.dumps(event)

    def something(self):
        draw = self.random.random()
        if draw < 0.30 or not self.actions:
            return self.track()
        if draw < 0.31:
            return "contract.put", self.contract(self.random.choice(list(DECIMALS)))
        if draw < 0.62:
            return self.modify()
        if draw < 0.76:
            return self.modify_items()
        verb = self.random.choice(("reverse", "reverse", "restore", "restore", "approve", "settle"))
        return f"action.{verb}", dict(self.address(), **{
            "reverse": {"dispositionCode": self.random.choice(("CONS_FRAUD", "OTHER"))},
            "settle": {"stateDetail": "PAID"}}.get(verb, {}))

    # Contracts

    def rate(self, most=30):
        return self.random.choice((str(self.random.randint(0, most)), f"{self.random.randint(0, most)}.5",
                                   f"{self.random.randint(0, most)}.{self.random.randint(0, 9999):04d}"))

    def contract(self, currency):
        locking = {"period": "DAY", "dayOffset": 4}
        tiers = [{"revenueThreshold": self.money(currency, size), "payoutRate": self.rate()} for size in (2, 3, 4, 5, 6)]
        payouts = [
            {"actionTrackerId": ORDER, "defaultPayoutRate": self.rate(1000),
             "payoutAdjustments": [{"direction": "DECREASE", "rate": self.rate(5)}]},
            {"actionTrackerId": ITEM, "payoutLevel": "ITEM", "defaultPayoutRate": self.rate(),
             "payoutGroups": [{"rank": 1, "payout": self.money(currency, 1), "rules": [
                                  {"variable": "ITEM_SKU", "operator": "IS", "values": ["a", "b"]}]},
                              {"rank": 2, "payoutRate": self.rate(), "rules": [
                                  {"variable": "ITEM_SKU", "operator": "IS", "values": ["c", "d"]}]}]},
            {"actionTrackerId": BONUS, "defaultPayoutRate": self.rate(9), "performanceBonus": {
                "type": "ALL_ACTIONS", "basis": "REVENUE", "period": "CALENDAR_MONTH", "tiers": tiers}},
            {"actionTrackerId": LIMIT, "payoutLevel": self.random.choice(("ORDER", "ITEM")),
             "defaultPayoutRate": self.rate(), "limits": [
                 {"type": "VALUE", "value": self.money(currency, 3), "period": "CONTRACT"}]}]
        return {"contractId": f"C-{currency}", "partnerId": f"P-{currency}", "campaignId": 7, "status": "ACTIVE",
                "startDate": "2026-01-01T00:00:00Z", "currency": currency,
                "terms": [{"kind": "CAMPAIGN", "eventPayouts": [dict(p, locking=locking) for p in payouts]}]}

    # Actions

    def money(self, currency, digits=None):
        """An amount as a producer writes it."""
        digits = digits or self.random.choice((1, 1, 2, 2, 3, 3, 4, 6))
        whole = str(self.random.randint(0 if digits == 1 else 1, 10 ** digits - 1))
        places = self.random.randint(0, DECIMALS[currency])
        return whole + ("." + "".join(self.random.choice("0123456789") for _ in range(places)) if places else "")

    def too_much(self, currency):
        """No amount of the currency: the thirteenth digit, what int64 cannot hold, a decimal too many."""
        most = "9" * DECIMALS[currency]
        return self.random.choice(("1000000000000", "9223372036854775807", "9223372036854775808",
                                   "18446744073709551617", "92233720368547758.08", 2 ** 63 - 1, 10 ** 12,
                                   "-1", f"1.{most}9", 10.5))

    def track(self):
        currency, payer = self.random.choice(list(DECIMALS)), self.random.choice(list(DECIMALS))
        name, refused = f"A{self.count}", False
        data = {"actionId": name, "oid": f"O{self.count}", "partnerId": f"P-{payer}", "currency": currency,
                "actionTrackerId": self.random.choice((ORDER, ITEM, BONUS, BONUS, LIMIT))}
        skus = ()
        if currency != payer:
            data["fxRate"] = RATES[currency, payer]
        if self.random.random() < 0.5:
            skus = self.random.sample(SKUS, self.random.randint(1, 5))
            data["items"] = [self.item(sku, currency) for sku in skus]
        else:
            data["amount"] = self.money(currency)
        if self.random.random() < 0.2:
            data["orderDiscount"] = self.random.choice(("0.0"[:2 * DECIMALS[currency] + 1], "1"))
        draw = self.random.random()
        if draw < 0.04:
            refused = True
            (data["items"][0] if skus else data)["amount"] = self.too_much(currency)
        elif draw < 0.06:  # at the bound: the payout may be too much, the amount is not
            data["amount"] = "999999999999" + ("." + "9" * DECIMALS[currency] if DECIMALS[currency] else "")
            data.pop("items", None)
            skus = ()
        self.actions = self.actions[-60:] + [(name, currency, skus)]
        return "action.track", data, refused

    def item(self, sku, currency):
        made = {"sku": sku, "quantity": self.random.randint(1, 5), "amount": self.money(currency)}
        if self.random.random() < 0.2:
            made["itemTotalDiscount"] = "0"
        return made

    def address(self):
        return {"actionId": self.random.choice(self.actions[-30:])[0]}

    def modify(self):
        name, currency, _ = self.random.choice(self.actions[-30:])
        data = {"actionId": name, "reason": self.random.choice(REASONS)}
        draw = self.random.random()
        if draw < 0.05:
            return "action.modify", dict(data, amount=self.too_much(currency)), True
        if draw < 0.2:
            return "action.modify", dict(data, itemSubTotalDelta=self.random.choice(("1", "-1", "3", "-2")))
        return "action.modify", dict(data, amount="0" if draw < 0.25 else self.money(currency))

    def modify_items(self):
        name, currency, skus = self.random.choice(self.actions[-30:])
        chosen = self.random.sample(list(skus), self.random.randint(1, len(skus))) if skus else ["a"]
        items = []
        for sku in chosen:
            item = {"sku": sku, "quantity": self.random.choice((0, 1, 2, 3, 7))}
            if item["quantity"] and self.random.random() < 0.4:
                item["amount"] = self.money(currency)
            items.append(item)
        return "action.modify_items", {"actionId": name, "reason": self.random.choice(REASONS), "items": items}
