"""Messages of the contract family: every put, good and bad, again and again."""
from compare import Case
from generate import Maker

COVERS = ["contract"]
HOUR = 3600000
ZONES = ["UTC", "America/Los_Angeles", "Europe/Berlin", "+05:30", "-03:00", "Asia/Kolkata",
         "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "Asia/Beirut"]
CURRENCIES = {"USD": 12, "EUR": 3, "JPY": 3, "KWD": 3, "CLF": 1}
DECIMALS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4}


def cash(m, currency, top=100):
    """A money text that fits the currency."""
    whole = m.random.randrange(top)
    digits = m.random.randint(0, DECIMALS[currency])
    if m.chance(0.1):
        return whole
    return str(whole) if not digits else "%d.%0*d" % (whole, digits,
                                                      m.random.randrange(10 ** digits))


def rate(m):
    return m.pick("4", "5", "10", "2.5", "0", "7.25", "33.3333", "100", 3, "0.0001", "12.50")


SKUS = ["a", "b", "c", "D", "sku-1"]
CATEGORIES = ["shoes", "Hats", "x", "shoe"]
CODES = ["SAVE10", "save10", "Sun", "R12", "p3", "R7", "none", "AbC"]
LISTS = ["L1", "L2", "L3"]
STATUSES = ["NEW", "EXISTING", "VIP"]


def rule(m):
    variable = m.pick("CUSTOMER_STATUS", "CUSTOMER_COUNTRY", "ITEM_SKU", "ITEM_CATEGORY",
                      "ORDER_PROMO_CODE", "ORDER_PROMO_CODE_LIST")
    pool = {"CUSTOMER_STATUS": STATUSES + ["new"], "CUSTOMER_COUNTRY": ["US", "de", "FR"],
            "ITEM_SKU": SKUS, "ITEM_CATEGORY": CATEGORIES, "ORDER_PROMO_CODE": CODES,
            "ORDER_PROMO_CODE_LIST": LISTS}[variable]
    operator = m.pick("IS", "IS", "IS_NOT", "CONTAINS")
    if variable == "ORDER_PROMO_CODE_LIST" and operator == "CONTAINS" and m.chance(0.9):
        operator = "IS"
    return {"variable": variable, "operator": operator,
            "values": m.random.sample(pool, m.random.randint(1, 2))}


def rules(m, most=2):
    return [rule(m) for _ in range(m.random.randint(1, most))]


def limit(m, currency):
    found = {"type": m.pick("VALUE", "VALUE", "ACTIONS"), "value": "0"}
    found["value"] = str(m.pick(0, 1, 2, 3, 5)) if found["type"] == "ACTIONS" else \
        str(m.pick(1, 5, 10, 20, 50))
    if m.chance(0.7):
        found["limitBy"] = m.pick("ALL", "ORDER", "CUSTOMER", "CLICK")
    if m.chance(0.6):
        found["period"] = m.pick("DAY", "WEEK", "MONTH", "QUARTER", "CONTRACT")
    if m.chance(0.2):
        found["weekendOverrideValue"] = str(m.pick(1, 3, 100))
    return found


def bonus(m, currency):
    basis = m.pick("REVENUE", "ACTIONS")
    name = "revenueThreshold" if basis == "REVENUE" else "actionThreshold"
    steps = sorted(m.random.sample(range(0, 12), m.random.randint(1, 3)))
    return {"type": m.pick("SUBSEQUENT_ACTIONS", "ALL_ACTIONS"), "basis": basis,
            "period": m.pick("CALENDAR_MONTH", "CALENDAR_YEAR"),
            "tiers": [{name: str(100 * s) if basis == "REVENUE" else s, "payoutRate": rate(m)}
                      for s in steps]}


def schedule(m):
    found = {"period": m.pick("DAY", "MONTH")}
    if m.chance(0.5):
        found["dayOffset"] = m.pick(0, 1, 15, 27, 30, 60)
    if m.chance(0.3):
        found["monthOffset"] = m.pick(0, 1, 2)
    return found


