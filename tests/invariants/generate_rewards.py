"""Generated events of the reward family: seeded, mostly sensible, now and then not."""

import datetime
import json
import random

START = 1767225600  # 2026-01-01
ACCOUNTS = ("A1", "A2", "A3", "A/4", "A5", "BIG", "BIG", "BIG", "BIG")  # BIG has lists in pages
UNITS = ("USD", "USD", "POINTS", "CENTS", "CASH/USD", "STARS")
HOLDS = ("UNHANDLED_ERROR", "SUSPECTED_FRAUD", "MISSING_PAYOUT_CONFIGURATION",
         "ERROR_SYNCING_FUEL_TANK_CODE", "CASH_HOLD")
TYPES = ("CREDIT",) * 12 + ("PCT_DISCOUNT", "FUELTANK", "INTEGRATION")
OPTIONS = ("NONE", "EXPLICIT_COUNTRY_CODE", "IMPLIED_COUNTRY_CODE", "ALL", "CASH_ONLY",
           "CASH_ONLY_DEFER_W9")
HOUR = 3600
DAY = 24 * HOUR


class Generator:
    """Lines for `makegood exec`: a few accounts, of which one is large, and ever new rewards."""

    def __init__(self, seed, messages):
        self.random = random.Random(seed)
        self.messages, self.count = messages, 0
        self.now, self.lines, self.rewards = START, [], [("A1", "none")]

    def lines_all(self):
        yield from self.set_up()
        while self.count < self.messages:
            yield self.line(*self.something())
            if self.random.random() < 0.02:
                yield self.repeat()

    def line(self, kind, data):
        self.count += 1
        self.now += self.random.choice((0, 0, 0, 1, 60, HOUR))
        event = {"specversion": "1.0", "id": f"g{self.count}", "source": "/gen",
                 "type": f"makegood.{kind}.v1", "time": self.at(self.now), "data": data}
        self.lines = self.lines[-300:] + [event]
        return json.dumps(event)

    def at(self, seconds):
        moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def repeat(self):
        event = dict(self.random.choice(self.lines), time=self.at(self.now))
        if self.random.random() < 0.3:
            event["data"] = dict(event["data"], somethingElse=self.count)
        return json.dumps(event)

    def set_up(self):
        yield self.line("unit.put", {"unit": "STARS", "exponent": 1, "usTaxableValueFormula": "value*0.5"})
        yield self.line("program.put", {"programId": "default", "enforceTaxCompliance": "ALL",
                                        "taxThreshold": "900.00", "reversalWindowDays": 3})
        for account in sorted(set(ACCOUNTS)):
            for user in ("U1", "U2"):
                yield self.line("user.put", {"accountId": account, "userId": user,
                                             "countryCode": self.random.choice(("US", "DE", None)),
                                             "email": f"{user}.{account}@example.org".replace("/", "")})
            yield self.line("token.put", {"token": f"T-{account}", "accountId": account, "userId": "U1"})

    def something(self):
        choices = ((self.create, 30), (self.credit, 8), (self.redeem, 10), (self.redeem_balance, 12),
                   (self.cancel, 7), (self.uncancel, 6), (self.release, 8), (self.points, 8),
                   (self.reverse, 3), (self.process, 3), (self.form, 2), (self.settings, 1))
        makers, weights = zip(*choices)
        return self.random.choices(makers, weights)[0]()

    # One of each

    def known(self):
        """An account and a reward of it, most often a late one."""
        late = self.rewards[-60:] if self.random.random() < 0.6 else self.rewards
        account, reward = self.random.choice(late)
        return {"accountId": account, "rewardId": reward if self.random.random() < 0.97 else "none"}

    def dates(self):
        chance, data = self.random.random(), {}
        if chance < 0.5:
            data["dateExpires"] = self.at(self.now + self.random.choice((60, HOUR, 2 * DAY, 9 * DAY, 400 * DAY)))
        if chance < 0.2:
            data["dateTriggered"] = self.at(self.now - self.random.choice((DAY, 729 * DAY, 800 * DAY)))
        return data

    def create(self):
        account = self.random.choice(ACCOUNTS)
        reward = f"r{self.count}" if self.random.random() < 0.97 else self.random.choice(self.rewards)[1]
        self.rewards.append((account, reward))
        data = dict({"accountId": account, "userId": self.random.choice(("U1", "U2", "U3")),
                     "rewardId": reward, "type": self.random.choice(TYPES),
                     "unit": self.random.choice(UNITS),
                     "value": self.random.choice((1, 5, 100, 999, 1000, 25000))}, **self.dates())
        chance = self.random.random()
        if chance < 0.2:
            data["pendingDuration"] = self.random.choice(("PT1M", "PT1H", "P2D", "P10D", "PT0S"))
        elif chance < 0.3:
            data["dateScheduledFor"] = self.at(self.now + self.random.choice((-60, 0, 60, HOUR, 9 * DAY)))
        if self.random.random() < 0.2:
            data["pendingReasons"] = self.random.sample(HOLDS, self.random.randint(1, 3))
        return "reward.create", data

    def credit(self):
        account = self.random.choice(ACCOUNTS)
        reward = f"p{self.count}"
        self.rewards.append((account, reward))
        who = self.random.choice(({"accountId": account, "userId": "U2"}, {"token": f"T-{account}"},
                                  {"email": f"U1.{account}@example.org".replace("/", "")}))
        return "points.credit", dict({"value": self.random.choice((1, 10, 50)), "rewardId": reward,
                                      "state": self.random.choice(("active", "wait"))}, **who, **self.dates())

    def amount(self):
        return self.random.choice(("0.01", "0.5", "1", "3.333", "9.99", "120.00", "2500", "0.001", "-1", 2))

    def redeem(self):
        data = self.known()
        if self.random.random() < 0.7:
            data["valueToRedeem"] = self.amount()
        return "reward.redeem", data

    def redeem_balance(self):
        return "balance.redeem", {"accountId": self.random.choice(ACCOUNTS), "unit": self.random.choice(UNITS),
                                  "valueToRedeem": self.amount()}

    def cancel(self):
        return "reward.cancel", dict(self.known(), cancelRemainder=self.random.random() < 0.5)

    def uncancel(self):
        return "reward.uncancel", self.known()

    def release(self):
        return "reward.release", dict(self.known(), pendingReasons=self.random.sample(HOLDS, 3))

    def points(self):
        return self.random.choice(("points.activate", "points.activate", "points.reject")), self.known()

    def reverse(self):
        return "conversion.reverse", self.known()

    def process(self):
        return "reward.process", self.known()

    def form(self):
        return (self.random.choice(("tax_form.collect", "tax_form.revoke")),
                {"accountId": self.random.choice(ACCOUNTS), "userId": self.random.choice(("U1", "U2"))})

    def settings(self):
        return "program.put", {"programId": "default", "enforceTaxCompliance": self.random.choice(OPTIONS),
                               "taxThreshold": self.random.choice(("10", "599.99", "2000", "90000")),
                               "reversalWindowDays": self.random.choice((0, 1, 30))}
