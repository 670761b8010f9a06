"""Order family (messages.md 8): orders, their tickets, refunds, promo codes, events, attendees."""
from fractions import Fraction

import promo
from engine import Family, Type, escape
from fields import BAD, ident, need, obj, opt, text
from order_fields import BUYER_CHANGE, EVENT, ONE, ORDER, PLACE, PROMO, REFUND, RESULT, TICKETS, UNBLOCK
from order_place import answer, give_back, pay, place, upper
from order_shown import (Event, about, attended, attendee, cash, complete, invoice, mail, metrics, record,
                         status)
from reward_fields import address_of

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
    pay(order)
    event = Event(d, order["eventId"])
    d.applied("order.marked_as_paid", record(order, tickets))
    complete(d, order, event, tickets)
    return metrics(d, order)


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
    mail(d, order, event, "ORDER_CANCELLATION", tickets)
    metrics(d, order)
    for t in tickets:
        _drop(d, order, t, False)
    return give_back(d, order["promo"], order["orderId"], tickets)


def _revoke(d, order, event, tickets):
    """Access of tickets that were ACTIVE ends."""
    for t in tickets:
        blocks = t["active"] and bool(t["hash"])
        blocked = blocks or bool(about(d, order["eventId"], t["hash"]).get("blocked"))
        attended(d, order, "attendee.access_revoked", t, mayCheckIn=False, appAccess=False,
                  mayJoinApp=not (event.invite_only or blocked))
        if blocks:
            attended(d, order, "attendee.blocked", t)


def _drop(d, order, ticket, refunded):
    if ticket["hash"]:
        d.send(attendee(order["eventId"], ticket["hash"]), "order", "attendee.drop", {
            "who": (order["orderId"], ticket["id"]), "block": ticket["active"],
            "email": ticket["active"] and refunded})


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
        mail(d, order, event, "REFUND_CONFIRMATION" if card else "REFUND_INITIATED", tickets,
              **_of_refund(order, made))
    metrics(d, order)
    for t in tickets:
        if t in active:
            _drop(d, order, t, at_once)
        elif at_once:
            _block_address(d, order, t)
    give_back(d, order["promo"], order["orderId"], active)


def _block_address(d, order, ticket):
    if ticket["hash"] and ticket["active"]:
        d.send(attendee(order["eventId"], ticket["hash"]), "order", "attendee.block", None)


def _of_refund(order, made):
    return {"refundId": made["id"], "amount": cash(order, made["amount"]), "currency": order["currency"]}


def show_refund(order, made):
    return dict(_of_refund(order, made), orderId=order["orderId"],
                ticketIds=[t["id"] for t in made["tickets"]], method=order["paymentType"],
                status=made["status"], nonRefundableFee=cash(order, made["fee"]),
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
        mail(d, order, event, "REFUND_CONFIRMATION", made["tickets"], **_of_refund(order, made))
    metrics(d, order)
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
        return invoice(d, order, event, tickets)
    return mail(d, order, event, "ORDER_CONFIRMATION", tickets)


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
    return attended(d, order, "attendee.activated", ticket, verdict=True)


def confirm(d):
    order, ticket = _one(d)
    if ticket is None:
        return None
    attended(d, order, "attendee.confirmation_sent", ticket, verdict=True)
    return mail(d, order, Event(d, order["eventId"]), "TICKET", [ticket], ticket["email"])


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
    "attendee.unblock": _type(UNBLOCK, promo.unblock,
                              lambda x: attendee(x["eventId"], address_of(x)[0] or "-")),
    "promo.put": _type(PROMO, promo.put_promo, lambda x: "promo:" + escape(upper(x["code"]))),
    "event.put": _type(EVENT, promo.put_event, lambda x: "event:" + escape(x["eventId"])),
}, internals={"promo.ask": promo.ask, "promo.answer": answer, "promo.release": promo.release,
              "order.resend": resend, "attendee.hold": promo.hold, "attendee.drop": promo.drop,
              "attendee.block": promo.block})
