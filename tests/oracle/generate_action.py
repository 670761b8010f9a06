"""Messages of the action family: contracts and event types first, then actions that live long."""
from compare import Case
from generate import Maker
import generate_contract as puts

COVERS = ["action"]
HOUR = puts.HOUR
DAY = 24 * HOUR
PARTNERS = ["P1"] * 6 + ["P2", "P2", "P3"]
REASONS = ["ORDER_UPDATE", "ITEM_RETURNED", "CONS_FRAUD", "OTHER", "TEST_ACTION", "PARTNER_NOT_ACTIVE"]
DISPOSITIONS = ["REJECTED", "ITEM_RETURNED", "CONS_FRAUD", "MP_RETURNED", "OTHER", "ORDER_ERROR"]


class World:
    """What the generator believes to exist; it need not be right."""


    def __init__(self, m):
        self.m = m
        self.actions = {}     # actionId -> dict(oid, currency, items)
        self.next = 0
        self.currency = "USD"

    def some(self):
        """An action that is probably there, mostly a recent one."""
        names = list(self.actions)
        if not names:
            return "A0", {"oid": "O0", "currency": "USD", "items": None, "tracker": 70}
        if self.m.chance(0.6):
            names = names[-8:]
        name = self.m.random.choice(names)
        return name, self.actions[name]


def prelude(m, w):
    w.currency = m.weighted(puts.CURRENCIES)
    rich = m.pick(0, 0, 0.3, 0.6, 1)
    for tracker in (70, 71):
        plain = {"state": "ACTIVE"}
        if m.chance(0.8):
            plain["requireParent"] = False
        if m.chance(0.97):
            m.send("event_type.put", puts.event_type(m, tracker, **({} if m.chance(0.1) else plain)))
    for number, partner in enumerate(("P1", "P2", "P3")):
        if m.chance(0.95 if number == 0 else 0.7):
            fixed = {"currency": w.currency} if m.chance(0.9) else {}
            if m.chance(0.15):
                fixed.update(requireReturnAcceptance=True, returnPolicy="ALWAYS_OK",
                             maxReturnPercentage="100")
            if m.chance(0.9):
                fixed.update(status="ACTIVE", startDate=m.show(m.now - 10 * DAY), endDate=None,
                             validFrom=None)
            m.send("contract.put", puts.contract(m, "C%d" % (number + 1), partner, (70, 71), rich,
                                                 **fixed))
    for _ in range(m.random.randint(0, 4)):
        m.send("promo_code.put", puts.promo_code(m))
    for _ in range(m.random.randint(0, 3)):
        m.send("exception_list.put", puts.exception_list(m))
    return rich


def items(m, currency):
    found = []
    for sku in m.random.sample(puts.SKUS, m.random.randint(1, 4)):
        item = {"sku": sku, "quantity": m.pick(1, 1, 2, 3, 7), "amount": puts.cash(m, currency, 60)}
        if m.chance(0.5):
            item["category"] = m.random.choice(puts.CATEGORIES)
        if m.chance(0.15):
            item["itemTotalDiscount"] = puts.cash(m, currency, 3)
        if m.chance(0.03):
            item["quantity"] = 0
        found.append(item)
    if m.chance(0.02):
        found.append(dict(found[0]))
    return found


def _oid(m):
    return m.weighted({"O%d": 30, "O/%d": 1, "\u00dc b|%d": 1, "O%%2F%d": 1, "\U0001f600%d": 1})


def track(m, w):
    if m.chance(0.07) and w.actions:
        name, known = w.some()
    else:
        w.next += 1
        name, known = m.weighted({"A%d": 30, "A/%d": 1, "A|%d": 1, "A%%%d": 1, "a%dA": 1}) % w.next, None
    oid = known["oid"] if known and m.chance(0.7) else _oid(m) % (
        w.next if m.chance(0.8) else m.random.randint(max(1, w.next - 3), w.next + 1))
    currency = w.currency if m.chance(0.9) else m.weighted(puts.CURRENCIES)
    data = {"actionId": name, "oid": oid, "actionTrackerId": m.pick(70, 70, 70, 71),
            "partnerId": m.random.choice(PARTNERS), "currency": currency}
    if m.chance(0.5):
        data["items"] = items(m, currency)
        if m.chance(0.05):
            data["amount"] = puts.cash(m, currency, 100)
    else:
        data["amount"] = m.pick("100", "50", 10, "0", puts.cash(m, currency, 500))
        if m.chance(0.01):
            data["amount"] = m.pick("999999999999", 999999999999, "99999999999", 1000000000000)
    _track_extras(m, w, data, currency)
    w.actions[name] = {"oid": oid, "currency": currency, "tracker": data["actionTrackerId"],
                       "items": [i["sku"] for i in data.get("items") or []]}
    if m.chance(0.01):
        del data["oid"]
    m.send("action.track", data, **_maybe(m, "correlationid", "corr-1", 0.05))


