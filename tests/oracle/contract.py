"""Contract family (messages.md 5): what is put, its checks, versions, and what others look up here."""
import re
from fractions import Fraction

import moments
import money
from engine import Family, Type, escape
from fields import (array, amount, cur, enum, flag, ident, integer, need, obj,
                    opt, rate, text, time, unit)
from fields import _is_text
from fields import _scalar as scalar

TRACKER = integer(1, 2147483647)
MAX_VERSIONS = 100
MAX_REGEX_CODES = 200

# What the family may say: a run in which one of these never occurred is named by compare.py.
OUTCOMES = ["contract.stored", "event_type.stored", "promo_code.stored", "exception_list.stored",
            "unit.stored", "program.stored", "partner.stored", "command.unchanged"]
CODES = ["INVALID_FIELD"]


class Shown:
    """A value and the text it was sent as."""
    __slots__ = ("value", "sent")

    def __init__(self, value, sent):
        self.value, self.sent = value, sent

    def __eq__(self, other):
        return isinstance(other, Shown) and self.sent == other.sent

    def __hash__(self):
        return hash(self.sent)


def _shown_dec(value):
    found = money.read_dec(value)
    return None if found is None else Shown(found, str(value))


_dec = scalar(_shown_dec)


def _shown_duration(value):
    found = moments.read_duration(value)
    return None if found is None else Shown(found, value)


_ZONE = re.compile(r"([+-][0-9]{2}:[0-9]{2}|[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*)*)\Z")
_FORMULA = re.compile(r"(value\*)?((0|[1-9][0-9]{0,14})(\.[0-9]{1,10})?)\Z")


def _formula(value):
    if not isinstance(value, str) or not _is_text(value, 64):
        return None
    match = _FORMULA.match(value)
    return Shown((bool(match.group(1)), Fraction(match.group(2))), value) if match else None


def _zone(value):
    """How a zone is written; whether there is such a zone the rules ask."""
    return value if isinstance(value, str) and len(value) <= 64 and _ZONE.match(value) else None


# -- field tables

RULE = {"variable": need(enum("CUSTOMER_STATUS CUSTOMER_COUNTRY ITEM_SKU ITEM_CATEGORY "
                              "ORDER_PROMO_CODE ORDER_PROMO_CODE_LIST")),
        "operator": need(enum("IS IS_NOT CONTAINS")),
        # The bound of one value is not specified; the program's is larger than 64.
        "values": need(array(text(128), 1, 500))}
RULES = array(obj(RULE), 0, 20)
TIER = {"revenueThreshold": opt(amount), "actionThreshold": opt(integer(0, 1000000000)),
        "payoutRate": need(rate)}
BONUS = {"type": need(enum("SUBSEQUENT_ACTIONS ALL_ACTIONS")), "basis": need(enum("REVENUE ACTIONS")),
         "period": need(enum("CALENDAR_MONTH CALENDAR_YEAR")),
         "tiers": need(array(obj(TIER), 1, 20))}
LIMIT = {"type": need(enum("VALUE ACTIONS")), "value": need(_dec),
         "limitBy": opt(enum("ALL ORDER CUSTOMER CLICK"), "ALL"),
         "period": opt(enum("CONTRACT DAY WEEK MONTH QUARTER"), "CONTRACT"),
         "weekendOverrideValue": opt(_dec)}
LIMITS = array(obj(LIMIT), 0, 10)
GROUP = {"rank": need(integer(1, 1000)), "rules": opt(RULES), "payout": opt(amount),
         "payoutRate": opt(rate), "limits": opt(LIMITS), "tiers": opt(obj(BONUS))}
SCHEDULE = {"period": opt(enum("DAY MONTH")), "monthOffset": opt(integer(0, 24), 0),
            "dayOffset": opt(integer(0, 366), 0), "openEnded": opt(flag)}
PAYOUT = {"actionTrackerId": need(TRACKER), "payoutLevel": opt(enum("ORDER ITEM"), "ORDER"),
          "defaultPayout": opt(amount), "defaultPayoutRate": opt(rate),
          "payoutGroups": opt(array(obj(GROUP), 0, 50)),
          "payoutRestrictions": opt(array(obj({"rules": need(array(obj(RULE), 1, 20))}), 0, 50)),
          "payoutAdjustments": opt(array(obj({"rules": opt(RULES),
                                              "direction": need(enum("INCREASE DECREASE")),
                                              "rate": need(rate)}), 0, 20)),
          "performanceBonus": opt(obj(BONUS)), "limits": opt(LIMITS),
          "locking": need(obj(SCHEDULE)), "payoutScheduling": opt(obj(SCHEDULE))}
