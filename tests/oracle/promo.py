"""Promo codes, events and attendees: the entities beside an order."""
from fractions import Fraction

import moments
import money
from engine import escape
from order_place import upper
from reward_fields import address_of


# -- attendees

def unblock(d):
    hashed, disagree = address_of(d.data)
    if hashed is None:
        return d.reject("IDENTIFIER_MISSING")
    if disagree:
        return d.reject("INVALID_FIELD")
    if not d.state.get("blocked") and not d.state.get("emailBlocked"):
        return d.unchanged()
    d.state["blocked"] = d.state["emailBlocked"] = False
    return d.applied("attendee.unblocked", {"eventId": d.data["eventId"], "emailHash": hashed})


def hold(d):
    d.state.setdefault("held", set()).add(d.data)
    d.silent(version=True)


def drop(d):
    d.state.setdefault("held", set()).discard(d.data["who"])
    if d.data["block"]:
        d.state["blocked"] = True
    if d.data["email"]:
        d.state["emailBlocked"] = True
    d.silent(version=True)


def block(d):
    d.state["blocked"] = d.state["emailBlocked"] = True
    d.silent(version=True)


# -- promo codes

def put_promo(d):
    data = d.data
    data["code"] = upper(data["code"])
    if not _is_promo(data):
        return d.reject("INVALID_FIELD")
    if data["type"] == "FIXED" and data["value"][0].minor(data["currency"]) is None:
        return d.reject("INVALID_AMOUNT")
    d.state["promo"] = data
    shown = dict(data, uses=d.state.setdefault("uses", 0), startDate=_shown(data["startDate"]),
                 endDate=_shown(data["endDate"]))
    if data["value"] is not None:
        value = data["value"][0]
        shown["value"] = (money.show_rate(value.scaled) if data["type"] == "PERCENT"
                          else money.show_money(value.minor(data["currency"]), data["currency"]))
    return d.applied("promo.stored", shown)


def _shown(value):
    return None if value is None else moments.show(value)


def _is_promo(data):
    if data["currency"] is not None and data["currency"] not in money.CURRENCIES:
        return False
    if data["startDate"] is not None and data["endDate"] is not None and data["endDate"] <= data["startDate"]:
        return False
    if data["type"] == "ACCESS":
        return data["value"] is None
    if data["value"] is None:
        return False
    if data["type"] == "PERCENT":
        return money.read_rate(data["value"][1]) is not None and data["value"][0].scaled <= 1000000
    return data["currency"] is not None


def ask(d):
    """An order asks for uses; the answer goes back to it."""
    question = d.data
    code, shares, hits = _judge(d, question)
    if code is None:
        d.state["uses"] += sum(hits)
        d.state.setdefault("given", {})[question["orderId"]] = sum(hits)
    d.silent(version=code is None)
    if code is None:
        _tell_uses(d, sum(hits), question["orderId"])
    d.send("order:" + escape(question["orderId"]), "order", "promo.answer",
           {"code": code, "shares": shares, "eligible": hits})


def _judge(d, question):
    promo = d.state.get("promo")
    if promo is None:
        return "PROMO_NOT_APPLICABLE", None, None
    hits = [t in promo["ticketTypeIds"] for t in question["types"]]
    if (promo["eventId"] not in (None, question["eventId"])
            or promo["currency"] not in (None, question["currency"]) or promo["paused"]
            or promo["startDate"] is not None and d.now < promo["startDate"]
            or promo["endDate"] is not None and d.now >= promo["endDate"] or not any(hits)
            or any(hidden and not (hit and promo["type"] == "ACCESS")
                   for hidden, hit in zip(question["hidden"], hits))):
        return "PROMO_NOT_APPLICABLE", None, None
    if promo["maxUses"] is not None and d.state["uses"] + sum(hits) > promo["maxUses"]:
        return "PROMO_EXHAUSTED", None, None
    prices = [p if hit else 0 for p, hit in zip(question["prices"], hits)]
    shares = [0] * len(prices)
    if promo["type"] == "PERCENT":
        total = money.round_half_up(Fraction(sum(prices) * promo["value"][0].scaled, 1000000))
        places = [i for i, hit in enumerate(hits) if hit]
        for i, share in zip(places, money.spread(total, [prices[i] for i in places])):
            shares[i] = share
    elif promo["type"] == "FIXED":
        value = promo["value"][0].minor(promo["currency"])
        shares = [min(p, value) for p in prices]
    return None, shares, hits


def _tell_uses(d, delta, order):
    d.outcome("promo.uses.changed", {"code": d.state["promo"]["code"], "uses": d.state["uses"],
                                     "maxUses": d.state["promo"]["maxUses"], "delta": delta,
                                     "orderId": order})


def release(d):
    """Uses come back: of cancelled tickets by the code's own option, of an order that failed always."""
    count = d.data["count"]
    if count is None:
        count = d.state["given"][d.data["orderId"]]
    elif not d.state["promo"]["releaseOnCancel"]:
        return d.silent()
    d.state["uses"] -= count
    d.silent(version=True)
    return _tell_uses(d, -count, d.data["orderId"])


def _shown_type(kind):
    shown = {k: v for k, v in kind.items() if v is not None and k != "notify"}
    if "customMessageKeys" in shown:
        shown["customMessageKeys"] = {k: v for k, v in shown["customMessageKeys"].items() if v is not None}
    return shown


def put_event(d):
    d.state["data"] = d.data
    shown = dict(d.data)
    if shown["ticketTypes"] is not None:
        shown["ticketTypes"] = [_shown_type(t) for t in shown["ticketTypes"]]
    d.applied("event.stored", shown)
