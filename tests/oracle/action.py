"""Action family (messages.md 6): actions, order ids, their changes."""
from datetime import timedelta
from fractions import Fraction

import contract
import moments
import money
import rating
from engine import Family, Type, escape
from fields import (BAD, BATCH, Field, any_text, amount, array, country, cur, dec, enum, flag, ident,
                    integer, need, obj, oid, opt, signed_amount, text, time)

OUTCOMES = ["action.tracked", "action.modified", "action.reversed", "action.approved",
            "action.restored", "action.return_requested", "action.return_declined",
            "action.settled", "action.locked", "adjustment.required", "command.unchanged",
            "command.forwarded", "command.deferred", "command.duplicate", "command.rejected"]
CODES = """IDENTIFIER_MISSING ACTION_REF_NOT_FOUND TOO_MANY_WAITING AWAITING_ACTION AWAITING_TALLY
AWAITING_TURN OID_MISSING ACTIONTRACKER_NOT_FOUND ACTIONTRACKER_CAMPAIGN_MISMATCH
ACTIONTRACKER_NOT_ACTIVE CONV_DUPLICATE INVALID_FIELD INVALID_AMOUNT RESTRICTED_PROMOCODE
PARTNER_NOT_ACTIVE NOT_CREDITED CONTRACT_NOT_FOUND ACTIONTERMS_NOT_FOUND FX_RATE_MISSING
FIELD_NOT_CHANGEABLE INVALID_REASON CURRENCY_MISMATCH ACTION_REVERSED ACTION_LOCKED
MODIFICATION_LIMIT_REACHED RETURN_NOT_ALLOWED NO_ITEM ACTION_NOT_ALLOWED""".split()

REASONS = frozenset("""ORDER_UPDATE ITEM_RETURNED CONS_FRAUD CONS_ERROR ORDER_ERROR PUB_ACT_DISPUTE
ADV_ACT_DISPUTE NOT_COMPLIANCE_TERMS ITEM_OUT_OF_STOCK TEST_ACTION PARTNER_NOT_ACTIVE
CREDITED_DIFFERENT_MP OTHER""".split())
DISPOSITIONS = frozenset("""REJECTED CONS_INFO_INVALID CONS_ERROR CONS_FRAUD ITEM_RETURNED
ITEM_OUT_OF_STOCK ORDER_ERROR PUB_ACT_DISPUTE NOT_COMPLIANCE_TERMS MP_RETURNED OTHER
CREDITED_DIFFERENT_MP ADV_ACT_DISPUTE TEST_ACTION""".split())
WAIT = 3600000
MAX_WAITING = 100
MAX_MODIFICATIONS = 1000
OPEN_ENDED_LOCK = 730 * 24 * 3600000

TRACKER = integer(1, 2147483647)
INVALID = "INVALID_AMOUNT"


def _presence(value, pointer, faults):
    """A member whose presence alone counts."""
    return value


ADDRESS = dict({"actionId": opt(ident), "oid": opt(oid), "actionTrackerId": opt(TRACKER)}, **BATCH)
_REASON = Field(any_text, required=True, code="INVALID_REASON")
ITEM = {"sku": need(text(64)), "quantity": opt(integer(0, 1000000)),
        "amount": opt(amount, code=INVALID), "category": opt(text(64))}
ITEMS = array(obj(ITEM), 1, 200)
TRACK_ITEM = {"sku": need(text(64)), "quantity": need(integer(0, 1000000)),
              "amount": need(amount, code=INVALID), "category": opt(text(64)),
              "itemTotalDiscount": opt(amount)}
TRACK = dict(BATCH, actionId=need(ident), actionTrackerId=need(TRACKER),
             oid=need(oid, code="OID_MISSING"), campaignId=opt(TRACKER), partnerId=need(ident),
             eventDate=opt(time), currency=need(cur), amount=opt(amount, code=INVALID),
             items=opt(array(obj(TRACK_ITEM), 1, 200)), orderDiscount=opt(amount),
             orderTax=opt(amount), orderShipping=opt(amount), customerId=opt(ident),
             customerCountry=opt(country), customerStatus=opt(text(40)), clickId=opt(ident),
             promoCode=opt(text(64)), referrers=opt(array(ident, 0, 50)),
             parentActionId=opt(ident), fxRate=opt(dec))
_FROZEN = {name: opt(_presence) for name in
           ("campaignId partnerId eventDate orderDiscount orderTax orderShipping customerId "
            "customerCountry clickId promoCode referrers parentActionId fxRate").split()}
MODIFY = dict(ADDRESS, reason=_REASON, amount=opt(amount, code=INVALID),
              itemSubTotalDelta=opt(signed_amount, code=INVALID), currency=opt(cur),
              customerStatus=opt(text(40)), items=opt(_presence), **_FROZEN)
MODIFY_ITEMS = dict(ADDRESS, reason=_REASON, items=need(ITEMS), currency=opt(cur),
                    amount=opt(_presence), customerStatus=opt(_presence), **_FROZEN)
REVERSE = dict(ADDRESS, dispositionCode=need(any_text, code="INVALID_REASON"))
APPROVE = dict(ADDRESS, dispositionCode=opt(any_text, code="INVALID_REASON"))
ANSWER = dict(ADDRESS, accepted=need(flag))
SETTLE = dict(ADDRESS, stateDetail=need(enum("PAID OVERDUE DEFAULTED")))


class Reject(Exception):
    def __init__(self, code, pointer=None):
        super().__init__(code)
        self.code, self.pointer = code, pointer


class Unchanged(Exception):
    pass


# -- addresses

def _oid_entity(data):
    return "oid:%d:%s" % (data["actionTrackerId"], escape(data["oid"]))


def address(data):
    if data["actionId"] is not None:
        return "action:" + escape(data["actionId"])
    if data["oid"] is not None and data["actionTrackerId"] is not None:
        return _oid_entity(data)
    return "action:-"