def _maybe(m, name, value, chance):
    return {name: value} if m.chance(chance) else {}


def _track_extras(m, w, data, currency):
    if m.chance(0.1):
        data["campaignId"] = m.pick(7, 7, 7, 8)
    if m.chance(0.2):
        data["eventDate"] = m.show(m.now - m.pick(0, 1, HOUR, 3 * DAY, 20 * DAY, 40 * DAY, 800 * DAY)
                                   + m.pick(0, 0, 0, 0, 0, 1))
    if m.chance(0.15):
        data["orderDiscount"] = puts.cash(m, currency, 6)
    if m.chance(0.05):
        data["orderTax"] = puts.cash(m, currency, 6)
    if m.chance(0.3):
        data["customerId"] = m.pick("cu1", "cu2", "cu/3")
    if m.chance(0.4):
        data["customerCountry"] = m.pick("US", "DE", "FR")
    if m.chance(0.3):
        data["customerStatus"] = m.weighted({"NEW": 5, "EXISTING": 5, "VIP": 1})
    if m.chance(0.2):
        data["clickId"] = m.pick("k1", "k2")
    if m.chance(0.2):
        data["promoCode"] = m.random.choice(puts.CODES)
    if m.chance(0.15):
        data["referrers"] = [m.pick("P1", "P2", "P3") for _ in range(m.random.randint(0, 3))]
    if m.chance(0.3) and w.actions:
        data["parentActionId"] = w.some()[0] if m.chance(0.9) else "nobody"
    if m.chance(0.15):
        data["fxRate"] = m.pick("1.1", "0.01", 2, "150.25", "0.0000000001", "0")
    if m.chance(0.1):
        data["batchId"], data["line"] = "batch-track", m.random.randint(1, 99)


def address(m, w):
    name, known = w.some()
    if m.chance(0.03):
        name, known = "A%d" % (w.next + m.random.randint(1, 2)), dict(
            known, oid="O%d" % (w.next + 1))
    choice = m.random.random()
    if choice < 0.55:
        data = {"actionId": name}
    elif choice < 0.93:
        data = {"oid": known["oid"], "actionTrackerId": known["tracker"]}
    elif choice < 0.97:
        data = {"actionId": name, "oid": known["oid"], "actionTrackerId": m.pick(70, 71)}
    else:
        data = m.pick({"oid": known["oid"]}, {"actionTrackerId": 70}, {},
                      {"actionId": name, "oid": "wrong"})
    data = dict(data)
    if m.chance(0.06):
        data["batchId"] = m.pick("batch-001", "batch-002")
        if m.chance(0.9):
            data["line"] = m.random.randint(1, 999)
    return data, known


def bad_amount(m):
    return m.pick("x", "-1", 1.5, "1.00000", "1.234", True, "", "01", -5, [], "1234567890123",
                  "999999999999.99")


def modify(m, w):
    data, known = address(m, w)
    data["reason"] = m.weighted({r: 3 for r in REASONS} | {"bad": 1, "good": 1, "mod": 1, "nope": 1})
    choice = m.random.random()
    if choice < 0.75:
        data["amount"] = m.pick("0", "0", "50", "100", "80", "60", 10, "0.01",
                                puts.cash(m, known["currency"], 300))
    elif choice < 0.95:
        sign = m.pick("", "-")
        value = str(puts.cash(m, known["currency"], 40))
        data["itemSubTotalDelta"] = value if float(value) == 0 else sign + value
    if m.chance(0.02):
        data["amount"] = bad_amount(m)
    if m.chance(0.02):
        data["itemSubTotalDelta"] = bad_amount(m)
    _modify_extras(m, data, known)
    if m.chance(0.1):
        data["customerStatus"] = m.random.choice(puts.STATUSES)
    if m.chance(0.02):
        data["items"] = [{"sku": "a", "quantity": 1}]
    m.send("action.modify", data)


