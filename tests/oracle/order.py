"""Order family (messages.md 8): orders, their tickets, refunds, promo codes, events, attendees."""
from fractions import Fraction

import moments
import money
from engine import Family, Type, escape
from fields import (BAD, amount, array, cur, email, email_hash, enum, flag, ident, integer, need, obj, opt,
                    text, time)
from reward import address_of

OUTCOMES = ["order.placed", "order.completed", "order.marked_as_paid", "order.cancelled",
            "order.refund_requested", "order.confirmation_resent", "order.buyer_updated",
            "refund.initiated", "refund.succeeded", "refund.failed", "attendee.added",
            "attendee.activated", "attendee.confirmation_sent", "attendee.access_revoked",
            "attendee.blocked", "attendee.unblocked", "metrics.updated", "email.requested",
            "promo.stored", "event.stored", "promo.uses.changed", "command.unchanged",
            "command.deferred", "command.rejected", "command.duplicate"]
CODES = ["ORDER_EXISTS", "ORDER_NOT_FOUND", "TICKET_NOT_FOUND", "INVALID_FIELD", "INVALID_AMOUNT",
         "DUPLICATE_EMAIL", "EMAIL_BLOCKED", "PROMO_NOT_APPLICABLE", "PROMO_EXHAUSTED", "NOT_OFFLINE",
         "ACTION_NOT_ALLOWED", "NOTHING_TO_REFUND", "ALREADY_REFUNDED", "GATEWAY_DISCONNECTED",
         "REFUND_NOT_FOUND", "REFUND_FINAL", "IDENTIFIER_MISSING", "AWAITING_PROMO"]


def _texts(most, longest):
    """An object of any members whose values are texts."""
    one = text(longest)

    def read(value, pointer, faults):
        if not isinstance(value, dict) or len(value) > most:
            faults.append(pointer)
            return None
        return {k: one(v, pointer, faults) for k, v in value.items()}
    return read


def _tickets(value, pointer, faults):
    """"all" or 1..100 ids, none twice."""
    if value == "all":
        return value
    if (not isinstance(value, list) or not 1 <= len(value) <= 100
            or any(ident(v, pointer, faults) is None for v in value) or len(set(value)) != len(value)):
        faults.append(pointer)
        return None
    return value


ADDRESS = _texts(10, 200)
BUYER = {"firstName": need(text(100)), "lastName": need(text(100)), "email": need(email),
         "billingAddress": opt(ADDRESS)}
BUYER_CHANGE = {"firstName": opt(text(100)), "lastName": opt(text(100)), "email": opt(email),
                "billingAddress": opt(ADDRESS)}
ATTENDEE = {"firstName": opt(text(100)), "lastName": opt(text(100)), "email": opt(email)}
TICKET = {"ticketId": need(ident), "ticketTypeId": need(ident), "ticketName": opt(text(128)),
          "price": need(amount), "tax": opt(amount), "fee": opt(amount), "attendee": opt(obj(ATTENDEE))}
PLACE = {"orderId": need(ident), "eventId": need(ident), "buyer": need(obj(BUYER)),
         "locale": opt(text(35), "en"), "currency": need(cur),
         "paymentType": need(enum("CARD INVOICE CHECK FREE")),
         "tickets": need(array(obj(TICKET), 1, 100)), "discount": opt(amount), "tax": opt(amount),
         "fee": opt(amount), "promoCode": opt(text(64)), "saleAmount": opt(amount),
         "processingFee": opt(amount, money.Money(0, 0)), "gatewayAccountId": opt(ident),
         "chargeId": opt(text(128)), "invoiceInstructions": opt(text(200))}
ORDER = {"orderId": need(ident)}
TICKETS = {"orderId": need(ident), "tickets": need(_tickets, code="INVALID_FIELD"), "note": opt(text(255))}
REFUND = dict(TICKETS, retainProcessingFee=opt(flag, False))
RESULT = {"orderId": need(ident), "refundId": need(ident),
          "result": need(enum("SUCCEEDED FAILED CANCELED")), "gatewayRefundId": opt(text(128)),
          "failureCode": opt(text(128))}