def track_address(data):
    return "action:" + escape(data["actionId"]) if data["oid"] is BAD else _oid_entity(data)


# -- waiting (at oid: and at action:)

def _waiting(d):
    return d.state.setdefault("waiting", [])


def wait(d, code):
    waiting = _waiting(d)
    if len(waiting) + bool(d.state.get("busy")) >= MAX_WAITING:
        return d.reject("TOO_MANY_WAITING")
    d.defer(code)
    waiting.append((d.now + WAIT if code == "AWAITING_ACTION" else None, d.command))
    _set_wait(d)


def _set_wait(d):
    dues = [due for due, _ in _waiting(d) if due is not None]
    if dues:
        d.timer("wait", min(dues))
    else:
        d.cancel_timer("wait")


def wait_over(d):
    """The hour is over for those who are due."""
    waiting = _waiting(d)
    over = [command for due, command in waiting if due is not None and due <= d.due]
    d.state["waiting"] = [x for x in waiting if x[1] not in over]
    for command in over:
        command.muted = True  # made by a timer: no makegood-input (finding 7)
        d.resume(command).reject("ACTION_REF_NOT_FOUND")
    _set_wait(d)


# -- oid:

def newest(d):
    notes = d.state.get("notes") or []
    return max(notes, key=lambda n: (n[0], n[1]))[1] if notes else None


def at_oid(d):
    if d.command.type == "action.track":
        return track_at_oid(d)
    action = newest(d)
    if action is None:
        return wait(d, "AWAITING_ACTION")
    d.forward("action:" + escape(action))


def track_at_oid(d):
    data = d.data
    kind = d.world.look("event_type:%d" % data["actionTrackerId"]).get("data")
    if kind is None:
        return d.reject("ACTIONTRACKER_NOT_FOUND")
    if data["campaignId"] is not None and data["campaignId"] != kind["campaignId"]:
        return d.reject("ACTIONTRACKER_CAMPAIGN_MISMATCH")
    if kind["state"] != "ACTIVE":
        return d.reject("ACTIONTRACKER_NOT_ACTIVE")
    notes = d.state.setdefault("notes", [])
    if kind["dedupWindow"] and notes:
        until = kind["dedupWindow"].value.after(max(n[0] for n in notes))
        if until is None or d.now < until:
            return d.reject("CONV_DUPLICATE")
    # Tracked again: the action will refuse it, so that what it was created by stays the first track.
    created = next((n[0] for n in notes if n[1] == data["actionId"]), d.now)
    notes.append((created, data["actionId"], (d.command.source, d.command.id)))
    d.forward("action:" + escape(data["actionId"]))
    waiting, d.state["waiting"] = _waiting(d), []
    _set_wait(d)
    for _, command in waiting:
        d.resume(command).forward("action:" + escape(newest(d)))


def forget(d):
    """The action has rejected its track: the note of that very track goes."""
    notes = d.state.get("notes", [])
    kept = [n for n in notes if n[2] != d.data["key"]]
    d.state["notes"] = kept
    d.silent(version=len(kept) != len(notes))


# -- action:

def at_action(d):
    command, state = d.command, d.state
    if command.type == "action.track" and command.data["oid"] is BAD:
        return d.reject("OID_MISSING", "/oid")
    if d.entity.key == "action:-" and address_missing(command):
        return d.reject("IDENTIFIER_MISSING")
    if state.get("busy"):
        return wait(d, "AWAITING_TURN")
    if "action" not in state and command.type != "action.track":
        return wait(d, "AWAITING_ACTION")
    decide(d)


def address_missing(command):
    return command.type != "action.track" and command.data["actionId"] is None


def decide(d, answered=False):
    """Decides one command for which it is the turn; afterwards those that wait."""
    command = d.command
    try:
        RULES[command.type](d, answered)
    except Ask as ask:
        if command.ids or len(_waiting(d)) < MAX_WAITING:
            d.state["busy"] = command
            if not command.ids:
                d.defer("AWAITING_TALLY")
            d.send(ask.tallies[0], "action", "tally.ask", {"action": d.entity.key})
            return
        _refuse(d, Reject("TOO_MANY_WAITING"))  # this one would wait too
    except Unchanged:
        d.unchanged()
    except Reject as reject:
        _refuse(d, reject)
    d.state["busy"] = None


def _refuse(d, reject):
    d.reject(reject.code, reject.pointer)
    if d.command.type == "action.track":
        d.send(_oid_entity(d.command.data), "action", "oid.forget",
               {"key": (d.command.source, d.command.id)})


def drain(d):
    """Those that wait have their turn, in order, as long as nothing is asked."""
    while not d.state.get("busy") and "action" in d.state and _waiting(d):
        command = _waiting(d).pop(0)[1]
        decide(d.resume(command))
    # a track that was rejected leaves the others waiting for one
    if not d.state.get("busy") and "action" not in d.state:
        _turn_to_wait(d)
    _set_wait(d)


def _turn_to_wait(d):
    """Without an action: a track among those that wait has its turn."""
    waiting = _waiting(d)
    for index, (due, command) in enumerate(waiting):
        if command.type == "action.track":
            waiting.pop(index)
            decide(d.resume(command))
            return drain(d)
    d.state["waiting"] = [(due if due is not None else d.now + WAIT, command)
                          for due, command in waiting]


class Ask(Exception):
    """A tally must be asked first."""

    def __init__(self, tallies):
        super().__init__("ask")
        self.tallies = tallies


def tally_asked(d):
    d.silent(version=True)
    d.send(d.data["action"], "action", "tally.answer", {})


def tally_answered(d):
    command = d.state["busy"]
    d.silent()
    decide(d.resume(command), answered=True)
    drain(d)


def action_rule(d):
    if d.entity.key.startswith("oid:"):
        return at_oid(d)
    at_action(d)
    drain(d)