def _modify_extras(m, data, known):
    if m.chance(0.1):
        data["currency"] = known["currency"] if m.chance(0.7) else m.pick("USD", "JPY", "XYZ")
    if m.chance(0.02):
        data[m.pick("partnerId", "promoCode", "fxRate", "customerId", "referrers")] = m.pick(
            "x", 5, [])
    if m.chance(0.01):
        del data["reason"]


def modify_items(m, w):
    data, known = address(m, w)
    data["reason"] = m.weighted({r: 3 for r in REASONS} | {"bad": 1, "good": 1, "mod": 1, "nope": 1})
    skus = known["items"] or ["a"]
    chosen = skus if m.chance(0.2) else m.random.sample(skus, m.random.randint(1, len(skus)))
    if m.chance(0.03):
        chosen = chosen + ["zz"]
    zero = m.chance(0.12)
    data["items"] = []
    for sku in chosen:
        item = {"sku": sku}
        if zero or m.chance(0.7):
            item["quantity"] = 0 if zero else m.pick(0, 1, 1, 2, 3, 5, 10)
        if not zero and ("quantity" not in item or m.chance(0.3)):
            item["amount"] = puts.cash(m, known["currency"], 60)
        if m.chance(0.01):
            item["amount"] = bad_amount(m)
        if m.chance(0.02):
            item.pop("quantity", None)
        data["items"].append(item)
    _modify_extras(m, data, known)
    m.send("action.modify_items", data)


def reverse(m, w):
    data, _ = address(m, w)
    data["dispositionCode"] = m.weighted({d: 3 for d in DISPOSITIONS} | {"bad": 2, "good": 1,
                                                                        "nope": 1})
    if m.chance(0.02):
        data["dispositionCode"] = m.pick(5, "", None)
    m.send("action.reverse", data)


def returned(m, w):
    """A return, and the partner's answer to it."""
    name, known = w.some()
    m.send("action.reverse", {"actionId": name, "dispositionCode": "ITEM_RETURNED"})
    if m.chance(0.3):
        m.tick(m.random.choice(STEPS))
    if m.chance(0.2):
        modify(m, w)
    m.send("action.answer_return", {"actionId": name, "accepted": m.pick(True, False)})


def approve(m, w):
    data, _ = address(m, w)
    if m.chance(0.4):
        data["dispositionCode"] = m.pick("good", "good", "bad", "OTHER", 5)
    m.send("action.approve", data)


def restore(m, w):
    m.send("action.restore", address(m, w)[0])


def answer_return(m, w):
    m.send("action.answer_return", dict(address(m, w)[0], accepted=m.pick(True, False)))


def settle(m, w):
    m.send("action.settle", dict(address(m, w)[0],
                                 stateDetail=m.pick("PAID", "OVERDUE", "DEFAULTED")))


def reput(m, w, rich):
    kind = m.weighted({"contract.put": 6, "event_type.put": 2, "promo_code.put": 2,
                       "exception_list.put": 2, "partner.put": 1})
    if kind == "contract.put":
        number = m.pick(1, 1, 2, 3)
        fixed = {"currency": w.currency} if m.chance(0.95) else {}
        if m.chance(0.75):
            fixed.update(status="ACTIVE", startDate=m.show(m.now - 10 * DAY), endDate=None)
        data = puts.contract(m, "C%d" % number, "P%d" % number if m.chance(0.95) else "P2", (70, 71),
                             rich, **fixed)
    elif kind == "event_type.put":
        data = puts.event_type(m, m.pick(70, 71), **({} if m.chance(0.2) else {
            "state": "ACTIVE", "requireParent": False}))
    elif kind == "partner.put":
        data = {"partnerId": m.pick("P1", "P2", "P3"),
                "state": m.weighted({"ACTIVE": 4, "INACTIVE": 1})}
    else:
        data = puts.promo_code(m) if kind == "promo_code.put" else puts.exception_list(m)
    m.send(kind, data)


def job(m, w):
    """Something of the batches that lines of this run report to."""
    kind = m.pick("start", "finish", "finish", "abort")
    data = {"batchId": m.pick("batch-001", "batch-002", "batch-track")}
    if kind == "start":
        data["type"] = m.pick("MODIFICATION", "REVERSAL", "APPROVAL", "CONVERSION")
        if m.chance(0.5):
            data["mailTo"] = "ops@x.com"
    elif kind == "finish":
        data["totalRecords"] = m.pick(0, 1, 2, 5, 10, 20, 40)
    m.send("import." + kind, data)