ONE = {"orderId": need(ident), "ticketId": need(ident)}
UNBLOCK = {"eventId": need(ident), "email": opt(email), "emailHash": opt(email_hash)}


def _value(value, pointer, faults):
    found = money.read_money(value)
    if found is None:
        faults.append(pointer)
    return None if found is None else (found, value)


PROMO = {"code": need(text(64)), "type": need(enum("PERCENT FIXED ACCESS")), "value": opt(_value),
         "currency": opt(cur), "eventId": opt(ident), "ticketTypeIds": need(array(ident, 1, 100)),
         "maxUses": opt(integer(1, 10000000)), "paused": opt(flag, False), "startDate": opt(time),
         "endDate": opt(time), "releaseOnCancel": opt(flag, True)}
KEYED = ("TICKET ORDER_CONFIRMATION ORDER_CONFIRMATION_INVOICE RECEIPT ORDER_CANCELLATION "
         "REFUND_CONFIRMATION REFUND_INITIATED").split()  # silent: a key for another template is unknown
TYPE = {"ticketTypeId": need(ident), "hidden": opt(flag, False), "notify": opt(array(email, 0, 20)),
        "customMessageKeys": opt(obj({k: opt(text(64)) for k in KEYED}))}
EVENT = {"eventId": need(ident), "connectedGatewayAccountId": opt(ident), "inviteOnly": opt(flag, False),
         "restrictDuplicateEmails": opt(flag, True), "gatewayResult": opt(enum("awaited assumed"), "awaited"),
         "ticketTypes": opt(array(obj(TYPE), 0, 100))}


def upper(code):
    return "".join(chr(ord(c) - 32) if "a" <= c <= "z" else c for c in code)


# -- references

class Event:
    """What the event says; defaults when it was never put."""

    def __init__(self, d, event):
        data = d.world.look("event:" + escape(event)).get("data")
        self.known = data is not None
        data = data or {}
        self.gateway = data.get("connectedGatewayAccountId")
        self.invite_only = data.get("inviteOnly", False)
        self.unique = data.get("restrictDuplicateEmails", True)
        self.assumed = data.get("gatewayResult") == "assumed"
        self.types = {}
        for kind in data.get("ticketTypes") or []:
            self.types.setdefault(kind["ticketTypeId"], kind)

    def hidden(self, kind):
        return kind in self.types and self.types[kind]["hidden"]

    def notify(self, kind):
        return (self.types[kind]["notify"] or []) if kind in self.types else []

    def key(self, kind, template):
        keys = (self.types[kind]["customMessageKeys"] or {}) if kind in self.types else {}
        return keys.get(template)


def _attendee(event, hashed):
    return "attendee:%s:%s" % (escape(event), hashed)


def _about(d, event, hashed):
    return d.world.look(_attendee(event, hashed)) if hashed else {}


# -- placing: amounts

def _minor(value, currency):
    return 0 if value is None else value.minor(currency)


def _has_faulty_decimals(data):
    values = [data[k] for k in ("discount", "tax", "fee", "saleAmount", "processingFee")]
    for ticket in data["tickets"]:
        values += [ticket["price"], ticket["tax"], ticket["fee"]]
    return any(v is not None and v.minor(data["currency"]) is None for v in values)


def _price(data, promo):
    """Fills in what each ticket costs; returns tickets, or None when the discount is too large."""
    currency = data["currency"]
    prices = [_minor(t["price"], currency) for t in data["tickets"]]
    shares = promo or [0] * len(prices)
    left = [p - s for p, s in zip(prices, shares)]
    discount = _minor(data["discount"], currency)
    if discount > sum(left):
        return None
    off = money.spread(discount, left)
    net = [v - o for v, o in zip(left, off)]
    taxes = _level(data, "tax", net)
    fees = _level(data, "fee", net)
    tickets = []
    for i, sent in enumerate(data["tickets"]):
        address = (sent["attendee"] or {}).get("email")
        tickets.append({"id": sent["ticketId"], "type": sent["ticketTypeId"], "price": prices[i],
                        "discount": shares[i] + off[i], "tax": taxes[i], "fee": fees[i],
                        "paid": net[i] + taxes[i] + fees[i], "email": address,
                        "hash": address and address_of({"email": address, "emailHash": None})[0],
                        "status": None, "active": False, "settled": False, "pending": False,
                        "promo": False})
    fee = _minor(data["processingFee"], currency)
    for ticket, share in zip(tickets, money.spread(fee, [t["paid"] for t in tickets])):
        ticket["processing"] = share
    return tickets