def payout(m, tracker, currency, rich=0.5):
    found = {"actionTrackerId": tracker,
             "locking": {"openEnded": True} if m.chance(0.15) else schedule(m)}
    if m.chance(0.5):
        found["payoutLevel"] = m.pick("ORDER", "ITEM")
    if m.chance(0.3):
        found["defaultPayout"] = cash(m, currency, 20)
    else:
        found["defaultPayoutRate"] = rate(m)
    if m.chance(0.4):
        found["payoutScheduling"] = schedule(m)
    if m.chance(rich):
        found["payoutGroups"] = [group(m, currency) for _ in range(m.random.randint(1, 3))]
    if m.chance(rich * 0.4):
        found["payoutRestrictions"] = [{"rules": rules(m)} for _ in range(m.random.randint(1, 2))]
    if m.chance(rich * 0.5):
        found["payoutAdjustments"] = [adjustment(m) for _ in range(m.random.randint(1, 2))]
    if m.chance(rich * 0.3):
        found["limits"] = [limit(m, currency) for _ in range(m.random.randint(1, 2))]
    if m.chance(rich * 0.3):
        found["performanceBonus"] = bonus(m, currency)
    return found


def group(m, currency):
    found = {"rank": m.pick(1, 1, 2, 3, 1000)}
    if m.chance(0.9):
        found["rules"] = rules(m)
    if m.chance(0.4):
        found["payout"] = cash(m, currency, 20)
    else:
        found["payoutRate"] = rate(m)
    if m.chance(0.15):
        found["limits"] = [limit(m, currency)]
    if m.chance(0.15):
        found["tiers"] = bonus(m, currency)
    return found


def adjustment(m):
    found = {"direction": m.pick("INCREASE", "DECREASE"), "rate": rate(m)}
    if m.chance(0.7):
        found["rules"] = rules(m, 1)
    return found


def term(m, trackers, currency, rich=0.5):
    found = {"kind": m.weighted({"CAMPAIGN": 4, "TEMPLATE": 1, "SCHEDULED": 1}),
             "eventPayouts": [payout(m, t, currency, rich) for t in trackers]}
    if m.chance(0.3):
        found["termId"] = "T%d" % m.random.randrange(9)
    if found["kind"] == "SCHEDULED" or m.chance(0.15):
        start = m.now + m.random.randint(-60, 20) * 24 * HOUR
        found["startDate"] = m.show(start - start % 1000)
        end = start + m.pick(1, 3, 7, 30, 90) * 24 * HOUR
        found["endDate"] = m.show(end - end % 1000)
        if m.chance(0.3):
            found["repeat"] = m.pick("WEEKLY", "MONTHLY", "YEARLY", "NONE")
    return found


def contract(m, ident, partner, trackers=(70,), rich=0.5, **fixed):
    currency = m.weighted(CURRENCIES)
    start = m.now + m.pick(-400, -30, -1, 0, 3) * 24 * HOUR
    found = {"contractId": ident, "partnerId": partner, "campaignId": 7,
             "status": m.weighted({"ACTIVE": 20, "PENDING": 1, "DECLINED": 1}),
             "startDate": m.show(start), "currency": currency}
    found.update({k: v for k, v in fixed.items() if k == "currency"})
    currency = found["currency"]
    found["terms"] = [term(m, trackers if m.chance(0.9) else [99], currency, rich)
                      for _ in range(m.weighted({1: 6, 2: 2, 3: 1}))]
    if m.chance(0.15):
        found["endDate"] = m.show(start + m.pick(1, 30, 500) * 24 * HOUR)
    if m.chance(0.4):
        found["timeZone"] = m.random.choice(ZONES)
    if m.chance(0.2):
        found["validFrom"] = m.show(m.now + m.pick(-1, 0, 1, 5, 40) * 24 * HOUR)
    if m.chance(0.4):
        found["reverseChildActions"] = m.pick(True, True, False)
    if m.chance(0.25):
        found["creditPolicy"] = m.pick("LAST_REFERRER", "FIRST_REFERRER")
    if m.chance(0.25):
        found["returnPolicy"] = m.pick("ALWAYS_OK", "NO_RETURNS")
    if m.chance(0.25):
        found["maxReturnPercentage"] = m.pick("50", "0", "100", "33.3333", 20)
    if m.chance(0.25):
        found["requireReturnAcceptance"] = m.pick(True, False)
    found.update(fixed)
    return found