TERM = {"kind": need(enum("SCHEDULED CAMPAIGN TEMPLATE")), "termId": opt(ident),
        "startDate": opt(time), "endDate": opt(time),
        "repeat": opt(enum("NONE WEEKLY MONTHLY YEARLY"), "NONE"),
        "eventPayouts": need(array(obj(PAYOUT), 1, 20))}
CONTRACT = {"contractId": need(ident), "partnerId": need(ident), "campaignId": need(TRACKER),
            "status": need(enum("ACTIVE PENDING DECLINED")), "startDate": need(time),
            "endDate": opt(time), "currency": need(cur), "timeZone": opt(scalar(_zone), "UTC"),
            "validFrom": opt(time), "terms": need(array(obj(TERM), 1, 20)),
            "reverseChildActions": opt(flag, False),
            "creditPolicy": opt(enum("LAST_REFERRER FIRST_REFERRER")),
            "returnPolicy": opt(enum("ALWAYS_OK NO_RETURNS"), "ALWAYS_OK"),
            "maxReturnPercentage": opt(rate, 1000000),
            "requireReturnAcceptance": opt(flag, False)}
EVENT_TYPE = {"actionTrackerId": need(TRACKER), "campaignId": need(TRACKER), "name": opt(text(128)),
              "state": opt(enum("ACTIVE INACTIVE"), "ACTIVE"),
              "dedupWindow": opt(scalar(_shown_duration)),
              "customerStatuses": opt(array(text(40), 0, 20), ["NEW", "EXISTING"]),
              "dispositionCodes": opt(array(obj({
                  "code": need(text(64)), "state": need(enum("PENDING APPROVED REVERSED")),
                  "actionChange": need(enum("MODIFY APPROVE REVERSE"))}), 0, 200)),
              "parentActionTrackerId": opt(TRACKER), "requireParent": opt(flag, False)}
PROMO = {"campaignId": need(TRACKER), "promoCodeId": need(ident), "code": need(text(64)),
         "type": opt(enum("LI RE"), "LI"), "partnerId": need(ident),
         "state": opt(enum("ACTIVE INACTIVE"), "ACTIVE"), "startDate": opt(time),
         "endDate": opt(time), "creditPolicy": opt(enum("ALWAYS INVOLVED WINNER"), "INVOLVED")}
LIST = {"listId": need(ident), "name": opt(text(128)),
        "state": need(enum("ACTIVE CLOSED DEACTIVATED")), "deactivationDate": opt(time),
        "items": need(array(obj({"value": need(text(64)), "regex": opt(flag, False)}), 0, 2000))}
UNIT = {"unit": need(unit), "exponent": need(integer(0, 6)), "isRedeemable": opt(flag, True),
        "isCancellable": opt(flag, True), "isExpirable": opt(flag, True),
        "usTaxableValueFormula": opt(scalar(_formula))}
PROGRAM = {"programId": need(ident),
           "enforceTaxCompliance": opt(enum("NONE EXPLICIT_COUNTRY_CODE IMPLIED_COUNTRY_CODE ALL "
                                            "CASH_ONLY CASH_ONLY_DEFER_W9"), "NONE"),
           "taxThreshold": opt(amount), "reversalWindowDays": opt(integer(0, 3650), 30)}
PARTNER = {"partnerId": need(ident), "state": need(enum("ACTIVE INACTIVE"))}

BUILT_IN = {"USD": 2, "CASH/USD": 2, "CENTS": 0, "POINTS": 0}
_TAXED = ("USD", "CASH/USD", "CENTS")


# -- contract.put

class Faulty(Exception):
    pass


def _ensure(condition, what):
    if not condition:
        raise Faulty(what)


def _money_fits(value, currency):
    return value is None or value.minor(currency) is not None


def _check_rules(rules):
    for rule in rules or []:
        _ensure(not (rule["variable"] == "ORDER_PROMO_CODE_LIST" and rule["operator"] == "CONTAINS"),
                "CONTAINS on a list")