# -- track

def _minor(value, currency):
    """Minor units of a decoded amount; INVALID_AMOUNT when it has too many decimals."""
    if value is None:
        return 0
    if value is BAD:
        raise Reject(INVALID)
    minor = value.minor(currency)
    if minor is None:
        raise Reject(INVALID)
    return minor


def _event_type(d, tracker):
    return d.world.look("event_type:%d" % tracker).get("data") or {}


def _track_lines(data):
    """(items, total): what is commissionable, after discounts."""
    currency = data["currency"]
    discount = _minor(data["orderDiscount"], currency)
    _minor(data["orderTax"], currency)
    _minor(data["orderShipping"], currency)
    if data["items"] is None:
        if data["amount"] is None:
            raise Reject(INVALID)
        total = _minor(data["amount"], currency) - discount
        if total < 0:
            raise Reject(INVALID)
        return None, total
    items, gross = [], 0
    for item in data["items"]:
        whole = _minor(item["amount"], currency)
        gross += whole
        if whole > 0 and item["quantity"] == 0:
            raise Reject(INVALID)
        net = whole - _minor(item["itemTotalDiscount"], currency)
        if net < 0:
            raise Reject(INVALID)
        items.append({"sku": item["sku"], "category": item["category"],
                      "quantity": item["quantity"], "amount": net})
    if data["amount"] is not None and _minor(data["amount"], currency) != gross:
        raise Reject(INVALID)
    total = sum(item["amount"] for item in items)
    if discount > total or money.too_big(gross, currency):
        raise Reject(INVALID)
    for item, share in zip(items, money.spread(discount, [i["amount"] for i in items])):
        item["amount"] -= share
    for item in items:
        item["base"] = (item["amount"], item["quantity"])
    return items, total - discount


def _credited(d, data, campaign):
    """(partner who is credited, whether a promo code credits)."""
    partner = data["partnerId"]
    if data["promoCode"] is None:
        return partner, False
    promo = contract.find_promo(d.world, campaign, data["promoCode"], d.now, partner)
    if promo is None:
        return partner, False
    owner, referrers = promo["partnerId"], data["referrers"] or []
    if promo["creditPolicy"] == "ALWAYS" or (
            promo["creditPolicy"] == "INVOLVED" and owner in referrers):
        return owner, True
    if owner == partner:  # the partner's own code restricts nothing
        return partner, False
    raise Reject("RESTRICTED_PROMOCODE")


def _check_credit(d, data, partner, campaign, version):
    """The contract's creditPolicy; asked only where a contract is active."""
    referrers = data["referrers"]
    if not referrers:
        return
    if version is None:
        version = contract.latest_contract(d.world, partner, campaign, d.now)
        if version is None:
            return
    policy = version["data"]["creditPolicy"]
    if policy == "LAST_REFERRER" and referrers[-1] != partner:
        raise Reject("NOT_CREDITED")
    if policy == "FIRST_REFERRER" and referrers[0] != partner:
        raise Reject("NOT_CREDITED")


def _track_checks(d):
    data, kind = d.data, _event_type(d, d.data["actionTrackerId"])
    if data["currency"] not in money.CURRENCIES:
        raise Reject("INVALID_FIELD", "/currency")
    if data["eventDate"] is not None and data["eventDate"] > d.now:
        raise Reject("INVALID_FIELD")
    skus = [item["sku"] for item in data["items"] or []]
    if len(set(skus)) != len(skus):
        raise Reject("INVALID_FIELD")
    if data["customerStatus"] is not None and \
            data["customerStatus"] not in kind["customerStatuses"]:
        raise Reject("INVALID_FIELD", "/customerStatus")
    items, total = _track_lines(data)
    parent, missing = data["parentActionId"], False
    if parent is not None:
        found = d.world.look("action:" + escape(parent)).get("action")
        missing = found is None
    # parentActionTrackerId is not explained: as the program, it matters to requireParent alone
    wanted = kind["parentActionTrackerId"]
    if kind["requireParent"] and (parent is None or missing or (
            wanted is not None and found["actionTrackerId"] != wanted)):
        raise Reject("ACTION_REF_NOT_FOUND")
    return kind, items, total, missing


def track(d, answered):
    if "action" in d.state:
        raise Reject("CONV_DUPLICATE")
    data = d.data
    kind, items, total, missing = _track_checks(d)
    campaign, tracker = kind["campaignId"], data["actionTrackerId"]
    partner, by_promo = _credited(d, data, campaign)
    if not contract.partner_active(d.world, partner):
        raise Reject("PARTNER_NOT_ACTIVE")
    version, payout, code = contract.find_payout(d.world, partner, campaign, tracker, d.now)
    if not by_promo:
        _check_credit(d, data, partner, campaign, version)
    if code:
        raise Reject(code)
    currency = version["data"]["currency"]
    if currency != data["currency"] and data["fxRate"] is None:
        raise Reject("FX_RATE_MISSING")
    event = data["eventDate"] if data["eventDate"] is not None else d.now
    action = {"actionId": data["actionId"], "actionTrackerId": tracker, "campaignId": campaign,
              "partnerId": partner, "oid": data["oid"], "currency": data["currency"],
              "payoutCurrency": currency, "fxRate": data["fxRate"],
              "customerStatus": data["customerStatus"], "customerId": data["customerId"],
              "customerCountry": data["customerCountry"], "clickId": data["clickId"],
              "promoCode": data["promoCode"], "creationDate": d.now, "eventDate": event,
              "parentActionId": data["parentActionId"], "parentMissing": missing or None,
              "state": "PENDING", "modifications": 0, "updates": 0, "items": items,
              "amount": total, "tracked": total, "payout": 0, "left": 0, "tallies": {},
              "disposition": None, "request": None, "clearedDate": None, "over": None,
              "children": [], "shown": (0, 0, {}), "intended": None, "kept": None}
    zone = version["data"]["timeZone"]
    action["openEnded"] = bool(payout["locking"]["openEnded"])
    action["scheduling"], action["schedulingZone"] = payout["payoutScheduling"], zone
    if action["openEnded"]:
        action["lock"] = event + OPEN_ENDED_LOCK
    else:
        action["lock"] = schedule(event, payout["locking"], zone)
    result = rate(d, action, version, payout, answered)
    d.state["action"] = action
    apply_rating(d, action, result)
    d.timer("lock", action["lock"])
    d.applied("action.tracked", record(action), terms=result.shown)
    earlier_bonus(d, action, result)
    if action["parentActionId"] is not None and not missing:
        d.send("action:" + escape(action["parentActionId"]), "action", "child.added",
               {"child": action["actionId"]})
    if action["lock"] <= d.now:
        d.world.fire_one(d.entity, "lock")