def event_type(m, tracker=70, **fixed):
    found = {"actionTrackerId": tracker, "campaignId": 7}
    if m.chance(0.3):
        found["name"] = "n"
    if m.chance(0.1):
        found["state"] = m.pick("ACTIVE", "INACTIVE")
    if m.chance(0.3):
        found["dedupWindow"] = m.pick("PT1H", "P1D", "P1M", "PT30M", "PT0S", "P1DT1H1M1S")
    if m.chance(0.15):
        found["customerStatuses"] = m.random.sample(STATUSES, m.random.randint(0, 3))
    if m.chance(0.7):
        found["dispositionCodes"] = [
            {"code": "bad", "state": "REVERSED", "actionChange": "REVERSE"},
            {"code": "good", "state": "APPROVED", "actionChange": "APPROVE"},
            {"code": "mod", "state": "PENDING", "actionChange": "MODIFY"}]
    if m.chance(0.1):
        found["parentActionTrackerId"] = m.pick(70, 71)
    if m.chance(0.1):
        found["requireParent"] = True
    found.update(fixed)
    return found


def promo_code(m):
    code = m.random.choice(CODES)
    found = {"campaignId": 7, "promoCodeId": "pc-" + code.lower(), "code": code,
             "partnerId": m.pick("P1", "P2", "P3")}
    if m.chance(0.2):
        found.update(promoCodeId="re", code=m.pick("R[0-9]+", "S(A|U)VE1.", "x{2,3}"), type="RE")
    if m.chance(0.2):
        found["state"] = m.pick("ACTIVE", "INACTIVE")
    if m.chance(0.2):
        found["startDate"] = m.show(m.now + m.pick(-5, 0, 5) * 24 * HOUR)
        found["endDate"] = m.show(m.now + m.pick(6, 10, 50) * 24 * HOUR)
    if m.chance(0.8):
        found["creditPolicy"] = m.pick("ALWAYS", "INVOLVED", "WINNER")
    return found


def exception_list(m):
    found = {"listId": m.random.choice(LISTS),
             "state": m.weighted({"ACTIVE": 4, "CLOSED": 1, "DEACTIVATED": 1}),
             "items": [{"value": m.random.choice(CODES)} for _ in range(m.random.randint(0, 3))]}
    if m.chance(0.3):
        found["items"].append({"value": m.pick("s.*", "R[0-9]+", "(a|s)[a-z]+c", "save1[01]"),
                               "regex": True})
    if m.chance(0.3):
        found["deactivationDate"] = m.show(m.now + m.pick(-1, 0, 1, 20) * 24 * HOUR)
    if m.chance(0.2):
        found["name"] = "l"
    return found


def unit(m):
    found = {"unit": m.pick("USD", "CASH/USD", "MILES", "CENTS", "a.b", "POINTS"),
             "exponent": m.pick(0, 0, 2, 2, 3)}
    for name in ("isRedeemable", "isCancellable", "isExpirable"):
        if m.chance(0.2):
            found[name] = m.pick(True, False)
    if m.chance(0.3):
        found["usTaxableValueFormula"] = m.pick("value*0.01", "0", "value*1", "12.5", "value/100", "value*", "-1", "value*01")
    return found


def program(m):
    found = {"programId": m.pick("default", "p1", "p/2")}
    if m.chance(0.6):
        found["enforceTaxCompliance"] = m.pick("NONE", "EXPLICIT_COUNTRY_CODE", "ALL", "CASH_ONLY",
                                               "IMPLIED_COUNTRY_CODE", "CASH_ONLY_DEFER_W9")
    if m.chance(0.4):
        found["taxThreshold"] = m.pick("600", 600, "0.5", "599.99")
    if m.chance(0.4):
        found["reversalWindowDays"] = m.pick(0, 1, 30, 3650)
    return found