def _check_bonus(bonus, currency):
    for tier in bonus["tiers"]:
        revenue, actions = tier["revenueThreshold"], tier["actionThreshold"]
        wanted, other = (revenue, actions) if bonus["basis"] == "REVENUE" else (actions, revenue)
        _ensure(wanted is not None and other is None, "threshold of the basis")
        _ensure(_money_fits(revenue, currency), "decimals")


def _check_limits(limits, currency):
    for limit in limits or []:
        for value in (limit["value"], limit["weekendOverrideValue"]):
            if value is None:
                continue
            scale = 10 ** money.CURRENCIES[currency] if limit["type"] == "VALUE" else 1
            _ensure((value.value * scale).denominator == 1, "limit in minor units")


def _check_schedule(schedule, may_open):
    if schedule["openEnded"]:
        _ensure(may_open and schedule["period"] is None, "openEnded excludes period")
    else:
        _ensure(schedule["period"] is not None, "period")


def _check_payout(payout, currency):
    _ensure((payout["defaultPayout"] is None) != (payout["defaultPayoutRate"] is None), "one of")
    _ensure(_money_fits(payout["defaultPayout"], currency), "decimals")
    for group in payout["payoutGroups"] or []:
        _check_rules(group["rules"])
        _ensure((group["payout"] is None) != (group["payoutRate"] is None), "one of")
        _ensure(_money_fits(group["payout"], currency), "decimals")
        _check_limits(group["limits"], currency)
        if group["tiers"]:
            _check_bonus(group["tiers"], currency)
    for restriction in payout["payoutRestrictions"] or []:
        _check_rules(restriction["rules"])
    for adjustment in payout["payoutAdjustments"] or []:
        _check_rules(adjustment["rules"])
    if payout["performanceBonus"]:
        _check_bonus(payout["performanceBonus"], currency)
    _check_limits(payout["limits"], currency)
    _check_schedule(payout["locking"], True)
    if payout["payoutScheduling"]:
        _check_schedule(payout["payoutScheduling"], False)


def _after(start, end):
    return start is None or end is None or end > start


def _check_contract(data):
    _ensure(data["currency"] in money.CURRENCIES, "currency")
    _ensure(moments.zone(data["timeZone"]) is not None, "zone")
    _ensure(_after(data["startDate"], data["endDate"]), "end")
    for term in data["terms"]:
        _ensure(_after(term["startDate"], term["endDate"]), "end")
        both = term["startDate"] is not None and term["endDate"] is not None
        _ensure(both or term["kind"] != "SCHEDULED", "dates")
        # The specification names dates for SCHEDULED alone; a period is counted "from the first
        # start", and an end is needed to end one: see README, ambiguous.
        _ensure(both or term["repeat"] == "NONE", "dates")
        trackers = [payout["actionTrackerId"] for payout in term["eventPayouts"]]
        _ensure(len(set(trackers)) == len(trackers), "tracker twice")
        for payout in term["eventPayouts"]:
            _check_payout(payout, data["currency"])


def freeze(value):
    """A comparable form of decoded data."""
    if isinstance(value, dict):
        return tuple((k, freeze(v)) for k, v in sorted(value.items()))
    if isinstance(value, list):
        return tuple(freeze(v) for v in value)
    if isinstance(value, money.Money):
        return ("money", value.scaled)
    return value


def put_contract(d):
    data, state = d.data, d.state
    try:
        _check_contract(data)
    except Faulty:
        return d.reject("INVALID_FIELD")
    frozen = freeze(data)
    versions = state.setdefault("versions", [])
    if versions and versions[-1]["frozen"] == frozen:
        return d.unchanged()
    valid = max(d.now, data["validFrom"] if data["validFrom"] is not None else d.now)
    kept = [v for v in versions if v["validFrom"] < valid]
    if len(kept) >= MAX_VERSIONS:
        return d.reject("INVALID_FIELD")
    number = state["number"] = state.get("number", 0) + 1
    kept.append({"number": number, "validFrom": valid, "data": data, "frozen": frozen})
    state["versions"] = kept
    state["id"] = data["contractId"]
    shown = show_contract(data)
    shown.update(contractVersion=number, validFrom=moments.show(valid),
                 shownStatus=shown_status(data, d.now))
    d.applied("contract.stored", shown)
    key = (data["partnerId"], data["campaignId"])
    if key not in state.setdefault("told", set()):
        state["told"].add(key)
        d.send("partner:" + escape(data["partnerId"]), "contract", "contract.listed",
               {"contractId": data["contractId"]})