def schedule(moment, locking, zone):
    """Start of the day or month after the moment, + months, + days, at 00:00 there."""
    wall = moments.start_of_day(moments.local(moment, zone))
    if locking["period"] == "MONTH":
        wall = moments.add_months(wall.replace(day=1), 1)
    else:
        wall += timedelta(days=1)
    wall = moments.add_months(wall, locking["monthOffset"]) + timedelta(days=locking["dayOffset"])
    return moments.instant(wall, zone)


def child_added(d):
    d.state["action"]["children"].append(d.data["child"])
    d.silent(version=True)


# -- rating an action

class Result:
    """A rating: lines, shares, what was decided."""


def make_lines(action, level):
    items = action["items"] or []
    if level == "ITEM" and items:
        return [rating.Line(i["amount"], i["quantity"], items, i) for i in items]
    return [rating.Line(action["amount"], 1, items, None)]


def rate(d, action, version, payout, answered):
    """The rating of the action's amounts now; raises Ask when a tally must be asked first."""
    lines = make_lines(action, payout["payoutLevel"])
    work = rating.Rating(d.world, action, version, payout, lines, d.now)
    tallies = work.tallies()
    if tallies and not answered:
        # a payout that is too large before any bonus is refused at once (not specified)
        early = rating.Rating(d.world, action, version, payout,
                              make_lines(action, payout["payoutLevel"]), d.now)
        early.intend()
        _check_size(early, bonus=False)
        raise Ask(tallies)
    result = Result()
    result.shares, result.bonus = work.pay()
    result.lines, result.work, result.level = lines, work, payout["payoutLevel"]
    result.version, result.payout = version, payout
    _check_size(work)
    result.differ = len(set(line.rule for line in lines)) > 1
    result.shown = {"contractId": version["data"]["contractId"], "version": version["number"],
                    "rule": "lines" if result.differ else lines[0].rule}
    return result


def _check_size(work, bonus=True):
    """12 digits; without `bonus` what a bonus may still change is left out."""
    sets = work.sets()[1].values()
    open_lines = [] if bonus else [line for _, lines in sets for line in lines]
    sizes = [line.intended for line in work.lines if line not in open_lines]
    sizes += [sum(sizes)] + [work._revenue(lines) for _, lines in sets]
    if any(money.too_big(size, work.currency) for size in sizes):
        raise Reject(INVALID)


def apply_rating(d, action, result):
    """Stores the payouts, the rates of the lines and the shares of the tallies."""
    result.was = {tally: action["tallies"][tally]["bonus"] for tally in action["tallies"]
                  if "bonus" in action["tallies"][tally]}
    release(d, action, [tally for tally in result.shares if "bonus" in result.shares[tally]])
    clipped = any(line.payout != line.intended for line in result.lines)
    action["payoutLevel"] = result.level
    action["payout"] = action["left"] = sum(line.payout for line in result.lines)
    action["intended"] = sum(line.intended for line in result.lines) if clipped else None
    action["over"] = result.work.detail if clipped else None
    action["lines"] = result.lines
    action["exchange"] = result.work._exchange
    action["differ"] = result.differ
    action["terms"] = result.shown
    for item in action["items"] or []:
        item["payout"] = item["rule"] = None
    for line in result.lines:
        if line.item is not None:
            line.item["payout"] = line.payout
            line.item["rule"] = line.rule if result.differ else None
    for tally, share in result.shares.items():
        if "limit" in share:
            part = share["limit"]
            part["payout"] = sum(line.payout for line in part["lines"])
            # what pays nothing uses none of it (not specified: as the program does)
            part["count"] = int(part["payout"] > 0)
        if "bonus" in share:
            # before limits: what a limit held back an approval pays (not specified)
            share["bonus"]["earned"] = sum(line.intended for line in share["bonus"]["lines"])
        state = d.world.entity(tally, "action").state
        state.setdefault("shares", {})[action["actionId"]] = share
        action["tallies"][tally] = share


def release(d, action, stays=()):
    """The action's shares are given back; what a bonus gave for one that does not stay is taken back."""
    for tally, share in action["tallies"].items():
        d.world.entities[tally].state["shares"].pop(action["actionId"], None)
        if "bonus" in share and tally not in stays:
            d.send(tally, "action", "tally.gone", {"action": d.entity.key, "share": share["bonus"]})
    action["tallies"] = {}


def tally_gone(d):
    d.silent(version=True)
    taken = take_back(d.state, d.data["share"])
    if taken:
        d.send(d.data["action"], "action", "bonus.taken", {"amount": taken})


def bonus_taken(d):
    d.silent(version=True)
    adjustment(d, d.state["action"], -d.data["amount"], "BONUS", "BONUS")