def _level(data, name, weights):
    currency = data["currency"]
    if data[name] is not None:
        return money.spread(_minor(data[name], currency), weights)
    return [_minor(t[name], currency) for t in data["tickets"]]


def _sale(tickets):
    return sum(t["paid"] for t in tickets)


def place(d):
    data = d.data
    if "order" in d.state:
        return d.reject("ORDER_EXISTS")
    ids = [t["ticketId"] for t in data["tickets"]]
    if (data["currency"] not in money.CURRENCIES or len(set(ids)) != len(ids) or any(
            data[k] is not None and any(t[k] is not None for t in data["tickets"])
            for k in ("tax", "fee"))):
        return d.reject("INVALID_FIELD")
    if _has_faulty_decimals(data):
        return d.reject("INVALID_AMOUNT")
    tickets = _price(data, None)
    if tickets is None or _minor(data["processingFee"], data["currency"]) > _sale(tickets):
        return d.reject("INVALID_AMOUNT")
    if _too_large(data, tickets):
        return d.reject("INVALID_AMOUNT")
    event = Event(d, data["eventId"])
    code = _address_fault(d, event, tickets)
    if code:
        return d.reject(code)
    if data["promoCode"] is None:
        if any(event.hidden(t["type"]) for t in tickets):
            return d.reject("PROMO_NOT_APPLICABLE")
        return _placed(d, event, tickets)
    d.defer("AWAITING_PROMO")
    d.state["waiting"] = d.command
    code = upper(data["promoCode"])
    return d.send("promo:" + escape(code), "order", "promo.ask", {
        "orderId": data["orderId"], "eventId": data["eventId"], "currency": data["currency"],
        "types": [t["type"] for t in tickets], "prices": [t["price"] for t in tickets],
        "hidden": [event.hidden(t["type"]) for t in tickets]})


def _too_large(data, tickets):
    sums = [sum(t[k] for t in tickets) for k in ("price", "tax", "fee", "paid")]
    return any(money.too_big(s, data["currency"]) for s in sums)


def _address_fault(d, event, tickets):
    hashes = [t["hash"] for t in tickets if t["hash"]]
    if event.unique:
        if len(set(hashes)) != len(hashes):
            return "DUPLICATE_EMAIL"
        if any(_about(d, d.data["eventId"], h).get("held") for h in hashes):
            return "DUPLICATE_EMAIL"
    if any(_about(d, d.data["eventId"], h).get("emailBlocked") for h in hashes):
        return "EMAIL_BLOCKED"
    return None


def answer(d):
    """The promo code has answered: {code, shares, uses}."""
    waiting = d.resume(d.state.pop("waiting"))
    d.silent()
    data = waiting.data
    if d.data["code"]:
        return waiting.reject(d.data["code"])
    event = Event(d, data["eventId"])
    tickets = _price(data, d.data["shares"])
    if tickets is not None:
        for ticket, hit in zip(tickets, d.data["eligible"]):
            ticket["promo"] = hit
    return _placed(waiting, event, tickets)