def listed(d):
    """A worker's own message: the partner knows a contract more. Its verdict counts as applied."""
    d.state.setdefault("contracts", {})[d.data["contractId"]] = True
    d.silent(version=True)


def shown_status(data, t):
    """The status of the data at t: what is over is EXPIRED, what is to come UPCOMING."""
    if data["status"] == "ACTIVE":
        if t < data["startDate"]:
            return "UPCOMING"
        if data["endDate"] is not None and t >= data["endDate"]:
            return "EXPIRED"
    return data["status"]


# -- what is printed

def _present(pairs):
    return {name: value for name, value in pairs.items() if value is not None}


def _time(value):
    return None if value is None else moments.show(value)


def _rate(value):
    return None if value is None else money.show_rate(value)


def _cash(value, currency):
    return None if value is None else money.show_money(value.minor(currency), currency)


def _sent(value):
    return None if value is None else value.sent


def _show_bonus(bonus, currency):
    tiers = [_present({"revenueThreshold": _cash(t["revenueThreshold"], currency),
                       "actionThreshold": t["actionThreshold"],
                       "payoutRate": _rate(t["payoutRate"])}) for t in bonus["tiers"]]
    return dict(bonus, tiers=tiers)


def _show_limits(limits):
    return limits and [_present(dict(limit, value=_sent(limit["value"]),
                                     weekendOverrideValue=_sent(limit["weekendOverrideValue"])))
                       for limit in limits]


def _show_group(group, currency):
    return _present({"rank": group["rank"], "rules": group["rules"],
                     "payout": _cash(group["payout"], currency),
                     "payoutRate": _rate(group["payoutRate"]),
                     "limits": _show_limits(group["limits"]),
                     "tiers": group["tiers"] and _show_bonus(group["tiers"], currency)})


def _show_payout(payout, currency):
    shown = dict(payout)
    shown["defaultPayout"] = _cash(payout["defaultPayout"], currency)
    shown["defaultPayoutRate"] = _rate(payout["defaultPayoutRate"])
    if payout["payoutGroups"] is not None:
        shown["payoutGroups"] = [_show_group(g, currency) for g in payout["payoutGroups"]]
    if payout["payoutAdjustments"] is not None:
        shown["payoutAdjustments"] = [_present(dict(a, rate=_rate(a["rate"])))
                                      for a in payout["payoutAdjustments"]]
    if payout["performanceBonus"]:
        shown["performanceBonus"] = _show_bonus(payout["performanceBonus"], currency)
    shown["limits"] = _show_limits(payout["limits"])
    shown["locking"] = _present(payout["locking"])
    shown["payoutScheduling"] = payout["payoutScheduling"] and _present(payout["payoutScheduling"])
    return _present(shown)


def show_contract(data):
    terms = [_present(dict(term, startDate=_time(term["startDate"]), endDate=_time(term["endDate"]),
                           eventPayouts=[_show_payout(p, data["currency"])
                                         for p in term["eventPayouts"]]))
             for term in data["terms"]]
    return _present(dict(data, startDate=_time(data["startDate"]), endDate=_time(data["endDate"]),
                         validFrom=None, terms=terms,
                         maxReturnPercentage=_rate(data["maxReturnPercentage"])))


# -- the other puts

def _store(d, kind, shown, check=lambda: True):
    """Rejected, unchanged or applied: an entity that is one record."""
    if not check():
        return d.reject("INVALID_FIELD")
    frozen = freeze(d.data)
    if d.state.get("frozen") == frozen:
        return d.unchanged()
    d.state["frozen"], d.state["data"] = frozen, d.data
    d.applied(kind, _present(shown))


_CHANGES = {"MODIFY": "PENDING", "APPROVE": "APPROVED", "REVERSE": "REVERSED"}


def put_event_type(d):
    def check():
        codes = d.data["dispositionCodes"] or []
        names = [c["code"] for c in codes]
        return len(set(names)) == len(names) and all(
            _CHANGES[c["actionChange"]] == c["state"] for c in codes)
    _store(d, "event_type.stored", dict(d.data, dedupWindow=_sent(d.data["dedupWindow"])), check)


def compile_regex(pattern):
    """A POSIX extended regex of the plain kind that the generators write; None if it is bad."""
    try:
        compiled = re.compile(pattern)
    except re.error:
        return None
    return compiled if compiled.groups <= 1 else None