def take_back(state, share):
    """An action that a crossing has lifted since it was counted: what the bonus gave for it, at most
    what is left of what bonuses gave in the period."""
    lift = state.get("lifts", {}).get(share["period"])
    if not lift or share["lifts"] >= lift["count"]:
        return 0
    given = state.setdefault("given", [])
    left = sum(amount for period_of, amount in given if period_of(share["name"]) == share["period"])
    whole = money.round_half_up(share["revenue"] * lift["rate"] / 100)
    taken = int(max(0, min(whole - share["earned"], left)))
    given.append((share["period_of"], -taken))
    return taken


def earlier_bonus(d, action, result):
    """ALL_ACTIONS: the crossing action makes good what the earlier ones were paid less. An action that
    was lifted before gives back its part: it is paid by its tier now. One adjustment says both."""
    crossings = {tally: (index, bonus) for tally, _, index, bonus, before in result.bonus if before != index}
    for tally, shares in result.shares.items():
        if "bonus" not in shares:
            continue
        state, share = d.world.entities[tally].state, shares["bonus"]
        due = -take_back(state, result.was[tally]) if tally in result.was else 0
        lifts = state.setdefault("lifts", {})
        if tally in crossings:
            index, bonus = crossings[tally]
            due += lift(state, share, action, Fraction(bonus["tiers"][index]["payoutRate"], 10000))
        share["lifts"] = lifts.get(share["period"], {"count": 0})["count"]
        if due:
            adjustment(d, action, int(due), "BONUS", "BONUS", terms=result.shown)


def lift(state, share, action, rate):
    """What is owed for all that the period counted so far, beside this action."""
    revenue = earned = Fraction(0)
    for other, shares in state["shares"].items():
        if other != action["actionId"] and "bonus" in shares and \
                share["period_at"](share["name"], shares["t"]) == share["period"]:
            revenue += shares["bonus"]["revenue"]
            earned += shares["bonus"]["earned"]
    given = state.setdefault("given", [])
    had = sum(amount for period_of, amount in given if period_of(share["name"]) == share["period"])
    due = money.round_half_up(revenue * rate / 100) - earned - had
    if due <= 0:
        return 0
    given.append((share["period_of"], due))
    before = state["lifts"].get(share["period"], {"count": 0})["count"]
    state["lifts"][share["period"]] = {"count": before + 1, "rate": rate}
    return due


# -- what is printed

def clearing(action):
    if not action["scheduling"]:
        return None
    start = action.get("approvedAt")
    if start is None:
        if action["openEnded"] and action["state"] != "APPROVED":
            return None
        start = action["lock"]
    return schedule(start, action["scheduling"], action["schedulingZone"])


def detail(action):
    if action["state"] == "APPROVED":
        return action["settled"]
    if action["state"] == "REVERSED":
        return None
    if action["request"]:
        return "RETURN_REQUESTED"
    if action["over"]:
        return action["over"]
    return "OPEN" if action["openEnded"] else None


def record(action):
    """The action record; its deltas are against the record before."""
    action["updates"] += 1
    old_amount, old_payout, old_items = action["shown"]
    currency, paid = action["currency"], action["payoutCurrency"]
    items, seen = None, {}
    if action["items"] is not None:
        items = []
        for item in action["items"]:
            before = old_items.get(item["sku"], (0, 0))
            shown = {"sku": item["sku"], "category": item["category"],
                     "quantity": item["quantity"],
                     "amount": money.show_money(item["amount"], currency),
                     "deltaAmount": money.show_money(item["amount"] - before[0], currency)}
            if item["payout"] is not None:
                shown["payout"] = money.show_money(item["payout"], paid)
                shown["deltaPayout"] = money.show_money(item["payout"] - (before[1] or 0), paid)
            shown["rule"] = item["rule"]
            seen[item["sku"]] = (item["amount"], item["payout"])
            items.append({k: v for k, v in shown.items() if v is not None})
    action["shown"] = (action["amount"], action["payout"], seen)
    clear = clearing(action)
    return {
        "updateId": action["updates"], "actionId": action["actionId"],
        "actionTrackerId": action["actionTrackerId"], "campaignId": action["campaignId"],
        "partnerId": action["partnerId"], "oid": action["oid"], "state": action["state"],
        "stateDetail": detail(action), "amount": money.show_money(action["amount"], currency),
        "deltaAmount": money.show_money(action["amount"] - old_amount, currency),
        "currency": currency, "payout": money.show_money(action["payout"], paid),
        "deltaPayout": money.show_money(action["payout"] - old_payout, paid),
        "payoutCurrency": paid,
        "intendedPayout": None if action["intended"] is None
        else money.show_money(action["intended"], paid),
        "intendedAmount": money.show_money(action["kept"]["amount"], currency)
        if action["state"] == "REVERSED" else None,
        "payoutLevel": action["payoutLevel"], "disposition": action["disposition"],
        "customerStatus": action["customerStatus"], "modifications": action["modifications"],
        "eventDate": moments.show(action["eventDate"]),
        "creationDate": moments.show(action["creationDate"]),
        "lockingDate": None if action["openEnded"] else moments.show(action["lock"]),
        "clearingDate": None if clear is None else moments.show(clear),
        "clearedDate": None if action["clearedDate"] is None
        else moments.show(action["clearedDate"]),
        "parentActionId": action["parentActionId"], "parentMissing": action["parentMissing"],
        "items": items}


def adjustment(d, action, delta, transfer, reason, terms=None):
    d.outcome("adjustment.required", {
        "actionId": action["actionId"], "partnerId": action["partnerId"],
        "campaignId": action["campaignId"], "actionTrackerId": action["actionTrackerId"],
        "oid": action["oid"], "transferType": transfer,
        "direction": "PAY_PARTNER" if delta > 0 else "COLLECT_FROM_PARTNER",
        "amount": money.show_money(abs(delta), action["payoutCurrency"]),
        "currency": action["payoutCurrency"], "reasonCode": reason}, terms=terms)


# -- checks that several types share