def partner(m):
    return {"partnerId": m.pick("P1", "P2", "P3", "P|4"), "state": m.pick("ACTIVE", "ACTIVE",
                                                                         "INACTIVE")}


_WRONG = [5, "", "x" * 70, None, True, [], {}, "1.5", -1, 0, "a b", "2026-01-01T00:00:00Z", 1.5]


def spoil(m, data):
    """One member somewhere gets another value, goes, or comes."""
    places = []

    def walk(value):
        if isinstance(value, dict):
            places.extend((value, name) for name in value)
            for member in value.values():
                walk(member)
        elif isinstance(value, list):
            places.extend((value, index) for index in range(len(value)))
            for member in value:
                walk(member)
    walk(data)
    if not places:
        return
    where, name = m.random.choice(places)
    if isinstance(where, dict) and m.chance(0.3):
        del where[name]
    else:
        where[name] = m.random.choice(_WRONG)


def contradict(m, data):
    """A fault between fields of a contract."""
    first = data["terms"][0]
    pay = first["eventPayouts"][0]
    kind = m.random.randrange(10)
    if kind == 0:
        data["endDate"] = data["startDate"]
    elif kind == 1:
        pay["defaultPayout"], pay["defaultPayoutRate"] = "1", "1"
    elif kind == 2:
        first["eventPayouts"].append(dict(pay))
    elif kind == 3:
        data["currency"] = m.pick("XYZ", "AAA", "ZZZ")
    elif kind == 4:
        data["timeZone"] = m.pick("Mars/Olympus", "+25:00", "nowhere", "Europe/", "+1:00", "/UTC", "a b", "+01:0x")
    elif kind == 5:
        pay["locking"] = m.pick({}, {"openEnded": True, "period": "DAY"}, {"monthOffset": 1})
    elif kind == 6:
        pay.pop("defaultPayoutRate", None)
        pay["defaultPayout"] = "1.23456"[:2 + m.random.randint(1, 4)]
    elif kind == 7:
        first["startDate"] = first["endDate"] = "2026-01-01T00:00:00Z"
    elif kind == 8:
        pay["payoutGroups"] = [{"rank": 1, "rules": [
            {"variable": "ORDER_PROMO_CODE_LIST", "operator": "CONTAINS", "values": ["L1"]}],
            "payout": "1"}]
    else:
        pay["payoutGroups"] = [{"rank": 1}]


_PUTS = {"contract.put": 5, "event_type.put": 2, "promo_code.put": 2, "exception_list.put": 2,
         "unit.put": 1, "program.put": 1, "partner.put": 1}


def put(m, kind):
    if kind == "contract.put":
        data = contract(m, m.pick("C1", "C2", "C%3", "C/4"), m.pick("P1", "P2", "P3"),
                        m.pick((70,), (70, 71)))
        if m.chance(0.08):
            contradict(m, data)
        return data
    return {"event_type.put": event_type, "promo_code.put": promo_code,
            "exception_list.put": exception_list, "unit.put": unit, "program.put": program,
            "partner.put": partner}[kind](m)


def generate(seed, messages):
    m = Maker(seed)
    puts = []
    while len(m.lines) < messages:
        if m.chance(0.5):
            m.tick(m.pick(0, 1, 1000, HOUR, 24 * HOUR, 5 * 24 * HOUR))
        choice = m.random.random()
        if choice < 0.03:
            m.broken()
        elif choice < 0.06 and m.lines:
            m.again()
        elif choice < 0.2 and puts:
            kind, data = m.random.choice(puts[-20:])
            m.send(kind, data)
        else:
            kind = m.weighted(_PUTS)
            data = put(m, kind)
            if m.chance(0.05):
                data.update(batchId=m.pick("lines-001", "lines-002", "short"), line=m.pick(0, 1, 2, 3, 77))
            if m.chance(0.08):
                spoil(m, data)
            puts.append((kind, data))
            m.send(kind, data)
    return Case(m.bytes())