def put_promo_code(d):
    data, state = d.data, d.state
    if not _after(data["startDate"], data["endDate"]):
        return d.reject("INVALID_FIELD")
    if data["type"] == "RE" and compile_regex(data["code"]) is None:
        return d.reject("INVALID_FIELD")
    codes = state.setdefault("codes", {})
    frozen = freeze(data)
    known = codes.get(data["promoCodeId"])
    if known and known["frozen"] == frozen:
        return d.unchanged()
    if data["type"] == "RE" and not (known and known["data"]["type"] == "RE"):
        if sum(c["data"]["type"] == "RE" for c in codes.values()) >= MAX_REGEX_CODES:
            return d.reject("INVALID_FIELD")
    codes[data["promoCodeId"]] = {"frozen": frozen, "data": data}
    d.applied("promo_code.stored", _present(dict(data, startDate=_time(data["startDate"]),
                                                 endDate=_time(data["endDate"]))))


def put_list(d):
    def check():
        return all(compile_regex(i["value"]) is not None for i in d.data["items"] if i["regex"])
    _store(d, "exception_list.stored",
           dict(d.data, deactivationDate=_time(d.data["deactivationDate"])), check)


def put_unit(d):
    name, exponent = d.data["unit"], d.data["exponent"]
    known = d.state["data"]["exponent"] if "data" in d.state else BUILT_IN.get(name, exponent)
    formula = d.data["usTaxableValueFormula"]
    if formula is None:
        formula = d.data["usTaxableValueFormula"] = _formula("value*0.01" if name in _TAXED else "0")
    _store(d, "unit.stored", dict(d.data, usTaxableValueFormula=formula.sent),
           lambda: exponent == known)


def put_program(d):
    if d.data["taxThreshold"] is None:
        d.data["taxThreshold"] = money.read_money("599.99")
    minor = d.data["taxThreshold"].minor("USD")
    shown = None if minor is None else money.show_money(minor, "USD")
    before = d.state.get("data")
    on = ("NONE", "CASH_ONLY_DEFER_W9")
    _store(d, "program.stored", dict(d.data, taxThreshold=shown), lambda: minor is not None)
    after = d.state.get("data")
    if after is d.data and after["enforceTaxCompliance"] not in on and (
            not before or before["enforceTaxCompliance"] in on):
        d.state["switchedOn"] = d.now


def put_partner(d):
    _store(d, "partner.stored", d.data)


# -- what other families look up

def find_unit(world, name):
    """{exponent, isRedeemable, ..., formula} or None."""
    found = world.look("unit:" + escape(name)).get("data")
    if found:
        return found
    if name not in BUILT_IN:
        return None
    return {"unit": name, "exponent": BUILT_IN[name], "isRedeemable": True, "isCancellable": True,
            "isExpirable": True,
            "usTaxableValueFormula": _formula("value*0.01" if name in _TAXED else "0")}


def find_program(world, name):
    """(data, switchedOn): the defaults when it was never put."""
    state = world.look("program:" + escape(name or "default"))
    data = state.get("data") or {"programId": name, "enforceTaxCompliance": "NONE",
                                 "taxThreshold": money.read_money("599.99"),
                                 "reversalWindowDays": 30}
    return data, state.get("switchedOn")


def partner_active(world, partner):
    data = world.look("partner:" + escape(partner)).get("data")
    return data is None or data["state"] == "ACTIVE"


def in_force(versions, t):
    """The version in force at t, or None."""
    found = None
    for version in versions:
        if version["validFrom"] <= t:
            found = version
    return found


def active_contracts(world, partner, campaign, t):
    """Versions in force of the partner's active contracts at t."""
    found = []
    for contract in world.look("partner:" + escape(partner)).get("contracts", {}):
        version = in_force(world.look("contract:" + escape(contract)).get("versions", []), t)
        if not version:
            continue
        data = version["data"]
        if (data["partnerId"] == partner and data["campaignId"] == campaign
                and shown_status(data, t) == "ACTIVE"):
            found.append(version)
    return found


def latest_contract(world, partner, campaign, t):
    """Of the active contracts, whatever the event type, the one that started last; None = there is none."""
    active = active_contracts(world, partner, campaign, t)
    return max(active, default=None,
               key=lambda v: (v["data"]["startDate"], v["data"]["contractId"].encode()))