def find(d):
    """ADDR: the action, which exists; what the command says of it must agree."""
    action, data = d.state["action"], d.data
    if data["oid"] is not None and data["oid"] != action["oid"]:
        raise Reject("ACTION_REF_NOT_FOUND")
    if data["actionTrackerId"] is not None and \
            data["actionTrackerId"] != action["actionTrackerId"]:
        raise Reject("ACTION_REF_NOT_FOUND")
    return action


def custom_code(d, action, name):
    """The actionChange of a custom code, or None."""
    for code in _event_type(d, action["actionTrackerId"]).get("dispositionCodes") or []:
        if code["code"] == name:
            return code["actionChange"]
    return None


def is_locked(d, action):
    return action["state"] == "APPROVED" or d.now >= action["lock"]


def terms_now(d, action):
    return contract.find_payout(d.world, action["partnerId"], action["campaignId"],
                                action["actionTrackerId"], d.now)


def last_contract(d, action):
    """The contract that decided last, as it is in force now, active or not; None before its first."""
    version = contract.in_force(d.world.look(
        "contract:" + escape(action["terms"]["contractId"]))["versions"], d.now)
    return version["data"] if version else None


def active_contract(d, action):
    """The contract that applies now; where no terms do, the one that started last (not specified: as the
    program does); else None."""
    version, _, code = terms_now(d, action)
    if code is not None:
        version = contract.latest_contract(d.world, action["partnerId"], action["campaignId"], d.now)
    return version["data"] if version else None


def check_return(d, action, new_amount):
    """ITEM_RETURNED: the contract's return policy. Without a contract it is allowed."""
    data = active_contract(d, action)
    if data is None:
        return
    if data["returnPolicy"] == "NO_RETURNS":
        raise Reject("RETURN_NOT_ALLOWED")
    if action["tracked"] > 0:
        share = Fraction(action["tracked"] - new_amount, action["tracked"]) * 100
        if share > Fraction(data["maxReturnPercentage"], 10000):
            raise Reject("RETURN_NOT_ALLOWED")


def only_asks(d, action, reason):
    """Whether the contract wants the return to be accepted first."""
    if reason != "ITEM_RETURNED":
        return False
    data = active_contract(d, action)
    return data is not None and data["requireReturnAcceptance"]


def reject_locked(d, action, reason, new_payout, total=0, lines=None):
    """ACTION_LOCKED, with the make-good that the change would have been. The amounts of the change are
    what the next one counts from."""
    delta = new_payout - action["left"]
    d.reject("ACTION_LOCKED", version=delta != 0)
    if delta:
        action["left"] = new_payout
        if lines is None and action["items"]:
            lines = [(0, 0, line[2]) for line in current(action)[1]]
        action["leftAmount"], action["leftLines"] = total, lines
        adjustment(d, action, delta, "MAKE_GOOD", reason)


def current(action):
    """(amount, lines): what a change counts from; behind a lock, what earlier adjustments left."""
    if action.get("leftAmount") is not None:
        return action["leftAmount"], action["leftLines"]
    lines = None
    if action["items"] is not None:
        lines = [(i["amount"], i["quantity"], i["base"]) for i in action["items"]]
    return action["amount"], lines


def reverse_action(d, action, reason, code_is_final=True):
    """REVERSED: everything 0; what was is kept for restore; the children follow."""
    action["kept"] = {"amount": action["amount"],
                      "items": [dict(i) for i in action["items"]] if action["items"] else None}
    action["state"], action["disposition"], action["request"] = "REVERSED", reason, None
    action["amount"] = action["payout"] = action["left"] = 0
    action["intended"] = action["over"] = None
    for item in action["items"] or []:
        item["amount"] = item["quantity"] = 0
        item["payout"] = None if item["payout"] is None else 0
        item["rule"] = None
    release(d, action)
    cascade, requested = find_children(d, action)
    d.applied("action.reversed", dict(record(action), cascade=cascade))
    for child in requested:
        d.send("action:" + escape(child), "action", "child.reverse", {"code": reason})


def find_children(d, action):
    data = last_contract(d, action)  # "the parent's contract"
    if data is None or not data["reverseChildActions"]:
        return None, []
    requested, skipped = [], []
    for name in action["children"]:
        child = d.world.look("action:" + escape(name))["action"]
        if is_locked(d, child):
            skipped.append(name)
        elif child["state"] != "REVERSED":
            requested.append(name)
    if not requested and not skipped:
        return None, []
    return {"requested": requested, "skipped": skipped}, requested


def child_reverse(d):
    """A worker's own message. Its verdict is an action.reversed like any other."""
    if d.state.get("busy"):
        _waiting(d).append((None, d.command))
        d.silent()
        return
    decide(d)
    drain(d)


def reverse_child(d, answered):
    action = d.state["action"]
    if action["state"] == "REVERSED":
        raise Unchanged()
    if is_locked(d, action):
        raise Reject("ACTION_LOCKED")
    reverse_action(d, action, d.data["code"])


def approve_action(d, action):
    """APPROVED: payout is what was intended, the payment is due."""
    action["state"], action["settled"], action["request"] = "APPROVED", "PAYMENT_PENDING", None
    action["approvedAt"] = d.now
    if action["intended"] is not None:
        action["payout"] = action["left"] = action["intended"]
        for line in action["lines"]:
            if line.item is not None:
                line.item["payout"] = line.intended
    action["intended"] = action["over"] = None
    d.cancel_timer("lock")


# -- modify

def _frozen_field(data, names):
    for name in list(_FROZEN) + names:
        if data[name] is not None:
            raise Reject("FIELD_NOT_CHANGEABLE")


def _reason(d, action, codes, changes):
    """The reason and its actionChange (None for a code of the table)."""
    reason = d.data.get("reason") if "reason" in d.data else d.data["dispositionCode"]
    if reason is BAD:
        raise Reject("INVALID_REASON")
    if reason in codes:
        return reason, None
    change = custom_code(d, action, reason)
    if change not in changes:
        raise Reject("INVALID_REASON")
    return reason, change