def _placed(d, event, tickets):
    data, currency = d.data, d.data["currency"]
    wrong = tickets is None
    if not wrong:
        sale = _sale(tickets)
        wrong = (data["saleAmount"] is not None and _minor(data["saleAmount"], currency) != sale
                 or data["paymentType"] == "FREE" and sale > 0
                 or _minor(data["processingFee"], currency) > sale)
    if wrong:
        d.reject("INVALID_AMOUNT")
        if data["promoCode"] is not None:
            _give_back(d, upper(data["promoCode"]), data["orderId"], None)
        return
    order = d.state["order"] = {k: data[k] for k in (
        "orderId eventId buyer locale currency paymentType gatewayAccountId chargeId "
        "invoiceInstructions").split()}
    order.update(tickets=tickets, sale=sale, date=d.now, paid=False, refunds={},
                 promo=upper(data["promoCode"]) if data["promoCode"] is not None else None)
    paid = data["paymentType"] in ("CARD", "FREE") or sale == 0
    for ticket in tickets:
        ticket["status"] = "AWAITING_PAYMENT"
    if paid:
        _pay(order)
    d.applied("order.placed", record(order, tickets))
    if paid:
        _complete(d, order, event, tickets)
    else:
        _invoice(d, order, event, tickets)
    _tell_team(d, order, event)
    _metrics(d, order)
    for ticket in tickets:
        if ticket["hash"]:
            d.send(_attendee(order["eventId"], ticket["hash"]), "order", "attendee.hold",
                   (order["orderId"], ticket["id"]))


def _pay(order):
    order["paid"] = True
    for ticket in order["tickets"]:
        if ticket["status"] == "AWAITING_PAYMENT":
            ticket["status"], ticket["settled"] = "ACTIVE", True


# -- what is printed of an order

def status(order):
    tickets = order["tickets"]
    states = [t["status"] for t in tickets]
    left = sum(s in ("ACTIVE", "AWAITING_PAYMENT") for s in states)
    refunded, cancelled, count = states.count("REFUNDED"), states.count("CANCELLED"), len(states)
    if not order["paid"] and left:
        return "NOT_PAID", "Not Paid"
    if left == count:
        return "COMPLETE", "Complete"
    if left:
        return "PARTIALLY_COMPLETE", "%d/%d Complete" % (left, count)
    if refunded == count:
        return "REFUNDED", "Refunded"
    if cancelled == count:
        return "CANCELLED", "Cancelled"
    return "REFUNDED_CANCELLED", "Refunded/Cancelled"


_COMPLETE = "RESEND_CONFIRMATION VIEW_TICKET VIEW_RECEIPT REFUND CANCEL".split()
_OVER = "VIEW_TICKET VIEW_RECEIPT REFUND".split()
ACTIONS = {"NOT_PAID": "MARK_AS_PAID RESEND_CONFIRMATION VIEW_INVOICE CANCEL".split(),
           "COMPLETE": _COMPLETE, "PARTIALLY_COMPLETE": _COMPLETE,
           "REFUNDED": "VIEW_TICKET VIEW_RECEIPT VIEW_INVOICE".split(), "CANCELLED": _OVER,
           "REFUNDED_CANCELLED": _OVER}
TICKET_ACTIONS = {"ACTIVE": "VIEW_PROFILE VIEW_TICKET SEND_CONFIRMATION".split(),
                  "CANCELLED": "VIEW_PROFILE VIEW_TICKET".split(),
                  "REFUNDED": "VIEW_PROFILE VIEW_TICKET".split(), "AWAITING_PAYMENT": ["VIEW_PROFILE"]}


def _cash(order, value):
    return money.show_money(value, order["currency"])


def _refunds(order, *states):
    return sum(r["amount"] for r in order["refunds"].values() if r["status"] in states)


def _sales(order):
    """Of the tickets that were paid for."""
    return sum(t["paid"] for t in order["tickets"] if t["settled"])


def _net(order):
    return _sales(order) - _refunds(order, "SUCCEEDED")


def record(order, acted=None):
    state, shown = status(order)
    buyer = order["buyer"]
    tickets = []
    for t in order["tickets"]:
        line = {"ticketId": t["id"], "ticketTypeId": t["type"], "status": t["status"],
                "allowedActions": TICKET_ACTIONS[t["status"]], "amountPaid": _cash(order, t["paid"])}
        for name in ("price", "discount", "tax", "fee"):
            line[name] = _cash(order, t[name])
        tickets.append(line)
    return {"orderId": order["orderId"], "eventId": order["eventId"], "status": state,
            "statusText": shown, "paid": order["paid"], "allowedActions": ACTIONS[state],
            "quantity": len(tickets), "saleAmount": _cash(order, order["sale"]),
            "currency": order["currency"], "paymentType": order["paymentType"],
            "promoCode": order["promo"], "orderDate": moments.show(order["date"]),
            "buyerName": "%s %s" % (buyer["firstName"], buyer["lastName"]), "locale": order["locale"],
            "refundedAmount": _cash(order, _refunds(order, "SUCCEEDED")),
            "pendingRefundAmount": _cash(order, _refunds(order, "INITIATED")),
            "netSales": _cash(order, _net(order)), "tickets": tickets,
            "ticketIds": None if acted is None else [t["id"] for t in acted]}


