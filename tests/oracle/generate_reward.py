"""Messages of the reward family: accounts whose rewards wait, expire, are redeemed, cancelled, taxed."""
import moments
from compare import Case
from making import Maker
from reward_fields import HELD, REASONS, hash_of

COVERS = ["reward"]

UNITS = ["USD", "USD", "USD", "CENTS", "POINTS", "CASH/USD", "CASH/EUR", "GOLD", "STAY", "LOCKED"]
PUT_UNITS = {"CASH/EUR": 2, "GOLD": 3, "STAY": 0, "LOCKED": 1, "USD": 2}
FORMULAS = [None, None, "value*0.01", "value*0.0125", "0.5", "0", "120", "value*1"]
OPTIONS = ["NONE", "EXPLICIT_COUNTRY_CODE", "IMPLIED_COUNTRY_CODE", "ALL", "ALL", "CASH_ONLY",
           "CASH_ONLY_DEFER_W9"]
EMAILS = ["a@x.com", "B@x.com", "b@X.com ", "c@y.org"]


class Rewards(Maker):
    def __init__(self, seed, **rest):
        super().__init__(seed, **rest)
        self.accounts = ["a", "b%", "c/|"][:self.pick(1, 1, 2, 3)]
        self.users = ["u1", "u2", "u3"][:self.rng.randrange(1, 4)]
        self.rewards = []  # (account, reward id)
        self.created = []  # of reward.create
        self.number = 0
        self.waiting, self.held, self.gone = set(), [], []
        self.taxing = self.maybe(0.3)
        self.batch = None

    # -- pieces

    def value(self):
        if self.taxing and self.maybe(0.7):
            return self.pick(1, 9999, 10000, 15000, 20000, 30000, 59999, 60000)
        return self.weighted([(1, 1), (self.rng.randrange(1, 2000), 6), (59999, 1), (30000, 2),
                              (self.rng.randrange(1, 70000), 3), (10 ** 15, 0.15)])

    def future(self):
        at = self.now + self.weighted([(1, 1), (1000, 1), (moments.HOUR, 1),
                                       (self.rng.randrange(1, 40 * moments.DAY), 6), (0, 0.2),
                                       (-moments.DAY, 0.2)])
        at = max(0, at)
        self.mark(at)
        return self.date(at)

    def date(self, millis):
        kind = self.rng.random()
        if kind < 0.5:
            return moments.show(millis)
        if kind < 0.8:
            return millis
        return moments.show(millis + 2 * moments.HOUR)[:-1] + "+02:00"

    def triggered(self):
        """Mostly about two years ago, so that the age counts."""
        back = self.weighted([(0, 2), (2 * 365 * moments.DAY, 2), (731 * moments.DAY, 1),
                              (self.rng.randrange(700, 740) * moments.DAY, 3)])
        at = max(0, self.now - back)
        self.mark(at + 730 * moments.DAY)
        self.mark(at + 731 * moments.DAY)
        return self.date(at)

    def lined(self, data):
        if self.batch:
            data.update(self.batch())
        return data

    def reward(self):
        if not self.rewards or self.maybe(0.02):
            return {"accountId": self.rng.choice(self.accounts), "rewardId": "none"}
        rewards = self.created if self.created and self.maybe(0.75) else self.rewards
        recent = rewards[-6:] if self.maybe(0.8) else rewards
        account, reward = self.rng.choice(recent)
        return {"accountId": account, "rewardId": reward}

    def who(self):
        data = {}
        kind = self.rng.random()
        if kind < 0.3:
            data["accountId"] = self.rng.choice(self.accounts + ["nobody"] * self.maybe(0.1))
            data["userId"] = self.rng.choice(self.users)
            if self.maybe(0.05):
                del data["userId"]
        elif kind < 0.6:
            data["token"] = self.pick("t1", "t2", "t3", "t4")
        elif kind < 0.85:
            self.address(data)
        elif kind < 0.97:
            data["businessId"] = self.pick("b1", "b2/3")
        if self.maybe(0.15):
            self.address(data)
        return data

    def address(self, data):
        email = self.rng.choice(EMAILS)
        if self.maybe(0.7):
            data["email"] = email
        if self.maybe(0.4):
            data["emailHash"] = hash_of(email if self.maybe(0.9) else "z@z")

    def amount(self):
        return self.weighted([("%d.%d" % (self.rng.randrange(300), self.rng.randrange(1000)), 4),
                              (self.rng.randrange(1, 40), 3), ("10.556", 1), ("0.004", 1), ("0", 0.3),
                              (0, 0.2), ("-1", 0.2), ("1e3", 0.2), ("", 0.2), ("0.%d" % self.rng.randrange(
                                  1, 9999), 2), ("99999", 0.5), (1.5, 0.2), (None, 0.2)])

    # -- messages

    def put_user(self):
        data = {"accountId": self.rng.choice(self.accounts), "userId": self.rng.choice(self.users)}
        if self.maybe(0.6):
            data["countryCode"] = self.pick("US", "US", "DE")
        if self.maybe(0.6):
            data["locale"] = self.pick("en_US", "es-US", "en", "de_DE", "us_us")
        if self.maybe(0.6):
            self.address(data)
        if self.maybe(0.4):
            data["businessId"] = self.pick("b1", "b2/3")
        return "user.put", data

    def put_token(self):
        data = {"token": self.pick("t1", "t2", "t3"), "accountId": self.rng.choice(self.accounts),
                "userId": self.rng.choice(self.users)}
        if self.maybe(0.3):
            data["active"] = self.maybe(0.6)
        return "token.put", data

    def put_unit(self):
        name = self.rng.choice(sorted(PUT_UNITS))
        data = {"unit": name, "exponent": PUT_UNITS[name] if self.maybe(0.95) else 1}
        formula = self.rng.choice(FORMULAS)
        if formula:
            data["usTaxableValueFormula"] = formula
        if name == "STAY" or self.maybe(0.05):
            data["isExpirable"] = False
        if name == "LOCKED" or self.maybe(0.05):
            data[self.pick("isRedeemable", "isCancellable")] = False
        return "unit.put", data

    def put_program(self):
        data = {"programId": self.pick("default", "default", "P1"),
                "enforceTaxCompliance": self.rng.choice(OPTIONS[1:6] if self.taxing and self.maybe(0.8)
                                                        else OPTIONS)}
        if self.maybe(0.5):
            data["taxThreshold"] = self.pick("599.99", 100, "0.50", "599.995", "1200")
        if self.maybe(0.5):
            data["reversalWindowDays"] = self.pick(0, 1, 3, 30)
        return "program.put", data

    def create(self):
        account = self.rng.choice(self.accounts)
        if self.rewards and self.maybe(0.05):
            name = self.rng.choice(self.rewards)[1]
        else:
            self.number += 1
            name = self.pick("r%d", "z%d", "R/%d") % self.number
            self.rewards.append((account, name))
            self.created.append((account, name))
        data = {"accountId": account, "userId": self.rng.choice(self.users), "rewardId": name}
        kind = self.weighted([(None, 8), ("CREDIT", 1), ("PCT_DISCOUNT", 2), ("FUELTANK", 1),
                              ("INTEGRATION", 1)])
        if kind:
            data["type"] = kind
        if kind in (None, "CREDIT") and self.maybe(0.97) or self.maybe(0.5):
            data["unit"] = self.rng.choice(UNITS + ["NOPE"] * self.maybe(0.1))
        if kind in (None, "CREDIT") and self.maybe(0.97) or self.maybe(0.5):
            data["value"] = self.value()
        self.details(data)
        return "reward.create", data

    def details(self, data):
        if self.maybe(0.4):
            data["programId"] = self.pick("P1", "default", "P9")
        if self.maybe(0.2):
            data["rewardSource"] = self.pick("REFERRED", "AUTOMATED")
        if self.maybe(0.3):
            data["dateTriggered"] = self.triggered()
        if self.maybe(0.2):
            data["dateScheduledFor"] = self.future()
        if self.maybe(0.15 if "dateScheduledFor" not in data else 0.03):
            data["pendingDuration"] = self.pick("P14D", "PT0S", "P1M", "PT1H", "P1Y2M3DT4H5M6S", "P9000Y",
                                                "P1D", "P1W")
        if self.maybe(0.35):
            data["dateExpires"] = self.future()
        if self.maybe(0.15):
            data["pendingReasons"] = self.rng.sample(HELD, self.rng.randrange(1, 4))
            self.held.append({k: data[k] for k in ("accountId", "rewardId")})

    def credit(self):
        data = dict(self.who(), value=self.value())
        if self.maybe(0.4):
            data["unit"] = self.rng.choice(UNITS + ["NOPE"] * self.maybe(0.1))
        if self.maybe(0.5):
            data["state"] = self.pick("wait", "wait", "active")
        if self.maybe(0.6):
            self.number += 1
            data["rewardId"] = "p%d" % self.number if self.maybe(0.9) else "r1"
            if data.get("state") == "wait":
                self.waiting.add(data["rewardId"])
            for account in [data["accountId"]] if "accountId" in data else self.accounts[:2]:
                self.rewards.append((account, data["rewardId"]))
        if self.maybe(0.3):
            data["programId"] = self.pick("P1", "default")
        if self.maybe(0.2):
            data["dateTriggered"] = self.triggered()
        if self.maybe(0.25):
            data["dateExpires"] = self.future()
        if self.maybe(0.2):
            data["note"] = "n"
        return "points.credit", data

    def redeem(self):
        data = self.reward()
        if self.maybe(0.3):
            data["unit"] = self.rng.choice(UNITS)
        if self.maybe(0.5):
            data["valueToRedeem"] = self.amount()
        return "reward.redeem", self.fulfilled(data)

    def fulfilled(self, data):
        if self.maybe(0.2):
            data["fulfil"] = self.maybe(0.5)
        if self.maybe(0.2):
            data["note"] = "för you"
        return data

    def balance(self):
        data = dict(self.who(), unit=self.rng.choice(UNITS[:6] if self.maybe(0.8) else UNITS),
                    valueToRedeem=self.amount())
        return "balance.redeem", self.fulfilled(data)

    def row(self):
        data = {"batchId": "import-00%d" % self.rng.randrange(3), "line": self.rng.randrange(1, 30),
                "accountId": self.rng.choice(self.accounts), "unit": self.rng.choice(UNITS)}
        if self.maybe(0.9):
            data["valueToRedeem"] = self.amount()
        return "import.row", data

    def cancel(self):
        data = self.reward()
        self.gone.append(dict(data))
        if self.maybe(0.3):
            data["cancelReason"] = self.pick("UNKNOWN", "SUSPECTED_FRAUD", "PROGRAM_GRAPH_MODERATION")
        if self.maybe(0.4):
            data["cancelRemainder"] = self.maybe(0.8)
        return "reward.cancel", data

    def release(self):
        names = HELD if self.maybe(0.8) else REASONS
        data = self.rng.choice(self.held[-4:]) if self.held and self.maybe(0.7) else self.reward()
        return "reward.release", dict(data, pendingReasons=self.rng.sample(
            names, self.rng.randrange(1, 6)))

    def tax(self):
        return self.pick("tax_form.collect", "tax_form.collect", "tax_form.revoke"), {
            "accountId": self.rng.choice(self.accounts), "userId": self.rng.choice(self.users)}

    def simple(self):
        kind = self.weighted([("reward.uncancel", 5), ("reward.process", 2), ("points.activate", 3),
                              ("points.reject", 2), ("conversion.reverse", 3)])
        data = self.reward()
        waiting = [r for r in self.rewards if r[1] in self.waiting]
        if kind[:6] == "points" and waiting and self.maybe(0.7):
            data = dict(zip(("accountId", "rewardId"), self.rng.choice(waiting[-5:])))
        elif kind == "reward.uncancel" and self.gone and self.maybe(0.8):
            data = dict(self.rng.choice(self.gone[-4:]))
        if kind in ("points.reject", "conversion.reverse") and self.maybe(0.3):
            data["note"] = "why"
        return kind, data

    def message(self):
        kind = self.weighted([("put_user", 3), ("put_token", 2), ("put_unit", 0.7), ("put_program", 1.2),
                              ("create", 9), ("credit", 6), ("redeem", 5), ("balance", 6), ("row", 2),
                              ("cancel", 5), ("release", 3), ("tax", 2), ("simple", 9)])
        return getattr(self, kind)()

    def one(self):
        self.step(self.pick(2, 10, 200) * moments.DAY)
        chance = self.rng.random()
        if chance < 0.04:
            return self.again()
        kind, data = self.message()
        data = self.lined(data) if kind not in ("import.row",) else data
        if chance < 0.08 and kind not in ("unit.put", "program.put"):
            data = self.spoil(data)
        extra = {"correlationid": "c1"} if chance > 0.97 else None
        return self.send(kind, data, extra=extra)

    def crowd(self):
        """One account with a thousand users."""
        for index in range(998):
            self.send("user.put", {"accountId": "a", "userId": "x%d" % index})


def generate(seed, messages):
    maker = Rewards(seed)
    if seed % 50 == 9:  # more than an entity remembers
        maker.accounts = ["a"]
        messages = max(messages, 3500)
    if seed % 50 == 7:
        maker.crowd()
        maker.users = ["x1", "x2", "y1", "y2", "y3", "y4"]
    for name in ("put_unit",) * 6 + ("put_program",) * 2 + ("put_user",) * 4 + ("put_token",) * 4:
        maker.send(*getattr(maker, name)())
    while len(maker.lines) < max(messages, 1200 if seed % 50 == 7 else 0):
        maker.one()
    until = moments.show(min(moments.MAX, maker.now + maker.pick(1, 30, 400) * moments.DAY))
    return Case(maker.lines, until if maker.maybe(0.7) else None)