def _currency(data, action):
    if data["currency"] is None:
        return
    if data["currency"] not in money.CURRENCIES:
        raise Reject("INVALID_FIELD", "/currency")


def _same_currency(data, action):
    if data["currency"] is not None and data["currency"] != action["currency"]:
        raise Reject("CURRENCY_MISMATCH", "/currency")


def modify(d, answered):
    action, data = find(d), d.data
    _frozen_field(data, ["items"])
    reason, change = _reason(d, action, REASONS, ("MODIFY", "APPROVE", "REVERSE"))
    if data["amount"] is not None and data["itemSubTotalDelta"] is not None:
        raise Reject("INVALID_FIELD")
    _currency(data, action)
    if data["customerStatus"] is not None and data["customerStatus"] not in \
            _event_type(d, action["actionTrackerId"])["customerStatuses"]:
        raise Reject("INVALID_FIELD", "/customerStatus")
    _same_currency(data, action)
    total = _new_total(action, data)
    lines = current(action)[1]
    if lines and (data["amount"] is not None or data["itemSubTotalDelta"] is not None):
        old = lines
        shares = money.spread(total, [line[0] for line in old])
        lines = [(share, line[1], (share, line[1])) for share, line in zip(shares, old)]
    change_action(d, action, reason, change, total, lines, answered,
                  status=data["customerStatus"], whole=True)


def _new_total(action, data):
    if data["amount"] is None and data["itemSubTotalDelta"] is None:
        return current(action)[0]  # both are optional: the action is only rated anew
    if data["amount"] is not None:
        return _minor(data["amount"], action["currency"])
    total = current(action)[0] + _minor(data["itemSubTotalDelta"], action["currency"])
    if total < 0 or money.too_big(total, action["currency"]):
        raise Reject(INVALID)
    return total


def modify_items(d, answered):
    action, data = find(d), d.data
    _frozen_field(data, ["amount", "customerStatus"])
    reason, change = _reason(d, action, REASONS, ("MODIFY", "APPROVE", "REVERSE"))
    skus = [item["sku"] for item in data["items"]]
    if len(set(skus)) != len(skus):
        raise Reject("INVALID_FIELD")
    if any(item["quantity"] is None and item["amount"] is None for item in data["items"]):
        raise Reject("INVALID_FIELD")
    _currency(data, action)
    _same_currency(data, action)
    known = {item["sku"]: index for index, item in enumerate(action["items"] or [])}
    lines = list(current(action)[1] or [])
    absent = False
    for item in data["items"]:
        if item["amount"] is not None:
            amount = _minor(item["amount"], action["currency"])
        if item["sku"] not in known:
            absent = True
            if item["amount"] is not None and item["quantity"] == 0 and amount > 0:
                raise Reject(INVALID)
            continue
        index = known[item["sku"]]
        old_amount, old_quantity, base = lines[index]
        quantity = old_quantity if item["quantity"] is None else item["quantity"]
        if item["amount"] is None:
            amount = base[0] * quantity // base[1] if base[1] else 0
        else:
            base = (amount, quantity)
            # the quantity of a reversed action's line is not looked at (not specified)
            if amount > 0 and quantity == 0 and (
                    action["state"] != "REVERSED" or item["quantity"] == 0):
                raise Reject(INVALID)
        lines[index] = (amount, quantity, base)
    total = sum(line[0] for line in lines)
    if money.too_big(total, action["currency"]) or any(
            money.too_big(line[0], action["currency"]) for line in lines):
        raise Reject(INVALID)
    if absent:
        raise Reject("NO_ITEM")
    if lines and all(line[1] == 0 for line in lines) and any(
            item["quantity"] for item in action["items"]):
        change = "REVERSE"
    change_action(d, action, reason, change, total, lines, answered)


def change_action(d, action, reason, change, total, lines, answered, status=None, whole=False):
    """What modify and modify_items share, from ACTION_REVERSED on."""
    reverses = change == "REVERSE" or (total == 0 and current(action)[0] != 0)
    if action["state"] == "REVERSED":
        raise Reject("ACTION_REVERSED")
    if is_locked(d, action):
        if reverses:
            return reject_locked(d, action, reason, 0, 0,
                                 lines and [(0, 0, line[2]) for line in lines])
        return reject_locked(d, action, reason, stored_payout(action, total, lines), total, lines)
    if reverses:
        if reason == "ITEM_RETURNED":
            check_return(d, action, 0)
        if only_asks(d, action, reason):
            return ask_return(d, action, reason)
        return reverse_action(d, action, reason)
    if action["modifications"] >= MAX_MODIFICATIONS:
        raise Reject("MODIFICATION_LIMIT_REACHED")
    if reason == "ITEM_RETURNED":
        check_return(d, action, total)
    version, payout = check_terms(d, action)
    changed = dict(action, amount=total)
    if status is not None:
        changed["customerStatus"] = status
    if action["items"] is not None:
        changed["items"] = [dict(item, amount=line[0], quantity=line[1], base=line[2])
                            for item, line in zip(action["items"], lines)]
    result = rate(d, changed, version, payout, answered)
    action.update(amount=total, items=changed["items"],
                  customerStatus=changed["customerStatus"])
    apply_rating(d, action, result)
    action["modifications"] += 1
    action["disposition"] = reason
    d.applied("action.modified", record(action), terms=result.shown)
    earlier_bonus(d, action, result)
    if change == "APPROVE" or (whole and d.data["batchId"] is not None and action["openEnded"]):
        approve_action(d, action)
        d.outcome("action.approved", record(action), terms=result.shown)


def check_terms(d, action):
    version, payout, code = terms_now(d, action)
    if code:
        raise Reject(code)
    if version["data"]["currency"] != action["payoutCurrency"]:
        raise Reject("CURRENCY_MISMATCH")
    return version, payout