def _metrics(d, order):
    tickets = order["tickets"]
    shown = {"orderId": order["orderId"], "eventId": order["eventId"], "currency": order["currency"],
             "activeTickets": sum(t["status"] == "ACTIVE" for t in tickets)}
    kept = sum(r["kept"] for r in order["refunds"].values() if r["status"] == "SUCCEEDED")
    sums = {"grossSales": sum(t["price"] for t in tickets),
            "discounts": sum(t["discount"] for t in tickets), "fees": sum(t["fee"] for t in tickets),
            "taxes": sum(t["tax"] for t in tickets), "sales": _sales(order),
            "refunds": _refunds(order, "SUCCEEDED"), "pendingRefunds": _refunds(order, "INITIATED"),
            "nonRefundableFees": kept, "netSales": _net(order)}
    shown.update((k, _cash(order, v)) for k, v in sums.items())
    d.outcome("metrics.updated", shown)


def _mail(d, order, event, template, tickets, to=None, **more):
    """One e-mail for each customMessageKey of the tickets, in order of first appearance."""
    groups = {}
    for ticket in tickets:
        groups.setdefault(event.key(ticket["type"], template), []).append(ticket)
    for key, group in groups.items():
        _post(d, order, template, group, to or order["buyer"]["email"], customMessageKey=key, **more)


def _post(d, order, template, tickets, to, **more):
    d.outcome("email.requested", dict(more, template=template, to=to, locale=order["locale"],
                                      orderId=order["orderId"], ticketIds=[t["id"] for t in tickets]),
              topic="email-request")


def _complete(d, order, event, tickets):
    """Placed and paid, or marked as paid: `tickets` have become ACTIVE."""
    d.outcome("order.completed", record(order, tickets))
    for t in tickets:
        blocked = bool(_about(d, order["eventId"], t["hash"]).get("blocked"))
        _attended(d, order, "attendee.added", t, blocked=blocked)
    _mail(d, order, event, "ORDER_CONFIRMATION", tickets)
    if order["paymentType"] == "CARD" and order["sale"] > 0:
        _mail(d, order, event, "RECEIPT", tickets, amount=_cash(order, order["sale"]),
              currency=order["currency"])
    for t in tickets:
        _mail(d, order, event, "TICKET", [t], t["email"])


def _invoice(d, order, event, tickets):
    _mail(d, order, event, "ORDER_CONFIRMATION_INVOICE", tickets, amount=_cash(order, _sale(tickets)),
          currency=order["currency"], invoiceInstructions=order["invoiceInstructions"])


def _tell_team(d, order, event):
    told = {}
    for t in order["tickets"]:
        for address in event.notify(t["type"]):
            group = told.setdefault(address, [])
            if t not in group:
                group.append(t)
    for address, tickets in told.items():
        _post(d, order, "TEAM_NEW_ORDER", tickets, address)


def _attended(d, order, kind, ticket, verdict=False, **more):
    shown = dict(more, orderId=order["orderId"], eventId=order["eventId"], ticketId=ticket["id"],
                 emailHash=ticket["hash"])
    (d.applied if verdict else d.outcome)(kind, shown)


# -- commands on an order

def _order(d):
    order = d.state.get("order")
    if order is None:
        d.reject("ORDER_NOT_FOUND")
    return order


def _listed(d, order):
    """The tickets named, in order of the order; None for "all"; False when it has spoken."""
    named = d.data["tickets"]
    if named is BAD:
        d.reject("INVALID_FIELD")
        return False
    if named == "all":
        return None
    known = {t["id"] for t in order["tickets"]}
    if any(name not in known for name in named):
        d.reject("TICKET_NOT_FOUND")
        return False
    return [t for t in order["tickets"] if t["id"] in named]


