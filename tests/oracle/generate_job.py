"""Messages of the job family: batches whose lines are commands of rewards, files that fail, aborts."""
import moments
from compare import Case
from generate_reward import Rewards

COVERS = ["job"]
CODES = ["MALFORMED", "MISSING_FIELDS", "CONTRACT_NOT_FOUND", "RESTRICTED_PROMOCODE", "NO_ITEM",
         "ACTIONTERMS_NOT_FOUND", "CSV_PARSING"]


class Jobs(Rewards):
    """A batch has a plan: how many lines it will have; each line is sent once, or twice, or never."""

    def __init__(self, seed):
        super().__init__(seed, source="/import")
        self.jobs = {}
        self.next = 0
        self.batch = self.a_line

    def new_job(self):
        self.next += 1
        name = self.pick("import-%03d", "batch.%03d.x_y", "JOB-----%03d") % self.next
        self.jobs[name] = list(range(1, 1 + self.weighted([(0, 1), (1, 2), (3, 4), (8, 4), (130, 0.4)])))
        return name

    def any_job(self):
        if not self.jobs or self.maybe(0.08):
            return self.new_job()
        return self.rng.choice(sorted(self.jobs)[-3:] if self.maybe(0.8) else sorted(self.jobs))

    def a_line(self):
        name = self.any_job()
        lines = self.jobs[name]
        if lines and self.maybe(0.9):
            line = lines.pop(0 if self.maybe(0.7) else self.rng.randrange(len(lines)))
        else:
            line = self.rng.randrange(1, 12)
        data = {"batchId": name, "line": line}
        if self.maybe(0.03):
            del data[self.pick("batchId", "line")]
        return data

    def start(self):
        name = self.new_job() if self.maybe(0.6) else self.any_job()
        data = {"batchId": name, "type": self.pick("CONVERSION", "MODIFICATION", "REVERSAL", "APPROVAL",
                                                   "POINTS", "REDEMPTION")}
        for field, value in (("fileName", "a.csv"), ("mailTo", "ops@x.com"), ("locale", "de")):
            if self.maybe(0.6):
                data[field] = value
        return "import.start", data

    def finish(self):
        name = self.any_job()
        known = self.weighted([(8, 4), (3, 4), (1, 2), (0, 1), (self.rng.randrange(10), 3), (250, 0.3)])
        self.mark(self.now + moments.DAY)
        return "import.finish", {"batchId": name, "totalRecords": known}

    def bad_line(self):
        data = dict(self.a_line(), code=self.rng.choice(CODES))
        for field, value in (("detail", "why not"), ("orderId", "o-1"), ("sku", "s1"), ("category", "c")):
            if self.maybe(0.4):
                data[field] = value
        return "import.report_line", data

    def stop(self):
        return "import.abort", {"batchId": self.any_job()}

    def resend_many(self):
        count = self.weighted([(1, 3), (3, 3), (100, 0.5), (101, 1)])
        return "order.resend_many", {"batchId": self.any_job() if self.maybe(0.3) else self.new_job(),
                                     "orderIds": ["o%d" % self.rng.randrange(300) for _ in range(count)]
                                     if count < 100 else ["o%d" % i for i in range(count)]}

    def act(self):
        """A row about an action: there, to come within the hour, or never."""
        self.mark(self.now + moments.HOUR)
        number = self.rng.randrange(30)
        address = self.pick({"oid": "ord %d" % number, "actionTrackerId": 70}, {"actionId": "A%d" % number},
                            {"oid": "ord %d" % number})
        kind = self.weighted([("track", 4), ("reverse", 3), ("modify", 3), ("items", 1), ("approve", 1)])
        if kind == "track":
            data = {"actionId": "A%d" % number, "oid": "ord %d" % number, "actionTrackerId": self.pick(70, 70, 71),
                    "partnerId": "P1", "currency": "USD", "amount": "100.00"}
        elif kind == "modify":
            data = dict(address, reason=self.pick("ORDER_UPDATE", "NOPE"), amount=self.pick("90", "0", "1.234"))
        elif kind == "items":
            data = dict(address, reason="ORDER_UPDATE", items=[{"sku": "s", "quantity": 1, "category": "c"}])
            kind = "modify_items"
        else:
            data = dict(address, dispositionCode=self.pick("CONS_FRAUD", "OTHER"))
        return "action." + kind, data

    def terms(self):
        self.send("event_type.put", {"actionTrackerId": 70, "campaignId": 7})
        self.send("contract.put", {
            "contractId": "C1", "partnerId": "P1", "campaignId": 7, "status": "ACTIVE", "currency": "USD",
            "startDate": "2020-01-01T00:00:00Z", "terms": [{"kind": "CAMPAIGN", "eventPayouts": [{
                "actionTrackerId": 70, "defaultPayoutRate": 4, "locking": {"period": "DAY", "dayOffset": 9}}]}]})

    def message(self):
        kind = self.weighted([("command", 12), ("start", 3), ("finish", 5), ("bad_line", 6), ("stop", 0.7),
                              ("resend_many", 0.8), ("act", 6)])
        return super().message() if kind == "command" else getattr(self, kind)()

    def lined(self, data):
        return data if "batchId" in data or self.maybe(0.1) else super().lined(data)

    def row(self):
        kind, data = super().row()
        return kind, dict(data, **self.a_line())

    def one(self):
        if self.maybe(0.01):
            data = self.a_line()
            return self.send("reward.nothing", data)
        return super().one()


def generate(seed, messages):
    maker = Jobs(seed)
    maker.terms()
    while len(maker.lines) < messages:
        maker.one()
    return Case(maker.lines, moments.show(maker.now + maker.pick(1, 24, 30) * moments.HOUR)
                if maker.maybe(0.7) else None)