def remember(m, w):
    """One entity is given more inputs than it remembers; then come old and new ones again."""
    name, known = w.some()
    where = m.pick({"actionId": name}, {"oid": known["oid"], "actionTrackerId": known["tracker"]})
    first = len(m.lines)
    for _ in range(m.pick(2047, 2050)):
        m.send("action.approve", dict(where, dispositionCode="nope"))
    for index in (0, 1, 2, 3, 4, 5, 600, 2040):
        event = dict(m.lines[first + index], time=m.lines[-1]["time"])
        m.lines.append(event)


def flood(m, w):
    """The same kind of command often, near a limit."""
    kind = m.weighted({"modify": 5, "wait": 1, "wait-oid": 1, "remember": 1})
    if kind == "remember":
        return remember(m, w)
    if kind == "modify":
        if m.chance(0.7):
            m.send("partner.put", {"partnerId": "P1", "state": "ACTIVE"})
            w.next += 1
            m.send("action.track", {"actionId": "A%d" % w.next, "oid": "O%d" % w.next,
                                    "actionTrackerId": 70, "partnerId": "P1",
                                    "currency": w.currency, "amount": "100"})
            w.actions["A%d" % w.next] = {"oid": "O%d" % w.next, "currency": w.currency,
                                         "items": None, "tracker": 70}
        name, known = list(w.actions.items())[-1] if w.actions else w.some()
        for count in range(m.pick(990, 1002)):
            m.send("action.modify", {"actionId": name, "reason": "OTHER",
                                     "amount": str(10 + count % 7)})
        m.send("action.modify", {"actionId": name, "reason": "OTHER", "amount": "0"})
        m.send("action.restore", {"actionId": name})
        return
    w.next += 1
    name = "A%d" % w.next
    for count in range(m.pick(99, 101, 103)):
        where = {"actionId": name} if kind == "wait" else {"oid": "Of" + name,
                                                           "actionTrackerId": 70}
        m.send("action.modify", dict(where, reason="OTHER", amount=str(10 + count % 7)))
        if m.chance(0.02):
            m.tick(m.pick(1, 1000, HOUR // 2))
    m.tick(m.pick(0, 1, HOUR - 1, HOUR, HOUR + 1))
    m.send("action.track", {"actionId": name, "oid": "Of" + name, "actionTrackerId": 70,
                            "partnerId": "P1", "currency": w.currency, "amount": "100"})
    w.actions[name] = {"oid": "Of" + name, "currency": w.currency, "items": None, "tracker": 70}


STEPS = [0, 0, 0, 1, 1000, 60000, HOUR - 1, HOUR, HOUR + 1, DAY, DAY, 3 * DAY, 10 * DAY, 31 * DAY]
_KINDS = {"track": 24, "modify": 26, "modify_items": 14, "reverse": 9, "approve": 4, "restore": 7,
          "answer_return": 2, "settle": 4, "returned": 2}
_MAKERS = {"track": track, "modify": modify, "modify_items": modify_items, "reverse": reverse,
           "approve": approve, "restore": restore, "answer_return": answer_return,
           "settle": settle, "returned": returned}


def generate(seed, messages):
    m = Maker(seed, "2026-%02d-%02dT00:00:00Z" % (seed % 12 + 1, seed % 28 + 1))
    w = World(m)
    rich = prelude(m, w)
    slow = m.chance(0.7)
    while len(m.lines) < messages:
        if m.chance(0.15 if slow else 0.5):
            m.tick(m.random.choice(STEPS))
        choice = m.random.random()
        if choice < 0.01:
            m.broken()
        elif choice < 0.04:
            m.again()
        elif choice < 0.075:
            reput(m, w, rich)
        elif choice > 0.99:
            job(m, w)
        elif choice < 0.0753 and messages >= 300:
            flood(m, w)
        else:
            _MAKERS[m.weighted(_KINDS)](m, w)
            if m.chance(0.01):
                event = m.lines[-1]
                puts.spoil(m, event["data"])
    topic = None
    if m.chance(0.03):
        topic = m.pick("action", "contract", "job", "reward")
    if m.chance(0.03):
        for event in m.random.sample(m.lines, 5):
            if isinstance(event, dict):
                event.pop("time", None)
    if m.chance(0.02):
        m.lines.append({"specversion": "1.0", "id": "back", "source": "/s", "data": {},
                        "type": "makegood.action.approve.v1", "time": "1999-01-01T00:00:00Z"})
        m.send("action.approve", {"actionId": "A1"})
    return Case(m.bytes(), topic=topic, until=m.show(m.now + m.pick(0, DAY, 40 * DAY, 800 * DAY))
                if m.chance(0.5) else None)