def _stands(ticket):
    return ticket["status"] in ("ACTIVE", "AWAITING_PAYMENT")


def mark_paid(d):
    order = _order(d)
    if order is None:
        return None
    if order["paymentType"] in ("CARD", "FREE") or order["sale"] == 0:
        return d.reject("NOT_OFFLINE")
    if order["paid"]:
        return d.unchanged()
    tickets = [t for t in order["tickets"] if t["status"] == "AWAITING_PAYMENT"]
    if not tickets:
        return d.reject("ACTION_NOT_ALLOWED")
    _pay(order)
    event = Event(d, order["eventId"])
    d.applied("order.marked_as_paid", record(order, tickets))
    _complete(d, order, event, tickets)
    return _metrics(d, order)


def cancel(d):
    order = _order(d)
    if order is None:
        return None
    tickets = _listed(d, order)
    if tickets is False:
        return None
    if tickets is None:
        tickets = [t for t in order["tickets"] if _stands(t)]
    if not tickets or not all(_stands(t) for t in tickets):
        return d.reject("ACTION_NOT_ALLOWED")
    event = Event(d, order["eventId"])
    gone = [t for t in tickets if t["status"] == "ACTIVE"]
    for t in tickets:
        t["status"] = "CANCELLED"
    d.applied("order.cancelled", record(order, tickets))
    _revoke(d, order, event, gone)
    _mail(d, order, event, "ORDER_CANCELLATION", tickets)
    _metrics(d, order)
    for t in tickets:
        _drop(d, order, t, False)
    return _give_back(d, order["promo"], order["orderId"], tickets)


def _revoke(d, order, event, tickets):
    """Access of tickets that were ACTIVE ends."""
    for t in tickets:
        blocks = t["active"] and bool(t["hash"])
        blocked = blocks or bool(_about(d, order["eventId"], t["hash"]).get("blocked"))
        _attended(d, order, "attendee.access_revoked", t, mayCheckIn=False, appAccess=False,
                  mayJoinApp=not (event.invite_only or blocked))
        if blocks:
            _attended(d, order, "attendee.blocked", t)


def _drop(d, order, ticket, refunded):
    if ticket["hash"]:
        d.send(_attendee(order["eventId"], ticket["hash"]), "order", "attendee.drop", {
            "who": (order["orderId"], ticket["id"]), "block": ticket["active"],
            "email": ticket["active"] and refunded})


def _give_back(d, code, order_id, tickets):
    """Uses of a promo code; tickets None: all that it gave to this order."""
    if code is None:
        return
    count = None if tickets is None else sum(t["promo"] for t in tickets)
    if count != 0:
        d.send("promo:" + escape(code), "order", "promo.release", {"orderId": order_id, "count": count})


# -- refunds

def _refundable(ticket):
    """Whether it ever was."""
    return ticket["settled"] and ticket["paid"] > 0


def _is_refunded(ticket):
    return ticket["status"] == "REFUNDED" or ticket["pending"]


def refund(d):
    order = _order(d)
    if order is None:
        return None
    tickets = _listed(d, order)
    if tickets is False:
        return None
    named = tickets if tickets is not None else [t for t in order["tickets"] if _refundable(t)]
    if not order["paid"] or not named or not all(_refundable(t) for t in named):
        return d.reject("NOTHING_TO_REFUND")
    if tickets is None:
        tickets = [t for t in named if not _is_refunded(t)]
    if not tickets or any(_is_refunded(t) for t in tickets):
        return d.reject("ALREADY_REFUNDED")
    event = Event(d, order["eventId"])
    if (order["paymentType"] == "CARD" and order["gatewayAccountId"] is not None and event.known
            and event.gateway != order["gatewayAccountId"]):
        return d.reject("GATEWAY_DISCONNECTED")
    fee = sum(t["processing"] for t in tickets)
    value = sum(t["paid"] for t in tickets)
    if d.data["retainProcessingFee"]:
        value, kept = value - fee, 0
    else:
        kept = fee
    if value <= 0:
        return d.reject("NOTHING_TO_REFUND")
    return _request(d, order, event, tickets, {"amount": value, "fee": fee, "kept": kept})