def term_holds(term, zone, t):
    """Whether the term holds at t: in [start, end), with repeat again each period, counted from the first
    start in the contract's zone."""
    start, end = term["startDate"], term["endDate"]
    if term["repeat"] == "NONE":
        return (start is None or t >= start) and (end is None or t < end)
    if t < start:
        return False
    first, last, now = (moments.local(x, zone) for x in (start, end, t))
    if term["repeat"] == "WEEKLY":
        shift, step = _shift_days, 7
        count = (now - first).days // 7
    else:
        shift, step = moments.add_months, 1 if term["repeat"] == "MONTHLY" else 12
        count = ((now.year - first.year) * 12 + now.month - first.month) // step
    # a period may be longer than the step: the earlier ones are looked at also
    for index in range(count + 1, -1, -1):
        if moments.instant(shift(first, index * step), zone) <= t:
            finish = shift(last, index * step)
            if t < moments.instant(finish, zone):
                return True
            if (now - finish).days > 40:
                break
    return False


def _shift_days(wall, days):
    from datetime import timedelta
    return wall + timedelta(days=days)


_KINDS = {"SCHEDULED": 2, "CAMPAIGN": 1, "TEMPLATE": 0}


def find_payout(world, partner, campaign, tracker, t):
    """(version, payout, None) or (None, None, code)."""
    versions = active_contracts(world, partner, campaign, t)
    if not versions:
        return None, None, "CONTRACT_NOT_FOUND"
    best = None
    for version in versions:
        data = version["data"]
        for term in data["terms"]:
            if not term_holds(term, data["timeZone"], t):
                continue
            start = data["startDate"] if term["startDate"] is None else term["startDate"]
            for payout in term["eventPayouts"]:
                if payout["actionTrackerId"] != tracker:
                    continue
                rank = (_KINDS[term["kind"]], start, data["contractId"])
                if best is None or rank > best[0]:
                    best = (rank, version, payout)
    if not best:
        return None, None, "ACTIONTERMS_NOT_FOUND"
    return best[1], best[2], None


def find_promo(world, campaign, code, t, partner):
    """The active promo code that decides, or None. Which one when several match is not specified: the
    partner's own first, then LI before RE, then the least promoCodeId, as the program does."""
    found = []
    for known in world.look("codes:%d" % campaign).get("codes", {}).values():
        data = known["data"]
        if data["type"] == "LI":
            hit = data["code"].lower() == code.lower()
        else:
            hit = compile_regex(data["code"]).fullmatch(code) is not None
        live = (data["state"] == "ACTIVE"
                and (data["startDate"] is None or t >= data["startDate"])
                and (data["endDate"] is None or t < data["endDate"]))
        if hit and live:
            found.append((data["partnerId"] != partner, data["type"] == "RE", data["promoCodeId"],
                          data))
    return min(found, key=lambda x: x[:3])[3] if found else None


def list_matches(world, listed_id, code, t):
    data = world.look("list:" + escape(listed_id)).get("data")
    if not data or data["state"] != "ACTIVE":
        return False
    if data["deactivationDate"] is not None and t >= data["deactivationDate"]:
        return False
    for item in data["items"]:
        if item["regex"]:
            if re.fullmatch(item["value"], code, re.IGNORECASE | re.ASCII):
                return True
        elif item["value"].lower() == code.lower():
            return True
    return False


def _type(table, entity, rule):
    return Type("contract", table, entity, rule)


FAMILY = Family("contract", {
    "contract.put": _type(CONTRACT, lambda x: "contract:" + escape(x["contractId"]), put_contract),
    "event_type.put": _type(EVENT_TYPE, lambda x: "event_type:%d" % x["actionTrackerId"],
                            put_event_type),
    "promo_code.put": _type(PROMO, lambda x: "codes:%d" % x["campaignId"], put_promo_code),
    "exception_list.put": _type(LIST, lambda x: "list:" + escape(x["listId"]), put_list),
    "unit.put": _type(UNIT, lambda x: "unit:" + escape(x["unit"]), put_unit),
    "program.put": _type(PROGRAM, lambda x: "program:" + escape(x["programId"]), put_program),
    "partner.put": _type(PARTNER, lambda x: "partner:" + escape(x["partnerId"]), put_partner),
}, internals={"contract.listed": listed})