def stored_payout(action, total, lines):
    """The payout of other amounts at the rates that the action was paid at last."""
    result = 0
    for line in action["lines"]:
        amount, quantity = total, 1
        if line.item is not None:
            index = [i["sku"] for i in action["items"]].index(line.item["sku"])
            amount, quantity = lines[index][0], lines[index][1]
        result += rating.pay_line(line, amount, quantity, action["exchange"])
    if money.too_big(result, action["payoutCurrency"]):
        raise Reject(INVALID)
    # What a limit clipped stays clipped (not specified: as the program does).
    return result if action["intended"] is None else min(result, action["payout"])


# -- the other types

def reverse(d, answered):
    action = find(d)
    reason, _ = _reason(d, action, DISPOSITIONS, ("REVERSE",))
    if action["state"] == "REVERSED":
        raise Unchanged()
    if is_locked(d, action):
        return reject_locked(d, action, reason, 0)
    if reason == "ITEM_RETURNED":
        check_return(d, action, 0)
    if only_asks(d, action, reason):
        return ask_return(d, action, reason)
    reverse_action(d, action, reason)


def ask_return(d, action, reason):
    action["request"] = action["disposition"] = reason
    d.applied("action.return_requested", record(action))


def approve(d, answered):
    action = find(d)
    code = d.data["dispositionCode"]
    if code is BAD or (code is not None and custom_code(d, action, code) != "APPROVE"):
        raise Reject("INVALID_REASON")
    if action["state"] == "REVERSED":
        raise Reject("ACTION_REVERSED")
    if action["state"] == "APPROVED":
        raise Unchanged()
    if code is not None:
        action["disposition"] = code
    approve_action(d, action)
    d.applied("action.approved", record(action))


def restore(d, answered):
    action = find(d)
    if is_locked(d, action):
        raise Reject("ACTION_LOCKED")
    if action["state"] != "REVERSED":
        raise Unchanged()
    version, payout = check_terms(d, action)
    kept = action["kept"]
    back = dict(action, state="PENDING", amount=kept["amount"],
                items=[dict(i) for i in kept["items"]] if kept["items"] else action["items"])
    result = rate(d, back, version, payout, answered)
    action.update(state="PENDING", amount=back["amount"], items=back["items"], disposition=None)
    apply_rating(d, action, result)
    d.applied("action.restored", record(action), terms=result.shown)
    earlier_bonus(d, action, result)


def answer_return(d, answered):
    action = find(d)
    if is_locked(d, action):
        raise Reject("ACTION_LOCKED")
    if not action["request"]:
        raise Reject("ACTION_NOT_ALLOWED")
    if d.data["accepted"]:
        return reverse_action(d, action, action["request"])
    action["request"] = None
    d.applied("action.return_declined", record(action))


def settle(d, answered):
    action = find(d)
    wanted = d.data["stateDetail"]
    if action["state"] == "APPROVED" and action["settled"] == wanted:
        raise Unchanged()
    if action["state"] != "APPROVED" or action["settled"] == "PAID":
        raise Reject("ACTION_NOT_ALLOWED")
    action["settled"] = wanted
    if wanted == "PAID":
        action["clearedDate"] = d.now
    d.applied("action.settled", record(action))


def lock_due(d):
    """The lock: the action is approved as things stand. Nothing is said of a reversed one."""
    action = d.state["action"]
    if action["state"] != "PENDING":
        return
    action["state"], action["settled"], action["request"] = "APPROVED", "PAYMENT_PENDING", None
    d.changed()
    # effective time is the due time, also when the action was tracked later (README, ambiguous)
    d.now = d.due
    d.outcome("action.locked", record(action))


RULES = {"action.track": track, "action.modify": modify, "action.modify_items": modify_items,
         "action.reverse": reverse, "action.approve": approve, "action.restore": restore,
         "action.answer_return": answer_return, "action.settle": settle,
         "child.reverse": reverse_child}


def _type(table, where=address):
    return Type("action", table, where, action_rule)


FAMILY = Family("action", {
    "action.track": _type(TRACK, track_address), "action.modify": _type(MODIFY),
    "action.modify_items": _type(MODIFY_ITEMS), "action.reverse": _type(REVERSE),
    "action.approve": _type(APPROVE), "action.restore": _type(ADDRESS),
    "action.answer_return": _type(ANSWER), "action.settle": _type(SETTLE)},
    internals={"tally.ask": tally_asked, "tally.answer": tally_answered, "oid.forget": forget,
               "tally.gone": tally_gone, "bonus.taken": bonus_taken, "child.added": child_added, "child.reverse": child_reverse},
    timers={"wait": wait_over, "lock": lock_due})


# -- invariants

def invariants(records):
    """domain.md, invariant 1: deltas add up, nothing after APPROVED but settle, <= 1,000."""
    found, sums = [], {}
    for line in records:
        if "dlq-reason" in line["headers"] or line["topic"] != "action-outcome":
            continue
        data = line["event"]["data"]
        if "updateId" not in data:
            continue
        kind = line["event"]["type"]
        amount, payout, updates, state = sums.get(data["actionId"], (0, 0, 0, None))
        amount += _number(data["deltaAmount"])
        payout += _number(data["deltaPayout"])
        if amount != _number(data["amount"]) or payout != _number(data["payout"]):
            found.append("deltas of %s do not add up" % data["actionId"])
        if data["updateId"] != updates + 1:
            found.append("updateId of %s" % data["actionId"])
        if state == "APPROVED" and not kind.endswith("action.settled.v1"):
            found.append("%s changes after APPROVED" % data["actionId"])
        if data["modifications"] > MAX_MODIFICATIONS:
            found.append("modifications of %s" % data["actionId"])
        sums[data["actionId"]] = (amount, payout, data["updateId"], data["state"])
    return found


def _number(shown):
    return Fraction(shown)