def _request(d, order, event, tickets, made):
    card = order["paymentType"] == "CARD"
    at_once = not card or event.assumed
    active = [t for t in tickets if t["status"] == "ACTIVE"]
    for t in tickets:
        t["status"], t["pending"] = ("REFUNDED", False) if at_once else ("CANCELLED", True)
    made.update(status="SUCCEEDED" if at_once else "INITIATED", tickets=tickets, result=None, failure=None)
    # refundId is the id of refund.initiated, which follows the verdict.
    ids = order["refunds"]
    ids["next"] = made
    d.applied("order.refund_requested", record(order, tickets))
    ident_ = d.next_id()
    del ids["next"]
    ids[ident_] = made
    made["id"] = ident_
    # Silent: with a refund.succeeded to follow, refund.initiated still says INITIATED.
    shown = dict(show_refund(order, made), **({"status": "INITIATED"} if card else {}))
    d.outcome("refund.initiated", shown, topic="refund-initiated" if card else None)
    if at_once and card:
        d.outcome("refund.succeeded", show_refund(order, made))
    _revoke(d, order, event, active)
    if at_once:
        _mail(d, order, event, "REFUND_CONFIRMATION" if card else "REFUND_INITIATED", tickets,
              **_of_refund(order, made))
    _metrics(d, order)
    for t in tickets:
        if t in active:
            _drop(d, order, t, at_once)
        elif at_once:
            _block_address(d, order, t)
    _give_back(d, order["promo"], order["orderId"], active)


def _block_address(d, order, ticket):
    if ticket["hash"] and ticket["active"]:
        d.send(_attendee(order["eventId"], ticket["hash"]), "order", "attendee.block", None)


def _of_refund(order, made):
    return {"refundId": made["id"], "amount": _cash(order, made["amount"]), "currency": order["currency"]}


def show_refund(order, made):
    return dict(_of_refund(order, made), orderId=order["orderId"],
                ticketIds=[t["id"] for t in made["tickets"]], method=order["paymentType"],
                status=made["status"], nonRefundableFee=_cash(order, made["fee"]),
                gatewayAccountId=order["gatewayAccountId"], chargeId=order["chargeId"],
                gatewayRefundId=made["result"], failureCode=made["failure"])


def result(d):
    order = _order(d)
    if order is None:
        return None
    made = order["refunds"].get(d.data["refundId"])
    if made is None:
        return d.reject("REFUND_NOT_FOUND")
    if made["status"] == d.data["result"]:
        return d.unchanged()
    if made["status"] != "INITIATED":
        return d.reject("REFUND_FINAL")
    made["status"] = d.data["result"]
    made["result"], made["failure"] = d.data["gatewayRefundId"], d.data["failureCode"]
    good = made["status"] == "SUCCEEDED"
    for t in made["tickets"]:
        t["pending"] = False
        if good:
            t["status"] = "REFUNDED"
    event = Event(d, order["eventId"])
    d.applied("refund.succeeded" if good else "refund.failed", show_refund(order, made))
    if good:
        _mail(d, order, event, "REFUND_CONFIRMATION", made["tickets"], **_of_refund(order, made))
    _metrics(d, order)
    if good:
        for t in made["tickets"]:
            _block_address(d, order, t)
    return None


# -- the small ones

def resend(d):
    order = _order(d)
    if order is None:
        return None
    tickets = [t for t in order["tickets"] if _stands(t)]
    if not tickets or d.command.internal and status(order)[0] == "NOT_PAID":  # of order.resend_many
        return d.reject("ACTION_NOT_ALLOWED")
    event = Event(d, order["eventId"])
    d.applied("order.confirmation_resent", record(order, tickets))
    if status(order)[0] == "NOT_PAID":
        return _invoice(d, order, event, tickets)
    return _mail(d, order, event, "ORDER_CONFIRMATION", tickets)


def update_buyer(d):
    order = _order(d)
    if order is None:
        return None
    change = {k: v for k, v in d.data["buyer"].items() if v is not None}
    buyer = dict(order["buyer"], **change)
    if buyer == order["buyer"]:
        return d.unchanged()
    order["buyer"] = buyer
    return d.applied("order.buyer_updated", record(order))


def _one(d):
    """(order, ticket), or (None, None) when it has spoken."""
    order = _order(d)
    if order is None:
        return None, None
    ticket = next((t for t in order["tickets"] if t["id"] == d.data["ticketId"]), None)
    if ticket is None:
        d.reject("TICKET_NOT_FOUND")
    elif ticket["status"] != "ACTIVE":
        d.reject("ACTION_NOT_ALLOWED")
        ticket = None
    return order, ticket


def activate(d):
    order, ticket = _one(d)
    if ticket is None:
        return None
    if ticket["active"]:
        return d.unchanged()
    ticket["active"] = True
    return _attended(d, order, "attendee.activated", ticket, verdict=True)


def confirm(d):
    order, ticket = _one(d)
    if ticket is None:
        return None
    _attended(d, order, "attendee.confirmation_sent", ticket, verdict=True)
    return _mail(d, order, Event(d, order["eventId"]), "TICKET", [ticket], ticket["email"])


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


# -- invariants (domain.md 3, 4, 6)

_FROM = {"ACTIVE": ("ACTIVE", "AWAITING_PAYMENT"), "AWAITING_PAYMENT": ("AWAITING_PAYMENT",),
         "CANCELLED": ("ACTIVE", "AWAITING_PAYMENT", "CANCELLED"),
         "REFUNDED": ("ACTIVE", "CANCELLED", "REFUNDED")}


def invariants(records):
    found, before, uses = [], {}, {}
    for each in records:
        if "dlq-reason" in each["headers"]:
            continue
        data = each["event"]["data"]
        if "tickets" in data and "saleAmount" in data:
            _check_order(data, before, found)
        if each["event"]["type"] == "makegood.promo.uses.changed.v1":
            code = data["code"]
            uses[code] = uses.get(code, 0) + data["delta"]
            if uses[code] != data["uses"] or data["uses"] < 0:
                found.append("uses of %s" % code)
    return found


def _check_order(data, before, found):
    def cents(value):
        return Fraction(value)
    if sum(cents(t["amountPaid"]) for t in data["tickets"]) != cents(data["saleAmount"]):
        found.append("amounts of %s do not add up" % data["orderId"])
    refunds = cents(data["refundedAmount"]) + cents(data["pendingRefundAmount"])
    if not 0 <= refunds <= cents(data["saleAmount"]):
        found.append("refunds of %s" % data["orderId"])
    known = before.setdefault(data["orderId"], {})
    for ticket in data["tickets"]:
        old = known.get(ticket["ticketId"])
        if old is not None and old not in _FROM[ticket["status"]]:
            found.append("ticket %s of %s: %s after %s" % (
                ticket["ticketId"], data["orderId"], ticket["status"], old))
        known[ticket["ticketId"]] = ticket["status"]


def _type(table, rule, entity=lambda x: "order:" + escape(x["orderId"])):
    return Type("order", table, entity, rule)


FAMILY = Family("order", {
    "order.place": _type(PLACE, place),
    "order.mark_paid": _type({"orderId": need(ident), "note": opt(text(255))}, mark_paid),
    "order.cancel_tickets": _type(TICKETS, cancel),
    "order.refund_tickets": _type(REFUND, refund),
    "refund.result": _type(RESULT, result),
    "order.resend_confirmation": _type(ORDER, resend),
    "order.update_buyer": _type({"orderId": need(ident), "buyer": need(obj(BUYER_CHANGE))}, update_buyer),
    "attendee.activate": _type(ONE, activate),
    "attendee.send_confirmation": _type(ONE, confirm),
    "attendee.unblock": _type(UNBLOCK, unblock,
                              lambda x: _attendee(x["eventId"], address_of(x)[0] or "-")),
    "promo.put": _type(PROMO, put_promo, lambda x: "promo:" + escape(upper(x["code"]))),
    "event.put": _type(EVENT, put_event, lambda x: "event:" + escape(x["eventId"])),
}, internals={"promo.ask": ask, "promo.answer": answer, "promo.release": release,
              "order.resend": resend, "attendee.hold": hold, "attendee.drop": drop, "attendee.block": block})
